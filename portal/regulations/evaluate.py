"""The one question: may this vehicle be here, then, with these passes, for that purpose?

Map, route, pass and address check all ask it here, so their answers never differ. An answer is a state with its
reasons: codes and parameters, from which each context writes its sentences.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Literal

from shapely.geometry.base import BaseGeometry

from portal.regulations.measures import Direction, EdgeEffect, EdgeFacts, Measure, MeasureType, effect_on_edge
from portal.regulations.passes import PassRight, covers
from portal.regulations.perimeters import Colour, Motorised, Perimeter
from portal.regulations.schedules import Interval, as_utc
from portal.regulations.snapshot import Hit, LawSnapshot
from portal.regulations.vehicles import Answer, Criterion, Fact, RuleOutcome, Vehicle, VehicleRule, describe


class State(StrEnum):
    """The answer, from the freest to the strictest. UNKNOWN: a fact about the vehicle is missing."""

    ALLOWED = "allowed"
    UNKNOWN = "unknown"
    PASS_REQUIRED = "pass_required"  # noqa: S105 - a pass, not a password
    FORBIDDEN = "forbidden"

    @property
    def strictness(self) -> int:
        """0 for allowed up to 3 for forbidden."""
        return tuple(State).index(self)


class Purpose(StrEnum):
    """Why the vehicle is there: a stop inside the area or the street concerned, or only crossing it."""

    STOP_INSIDE = "stopInside"
    TRANSIT = "transit"


@dataclass(frozen=True, slots=True)
class StopsInside:
    """The purpose of a whole tour: it stops inside exactly these regulations (ids), and crosses the others.

    `stops_inside(law, points)` computes it.
    """

    ids: frozenset[str]


class ReasonCode(StrEnum):
    """Why the answer is what it is. The sentence for each is written elsewhere."""

    # Perimeters
    PASS_NEEDED = "perimeter-pass-needed"  # noqa: S105 - a pass, not a password
    TRANSIT_NEEDS_PASS = "perimeter-transit-needs-pass"  # noqa: S105 - a pass, not a password
    ACCREDITATION_NEEDED = "perimeter-accreditation-needed"
    PERIMETER_CLOSED = "perimeter-closed"
    DOCUMENT_NEEDED = "perimeter-document-needed"
    PERIMETER_FREE = "perimeter-free"
    PASS_HELD = "perimeter-pass-held"  # noqa: S105 - a pass, not a password
    PERIMETER_EXEMPT = "perimeter-exempt"
    # Measures
    NO_ENTRY = "measure-no-entry"
    WRONG_WAY = "measure-wrong-way"
    MEASURE_EXEMPT = "measure-exempt"
    # Both
    FACT_UNKNOWN = "vehicle-fact-unknown"
    # Warnings: never change the state
    FREE_TEXT = "condition-in-words"
    ONE_DIRECTION = "one-direction-only"
    DIRECTION_DOUBTFUL = "direction-doubtful"
    ALTERNATE_TRAFFIC = "alternate-traffic"
    SPEED_LIMIT = "speed-limit"


@dataclass(frozen=True, slots=True)
class Reason:
    """What one regulation says. `state`: the answer this regulation alone gives.

    title: name of the perimeter or title of the order. starts_at, ends_at: the active span concerned, with its own
    bounds; no end: permanent. missing_exemptions: what would free the vehicle. missing_facts: what to declare.
    params: what the sentence of the code needs besides.
    """

    code: ReasonCode
    kind: Literal["perimeter", "measure"]
    id: str
    title: str
    state: State
    starts_at: datetime
    ends_at: datetime | None
    event: str = ""
    colour: Colour | None = None
    policy: Motorised | None = None
    authority: str = ""
    url: str = ""
    missing_exemptions: tuple[Criterion, ...] = ()
    missing_facts: tuple[Fact, ...] = ()
    params: Mapping[str, str | int] = field(default_factory=dict, hash=False)

    def to_public(self) -> dict[str, object]:
        """The reason as JSON values; instants in ISO 8601, empty fields left out."""
        values: dict[str, object] = {
            "code": self.code.value,
            "kind": self.kind,
            "id": self.id,
            "title": self.title,
            "state": self.state.value,
            "starts_at": self.starts_at.isoformat(),
            "ends_at": None if self.ends_at is None else self.ends_at.isoformat(),
        }
        optional = {
            "event": self.event,
            "colour": self.colour and self.colour.value,
            "policy": self.policy and self.policy.value,
            "authority": self.authority,
            "url": self.url,
            "missing_exemptions": [describe(c) for c in self.missing_exemptions],
            "missing_facts": [fact.value for fact in self.missing_facts],
            "params": dict(self.params),
        }
        return values | {key: value for key, value in optional.items() if value}


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer, the regulations that make it (strictest first), and what else the driver should know."""

    state: State
    reasons: tuple[Reason, ...] = ()
    warnings: tuple[Reason, ...] = ()

    @property
    def obstacles(self) -> tuple[Reason, ...]:
        """The reasons that stand in the way."""
        return tuple(reason for reason in self.reasons if reason.state is not State.ALLOWED)

    def to_public(self) -> dict[str, object]:
        """The verdict as JSON values."""
        return {
            "verdict": self.state.value,
            "reasons": [reason.to_public() for reason in self.reasons],
            "warnings": [warning.to_public() for warning in self.warnings],
        }


