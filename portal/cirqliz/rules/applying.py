"""Rules that changed, asked about the requests that were waiting already: offered to the supervisor, run as a job."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import batched
from typing import Final
from uuid import UUID

from sqlalchemy import Select, select

from portal import audit
from portal.audit import AuditTag
from portal.cirqliz.decisions.deciding import load_requests
from portal.cirqliz.models import AccessRequest, AutomaticDecision, Reexamination, RequestVehicle
from portal.cirqliz.rules.conditions import answer
from portal.cirqliz.rules.engine import decide_by_rules, is_drawn
from portal.cirqliz.rules.facts import facts_of
from portal.cirqliz.rules.queries import list_rules
from portal.cirqliz.rules.settings import require_supervisor
from portal.cirqliz.states import RequestState, RuleOutcome, VehicleDecision
from portal.common.actor import Actor
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.errors import Conflict
from portal.db import session, unit_of_work
from portal.jobs import JobView, RunningJob, enqueue, latest_job, task
from portal.territories.api import get_territory

APPLY_RULES = "cirqliz.apply_rules"
# One transaction each: clerks never wait long for the numbers of passes, and a stop loses little.
_PART: Final = 50
# Each one looked at costs the page some reads.
_MOST_FORETOLD: Final = 50


@dataclass(frozen=True, slots=True)
class Foretold:
    """What the rules would answer now: of the oldest looked_at of the unasked requests, how many they would approve."""

    unasked: int
    looked_at: int
    approved: int


def ask_to_apply(actor: Actor, territory: str, *, clock: Clock = SYSTEM_CLOCK) -> UUID:
    """Ask for the rules of now to answer to the requests that wait; return the job.

    Raises Denied, Conflict (nothing-to-apply, rules-being-applied).
    """
    require_supervisor(actor, territory)
    place = get_territory(territory)
    with unit_of_work():
        # Of two supervisors at one instant both may pass here: the second job finds nothing left to answer.
        running = applying_job(place.id)
        if running is not None and not running.state.ended:
            raise Conflict("rules-being-applied")
        waiting = len(find_unasked(place.id, clock=clock))
        if waiting == 0:
            raise Conflict("nothing-to-apply")
        job_id = enqueue(APPLY_RULES, {"territory_id": str(place.id)})
        data = {"requests": waiting}
        audit.record(actor, AuditTag.RULES_APPLIED, subject_id=job_id, territory_id=place.id, data=data, clock=clock)
        return job_id


def applying_job(territory_id: UUID) -> JobView | None:
    """Return the newest job that applies the rules of a territory, None when nobody asked for one."""
    return latest_job(APPLY_RULES, {"territory_id": str(territory_id)})


def find_unasked(territory_id: UUID, *, clock: Clock = SYSTEM_CLOCK) -> Sequence[UUID]:
    """Return the waiting requests to which the rules of now have not answered, oldest first; none without a rule."""
    rules = [str(view.id) for view in list_rules(territory_id)]
    if not rules:
        return []
    waiting = _waiting(territory_id, clock)
    asked = select(AutomaticDecision.request_id, AutomaticDecision.facts["rules"]).where(
        AutomaticDecision.request_id.in_(waiting.scalar_subquery())
    )
    answered = {request_id for request_id, versions in session().execute(asked) if versions == rules}
    ordered = session().scalars(waiting.order_by(AccessRequest.submitted_at, AccessRequest.id))
    return [id_ for id_ in ordered if id_ not in answered]


def foretell(territory_id: UUID) -> Foretold:
    """Ask the rules about the requests they have not answered to, without writing; those drawn by lot are not approved.

    What a quota or another decision of meanwhile would forbid shows only when the rules are applied.
    """
    unasked = find_unasked(territory_id)
    oldest = unasked[:_MOST_FORETOLD]
    rules = [view.rule for view in list_rules(territory_id)]
    requests = session().scalars(select(AccessRequest).where(AccessRequest.id.in_(oldest)))
    approved = sum(
        answer(rules, facts_of(request)).outcome is RuleOutcome.APPROVE and not is_drawn(request)
        for request in requests
    )
    return Foretold(len(unasked), len(oldest), approved)


@task(APPLY_RULES, timeout_s=1800)
def apply_rules(job: RunningJob, territory_id: str) -> None:
    """Let the rules answer to each waiting request as if it became ready now, a part at a time.

    Taken up again after a stop it goes on where it was: what is answered is kept with each part.
    """
    place = UUID(territory_id)
    ids = find_unasked(place)
    done = 0
    for part in batched(ids, _PART):
        with unit_of_work():
            done += len(part)
            # First, so that a run whose job was taken over writes nothing.
            job.progress("rules", done, len(ids))
            _answer(place, part)
        session().expunge_all()


def _answer(territory_id: UUID, ids: Sequence[UUID]) -> None:
    with unit_of_work() as uow:
        locked = {request.id: request for request in load_requests(uow, territory_id, ids)}
        # What a clerk or a batch took meanwhile is theirs.
        still = set(uow.session.scalars(_waiting(territory_id, SYSTEM_CLOCK).where(AccessRequest.id.in_(ids))))
        for id_ in ids:
            if id_ in still and id_ in locked:
                decide_by_rules(uow, locked[id_])


def _waiting(territory_id: UUID, clock: Clock) -> Select[UUID]:
    """Requests nobody has begun to answer: neither claimed, nor held by a batch, nor back for another look."""
    reopened = select(Reexamination.id).where(
        Reexamination.request_id == AccessRequest.id, Reexamination.closed_at.is_(None)
    )
    return select(AccessRequest.id).where(
        AccessRequest.territory_id == territory_id,
        AccessRequest.state == RequestState.READY,
        AccessRequest.claimed_at.is_(None),
        AccessRequest.batch_id.is_(None),
        AccessRequest.ends_at > clock.now(),
        ~reopened.exists(),
        ~AccessRequest.vehicles.any(RequestVehicle.decision != VehicleDecision.PENDING),
    )
