"""Telling a company what changes of the law did to its tours: one mail for all of them, and not too often.

A row whose answer has changed keeps, in `Route.changes`, the answer the company knows ("untold") until a mail is
written; "told_at" is the instant of the last mail that spoke of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, func, select

from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.db import session, unit_of_work
from portal.itineriz.basis import ends_at
from portal.itineriz.changes import changes_between, known_part
from portal.itineriz.mails import ChangedRoute, mail_changes
from portal.itineriz.models import Route, RouteStatus
from portal.jobs import JobState, enqueue, latest_job
from portal.jobs.waiting import waiting_args

RECOMPUTE = "itineriz.recompute_route"
TELL = "itineriz.tell_changes"
QUIET: Final = timedelta(minutes=30)
"""A company has one mail in that time at most. The next one tells the difference with what the last one told."""
LONGEST_WAIT: Final = timedelta(minutes=5)
"""How long a mail waits for the other tours of the company that the same change touches."""
_FAILED_FOR: Final = timedelta(minutes=5)
_LONGEST_TOUR: Final = timedelta(days=2)

type Answer = tuple[RouteStatus, Mapping[str, Any]]


def keep_changes(row: Route, before: Answer, changes: Mapping[str, Any], clock: Clock = SYSTEM_CLOCK) -> None:
    """Write on a row what its new answer changes of the one before, and ask for the mail that tells it.

    No mail is written about a variant. In the running unit of work.
    """
    kept = row.changes or {}
    values = dict(changes)
    if "told_at" in kept:
        values["told_at"] = kept["told_at"]
    if row.company_id is not None and row.compared_with is None:
        status, result = before
        known = {"since": changes["at"], "status": status.value, "result": known_part(result)}
        values["untold"] = kept.get("untold", known)
        ask_for_mail(row.company_id, clock)
    row.changes = values


def ask_for_mail(company_id: UUID, clock: Clock = SYSTEM_CLOCK) -> None:
    """Ask for the mail of a company, in the running unit of work, unless it is asked for."""
    args = {"company_id": str(company_id)}
    last = latest_job(TELL, args)
    if last is not None and not last.state.ended:
        return
    if last is not None and last.state is JobState.FAILED and clock.now() - last.created_at < _FAILED_FOR:
        # It would fail again at once.
        return
    enqueue(TELL, args)


def ask_for_due_mails(clock: Clock = SYSTEM_CLOCK) -> None:
    """Ask for the mails that were put off. Cheap."""
    recent = Route.depart_at > clock.now() - _LONGEST_TOUR
    companies = select(Route.company_id).where(_since().is_not(None), recent, Route.company_id.is_not(None)).distinct()
    for company_id in session().scalars(companies).all():
        assert company_id is not None
        if _is_due(company_id, clock.now()):
            ask_for_mail(company_id, clock)


def tell(company_id: UUID, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Write the mail of a company if it is due, in the running unit of work. What came and went is not told."""
    now = clock.now()
    with unit_of_work():
        rows = _untold(company_id)
        if not rows or not _is_due(company_id, now):
            return
        told = []
        for row in rows:
            kept = dict(row.changes or {})
            known = kept.pop("untold")
            before = RouteStatus(known["status"]), known["result"]
            changes = changes_between(before, (row.status, row.result or {}), now, row.law_version or "")
            if changes is not None and ends_at(row.depart_at, row.result or {}) > now:
                told.append(ChangedRoute.of(row, changes))
                kept["told_at"] = now.isoformat()
            row.changes = kept
        if told:
            mail_changes(company_id, told)


def _untold(company_id: UUID) -> Sequence[Route]:
    """The rows with news. Those that a person has asked for again have none before they are answered."""
    waiting = Route.status.in_([status for status in RouteStatus if status.waiting])
    found = select(Route).where(Route.company_id == company_id, _since().is_not(None), ~waiting)
    locked = found.order_by(Route.depart_at, Route.id).with_for_update().execution_options(populate_existing=True)
    return session().scalars(locked).all()


def _is_due(company_id: UUID, now: datetime) -> bool:
    """True when the company had no mail lately, and nothing more is expected or it was waited for long enough."""
    last = func.max(Route.changes["told_at"].as_string())
    lately = Route.depart_at > now - _LONGEST_TOUR - QUIET
    told_at, since = (
        session().execute(select(last, func.min(_since())).where(Route.company_id == company_id, lately)).one()
    )
    if since is None or (told_at is not None and datetime.fromisoformat(told_at) > now - QUIET):
        return False
    expected = any(args.get("company_id") == str(company_id) for args in waiting_args(RECOMPUTE))
    return not expected or datetime.fromisoformat(since) <= now - LONGEST_WAIT


def _since() -> ColumnElement[str]:
    """When the oldest change that the company does not know was found; None when it knows all."""
    since: ColumnElement[str] = Route.changes[("untold", "since")].as_string()
    return since
