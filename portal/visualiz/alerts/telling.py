"""Telling followers what is new in their area: found by a job, mailed once, and not too often.

The mail's row, what is now known as told, and the end of the job are written in one transaction: a run that dies before
it has told nobody, a run that dies after it has told all, and the next one finds nothing new.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import shapely
from sqlalchemy import Select, or_, select

from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.db import session, unit_of_work
from portal.jobs import JobState, enqueue, latest_job
from portal.mail import send_mail
from portal.numeriz.api import law_snapshot, law_version
from portal.regulations.snapshot import LawSnapshot
from portal.territories.api import TerritoryView, get_territory_by_id, list_territories
from portal.visualiz.alerts.links import digest, token_of
from portal.visualiz.alerts.mails import Letter, letter_of
from portal.visualiz.alerts.models import AlertSubscription
from portal.visualiz.alerts.news import Almanac, Coming, changed_since, fresh_of
from portal.visualiz.alerts.services import looked_key

TELL: Final = "visualiz.tell_alerts"
QUIET: Final = timedelta(minutes=30)
"""One alert has one mail in that time at most; the next tells all that came meanwhile, and not what came and went."""
LOOK_EVERY: Final = timedelta(seconds=30)
"""Live events change the law all the time: a territory is looked at no more often."""
MOST_LOOKED_AT: Final = 500
"""How many alerts one job looks at; the rest waits for the next."""
_FAILED_FOR: Final = timedelta(minutes=5)
_REMEMBERED: Final = 300
"""Digests kept of what no longer applies: what is withdrawn and comes back the same is no news."""

_last_looks: dict[UUID, tuple[str, LawSnapshot]] = {}
"""By territory, what this process compared alerts with last: the key, and the very law it stands for."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a look found for one alert. seen: what had been looked at before it. letter: None when nothing is new."""

    subscription_id: UUID
    seen: str
    told: list[str]
    letter: Letter | None


@dataclass(frozen=True, slots=True)
class Looked:
    """A look at the alerts of a territory. key: the law and the day it was made on."""

    key: str
    at: datetime
    findings: Sequence[Finding]


def ask_for_due_alerts(clock: Clock = SYSTEM_CLOCK) -> int:
    """Ask for a look at the alerts of each territory where one is due; return how many. Cheap."""
    return sum(_ask_look(territory, clock) for territory in list_territories())


def _ask_look(territory: TerritoryView, clock: Clock) -> bool:
    now = clock.now()
    due = _due(territory.id, _key(territory, now), now).with_only_columns(AlertSubscription.id)
    if session().scalar(due.limit(1)) is None:
        return False
    args = {"territory_id": str(territory.id)}
    last = latest_job(TELL, args)
    if last is not None and not last.state.ended:
        return False
    # One that failed would fail again at once.
    pause = _FAILED_FOR if last is not None and last.state is JobState.FAILED else LOOK_EVERY
    if last is not None and now - last.created_at < pause:
        return False
    with unit_of_work():
        enqueue(TELL, args)
    return True


def _key(territory: TerritoryView, now: datetime) -> str:
    return looked_key(law_version(territory.id), now, ZoneInfo(territory.timezone))


def _due(territory_id: UUID, key: str, now: datetime) -> Select[AlertSubscription]:
    """Confirmed alerts not yet compared with this law on this day, and not mailed lately."""
    return select(AlertSubscription).where(
        AlertSubscription.territory_id == territory_id,
        AlertSubscription.law_version != key,
        AlertSubscription.confirmed_at.is_not(None),
        or_(AlertSubscription.last_sent_at.is_(None), AlertSubscription.last_sent_at <= now - QUIET),
    )


def look(territory_id: UUID, *, clock: Clock = SYSTEM_CLOCK) -> Looked:
    """Find what is new for the due alerts of a territory, and write the letters. Stores nothing.

    An alert compared on this day with the law this process looked at last is asked about the changes since, alone.
    """
    territory, now = get_territory_by_id(territory_id), clock.now()
    # Read before the law itself: a change in between is looked at once more.
    key = _key(territory, now)
    law = law_snapshot(territory_id)
    is_exact = _key(territory, now) == key
    last_key, last_law = _last_looks.get(territory_id, ("", law))
    whole, changes = Almanac(law, now), Almanac(changed_since(law, last_law), now)
    findings = []
    due = _due(territory_id, key, now).order_by(AlertSubscription.created_at, AlertSubscription.id)
    for row in session().scalars(due.limit(MOST_LOOKED_AT)).all():
        is_followed = row.law_version == last_key and _day(last_key) == _day(key)
        coming = (changes if is_followed else whole).coming_in(shapely.from_wkb(row.wkb))
        fresh = fresh_of(coming, frozenset(row.told))
        told = _with_fresh(row.told, fresh) if is_followed else _with_present(row.told, coming)
        findings.append(Finding(row.id, row.law_version, told, letter_of(row, territory, fresh) if fresh else None))
    # Those that wait for the next job were compared with the law before.
    if is_exact and len(findings) < MOST_LOOKED_AT:
        _last_looks[territory_id] = key, law
    return Looked(key, now, findings)


def _with_present(told: list[str], coming: Sequence[Coming]) -> list[str]:
    """What was told with all that is to come; of what is no longer, the newest alone."""
    present = [mark for each in coming for mark in each.digests]
    known = set(present)
    return [*[mark for mark in told if mark not in known][-_REMEMBERED:], *present]


def _with_fresh(told: list[str], fresh: Sequence[Coming]) -> list[str]:
    known = set(told)
    return [*told, *(mark for each in fresh for mark in each.digests if mark not in known)]


def _day(key: str) -> str:
    return key.rpartition("@")[2]


def tell(looked: Looked) -> None:
    """Send the letters and keep what was told, in the running unit of work.

    An alert that was left meanwhile, or looked at by another run, is passed over.
    """
    with unit_of_work() as uow:
        for finding in looked.findings:
            row = uow.session.get(
                AlertSubscription, finding.subscription_id, populate_existing=True, with_for_update=True
            )
            if row is None or row.law_version != finding.seen:
                continue
            row.law_version, row.told = looked.key, finding.told
            if finding.letter is not None:
                letter = finding.letter
                send_mail(letter.recipient, letter.subject, letter.body, leave_url=letter.leave_url)
                row.last_sent_at = looked.at
                # The secret is made from the key of the installation: after a change of that key, this one counts.
                row.token_digest = digest(token_of(row.id))
