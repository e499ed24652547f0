"""What was looked at is what becomes law: events that move after a signature, orders amended while they are lifted."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from portal.common.actor import Actor, ActorKind, StaffRole
from portal.common.clock import SYSTEM_CLOCK
from portal.common.errors import Conflict
from portal.common.ids import new_id
from portal.numeriz.exports.edition import Place
from portal.numeriz.exports.rows import orders_of
from portal.numeriz.impact.hot_switch import switch_order
from portal.numeriz.impact.keeping import sign_work
from portal.numeriz.queries import page_orders
from portal.numeriz.values import Category, OrderChange
from portal.numeriz.writing import (
    amend_order,
    current_order,
    get_work,
    publish_work,
    start_from_order,
    start_work,
)
from portal.numeriz.writing.document import draft_of
from portal.numeriz.writing.following import orders_left_behind
from portal.numeriz.zones import edits
from portal.numeriz.zones.calendar import Session
from portal.numeriz.zones.plans import carry_out
from portal.numeriz.zones.queries import EventView, get_city_event
from portal.regulations.schedules import Period
from portal.territories.queries import TerritoryView
from tests.factories.accounts import make_staff, make_user
from tests.factories.law import TESTER, at, make_law, make_territory, measure_draft, order_draft
from tests.support.web import PageClient
from tests.support.written import judge, written, written_measure

EVENT = "Fête du canal"
SESSION = Session(at("2027-07-14T16:00"), at("2027-07-14T20:30"))
LATER = Session(at("2027-07-15T16:00"), at("2027-07-15T20:30"))
ALARMS = [{"code": "motorway", "params": {}}]


@pytest.fixture
def territory(app: Flask) -> TerritoryView:
    return make_territory()


def person() -> Actor:
    return Actor(ActorKind.USER, "Camille", user_id=make_user().id)


def make_event(territory: TerritoryView) -> EventView:
    plan = edits.plan_new_event(new_id(), edits.event_values(EVENT, [SESSION], 150, 60, {}))
    carry_out(TESTER, territory.id, plan)
    return get_city_event(territory.id, plan.event_id)


@pytest.mark.parametrize(
    ("sessions", "before_min", "after_min"), [([LATER], 150, 60), ([SESSION], 300, 60), ([SESSION], 150, 90)]
)
def test_an_order_is_looked_at_and_signed_again_when_its_event_moves(
    territory: TerritoryView, sessions: list[Session], before_min: int, after_min: int
) -> None:
    event, clerk, second = make_event(territory), person(), person()
    follows = written_measure(periods=[], event={"name": EVENT, "before_min": None, "after_min": None})
    work_id = start_work(clerk, territory.id, document=written(follows))
    judge(territory.id, work_id, ALARMS)
    seen = get_work(territory.id, work_id).digest
    sign_work(second, territory.id, work_id, seen)
    assert get_work(territory.id, work_id).is_signed
    moved = edits.event_values(EVENT, sessions, before_min, after_min, {})
    carry_out(TESTER, territory.id, edits.plan_event(territory.id, event, moved))
    now = get_work(territory.id, work_id)
    assert not now.is_judged and not now.is_signed
    with pytest.raises(Conflict) as told:
        publish_work(clerk, territory.id, work_id, 1)
    assert told.value.code == "impact-not-seen"
    with pytest.raises(Conflict) as told:
        sign_work(second, territory.id, work_id, seen)
    assert told.value.code == "work-changed"
    judge(territory.id, work_id, ALARMS)
    with pytest.raises(Conflict) as told:
        publish_work(clerk, territory.id, work_id, 1)
    assert told.value.code == "signature-missing"


def test_an_order_keeps_the_hours_it_was_published_with_when_its_event_moves(
    territory: TerritoryView, page_client: PageClient
) -> None:
    event, clerk = make_event(territory), person()
    follows = written_measure(periods=[], event={"name": EVENT, "before_min": None, "after_min": None})
    work_id = start_work(clerk, territory.id, document=written(follows))
    judge(territory.id, work_id)
    order_id = publish_work(clerk, territory.id, work_id, 1)
    assert orders_left_behind(territory, EVENT, SYSTEM_CLOCK.now()) == []
    was = current_order(territory.id, order_id).measures
    moved = edits.event_values(EVENT, [LATER], 150, 60, {})
    carry_out(TESTER, territory.id, edits.plan_event(territory.id, event, moved))
    assert current_order(territory.id, order_id).measures == was
    (told,) = orders_left_behind(territory, EVENT, SYSTEM_CLOCK.now())
    assert told.order_id == order_id
    assert orders_left_behind(territory, EVENT, at("2027-08-01T00:00")) == []
    user = make_user()
    make_staff(user, territory.slug, StaffRole.CLERK)
    page_client.sign_in(user.id)
    page = f"/territoires/{territory.slug}/numeriz/manifestations/{event.id}"
    assert page_client.get(page).select_one(f'.j-banner a[href$="{order_id}"]') is not None
    again = amend_order(clerk, territory.id, order_id)
    judge(territory.id, again)
    publish_work(clerk, territory.id, again, 1)
    assert orders_left_behind(territory, EVENT, SYSTEM_CLOCK.now()) == []


def stored(territory: TerritoryView, *measures: Period) -> UUID:
    """An order that was never changed here, with a measure for each period."""
    order = order_draft(*(measure_draft(periods=[period]) for period in measures))
    make_law(territory, orders=[replace(order, category=Category.TEMPORARY)])
    (line,) = page_orders(territory.id).items
    return line.id


@pytest.mark.parametrize("change", [OrderChange.LIFTED, OrderChange.ACTIVATED])
def test_an_amendment_starts_from_what_is_written_when_the_order_is_switched(
    territory: TerritoryView, change: OrderChange
) -> None:
    clerk = person()
    now = SYSTEM_CLOCK.now().replace(second=0, microsecond=0)
    period = Period(now - timedelta(days=1), now + timedelta(days=2))
    order_id = stored(territory, period)
    switch_order(clerk, territory, order_id, change, until=now + timedelta(hours=1), seen=0)
    for start in (amend_order, start_from_order):
        work = get_work(territory.id, start(clerk, territory.id, order_id))
        assert draft_of({**work.document, "identifier": "A-2"}, territory).measures[0].periods == (period,)


def test_open_data_leave_a_measure_out_when_it_was_lifted_before_it_began(territory: TerritoryView) -> None:
    now = SYSTEM_CLOCK.now().replace(second=0, microsecond=0)
    today = Period(now - timedelta(days=1), now + timedelta(days=2))
    tomorrow = Period(now + timedelta(days=1), now + timedelta(days=2))
    order_id = stored(territory, today, tomorrow)
    switch_order(person(), territory, order_id, OrderChange.LIFTED, seen=0)
    place = Place(territory.id, territory.slug, territory.name, ZoneInfo(territory.timezone), territory.holidays)
    shown = [measure.periods for order in orders_of(place, now) for _id, measure in order.measures]
    assert shown == [(Period(today.start, now),)]