@dataclass(frozen=True, slots=True)
class Change:
    """The first instant at which the answer differs, and the answer from then on."""

    at: datetime
    verdict: Verdict


type When = datetime | Interval
type TripPurpose = Purpose | StopsInside

DEFAULT_HORIZON: Final = timedelta(days=31)


def verdict(
    law: LawSnapshot,
    place: BaseGeometry,
    when: When,
    vehicle: Vehicle,
    passes: Sequence[PassRight] = (),
    purpose: TripPurpose = Purpose.STOP_INSIDE,
    edge: EdgeFacts | None = None,
) -> Verdict:
    """Answer the one question.

    place: point, line or area, (lon, lat) WGS84; a line is a path driven in the order of its points. when: an aware
    instant, or an interval: the law counts if it is active at any moment of it. edge: facts of the road when known.
    Raises ValueError on a naive instant or an empty place.
    """
    hits = law.in_force(_located(place), _during(when), edge)
    return judge(law, hits, when, vehicle, passes, purpose, edge)


def verdict_many(
    law: LawSnapshot,
    places: Sequence[BaseGeometry],
    whens: Sequence[When],
    vehicle: Vehicle,
    passes: Sequence[PassRight] = (),
    purpose: TripPurpose = Purpose.STOP_INSIDE,
    edges: Sequence[EdgeFacts | None] | None = None,
) -> tuple[Verdict, ...]:
    """`verdict` for each place at its own moment, with one look at the index. `whens` is as long as `places`."""
    facts = edges if edges is not None else [None] * len(places)
    hits_by_place = law.at_many([_located(place) for place in places], facts, [_during(when) for when in whens])
    return tuple(
        judge(law, hits, when, vehicle, passes, purpose, edge)
        for hits, when, edge in zip(hits_by_place, whens, facts, strict=True)
    )


def judge(
    law: LawSnapshot,
    hits: Iterable[Hit],
    when: When,
    vehicle: Vehicle,
    passes: Sequence[PassRight] = (),
    purpose: TripPurpose = Purpose.STOP_INSIDE,
    edge: EdgeFacts | None = None,
) -> Verdict:
    """The verdict for regulations already found with `law.at`: to ask again at another moment at little cost."""
    during = _during(when)
    said = _Findings()
    for hit in hits:
        stops = _stops_inside(purpose, hit.regulation.id)
        if isinstance(hit.regulation, Perimeter):
            said.extend(_judge_perimeter(hit.regulation, during, vehicle, passes, stops))
        else:
            said.extend(_judge_measure(law, hit, hit.regulation, during, vehicle, stops, edge))
    return said.verdict()


