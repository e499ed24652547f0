"""What one measure says of a place to a vehicle at a moment."""

from __future__ import annotations

from typing import Final

from portal.regulations.answers import Reason, ReasonCode, State, free_text_notes
from portal.regulations.measures import Direction, EdgeEffect, EdgeFacts, Measure, MeasureType, Origin, effect_on_edge
from portal.regulations.schedules import Interval
from portal.regulations.snapshot import Hit, LawSnapshot
from portal.regulations.vehicles import Answer, RuleOutcome, Vehicle, describe


def judge_measure(
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
    if never_speaks(measure):
        return []
    outcome = measure.vehicles.concerns(vehicle, stops_inside=stops)
    spoken = _spoken(hit, measure, outcome, edge)
    if spoken is None and not outcome.free_texts:
        return []
    spans = (period.occurrence(during, law.calendar) for period in measure.periods)
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
        origin=measure.origin,
    )
    notes = free_text_notes(reason, outcome)
    return notes if spoken is None else [(reason, is_warning), *notes]


def never_speaks(measure: Measure) -> bool:
    """Tell whether a measure says nothing to anyone: parking, overtaking and storage areas close no road."""
    return measure.type not in _TOLD and measure.origin is not Origin.EVENT


def is_silent(outcome: RuleOutcome) -> bool:
    """Tell whether a measure has nothing to say to a vehicle of which its rule says this, wherever and whenever."""
    return outcome.answer is Answer.NO and outcome.exempted_by is None and not outcome.free_texts


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
    if hit.nearby or (measure.origin is Origin.EVENT and measure.type not in _TOLD):
        return None if outcome.answer is Answer.NO else (ReasonCode.EVENT_NEAR, State.ALLOWED, True)
    if measure.type in _ADVICE:
        return None if outcome.answer is Answer.NO else (_ADVICE[measure.type], State.ALLOWED, True)
    if measure.type not in _CLOSURE:
        return None
    effect, doubt = effect_of(hit, measure, edge)
    if effect is EdgeEffect.OPEN:
        return None
    if outcome.answer is Answer.NO:
        return None if outcome.exempted_by is None else (ReasonCode.MEASURE_EXEMPT, State.ALLOWED, False)
    if effect is EdgeEffect.DOUBTFUL:
        return doubt, State.ALLOWED, True
    if outcome.answer is Answer.UNKNOWN:
        return ReasonCode.FACT_UNKNOWN, State.UNKNOWN, False
    return _CLOSURE[measure.type], State.FORBIDDEN, False


def closes(hit: Hit, measure: Measure, edge: EdgeFacts | None) -> bool:
    """Tell whether a measure closes a place to the vehicles it binds, while it is active."""
    if measure.type not in _CLOSURE or hit.nearby:
        return False
    return effect_of(hit, measure, edge)[0] is EdgeEffect.CLOSED


def effect_of(hit: Hit, measure: Measure, edge: EdgeFacts | None) -> tuple[EdgeEffect, ReasonCode]:
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
    effect = effect_on_edge(measure.type, direction, along=along, one_way=one_way)
    if effect is EdgeEffect.CLOSED and hit.doubtful:
        return EdgeEffect.DOUBTFUL, ReasonCode.MATCH_DOUBTFUL
    return effect, ReasonCode.DIRECTION_DOUBTFUL
