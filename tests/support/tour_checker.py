"""An independent judge of a tour: the question, the public JSON of the answer, bare rules, and nothing of the portal.

It looks at the clock and at the path as a stranger would: do the hours hold together, does the vehicle jump, is each
stop reached, waited for and served in its hours, and is every rule obeyed at every moment (`tour_law`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from tests.support.tour_law import LIMIT_TOLD, METRES_PER_DEGREE, Law, Leg, Stay

NEAR_M, FAR_M = 130.0, 520.0
"""A stop is served this near, or, when the answer says so, as far as the nearest street may be."""
JOINT_M = 6.0
"""Who stands this near to a junction may drive on from any of its streets."""
FASTEST_M_PER_S, JUMP_M = 45.0, 12.0
_SECOND = timedelta(seconds=1)
_LATEST = timedelta(hours=12)
"""No tour takes longer beside its waits."""
_HOURS_TOLD = timedelta(days=8)
"""Of a stop that is left out the hours of the coming week are told."""

type Point = tuple[float, float, datetime]


@dataclass(frozen=True)
class Asked:
    """What was asked. stops: {lon, lat, service_s?, windows?: [[datetime, datetime], …]}; passes: {start, end,
    perimeter_ids?, colours?}; vehicle: the public object."""

    stops: Sequence[Mapping[str, Any]]
    depart_at: datetime
    vehicle: Mapping[str, Any]
    passes: Sequence[Mapping[str, Any]] = ()
    free_order: bool = False
    return_to_start: bool = False


def faults_of(answer: Mapping[str, Any], asked: Asked, law: Law) -> list[str]:
    """What is wrong with an answer; nothing when it holds."""
    if answer["status"] != "ok":
        return [*_refusal(answer), *_reasons(answer, asked, law)]
    try:
        legs = _legs(answer)
    except ValueError as error:
        return [str(error)]
    faults = [*_clock(answer, asked, legs), *_stops(answer, asked, legs), *_reasons(answer, asked, law)]
    stays = [Stay(_place(stop), _instant(stop["arrive_at"]), _instant(stop["leave_at"])) for stop in answer["stops"]]
    notices = {warning.get("notice") for warning in answer["warnings"]}
    reasons = [warning["reason"] for warning in answer["warnings"] if "reason" in warning]
    told = {reason["id"] for reason in reasons if reason["state"] == "unknown"} | (notices & {LIMIT_TOLD})
    beyond = frozenset(
        warning["params"]["id"] for warning in answer["warnings"] if warning.get("notice") == "no-other-access"
    )
    driven = [
        Leg(points, _ends(start), _ends(end))
        for points, (start, end) in zip(legs, pairwise(answer["stops"]), strict=True)
    ]
    broken = law.broken_by(driven, stays, asked.vehicle, asked.passes, frozenset(told), beyond)
    return faults + [f"{one.rule}: {one.how} at {one.at.isoformat()}" for one in broken]


def _refusal(answer: Mapping[str, Any]) -> Iterator[str]:
    if answer["timeline"] or answer["legs"] or answer["geometry"] is not None:
        yield "a refusal shows a way"
    if not answer["blocking"] and not answer.get("impossible_stops"):
        yield "a refusal names nothing"


def _reasons(answer: Mapping[str, Any], asked: Asked, law: Law) -> Iterator[str]:
    """What is said to be in the way must be able to be: a rule that binds the vehicle in those hours, hours that can
    be missed. That no way is left is proven elsewhere, by brute force (`brute_way`)."""
    last = [last for stop in asked.stops for _, last in stop.get("windows", ())]
    latest = max([asked.depart_at, *last]) + _LATEST
    left_out = [reason for item in answer.get("impossible_stops", ()) for reason in item["reasons"]]
    for reasons, until in ((answer["blocking"], latest), (left_out, asked.depart_at + _HOURS_TOLD)):
        for reason in reasons:
            if "id" in reason and not law.may_forbid(reason["id"], asked.depart_at, until, asked.vehicle, asked.passes):
                yield f"{reason['id']} is named, which forbids nothing"
    for obstacle in answer["blocking"]:
        if obstacle["code"] == "window-missed" and not last:
            yield "hours are missed where there are none"


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _place(stop: Mapping[str, Any]) -> tuple[float, float]:
    lon, lat = stop.get("at") or (stop["lon"], stop["lat"])
    return float(lon), float(lat)


def _ends(stop: Mapping[str, Any]) -> tuple[tuple[float, float], tuple[float, float]]:
    return (float(stop["lon"]), float(stop["lat"])), _place(stop)


def _legs(answer: Mapping[str, Any]) -> list[list[Point]]:
    """The timeline cut at the hours of the legs. Raises ValueError when it cannot be cut so."""
    points = [(float(lon), float(lat), _instant(at)) for lon, lat, at in answer["timeline"]]
    if len(answer["legs"]) != len(answer["stops"]) - 1:
        raise ValueError("the legs are not those between the stops")
    legs: list[list[Point]] = []
    taken = 0
    for number, leg in enumerate(answer["legs"]):
        until = _instant(leg["arrive_at"]) + _SECOND / 100
        piece: list[Point] = []
        for lon, lat in leg["geometry"]["coordinates"]:
            if taken < len(points) and points[taken][:2] == (lon, lat) and points[taken][2] <= until:
                taken += 1
            elif not taken or points[taken - 1][:2] != (lon, lat):
                # The same place at the same instant is written once; anything else is a hole.
                raise ValueError(f"leg {number} is not in the timeline")
            piece.append(points[taken - 1])
        legs.append(piece)
    if taken != len(points):
        raise ValueError("the timeline has more than the legs")
    return legs


def _clock(answer: Mapping[str, Any], asked: Asked, legs: Sequence[Sequence[Point]]) -> Iterator[str]:
    """Hours that follow each other, a path without a jump, sums that are those of the path."""
    if _instant(answer["depart_at"]) != asked.depart_at:
        yield "the tour leaves at another hour"
    driven_m = driven_s = 0.0
    for number, (points, leg) in enumerate(zip(legs, answer["legs"], strict=True)):
        if abs(points[0][2] - _instant(leg["depart_at"])) > _SECOND / 100:
            yield f"leg {number} leaves at another hour than its path"
        if abs(points[-1][2] - _instant(leg["arrive_at"])) > _SECOND / 100:
            yield f"leg {number} arrives at another hour than its path"
        for one, other in pairwise(points):
            away, seconds = _metres(one, other), (other[2] - one[2]).total_seconds()
            driven_m += away
            driven_s += seconds
            if seconds < 0:
                yield f"leg {number} goes back in time"
            elif away > JUMP_M + FASTEST_M_PER_S * seconds:
                yield f"leg {number} jumps {away:.0f} m in {seconds:.1f} s"
    for before, after in pairwise(legs):
        if _metres(before[-1], after[0]) > JOINT_M:
            yield "a leg begins elsewhere than the one before ended"
        if after[0][2] < before[-1][2]:
            yield "a leg begins before the one before ended"
    if abs(driven_s - answer["drive_s"]) > 1 + len(legs):
        yield f"{answer['drive_s']} s at the wheel are told, {driven_s:.0f} s driven"
    if not math.isclose(driven_m, answer["distance_m"], rel_tol=0.03, abs_tol=30 * len(legs)):
        yield f"{answer['distance_m']} m are told, {driven_m:.0f} m driven"


def _stops(answer: Mapping[str, Any], asked: Asked, legs: Sequence[Sequence[Point]]) -> Iterator[str]:
    """Each stop once, in an order that was allowed, reached, and served in its hours."""
    stops = list(answer["stops"])
    served = [stop["number"] for stop in stops if not stop.get("return")]
    left_out = [item["number"] for item in answer.get("impossible_stops", ())]
    if sorted([*served, *left_out]) != list(range(len(asked.stops))) or served[0] != 0:
        yield f"served {served}, left out {left_out}"
        return
    if not asked.free_order and served != list(range(len(asked.stops))):
        yield "the order was changed"
    if (
        asked.free_order
        and not asked.return_to_start
        and served[-1] != len(asked.stops) - 1
        and (len(asked.stops) - 1 not in left_out)
    ):
        yield "the last stop did not stay last"
    if asked.return_to_start != bool(stops[-1].get("return")):
        yield "the return is wrong"
    far = FAR_M if any(w.get("notice") == "stop-away-from-road" for w in answer["warnings"]) else NEAR_M
    for number, stop in enumerate(stops):
        given = asked.stops[stop["number"]]
        if _metres((given["lon"], given["lat"]), _place(stop)) > far:
            yield f"stop {number} is served too far away"
        arrive_at, leave_at = _instant(stop["arrive_at"]), _instant(stop["leave_at"])
        if number > 0:
            if _metres(legs[number - 1][-1], _place(stop)) > 1.0:
                yield f"stop {number} is served where no leg ends"
            if abs(legs[number - 1][-1][2] - arrive_at) > _SECOND / 100:
                yield f"stop {number} is reached at another hour"
        if number + 1 < len(stops) and legs[number][0][2] < leave_at - _SECOND / 100:
            yield f"stop {number} is left before its service is done"
        if not stop.get("return"):
            yield from _service(number, stop, given, arrive_at, leave_at)


def _service(
    number: int, stop: Mapping[str, Any], given: Mapping[str, Any], arrive_at: datetime, leave_at: datetime
) -> Iterator[str]:
    begin_at = arrive_at + timedelta(seconds=stop.get("wait_s", 0))
    if (leave_at - begin_at).total_seconds() < given.get("service_s", 0) - 1.5:
        yield f"stop {number} is not served long enough"
    windows = given.get("windows", ())
    if windows and not any(first - _SECOND <= begin_at < last + _SECOND for first, last in windows):
        yield f"stop {number} is served out of its hours"


def _metres(one: Sequence[Any], other: Sequence[Any]) -> float:
    scale = math.cos(math.radians((one[1] + other[1]) / 2))
    return math.hypot((one[0] - other[0]) * scale, one[1] - other[1]) * METRES_PER_DEGREE
