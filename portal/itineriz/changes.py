"""What a new answer changes of the one a company already has: what a driver would notice, or nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import shapely

from portal.itineriz.models import RouteStatus

type Json = Mapping[str, Any]

_NOTICED: Final = timedelta(minutes=1)
_NOTICED_M: Final = 50.0
_OF_A_BAY: Final = ("id", "name", "address")
_SAME_WAY_DEG: Final = 0.0002
"""Two ways less than some 20 m apart everywhere are one: a new graph draws the same street a little elsewhere."""


def changes_between(
    before: tuple[RouteStatus, Json], after: tuple[RouteStatus, Json], at: datetime, law_version: str
) -> dict[str, Any] | None:
    """`Route.changes`, or None when nobody would notice a difference.

    before, after: the state and the result of each. reasons: what bears on the new answer and not on the old one;
    gone: the reverse; bays, if any: the delivery bays that the old one names for a stop and the new one does not.
    """
    lost = _lost_bays(before, after)
    if not (lost or _differ(before, after)):
        return None
    old, new = _reasons(before[1]), _reasons(after[1])
    return {
        "at": at.isoformat(),
        "law_version": law_version,
        "reasons": [reason for key, reason in new.items() if key not in old],
        "gone": [reason for key, reason in old.items() if key not in new],
        "before": _summary(*before),
        "after": _summary(*after),
        **({"bays": lost} if lost else {}),
    }


def known_part(result: Json) -> dict[str, Any]:
    """What `changes_between` reads of an answer, to compare a later one with it."""
    return {
        **{name: result[name] for name in ("distance_m", "duration_s", "geometry", "departures") if name in result},
        "stops": [
            {
                "lon": stop["lon"],
                "lat": stop["lat"],
                "arrive_at": stop.get("arrive_at"),
                "bays": [{name: bay.get(name) for name in _OF_A_BAY} for bay in stop.get("bays", ())],
            }
            for stop in result.get("stops", ())
        ],
        **{
            name: [{key: value for key, value in item.items() if key != "lines"} for item in result.get(name, ())]
            for name in ("blocking", "avoided")
        },
    }


def _differ(before: tuple[RouteStatus, Json], after: tuple[RouteStatus, Json]) -> bool:
    (old_status, old), (new_status, new) = before, after
    if old_status is not new_status:
        return True
    if new_status is RouteStatus.NO_LAWFUL_ROUTE:
        blocks = [{(item.get("kind"), item.get("id")) for item in found.get("blocking", ())} for found in (old, new)]
        return blocks[0] != blocks[1] or old.get("departures") != new.get("departures")
    return (
        abs(old.get("distance_m", 0.0) - new.get("distance_m", 0.0)) >= _NOTICED_M
        or _order(old) != _order(new)
        or any(abs(was - now) >= _NOTICED for was, now in zip(_arrivals(old), _arrivals(new), strict=False))
        or not _same_way(old.get("geometry"), new.get("geometry"))
    )


def _lost_bays(before: tuple[RouteStatus, Json], after: tuple[RouteStatus, Json]) -> list[Json]:
    """The bays that an answer no longer names for the stop it named them for; none beside a refusal, which names no
    bay."""
    if not before[0] is after[0] is RouteStatus.DONE:
        return []
    old, new = ({(*place, bay["id"]): bay for place, bay in _bays(found)} for found in (before[1], after[1]))
    return [{name: bay.get(name) for name in _OF_A_BAY} for key, bay in old.items() if key not in new]


def _bays(result: Json) -> Iterator[tuple[tuple[float, float], Json]]:
    return (((stop["lon"], stop["lat"]), bay) for stop in result.get("stops", ()) for bay in stop.get("bays", ()))


def _order(result: Json) -> list[tuple[float, float]]:
    return [(stop["lon"], stop["lat"]) for stop in result.get("stops", ())]


def _arrivals(result: Json) -> Iterator[datetime]:
    return (datetime.fromisoformat(stop["arrive_at"]) for stop in result.get("stops", ()) if stop.get("arrive_at"))


def _same_way(old: Json | None, new: Json | None) -> bool:
    if not old or not new:
        return old == new
    was, now = (shapely.LineString(found["coordinates"]) for found in (old, new))
    return bool(shapely.hausdorff_distance(was, now) < _SAME_WAY_DEG)


def _reasons(result: Json) -> dict[tuple[str, str], Json]:
    """What changed the way or stands in it, each once."""
    named = [*result.get("blocking", ()), *result.get("avoided", ())]
    return {(item["kind"], str(item["id"])): item for item in named if item.get("kind") and item.get("id")}


def _summary(status: RouteStatus, result: Json) -> dict[str, Any]:
    arrivals = [stop["arrive_at"] for stop in result.get("stops", ()) if stop.get("arrive_at")]
    driven = status is RouteStatus.DONE
    return {
        "status": status.value,
        "arrive_at": arrivals[-1] if driven and arrivals else None,
        "distance_m": result.get("distance_m") if driven else None,
        "duration_s": result.get("duration_s") if driven else None,
    }
