"""Bays out of use: who is told, and until when."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import select, update

from portal.audit import AuditTag, list_entries
from portal.common.clock import FixedClock
from portal.common.errors import Conflict, Invalid, NotFound
from portal.common.ids import new_id
from portal.db import unit_of_work
from portal.files import file_store
from portal.itineriz.planning.bays import BayMap
from portal.numeriz.bays.orphans import erase_orphans
from portal.numeriz.bays.photos import bay_photo, set_photo
from portal.numeriz.bays.queries import BayView, get_bay, list_bays
from portal.numeriz.bays.suspending import Suspending, lift_suspension, suspend_bay
from portal.numeriz.exports.publishing import PublishedFile, content_version, publish_due, published_files
from portal.numeriz.law.memory import law_version
from portal.numeriz.models import DeliveryBay, TrafficOrder
from portal.numeriz.queries import page_orders
from portal.numeriz.values import OrderStatus
from portal.regulations.calendars import LocalCalendar
from portal.regulations.vehicles import Vehicle
from portal.territories.queries import TerritoryView
from tests.factories.law import TESTER, bay_draft, make_law, make_territory, order_draft
from tests.factories.papers import png_paper

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
WORKS = Suspending(NOW - timedelta(hours=1), NOW + timedelta(days=2), "tranchée")
VAN = Vehicle(gross_weight_kg=3500, length_cm=600)


@pytest.fixture
def territory(database: Flask) -> TerritoryView:
    found = make_territory()
    make_law(found, bays=[bay_draft("B-1")], orders=[order_draft(title="Travaux", identifier="T-7")])
    return found


def only_bay(territory: TerritoryView) -> BayView:
    (bay,) = list_bays(territory.id)
    return bay


def offered(territory: TerritoryView, at: datetime) -> bool:
    bays = BayMap(list_bays(territory.id), LocalCalendar(ZoneInfo("Europe/Paris")))
    bay = only_bay(territory)
    return bool(bays.near((bay.lon, bay.lat), VAN, at, 600, lambda _place: True))


def test_suspension_sent_twice_is_one(territory: TerritoryView) -> None:
    bay = only_bay(territory)
    first, again = (suspend_bay(TESTER, territory.id, bay.id, WORKS, clock=FixedClock(NOW)) for _ in range(2))
    other = suspend_bay(TESTER, territory.id, bay.id, replace(WORKS, reason="gaz"), clock=FixedClock(NOW))
    assert first == again != other
    lift_suspension(TESTER, territory.id, bay.id, other, clock=FixedClock(NOW))
    lift_suspension(TESTER, territory.id, bay.id, first, clock=FixedClock(NOW))
    assert offered(territory, NOW)


def test_no_tour_stops_in_a_bay_when_it_is_out_of_use(territory: TerritoryView) -> None:
    bay, version = only_bay(territory), law_version(territory.id)
    suspension = suspend_bay(TESTER, territory.id, bay.id, WORKS, clock=FixedClock(NOW))
    assert law_version(territory.id) != version, "whoever keeps bays in memory reads them again"
    assert not offered(territory, NOW) and not offered(territory, WORKS.end - timedelta(minutes=1))
    assert offered(territory, WORKS.end) and offered(territory, WORKS.start - timedelta(minutes=10))
    lift_suspension(TESTER, territory.id, bay.id, suspension, clock=FixedClock(NOW + timedelta(minutes=5)))
    assert offered(territory, NOW + timedelta(minutes=5)) and not offered(territory, NOW)
    with pytest.raises(Conflict, match="suspension-over"):
        lift_suspension(TESTER, territory.id, bay.id, suspension, clock=FixedClock(NOW + timedelta(hours=1)))
    told = list_entries(territory_id=territory.id, subject_id=bay.id).items
    assert [entry.tag for entry in told] == [AuditTag.BAYS_CHANGED] * 2
    assert told[1].data["suspended"]["reason"] == "tranchée"


def test_nothing_is_left_of_a_suspension_when_it_is_lifted_before_it_begins(territory: TerritoryView) -> None:
    bay = only_bay(territory)
    ahead = replace(WORKS, start=NOW + timedelta(days=1))
    suspension = suspend_bay(TESTER, territory.id, bay.id, ahead, clock=FixedClock(NOW))
    lift_suspension(TESTER, territory.id, bay.id, suspension, clock=FixedClock(NOW))
    assert only_bay(territory).suspensions == ()


def test_a_bay_is_back_when_the_order_that_suspends_it_is_withdrawn(territory: TerritoryView) -> None:
    bay, order = only_bay(territory), page_orders(territory.id).items[0]
    suspend_bay(TESTER, territory.id, bay.id, replace(WORKS, reason="", order_id=order.id), clock=FixedClock(NOW))
    assert only_bay(territory).suspensions[0].why == "T-7 – Travaux"
    with unit_of_work() as uow:
        uow.session.execute(update(TrafficOrder).values(status=OrderStatus.WITHDRAWN))
    assert only_bay(territory).suspensions == () and offered(territory, NOW)


def test_a_suspension_is_refused_when_it_makes_no_sense(territory: TerritoryView) -> None:
    bay, elsewhere = only_bay(territory), make_territory("ailleurs", name="Ailleurs")
    make_law(elsewhere, orders=[order_draft()])
    foreign = page_orders(elsewhere.id).items[0].id
    for asked, code in (
        (replace(WORKS, end=WORKS.start), "span-reversed"),
        (replace(WORKS, start=NOW - timedelta(days=2), end=NOW), "span-over"),
        (replace(WORKS, reason=""), "reason-missing"),
        (replace(WORKS, reason="x" * 301), "reason-too-long"),
        (replace(WORKS, order_id=foreign), "order-not-in-force"),
    ):
        with pytest.raises(Invalid, match=code):
            suspend_bay(TESTER, territory.id, bay.id, asked, clock=FixedClock(NOW))
    with pytest.raises(NotFound):
        suspend_bay(TESTER, elsewhere.id, bay.id, WORKS, clock=FixedClock(NOW))
    suspension = suspend_bay(TESTER, territory.id, bay.id, WORKS, clock=FixedClock(NOW))
    for place, bay_id, which in ((elsewhere.id, bay.id, suspension), (territory.id, bay.id, new_id())):
        with pytest.raises(NotFound):
            lift_suspension(TESTER, place, bay_id, which, clock=FixedClock(NOW))


def test_suspension_and_photo_outlive_an_import_when_the_bay_comes_again(territory: TerritoryView) -> None:
    bay = only_bay(territory)
    suspend_bay(TESTER, territory.id, bay.id, WORKS, clock=FixedClock(NOW))
    set_photo(TESTER, territory.id, bay.id, png_paper())
    make_law(territory, bays=[replace(bay_draft("B-1"), address="Ailleurs")])
    again = get_bay(territory.id, bay.id)
    assert (again.address, len(again.suspensions), again.has_photo) == ("Ailleurs", 1, True)
    assert bay_photo(territory.id, bay.id).media_type == "image/png"


def test_the_old_photo_goes_when_another_one_takes_its_place(territory: TerritoryView) -> None:
    bay = only_bay(territory)
    set_photo(TESTER, territory.id, bay.id, png_paper())
    old = _photo_key(bay.id)
    set_photo(TESTER, territory.id, bay.id, png_paper())
    with pytest.raises(NotFound):
        file_store().get(old)
    assert file_store().get(_photo_key(bay.id))


def test_no_file_is_left_when_a_photo_is_for_a_bay_of_others(territory: TerritoryView) -> None:
    elsewhere = make_territory("ailleurs", name="Ailleurs")
    before = file_store().older("bay-photos", datetime.now(UTC) + timedelta(days=1))
    with pytest.raises(NotFound):
        set_photo(TESTER, elsewhere.id, only_bay(territory).id, png_paper())
    assert file_store().older("bay-photos", datetime.now(UTC) + timedelta(days=1)) == before


def test_open_data_say_when_a_bay_is_out_of_use(
    territory: TerritoryView, database: Flask, run_jobs: Callable[[Flask], int]
) -> None:
    now = datetime.now(UTC)
    span = Suspending(now - timedelta(hours=1), now + timedelta(days=2), "tranchée")
    suspend_bay(TESTER, territory.id, only_bay(territory).id, span)
    assert territory.slug in publish_due()
    run_jobs(database)
    files = published_files(territory.slug)
    everything = json.loads(_read(files["geojson"]))
    (bay,) = [f["properties"] for f in everything["features"] if f["properties"]["kind"] == "bay"]
    assert [(s["end"], s["reason"]) for s in bay["suspensions"]] == [(span.end.isoformat(), "tranchée")]
    (line,) = csv.DictReader(io.StringIO(_read(files["bays-csv"])))
    assert line["ACTIVE"] == "non" and "tranchée" in line["COMMENTAIRE"]
    policies = _read(files["curb-policies"])
    (first,) = [policy for policy in json.loads(policies)["data"]["policies"] if policy["priority"] == 0]
    assert first["rules"] == [{"activity": "no stopping"}]
    assert first["time_spans"][0]["end_date"] == round(span.end.timestamp() * 1000)
    assert content_version(territory.slug, now) != content_version(territory.slug, span.start - timedelta(minutes=1))


def _read(file: PublishedFile) -> str:
    with file.open() as stream:
        return stream.read().decode()


def _photo_key(bay_id: UUID) -> str:
    with unit_of_work() as uow:
        return str(uow.session.scalar(select(DeliveryBay.photo_key).where(DeliveryBay.id == bay_id)))


def test_a_photo_that_no_bay_names_goes_after_a_day(territory: TerritoryView) -> None:
    bay = only_bay(territory)
    set_photo(TESTER, territory.id, bay.id, png_paper())
    lost = file_store().put("bay-photos", png_paper())
    erase_orphans(FixedClock(datetime.now(UTC)))
    assert file_store().get(lost), "a photo being stored has no row yet"
    assert erase_orphans(FixedClock(datetime.now(UTC) + timedelta(days=2))) >= 1
    with pytest.raises(NotFound):
        file_store().get(lost)
    assert bay_photo(territory.id, bay.id).media_type == "image/png"