def next_change(
    law: LawSnapshot,
    place: BaseGeometry,
    after: datetime,
    vehicle: Vehicle,
    passes: Sequence[PassRight] = (),
    purpose: TripPurpose = Purpose.STOP_INSIDE,
    *,
    edge: EdgeFacts | None = None,
    horizon: timedelta = DEFAULT_HORIZON,
) -> Change | None:
    """The first instant after `after`, at most `horizon` later, at which the state differs from that at `after`."""
    after = as_utc(after)
    hits = law.at(_located(place), edge)
    before = judge(law, hits, after, vehicle, passes, purpose, edge).state
    for at in _bounds(law, hits, passes, Interval(after, after + horizon)):
        answer = judge(law, hits, at, vehicle, passes, purpose, edge)
        if answer.state is not before:
            return Change(at, answer)
    return None


def open_windows(
    law: LawSnapshot,
    place: BaseGeometry,
    window: Interval,
    vehicle: Vehicle,
    passes: Sequence[PassRight] = (),
    purpose: TripPurpose = Purpose.STOP_INSIDE,
    *,
    edge: EdgeFacts | None = None,
) -> tuple[Interval, ...]:
    """The longest intervals of the window during which the vehicle is allowed, sorted and disjoint."""
    hits = law.at(_located(place), edge)
    bounds = [window.start, *_bounds(law, hits, passes, window)]
    windows: list[Interval] = []
    for start, end in zip(bounds, [*bounds[1:], window.end], strict=True):
        if start == end or judge(law, hits, start, vehicle, passes, purpose, edge).state is not State.ALLOWED:
            continue
        if windows and windows[-1].end == start:
            windows[-1] = Interval(windows[-1].start, end)
        else:
            windows.append(Interval(start, end))
    return tuple(windows)


def stops_inside(law: LawSnapshot, points: Iterable[BaseGeometry]) -> StopsInside:
    """The purpose of a tour that stops at these points."""
    found = law.at_many([_located(point) for point in points])
    return StopsInside(frozenset(hit.regulation.id for hits in found for hit in hits))


class _Findings:
    """Gathers what each regulation says; the same thing said of two places of a measure is kept once."""

    def __init__(self) -> None:
        self._reasons: dict[tuple[str, str, ReasonCode], Reason] = {}
        self._warnings: dict[tuple[str, str, ReasonCode, str], Reason] = {}

    def extend(self, findings: Iterable[tuple[Reason, bool]]) -> None:
        for reason, is_warning in findings:
            if is_warning:
                text = str(reason.params.get("text", ""))
                self._warnings.setdefault((reason.kind, reason.id, reason.code, text), reason)
            else:
                self._reasons.setdefault((reason.kind, reason.id, reason.code), reason)

    def verdict(self) -> Verdict:
        reasons = tuple(sorted(self._reasons.values(), key=_strictest_first))
        state = reasons[0].state if reasons else State.ALLOWED
        return Verdict(state, reasons, tuple(self._warnings.values()))


def _strictest_first(reason: Reason) -> tuple[int, int, datetime, str]:
    colour = -reason.colour.strictness if reason.colour is not None else 0
    return -reason.state.strictness, colour, reason.starts_at, reason.id


def _located(place: BaseGeometry) -> BaseGeometry:
    if place.is_empty:
        raise ValueError("an empty shape is no place")
    return place


def _during(when: When) -> Interval:
    return when if isinstance(when, Interval) else Interval(when, when)


def _stops_inside(purpose: TripPurpose, regulation_id: str) -> bool:
    if isinstance(purpose, StopsInside):
        return regulation_id in purpose.ids
    return purpose is Purpose.STOP_INSIDE


_REQUIREMENTS: Final = {
    Motorised.PASS_REQUIRED: (ReasonCode.PASS_NEEDED, State.PASS_REQUIRED),
    Motorised.ACCREDITED: (ReasonCode.ACCREDITATION_NEEDED, State.PASS_REQUIRED),
    Motorised.CLOSED: (ReasonCode.PERIMETER_CLOSED, State.FORBIDDEN),
    Motorised.FREE: (ReasonCode.PERIMETER_FREE, State.ALLOWED),
}


