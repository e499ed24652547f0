"""The list of the steps of an order at work: where one is, and what is still to be written or repaired."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from flask import url_for
from flask_babel import lazy_gettext as _l

from portal.numeriz.translate import _
from portal.numeriz.words import MEASURES
from portal.numeriz.writing.form.links import spot_of, spot_url
from portal.numeriz.writing.form.parts import MEASURE_PARTS, Document, Part, Spot, measures_of
from portal.numeriz.writing.values import Fault
from portal.regulations.measures import MeasureType

PART_WORDS = {
    Part.WHO: _l("Qui"),
    Part.WHAT: _l("Quoi"),
    Part.WHERE: _l("Où"),
    Part.WHEN: _l("Quand"),
    Part.WHOM: _l("Pour qui"),
}
_MISSING = ("-missing", "place-not-found")


class StepState(StrEnum):
    """How a part is: nothing to say, not filled in yet, or wrong."""

    DONE = "done"
    MISSING = "missing"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Step:
    """One step: a part of the order, or the last one, which is about all of it (spot None)."""

    label: str
    url: str
    spot: Spot | None
    state: StepState
    current: bool


@dataclass(frozen=True, slots=True)
class StepGroup:
    """The steps of the order (title empty) or of one measure. at: its place, from 0."""

    title: str
    at: int | None
    steps: Sequence[Step]

    @property
    def current(self) -> bool:
        """Tell whether one is in this group."""
        return any(step.current for step in self.steps)


def is_missing(fault: Fault) -> bool:
    """Tell whether a fault only says that something is still to be filled in."""
    return fault.code.endswith(_MISSING)


def measure_title(document: Document, at: int) -> str:
    """« Mesure 1 : Circulation interdite »."""
    kind = measures_of(document)[at].get("type")
    if kind in set(MeasureType) and kind != MeasureType.UNKNOWN:
        return _("Mesure %(number)s\u00a0: %(what)s", number=at + 1, what=str(MEASURES[MeasureType(kind)]))
    return _("Mesure %(number)s", number=at + 1)


def spots_of(document: Document) -> tuple[Spot, ...]:
    """The parts in the order in which they are written."""
    measures = range(len(measures_of(document)))
    return (Spot(Part.WHO), *(Spot(part, at) for at in measures for part in MEASURE_PARTS))


def steps_of(
    territory: str, work_id: UUID, document: Document, faults: Sequence[Fault], current: Spot | None
) -> tuple[StepGroup, ...]:
    """The steps in groups. territory: its slug. current: the part that is open; None: the last step."""
    states: dict[Spot, StepState] = {}
    for fault in faults:
        spot = spot_of(fault.field)
        if states.get(spot) is not StepState.WRONG:
            states[spot] = StepState.MISSING if is_missing(fault) else StepState.WRONG

    def step(spot: Spot) -> Step:
        state = states.get(spot, StepState.DONE)
        return Step(str(PART_WORDS[spot.part]), spot_url(territory, work_id, spot), spot, state, spot == current)

    measures = [
        StepGroup(measure_title(document, at), at, [step(Spot(part, at)) for part in MEASURE_PARTS])
        for at in range(len(measures_of(document)))
    ]
    review = Step(
        _("Relire et publier"),
        url_for("numeriz.review_work", territory=territory, work_id=work_id),
        None,
        StepState.DONE if not faults else StepState.MISSING,
        current is None,
    )
    return (StepGroup("", None, [step(Spot(Part.WHO))]), *measures, StepGroup("", None, [review]))


def neighbours(document: Document, spot: Spot) -> tuple[Spot | None, Spot | None]:
    """The part before and the part after; None before the first and after the last."""
    spots = spots_of(document)
    at = spots.index(spot)
    return spots[at - 1] if at else None, spots[at + 1] if at + 1 < len(spots) else None
