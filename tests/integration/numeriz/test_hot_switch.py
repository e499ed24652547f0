"""The hot switch: a version of its own, which map, tours and open data follow at once."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import select

from portal.audit import AuditTag, list_entries
from portal.common.actor import Actor, ActorKind
from portal.common.clock import SYSTEM_CLOCK, FixedClock
from portal.common.errors import Conflict, Invalid, PortalError
from portal.common.ids import new_id
from portal.db import session
from portal.itineriz.models import Route
from portal.itineriz.services import CreateRoute, create_route
from portal.itineriz.trip import Stop
from portal.numeriz.exports.publishing import published_files
from portal.numeriz.impact.confirming import confirm_activation, list_unconfirmed
from portal.numeriz.impact.hot_switch import Lasting, instant_of, list_switchable, switch_order
from portal.numeriz.impact.keeping import sign_work
from portal.numeriz.law.memory import law_snapshot
from portal.numeriz.models import TrafficOrder
from portal.numeriz.services import store_orders
from portal.numeriz.values import OrderChange, OrderDraft, OrderStatus
from portal.numeriz.writing import (
    current_order,
    get_work,
    publish_work,
    start_work,
    versions_of,
    withdraw_order,
)
from portal.regulations.calendars import LocalCalendar
from portal.regulations.measures import MeasureType
from portal.regulations.schedules import Period
from portal.territories.queries import TerritoryView
from tests.factories.accounts import make_company, make_user
from tests.factories.law import TESTER, make_law, measure_draft, order_draft
from tests.factories.territories import make_territory
from tests.support.impact_town import at, build_town, make_town
from tests.support.query_count import counted_queries
from tests.support.written import judge, written

RunJobs = Callable[[Flask], int]
CALENDAR = LocalCalendar(ZoneInfo("Europe/Paris"))
NOW = datetime(2027, 3, 2, 9, tzinfo=CALENDAR.zone)
HOUR = timedelta(hours=1)
ALARM = {"code": "motorway", "params": {"metres": 120, "road": "A 99"}}


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_town(tmp_path_factory.mktemp("switch"))


def clerk() -> Actor:
    return Actor(ActorKind.USER, "Camille", user_id=make_user().id)


def ours(territory: TerritoryView, *periods: Period, kind: MeasureType = MeasureType.NO_ENTRY, **more: Any) -> UUID:
    make_law(territory, orders=[order_draft(measure_draft(kind, periods=list(periods)), identifier="A", **more)])
    return session().scalars(select(TrafficOrder.id).where(TrafficOrder.identifier == "A")).one()


def active(territory: TerritoryView, when: datetime) -> bool:
    law = law_snapshot(territory.id)
    periods = [period for measure in law.measures.values() for period in measure.periods]
    return any(period.is_active(when, law.calendar) for period in periods)


def test_each_switch_is_a_version_and_the_law_follows(database: Flask) -> None:
    territory, actor = make_territory(), clerk()
    order_id = ours(territory, Period(NOW - 24 * HOUR, NOW + 48 * HOUR), kind=MeasureType.NO_PARKING)
    written = current_order(territory.id, order_id)
    clock = FixedClock(NOW)
    number = switch_order(
        actor, territory, order_id, OrderChange.LIFTED, until=NOW + HOUR, seen=0, reason="Livraison", clock=clock
    )
    assert [active(territory, NOW + n * HOUR / 2) for n in (-1, 0, 1, 2)] == [True, False, False, True]
    clock = FixedClock(NOW + HOUR / 2)
    number = switch_order(
        actor, territory, order_id, OrderChange.ACTIVATED, until=NOW + 99 * HOUR, seen=number, clock=clock
    )
    assert [active(territory, NOW + n * HOUR) for n in (0.25, 0.5, 98, 99)] == [False, True, True, False]
    clock = FixedClock(NOW + 2 * HOUR)
    switch_order(actor, territory, order_id, OrderChange.RESUMED, seen=number, clock=clock)
    assert [active(territory, NOW + n * HOUR) for n in (0.25, 1, 47, 48)] == [False, True, True, False]
    versions = versions_of(order_id)
    assert [one.change.value for one in versions] == ["resumed", "activated", "lifted", "published"]
    assert versions[-1].order == written and versions[-2].reason == "Livraison"
    entries = list_entries(subject_id=order_id).items
    assert [entry.tag for entry in entries if entry.tag is AuditTag.ORDER_SWITCHED] == [AuditTag.ORDER_SWITCHED] * 3


def test_a_second_person_confirms_when_effects_were_not_studied(database: Flask) -> None:
    territory, actor, other = make_territory(), clerk(), clerk()
    order_id = ours(territory, Period(NOW - 48 * HOUR, NOW - HOUR))

    def activate(hours: float, seen: int, at: datetime = NOW) -> int:
        until = at + hours * HOUR
        clock = FixedClock(at)
        return switch_order(actor, territory, order_id, OrderChange.ACTIVATED, until=until, seen=seen, clock=clock)

    with pytest.raises(Invalid, match="too-long-alone"):
        activate(25, 0)
    number = activate(2, 0)
    assert active(territory, NOW + HOUR), "one tap is enough"
    assert [(one.order_id, one.own) for one in list_unconfirmed(actor, territory.id)] == [(order_id, True)]
    assert list_unconfirmed(other, make_territory().id) == []
    # Again and again is no way around: the hours of one person are counted from the first tap.
    later = NOW + 20 * HOUR
    with pytest.raises(Invalid, match="too-long-alone"):
        activate(5, number, later)
    with pytest.raises(Conflict, match="own-activation"):
        confirm_activation(actor, territory.id, order_id)
    confirm_activation(other, territory.id, order_id)
    assert versions_of(order_id)[0].signed_by_name == other.label and list_unconfirmed(other, territory.id) == []
    assert AuditTag.ORDER_SIGNED in [entry.tag for entry in list_entries(subject_id=order_id).items]
    with pytest.raises(Conflict, match="nothing-to-confirm"):
        confirm_activation(other, territory.id, order_id)
    activate(5, number, later)


def test_nobody_else_is_asked_when_the_order_was_judged_before_it_was_published(app: Flask) -> None:
    territory, author, second = make_territory(), clerk(), clerk()
    work_id = start_work(author, territory.id, document=written())
    judge(territory.id, work_id, [ALARM])
    sign_work(second, territory.id, work_id, get_work(territory.id, work_id).digest)
    order_id = publish_work(author, territory.id, work_id, 1)
    until = SYSTEM_CLOCK.now() + 40 * HOUR
    switch_order(author, territory, order_id, OrderChange.ACTIVATED, until=until, seen=1)
    assert list_unconfirmed(author, territory.id) == []


def _elsewhere(territory: TerritoryView) -> UUID:
    draft = order_draft(measure_draft(periods=[Period(NOW)]), identifier="B")
    store_orders(TESTER, territory.id, [OrderDraft(**{**_values(draft), "source": "dialog"})])
    return session().scalars(select(TrafficOrder.id).where(TrafficOrder.identifier == "B")).one()


def _values(draft: OrderDraft) -> dict[str, Any]:
    return {name: getattr(draft, name) for name in OrderDraft.__dataclass_fields__}


@pytest.mark.parametrize(
    ("change", "more", "code"),
    [
        pytest.param(OrderChange.LIFTED, {"seen": 3}, "order-changed", id="somebody was faster"),
        pytest.param(OrderChange.ACTIVATED, {}, "until-missing", id="for good"),
        pytest.param(OrderChange.LIFTED, {"until": NOW}, "until-over", id="already over"),
        pytest.param(OrderChange.LIFTED, {"reason": "x" * 201}, "reason-too-long", id="a long story"),
        pytest.param(OrderChange.RESUMED, {}, "not-switched", id="nothing to resume"),
        pytest.param(OrderChange.LIFTED, {"order": _elsewhere}, "not-ours", id="of another source"),
        pytest.param(OrderChange.LIFTED, {"order": lambda _territory: new_id()}, "order-not-found", id="unknown"),
    ],
)
def test_nothing_changes_when_a_switch_is_refused(
    app: Flask, change: OrderChange, more: dict[str, Any], code: str
) -> None:
    territory, actor = make_territory(), clerk()
    order_id = ours(territory, Period(NOW - HOUR))
    order_id = more["order"](territory) if "order" in more else order_id
    given = {"seen": 0, **{key: value for key, value in more.items() if key != "order"}}
    before = law_snapshot(territory.id).version
    with pytest.raises(PortalError) as told:
        switch_order(actor, territory, order_id, change, clock=FixedClock(NOW), **given)
    assert told.value.code == code
    assert law_snapshot(territory.id).version == before


def test_a_withdrawn_order_is_not_switched(app: Flask) -> None:
    territory, actor = make_territory(), clerk()
    order_id = ours(territory, Period(NOW - HOUR))
    number = withdraw_order(actor, territory.id, order_id, "Erreur")
    with pytest.raises(PortalError, match="order-withdrawn"):
        switch_order(actor, territory, order_id, OrderChange.LIFTED, seen=number, clock=FixedClock(NOW))


def test_the_orders_of_today_are_listed_with_their_hours(app: Flask) -> None:
    territory, actor = make_territory(), clerk()
    stranger = make_territory()
    drafts = {
        "now": [Period(NOW - HOUR, NOW + HOUR)],
        "tonight": [Period(NOW + 10 * HOUR, NOW + 12 * HOUR)],
        "tomorrow": [Period(NOW + 24 * HOUR)],
        "over": [Period(NOW - 99 * HOUR, NOW - 48 * HOUR)],
    }
    orders = [
        order_draft(measure_draft(periods=periods), identifier=name, title=f"Arrêté {name}")
        for name, periods in drafts.items()
    ]
    draft = order_draft(measure_draft(periods=drafts["now"]), identifier="brouillon", status=OrderStatus.DRAFT)
    make_law(territory, orders=[*orders, draft])
    make_law(stranger, orders=[order_draft(measure_draft(periods=drafts["now"]))])

    def listed(text: str = "") -> dict[str, Any]:
        return {one.identifier: one for one in list_switchable(territory, CALENDAR, NOW, text)}

    found = listed()
    assert set(found) == {"now", "tonight"}
    assert (found["now"].active, found["now"].until) == (True, NOW + HOUR)
    tonight = found["tonight"]
    assert (tonight.active, tonight.until, tonight.next_at) == (False, None, NOW + 10 * HOUR)
    assert [*listed("TONIGHT")] == ["tonight"] and not listed("ailleurs")
    assert set(listed("arrêté")) == {"now", "tonight", "tomorrow"}
    assert listed("tomorrow")["tomorrow"].spans == ()
    for name in drafts:
        order_id = session().scalars(select(TrafficOrder.id).where(TrafficOrder.identifier == name)).one()
        assert [one.identifier for one in list_switchable(territory, CALENDAR, NOW, order_id=order_id)] == [name]
    switch_order(actor, territory, found["now"].order_id, OrderChange.LIFTED, seen=0, clock=FixedClock(NOW))
    lifted = listed()["now"]
    assert (lifted.active, lifted.switched, lifted.by, lifted.seen) == (False, OrderChange.LIFTED, "Camille", 2)
    assert [one.identifier for one in list_switchable(territory, CALENDAR, NOW)] == ["now", "tonight"]
    with counted_queries() as few:
        listed()
    make_law(territory, orders=[order_draft(measure_draft(periods=drafts["now"])) for _ in range(5)])
    with counted_queries() as many:
        assert len(listed()) == 7
    assert len(many) == len(few)


def test_the_end_of_a_switch_is_on_the_local_clock() -> None:
    eve = datetime(2027, 3, 27, 22, 30, tzinfo=CALENDAR.zone)  # the night in which an hour is skipped
    ends = {one: instant_of(one, eve, CALENDAR) for one in Lasting}
    assert ends[Lasting.ON] is None
    assert ends[Lasting.FOUR_HOURS] == datetime(2027, 3, 28, 3, 30, tzinfo=CALENDAR.zone)
    assert ends[Lasting.TONIGHT] == datetime(2027, 3, 28, tzinfo=CALENDAR.zone)
    assert ends[Lasting.TOMORROW] == datetime(2027, 3, 29, tzinfo=CALENDAR.zone)


def test_tours_and_open_data_follow_when_a_closure_is_lifted(app: Flask, run_jobs: RunJobs, graph: Path) -> None:
    town, actor, now = make_town(graph), clerk(), SYSTEM_CLOCK.now()
    middle = measure_draft(line=(at(4, 4), at(12, 4)), periods=[Period(now - HOUR, now + 48 * HOUR)])
    make_law(town, orders=[order_draft(middle, identifier="A", title="Rue du milieu fermée")])
    order_id = session().scalars(select(TrafficOrder.id)).one()
    company = make_company()
    stops = (Stop(*at(2, 4), label="Départ"), Stop(*at(14, 4), label="Arrivée"))
    command = CreateRoute(town.id, company.id, stops, now + HOUR / 2, {"gvw_t": 3.5})
    asked_by = Actor(ActorKind.SYSTEM, "essai")
    route_id = create_route(asked_by, command)
    run_jobs(app)

    def driven_m() -> float:
        row = session().get(Route, route_id, populate_existing=True)
        assert row is not None and row.result is not None
        return float(row.result["distance_m"])

    around_m = driven_m()
    number = switch_order(actor, town, order_id, OrderChange.LIFTED, seen=0)
    run_jobs(app)
    assert driven_m() < around_m - 100
    assert "Rue du milieu" not in _published(town)
    switch_order(actor, town, order_id, OrderChange.RESUMED, seen=number)
    run_jobs(app)
    assert driven_m() == pytest.approx(around_m, abs=1)
    assert "Rue du milieu" in _published(town)


def _published(town: TerritoryView) -> str:
    with published_files(town.slug)["geojson"].open() as stream:
        return json.dumps(json.load(stream), ensure_ascii=False)
