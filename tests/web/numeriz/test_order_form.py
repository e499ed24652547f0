"""The form in which a clerk writes an order: steps, bad input, saving by itself, two clerks at once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from bs4 import BeautifulSoup
from flask import Flask

from portal.common.ids import new_id
from portal.db import unit_of_work
from portal.numeriz.codec import location_to_json
from portal.numeriz.drawing import measures_layer
from portal.numeriz.models import CityEvent
from portal.numeriz.writing.form.parts import Part, Spot
from portal.numeriz.writing.form.preview import preview_of
from portal.numeriz.writing.form.saving import save_part
from portal.numeriz.writing.values import WorkView
from portal.numeriz.writing.works import get_work, save_work, start_work
from portal.regulations.measures import MeasureType
from portal.regulations.vehicles import FreeText, Over, Size, VehicleRule
from portal.territories.queries import TerritoryView
from tests.factories.law import TESTER, make_territory, measure_draft
from tests.support.web import PageClient
from tests.support.written import written_place

WHO = {
    "title": "Marché du dimanche",
    "identifier": "2026-T-0412",
    "authority": "Ville de Paris",
    "category": "temporary",
    "subject": "event",
}
WHEN = {
    "periods-0-start_day": "2027-01-04",
    "periods-0-start_time": "06:00",
    "periods-0-end_day": "2027-01-29",
    "periods-0-end_time": "20:00",
    "periods-0-weekdays": ["4", "5"],
    "periods-0-slots-0-start": "22:00",
    "periods-0-slots-0-end": "06:00",
    "periods-0-holidays": "excepted",
}
HEAVY = VehicleRule((Over(Size.GROSS_WEIGHT, 3_500),))


class Written:
    """An order at work, and the addresses of its steps."""

    def __init__(self, territory: TerritoryView) -> None:
        self.territory = territory
        self.id: UUID = start_work(TESTER, territory.id)
        self.base = f"/territoires/{territory.slug}/numeriz/redaction/{self.id}"

    def step(self, name: str, at: int = 1) -> str:
        return f"{self.base}/mesures/{at}/{name}"

    @property
    def work(self) -> WorkView:
        return get_work(self.territory.id, self.id)

    @property
    def measure(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.work.document["measures"][0]
        return found

    def change(self, **values: Any) -> None:
        """What another clerk does to the first measure meanwhile."""
        work = self.work
        first, *others = work.document["measures"]
        document = {**work.document, "measures": [{**first, **values}, *others]}
        save_work(TESTER, self.territory.id, self.id, work.revision, document)


@pytest.fixture
def written(territory: TerritoryView) -> Written:
    return Written(territory)


def seen(page: BeautifulSoup) -> str:
    found = page.find(id="seen")
    assert found is not None
    return str(found["value"])


def send(clerk: PageClient, url: str, data: Mapping[str, Any], act: str = "next") -> str:
    return clerk.submit(url, {"seen": seen(clerk.get(url)), **data, "act": act})


def refused(
    clerk: PageClient, url: str, data: Mapping[str, Any], act: str = "next", status: int = 422
) -> BeautifulSoup:
    return clerk.post(url, {"seen": seen(clerk.get(url)), **data, "act": act}, status)


def error_of(page: BeautifulSoup, field: str) -> str:
    found = page.find(id=f"{field}-error")
    return "" if found is None else found.get_text(" ", strip=True).removeprefix("Erreur :").strip()


def test_steps_are_saved_and_lead_on_when_they_are_filled_in(clerk: PageClient, written: Written) -> None:
    assert send(clerk, written.base, WHO).endswith("/mesures/1/quoi")
    assert send(clerk, written.step("quoi"), {"type": "speedLimit", "max_speed_kmh": "30"}).endswith("/mesures/1/ou")
    assert send(clerk, written.step("ou"), {}).endswith("/mesures/1/quand")
    assert send(clerk, written.step("quand"), WHEN).endswith("/mesures/1/pour-qui")
    freed = {"freed-usages": ["emergency"], "freed-accesses": ["localAccess"]}
    bound = {"whom": "some", "bound-gross_weight_kg": "3,5", **freed}
    assert send(clerk, written.step("pour-qui"), bound).endswith("/relire")
    document = written.work.document
    assert document["title"] == "Marché du dimanche" and document["subject"] == "event"
    assert written.measure["max_speed_kmh"] == 30
    assert written.measure["periods"] == [
        {
            "start": "2027-01-04T06:00",
            "end": "2027-01-29T20:00",
            "weekdays": [4, 5],
            "slots": [["22:00", "06:00"]],
            "holidays": "excepted",
        }
    ]
    assert written.measure["vehicles"] == {
        "appliesTo": [{"is": "over", "size": "gross_weight_kg", "limit": 3500}],
        "except": [{"is": "usage", "usage": "emergency"}, {"is": "access", "access": "localAccess"}],
    }


def test_what_was_written_is_shown_again_when_a_step_is_opened(clerk: PageClient, written: Written) -> None:
    send(clerk, written.step("quand"), WHEN)
    page = clerk.get(written.step("quand"))
    shown = {str(tag["id"]): tag.get("value") for tag in page.find_all("input") if tag.get("id")}
    for name in ("start_day", "start_time", "end_day", "end_time", "slots-0-start", "slots-0-end"):
        assert shown[f"periods-0-{name}"] == WHEN[f"periods-0-{name}"]
    ticked = {tag["value"] for tag in page.select('[name="periods-0-weekdays"][checked]')}
    assert ticked == {"4", "5"}


def test_the_measure_reads_as_a_sentence_with_its_hours_when_it_is_being_written(
    clerk: PageClient, written: Written
) -> None:
    found = location_to_json(measure_draft().locations[0])
    written.change(places=[{"kind": "line", "spec": {}, "found": found, "removed": [], "added": []}])
    send(clerk, written.step("quand"), WHEN)
    page = clerk.get(written.step("pour-qui"))
    preview, hours = page.find(id="apercu"), page.find(id="heures")
    assert preview is not None and hours is not None
    text = preview.get_text(" ", strip=True)
    assert "Circulation interdite" in text and "de 22:00 à 06:00 (le lendemain)" in text
    rows = [row.get_text(" ", strip=True).replace(" ,", ",") for row in hours.find_all("tr")]
    # Nothing applies in the coming fortnight: the hours begin with the period. 4 January 2027 is a Monday.
    assert len(rows) == 14 and rows[0].startswith("lun. 4 janv.")
    assert rows[4] == "ven. 8 janv. 22:00–24:00" and rows[5] == "sam. 9 janv. 00:00–06:00, 22:00–24:00"
    assert rows[6] == "dim. 10 janv. 00:00–06:00"


@pytest.mark.parametrize(
    ("step", "data", "field", "sentence"),
    [
        ("quoi", {"type": "speedLimit", "max_speed_kmh": "0"}, "max_speed_kmh", "La vitesse va de 1 à 130"),
        ("quoi", {"type": "speedLimit", "max_speed_kmh": "131"}, "max_speed_kmh", "La vitesse va de 1 à 130"),
        ("quoi", {"type": "speedLimit", "max_speed_kmh": "trente"}, "max_speed_kmh", "nombre"),
        ("quand", {**WHEN, "periods-0-end_day": "2026-12-01"}, "periods-0-end_day", "La fin doit venir après"),
        ("quand", {**WHEN, "periods-0-start_day": "2027-02-31"}, "periods-0-start_day", "illisible"),
        ("quand", {**WHEN, "periods-0-slots-0-end": "25:00"}, "periods-0-slots-0-end", "illisible"),
        ("pour-qui", {"whom": "some", "bound-height_cm": "3,2x"}, "bound-height_cm", "nombre"),
        ("pour-qui", {"whom": "some", "bound-width_cm": "2,1", "bound-height_cm": "320"}, "bound-height_cm", "unité"),
        ("pour-qui", {"whom": "all", "freed-free_text": "x" * 301}, "freed-free_text", "300"),
    ],
)
def test_a_sentence_stands_beside_the_field_when_what_is_typed_is_wrong(
    clerk: PageClient, written: Written, step: str, data: Mapping[str, Any], field: str, sentence: str
) -> None:
    page = refused(clerk, written.step(step), data)
    assert sentence in error_of(page, field)
    again = clerk.get(written.step(step))
    control = again.find(id=field)
    assert control is not None
    kept = control.get("value") if control.name == "input" else control.get_text().strip()
    assert kept == data[field]
    assert sentence in error_of(again, field)


def test_a_measure_for_some_vehicles_is_not_for_all_when_no_condition_is_given(
    clerk: PageClient, written: Written
) -> None:
    send(clerk, written.step("pour-qui"), {"whom": "some"})
    assert written.measure["vehicles"]["appliesTo"] != []
    page = clerk.get(f"{written.step('pour-qui')}?verifier=1")
    assert page.select_one('#whom input[value="some"][checked]') is not None
    assert "Indiquez la limite" in error_of(page, "whom")


def test_what_is_still_to_fill_in_is_told_when_it_is_asked_for_only(clerk: PageClient, written: Written) -> None:
    assert error_of(clerk.get(written.base), "title") == ""
    assert "titre" in error_of(clerk.get(f"{written.base}?verifier=1"), "title")


def test_free_text_is_flagged_when_no_machine_reads_it(clerk: PageClient, written: Written) -> None:
    send(clerk, written.step("pour-qui"), {"whom": "all", "freed-free_text": "véhicules du marché"})
    preview = clerk.get(written.step("pour-qui")).find(id="apercu")
    assert preview is not None and "ne sera lu ni par les GPS ni par le calculateur" in preview.get_text()


def test_periods_and_slots_come_and_go_when_their_buttons_are_pressed(clerk: PageClient, written: Written) -> None:
    url = written.step("quand")
    send(clerk, url, WHEN, "add-period")
    assert [bool(period["start"]) for period in written.measure["periods"]] == [True, False]
    second = {f"periods-1-{name}": value for name, value in (("start_day", "2027-03-01"), ("start_time", "08:00"))}
    send(clerk, url, {**WHEN, **second}, "add-slot:1")
    assert written.measure["periods"][1] == {
        "start": "2027-03-01T08:00",
        "end": None,
        "weekdays": [],
        "slots": [["", ""]],
        "holidays": "",
    }
    send(clerk, url, {**WHEN, **second}, "drop-slot:0:0")
    assert written.measure["periods"][0]["slots"] == []
    send(clerk, url, {**WHEN, **second}, "drop-period:0")
    assert [period["start"] for period in written.measure["periods"]] == ["2027-03-01T08:00"]


def test_seconds_and_offsets_stay_when_their_inputs_are_sent_back_unchanged(
    clerk: PageClient, written: Written
) -> None:
    bounds = {"start": "2026-10-25T02:30+01:00", "end": "2026-10-26T09:00:59"}
    period = {**bounds, "weekdays": [], "slots": [], "holidays": "ignored"}
    written.change(periods=[period])
    start = {"periods-0-start_day": "2026-10-25", "periods-0-start_time": "02:30"}
    end = {"periods-0-end_day": "2026-10-26", "periods-0-end_time": "09:00"}
    send(clerk, written.step("quand"), {**start, **end, "periods-0-holidays": "ignored"}, "save")
    assert written.measure["periods"] == [period]


def test_a_measure_follows_an_event_when_its_calendar_is_chosen(
    clerk: PageClient, written: Written, territory: TerritoryView
) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    sessions = [["2027-07-14T16:00:00+00:00", "2027-07-14T20:30:00+00:00"]]
    with unit_of_work() as uow:
        uow.session.add(
            CityEvent(
                id=new_id(),
                territory_id=territory.id,
                name="Marathon",
                sessions=sessions,
                before_min=150,
                after_min=60,
                policies={},
                revision=1,
                created_at=now,
                updated_at=now,
            )
        )
    send(clerk, written.step("quand"), {"event_name": "Marathon", "before_min": "3 h", "after_min": ""}, "save")
    assert written.measure["event"] == {"name": "Marathon", "before_min": 180, "after_min": None}
    hours = clerk.get(written.step("quand")).find(id="heures")
    assert hours is not None and "15:00–23:30" in hours.get_text()
    page = refused(clerk, written.step("quand"), {"event_name": "Marathon", "before_min": "longtemps"})
    assert "minutes" in error_of(page, "before_min")


def test_it_answers_with_the_page_when_it_saves_by_itself(clerk: PageClient, written: Written) -> None:
    url = written.step("quoi")
    page = refused(clerk, url, {"type": "speedLimit", "max_speed_kmh": "131"}, "autosave", 200)
    assert "La vitesse va de 1 à 130" in error_of(page, "max_speed_kmh")
    assert written.measure["max_speed_kmh"] == 131
    clerk.post(url, {"seen": seen(page), "type": "noParking", "act": "autosave"}, 200)
    assert written.measure["type"] == "noParking"


def test_both_texts_are_shown_when_two_clerks_write_the_same_part(clerk: PageClient, written: Written) -> None:
    url = written.step("quoi")
    before = seen(clerk.get(url))
    written.change(type="noParking")
    page = clerk.post(url, {"seen": before, "type": "speedLimit", "max_speed_kmh": "30", "act": "next"}, 409)
    clash = page.find(id="autre-version")
    assert clash is not None
    assert "Vitesse limitée à 30" in clash.get_text() and "Stationnement interdit" in clash.get_text()
    assert written.measure["type"] == "noParking"
    # Keeping one's own is a save over what was shown.
    clerk.submit(url, {"seen": seen(page), "type": "speedLimit", "max_speed_kmh": "30", "act": "save"})
    assert written.measure["type"] == "speedLimit"


def test_nothing_is_overwritten_when_two_clerks_write_different_parts(clerk: PageClient, written: Written) -> None:
    before = seen(clerk.get(written.base))
    written.change(type="noParking")
    clerk.submit(written.base, {"seen": before, **WHO, "act": "next"})
    assert written.measure["type"] == "noParking" and written.work.document["title"] == WHO["title"]


def test_the_same_text_is_no_conflict_when_it_is_sent_twice(clerk: PageClient, written: Written) -> None:
    before = seen(clerk.get(written.step("quoi")))
    for _time in range(2):
        clerk.submit(written.step("quoi"), {"seen": before, "type": "oneWay", "act": "next"})
    assert written.measure["type"] == "oneWay"


def test_what_was_typed_can_become_a_measure_when_another_clerk_deleted_its_own(
    clerk: PageClient, written: Written
) -> None:
    clerk.submit(f"{written.base}/mesures")
    url = written.step("quoi", 2)
    typed = {"seen": seen(clerk.get(url)), "type": "oneWay"}
    clerk.submit(f"{written.base}/mesures/2/suppression", {"seen": typed["seen"]})
    page = clerk.post(url, {**typed, "act": "next"}, 409)
    assert "Sens unique" in page.get_text()
    sent = {str(tag["name"]): str(tag["value"]) for tag in page.select("main form input[type=hidden]")}
    assert clerk.submit(url, {**sent, "act": "new-measure"}).endswith("/mesures/2/quoi")
    assert [measure["type"] for measure in written.work.document["measures"]] == ["noEntry", "oneWay"]


@pytest.mark.parametrize(("kind", "is_told"), [("oneWay", True), ("noEntry", False)])
def test_a_place_says_which_direction_is_meant_when_the_street_is_one_way(
    clerk: PageClient, written: Written, kind: str, is_told: bool
) -> None:
    written.change(type=kind, places=[written_place()])
    assert ("reste ouvert" in clerk.get(f"{written.step('ou')}/1").get_text()) is is_told


def test_a_measure_is_copied_and_deleted_when_it_is_asked(clerk: PageClient, written: Written) -> None:
    send(clerk, written.step("quand"), WHEN)
    assert clerk.submit(f"{written.base}/mesures/1/copie").endswith("/mesures/2/quoi")
    first, second = written.work.document["measures"]
    assert first == second
    stale = seen(clerk.get(written.step("quoi", 2)))
    send(clerk, written.step("quoi", 2), {"type": "oneWay"})
    clerk.post(f"{written.base}/mesures/2/suppression", {"seen": stale}, 409)
    clerk.submit(f"{written.base}/mesures/2/suppression", {"seen": seen(clerk.get(written.step("quoi", 2)))})
    assert written.work.document["measures"] == [first]


def test_nobody_finds_it_when_it_is_of_another_territory(clerk: PageClient, written: Written, app: Flask) -> None:
    other = Written(make_territory("lyon", name="Lyon"))
    clerk.get(f"{written.base.rpartition('/')[0]}/{other.id}", 404)
    clerk.get(other.base, 404)
    clerk.get(f"{written.base.rpartition('/')[0]}/{uuid4()}", 404)
    clerk.get(written.step("quoi", 9), 404)
    clerk.get(written.step("quoi", 0), 404)
    clerk.post(written.step("quoi", 0), {"type": "oneWay"}, 404)


@pytest.mark.parametrize("step", ["", "quoi", "quand", "pour-qui"])
def test_a_strange_form_breaks_nothing_when_it_is_sent(clerk: PageClient, written: Written, step: str) -> None:
    strange = {
        "title": "a\u2028b" * 4000,
        "category": "éternel",
        "type": "unknown",
        "max_speed_kmh": "9" * 400,
        "periods-99999999-start_day": "2027-01-01",
        "periods-0-weekdays": ["9", "x"],
        "periods-0-slots-5-start": "\u0661\u0662:00",
        "periods-0-holidays": "jamais",
        "before_min": "99999999999 h",
        "whom": "some",
        "bound-gross_weight_kg": "1e999999999",
        "bound-air_classes": ["6"],
        "act": "drop-slot:0:99:1",
    }
    url = written.step(step) if step else written.base
    clerk.submit(url, {"seen": seen(clerk.get(url)), **strange})
    clerk.get(url)
    clerk.get(f"{written.base}/relire")


def test_a_place_is_added_kept_as_typed_and_taken_out_when_there_is_no_road_network(
    clerk: PageClient, written: Written
) -> None:
    url = written.step("ou")
    assert send(clerk, url, {"kind": "street"}, "add").endswith("/ou/1")
    place = written.step("ou/1")
    typed = {"place-kind": "street", "street-0-name": "Rue des Tanneurs", "direction": "both"}
    page = refused(clerk, place, typed)
    assert "pas encore de réseau routier" in page.get_text()
    name = clerk.get(place).select_one('[name="street-0-name"]')
    assert name is not None and name["value"] == "Rue des Tanneurs"
    assert written.measure["places"][0]["found"] is None
    assert "pas encore retrouvé" in clerk.get(f"{url}?verifier=1").get_text()
    clerk.get(written.step("ou/2"), 404)
    clerk.submit(url, {"seen": seen(clerk.get(url)), "act": "drop:0"})
    assert written.measure["places"] == []


def test_both_lists_of_places_are_shown_when_another_clerk_changed_them(clerk: PageClient, written: Written) -> None:
    found = location_to_json(measure_draft().locations[0])
    kept = {"kind": "line", "spec": {}, "found": found, "removed": [], "added": []}
    written.change(places=[kept, kept])
    before = seen(clerk.get(written.step("ou")))
    written.change(places=[kept])
    page = clerk.post(written.step("ou"), {"seen": before, "act": "drop:0"}, 409)
    clash = page.find(id="autre-version")
    assert clash is not None and "Rue des Tanneurs" in clash.get_text()
    assert len(written.measure["places"]) == 1
    # One place more overwrites nothing: it is added to what the other clerk left.
    clerk.submit(written.step("ou"), {"seen": before, "kind": "town", "act": "add"})
    assert [place["kind"] for place in written.measure["places"]] == ["line", "town"]


def test_a_found_place_is_no_conflict_when_it_is_saved_twice(written: Written) -> None:
    spot = Spot(Part.WHERE, 0)
    before = spot.seen(written.work.document)
    found = location_to_json(measure_draft().locations[0])
    values = {"places": [{"kind": "line", "spec": {}, "found": found, "removed": [], "added": []}]}
    for _time in range(2):
        save_part(TESTER, written.territory.id, written.id, spot, before, values)
    assert len(written.measure["places"]) == 1


@pytest.mark.parametrize(
    ("kind", "vehicles", "effect"),
    [
        pytest.param(MeasureType.NO_ENTRY, VehicleRule(), "closed", id="closed to all"),
        pytest.param(MeasureType.NO_ENTRY, HEAVY, "limited", id="closed to some"),
        pytest.param(MeasureType.NO_ENTRY, VehicleRule((FreeText("livreurs"),)), "other", id="in words alone"),
        pytest.param(MeasureType.SPEED_LIMIT, VehicleRule(), "other", id="slower"),
    ],
)
def test_the_preview_draws_a_measure_as_the_map_will(
    app: Flask, kind: MeasureType, vehicles: VehicleRule, effect: str
) -> None:
    measure = measure_draft(kind, vehicles=vehicles, max_speed_kmh=30 if kind is MeasureType.SPEED_LIMIT else None)
    preview = preview_of(measure, make_territory(), datetime(2027, 1, 4, tzinfo=UTC))
    layer: Any = measures_layer([(measure, "")])
    assert preview is not None
    for features in (preview.features, layer["features"]):
        assert [feature["properties"]["effect"] for feature in features] == [effect]  # type: ignore[index]
