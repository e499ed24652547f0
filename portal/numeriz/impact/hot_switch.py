"""Lifting, activating and resuming an order of the territory at once; each is a version of the order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from itertools import batched
from typing import Any, Final
from uuid import UUID

from sqlalchemy import and_, func, or_, select

from portal.common.actor import Actor
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.errors import Conflict, Invalid
from portal.common.text import fold
from portal.db import session, unit_of_work
from portal.numeriz.codec import period_from_json
from portal.numeriz.impact.confirming import last_end_alone
from portal.numeriz.impact.switching import activated, lifted, resumed
from portal.numeriz.law.memory import lock_law
from portal.numeriz.models import MeasureRow, OrderVersion, TrafficOrder
from portal.numeriz.ports import neighbours
from portal.numeriz.values import NUMERIZ, Category, OrderChange, OrderDraft, OrderStatus
from portal.numeriz.writing import VersionView, current_order, store_version, versions_of
from portal.numeriz.writing.versions import SWITCHED, SWITCHES
from portal.regulations.calendars import LocalCalendar
from portal.regulations.schedules import Interval, as_utc, merge
from portal.territories.api import TerritoryView

MOST_LISTED: Final = 200
REASON_LENGTH: Final = 200
_BATCH: Final = 400
_MIDNIGHT: Final = time(0)


class Lasting(StrEnum):
    """Until when a switch holds, as a phone offers it."""

    HOUR = "1h"
    TWO_HOURS = "2h"
    FOUR_HOURS = "4h"
    TONIGHT = "minuit"
    TOMORROW = "demain"
    ON = "suite"
    """Until somebody says otherwise; only for lifting."""


_HOURS: Final = {Lasting.HOUR: 1, Lasting.TWO_HOURS: 2, Lasting.FOUR_HOURS: 4}


@dataclass(frozen=True, slots=True)
class Switchable:
    """An order of the territory with what it does today. spans: when it is in force from midnight to midnight (UTC).

    until: when the span under way ends; None when none is, or when it lasts beyond tomorrow. next_at: when the next one
    begins, by tomorrow evening; None when one is under way. seen: number of the
    version in force (0: never changed here), to be sent back with the act. switched: how it was last switched, None
    when it holds as written; by, at, reason: of that switch.
    """

    order_id: UUID
    identifier: str
    title: str
    permanent: bool
    places: tuple[str, ...]
    active: bool
    until: datetime | None
    next_at: datetime | None
    spans: tuple[Interval, ...]
    seen: int
    switched: OrderChange | None = None
    by: str = ""
    at: datetime | None = None
    reason: str = ""


def list_switchable(
    territory: TerritoryView, calendar: LocalCalendar, now: datetime, text: str = "", order_id: UUID | None = None
) -> Sequence[Switchable]:
    """The territory's own published orders that say something today, or are switched.

    Those switched first, then those that are temporary, then those in force. text: words of the title or identifier,
    which also find those that say nothing today and are not over. order_id: this one alone, whenever it applies.
    """
    newest = _newest_versions(territory.id)
    switched = [key for key, row in newest.items() if row.change in SWITCHED]
    listed = select(TrafficOrder).where(
        TrafficOrder.territory_id == territory.id,
        TrafficOrder.source == NUMERIZ,
        TrafficOrder.status == OrderStatus.PUBLISHED,
        or_(
            TrafficOrder.ends_at.is_(None),
            TrafficOrder.ends_at > local_day(now, calendar).start,
            TrafficOrder.id.in_(switched),
        )
        if order_id is None
        else TrafficOrder.id == order_id,
    )
    orders = {
        row.id: row
        for row in session().scalars(listed.order_by(TrafficOrder.title, TrafficOrder.id))
        if fold(text) in fold(f"{row.title} {row.identifier}")
    }
    measures: dict[UUID, list[Mapping[str, Any]]] = {key: [] for key in orders}
    for some in batched(orders, _BATCH):
        documents = select(MeasureRow.order_id, MeasureRow.document).where(MeasureRow.order_id.in_(some))
        for row in session().execute(documents.order_by(MeasureRow.order_id, MeasureRow.position)):
            measures[row.order_id].append(row.document)
    found = (_switchable(row, measures[key], newest.get(key), calendar, now) for key, row in orders.items())
    asked = bool(text) or order_id is not None
    kept = [one for one in found if asked or one.spans or one.switched is not None]
    return sorted(kept, key=lambda one: (one.switched is None, one.permanent, not one.active))[:MOST_LISTED]


@dataclass(frozen=True, slots=True)
class _Newest:
    """The newest version of an order, without its document."""

    number: int
    change: OrderChange
    actor_name: str
    at: datetime
    reason: str


def _newest_versions(territory_id: UUID) -> Mapping[UUID, _Newest]:
    """The newest version of each published order that was changed here."""
    numbers = (
        select(OrderVersion.order_id, func.max(OrderVersion.number).label("number"))
        .join(TrafficOrder, TrafficOrder.id == OrderVersion.order_id)
        .where(TrafficOrder.territory_id == territory_id, TrafficOrder.status == OrderStatus.PUBLISHED)
        .group_by(OrderVersion.order_id)
        .subquery()
    )
    columns = (
        OrderVersion.order_id,
        OrderVersion.number,
        OrderVersion.change,
        OrderVersion.actor_name,
        OrderVersion.at,
        OrderVersion.reason,
    )
    same = and_(OrderVersion.order_id == numbers.c.order_id, OrderVersion.number == numbers.c.number)
    rows = session().execute(select(*columns).join(numbers, same))
    return {row.order_id: _Newest(row.number, row.change, row.actor_name, row.at, row.reason) for row in rows}


def _switchable(
    row: TrafficOrder,
    measures: Sequence[Mapping[str, Any]],
    newest: _Newest | None,
    calendar: LocalCalendar,
    now: datetime,
) -> Switchable:
    today = local_day(now, calendar)
    around = Interval(today.start, today.end + timedelta(days=1))
    periods = [period_from_json(period) for document in measures for period in document["periods"]]
    spans = merge(span for period in periods for span in period.active_intervals(around, calendar))
    under_way = next((span for span in spans if span.contains(now)), None)
    switch = newest if newest is not None and newest.change in SWITCHED else None
    labels = (place["label"] for document in measures for place in document["locations"])
    return Switchable(
        order_id=row.id,
        identifier=row.identifier,
        title=row.title,
        permanent=row.category is Category.PERMANENT,
        places=tuple(dict.fromkeys(label for label in labels if label)),
        active=under_way is not None,
        next_at=None if under_way is not None else next((span.start for span in spans if span.start > now), None),
        until=under_way.end if under_way is not None and under_way.end < around.end else None,
        spans=tuple(span for span in spans if span.start < today.end),
        seen=newest.number if newest is not None else 0,
        switched=switch.change if switch is not None else None,
        by=switch.actor_name if switch is not None else "",
        at=switch.at if switch is not None else None,
        reason=switch.reason if switch is not None else "",
    )


def switch_order(
    actor: Actor,
    territory: TerritoryView,
    order_id: UUID,
    change: OrderChange,
    *,
    until: datetime | None = None,
    seen: int,
    reason: str = "",
    clock: Clock = SYSTEM_CLOCK,
) -> int:
    """Lift, activate or resume an order from the present minute on; return the number of its new version.

    until: the end of it; None: for good, which an activation may not be. seen: the version that the person saw.
    Everything that follows from a version follows, and the tours that it touches are looked at at once. An activation
    whose effects nobody studied waits for a second person, see `confirming`. Raises
    NotFound(`order-not-found`), Conflict(`not-ours`, `order-withdrawn`, `order-changed`, `not-switched`),
    Invalid(`until-missing`, `until-over`, `too-long-alone`, `reason-too-long`).
    """
    why = reason.strip()
    # Maps and clocks show whole minutes: what is lifted now is open for whoever looks at this minute.
    now = clock.now().replace(second=0, microsecond=0)
    if len(why) > REASON_LENGTH:
        raise Invalid("reason-too-long", "reason", most=REASON_LENGTH)
    if until is not None and until <= clock.now():
        raise Invalid("until-over", "until")
    with unit_of_work() as uow:
        lock_law(uow, territory.id)
        order = current_order(territory.id, order_id)
        if order.source != NUMERIZ:
            raise Conflict("not-ours")
        versions = versions_of(order_id)
        if (versions[0].number if versions else 0) != seen:
            raise Conflict("order-changed", author=versions[0].actor_name if versions else "")
        draft = _switched(order, versions, change, now, until)
        limit = last_end_alone(order, versions, clock.now()) if change is OrderChange.ACTIVATED else None
        if limit is not None and until is not None and until > limit:
            raise Invalid("too-long-alone", "until")
        number = store_version(
            uow, territory.id, order_id, change, draft, actor, why, awaits=limit is not None, clock=clock
        )
        asked = neighbours()
        for follow in () if asked is None else asked.follow_change:
            follow(territory.id)
        return number


def _switched(
    order: OrderDraft, versions: Iterable[VersionView], change: OrderChange, now: datetime, until: datetime | None
) -> OrderDraft:
    match change:
        case OrderChange.LIFTED:
            return lifted(order, now, until)
        case OrderChange.ACTIVATED:
            if until is None:
                raise Invalid("until-missing", "until")
            return activated(order, now, until)
        case OrderChange.RESUMED:
            written = next((one.order for one in versions if one.change not in SWITCHES), None)
            if written is None:
                raise Conflict("not-switched")
            return resumed(order, written, now)
        case _:
            raise ValueError(f"not a switch: {change}")


def local_day(now: datetime, calendar: LocalCalendar) -> Interval:
    """The local day of an instant."""
    return Interval(_midnight(now, calendar, 0), _midnight(now, calendar, 1))


def instant_of(lasting: Lasting, now: datetime, calendar: LocalCalendar) -> datetime | None:
    """The end of a switch that begins now; None for one without an end."""
    if lasting is Lasting.ON:
        return None
    if lasting in _HOURS:
        return as_utc(now) + timedelta(hours=_HOURS[lasting])
    return _midnight(now, calendar, 1 if lasting is Lasting.TONIGHT else 2)


def _midnight(now: datetime, calendar: LocalCalendar, days: int) -> datetime:
    day = now.astimezone(calendar.zone).date() + timedelta(days=days)
    return datetime.combine(day, _MIDNIGHT, calendar.zone)
