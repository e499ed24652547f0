"""Asking for an alert, confirming it from the mail, leaving it. Nobody has an account: the link in the mail is the key.

Whoever asks is told the same whatever the portal knows of the address, so that nobody learns who follows what.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Uuid, column, delete, func, select, table

from portal.accounts.api import email_address
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.errors import NotFound
from portal.common.ids import new_id
from portal.db import session, unit_of_work
from portal.numeriz.api import law_of, law_version
from portal.territories.api import TerritoryView
from portal.visualiz.alerts.areas import Area
from portal.visualiz.alerts.links import digest, token_of
from portal.visualiz.alerts.mails import mail_question
from portal.visualiz.alerts.models import AlertSubscription
from portal.visualiz.alerts.news import Coming, coming_in

KEPT_UNCONFIRMED: Final = timedelta(days=7)
MOST_QUESTIONS: Final = 3
"""Mails that one address gets in a day from people who may not be its owner."""
MOST_FOLLOWED: Final = 30
"""Alerts of one address in one territory."""
_A_DAY: Final = timedelta(days=1)
_territories = table("territory", column("id", Uuid()))


@dataclass(frozen=True, slots=True)
class SubscriptionView:
    """One subscription, as its own page shows it."""

    id: UUID
    email: str
    label: str
    shape: BaseGeometry
    confirmed_at: datetime | None


def ask_alert(territory: TerritoryView, email: str, area: Area, language: str, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Keep a subscription and mail the question that confirms it. Raises Invalid("email-format").

    Nothing is kept or sent, and nothing said, when the address was asked too often today or follows enough.
    """
    address, now = email_address(email), clock.now()
    with unit_of_work() as uow:
        # Two who ask at once for one address must not both find room: one waits here for the other, whatever territory
        # it asks in. Rows that only refer to a territory are written meanwhile.
        uow.session.execute(select(_territories.c.id).order_by(_territories.c.id).with_for_update(key_share=True))
        unanswered = func.count().filter(
            AlertSubscription.confirmed_at.is_(None), AlertSubscription.created_at > now - _A_DAY
        )
        followed = func.count().filter(
            AlertSubscription.confirmed_at.is_not(None), AlertSubscription.territory_id == territory.id
        )
        counts = select(unanswered, followed).where(AlertSubscription.email == address)
        asked, known = uow.session.execute(counts).one()
        if asked >= MOST_QUESTIONS or known >= MOST_FOLLOWED:
            return
        row = AlertSubscription(
            id=(subscription_id := new_id()),
            territory_id=territory.id,
            email=address,
            language=language,
            label=area.label,
            wkb=shapely.to_wkb(area.shape),
            token_digest=digest(token_of(subscription_id)),
            told=[],
            law_version="",
            created_at=now,
        )
        uow.session.add(row)
        mail_question(row, territory)


def confirm_alert(territory: TerritoryView, token: str, *, clock: Clock = SYSTEM_CLOCK) -> Sequence[Coming]:
    """Confirm a subscription; return what applies in its area already, which is not told by mail any more.

    An older subscription of the same address to the same area is replaced. Confirming twice changes nothing. Raises
    NotFound("alert-unknown").
    """
    now = clock.now()
    key = looked_key(law_version(territory.id), now, ZoneInfo(territory.timezone))
    view = get_subscription(territory, token)
    coming = coming_in(law_of(territory), view.shape, now)
    with unit_of_work() as uow:
        row = _row(territory, token, lock=True)
        if row.confirmed_at is None:
            row.confirmed_at, row.law_version = now, key
            row.told = [mark for each in coming for mark in each.digests]
            same = delete(AlertSubscription).where(
                AlertSubscription.id != row.id,
                AlertSubscription.territory_id == row.territory_id,
                AlertSubscription.email == row.email,
                AlertSubscription.wkb == row.wkb,
            )
            uow.session.execute(same)
    return coming


def leave_alert(territory: TerritoryView, token: str) -> None:
    """Forget a subscription with its address. Leaving twice is no fault."""
    with unit_of_work() as uow:
        mine = AlertSubscription.territory_id == territory.id, AlertSubscription.token_digest == digest(token)
        uow.session.execute(delete(AlertSubscription).where(*mine))


def get_subscription(territory: TerritoryView, token: str) -> SubscriptionView:
    """The subscription of a link. Raises NotFound("alert-unknown")."""
    row = _row(territory, token)
    return SubscriptionView(row.id, row.email, row.label, shapely.from_wkb(row.wkb), row.confirmed_at)


def erase_unconfirmed(clock: Clock = SYSTEM_CLOCK) -> int:
    """Erase what nobody confirmed in time; return how many. Cheap."""
    old = AlertSubscription.confirmed_at.is_(None), AlertSubscription.created_at < clock.now() - KEPT_UNCONFIRMED
    if session().scalar(select(AlertSubscription.id).where(*old).limit(1)) is None:
        return 0
    with unit_of_work() as uow:
        erased = uow.session.execute(delete(AlertSubscription).where(*old))
    return int(erased.rowcount)  # type: ignore[attr-defined]


def looked_key(version: str, now: datetime, zone: ZoneInfo) -> str:
    """What was looked at: a version of the law, on a day: each day brings one more day of what is to come."""
    return f"{version}@{now.astimezone(zone).date()}"


def _row(territory: TerritoryView, token: str, *, lock: bool = False) -> AlertSubscription:
    mine = select(AlertSubscription).where(
        AlertSubscription.territory_id == territory.id, AlertSubscription.token_digest == digest(token)
    )
    row = session().scalar(mine.with_for_update() if lock else mine)
    if row is None:
        raise NotFound("alert-unknown")
    return row
