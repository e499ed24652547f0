"""What moves a request besides a decision: an answer, an appeal, the end of its dates; what is written meanwhile."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from portal.audit import list_entries
from portal.audit.tags import AuditTag
from portal.cirqliz.models import AccessRequest
from portal.cirqliz.requests import drafts
from portal.cirqliz.requests.answering import answer_information, appeal_decision
from portal.cirqliz.requests.commands import AnswerInformation, AppealDecision, Driver
from portal.cirqliz.requests.expiry import expire_requests
from portal.cirqliz.requests.queries import RequestView
from portal.cirqliz.requests.renewal import renew_request
from portal.cirqliz.requests.services import withdraw_request
from portal.cirqliz.requests.thread import list_thread, send_message
from portal.cirqliz.rules.settings import AccessValues, change_access_settings
from portal.cirqliz.states import MessageSide, RequestState, VehicleDecision
from portal.common.actor import CompanyRole, StaffRole
from portal.common.clock import SYSTEM_CLOCK, FixedClock
from portal.common.errors import Conflict, Denied, Invalid
from portal.db import unit_of_work
from portal.jobs import JobState, get_job
from portal.mail import list_outbox
from portal.numeriz.api import law_snapshot
from portal.territories.api import get_territory
from tests.factories.cirqliz import INSIDE_RED, OUTSIDE, World
from tests.factories.territories import make_territory


def asked(world: World, *, claimed: bool) -> RequestView:
    """A request whose company owes an answer."""
    found = world.ready()
    with unit_of_work() as uow:
        send_message(world.staff_actor(), found.id, MessageSide.STAFF, "À quelle heure ?", asks=True)
        values = {"claimed_at": SYSTEM_CLOCK.now(), "claimed_by": world.clerk.id, "claimed_by_label": "Colette"}
        uow.session.execute(
            update(AccessRequest)
            .where(AccessRequest.id == found.id)
            .values(state=RequestState.INFORMATION_ASKED, **(values if claimed else {}))
        )
    return world.seen(found.id)


@pytest.mark.parametrize(("claimed", "state"), [(True, RequestState.UNDER_REVIEW), (False, RequestState.READY)])
def test_request_goes_back_to_who_asked_when_the_company_answers(
    world: World, claimed: bool, state: RequestState
) -> None:
    found = asked(world, claimed=claimed)
    command = AnswerInformation(found.id, "  À 7 h.  ")
    answer_information(world.company_actor(), world.company.id, command)
    assert world.seen(found.id).state is state
    said = list_thread(found.id, reader=MessageSide.COMPANY, staff_name="Val d’essai")
    assert [(item.side, item.author, item.text, item.asks) for item in said] == [
        (MessageSide.STAFF, "Val d’essai", "À quelle heure ?", True),
        (MessageSide.COMPANY, "Camille", "À 7 h.", False),
    ]
    assert list_thread(found.id, reader=MessageSide.STAFF, staff_name="")[0].author == "Colette Guichet"
    assert list_entries(subject_id=found.id).items[0].tag is AuditTag.REQUEST_ANSWERED
    assert any("précisions vous sont demandées" in mail.subject for mail in list_outbox())
    with pytest.raises(Conflict, match="nothing-asked"):
        answer_information(world.company_actor(), world.company.id, command)


def test_other_side_gets_one_mail_in_ten_minutes(world: World) -> None:
    found = world.ready()
    start, told = SYSTEM_CLOCK.now(), []
    for minutes in (0, 4, 8, 12, 21, 22):
        clock = FixedClock(start + timedelta(minutes=minutes))
        send_message(world.company_actor(), found.id, MessageSide.COMPANY, "Encore un mot", clock=clock)
        told.append(sum("message de l’entreprise" in mail.subject for mail in list_outbox()))
    assert told == [1, 1, 1, 2, 2, 3]
    send_message(world.staff_actor(), found.id, MessageSide.STAFF, "Une réponse", clock=clock)
    assert "nouveau message" in list_outbox()[0].subject


def test_message_is_refused_when_it_is_empty_too_long_late_or_from_a_stranger(world: World) -> None:
    found, actor = world.ready(), world.company_actor()
    for text, code in ((" \n", "text-missing"), ("x" * 2001, "text-too-long")):
        with pytest.raises(Invalid, match=code):
            send_message(actor, found.id, MessageSide.COMPANY, text)
    for stranger, side in (
        (world.company_actor(CompanyRole.DRIVER), MessageSide.COMPANY),
        (world.staff_actor(), MessageSide.COMPANY),
        (world.company_actor(), MessageSide.STAFF),
        (world.staff_actor(StaffRole.CONTROL_AGENT), MessageSide.STAFF),
    ):
        with pytest.raises(Denied):
            send_message(stranger, found.id, side, "Bonjour")
    withdraw_request(actor, world.company.id, found.id)
    with pytest.raises(Conflict, match="request-closed"):
        send_message(actor, found.id, MessageSide.COMPANY, "Trop tard")


def test_refused_vehicles_wait_again_when_the_company_appeals_once(world: World) -> None:
    kept, refused = world.vehicle(), world.vehicle()
    found = world.ready(vehicles=[kept, refused])
    world.approve(found, [kept])
    world.refuse(world.seen(found.id), [refused])
    appeal = AppealDecision(found.id, "Le camion livre une pharmacie.")
    appeal_decision(world.company_actor(), world.company.id, appeal)
    again = world.seen(found.id)
    decisions = {line.vehicle_id: line.decision for line in again.vehicles}
    assert again.state is RequestState.READY
    assert decisions == {kept: VehicleDecision.APPROVED, refused: VehicleDecision.PENDING}
    assert list_entries(subject_id=found.id).items[0].tag is AuditTag.REQUEST_APPEALED
    with pytest.raises(Conflict, match="request-decided"):
        withdraw_request(world.company_actor(), world.company.id, found.id)
    world.refuse(again)
    with pytest.raises(Conflict, match="already-appealed"):
        appeal_decision(world.company_actor(), world.company.id, appeal)


def test_appeal_is_refused_when_there_is_nothing_to_contest_or_it_is_late(world: World) -> None:
    actor, company = world.company_actor(), world.company.id
    waiting, approved, refused = world.ready(), world.ready(), world.ready()
    world.approve(approved)
    world.refuse(refused)
    for found in (waiting, approved):
        with pytest.raises(Conflict, match="nothing-refused"):
            appeal_decision(actor, company, AppealDecision(found.id, "Non"))
    with pytest.raises(Invalid, match="text-missing"):
        appeal_decision(actor, company, AppealDecision(refused.id, " "))
    with pytest.raises(Conflict, match="window-over"):
        late = FixedClock(refused.ends_at + timedelta(minutes=1))
        appeal_decision(actor, company, AppealDecision(refused.id, "Non"), clock=late)
    with unit_of_work() as uow:
        later = {"ends_at": world.day + timedelta(days=60)}
        uow.session.execute(update(AccessRequest).where(AccessRequest.id == refused.id).values(**later))
    with pytest.raises(Conflict, match="appeal-too-late"):
        late = FixedClock(SYSTEM_CLOCK.now() + timedelta(days=31))
        appeal_decision(actor, company, AppealDecision(refused.id, "Non"), clock=late)


def test_open_requests_expire_when_their_dates_are_over(world: World) -> None:
    waiting, question, decided = world.ready(), asked(world, claimed=True), world.ready()
    computing = world.submitted()
    world.approve(decided)
    assert expire_requests() == 0
    clock = FixedClock(waiting.ends_at)
    mails = len(list_outbox())
    assert expire_requests(clock) == 3
    assert [world.seen(one.id).state for one in (waiting, computing, question)] == [RequestState.EXPIRED] * 3
    assert world.seen(decided.id).state is RequestState.APPROVED
    assert get_job(computing.job_id).state is JobState.CANCELLED
    assert list_entries(subject_id=waiting.id).items[0].tag is AuditTag.REQUEST_EXPIRED
    assert len(list_outbox()) == mails + 3
    assert expire_requests(clock) == 0


def test_request_names_perimeters_without_a_tour(world: World) -> None:
    red = next(p for p in law_snapshot(world.territory.id).perimeters.values() if p.name == "Course du canal")
    found = world.submitted(stops=(), perimeter_ids=frozenset([red.id]))
    assert (found.route_id, found.stops, world.planner.orders) == (None, (), [])
    world.run_jobs(world.app)
    ready = world.seen(found.id)
    assert (ready.state, ready.tour_status) == (RequestState.READY, None)
    assert [(line.name, line.asked) for line in ready.perimeters] == [("Course du canal", True)]
    both = world.ready(stops=(OUTSIDE, INSIDE_RED), perimeter_ids=frozenset([red.id]))
    assert [(line.name, line.asked) for line in both.perimeters] == [("Course du canal", True)]


def test_perimeter_is_refused_when_it_is_unknown_or_sleeps(world: World) -> None:
    red = next(iter(law_snapshot(world.territory.id).perimeters))
    with pytest.raises(Invalid, match="perimeter-gone"):
        world.submitted(stops=(), perimeter_ids=frozenset(["nowhere"]))
    later = world.day + timedelta(days=3)
    with pytest.raises(Invalid, match="perimeter-asleep"):
        world.submitted(stops=(), perimeter_ids=frozenset([red]), starts_at=later, ends_at=later + timedelta(hours=4))


def test_driver_is_named_where_the_territory_asks(world: World) -> None:
    vehicle = world.vehicle()
    known = {vehicle: Driver("  Dominique   Petit ", "d.petit@exemple.fr")}
    with pytest.raises(Invalid, match="driver-not-asked"):
        world.submitted(vehicles=[vehicle], drivers=known)
    values = AccessValues(5, 30, 10, True, 12, 30)
    change_access_settings(world.staff_actor(StaffRole.SUPERVISOR), world.territory.slug, values, 0)
    for drivers, code in (
        ({}, "driver-missing"),
        ({vehicle: Driver(" ")}, "driver-missing"),
        ({vehicle: Driver("A", "not an address")}, "driver-email"),
        ({vehicle: Driver("A" * 121)}, "driver-too-long"),
    ):
        with pytest.raises(Invalid, match=code):
            world.submitted(vehicles=[vehicle], drivers=drivers)
    (line,) = world.submitted(vehicles=[vehicle], drivers=known).vehicles
    assert (line.driver_name, line.driver_email) == ("Dominique Petit", "d.petit@exemple.fr")


def test_renewed_request_keeps_all_but_the_dates(world: World) -> None:
    found = world.ready()
    draft = drafts.get_draft(world.company.id, renew_request(world.company_actor(), world.company.id, found.id))
    assert draft.renewed_from == found.id
    assert draft.typed["stops-1-address"] == [INSIDE_RED.label]
    assert draft.typed["vehicles"] == [str(found.vehicles[0].vehicle_id)]
    assert draft.typed["reason"] == ["Livrer le marché"]
    # The perimeter is active once, in two days: its date is still the next one.
    assert draft.starts_on == world.day.date()
    other = get_territory(make_territory("ailleurs", "Ailleurs").slug)
    elsewhere = drafts.get_draft(
        world.company.id, renew_request(world.company_actor(), world.company.id, found.id, elsewhere=other)
    )
    assert (elsewhere.territory_id, elsewhere.typed["territory"]) == (other.id, ["ailleurs"])
    assert "stops-1-address" not in elsewhere.typed
    assert elsewhere.typed["vehicles"] == draft.typed["vehicles"]


def test_other_requests_expire_when_the_oldest_cannot_be_closed(world: World, caplog: pytest.LogCaptureFixture) -> None:
    broken, sound = world.ready(), world.ready()
    with unit_of_work() as uow:
        # Its next version is more than the database can count.
        most = 2**63 - 1 if uow.session.get_bind().dialect.name == "sqlite" else 2**31 - 1
        older = {"version": most, "ends_at": broken.ends_at - timedelta(hours=1)}
        uow.session.execute(update(AccessRequest).where(AccessRequest.id == broken.id).values(**older))
    assert expire_requests(FixedClock(sound.ends_at)) == 1
    assert [world.seen(one.id).state for one in (broken, sound)] == [RequestState.READY, RequestState.EXPIRED]
    assert f"request {broken.id} could not be closed" in caplog.text