def _judge_perimeter(
    perimeter: Perimeter, during: Interval, vehicle: Vehicle, passes: Sequence[PassRight], stops: bool
) -> list[tuple[Reason, bool]]:
    """What a perimeter says during the interval: nothing when it sleeps, else one reason."""
    active = [a for a in perimeter.activations if during.meets(a.start, a.end)]
    if not active:
        return []
    uncovered = [a for a in active if not covers(passes, perimeter, _overlap(during, a.start, a.end))]
    access = perimeter.access
    outcome = VehicleRule(except_=access.vehicles_allowed).concerns(vehicle, stops_inside=stops)
    code, state = _requirement(access.motorised, stops)
    missing: tuple[Fact, ...] = ()
    params: dict[str, str | int] = {}
    if access.motorised is Motorised.FREE:
        pass
    elif outcome.exempted_by is not None:
        code, state, params = ReasonCode.PERIMETER_EXEMPT, State.ALLOWED, {"by": describe(outcome.exempted_by)}
    elif not uncovered:
        code, state = ReasonCode.PASS_HELD, State.ALLOWED
    elif outcome.answer is Answer.UNKNOWN and state is not State.ALLOWED:
        code, state, missing = ReasonCode.FACT_UNKNOWN, State.UNKNOWN, outcome.missing
    span = min(uncovered or active, key=lambda a: a.start)
    reason = Reason(
        code,
        "perimeter",
        perimeter.id,
        perimeter.name,
        state,
        span.start,
        span.end,
        event=perimeter.event,
        colour=perimeter.colour,
        policy=access.motorised,
        url=perimeter.provenance.url,
        missing_exemptions=() if state is State.ALLOWED else outcome.unmet,
        missing_facts=missing,
        params=params,
    )
    notes = [] if access.motorised is Motorised.FREE else _free_text_notes(reason, outcome)
    return [(reason, False), *notes]


def _requirement(motorised: Motorised, stops: bool) -> tuple[ReasonCode, State]:
    if motorised is Motorised.JUSTIFIED:
        if stops:
            return ReasonCode.DOCUMENT_NEEDED, State.ALLOWED
        return ReasonCode.TRANSIT_NEEDS_PASS, State.PASS_REQUIRED
    return _REQUIREMENTS[motorised]


def _overlap(during: Interval, start: datetime, end: datetime | None) -> Interval:
    """The part of the interval in which the law is active; the two are known to meet."""
    return Interval(max(during.start, start), during.end if end is None else min(during.end, end))


def _judge_measure(
    law: LawSnapshot,
    hit: Hit,
    measure: Measure,
    during: Interval,
    vehicle: Vehicle,
    stops: bool,
    edge: EdgeFacts | None,
) -> list[tuple[Reason, bool]]:
    """What a measure says of a place during the interval: reasons (False) and warnings (True)."""
    # What the measure has to say is cheap to know, when it is active is not.
    if measure.type not in _TOLD:
        return []
    outcome = measure.vehicles.concerns(vehicle, stops_inside=stops)
    spoken = _spoken(hit, measure, outcome, edge)
    if spoken is None and not outcome.free_texts:
        return []
    spans = (period.occurrence(during, law.zone) for period in measure.periods)
    span = min((s for s in spans if s is not None), default=None, key=lambda s: s[0])
    if span is None:
        return []
    code, state, is_warning = spoken or (ReasonCode.FREE_TEXT, State.ALLOWED, True)
    params: dict[str, str | int] = {"type": measure.type.value}
    if hit.location is not None and hit.location.label:
        params["place"] = hit.location.label
    if measure.max_speed_kmh is not None:
        params["max_speed_kmh"] = measure.max_speed_kmh
    if outcome.exempted_by is not None:
        params["by"] = describe(outcome.exempted_by)
    reason = Reason(
        code,
        "measure",
        measure.id,
        measure.order.title,
        state,
        *span,
        authority=measure.order.authority,
        url=measure.order.url,
        missing_exemptions=() if state is State.ALLOWED else outcome.unmet,
        missing_facts=outcome.missing if state is State.UNKNOWN else (),
        params=params,
    )
    notes = _free_text_notes(reason, outcome)
    return notes if spoken is None else [(reason, is_warning), *notes]


