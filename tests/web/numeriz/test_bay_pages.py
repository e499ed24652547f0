"""The clerk's pages of one bay, and the page everybody sees."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask

from portal.common.clock import SYSTEM_CLOCK
from portal.numeriz.bays.queries import BayView, list_bays, page_bays
from portal.numeriz.bays.suspending import Suspending, suspend_bay
from portal.numeriz.imports.opening_hours import write_hours
from portal.numeriz.queries import page_orders
from portal.numeriz.values import BayRegime
from portal.territories.queries import TerritoryView
from tests.factories.law import TESTER, bay_draft, make_law, make_territory, order_draft
from tests.factories.papers import png_paper
from tests.support.web import PageClient

BASE = "/territoires/paris-3e/numeriz"
PUBLIC = "/carte/paris-3e"
TYPED = {
    "lat": "48,8625",
    "lon": "2,3610",
    "address": "4 rue du Canal",
    "regime": "periodic",
    "hours": "du lundi au samedi de 6 h à 11 h 30, sauf les jours fériés",
    "layout": "parallel",
    "length_m": "12,5",
    "width_m": "2",
    "places": "2",
    "max_stay_min": "30",
    "max_gross_weight_t": "19",
    "active": "y",
}


@pytest.fixture
def territory(app: Flask) -> TerritoryView:
    found = make_territory()
    make_law(
        found,
        bays=[bay_draft(lon=2.371, lat=48.8621)],
        orders=[order_draft(title="Travaux du canal", identifier="2026-T-7")],
    )
    return found


def only_bay(territory: TerritoryView) -> BayView:
    (bay,) = page_bays(territory.id).items
    return bay


def test_a_bay_is_on_the_map_when_a_clerk_has_added_it(clerk: PageClient, territory: TerritoryView) -> None:
    clerk.get(f"{BASE}/aires/nouvelle")
    url = clerk.submit(f"{BASE}/aires/nouvelle", TYPED)
    (bay,) = [found for found in list_bays(territory.id) if found.address == "4 rue du Canal"]
    assert url.endswith(f"/aires/{bay.id}")
    assert (bay.lon, bay.lat, bay.length_cm, bay.width_cm) == (2.361, 48.8625, 1250, 200)
    assert (bay.places, bay.max_stay_min, bay.max_gross_weight_kg) == (2, 30, 19_000)
    assert write_hours(bay.hours) == "Mo-Sa 06:00-11:30; PH off"
    assert "4 rue du Canal" in clerk.get(url).get_text()
    layer = clerk.raw.get(f"{PUBLIC}/aires.json").get_json()
    assert str(bay.id) in {feature["properties"]["id"] for feature in layer["features"]}
    assert "12,5" in clerk.get(f"{PUBLIC}/aires/{bay.id}").get_text()


@pytest.mark.parametrize(
    ("typed", "field", "told"),
    [
        ({"lat": "", "lon": ""}, "lat", "Placez l’aire"),
        ({"lat": "ici", "lon": "là"}, "lat", "deux nombres"),
        ({"lat": "43.1", "lon": "2.36"}, "lat", "hors du territoire"),
        ({"length_m": "long"}, "length_m", "Écrivez un nombre"),
        ({"length_m": "200"}, "length_m", "Entre 1 et 100\u00a0m"),
        ({"max_gross_weight_t": "0,1"}, "max_gross_weight_t", "Entre 0,5 et 60\u00a0t"),
        ({"places": "1,5"}, "places", "Écrivez un nombre"),
        ({"hours": "toutes les lunes"}, "hours", "Nous ne comprenons pas «\u00a0toutes les lunes\u00a0»"),
        ({"hours": ""}, "hours", "Une aire périodique a des horaires"),
        ({"regime": "permanent"}, "hours", "Une aire permanente"),
        ({"insee_code": "75"}, "insee_code", "5 signes"),
        ({"local_id": "x" * 81}, "local_id", "80 signes au plus"),
    ],
)
def test_the_fault_stands_beside_its_field_when_a_bay_is_badly_described(
    clerk: PageClient, territory: TerritoryView, typed: dict[str, str], field: str, told: str
) -> None:
    page = clerk.post(f"{BASE}/aires/nouvelle", {**TYPED, **typed})
    error = page.find(id=f"{field}-error")
    assert error is not None and told in error.get_text()
    kept = page.find(id="address")
    assert kept is not None and kept["value"] == "4 rue du Canal"
    only_bay(territory)


def test_hours_are_said_again_when_they_are_previewed(clerk: PageClient) -> None:
    part = clerk.get(f"{BASE}/aires/horaires?hours=lundi+22h-6h")
    assert "22:00–06:00 (le lendemain)" in part.get_text()
    page = clerk.post(f"{BASE}/aires/nouvelle", {**TYPED, "preview": "hours"}, status=200)
    understood = page.find(id="horaires-compris")
    assert understood is not None and "du lundi au samedi" in understood.get_text()


def test_a_bay_of_a_file_is_changed_when_it_has_been_taken_over(clerk: PageClient, territory: TerritoryView) -> None:
    make_law(territory, bays=[replace(bay_draft("L-1"), source="grand-lyon")])
    bay = next(found for found in list_bays(territory.id) if found.local_id == "L-1")
    clerk.submit(f"{BASE}/aires/{bay.id}/modifier", TYPED)
    assert next(found for found in list_bays(territory.id) if found.id == bay.id) == bay
    url = clerk.submit(f"{BASE}/aires/{bay.id}/reprendre")
    assert clerk.submit(url, {**TYPED, "seen": bay.digest})
    make_law(territory, bays=[replace(bay_draft("L-1", lon=2.37), source="grand-lyon")])
    found = [each for each in list_bays(territory.id) if each.local_id == "L-1"]
    assert [(each.address, each.source, each.lon) for each in found] == [("4 rue du Canal", "numeriz", 2.361)]


def test_both_texts_are_shown_when_two_clerks_change_one_bay(clerk: PageClient, territory: TerritoryView) -> None:
    bay = only_bay(territory)
    url = f"{BASE}/aires/{bay.id}/modifier"
    seen = str(clerk.get(url).find(id="seen")["value"])  # type: ignore[index]
    clerk.submit(url, {**TYPED, "address": "La première", "seen": seen})
    page = clerk.post(url, {**TYPED, "address": "La seconde", "seen": seen}, status=409)
    text = page.get_text()
    assert "Quelqu’un d’autre a modifié cette aire" in text and "La première" in text
    assert page.find(id="address")["value"] == "La seconde"  # type: ignore[index]
    assert only_bay(territory).address == "La première"
    again = str(page.find(id="seen")["value"])  # type: ignore[index]
    clerk.submit(url, {**TYPED, "address": "La seconde", "seen": again})
    assert only_bay(territory).address == "La seconde"


def test_everybody_is_told_when_a_bay_is_out_of_use_and_again_when_it_is_back(
    clerk: PageClient, territory: TerritoryView
) -> None:
    bay, order = only_bay(territory), page_orders(territory.id).items[0]
    day = SYSTEM_CLOCK.now() - timedelta(days=1)
    span = {
        "starts_on": f"{day:%Y-%m-%d}",
        "starts_time": "08:00",
        "ends_on": f"{day + timedelta(days=9):%Y-%m-%d}",
        "ends_time": "18:00",
    }
    clerk.submit(f"{BASE}/aires/{bay.id}/suspendre", {**span, "order": str(order.id), "reason": "tranchée"})
    page = clerk.get(f"{BASE}/aires/{bay.id}").get_text()
    assert "Hors d’usage en ce moment" in page and "tranchée – 2026-T-7 – Travaux du canal" in page
    assert "Hors d’usage" in clerk.get(f"{BASE}/aires").get_text()
    assert "ne peut pas être utilisée maintenant" in clerk.get(f"{PUBLIC}/aires/{bay.id}").get_text()
    assert "tranchée" in clerk.get(f"{PUBLIC}/liste?genre=aires").get_text()
    usable, out = clerk.raw.get(f"{PUBLIC}/aires.json").get_json()["features"]
    assert out["properties"]["regime"] == "suspended" and usable["properties"]["regime"] == "permanent"
    assert usable["properties"]["windows"][0][1] == out["properties"]["windows"][0][0]
    (suspension,) = only_bay(territory).suspensions
    clerk.submit(f"{BASE}/aires/{bay.id}/suspensions/{suspension.id}/lever")
    assert only_bay(territory).suspension_at(SYSTEM_CLOCK.now()) is None
    assert "Périodes passées" in clerk.get(f"{BASE}/aires/{bay.id}").get_text()


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"starts_on": "demain"}, "starts_on"),
        ({"ends_on": "2020-01-01"}, "ends_on"),
        ({"starts_on": "2019-01-01", "ends_on": "2020-01-01"}, "ends_on"),
        ({"starts_on": "2031-03-30", "starts_time": "02:30"}, "starts_on"),
        ({"reason": ""}, "reason"),
        ({"order": "00000000-0000-4000-8000-000000000000"}, "order"),
    ],
    ids=["no-day", "reversed", "over", "skipped-hour", "no-reason", "unknown-order"],
)
def test_nothing_is_suspended_when_the_span_makes_no_sense(
    clerk: PageClient, territory: TerritoryView, typed: dict[str, str], field: str
) -> None:
    bay = only_bay(territory)
    span = {"starts_on": "2031-05-01", "starts_time": "08:00", "ends_on": "2031-05-02", "ends_time": "18:00"}
    page = clerk.post(f"{BASE}/aires/{bay.id}/suspendre", {**span, "reason": "tranchée", **typed})
    assert page.find(id=f"{field}-error") is not None
    assert only_bay(territory).suspensions == ()


def test_a_photo_is_shown_when_it_is_one_and_refused_when_it_is_not(
    clerk: PageClient, territory: TerritoryView
) -> None:
    bay = only_bay(territory)
    url = f"{BASE}/aires/{bay.id}/photo"
    refused = clerk.post(url, {"photo": (io.BytesIO(b"<svg onload=alert(1)>"), "x.png")})
    assert "Ce n’est pas une photo" in refused.get_text()
    clerk.get(f"{PUBLIC}/aires/{bay.id}/photo", status=404)
    clerk.submit(url, {"photo": (io.BytesIO(png_paper()), "aire.exe")})
    answer = clerk.raw.get(f"{PUBLIC}/aires/{bay.id}/photo")
    assert (answer.status_code, answer.mimetype) == (200, "image/png")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert clerk.get(f"{PUBLIC}/aires/{bay.id}").select_one("img.j-photo") is not None
    clerk.submit(f"{url}/retirer")
    clerk.get(url, status=404)


def test_a_bay_is_no_public_page_when_it_is_no_longer_in_use(clerk: PageClient, territory: TerritoryView) -> None:
    bay = only_bay(territory)
    suspend_bay(TESTER, territory.id, bay.id, _tomorrow())
    clerk.submit(
        f"{BASE}/aires/{bay.id}/modifier", {**{k: v for k, v in TYPED.items() if k != "active"}, "seen": bay.digest}
    )
    clerk.get(f"{PUBLIC}/aires/{bay.id}", status=404)
    assert "hors service" in clerk.get(f"{BASE}/aires/{bay.id}").get_text()
    assert only_bay(territory).regime is BayRegime.PERIODIC


def _tomorrow() -> Suspending:
    start = SYSTEM_CLOCK.now() + timedelta(days=1)
    return Suspending(start, start + timedelta(hours=2), "marché")
