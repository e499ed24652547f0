"""What the regulations that bear on a place say to a vehicle at a moment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from portal.regulations.answers import (
    Purpose,
    Reason,
    ReasonCode,
    State,
    TripPurpose,
    Verdict,
    free_text_notes,
    stops_at,
)
from portal.regulations.judging_measures import judge_measure
from portal.regulations.measures import EdgeFacts, Origin
from portal.regulations.passes import PassRight, covers
from portal.regulations.perimeters import Motorised, Perimeter
from portal.regulations.precedence import Question, give_way
from portal.regulations.schedules import Interval
from portal.regulations.snapshot import Hit, LawSnapshot
from portal.regulations.vehicles import Answer, Fact, Vehicle, VehicleRule, describe

type When = datetime | Interval


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
    during = moment(when)
    said = _Findings()
    hits = tuple(hits)
    for hit in hits:
        stops = stops_at(purpose, hit.regulation.id)
        if isinstance(hit.regulation, Perimeter):
            said.extend(_judge_perimeter(hit.regulation, during, vehicle, passes, stops))
            continue
        findings = judge_measure(law, hit, hit.regulation, during, vehicle, stops, edge)
        if hit.regulation.origin is Origin.OSM and any(reason.state is not State.ALLOWED for reason, _ in findings):
            question = Question(law, hits, during, vehicle, purpose, edge)
            findings = give_way(findings, hit.regulation, question)
        said.extend(findings)
    return said.verdict()


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


def _strictest_first(reason: Reason) -> tuple[int, int, int, datetime, str]:
    colour = -reason.colour.strictness if reason.colour is not None else 0
    return -reason.state.strictness, reason.origin.rank, colour, reason.starts_at, reason.id


def moment(when: When) -> Interval:
    """The interval a question is about; an instant is one of no length."""
    return when if isinstance(when, Interval) else Interval(when, when)


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
    notes = [] if access.motorised is Motorised.FREE else free_text_notes(reason, outcome)
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
