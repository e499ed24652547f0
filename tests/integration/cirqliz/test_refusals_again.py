"""What was refused for a perimeter that asks less now comes back, on both databases, and only that, and only once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import delete, select

from portal.cirqliz.decisions.commands import Answer
from portal.cirqliz.reexamination.queries import list_reexaminations, open_reexamination_of
from portal.cirqliz.reexamination.watching import find_moved, judge_again
from portal.cirqliz.requests.queries import RequestView
from portal.cirqliz.states import ReexaminationCause, RefusalReason, RequestState, VehicleDecision
from portal.common.clock import FixedClock
from portal.common.ids import new_id
from portal.db import session, unit_of_work
from portal.mail import list_outbox
from portal.numeriz.api import bump_law
from portal.numeriz.models import ActivationRow, PerimeterRow
from portal.regulations.perimeters import Colour
from tests.factories.cirqliz import INSIDE_BLUE, OUTSIDE, World
from tests.factories.edits import look, recolour
from tests.factories.law import make_law, perimeter_draft, square

NAME = "Abords du canal"


def set_hours(world: World, first: float, last: float) -> None:
    """Let the perimeter of the world's stop be active from one hour (UTC) of the day to another; requests: 7 to 12."""
    start, end = (world.day + timedelta(hours=hour) for hour in (first, last))
    with unit_of_work() as uow:
        row = uow.session.scalars(select(PerimeterRow).where(PerimeterRow.name == NAME)).one()
        uow.session.execute(delete(ActivationRow).where(ActivationRow.perimeter_id == row.id))
        uow.session.add(ActivationRow(id=new_id(), perimeter_id=row.id, start_at=start, end_at=end))
        row.updated_at += timedelta(seconds=1)
        bump_law(uow, world.territory.id)


def asked(world: World, vehicles: Sequence[UUID] | None = None) -> RequestView:
    """A request of the blue perimeter, active all its window."""
    return world.ready(vehicles=vehicles, stops=(OUTSIDE, INSIDE_BLUE))


def refused(world: World, reason: RefusalReason = RefusalReason.PERIMETER_CLOSED) -> RequestView:
    """A refused one; nothing is left to look at."""
    found = asked(world)
    world.decide(found, Answer(VehicleDecision.REFUSED, reason, "non"))
    look(world)
    return world.seen(found.id)


def freer(world: World) -> None:
    recolour(world, NAME, Colour.WHITE)


def stricter(world: World) -> None:
    recolour(world, NAME, Colour.RED)


def fewer(world: World) -> None:
    set_hours(world, 5, 10)


def away(world: World) -> None:
    set_hours(world, 13, 18)


def longer(world: World) -> None:
    set_hours(world, 4, 16)


@pytest.mark.parametrize(
    ("change", "text"),
    [(freer, "bleu"), (fewer, "moins d’heures"), (away, "moins d’heures")],
    ids=["freer", "fewer hours", "out of the window"],
)
@pytest.mark.parametrize(
    "reason", [RefusalReason.PERIMETER_CLOSED, RefusalReason.DATES_NOT_ALLOWED, RefusalReason.QUOTA_REACHED]
)
def test_refusal_comes_back_when_its_perimeter_asks_less(
    world: World, reason: RefusalReason, change: Callable[[World], None], text: str
) -> None:
    found = refused(world, reason)
    mails = len(list_outbox())
    change(world)
    assert look(world) == 1
    after = world.seen(found.id)
    assert (after.state, [v.decision for v in after.vehicles]) == (RequestState.READY, [VehicleDecision.PENDING])
    seen = open_reexamination_of(found.id)
    assert seen is not None and seen.cause is ReexaminationCause.CALENDAR_CHANGED
    assert seen.text.startswith(f"{NAME}\u00a0: ") and text in seen.text
    assert [one.reason_code for one in seen.before] == [reason]
    assert len(list_outbox()) == mails + 1
    assert "depuis la réponse" in list_outbox()[0].body


@pytest.mark.parametrize("change", [stricter, longer])
def test_refusal_stands_when_its_perimeter_asks_more(world: World, change: Callable[[World], None]) -> None:
    found = refused(world)
    change(world)
    assert look(world) == 1
    assert world.seen(found.id).state is RequestState.REFUSED


@pytest.mark.parametrize("reason", [RefusalReason.VEHICLE_NOT_ALLOWED, RefusalReason.OTHER, RefusalReason.DUPLICATE])
def test_refusal_stands_when_it_was_not_for_the_perimeter(world: World, reason: RefusalReason) -> None:
    found = refused(world, reason)
    freer(world)
    assert look(world) == 1
    assert world.seen(found.id).state is RequestState.REFUSED


