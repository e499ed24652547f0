"""When the rules or the perimeters change, what rests on them is looked at again; holders learn of new hours."""

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
from portal.cirqliz.reexamination.messages import fewer_hours, listed
from portal.cirqliz.reexamination.needed import need_after_all
from portal.cirqliz.reexamination.policies import asks_less, other_hours, same_access
from portal.cirqliz.reexamination.refusals import find_relieved, said_perimeters
from portal.cirqliz.reexamination.services import open_reexamination
from portal.cirqliz.requests.live import find_outgrown, refresh_perimeters, says_otherwise
from portal.cirqliz.rules.conditions import Proposal, Rule, answer
from portal.cirqliz.rules.engine import keep_answer
from portal.cirqliz.rules.facts import facts_of, perimeter_facts, rule_ids
from portal.cirqliz.rules.messages import perimeter_change
from portal.cirqliz.rules.queries import all_answers, list_rules, rules_named
from portal.cirqliz.states import (
    DECIDABLE_STATES,
    DECIDED_STATES,
    ReexaminationCause,
    RequestState,
    RuleOutcome,
    VehicleDecision,
)
from portal.common.actor import system_actor
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.db import UnitOfWork, session
from portal.jobs import JobState, RunningJob, enqueue, latest_job, task
from portal.jobs.waiting import waiting_args
from portal.numeriz.api import law_snapshot, perimeters_version
from portal.regulations.schedules import Interval
from portal.regulations.snapshot import LawSnapshot
from portal.territories.api import list_territories

