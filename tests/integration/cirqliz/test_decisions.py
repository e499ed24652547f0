"""Deciding, on SQLite and PostgreSQL: one winner, one pass per approved vehicle, one entry in the journal."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import update

from portal.accounts.api import refuse_company
from portal.audit import list_entries
from portal.audit.tags import AuditTag
from portal.cirqliz.decisions.commands import Answer, DecideRequest
from portal.cirqliz.decisions.filters import Age, QueueFilter, Shelf, Sort
from portal.cirqliz.decisions.queries import count_queue, find_neighbours, list_matching, list_queue
from portal.cirqliz.decisions.services import decide_request
from portal.cirqliz.models import AccessRequest, RequestPerimeter
from portal.cirqliz.passes.queries import list_passes_of_request
from portal.cirqliz.requests.services import withdraw_request
from portal.cirqliz.states import ReexaminationCause, RefusalReason, RequestState, VehicleDecision
from portal.common.actor import StaffRole, system_actor
from portal.common.clock import SYSTEM_CLOCK, FixedClock
from portal.common.errors import Conflict, Denied, Invalid, NotFound
from portal.db import unit_of_work
from portal.fleet.api import Category
from portal.mail import list_outbox
from portal.regulations.perimeters import Colour
from tests.factories.accounts import make_user
from tests.factories.cirqliz import INSIDE_BLUE, OUTSIDE, World
from tests.factories.territories import make_territory

APPROVED = Answer(VehicleDecision.APPROVED)


def test_approval_gives_one_pass_per_vehicle_and_tells_the_company(world: World) -> None:
    found = world.ready(vehicles=[world.vehicle("AA-111-AA"), world.vehicle("BB-222-BB")])
    decided = world.approve(found)
    assert decided.state is RequestState.APPROVED
    passes = list_passes_of_request(found.id)
    assert [one.plate_display for one in passes] == ["AA-111-AA", "BB-222-BB"]
    assert {(one.valid_from, one.valid_to) for one in passes} == {(found.starts_at, found.ends_at)}
    assert [p.name for p in passes[0].perimeters] == ["Course du canal"]
    mail = list_outbox()[0]
    assert mail.recipient == world.owner.email
    assert "AA-111-AA" in mail.body
    assert "approuvé" in mail.body
    tags = [entry.tag for entry in list_entries(territory_id=world.territory.id).items]
    assert tags.count(AuditTag.REQUEST_DECIDED) == 1
    assert tags.count(AuditTag.PASS_ISSUED) == 2


def test_request_is_partly_approved_when_one_vehicle_is_refused(world: World) -> None:
    first, second = world.vehicle("AA-111-AA"), world.vehicle("BB-222-BB")
    found = world.ready(vehicles=[first, second])
    assert world.approve(found, [first]).state is RequestState.READY
    assert world.refuse(world.seen(found.id), [second]).state is RequestState.PARTLY_APPROVED
    after = world.seen(found.id)
    assert [v.decision for v in after.vehicles] == [VehicleDecision.APPROVED, VehicleDecision.REFUSED]
    assert after.vehicles[1].reason_code is RefusalReason.DATES_NOT_ALLOWED
    assert [one.vehicle_id for one in list_passes_of_request(found.id)] == [first]


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Answer(VehicleDecision.REFUSED), "refusal-without-reason"),
        (Answer(VehicleDecision.REFUSED, RefusalReason.OTHER, "  "), "refusal-other-unexplained"),
        (Answer(VehicleDecision.PENDING), "decision-missing"),
    ],
    ids=["no reason", "other unexplained", "no answer"],
)
def test_answer_is_refused_when_incomplete(world: World, answer: Answer, code: str) -> None:
    with pytest.raises(Invalid, match=code):
        world.decide(world.ready(), answer)


def test_second_clerk_is_told_who_was_first_when_both_decide(world: World) -> None:
    found = world.ready()
    world.approve(found)
    other = world.staff_actor(user=make_user(full_name="Louise Second"))
    with pytest.raises(Conflict) as told:
        decide_request(other, world.territory.slug, DecideRequest(found.id, found.version, APPROVED))
    assert told.value.code == "decided-first"
    assert told.value.params["by"] == "Colette Guichet"
    assert told.value.params["at"] == world.seen(found.id).decided_at


def test_one_decision_stands_when_two_clerks_decide_at_once(world: World) -> None:
    clerks = [world.staff_actor(user=make_user(full_name=name)) for name in ("Colette", "Louise")]
    answers = [APPROVED, Answer(VehicleDecision.REFUSED, RefusalReason.DUPLICATE)]
    for _ in range(6):
        found = world.ready()
        results: list[object] = []
        together = threading.Barrier(2)

        def decide(place: int, found: object = found, together: threading.Barrier = together) -> None:
            command = DecideRequest(found.id, found.version, answers[place])  # type: ignore[attr-defined]
            with world.app.app_context():
                together.wait()
                try:
                    results.append(decide_request(clerks[place], world.territory.slug, command))  # noqa: B023
                except Conflict as error:
                    results.append(error)  # noqa: B023

        threads = [threading.Thread(target=decide, args=(place,)) for place in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        lost = [one for one in results if isinstance(one, Conflict)]
        assert len(results) == 2
        assert [one.code for one in lost] == ["decided-first"]
        after = world.seen(found.id)
        assert after.state in {RequestState.APPROVED, RequestState.REFUSED}
        assert len(list_passes_of_request(found.id)) == (1 if after.state is RequestState.APPROVED else 0)


def test_decision_is_refused_when_the_request_was_withdrawn(world: World) -> None:
    found = world.ready()
    withdraw_request(world.company_actor(), world.company.id, found.id)
    with pytest.raises(Conflict, match="request-withdrawn"):
        world.approve(found)


def test_approval_is_refused_when_the_company_is_not_verified(world: World) -> None:
    found = world.ready()
    refuse_company(system_actor("test"), world.company.id, "fermée")
    with pytest.raises(Invalid, match="company-not-verified"):
        world.approve(found)
    assert world.refuse(found).state is RequestState.REFUSED


def test_approval_is_refused_when_the_window_is_over(world: World) -> None:
    found = world.ready()
    late = FixedClock(found.ends_at + timedelta(minutes=1))
    with pytest.raises(Invalid, match="window-over"):
        decide_request(
            world.staff_actor(), world.territory.slug, DecideRequest(found.id, found.version, APPROVED), clock=late
        )


@pytest.mark.parametrize("role", [StaffRole.CONTROL_AGENT, StaffRole.ADMINISTRATOR])
def test_decision_is_denied_to_other_staff(world: World, role: StaffRole) -> None:
    found = world.ready()
    with pytest.raises(Denied):
        decide_request(world.staff_actor(role), world.territory.slug, DecideRequest(found.id, found.version, APPROVED))


def test_clerk_of_another_territory_finds_no_request(world: World) -> None:
    found = world.ready()
    elsewhere = make_territory("ailleurs")
    actor = system_actor("test")
    with pytest.raises(NotFound):
        decide_request(actor, elsewhere.slug, DecideRequest(found.id, found.version, APPROVED))


def test_queue_is_narrowed_by_each_filter(world: World) -> None:
    now = SYSTEM_CLOCK.now()
    red = world.ready(vehicles=[world.vehicle("OI-101-CD")])
    blue = world.ready(stops=(OUTSIDE, INSIDE_BLUE))
    done = world.ready()
    world.approve(done)
    number = list_passes_of_request(done.id)[0].number
    cases = [
        (QueueFilter(), [red, blue]),
        (QueueFilter(where=Shelf.ALL), [red, blue, done]),
        (QueueFilter(where=RequestState.APPROVED), [done]),
        (QueueFilter(where=Shelf.FREE), [red, blue]),
        (QueueFilter(where=Shelf.MINE), []),
        (QueueFilter(where=Shelf.REOPENED), []),
        (QueueFilter(colour=Colour.BLUE), [blue]),
        (QueueFilter(company="fleurs"), [red, blue]),
        (QueueFilter(company="personne"), []),
        (QueueFilter(company_id=world.company.id), [red, blue]),
        (QueueFilter(age=Age.DAY), [red, blue]),
        (QueueFilter(age=Age.TWO_DAYS), []),
        (QueueFilter(place="abords"), [blue]),
        (QueueFilter(category=Category.N2), [red, blue]),
        (QueueFilter(category=Category.N1), []),
        (QueueFilter(documents=True), []),
        (QueueFilter(documents=False), [red, blue]),
        (QueueFilter(cause=ReexaminationCause.APPEAL), []),
        (QueueFilter(search="01 1o1 cd"), [red]),
        (QueueFilter(search=blue.number.lower()), [blue]),
        (QueueFilter(where=Shelf.ALL, search=number), [done]),
        (QueueFilter(search="100%"), []),
    ]
    for chosen, expected in cases:
        page = list_queue(world.territory.id, chosen, now + timedelta(seconds=5))
        assert [one.number for one in page.items] == [one.number for one in expected], chosen


@pytest.mark.parametrize("text", ["ÉCOLE", "école", "École des", "îles"])
def test_queue_is_searched_whatever_the_capitals(world: World, text: str) -> None:
    found = world.ready()
    with unit_of_work() as uow:
        uow.session.execute(update(AccessRequest).values(company_name="École des Îles"))
        uow.session.execute(update(RequestPerimeter).values(name="ÉCOLE DES ÎLES", event="Fête"))
    now = SYSTEM_CLOCK.now() + timedelta(seconds=5)
    for chosen in (QueueFilter(company=text), QueueFilter(place=text)):
        assert [one.number for one in list_queue(world.territory.id, chosen, now).items] == [found.number]
    for chosen in (QueueFilter(company="e_ole"), QueueFilter(place="e_ole")):
        assert not list_queue(world.territory.id, chosen, now).items


def test_queue_is_paged_and_counted(world: World) -> None:
    for _ in range(3):
        world.ready()
    world.submitted()
    now = SYSTEM_CLOCK.now()
    first = list_queue(world.territory.id, QueueFilter(), now, size=2)
    second = list_queue(world.territory.id, QueueFilter(), now, first.next_cursor, size=2)
    assert (len(first.items), len(second.items), second.next_cursor) == (2, 1, None)
    later = count_queue(world.territory.id, now + timedelta(days=3))
    assert (later.to_decide, later.free, later.mine, later.computing) == (3, 3, 0, 1)
    assert later.ages == {Age.DAY: 0, Age.TWO_DAYS: 0, Age.WEEK: 3, Age.LONGER: 0}


@pytest.mark.parametrize("sort", list(Sort))
def test_neighbours_follow_the_order_of_the_queue(world: World, sort: Sort) -> None:
    for hours in (3, 1, 2):
        world.ready(starts_at=world.day + timedelta(hours=4 + hours))
    chosen, now = QueueFilter(sort=sort), SYSTEM_CLOCK.now()
    order = [one.id for one in list_queue(world.territory.id, chosen, now).items]
    assert [id_ for id_, _version in list_matching(world.territory.id, chosen, now, 2)] == order[:2]
    around = [find_neighbours(world.territory.id, chosen, id_, now) for id_ in order]
    assert around == [(None, order[1]), (order[0], order[2]), (order[1], None)]