_CLOSURE: Final = {
    MeasureType.NO_ENTRY: ReasonCode.NO_ENTRY,
    MeasureType.ONE_WAY: ReasonCode.WRONG_WAY,
}
_ADVICE: Final = {
    MeasureType.SPEED_LIMIT: ReasonCode.SPEED_LIMIT,
    MeasureType.ALTERNATE_TRAFFIC: ReasonCode.ALTERNATE_TRAFFIC,
}
# Types a driver is told about; the others (parking, overtaking, storage areas) change neither the road nor the hour.
_TOLD: Final = frozenset({*_CLOSURE, *_ADVICE})


def _spoken(
    hit: Hit, measure: Measure, outcome: RuleOutcome, edge: EdgeFacts | None
) -> tuple[ReasonCode, State, bool] | None:
    """Code, state and whether it is a mere warning; None when the measure has nothing to say to this vehicle."""
    if measure.type in _ADVICE:
        return None if outcome.answer is Answer.NO else (_ADVICE[measure.type], State.ALLOWED, True)
    if measure.type not in _CLOSURE:
        return None
    effect, doubt = _effect(hit, measure, edge)
    if effect is EdgeEffect.OPEN:
        return None
    if outcome.answer is Answer.NO:
        return None if outcome.exempted_by is None else (ReasonCode.MEASURE_EXEMPT, State.ALLOWED, False)
    if effect is EdgeEffect.DOUBTFUL:
        return doubt, State.ALLOWED, True
    if outcome.answer is Answer.UNKNOWN:
        return ReasonCode.FACT_UNKNOWN, State.UNKNOWN, False
    return _CLOSURE[measure.type], State.FORBIDDEN, False


def _effect(hit: Hit, measure: Measure, edge: EdgeFacts | None) -> tuple[EdgeEffect, ReasonCode]:
    """What a closing measure does to the place, and which doubt is told when it is doubtful."""
    direction = Direction.BOTH if hit.location is None else hit.location.direction
    if hit.areal:
        # An area has no direction: a ban holds all over it, a one-way order drawn as an area cannot be applied.
        closed = measure.type is MeasureType.NO_ENTRY
        return EdgeEffect.CLOSED if closed else EdgeEffect.DOUBTFUL, ReasonCode.DIRECTION_DOUBTFUL
    if hit.along is None and direction in (Direction.FORWARD, Direction.BACKWARD):
        return EdgeEffect.DOUBTFUL, ReasonCode.ONE_DIRECTION
    one_way = edge is not None and edge.one_way
    along = hit.along is not False
    return effect_on_edge(measure.type, direction, along=along, one_way=one_way), ReasonCode.DIRECTION_DOUBTFUL


def _free_text_notes(reason: Reason, outcome: RuleOutcome) -> list[tuple[Reason, bool]]:
    return [
        (
            replace(
                reason,
                code=ReasonCode.FREE_TEXT,
                state=State.ALLOWED,
                missing_exemptions=(),
                missing_facts=(),
                params={**reason.params, "text": text},
            ),
            True,
        )
        for text in outcome.free_texts
    ]


def _bounds(
    law: LawSnapshot, hits: Iterable[Hit], passes: Iterable[PassRight], window: Interval
) -> tuple[datetime, ...]:
    """The instants of the window, its start excluded, at which the answer may change; sorted."""
    bounds: set[datetime] = set()
    for right in passes:
        bounds |= {right.start, right.end}
    # An interval cut by the window is not one that ends there: look one second past both ends.
    wider = Interval(window.start - timedelta(seconds=1), window.end + timedelta(seconds=1))
    for hit in hits:
        if isinstance(hit.regulation, Perimeter):
            spans = [(a.start, a.end) for a in hit.regulation.activations]
            bounds |= {bound for span in spans for bound in span if bound is not None}
        else:
            for period in hit.regulation.periods:
                for interval in period.active_intervals(wider, law.zone):
                    bounds |= {interval.start, interval.end}
    return tuple(sorted(at for at in bounds if window.start < at <= window.end))