REEXAMINE = "cirqliz.reexamine"
_AGAIN_AFTER: Final = timedelta(minutes=5)
PAGE: Final = 500
_ACTOR: Final = system_actor("reexamination")
_LOOKED_AT: Final = DECIDABLE_STATES | DECIDED_STATES | {RequestState.NOT_NEEDED}


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
    """Requests whose window is not over and whose answer, given or to be given, rests on perimeters or rules.

    Those that were answered, those that a clerk may answer, and those for which no pass was needed.
    """
    return select(AccessRequest).where(
        AccessRequest.territory_id == territory_id,
        AccessRequest.state.in_(_LOOKED_AT),
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
    """Look again at what was decided and what is still to come; open again what would not be decided so now.

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
    answers = all_answers([request.id for request in page])
    law = law_snapshot(territory_id)
    outgrown = find_outgrown(law, page, clock)
    moved = [
        request.id
        for request in page
        if request.id in outgrown or _moved(law, request, answers.get(request.id, ()), rules, clock)
    ]
    return moved, page[-1].id if len(page) == size else None


def _moved(
    law: LawSnapshot, request: AccessRequest, answers: Sequence[AutomaticDecision], rules: Sequence[str], clock: Clock
) -> bool:
    if request.state is RequestState.NOT_NEEDED:
        return bool(perimeter_facts(law, request))
    if request.state.open and says_otherwise(law, request):
        return True
    if find_relieved(law, request, answers, clock):
        return True
    kept = answers[-1] if answers else None
    if kept is None or not (request.state.open or _holds(request)):
        return False
    other_rules: bool = decided_by_rule(request) and kept.facts["rules"] != rules
    return other_rules or _reads_otherwise(law, request, kept)


def _reads_otherwise(law: LawSnapshot, request: AccessRequest, kept: AutomaticDecision) -> bool:
    """Tell whether the perimeters of a request are not what was read of them last, hours included."""
    other: bool = kept.facts["perimeters"] != perimeter_facts(law, request)
    return other


def _holds(request: AccessRequest) -> bool:
    """Tell whether some vehicle of a request is approved; others of it may wait."""
    return any(vehicle.decision is VehicleDecision.APPROVED for vehicle in request.vehicles)


def judge_again(
    uow: UnitOfWork, territory_id: UUID, request_ids: Sequence[UUID], *, clock: Clock = SYSTEM_CLOCK
) -> int:
    """Look again at these requests, in the running unit of work; return how many were opened again.

    One that may be answered says from now on what its perimeters ask. One whose passes open less than that is opened
    again, whoever decided; so is what the rules would not approve again, and what was refused for perimeters that ask
    less now. Other perimeters are kept as another answer, so that the next change is compared with it. The fleets are
    held too: the rules read vehicles as they are, and those who change a fleet come before or after.
    """
    law = law_snapshot(territory_id)
    held = load_requests(uow, territory_id, request_ids)
    # Some may have ended, or been answered otherwise, since they were found.
    wanted = _living(territory_id, clock).where(AccessRequest.id.in_(list(request_ids)))
    living = set(uow.session.scalars(wanted.with_only_columns(AccessRequest.id)))
    requests = [one for one in held if one.id in living]
    rules = [view.rule for view in list_rules(territory_id)]
    outgrown = find_outgrown(law, requests, clock)
    answers = all_answers([request.id for request in requests])
    told, opened = Told(), 0
    for request in requests:
        read = answers.get(request.id, ())
        kept = read[-1] if read else None
        otherwise = outgrown.get(request.id, set()) | find_relieved(law, request, read, clock)
        if request.state is RequestState.NOT_NEEDED:
            opened += need_after_all(uow, request, _ACTOR, clock)
        elif otherwise or _holds(request):
            opened += _judge(uow, request, kept, rules, otherwise, told, clock)
        elif request.state.open:
            says_more = refresh_perimeters(request)
            if kept is not None and (says_more or _reads_otherwise(law, request, kept)):
                _propose_again(uow, request, kept, clock)
    for company_id, perimeters in told.by_company.items():
        lines = [ChangedHours(name, tuple(numbers)) for name, numbers in perimeters.items()]
        mail_hours_changed(company_id, lines)
    return opened


def _judge(
    uow: UnitOfWork,
    request: AccessRequest,
    kept: AutomaticDecision | None,
    rules: Sequence[Rule],
    otherwise: set[UUID],
    told: Told,
    clock: Clock,
) -> bool:
    """Look at a request with answered vehicles.

    otherwise: those approved whose pass opens less than is asked now, and those refused for more than that.
    """
    facts = facts_of(request)
    proposal = answer(rules, facts)
    cause = None if kept is None else _ruled_out(request, kept, rules, facts, proposal)
    # What rules approved comes back whole, and is compared with what they read; else with what the request says.
    concerned = otherwise if cause is None else None
    before = said_perimeters(request, kept) if cause is None or kept is None else kept.facts["perimeters"]
    if cause is None and otherwise:
        cause = ReexaminationCause.CALENDAR_CHANGED
    if cause is not None or request.state.open:
        refresh_perimeters(request)
    if kept is not None and (cause is not None or kept.facts["perimeters"] != facts["perimeters"]):
        keep_answer(uow, request, rules, facts, proposal, sampled=kept.sampled, clock=clock)
    if cause is not None:
        window = Interval(request.starts_at, request.ends_at)
        text = _why(cause, before, facts["perimeters"], window)
        return open_reexamination(uow, request, cause, text, _ACTOR, clock=clock, vehicle_ids=concerned)
    if kept is not None:
        told.add(request, other_hours(kept.facts["perimeters"], facts["perimeters"]))
    return False


def _propose_again(uow: UnitOfWork, request: AccessRequest, kept: AutomaticDecision, clock: Clock) -> None:
    """Show at the desk what the rules say of a request that waits, now that it asks something else.

    The same versions of the rules: whether newer ones answer to what waits already is for the supervisor to say.
    """
    rules, facts = rules_named(request.territory_id, rule_ids(kept.facts)), facts_of(request)
    keep_answer(uow, request, rules, facts, answer(rules, facts), sampled=kept.sampled, clock=clock)


def _why(
    cause: ReexaminationCause, before: Sequence[Mapping[str, Any]], now: Sequence[Mapping[str, Any]], window: Interval
) -> str:
    """Return what clerks read beside the cause, in French as the rest of the journal: the perimeters that changed."""
    if cause is not ReexaminationCause.CALENDAR_CHANGED:
        return ""
    known = {one["id"]: one for one in before}
    lines = []
    with force_locale("fr"):
        for one in now:
            was = known.get(one["id"])
            if was is None or not same_access([was], [one]):
                lines.append(perimeter_change(was, one))
            elif asks_less(was, one, window):
                lines.append(fewer_hours(one["name"]))
        return listed(lines, "\n")


def _ruled_out(
    request: AccessRequest, kept: AutomaticDecision, rules: Sequence[Rule], facts: Mapping[str, Any], now: Proposal
) -> ReexaminationCause | None:
    """Return why what a rule approved must be looked at again, None when it would be the same or was a person's."""
    if not decided_by_rule(request) or now.outcome is RuleOutcome.APPROVE:
        return None
    if answer(rules, kept.facts).outcome is not RuleOutcome.APPROVE:
        return ReexaminationCause.RULE_CHANGED
    if not same_access(kept.facts["perimeters"], facts["perimeters"]):
        return ReexaminationCause.CALENDAR_CHANGED
    # Neither the rules nor the perimeters: the company or a vehicle changed, which has consequences of its own.
    return None
