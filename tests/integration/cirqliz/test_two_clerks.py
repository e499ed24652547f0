"""Two clerks, the same request, the same instant: one decision and one clear sentence, always; on both databases.

JOPTIMIZ_DECISIONS says how often the two decide at once, on either.
"""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

from sqlalchemy import func, select

from portal.audit.models import AuditEntry
from portal.audit.tags import AuditTag
from portal.cirqliz.decisions.batches.services import prepare_batch, undo_batch
from portal.cirqliz.decisions.batches.tasks import ask_for_due_batches
from portal.cirqliz.decisions.claims import claim_requests
from portal.cirqliz.decisions.commands import Answer, ClaimRequests, DecideRequest, PrepareBatch
from portal.cirqliz.decisions.services import decide_request
from portal.cirqliz.messages import sentence
from portal.cirqliz.models import AccessPass, AccessRequest, BatchItem, DecisionBatch
from portal.cirqliz.requests.services import withdraw_request
from portal.cirqliz.rules.settings import AccessValues, change_access_settings
from portal.cirqliz.states import BatchState, RefusalReason, RequestState, VehicleDecision
from portal.common.actor import StaffRole
from portal.common.errors import Conflict, PortalError
from portal.common.ids import new_id
from portal.db import db, session
from portal.jobs import runner
from tests.factories.accounts import make_staff, make_user
from tests.factories.cirqliz import World
from tests.factories.queue import many_ready

APPROVED = Answer(VehicleDecision.APPROVED)
REFUSED = Answer(VehicleDecision.REFUSED, RefusalReason.DUPLICATE)
TIMES = {
    name: int(os.environ.get("JOPTIMIZ_DECISIONS", usual)) for name, usual in (("postgresql", 200), ("sqlite", 40))
}
"""How often the two decide at once: usually less often where the database lets one writer in at a time."""


def together[T](world: World, acts: Sequence[Callable[[], T]], times: int) -> list[list[T | PortalError]]:
    """Run the acts at the same instant, one thread each, `times` times; return what each gave or raised, per time."""
    start = threading.Barrier(len(acts))

    def run(act: Callable[[], T]) -> list[T | PortalError]:
        found: list[T | PortalError] = []
        with world.app.app_context():
            for _ in range(times):
                start.wait(timeout=60)
                try:
                    found.append(act())
                except PortalError as error:
                    found.append(error)
                db.session.rollback()
            db.session.remove()
        return found

    with ThreadPoolExecutor(len(acts)) as pool:
        running = [pool.submit(run, act) for act in acts]
        results = [one.result(timeout=120) for one in running]
    db.session.rollback()
    return [list(per_time) for per_time in zip(*results, strict=True)]


def test_one_decision_and_one_clear_sentence_when_two_clerks_decide_many_times(world: World) -> None:
    times = TIMES[db.engine.dialect.name]
    ids = many_ready(world, times)
    clerks = [world.staff_actor(user=make_user(full_name=name)) for name in ("Colette Un", "Louise Deux")]

    def deciding(place: int) -> Callable[[], object]:
        turn = iter(ids)
        answer = (APPROVED, REFUSED)[place]
        return lambda: decide_request(clerks[place], world.territory.slug, DecideRequest(next(turn), 1, answer))

    outcomes = together(world, [deciding(0), deciding(1)], times)
    winners = []
    for request_id, outcome in zip(ids, outcomes, strict=True):
        lost = [one for one in outcome if isinstance(one, PortalError)]
        assert [(type(one), one.code) for one in lost] == [(Conflict, "decided-first")], outcome
        winner = next(place for place, one in enumerate(outcome) if not isinstance(one, PortalError))
        winners.append(winner)
        with world.app.test_request_context():
            told = sentence(lost[0])
        assert told.startswith(clerks[winner].label) and "avant vous" in told
        state = session().scalar(select(AccessRequest.state).where(AccessRequest.id == request_id))
        assert state is (RequestState.APPROVED, RequestState.REFUSED)[winner]
    counted = select(AccessPass.request_id, func.count()).group_by(AccessPass.request_id)
    passes = {request_id: count for request_id, count in session().execute(counted)}  # noqa: C416 rows are not pairs
    assert passes == {id_: 1 for id_, winner in zip(ids, winners, strict=True) if winner == 0}
    told_times = select(func.count()).where(AuditEntry.tag == AuditTag.REQUEST_DECIDED)
    assert session().scalar(told_times) == times


