"""Decisions on many requests: held, taken back, applied whole at their hour; and who has a request in hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import delete, select, update

from portal.accounts.api import refuse_company
from portal.accounts.models import Account
from portal.accounts.services.staff import remove_staff
from portal.audit import list_entries
from portal.audit.tags import AuditTag
from portal.cirqliz.decisions.batches.preview import preview_batch
from portal.cirqliz.decisions.batches.queries import get_batch, list_batch_lines, list_recent_batches
from portal.cirqliz.decisions.batches.services import prepare_batch, undo_batch
from portal.cirqliz.decisions.batches.tasks import ask_for_due_batches
from portal.cirqliz.decisions.claims import ask_information, claim_oldest, claim_requests, release_request
from portal.cirqliz.decisions.commands import Answer, AskInformation, ClaimRequests, DecideRequest, PrepareBatch
from portal.cirqliz.decisions.policies import CLAIM_LASTS
from portal.cirqliz.decisions.queries import count_queue
from portal.cirqliz.decisions.services import decide_request
from portal.cirqliz.models import AccessPass, DecisionBatch
from portal.cirqliz.passes.queries import list_passes_of_request
from portal.cirqliz.requests.answering import answer_information
from portal.cirqliz.requests.commands import AnswerInformation
from portal.cirqliz.requests.queries import RequestView
from portal.cirqliz.requests.services import withdraw_request
from portal.cirqliz.states import (
    BatchState,
    PassState,
    RefusalReason,
    RequestState,
    RevocationReason,
    VehicleDecision,
)
from portal.common.actor import Actor, StaffRole, system_actor
from portal.common.clock import SYSTEM_CLOCK, FixedClock
from portal.common.errors import Conflict, Denied, Invalid, NotFound
from portal.common.ids import new_id
from portal.db import session, unit_of_work
from portal.fleet.api import archive_vehicle
from portal.jobs import cancel
from portal.jobs.models import Job
from portal.mail import list_outbox
from tests.factories.accounts import MadeUser, make_staff, make_user
from tests.factories.cirqliz import World
from tests.factories.territories import make_territory
from tests.support.races import overtaken

APPROVED = Answer(VehicleDecision.APPROVED)
REFUSED = Answer(VehicleDecision.REFUSED, RefusalReason.DUPLICATE, "Déjà demandé")


def prepared(world: World, found: Sequence[RequestView], answer: Answer = APPROVED, actor: Actor | None = None) -> UUID:
    """A batch for requests as they were seen."""
    command = PrepareBatch({one.id: one.version for one in found}, answer, str(new_id()))
    return prepare_batch(actor or world.staff_actor(), world.territory.slug, command)


def let_the_hour_come(world: World) -> None:
    """Ten minutes pass for every batch, and upkeep comes by."""
    with unit_of_work() as uow:
        uow.session.execute(update(DecisionBatch).values(apply_at=SYSTEM_CLOCK.now()))
    ask_for_due_batches()
    world.run_jobs(world.app)


def other_clerk(world: World, name: str = "Louise Second") -> Actor:
    """Another clerk of the territory."""
    user = make_user(full_name=name)
    make_staff(user, world.territory)
    return world.staff_actor(user=user)


def outcomes(batch_id: UUID) -> dict[UUID, str | None]:
    """What became of each request of a batch."""
    return {line.request_id: line.outcome for line in list_batch_lines(batch_id)}


def test_nothing_happens_until_the_hour_and_everything_at_it(world: World) -> None:
    found = [world.ready(), world.ready()]
    mails = len(list_outbox())
    batch_id = prepared(world, found, REFUSED)
    waiting = get_batch(world.territory.id, batch_id)
    assert (waiting.state, waiting.waiting) == (BatchState.WAITING, 2)
    assert waiting.apply_at - waiting.created_at == timedelta(minutes=10)
    assert ask_for_due_batches() == 0
    assert len(list_outbox()) == mails
    assert [world.seen(one.id).state for one in found] == [RequestState.READY] * 2
    let_the_hour_come(world)
    assert get_batch(world.territory.id, batch_id).state is BatchState.APPLIED
    assert set(outcomes(batch_id).values()) == {"decided"}
    after = [world.seen(one.id) for one in found]
    assert {(one.state, one.batch_id) for one in after} == {(RequestState.REFUSED, None)}
    assert after[0].vehicles[0].decided_by == "Colette Guichet"
    assert len(list_outbox()) == mails + 2
    entries = list_entries(territory_id=world.territory.id).items
    (applied,) = [entry for entry in entries if entry.tag is AuditTag.BATCH_APPLIED]
    assert (applied.data["requests"], applied.data["left_out"]) == (2, 0)
    told = [entry for entry in entries if entry.tag is AuditTag.REQUEST_DECIDED]
    assert {entry.data["batch"] for entry in told} == {str(batch_id)}


def test_requests_are_free_again_when_the_batch_is_taken_back(world: World) -> None:
    found = world.ready()
    batch_id = prepared(world, [found])
    undo_batch(other_clerk(world), world.territory.slug, batch_id)
    with pytest.raises(Conflict, match="batch-ended"):
        undo_batch(world.staff_actor(), world.territory.slug, batch_id)
    let_the_hour_come(world)
    assert len(list_passes_of_request(found.id)) == 0
    assert world.approve(world.seen(found.id)).state is RequestState.APPROVED
    assert list_recent_batches(world.territory.id, SYSTEM_CLOCK.now())[0].state is BatchState.UNDONE


def test_request_of_a_batch_is_closed_to_everybody_else(world: World) -> None:
    found = world.ready()
    prepared(world, [found])
    seen = world.seen(found.id)
    for actor in (world.staff_actor(), other_clerk(world)):
        with pytest.raises(Conflict, match="in-batch"):
            decide_request(actor, world.territory.slug, DecideRequest(seen.id, seen.version, REFUSED))
        with pytest.raises(Conflict, match="in-batch"):
            ask_information(actor, world.territory.slug, AskInformation(seen.id, seen.version, "Quel quai ?"))
        _taken, skipped = claim_requests(actor, world.territory.slug, ClaimRequests((seen.id,), take_over=True))
        assert [one.error.code for one in skipped] == ["in-batch"]
    with pytest.raises(Invalid, match="batch-empty"):
        prepared(world, [seen], REFUSED)


def lose_the_role(world: World, actor: Actor) -> None:
    assert actor.user_id is not None
    remove_staff(world.staff_actor(StaffRole.ADMINISTRATOR), world.territory.slug, actor.user_id, StaffRole.CLERK)


def lose_the_account(_world: World, actor: Actor) -> None:
    with unit_of_work() as uow:
        uow.session.execute(update(Account).where(Account.id == actor.user_id).values(disabled_at=SYSTEM_CLOCK.now()))


def lose_everything(_world: World, actor: Actor) -> None:
    with unit_of_work() as uow:
        uow.session.execute(delete(Account).where(Account.id == actor.user_id))


@pytest.mark.parametrize("lose", [lose_the_role, lose_the_account, lose_everything])
def test_nothing_counts_in_the_name_of_a_clerk_who_is_gone(world: World, lose: Callable[[World, Actor], None]) -> None:
    louise = other_clerk(world)
    found = [world.ready(), world.ready()]
    batch_id = prepared(world, found, actor=louise)
    mails = len(list_outbox())
    lose(world, louise)
    let_the_hour_come(world)
    batch = get_batch(world.territory.id, batch_id)
    assert (batch.state, batch.waiting, batch.decided, batch.left_out) == (BatchState.UNDONE, 0, 0, 2)
    assert set(outcomes(batch_id).values()) == {"clerk-gone"}
    after = [world.seen(one.id) for one in found]
    assert {(one.state, one.batch_id) for one in after} == {(RequestState.READY, None)}
    assert len(list_outbox()) == mails
    (undone,) = list_entries(subject_id=batch_id).items[:1]
    assert (undone.tag, undone.actor_label) == (AuditTag.BATCH_UNDONE, "system:batches")
    assert (undone.data["requests"], undone.data["prepared_by"]) == (2, "Louise Second")
    assert ask_for_due_batches() == 0
    assert world.approve(after[0]).state is RequestState.APPROVED


def test_batch_of_a_clerk_who_became_supervisor_counts(world: World) -> None:
    louise = other_clerk(world)
    found = world.ready()
    batch_id = prepared(world, [found], actor=louise)
    make_staff(MadeUser(louise.user_id or new_id(), "", ""), world.territory, StaffRole.SUPERVISOR)
    lose_the_role(world, louise)
    let_the_hour_come(world)
    assert outcomes(batch_id) == {found.id: "decided"}


def test_what_changed_meanwhile_is_left_out_and_told(world: World) -> None:
    plates = [world.vehicle() for _ in range(3)]
    kept, withdrawn, archived = (world.ready(vehicles=[plate]) for plate in plates)
    batch_id = prepared(world, [kept, withdrawn, archived])
    withdraw_request(world.company_actor(), world.company.id, withdrawn.id)
    archive_vehicle(world.company_actor(), world.company.id, plates[2])
    let_the_hour_come(world)
    assert outcomes(batch_id) == {
        kept.id: "decided",
        withdrawn.id: "request-withdrawn",
        archived.id: "vehicle-changed",
    }
    assert [world.seen(one.id).state for one in (kept, withdrawn, archived)] == [
        RequestState.APPROVED,
        RequestState.WITHDRAWN,
        RequestState.READY,
    ]
    assert world.seen(archived.id).batch_id is None


def give_unseen_pass(world: World, like: UUID, vehicle_id: UUID) -> None:
    """Store for a vehicle a living pass that stands in for another one: approving the vehicle itself cannot be stored.

    like: the request, whose one pass is taken back.
    """
    with unit_of_work() as uow:
        row = uow.session.scalars(select(AccessPass).where(AccessPass.request_id == like)).one()
        known = {column.key: getattr(row, column.key) for column in AccessPass.__table__.columns}
        changed = {"id": new_id(), "number": "LP-X", "token_id": b"12345678", "short_code": None}
        uow.session.add(AccessPass(**known | changed | {"vehicle_id": vehicle_id, "swapped_from": row.id}))
        row.state, row.revoked_at = PassState.REVOKED, SYSTEM_CLOCK.now()
        row.revoke_reason = RevocationReason.PLATE_SWAPPED


def test_request_that_the_database_refuses_stops_no_other(world: World, caplog: pytest.LogCaptureFixture) -> None:
    first, second = world.vehicle(), world.vehicle()
    bad = world.ready(vehicles=[first, second])
    world.approve(bad, [first])
    give_unseen_pass(world, bad.id, second)
    good = [world.ready(), world.ready()]
    chosen = [world.seen(one.id) for one in (good[0], bad, good[1])]
    mails = len(list_outbox())
    batch_id = prepared(world, chosen)
    let_the_hour_come(world)
    assert get_batch(world.territory.id, batch_id).state is BatchState.APPLIED
    assert outcomes(batch_id) == {
        good[0].id: "decided",
        bad.id: "request-refused-by-database",
        good[1].id: "decided",
    }
    assert str(bad.id) in caplog.text
    left = world.seen(bad.id)
    assert (left.state, left.batch_id) == (RequestState.READY, None)
    assert [vehicle.decision for vehicle in left.vehicles].count(VehicleDecision.PENDING) == 1
    entries = list_entries(subject_id=bad.id).items
    assert [entry.tag for entry in entries].count(AuditTag.REQUEST_DECIDED) == 1
    assert [len(list_passes_of_request(one.id)) for one in good] == [1, 1]
    assert len(list_outbox()) == mails + 2
    assert ask_for_due_batches() == 0


def test_answer_of_the_company_is_read_before_the_batch_counts(world: World) -> None:
    found = world.ready()
    ask_information(world.staff_actor(), world.territory.slug, AskInformation(found.id, found.version, "Quel quai ?"))
    batch_id = prepared(world, [world.seen(found.id)], REFUSED)
    answer_information(world.company_actor(), world.company.id, AnswerInformation(found.id, "Le quai nord"))
    let_the_hour_come(world)
    assert outcomes(batch_id) == {found.id: "request-changed"}
    assert world.seen(found.id).state is RequestState.UNDER_REVIEW


def test_preview_says_what_the_batch_then_does(world: World) -> None:
    good, decided, held = (world.ready() for _ in range(3))
    seen = {one.id: one.version for one in (good, decided, held)}
    world.refuse(decided)
    claim_requests(other_clerk(world), world.territory.slug, ClaimRequests((held.id,)))
    lines = preview_batch(world.staff_actor(), world.territory.slug, seen, APPROVED)
    codes = {line.request_id: line.refusal.code if line.refusal else None for line in lines}
    assert codes == {good.id: None, decided.id: "decided-first", held.id: "claimed-by"}
    batch_id = prepare_batch(world.staff_actor(), world.territory.slug, PrepareBatch(seen, APPROVED, "one"))
    assert outcomes(batch_id) == codes
    refuse_company(system_actor("test"), world.company.id, "fermée")
    (line,) = preview_batch(world.staff_actor(), world.territory.slug, {held.id: held.version + 1}, APPROVED)
    assert line.refusal is not None


def test_one_batch_is_made_when_its_form_is_sent_twice(world: World) -> None:
    found = world.ready()
    command = PrepareBatch({found.id: found.version}, APPROVED, "one form")
    first, second = (prepare_batch(world.staff_actor(), world.territory.slug, command) for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    ("answer", "count", "code"),
    [
        (Answer(VehicleDecision.REFUSED), 1, "refusal-without-reason"),
        (APPROVED, 0, "no-request-chosen"),
        (APPROVED, 501, "batch-too-large"),
    ],
    ids=["no reason", "nothing", "too many"],
)
def test_batch_is_refused_when_incomplete(world: World, answer: Answer, count: int, code: str) -> None:
    chosen = {new_id(): 1 for _ in range(count)}
    for act in (
        lambda: prepare_batch(world.staff_actor(), world.territory.slug, PrepareBatch(chosen, answer, "one")),
        lambda: preview_batch(world.staff_actor(), world.territory.slug, chosen, answer),
    ):
        with pytest.raises(Invalid, match=code):
            act()


def test_batch_of_another_territory_is_not_found(world: World) -> None:
    found = world.ready()
    batch_id = prepared(world, [found])
    elsewhere = make_territory("ailleurs")
    actor = system_actor("test")
    with pytest.raises(NotFound):
        undo_batch(actor, elsewhere.slug, batch_id)
    with pytest.raises(NotFound):
        get_batch(elsewhere.id, batch_id)
    with pytest.raises(Invalid, match="batch-empty"):
        prepare_batch(actor, elsewhere.slug, PrepareBatch({found.id: found.version}, REFUSED, "one"))
    with pytest.raises(Denied):
        undo_batch(world.staff_actor(StaffRole.CONTROL_AGENT), world.territory.slug, batch_id)


def test_batch_is_asked_for_again_when_its_job_came_to_nothing(world: World) -> None:
    found = world.ready()
    batch_id = prepared(world, [found])
    with unit_of_work() as uow:
        uow.session.execute(update(DecisionBatch).values(apply_at=SYSTEM_CLOCK.now()))
    assert ask_for_due_batches() == 1
    assert ask_for_due_batches() == 0
    job_id = world.app.extensions["pending_jobs"].pop()
    assert cancel(job_id)
    assert ask_for_due_batches() == 0
    with unit_of_work() as uow:
        uow.session.execute(
            update(Job).where(Job.id == job_id).values(ended_at=SYSTEM_CLOCK.now() - timedelta(minutes=2))
        )
    assert ask_for_due_batches() == 1
    world.run_jobs(world.app)
    assert outcomes(batch_id) == {found.id: "decided"}


def test_claim_keeps_others_away_for_two_hours(world: World) -> None:
    found = world.ready()
    slug, louise = world.territory.slug, other_clerk(world)
    assert claim_requests(world.staff_actor(), slug, ClaimRequests((found.id,)))[0] == [found.id]
    seen = world.seen(found.id)
    assert (seen.state, seen.claimed_by_label) == (RequestState.UNDER_REVIEW, "Colette Guichet")
    with pytest.raises(Conflict, match="claimed-by"):
        decide_request(louise, slug, DecideRequest(seen.id, seen.version, REFUSED))
    with pytest.raises(Conflict, match="claimed-by"):
        release_request(louise, slug, seen.id)
    later = FixedClock(SYSTEM_CLOCK.now() + CLAIM_LASTS)
    assert claim_requests(louise, slug, ClaimRequests((found.id,)), clock=later)[0] == [found.id]
    taken = world.seen(found.id)
    assert taken.claimed_by_label == "Louise Second"
    decided = decide_request(louise, slug, DecideRequest(taken.id, taken.version, REFUSED), clock=later)
    assert decided.state is RequestState.REFUSED
    assert world.seen(found.id).claimed_by is None
    tags = [entry.tag for entry in list_entries(subject_id=found.id).items]
    assert tags.count(AuditTag.REQUEST_CLAIMED) == 2


def test_oldest_free_requests_are_claimed_first(world: World) -> None:
    found = [world.ready() for _ in range(3)]
    claim_requests(other_clerk(world), world.territory.slug, ClaimRequests((found[0].id,)))
    assert claim_oldest(world.staff_actor(), world.territory.slug, 1) == [found[1].id]
    release_request(world.staff_actor(), world.territory.slug, found[1].id)
    assert world.seen(found[1].id).state is RequestState.READY
    assert set(claim_oldest(world.staff_actor(), world.territory.slug, 20)) == {found[1].id, found[2].id}
    assert claim_oldest(world.staff_actor(), world.territory.slug, 20) == []


@pytest.mark.parametrize("mine", [True, False], ids=["one’s own", "another’s"])
def test_request_claimed_too_long_ago_is_among_the_oldest_free_ones(world: World, mine: bool) -> None:
    slug = world.territory.slug
    first, asked = world.ready(), world.ready()
    holder = world.staff_actor() if mine else other_clerk(world)
    claim_requests(holder, slug, ClaimRequests((first.id, asked.id)))
    seen = world.seen(asked.id)
    ask_information(holder, slug, AskInformation(seen.id, seen.version, "Quel étage ?"))
    later = FixedClock(SYSTEM_CLOCK.now() + CLAIM_LASTS)
    assert count_queue(world.territory.id, SYSTEM_CLOCK.now()).free == 0
    assert count_queue(world.territory.id, later.now()).free == 1
    assert claim_oldest(world.staff_actor(), slug, 20, clock=later) == [first.id]
    assert (world.seen(first.id).claimed_by, world.seen(first.id).claimed_at) == (world.clerk.id, later.now())
    assert claim_oldest(world.staff_actor(), slug, 20, clock=later) == []


def test_second_clerk_takes_the_next_ones_when_two_take_the_oldest_at_once(world: World) -> None:
    ready = [world.ready().id for _ in range(4)]
    slug, second = world.territory.slug, other_clerk(world)
    session().rollback()
    first, other = overtaken(
        world.app, lambda: claim_oldest(world.staff_actor(), slug, 2), lambda: claim_oldest(second, slug, 2)
    )
    assert not isinstance(other, BaseException), other
    assert (set(first), set(other)) == (set(ready[:2]), set(ready[2:]))
