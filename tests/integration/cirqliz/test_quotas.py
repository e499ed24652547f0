"""Quotas at each approval, on SQLite and PostgreSQL: by a clerk, by a rule, and by two at once."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from portal.audit import list_entries
from portal.audit.tags import AuditTag
from portal.cirqliz.decisions.commands import Answer, DecideRequest
from portal.cirqliz.decisions.deciding import load_request
from portal.cirqliz.decisions.services import decide_request
from portal.cirqliz.passes.queries import PassView, get_pass, list_passes_of_request
from portal.cirqliz.passes.services import revoke_pass
from portal.cirqliz.passes.swapping import swap_pass
from portal.cirqliz.reexamination.services import open_reexamination
from portal.cirqliz.rules.hours import QuotaHours
from portal.cirqliz.rules.queries import rule_proposal
from portal.cirqliz.rules.quotas import list_quotas, quota_left, set_quotas
from portal.cirqliz.states import (
    PassState,
    ReexaminationCause,
    RequestState,
    RevocationReason,
    RuleOutcome,
    VehicleDecision,
)
from portal.common.actor import StaffRole
from portal.common.clock import FixedClock
from portal.common.errors import Denied, Invalid, NotFound
from portal.db import db, unit_of_work
from tests.factories.accounts import make_user
from tests.factories.cirqliz import INSIDE_BLUE, OUTSIDE, World
from tests.factories.rules import make_rule, perimeter_id, set_sample

APPROVED = Answer(VehicleDecision.APPROVED)


def limit(world: World, most: int, name: str = "Course du canal", from_min: int = 0, to_min: int = 1440) -> None:
    """Admit so many vehicles to a perimeter of the world at these hours."""
    chief = world.staff_actor(StaffRole.SUPERVISOR)
    set_quotas(chief, world.territory.slug, perimeter_id(world, name), [QuotaHours(from_min, to_min, most)])


def test_approval_is_refused_when_an_hour_is_full(world: World) -> None:
    zone = ZoneInfo(world.territory.timezone)
    local = (world.day + timedelta(hours=9)).astimezone(zone)
    limit(world, 2, from_min=local.hour * 60, to_min=local.hour * 60 + 60)
    first = world.ready(vehicles=[world.vehicle()])
    world.approve(first)
    two = world.ready(vehicles=[world.vehicle(), world.vehicle()])
    with pytest.raises(Invalid) as told:
        world.approve(two)
    assert told.value.code == "quota-reached"
    assert told.value.params["perimeter"] == "Course du canal"
    assert told.value.params["day"] == f"{local:%d/%m/%Y}"
    assert told.value.params["hours"] == f"{local:%H}:00–{local.hour + 1:02d}:00"
    assert (told.value.params["left"], told.value.params["most"]) == (1, 2)
    assert world.seen(two.id).state is RequestState.READY
    line = quota_left(world.territory, two)[0]
    assert (line.perimeter, line.left, line.most) == ("Course du canal", 1, 2)
    world.approve(two, [two.vehicles[0].vehicle_id])
    assert quota_left(world.territory, two)[0].left == 0


def test_place_is_free_again_when_a_pass_is_revoked(world: World) -> None:
    limit(world, 1)
    first = world.ready()
    world.approve(first)
    second = world.ready()
    with pytest.raises(Invalid, match="quota-reached"):
        world.approve(second)
    revoke_pass(
        world.staff_actor(), world.territory.slug, list_passes_of_request(first.id)[0].id, RevocationReason.MISUSE
    )
    assert world.approve(second).state is RequestState.APPROVED


def test_other_hours_days_and_perimeters_take_no_place(world: World) -> None:
    limit(world, 1)
    # Six in the morning to seven in the evening, in the blue perimeter beside it alone.
    world.approve(world.ready(stops=(OUTSIDE, INSIDE_BLUE)))
    early = world.ready(starts_at=world.day + timedelta(hours=6), ends_at=world.day + timedelta(hours=7))
    world.approve(early)
    late = world.ready(starts_at=world.day + timedelta(hours=7), ends_at=world.day + timedelta(hours=8))
    # One day of the clock is one slot: both are in it only where the territory's quota makes it one.
    with pytest.raises(Invalid, match="quota-reached"):
        world.approve(late)
    zone = ZoneInfo(world.territory.timezone)
    hour = (world.day + timedelta(hours=7)).astimezone(zone).hour
    limit(world, 1, from_min=hour * 60, to_min=hour * 60 + 60)
    assert world.approve(late).state is RequestState.APPROVED


def test_vehicle_takes_one_place_whatever_its_passes(world: World) -> None:
    limit(world, 1)
    vehicle = world.vehicle()
    world.approve(world.ready(vehicles=[vehicle]))
    assert world.approve(world.ready(vehicles=[vehicle])).state is RequestState.APPROVED


def swap(world: World, request_id: UUID, stand_in: UUID) -> PassView:
    """Hand the first pass of a request on, in its window; return the new one."""
    clock = FixedClock(world.day + timedelta(hours=8))
    (old,) = list_passes_of_request(request_id)
    id_ = swap_pass(world.company_actor(), world.company.id, old.id, stand_in, clock=clock)
    return get_pass(world.company.id, id_)


def test_vehicle_that_stands_in_takes_the_place_that_becomes_free(world: World) -> None:
    limit(world, 1)
    broken, stand_in = world.vehicle(), world.vehicle()
    found = world.ready(vehicles=[broken])
    world.approve(found)
    assert swap(world, found.id, stand_in).vehicle_id == stand_in
    assert quota_left(world.territory, world.seen(found.id))[0].left == 0


def test_vehicle_does_not_stand_in_when_no_place_becomes_free(world: World) -> None:
    limit(world, 1)
    broken, stand_in = world.vehicle(), world.vehicle()
    found, again = world.ready(vehicles=[broken]), world.ready(vehicles=[broken])
    world.approve(found)
    world.approve(again)
    with pytest.raises(Invalid, match="quota-reached") as told:
        swap(world, found.id, stand_in)
    assert (told.value.field, told.value.params["left"]) == ("vehicle", 0)
    assert [one.vehicle_id for one in list_passes_of_request(found.id)] == [broken]
    limit(world, 2)
    assert swap(world, found.id, stand_in).vehicle_id == stand_in


def test_vehicle_that_stands_in_keeps_its_place_when_it_is_approved_again(world: World) -> None:
    limit(world, 1)
    broken, stand_in = world.vehicle(), world.vehicle()
    found = world.ready(vehicles=[broken])
    world.approve(found)
    given = swap(world, found.id, stand_in)
    with unit_of_work() as uow:
        row = load_request(uow, world.territory.id, found.id)
        open_reexamination(uow, row, ReexaminationCause.RULE_CHANGED, "", world.staff_actor())
    assert world.approve(world.seen(found.id)).state is RequestState.APPROVED
    assert get_pass(world.company.id, given.id).state is PassState.ACTIVE
    with pytest.raises(Invalid, match="quota-reached"):
        world.approve(world.ready())


def test_rule_leaves_the_request_to_a_person_when_the_quota_is_reached(world: World) -> None:
    set_sample(world, 0)
    make_rule(world)
    limit(world, 1, "Abords du canal")
    assert world.ready(stops=(OUTSIDE, INSIDE_BLUE)).state is RequestState.APPROVED
    second = world.ready(stops=(OUTSIDE, INSIDE_BLUE))
    assert second.state is RequestState.READY
    told = rule_proposal(second.id)
    assert told is not None
    assert (told.rule_name, told.outcome, told.obstacle) == (
        "Bleu, vérifiée, N1 ou N2",
        RuleOutcome.HUMAN,
        "quota-reached",
    )
    assert list_passes_of_request(second.id) == []


def test_last_place_goes_to_one_of_two_who_approve_at_once(world: World) -> None:
    clerks = [world.staff_actor(user=make_user(full_name=name)) for name in ("Colette", "Louise")]
    for turn in range(3):
        limit(world, turn + 1)
        pair = [world.ready(vehicles=[world.vehicle()]) for _ in range(2)]
        results: list[object] = []
        together = threading.Barrier(2)

        def approve(
            place: int,
            pair: Sequence[object] = pair,
            together: threading.Barrier = together,
            into: list[object] = results,
        ) -> None:
            one = pair[place]
            command = DecideRequest(one.id, one.version, APPROVED)  # type: ignore[attr-defined]
            with world.app.app_context():
                together.wait()
                try:
                    into.append(decide_request(clerks[place], world.territory.slug, command))
                except Invalid as error:
                    into.append(error)
                finally:
                    db.session.remove()

        threads = [threading.Thread(target=approve, args=(place,)) for place in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=30)
        assert len(results) == 2
        assert [one.code for one in results if isinstance(one, Invalid)] == ["quota-reached"]
        db.session.rollback()
        assert sum(len(list_passes_of_request(one.id)) for one in pair) == 1
        assert sorted(world.seen(one.id).state for one in pair) == [RequestState.APPROVED, RequestState.READY]


def test_quotas_are_set_whole_and_told_in_the_journal(world: World) -> None:
    limit(world, 3)
    id_ = perimeter_id(world, "Course du canal")
    chief, slug = world.staff_actor(StaffRole.SUPERVISOR), world.territory.slug
    rows = [QuotaHours(420, 540, 5), QuotaHours(540, 600, 2)]
    set_quotas(chief, slug, id_, rows)
    set_quotas(chief, slug, id_, rows)
    assert list_quotas(world.territory.id) == {id_: rows}
    set_quotas(chief, slug, id_, [])
    assert list_quotas(world.territory.id) == {}
    entries = [
        one.data["changes"]["quotas"]
        for one in list_entries(territory_id=world.territory.id).items
        if one.tag is AuditTag.QUOTA_CHANGED
    ]
    assert entries == [
        [["07:00–09:00: 5", "09:00–10:00: 2"], []],
        [["00:00–24:00: 3"], ["07:00–09:00: 5", "09:00–10:00: 2"]],
        [[], ["00:00–24:00: 3"]],
    ]


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([QuotaHours(600, 540, 1)], "quota-hours"),
        ([QuotaHours(0, 1441, 1)], "quota-hours"),
        ([QuotaHours(0, 60, 100_001)], "quota-number"),
        ([QuotaHours(0, 60, 1), QuotaHours(59, 120, 1)], "quota-overlap"),
        ([QuotaHours(minute, minute + 1, 1) for minute in range(25)], "quota-too-many"),
    ],
)
def test_quota_is_refused_when_its_hours_make_no_sense(world: World, rows: list[QuotaHours], code: str) -> None:
    with pytest.raises(Invalid, match=code):
        set_quotas(
            world.staff_actor(StaffRole.SUPERVISOR), world.territory.slug, perimeter_id(world, "Course du canal"), rows
        )


def test_quota_is_a_supervisors_to_set_on_a_perimeter_that_exists(world: World) -> None:
    with pytest.raises(Denied):
        set_quotas(world.staff_actor(), world.territory.slug, perimeter_id(world, "Course du canal"), [])
    with pytest.raises(NotFound):
        set_quotas(world.staff_actor(StaffRole.SUPERVISOR), world.territory.slug, "nowhere", [QuotaHours(0, 60, 1)])
