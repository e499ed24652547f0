"""Decided requests that come back, on SQLite and PostgreSQL: why, what stands meanwhile, and who is told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from portal.audit import list_entries
from portal.audit.tags import AuditTag
from portal.cirqliz.decisions.batches.preview import preview_batch
from portal.cirqliz.decisions.commands import Answer
from portal.cirqliz.models import AccessRequest, Reexamination
from portal.cirqliz.passes.queries import PassView, list_passes_of_request
from portal.cirqliz.passes.services import give_back_pass, revoke_pass
from portal.cirqliz.passes.swapping import swap_pass
from portal.cirqliz.reexamination.messages import MOST_LISTED
from portal.cirqliz.reexamination.queries import list_reexaminations, open_reexamination_of
from portal.cirqliz.reexamination.services import open_reexamination
from portal.cirqliz.reexamination.watching import ask_for_due_work
from portal.cirqliz.requests.queries import RequestView
from portal.cirqliz.rules.conditions import Condition, Kind
from portal.cirqliz.rules.policies import RuleValues
from portal.cirqliz.rules.queries import list_answers, list_rules
from portal.cirqliz.rules.services import add_rule, change_rule, retire_rule
from portal.cirqliz.states import (
    PassState,
    ReexaminationCause,
    RefusalReason,
    RequestState,
    RevocationReason,
    RuleOutcome,
    SuspensionReason,
    VehicleDecision,
)
from portal.common.actor import StaffRole, system_actor
from portal.common.clock import FixedClock
from portal.common.errors import Invalid
from portal.db import session, unit_of_work
from portal.fleet.api import ChangedVehicle, archive_vehicle, get_vehicle, tell_vehicles_changed
from portal.fleet.bulk import BulkChange, Choice, chosen_vehicles, plan_change
from portal.fleet.bulk_services import change_vehicles
from portal.fleet.models import Category, Vehicle
from portal.fleet.services import restore_vehicle
from portal.mail import list_outbox
from portal.numeriz.api import bump_law
from portal.numeriz.models import PerimeterRow
from portal.regulations.perimeters import Colour
from tests.factories.cirqliz import INSIDE_BLUE, OUTSIDE, World
from tests.factories.law import make_law, perimeter_draft, square
from tests.factories.rules import BLUE, VERIFIED, make_rule, set_sample
from tests.support.races import overtaken

APPROVED = Answer(VehicleDecision.APPROVED)
STOPS = (OUTSIDE, INSIDE_BLUE)


@pytest.fixture
def ruled(world: World) -> World:
    """The world with the rule of the issue, and nobody drawn by lot."""
    set_sample(world, 0)
    make_rule(world)
    return world


def reopen(
    world: World,
    found: RequestView,
    cause: ReexaminationCause = ReexaminationCause.APPEAL,
    text: str = "Nos fleurs fanent",
    vehicle_ids: Sequence[UUID] | None = None,
) -> bool:
    """Open a request again as its services do."""
    with unit_of_work() as uow:
        row = uow.session.scalars(select(AccessRequest).where(AccessRequest.id == found.id).with_for_update()).one()
        return open_reexamination(uow, row, cause, text, world.company_actor(), vehicle_ids=vehicle_ids)


def look(world: World) -> int:
    """Let upkeep ask for a look and the worker take it; return how many looks were asked for."""
    session().rollback()
    asked = ask_for_due_work()
    world.run_jobs(world.app)
    return asked


End = Callable[[World, PassView], object]


def misuse(world: World, one: PassView) -> None:
    revoke_pass(world.staff_actor(), world.territory.slug, one.id, RevocationReason.MISUSE, "fraude")


def give_back(world: World, one: PassView) -> None:
    give_back_pass(world.company_actor(), world.company.id, one.id)


def archive(world: World, one: PassView) -> None:
    """The vehicle leaves the fleet and comes back: its passes stay ended."""
    archive_vehicle(world.company_actor(), world.company.id, one.vehicle_id)
    restore_vehicle(world.company_actor(), world.company.id, one.vehicle_id)


def subjects() -> list[str]:
    """The subjects of the mails, newest first."""
    return [mail.subject for mail in list_outbox()]


def test_appeal_brings_the_refused_vehicles_back_and_keeps_what_was_answered(world: World) -> None:
    first, second = world.vehicle("AA-111-AA"), world.vehicle("BB-222-BB")
    found = world.ready(vehicles=[first, second])
    world.approve(found, [first])
    world.refuse(world.seen(found.id), [second])
    assert reopen(world, world.seen(found.id))
    after = world.seen(found.id)
    assert after.state is RequestState.READY
    assert [v.decision for v in after.vehicles] == [VehicleDecision.APPROVED, VehicleDecision.PENDING]
    assert [one.state for one in list_passes_of_request(found.id)] == [PassState.ACTIVE]
    seen = open_reexamination_of(found.id)
    assert seen is not None
    assert (seen.cause, seen.text, seen.opened_by) == (ReexaminationCause.APPEAL, "Nos fleurs fanent", "Camille")
    assert seen.state_before is RequestState.PARTLY_APPROVED
    assert [(one.plate_display, one.reason_code) for one in seen.before] == [
        ("BB-222-BB", RefusalReason.DATES_NOT_ALLOWED)
    ]
    assert list_entries(subject_id=found.id).items[0].tag is AuditTag.REQUEST_APPEALED
    assert "réexamen" in subjects()[0]
    world.approve(after)
    assert world.seen(found.id).state is RequestState.APPROVED
    assert open_reexamination_of(found.id) is None
    assert [one.closed_at is None for one in list_reexaminations(found.id)] == [False]
    assert len(list_passes_of_request(found.id)) == 2


def test_appeal_needs_a_reason_and_something_refused(world: World) -> None:
    found = world.ready()
    assert not reopen(world, found)
    world.approve(found)
    assert not reopen(world, found)
    with pytest.raises(Invalid, match="appeal-unexplained"):
        reopen(world, found, text="  ")
    assert session().query(Reexamination).count() == 0


def test_one_reexamination_is_open_when_two_things_change(world: World) -> None:
    vehicles = [world.vehicle("AA-111-AA"), world.vehicle("BB-222-BB")]
    found = world.ready(vehicles=vehicles)
    world.approve(found)
    assert reopen(world, found, ReexaminationCause.VEHICLE_CHANGED, "plus lourd", vehicles[:1])
    assert reopen(world, found, ReexaminationCause.RULE_CHANGED, "")
    every = list_reexaminations(found.id)
    assert [(one.cause, {v.plate_display for v in one.before}) for one in every] == [
        (ReexaminationCause.VEHICLE_CHANGED, {"AA-111-AA", "BB-222-BB"})
    ]
    assert {v.decision for v in world.seen(found.id).vehicles} == {VehicleDecision.PENDING}


@pytest.mark.parametrize(
    ("end", "cause"),
    [
        (misuse, ReexaminationCause.RULE_CHANGED),
        (give_back, ReexaminationCause.CALENDAR_CHANGED),
        (archive, ReexaminationCause.CALENDAR_CHANGED),
    ],
)
def test_pass_that_was_ended_is_not_asked_for_again(world: World, end: End, cause: ReexaminationCause) -> None:
    first, second = world.vehicle("AA-111-AA"), world.vehicle("BB-222-BB")
    found = world.ready(vehicles=[first, second])
    world.approve(found)
    end(world, list_passes_of_request(found.id)[0])
    assert reopen(world, found, cause, "")
    after = world.seen(found.id)
    assert [v.decision for v in after.vehicles] == [VehicleDecision.APPROVED, VehicleDecision.PENDING]
    world.approve(after)
    assert world.seen(found.id).state is RequestState.APPROVED
    assert [one.state for one in list_passes_of_request(found.id)] == [PassState.REVOKED, PassState.ACTIVE]
    end(world, list_passes_of_request(found.id)[1])
    assert not reopen(world, found, cause, "")
    assert world.seen(found.id).state is RequestState.APPROVED


@pytest.mark.parametrize("swapped", [False, True], ids=["its own", "one that stands in"])
def test_pass_revoked_during_a_reexamination_does_not_come_back(world: World, swapped: bool) -> None:
    first, second = world.vehicle("AA-111-AA"), world.vehicle("BB-222-BB")
    found = world.ready(vehicles=[first, second])
    world.approve(found)
    held = next(one for one in list_passes_of_request(found.id) if one.vehicle_id == first)
    if swapped:
        inside = FixedClock(held.valid_from + timedelta(hours=1))
        given = swap_pass(world.company_actor(), world.company.id, held.id, world.vehicle("CC-333-CC"), clock=inside)
        held = next(one for one in list_passes_of_request(found.id) if one.id == given)
    assert reopen(world, found, ReexaminationCause.CALENDAR_CHANGED, "")
    misuse(world, held)
    after = world.seen(found.id)
    (line,) = preview_batch(world.staff_actor(), world.territory.slug, {after.id: after.version}, APPROVED)
    assert line.refusal is not None and line.refusal.code == "pass-already-revoked"
    with pytest.raises(Invalid, match="pass-already-revoked") as refused:
        world.approve(after)
    assert (refused.value.field, refused.value.params["number"]) == ("vehicles", held.number)
    world.approve(after, [second])
    world.refuse(world.seen(found.id), [first])
    assert world.seen(found.id).state is RequestState.PARTLY_APPROVED
    living = [one.vehicle_id for one in list_passes_of_request(found.id) if one.state is PassState.ACTIVE]
    assert living == [second]
    # Contested and looked at anew, it may have one again.
    assert reopen(world, found)
    world.approve(world.seen(found.id))
    living = [one.vehicle_id for one in list_passes_of_request(found.id) if one.state is PassState.ACTIVE]
    assert sorted(living) == sorted([first, second])


def test_clerk_who_revokes_at_the_instant_of_the_answer_comes_first(world: World) -> None:
    found = world.ready()
    world.approve(found)
    (held,) = list_passes_of_request(found.id)
    assert reopen(world, found, ReexaminationCause.CALENDAR_CHANGED, "")
    after = world.seen(found.id)
    session().rollback()
    _, other = overtaken(world.app, lambda: misuse(world, held), lambda: world.approve(after))
    assert isinstance(other, Invalid) and other.code == "pass-already-revoked"
    assert [one.state for one in list_passes_of_request(found.id)] == [PassState.REVOKED]


def test_refusal_after_a_reexamination_ends_the_pass(world: World) -> None:
    found = world.ready()
    world.approve(found)
    reopen(world, found, ReexaminationCause.RULE_CHANGED, "")
    world.refuse(world.seen(found.id))
    assert [one.state for one in list_passes_of_request(found.id)] == [PassState.REVOKED]


def test_changed_rule_opens_what_it_would_no_longer_approve_and_tells(ruled: World) -> None:
    van = ruled.ready(vehicles=[ruled.vehicle(category=Category.N1, gross_weight_kg=3_000)], stops=STOPS)
    lorry = ruled.ready(stops=STOPS)
    human = ruled.ready()
    ruled.approve(human)
    assert look(ruled) == 1
    assert look(ruled) == 0
    rule = list_rules(ruled.territory.id)[0]
    values = RuleValues("Bleu et N1", (BLUE, VERIFIED, Condition(Kind.CATEGORIES, ("N1",))), RuleOutcome.APPROVE)
    change_rule(ruled.staff_actor(StaffRole.SUPERVISOR), ruled.territory.slug, rule.id, values)
    assert look(ruled) == 1
    states = [ruled.seen(one.id).state for one in (van, lorry, human)]
    assert states == [RequestState.APPROVED, RequestState.READY, RequestState.APPROVED]
    seen = open_reexamination_of(lorry.id)
    assert seen is not None
    assert seen.cause is ReexaminationCause.RULE_CHANGED
    assert [one.state for one in list_passes_of_request(lorry.id)] == [PassState.ACTIVE]
    assert any("Les règles du territoire ont changé" in mail.body for mail in list_outbox())
    assert look(ruled) == 0


def test_same_look_is_asked_again_when_rules_come_back_to_what_they_were(ruled: World) -> None:
    found = ruled.ready(stops=STOPS)
    chief, slug = ruled.staff_actor(StaffRole.SUPERVISOR), ruled.territory.slug
    assert look(ruled) == 1
    held = add_rule(chief, slug, RuleValues("Une personne", (BLUE,), RuleOutcome.HUMAN))
    assert look(ruled) == 1
    retire_rule(chief, slug, held)
    assert look(ruled) == 1
    assert ruled.seen(found.id).state is RequestState.APPROVED


def test_perimeter_that_turns_red_opens_what_a_rule_approved(ruled: World) -> None:
    found = ruled.ready(stops=STOPS)
    look(ruled)
    _turn_red(ruled, "Abords du canal")
    assert look(ruled) == 1
    seen = open_reexamination_of(found.id)
    assert seen is not None
    assert seen.cause is ReexaminationCause.CALENDAR_CHANGED
    assert "rouge" in seen.text
    kept = list_answers(found.id)
    assert [one.facts["perimeters"][0]["colour"] for one in kept] == ["red", "blue"]


def test_many_perimeters_that_turn_red_open_every_request(ruled: World) -> None:
    names = [f"Abords du site olympique, secteur nord-est de la ville, périmètre {number:02d}" for number in range(25)]
    _blue(ruled, names)
    found = [ruled.ready(stops=STOPS) for _ in range(2)]
    look(ruled)
    _turn_red(ruled, *names)
    assert look(ruled) == 1
    for one in found:
        assert ruled.seen(one.id).state is RequestState.READY
        seen = open_reexamination_of(one.id)
        assert seen is not None
        assert len(seen.text) <= MOST_LISTED
        assert seen.text.splitlines()[-1].startswith("… et ")


def _blue(world: World, names: Sequence[str]) -> None:
    """Make these blue perimeters the law, all of them over the blue stop of the world."""
    spans = [((world.day + timedelta(hours=5)).isoformat(), (world.day + timedelta(hours=14)).isoformat())]
    drafts = [perimeter_draft(name, Colour.BLUE, square(2.369, 48.860), spans) for name in names]
    make_law(world.territory, perimeters=drafts)


def _turn_red(world: World, *names: str) -> None:
    """Change the colour of perimeters, as an import does."""
    with unit_of_work() as uow:
        for row in uow.session.scalars(select(PerimeterRow).where(PerimeterRow.name.in_(names))):
            row.colour, row.updated_at = Colour.RED.value, row.updated_at + timedelta(seconds=1)
        bump_law(uow, world.territory.id)


def test_holders_learn_once_of_new_hours_and_keep_their_passes(ruled: World) -> None:
    by_rule, by_clerk = ruled.ready(stops=STOPS), ruled.ready()
    ruled.approve(by_clerk)
    look(ruled)
    before = len(list_outbox())
    day = ruled.day
    spans = [((day + timedelta(hours=15)).isoformat(), (day + timedelta(hours=16)).isoformat())]
    # Outside the dates of both requests: nothing changes for them.
    _more_hours(ruled, spans)
    assert look(ruled) == 1
    assert len(list_outbox()) == before
    _more_hours(ruled, [((day + timedelta(hours=4)).isoformat(), (day + timedelta(hours=20)).isoformat())])
    assert look(ruled) == 1
    told = list_outbox()
    assert len(told) == before + 1
    assert told[0].subject == "Les heures d’un périmètre ont changé"
    assert by_rule.number in told[0].body
    assert by_clerk.number in told[0].body
    assert {ruled.seen(one.id).state for one in (by_rule, by_clerk)} == {RequestState.APPROVED}
    assert look(ruled) == 0


def _more_hours(world: World, spans: list[tuple[str, str]]) -> None:
    """Add hours to both perimeters of the world, as an import does."""
    make_law(
        world.territory,
        perimeters=[
            perimeter_draft("Course du canal", Colour.RED, square(2.360, 48.860), spans),
            perimeter_draft("Abords du canal", Colour.BLUE, square(2.369, 48.860), spans),
        ],
    )


def test_tour_that_needed_no_pass_comes_to_the_desk_when_a_perimeter_changes(ruled: World) -> None:
    night = {"starts_at": ruled.day + timedelta(hours=18), "ends_at": ruled.day + timedelta(hours=19)}
    blue, red = ruled.ready(stops=STOPS, **night), ruled.ready(**night)
    assert {one.state for one in (blue, red)} == {RequestState.NOT_NEEDED}
    look(ruled)
    _more_hours(ruled, [((ruled.day + timedelta(hours=17)).isoformat(), (ruled.day + timedelta(hours=20)).isoformat())])
    assert look(ruled) == 1
    # The rules answer to it as to any other.
    assert ruled.seen(blue.id).state is RequestState.APPROVED
    assert [one.plate_display for one in list_passes_of_request(blue.id)] == [blue.vehicles[0].plate_display]
    assert ruled.seen(red.id).state is RequestState.READY
    assert any("en demande un maintenant" in mail.body for mail in list_outbox())


def test_sixty_vehicles_of_a_request_become_heavier_at_once(world: World) -> None:
    vehicles = [world.vehicle(gross_weight_kg=7_500) for _ in range(60)]
    found = world.ready(vehicles=vehicles)
    world.approve(found)
    heavier, choice = BulkChange({"gross_weight_kg": 9_000}), Choice(tuple(vehicles))
    plan = plan_change(chosen_vehicles(world.company.id, choice), heavier)
    change_vehicles(world.company_actor(), world.company.id, choice, heavier, plan.fingerprint)
    assert {one.state for one in list_passes_of_request(found.id)} == {PassState.SUSPENDED}
    seen = open_reexamination_of(found.id)
    assert seen is not None
    assert len(seen.before) == 60
    lines = seen.text.split("; ")
    assert lines[-1] == f"… et {61 - len(lines)} autres"
    assert len(seen.text) <= MOST_LISTED


def change(world: World, vehicle_id: UUID, **values: object) -> None:
    """Change a vehicle as the fleet does, and tell who listens."""
    before = get_vehicle(world.company.id, vehicle_id)
    with unit_of_work() as uow:
        row = uow.session.get_one(Vehicle, vehicle_id)
        for name, value in values.items():
            setattr(row, name, value)
        uow.session.flush()
        after = get_vehicle(world.company.id, vehicle_id)
        tell_vehicles_changed(system_actor("test"), uow, [ChangedVehicle(vehicle_id, before, after)])


@pytest.mark.parametrize(
    "values",
    [
        {"category": Category.N3, "gross_weight_kg": 19_000},
        {"gross_weight_kg": 12_001},
        {"hazmat": True},
        {"combination_weight_kg": 40_001},
    ],
    ids=["category", "weight", "hazmat", "combination"],
)
def test_pass_is_held_back_when_its_vehicle_asks_more(world: World, values: dict[str, object]) -> None:
    vehicle = world.vehicle("AA-111-AA", combination_weight_kg=40_000)
    other = world.vehicle("BB-222-BB")
    found = world.ready(vehicles=[vehicle, other])
    world.approve(found)
    change(world, vehicle, **values)
    passes = list_passes_of_request(found.id)
    assert [(one.state, one.suspend_reason) for one in passes] == [
        (PassState.SUSPENDED, SuspensionReason.VEHICLE_CHANGED),
        (PassState.ACTIVE, None),
    ]
    after = world.seen(found.id)
    assert after.state is RequestState.READY
    assert [v.decision for v in after.vehicles] == [VehicleDecision.PENDING, VehicleDecision.APPROVED]
    seen = open_reexamination_of(found.id)
    assert seen is not None
    assert seen.cause is ReexaminationCause.VEHICLE_CHANGED
    assert seen.text.startswith("AA-111-AA: N2, 12000 kg")
    assert "suspendus" in list_outbox()[0].body
    world.approve(after)
    assert {one.state for one in list_passes_of_request(found.id)} == {PassState.ACTIVE}
    assert len(list_passes_of_request(found.id)) == 2


@pytest.mark.parametrize(
    "values",
    [{"gross_weight_kg": 7_500}, {"label": "Le bleu"}, {"category": Category.N1, "gross_weight_kg": 3_500}],
    ids=["lighter", "a name", "a smaller category"],
)
def test_pass_stays_when_its_vehicle_asks_no_more(world: World, values: dict[str, object]) -> None:
    vehicle = world.vehicle()
    found = world.ready(vehicles=[vehicle])
    world.approve(found)
    change(world, vehicle, **values)
    assert [one.state for one in list_passes_of_request(found.id)] == [PassState.ACTIVE]
    assert world.seen(found.id).state is RequestState.APPROVED


def test_vehicle_that_stands_in_is_freed_or_stopped_by_the_answer_for_the_one_it_replaces(world: World) -> None:
    for answer, state in ((world.approve, PassState.ACTIVE), (world.refuse, PassState.REVOKED)):
        broken, spare = world.vehicle(), world.vehicle()
        found = world.ready(vehicles=[broken])
        world.approve(found)
        (first,) = list_passes_of_request(found.id)
        inside = FixedClock(first.valid_from + timedelta(hours=1))
        given = swap_pass(world.company_actor(), world.company.id, first.id, spare, clock=inside)
        change(world, spare, hazmat=True)
        states = {one.id: (one.state, one.suspend_reason) for one in list_passes_of_request(found.id)}
        assert states[given] == (PassState.SUSPENDED, SuspensionReason.VEHICLE_CHANGED)
        after = world.seen(found.id)
        assert [(v.vehicle_id, v.decision) for v in after.vehicles] == [(broken, VehicleDecision.PENDING)]
        answer(after)
        states = {one.id: (one.state, one.suspend_reason) for one in list_passes_of_request(found.id)}
        assert states == {first.id: (PassState.REVOKED, None), given: (state, None)}