def test_one_clerk_holds_each_request_when_two_claim_the_same_ones(world: World) -> None:
    ids = many_ready(world, 20)
    clerks = [world.staff_actor(user=make_user(full_name=name)) for name in ("Colette Un", "Louise Deux")]

    def claiming(place: int) -> Callable[[], object]:
        order = ids if place == 0 else ids[::-1]
        return lambda: claim_requests(clerks[place], world.territory.slug, ClaimRequests(tuple(order)))

    ((first, second),) = together(world, [claiming(0), claiming(1)], 1)
    taken = [set(one[0]) for one in (first, second)]  # type: ignore[index]
    left = [{skipped.error.code for skipped in one[1]} for one in (first, second)]  # type: ignore[index]
    assert taken[0] | taken[1] == set(ids) and not taken[0] & taken[1]
    assert left[0] | left[1] == {"claimed-by"}


def test_no_request_is_answered_twice_when_batches_decisions_and_withdrawals_cross(world: World) -> None:
    """Whatever happens first: each request ends with one answer or withdrawn, and every batch ends whole."""
    at_once(world)
    ids = many_ready(world, 60)
    users = [make_user(full_name=name) for name in ("Colette", "Louise", "Anne")]
    for user in users:
        make_staff(user, world.territory)
    clerks = [world.staff_actor(user=user) for user in users]
    owner = world.company_actor()
    slug = world.territory.slug
    draw = random.Random(5)
    slices = [draw.sample(ids, 12) for _ in range(12)]

    def version(request_id: UUID) -> int:
        found = session().scalar(select(AccessRequest.version).where(AccessRequest.id == request_id))
        db.session.rollback()
        return int(found or 0)

    def batches(place: int, answer: Answer) -> Callable[[], object]:
        turn = iter(slices[place::2])

        def act() -> object:
            chosen = {id_: version(id_) for id_ in next(turn)}
            batch_id = prepare_batch(clerks[place], slug, PrepareBatch(chosen, answer, str(new_id())))
            if draw.random() < 0.3:
                undo_batch(clerks[place], slug, batch_id)
                return None
            job_id = session().scalar(select(DecisionBatch.job_id).where(DecisionBatch.id == batch_id))
            db.session.rollback()
            runner.run(str(job_id))
            return batch_id

        return act

    def single() -> object:
        one = draw.choice(ids)
        return decide_request(clerks[2], slug, DecideRequest(one, version(one), REFUSED))

    def withdrawing() -> None:
        withdraw_request(owner, world.company.id, draw.choice(ids))

    together(world, [batches(0, APPROVED), batches(1, REFUSED), single, withdrawing], 6)
    world.app.extensions["pending_jobs"].clear()
    assert ask_for_due_batches() == 0
    states = set(session().scalars(select(DecisionBatch.state)))
    assert BatchState.APPLIED in states and states <= {BatchState.APPLIED, BatchState.UNDONE}
    for row in session().scalars(select(AccessRequest).where(AccessRequest.id.in_(ids))):
        told = select(func.count()).where(AuditEntry.tag == AuditTag.REQUEST_DECIDED, AuditEntry.subject_id == row.id)
        passes = select(func.count()).where(AccessPass.request_id == row.id)
        decided = select(func.count()).where(BatchItem.request_id == row.id, BatchItem.outcome == "decided")
        times = session().scalars(told).one()
        assert times == (1 if row.state.decided else 0), row.state
        assert session().scalar(passes) == (1 if row.state is RequestState.APPROVED else 0)
        assert session().scalars(decided).one() <= times
        assert row.batch_id is None
        assert row.state.decided or row.state in {RequestState.READY, RequestState.WITHDRAWN}


def at_once(world: World) -> None:
    """Let batches count without a time to undo them."""
    values = AccessValues(
        sample_percent=0, appeal_days=30, undo_min=0, asks_driver_name=False, sync_hours=12, scan_retention_days=30
    )
    change_access_settings(world.staff_actor(StaffRole.SUPERVISOR), world.territory.slug, values, 0)
