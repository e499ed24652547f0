"""When the rules or the perimeters change, what the rules decided is asked again; holders learn of new hours."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from flask_babel import force_locale
from sqlalchemy import Select, select

from portal.cirqliz.decisions.deciding import load_requests
from portal.cirqliz.mails import ChangedHours, mail_hours_changed
from portal.cirqliz.models import AccessRequest, AutomaticDecision
from portal.cirqliz.reexamination.by_rules import decided_by_rule
from portal.cirqliz.reexamination.needed import need_after_all
from portal.cirqliz.reexamination.policies import other_hours, same_access
from portal.cirqliz.reexamination.services import open_reexamination
from portal.cirqliz.rules.conditions import Proposal, Rule, answer
from portal.cirqliz.rules.engine import keep_answer
from portal.cirqliz.rules.facts import facts_of, perimeter_facts
from portal.cirqliz.rules.messages import perimeter_change
from portal.cirqliz.rules.queries import last_answers, list_rules
from portal.cirqliz.states import ReexaminationCause, RequestState, RuleOutcome
from portal.common.actor import system_actor
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.db import UnitOfWork, session
from portal.jobs import JobState, RunningJob, enqueue, latest_job, task
from portal.jobs.waiting import waiting_args
from portal.numeriz.api import law_snapshot, perimeters_version
from portal.regulations.snapshot import LawSnapshot
from portal.territories.api import list_territories

REEXAMINE = "cirqliz.reexamine"
_AGAIN_AFTER: Final = timedelta(minutes=5)
PAGE: Final = 500
_ACTOR: Final = system_actor("reexamination")


def ask_for_due_work(clock: Clock = SYSTEM_CLOCK) -> int:
    """Ask for a look at the decisions of each territory whose rules or perimeters changed; return how many. Cheap."""
    return sum(_ask(territory.id, clock) for territory in list_territories())


def _ask(territory_id: UUID, clock: Clock) -> bool:
    if session().scalar(_living(territory_id, clock).with_only_columns(AccessRequest.id).limit(1)) is None:
        return False
    of_territory = {"territory_id": str(territory_id)}
    rules = "".join(str(view.id) for view in list_rules(territory_id))
    digest = hashlib.sha256(rules.encode()).hexdigest()[:16]
    seen = {**of_territory, "rules": digest, "perimeters": perimeters_version(territory_id)}
    last, same = latest_job(REEXAMINE, of_territory), latest_job(REEXAMINE, seen)
    if last is not None and same is not None and last.id == same.id:
        failed = last.state is JobState.FAILED
        # One that has just failed would fail again at once.
        if not failed or clock.now() - last.created_at < _AGAIN_AFTER:
            return False
    if any(args["territory_id"] == str(territory_id) for args in waiting_args(REEXAMINE)):
        return False
    enqueue(REEXAMINE, seen)
    return True


def _living(territory_id: UUID, clock: Clock) -> Select[AccessRequest]:
    """Requests whose window is not over and whose answer rests on perimeters or rules.

    Approved ones the rules were asked about, and those for which no pass was needed.
    """
    asked = select(AutomaticDecision.id).where(AutomaticDecision.request_id == AccessRequest.id).exists()
    approved = AccessRequest.state.in_([RequestState.APPROVED, RequestState.PARTLY_APPROVED]) & asked
    return select(AccessRequest).where(
        AccessRequest.territory_id == territory_id,
        approved | (AccessRequest.state == RequestState.NOT_NEEDED),
        AccessRequest.ends_at > clock.now(),
    )


@dataclass(slots=True)
class Told:
    """The hours that changed, by company and perimeter: the numbers of the requests concerned."""

    by_company: dict[UUID, dict[str, list[str]]] = field(default_factory=dict)

    def add(self, request: AccessRequest, perimeters: Sequence[Mapping[str, Any]]) -> None:
        """Note that perimeters of a request have other hours."""
        for one in perimeters:
            of_company = self.by_company.setdefault(request.company_id, {})
            of_company.setdefault(str(one["name"]), []).append(request.number)


@task(REEXAMINE, timeout_s=600)
def reexamine(job: RunningJob, territory_id: str, after: str = "", **seen: str) -> None:
    """Ask the rules again about what they decided and what is still to come; open again what they would not repeat.

    One page of requests; a next job goes on after it. seen: what was in force when this was asked for; the look itself
    reads what is in force now.
    """
    place = UUID(territory_id)
    page, last = find_moved(place, UUID(after) if after else None)
    with job.finish() as uow:
        judge_again(uow, place, page)
        if last is not None:
            enqueue(REEXAMINE, {"territory_id": territory_id, "after": str(last), **seen})


def find_moved(
    territory_id: UUID, after: UUID | None = None, *, size: int = PAGE, clock: Clock = SYSTEM_CLOCK
) -> tuple[Sequence[UUID], UUID | None]:
    """Return, of the next requests by id, those that rest on other perimeters or rules than now, and where to go on.

    The second value is None at the end.
    """
    rules = [str(view.id) for view in list_rules(territory_id)]
    wanted = _living(territory_id, clock).order_by(AccessRequest.id).limit(size)
    if after is not None:
        wanted = wanted.where(AccessRequest.id > after)
    page = session().scalars(wanted).all()
    kept = last_answers([request.id for request in page])
    law = law_snapshot(territory_id)
    moved = [request.id for request in page if _moved(law, request, kept.get(request.id), rules)]
    return moved, page[-1].id if len(page) == size else None


def _moved(law: LawSnapshot, request: AccessRequest, kept: AutomaticDecision | None, rules: Sequence[str]) -> bool:
    now = perimeter_facts(law, request)
    if kept is None or request.state is RequestState.NOT_NEEDED:
        return bool(now)
    return kept.facts["perimeters"] != now or (decided_by_rule(request) and kept.facts["rules"] != rules)


def judge_again(
    uow: UnitOfWork, territory_id: UUID, request_ids: Sequence[UUID], *, clock: Clock = SYSTEM_CLOCK
) -> int:
    """Ask the rules again about these requests, in the running unit of work; return how many were opened again.

    Other perimeters are kept as another answer, so that the next change is compared with it. The fleets are held too:
    the rules read vehicles as they are, and those who change a fleet come before or after.
    """
    held = load_requests(uow, territory_id, request_ids)
    # Some may have ended, or been answered otherwise, since they were found.
    wanted = _living(territory_id, clock).where(AccessRequest.id.in_(list(request_ids)))
    living = set(uow.session.scalars(wanted.with_only_columns(AccessRequest.id)))
    rules = [view.rule for view in list_rules(territory_id)]
    told, opened = Told(), 0
    for request in (one for one in held if one.id in living):
        if request.state is RequestState.NOT_NEEDED:
            opened += need_after_all(uow, request, _ACTOR, clock)
            continue
        kept = last_answers([request.id])[request.id]
        facts = facts_of(request)
        proposal = answer(rules, facts)
        cause = _cause(request, kept, rules, facts, proposal)
        hours = other_hours(kept.facts["perimeters"], facts["perimeters"])
        if cause is not None or kept.facts["perimeters"] != facts["perimeters"]:
            keep_answer(uow, request, rules, facts, proposal, sampled=kept.sampled, clock=clock)
        if cause is not None:
            text = _why(cause, kept.facts["perimeters"], facts["perimeters"])
            opened += open_reexamination(uow, request, cause, text, _ACTOR, clock=clock)
        else:
            told.add(request, hours)
    for company_id, perimeters in told.by_company.items():
        lines = [ChangedHours(name, tuple(numbers)) for name, numbers in perimeters.items()]
        mail_hours_changed(company_id, lines)
    return opened


def _why(cause: ReexaminationCause, before: Sequence[Mapping[str, Any]], now: Sequence[Mapping[str, Any]]) -> str:
    """Return what clerks read beside the cause, in French as the rest of the journal: the perimeters that changed."""
    if cause is not ReexaminationCause.CALENDAR_CHANGED:
        return ""
    known = {one["id"]: one for one in before}
    changed = [one for one in now if not same_access([known.get(one["id"], {})], [one])]
    with force_locale("fr"):
        return "\n".join(perimeter_change(known.get(one["id"]), one) for one in changed)


def _cause(
    request: AccessRequest, kept: AutomaticDecision, rules: Sequence[Rule], facts: Mapping[str, Any], now: Proposal
) -> ReexaminationCause | None:
    """Return why a decision of a rule must be looked at again, None when it would be the same or was a person's."""
    if not decided_by_rule(request) or now.outcome is RuleOutcome.APPROVE:
        return None
    if answer(rules, kept.facts).outcome is not RuleOutcome.APPROVE:
        return ReexaminationCause.RULE_CHANGED
    if not same_access(kept.facts["perimeters"], facts["perimeters"]):
        return ReexaminationCause.CALENDAR_CHANGED
    # Neither the rules nor the perimeters: the company or a vehicle changed, which has consequences of its own.
    return None
