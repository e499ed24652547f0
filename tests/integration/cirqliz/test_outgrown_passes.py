"""Approved again when the perimeters ask something else: the pass that opens less is followed by another."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from portal.cirqliz.passes.queries import get_pass, list_passes_of_request
from portal.cirqliz.passes.swapping import swap_pass
from portal.cirqliz.reexamination.watching import ask_for_due_work
from portal.cirqliz.requests.queries import RequestView
from portal.cirqliz.states import PassState, RequestState, RevocationReason
from portal.common.clock import FixedClock
from portal.db import session
from portal.mail import list_outbox
from portal.regulations.perimeters import Colour
from tests.factories.cirqliz import INSIDE_BLUE, OUTSIDE, World
from tests.factories.law import make_law, perimeter_draft, square

BLUE, RED = ("Abords du canal", Colour.BLUE), ("Course du soir", Colour.RED)


def set_law(world: World, perimeters: Sequence[tuple[str, Colour]], until_hour: int = 14) -> None:
    """Let these perimeters, all of them over the blue stop, be the law, and what rests on it be looked at again."""
    spans = [((world.day + timedelta(hours=5)).isoformat(), (world.day + timedelta(hours=until_hour)).isoformat())]
    drafts = [perimeter_draft(name, colour, square(2.369, 48.860), spans) for name, colour in perimeters]
    make_law(world.territory, perimeters=drafts)
    session().rollback()
    ask_for_due_work()
    world.run_jobs(world.app)


def approved(world: World) -> RequestView:
    """An approved request that asks for the blue perimeter alone."""
    set_law(world, [BLUE])
    found = world.ready(vehicles=[world.vehicle("AA-111-AA")], stops=(OUTSIDE, INSIDE_BLUE))
    world.approve(found)
    return world.seen(found.id)


def test_pass_is_followed_by_one_that_opens_what_is_asked_now(world: World) -> None:
    found = approved(world)
    (old,) = list_passes_of_request(found.id)
    set_law(world, [BLUE, RED])
    assert world.seen(found.id).state is RequestState.READY
    world.approve(world.seen(found.id))
    ended, new = sorted(list_passes_of_request(found.id), key=lambda one: one.issued_at)
    assert (ended.id, ended.revoke_reason) == (old.id, RevocationReason.PERIMETER_CHANGED)
    assert new.state is PassState.ACTIVE
    assert {one.name for one in new.perimeters} == {"Abords du canal", "Course du soir"}
    assert (new.vehicle_id, new.valid_from, new.valid_to) == (old.vehicle_id, found.starts_at, found.ends_at)
    assert any(old.number in mail.body for mail in list_outbox()[:3])


def test_vehicle_that_stands_in_gets_the_pass_that_follows(world: World) -> None:
    found = approved(world)
    (first,) = list_passes_of_request(found.id)
    spare, clock = world.vehicle("BB-222-BB"), FixedClock(world.day + timedelta(hours=8))
    second = get_pass(
        world.company.id, swap_pass(world.company_actor(), world.company.id, first.id, spare, clock=clock)
    )
    set_law(world, [BLUE, RED])
    world.approve(world.seen(found.id))
    passes = {one.id: one for one in list_passes_of_request(found.id)}
    (new,) = [one for one in passes.values() if one.state is PassState.ACTIVE]
    assert (new.plate_display, new.swapped_from, new.valid_from) == ("BB-222-BB", first.id, second.valid_from)
    assert {one.name for one in new.perimeters} == {"Abords du canal", "Course du soir"}
    assert passes[second.id].revoke_reason is RevocationReason.PERIMETER_CHANGED


def test_pass_stays_when_only_the_hours_change(world: World) -> None:
    found = approved(world)
    (old,) = list_passes_of_request(found.id)
    set_law(world, [BLUE], until_hour=10)
    assert world.seen(found.id).state is RequestState.APPROVED
    assert [(one.id, one.state) for one in list_passes_of_request(found.id)] == [(old.id, PassState.ACTIVE)]