@pytest.mark.parametrize("change", [freer, fewer, away])
def test_vehicle_refused_again_is_left_alone_until_less_still_is_asked(
    world: World, change: Callable[[World], None]
) -> None:
    found = refused(world)
    change(world)
    look(world)
    world.refuse(world.seen(found.id))
    make_law(world.territory, perimeters=[perimeter_draft("Ailleurs", Colour.RED, square(2.36, 48.90), [])])
    assert look(world) == 1
    assert world.seen(found.id).state is RequestState.REFUSED
    recolour(world, NAME, Colour.WHITE)
    if change is freer:
        fewer(world)
    look(world)
    assert world.seen(found.id).state is RequestState.READY
    assert len(list_reexaminations(found.id)) == 2


def test_refused_vehicle_comes_back_alone_beside_an_approved_one(world: World) -> None:
    first, second = world.vehicle("AA-111-AA"), world.vehicle("BB-222-BB")
    found = asked(world, [first, second])
    world.approve(found, [first])
    world.refuse(world.seen(found.id), [second])
    freer(world)
    look(world)
    after = world.seen(found.id)
    assert after.state is RequestState.READY
    assert [v.decision for v in after.vehicles] == [VehicleDecision.APPROVED, VehicleDecision.PENDING]


def test_vehicle_refused_while_another_waits_comes_back_too(world: World) -> None:
    first, second = world.vehicle("AA-111-AA"), world.vehicle("BB-222-BB")
    found = asked(world, [first, second])
    world.refuse(found, [second])
    freer(world)
    look(world)
    after = world.seen(found.id)
    assert [v.decision for v in after.vehicles] == [VehicleDecision.PENDING, VehicleDecision.PENDING]
    assert [one.colour for one in after.perimeters] == [Colour.WHITE]


def test_refusal_stands_when_the_hours_had_changed_before_it(world: World) -> None:
    found = asked(world)
    fewer(world)
    look(world)
    world.refuse(world.seen(found.id))
    stricter(world)
    look(world)
    assert world.seen(found.id).state is RequestState.REFUSED


def test_refusal_stands_when_only_past_hours_fell_away(world: World) -> None:
    found = refused(world)
    set_hours(world, 9, 14)
    session().rollback()
    late, early = (FixedClock(world.day + timedelta(hours=hour)) for hour in (9.5, 8))
    assert find_moved(world.territory.id, clock=late)[0] == []
    assert find_moved(world.territory.id, clock=early)[0] == [found.id]
    with unit_of_work() as uow:
        assert judge_again(uow, world.territory.id, [found.id], clock=late) == 0
    assert world.seen(found.id).state is RequestState.REFUSED


def refused_beside(world: World, *, waits: bool) -> RequestView:
    """A request with one vehicle approved, one refused, and (waits) one that nobody answered yet; looked at."""
    plates = ("AA-111-AA", "BB-222-BB", "CC-333-CC") if waits else ("AA-111-AA", "BB-222-BB")
    vehicles = [world.vehicle(plate) for plate in plates]
    found = asked(world, vehicles)
    world.approve(found, vehicles[:1])
    world.refuse(world.seen(found.id), vehicles[1:2])
    look(world)
    return world.seen(found.id)


@pytest.mark.parametrize("waits", [False, True], ids=["all answered", "one waits"])
def test_refusal_stands_when_longer_hours_come_and_go(world: World, *, waits: bool) -> None:
    set_hours(world, 8, 10)
    found = refused_beside(world, waits=waits)
    for first, last in ((8, 12), (8, 10)):
        set_hours(world, first, last)
        look(world)
    after = world.seen(found.id)
    assert VehicleDecision.REFUSED in after.decisions and list_reexaminations(found.id) == []
    set_hours(world, 8, 9)
    look(world)
    assert VehicleDecision.REFUSED not in world.seen(found.id).decisions
    assert len(list_reexaminations(found.id)) == 1


@pytest.mark.parametrize("answered", [False, True], ids=["the other waits", "the other is answered meanwhile"])
def test_refusal_stands_when_a_stricter_colour_comes_and_goes(world: World, *, answered: bool) -> None:
    first, second = world.vehicle("AA-111-AA"), world.vehicle("BB-222-BB")
    found = asked(world, [first, second])
    world.refuse(found, [first])
    stricter(world)
    look(world)
    if answered:
        world.decide(
            world.seen(found.id), Answer(VehicleDecision.REFUSED, RefusalReason.VEHICLE_NOT_ALLOWED, "non"), [second]
        )
    recolour(world, NAME, Colour.BLUE)
    look(world)
    after = world.seen(found.id)
    assert VehicleDecision.REFUSED in after.decisions and list_reexaminations(found.id) == []
    freer(world)
    look(world)
    assert world.seen(found.id).vehicles[0].decision is VehicleDecision.PENDING
