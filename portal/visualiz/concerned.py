"""Whom the regulations of a map concern: the rules of its measures and its perimeters, seen by one vehicle.

The core answers; the map only fades what it calls spared and marks what a pass opens.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256
from uuid import UUID

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal.numeriz.api import state_words
from portal.regulations.evaluate import Purpose, Reason, ReasonCode, State, judge, verdict_spans
from portal.regulations.measures import Measure
from portal.regulations.passes import PassRight
from portal.regulations.perimeters import Perimeter
from portal.regulations.schedules import Interval, merge
from portal.regulations.snapshot import Hit, LawSnapshot, is_in_force
from portal.regulations.vehicles import Answer, Vehicle, VehicleRule, describe
from portal.visualiz.choices import Choice
from portal.visualiz.moments import clock_span
from portal.web import filters


class Concern(StrEnum):
    """Whether a rule binds a vehicle. UNKNOWN: a size is missing, or a condition in words has to be read."""

    CONCERNED = "concerned"
    SPARED = "spared"
    UNKNOWN = "unknown"


class Entry(StrEnum):
    """What a perimeter asks of a vehicle while it is active. UNKNOWN: a fact about the vehicle is missing."""

    OPEN = "open"
    PASS_HELD = "pass-held"  # noqa: S105 - a pass, not a password
    PASS_NEEDED = "pass-needed"  # noqa: S105 - a pass, not a password
    CLOSED = "closed"
    UNKNOWN = "unknown"


_ENTRIES = {
    State.ALLOWED: Entry.OPEN,
    State.UNKNOWN: Entry.UNKNOWN,
    State.PASS_REQUIRED: Entry.PASS_NEEDED,
    State.FORBIDDEN: Entry.CLOSED,
}


@lru_cache(maxsize=4096)
def rule_digest(rule: VehicleRule) -> str:
    """Eight hexadecimal digits that are the same for rules of the same conditions, in every process."""
    lists = [[[type(c).__name__, describe(c)] for c in conditions] for conditions in (rule.applies_to, rule.except_)]
    return sha256(json.dumps(lists).encode()).hexdigest()[:8]


class _Rules:
    """The different rules of the law of each territory: looked for once per version."""

    def __init__(self) -> None:
        self._kept: dict[UUID, tuple[str, tuple[VehicleRule, ...]]] = {}
        self._guard = threading.Lock()

    def of(self, territory_id: UUID, law: LawSnapshot) -> tuple[VehicleRule, ...]:
        with self._guard:
            version, rules = self._kept.get(territory_id, ("", ()))
        if version != law.version:
            rules = tuple(dict.fromkeys(measure.vehicles for measure in law.measures.values()))
            with self._guard:
                self._kept[territory_id] = (law.version, rules)
        return rules


_rules = _Rules()


def concerned_document(territory_id: UUID, law: LawSnapshot, choice: Choice) -> dict[str, object]:
    """What the map needs to draw "for my vehicle": each rule, each perimeter, and when the passes open which."""
    held = {
        perimeter.id: spans
        for perimeter in law.perimeters.values()
        if (spans := held_spans(law, perimeter, choice.vehicle, choice.passes))
    }
    return {
        "rules": {rule_digest(rule): concern_of(rule, choice.vehicle).value for rule in _rules.of(territory_id, law)},
        "perimeters": {
            perimeter.id: (Entry.PASS_HELD if perimeter.id in held else entry_of(law, perimeter, choice.vehicle)).value
            for perimeter in law.perimeters.values()
        },
        "held": {
            key: [[span.start.isoformat(), span.end.isoformat()] for span in spans] for key, spans in held.items()
        },
    }


def concern_of(rule: VehicleRule, vehicle: Vehicle) -> Concern:
    """Whether a rule binds a vehicle that makes a delivery there."""
    outcome = rule.concerns(vehicle, stops_inside=True)
    if outcome.answer is Answer.YES:
        return Concern.CONCERNED
    # A condition in words may bind it all the same: it has to be read, so it does not fade.
    return Concern.UNKNOWN if outcome.answer is Answer.UNKNOWN or outcome.free_texts else Concern.SPARED


def entry_of(law: LawSnapshot, perimeter: Perimeter, vehicle: Vehicle) -> Entry:
    """What a perimeter asks of a delivery while it is active, without any pass."""
    if not perimeter.activations:
        return Entry.OPEN
    found = judge(law, [_hit(perimeter)], perimeter.activations[0].start, vehicle)
    return _ENTRIES[found.state]


def held_spans(
    law: LawSnapshot, perimeter: Perimeter, vehicle: Vehicle, passes: Sequence[PassRight]
) -> tuple[Interval, ...]:
    """When the perimeter is active and the passes open it to the vehicle; sorted, disjoint."""
    naming = [right for right in passes if right.names(perimeter)]
    if not naming:
        return ()
    last = max(right.end for right in naming) + timedelta(seconds=1)
    windows = (
        Interval(span.start, last if span.end is None else min(last, span.end))
        for span in perimeter.activations
        if span.start < last
    )
    return merge(
        span
        for window in windows
        for span, found in verdict_spans(law, [_hit(perimeter)], window, vehicle, naming, Purpose.STOP_INSIDE)
        if any(_is_held(reason) for reason in found.reasons)
    )


def concern_words(law: LawSnapshot, regulation: Perimeter | Measure, at: datetime, choice: Choice) -> str:
    """What a regulation means for a delivery by a vehicle at an instant at which it is active.

    Of a pass that ends before the perimeter does, until when: its hours stand beside these words.
    """
    if isinstance(regulation, Measure):
        return _measure_words(regulation, choice)
    held = held_spans(law, regulation, choice.vehicle, choice.passes)
    span = next((span for span in held if span.contains(at)), None)
    without = _state_without_pass(law, regulation, at, choice)
    if span is None:
        return str(state_words(without))
    if without is not State.ALLOWED and is_in_force(regulation, Interval(span.end, span.end), law.calendar):
        return str(_("Ouvert par votre laissez-passer jusqu’au %(when)s", when=filters.instant(span.end, law.zone.key)))
    return str(_PASS_OPENS)


def day_concern_words(
    law: LawSnapshot, regulation: Perimeter | Measure, spans: Sequence[Interval], choice: Choice
) -> str:
    """`concern_words` for all the hours of a local day at which the regulation is active.

    spans: these hours, sorted and disjoint, at least one. Passes may open some of them only.
    """
    if isinstance(regulation, Measure):
        return _measure_words(regulation, choice)
    held = merge(
        Interval(max(span.start, opened.start), min(span.end, opened.end))
        for opened in held_spans(law, regulation, choice.vehicle, choice.passes)
        for span in spans
        if span.start < opened.end and opened.start < span.end
    )
    if held == tuple(spans):
        return str(_PASS_OPENS)
    without = _state_without_pass(law, regulation, spans[0].start, choice)
    word = str(state_words(without))
    if not held or without is State.ALLOWED:
        return word
    hours = ", ".join(clock_span(span.start, span.end, law.zone) for span in held)
    return str(_("%(word)s\u00a0; ouvert %(hours)s par votre laissez-passer", word=word, hours=hours))


def _measure_words(measure: Measure, choice: Choice) -> str:
    return str(_CONCERNS[concern_of(measure.vehicles, choice.vehicle)])


def _state_without_pass(law: LawSnapshot, perimeter: Perimeter, at: datetime, choice: Choice) -> State:
    return judge(law, [_hit(perimeter)], at, choice.vehicle).state


_PASS_OPENS = _l("Ouvert par votre laissez-passer")
_CONCERNS = {
    Concern.CONCERNED: _l("Concerne ce véhicule"),
    Concern.SPARED: _l("Ne concerne pas ce véhicule"),
    Concern.UNKNOWN: _l("Concerne peut-être ce véhicule\u00a0: à vérifier"),
}


def _is_held(reason: Reason) -> bool:
    return reason.code is ReasonCode.PASS_HELD


def _hit(perimeter: Perimeter) -> Hit:
    return Hit(perimeter, None, areal=True)
