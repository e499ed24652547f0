"""What stands in the way of a tour, told in full: until when, which pass opens it, which stops it makes impossible."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from portal.itineriz.planning.hours import opens_at, regulation_of
from portal.itineriz.planning.needs import REQUIREMENT
from portal.itineriz.planning.slots import SLOTS_AHEAD, LegalSlots
from portal.itineriz.planning.tour import Round, Tour
from portal.itineriz.trip import ImpossibleStop, NeededPass, Obstacle
from portal.regulations.evaluate import Reason, State
from portal.regulations.perimeters import Perimeter
from portal.regulations.snapshot import LawSnapshot


def opens(reason: Reason) -> bool:
    """Tell whether a pass would open what this reason closes."""
    return reason.kind == "perimeter" and reason.state is State.PASS_REQUIRED


def explained(law: LawSnapshot, round_: Round, tour: Tour) -> tuple[Obstacle, ...]:
    """The obstacles with the hour at which each one ends, and the pass that would open it. law: of all days."""
    return tuple(_explained(law, round_, obstacle) for obstacle in tour.obstacles)


def _explained(law: LawSnapshot, round_: Round, obstacle: Obstacle) -> Obstacle:
    reason = obstacle.reason
    if reason is None:
        return obstacle
    return replace(
        obstacle,
        opens_at=opens_at(law, reason, max(reason.starts_at, round_.depart_at), SLOTS_AHEAD, round_.passes),
        needed=needed_pass(law, reason, (round_.calls[obstacle.stop].number,)),
    )


def needed_pass(law: LawSnapshot, reason: Reason, stops: tuple[int, ...] = ()) -> NeededPass | None:
    """The pass that would open what a reason closes; None when none would. stops: numbers in the order given."""
    perimeter = regulation_of(law, reason)
    if not isinstance(perimeter, Perimeter) or not opens(reason):
        return None
    requirement = REQUIREMENT[perimeter.access.motorised]
    # A document lets the vehicle in for a stop; what is refused here is to cross.
    requirement = "pass" if requirement == "document" else requirement
    return NeededPass(perimeter, requirement, False, reason.starts_at, reason.ends_at, stops)


def impossible_stops(
    law: LawSnapshot, round_: Round, tour: Tour, slots: Mapping[int, LegalSlots], left_out: Mapping[int, bool]
) -> tuple[ImpossibleStop, ...]:
    """The stops that cannot be served at that hour: those left out, then those at which the tour fails.

    A tour fails at a stop when what stands in the way bears on the place itself, or when its windows are over; a
    closure between two stops makes neither of them impossible. slots: by number of the stop. left_out: stops that are
    not in the tour; True when their hours are the cause.
    """
    found = {
        number: replace(_impossible(law, number, slots[number], ()), missed=hours and not slots[number].reasons)
        for number, hours in left_out.items()
        if number in slots
    }
    for obstacle in tour.obstacles:
        number = round_.calls[obstacle.stop].number
        known = slots.get(number)
        if known is None or number in left_out:
            continue
        there = (obstacle.reason,) if obstacle.reason is not None and obstacle.reason.id in known.closing else ()
        if not there and not obstacle.missed:
            continue
        before = found.get(number)
        reasons = {reason.id: reason for reason in (*(before.reasons if before else ()), *there)}
        missed = obstacle.missed or (before is not None and before.missed)
        found[number] = replace(_impossible(law, number, known, tuple(reasons.values())), missed=missed)
    return tuple(found.values())


def _impossible(law: LawSnapshot, number: int, slots: LegalSlots, reasons: tuple[Reason, ...]) -> ImpossibleStop:
    told = reasons or slots.reasons
    needed = (needed_pass(law, reason, (number,)) for reason in told)
    passes = tuple(one for one in needed if one is not None)
    return ImpossibleStop(number, told, slots.open, passes, missed=not told)
