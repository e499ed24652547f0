"""The desk's pages of events and zones: made, drawn, dated, withdrawn, undone, copied, imported; faults are said."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from shapely.geometry import mapping

from portal.cirqliz.rules.conditions import Condition, Kind
from portal.cirqliz.rules.policies import RuleValues
from portal.cirqliz.rules.services import add_rule, retire_rule
from portal.cirqliz.states import RuleOutcome
from portal.common.actor import StaffRole
from portal.common.errors import Invalid
from portal.db import session
from portal.numeriz.law.memory import law_version
from portal.numeriz.models import ImportReport
from portal.numeriz.queries import get_perimeters, list_perimeters
from portal.numeriz.zones.mapping import MOST_BYTES, keep_file
from portal.numeriz.zones.messages import refusal_sentence
from portal.numeriz.zones.queries import EventView, get_city_event, list_city_events
from portal.regulations.perimeters import Colour, Motorised
from portal.territories.queries import TerritoryView
from tests.factories.accounts import make_staff, make_user
from tests.factories.law import TESTER, make_law, make_territory, perimeter_draft, square
from tests.support.web import PageClient

BASE = "/territoires/paris-3e/numeriz/manifestations"
RED = square(2.360, 48.860)
BLUE = square(2.365, 48.860)


def fields(page: BeautifulSoup, action_end: str = "") -> dict[str, Any]:
    """What the main form of a page would send, by name."""
    form = next(f for f in page.find_all("form") if f.find("input", {"name": "previewed"}) is not None)
    found: dict[str, Any] = {}
    for field in form.find_all(["input", "select", "textarea"]):
        name = str(field.get("name") or "")
        if not name or (field.get("type") in {"checkbox", "radio"} and not field.has_attr("checked")):
            continue
        if field.name == "select":
            chosen = field.find("option", selected=True) or field.find("option")
            value = chosen.get("value", "") if chosen else ""
        else:
            value = field.get("value", "") if field.name == "input" else field.get_text().removeprefix("\r\n")
        if name in found:
            earlier = found[name]
            found[name] = [*(earlier if isinstance(earlier, list) else [earlier]), value]
        else:
            found[name] = value
    return found


def save(clerk: PageClient, url: str, changes: dict[str, Any]) -> str:
    """Fill a form in, see its plan, save it."""
    sent = {**fields(clerk.get(url)), **changes}
    seen = clerk.post(url, {**sent, "act": "preview"}, status=200)
    return clerk.submit(url, {**fields(seen), "act": "save"})


def make_event(clerk: PageClient, name: str = "Fête du canal", rows: Sequence[tuple[str, str, str]] = ()) -> UUID:
    data = {"name": name, "margins": "usual"}
    for number, (day, start, end) in enumerate(rows):
        data |= {f"rows-{number}-day": day, f"rows-{number}-start": start, f"rows-{number}-end": end}
    where = save(clerk, f"{BASE}/nouvelle", data)
    return UUID(where.rsplit("/", 1)[1])


def draw(clerk: PageClient, event_id: UUID, colour: str = "red", shape: Any = RED, name: str = "Autour du port") -> str:
    text = json.dumps(mapping(shape))
    return save(clerk, f"{BASE}/{event_id}/zones/nouvelle", {"name": name, "colour": colour, "shape": text})


def stored(territory: TerritoryView, event_id: UUID) -> EventView:
    return get_city_event(territory.id, event_id)


PROGRAMME = [("2027-07-14", "18:00", "22:30")]


def test_two_colours_are_in_force_when_an_event_is_made_drawn_and_dated(
    clerk: PageClient, territory: TerritoryView
) -> None:
    event_id = make_event(clerk, rows=PROGRAMME)
    draw(clerk, event_id, "red", RED, "Le port")
    draw(clerk, event_id, "blue", BLUE, "Les quais")
    before = law_version(territory.id)
    save(clerk, f"{BASE}/{event_id}/dates", {"source": "calendar"})
    assert law_version(territory.id) != before
    zones = stored(territory, event_id).zones
    assert [(zone.colour, zone.name) for zone in zones] == [(Colour.RED, "Le port"), (Colour.BLUE, "Les quais")]
    for zone in zones:
        assert [(span.start.isoformat(), span.end and span.end.isoformat()) for span in zone.activations] == [
            ("2027-07-14T13:30:00+00:00", "2027-07-14T21:30:00+00:00")
        ]
        assert zone.provenance == {"source": "numeriz"}
    page = clerk.get(f"{BASE}/{event_id}").get_text(" ")
    assert "le 14 juil. 2027 à 15:30 jusqu’à 23:30".replace(" ", "\u00a0") in page.replace(" ", "\u00a0")


def two_colours(clerk: PageClient, name: str = "Fête du canal") -> UUID:
    """An event whose red and blue zones are in force."""
    event_id = make_event(clerk, name, PROGRAMME)
    draw(clerk, event_id, "red", RED, "Le port")
    draw(clerk, event_id, "blue", BLUE, "Les quais")
    save(clerk, f"{BASE}/{event_id}/dates", {"source": "calendar"})
    return event_id


def says(page: BeautifulSoup, sentence: str) -> bool:
    return sentence.replace(" ", "") in page.get_text().replace("\u00a0", "").replace(" ", "").replace("\n", "")


def test_nothing_counts_when_a_plan_was_only_shown(clerk: PageClient, territory: TerritoryView) -> None:
    event_id = make_event(clerk, rows=PROGRAMME)
    draw(clerk, event_id)
    before = law_version(territory.id)
    url = f"{BASE}/{event_id}/dates"
    sent = {**fields(clerk.get(url)), "source": "calendar"}
    # Whoever asks to save at once is shown the plan first.
    for act in ("preview", "save"):
        page = clerk.post(url, {**sent, "act": act}, status=200)
        assert page.select_one("#apercu [data-map]") is not None
        assert says(page, "le 14 juil. 2027 à 15:30 jusqu’à 23:30")
    assert law_version(territory.id) == before
    assert not stored(territory, event_id).zones[0].activations
    # And so is whoever changes it after having seen it.
    changed = {
        **fields(page),
        "source": "table",
        "rows-0-day": "2027-08-01",
        "rows-0-start": "10:00",
        "rows-0-end": "12:00",
    }
    clerk.post(url, {**changed, "act": "save"}, status=200)
    assert law_version(territory.id) == before


def test_the_map_of_a_plan_has_letters_and_hours_when_it_is_shown(clerk: PageClient) -> None:
    event_id = two_colours(clerk)
    url = f"{BASE}/{event_id}/dates"
    page = clerk.post(url, {**fields(clerk.get(url)), "act": "preview"}, status=200)
    layer = json.loads(str(page.select_one("#apercu [data-map]")["data-layers"]))[0]["data"]  # type: ignore[index]
    shown = {found["properties"]["colour"]: found["properties"] for found in layer["features"]}
    assert set(shown) == {"red", "blue"}
    assert shown["red"]["title"] == "Le port"
    assert any("15:30" in line for line in shown["red"]["lines"])
    assert any("laissez-passer" in line for line in shown["red"]["lines"])


def test_a_table_pasted_from_a_spreadsheet_is_dates_when_it_is_read(
    clerk: PageClient, territory: TerritoryView
) -> None:
    event_id = make_event(clerk)
    draw(clerk, event_id)
    url = f"{BASE}/{event_id}/dates"
    table = "Jour\tDébut\tFin\n01/08/2027\t08:00\t12:00\n02/08/2027\t22:00\t02:00\n"
    page = clerk.post(url, {**fields(clerk.get(url)), "table": table, "act": "paste"}, status=200)
    sent = fields(page)
    assert (sent["rows-1-day"], sent["rows-1-start"], sent["rows-1-end"]) == ("2027-08-02", "22:00", "02:00")
    seen = clerk.post(url, {**sent, "source": "table", "act": "preview"}, status=200)
    clerk.submit(url, {**fields(seen), "act": "save"})
    spans = stored(territory, event_id).zones[0].activations
    assert [span.start.isoformat() for span in spans] == ["2027-08-01T06:00:00+00:00", "2027-08-02T20:00:00+00:00"]


@pytest.mark.parametrize(
    ("typed", "sentence", "field"),
    [
        (
            {"rows-0-day": "2027-08-01", "rows-0-start": "10:00"},
            "Indiquez une heure entre 00:00 et 23:59",
            "rows-0-end",
        ),
        (
            {"rows-0-day": "2027-08-01", "rows-0-start": "10:00", "rows-0-end": "09:00"},
            "La fin précède le début.",
            "rows-0-end",
        ),
        ({"table": "le soir 01/08/2027"}, "il faut un jour et deux heures", "table"),
        ({}, "Indiquez au moins une date.", "rows"),
    ],
)
def test_the_fault_stands_beside_its_field_when_dates_are_wrong(
    clerk: PageClient, typed: dict[str, str], sentence: str, field: str
) -> None:
    event_id = make_event(clerk)
    draw(clerk, event_id)
    url = f"{BASE}/{event_id}/dates"
    page = clerk.post(url, {**fields(clerk.get(url)), "source": "table", **typed, "act": "preview"})
    assert says(page, sentence)
    assert page.select_one(f"#erreurs a[href='#{field}']") is not None
    for name, value in typed.items():
        assert fields(page)[name] == value


@pytest.mark.parametrize(
    ("typed", "sentence", "field"),
    [
        ({"shape": ""}, "Dessinez la zone sur la carte", "shape"),
        ({"shape": "{"}, "n’est pas un contour GeoJSON", "shape"),
        ({"shape": json.dumps(mapping(square(3.0, 48.86)))}, "Cette zone est hors du territoire.", "shape"),
        ({"colour": "vert"}, "Choisissez une couleur.", "colour"),
        ({"name": " "}, "Donnez un nom.", "name"),
        ({"name": "x" * 256}, "Ce nom dépasse 255 caractères.", "name"),
    ],
)
def test_what_was_drawn_stays_when_a_zone_is_refused(
    clerk: PageClient, territory: TerritoryView, typed: dict[str, str], sentence: str, field: str
) -> None:
    event_id = make_event(clerk)
    url = f"{BASE}/{event_id}/zones/nouvelle"
    good = {"name": "Le port", "colour": "red", "shape": json.dumps(mapping(RED))}
    page = clerk.post(url, {**fields(clerk.get(url)), **good, **typed, "act": "save"})
    assert says(page, sentence)
    assert page.select_one(f"#erreurs a[href='#{field}']") is not None
    assert fields(page)["shape"] == typed.get("shape", good["shape"])
    assert not stored(territory, event_id).zones


def test_an_overlap_of_two_colours_is_told_when_it_is_drawn(clerk: PageClient) -> None:
    event_id = make_event(clerk)
    draw(clerk, event_id, "red", RED, "Le port")
    url = f"{BASE}/{event_id}/zones/nouvelle"
    typed = {"name": "Les quais", "colour": "blue", "shape": json.dumps(mapping(square(2.362, 48.861)))}
    page = clerk.post(url, {**fields(clerk.get(url)), **typed, "act": "preview"}, status=200)
    assert says(page, "« Les quais » (bleu) se recouvrent")
    # Side by side they only touch.
    typed["shape"] = json.dumps(mapping(square(2.364, 48.860)))
    page = clerk.post(url, {**fields(clerk.get(url)), **typed, "act": "preview"}, status=200)
    assert not says(page, "se recouvrent")


def test_the_zone_keeps_its_identity_when_its_outline_and_colour_change(
    clerk: PageClient, territory: TerritoryView
) -> None:
    event_id = two_colours(clerk)
    zone = stored(territory, event_id).zones[0]
    larger = square(2.359, 48.859, 0.005)
    changes = {"name": "Le grand port", "colour": "grey", "shape": json.dumps(mapping(larger))}
    save(clerk, f"{BASE}/{event_id}/zones/{zone.id}", changes)
    changed = get_perimeters(territory.id, [zone.id])[0]
    assert (changed.name, changed.colour, changed.activations) == ("Le grand port", Colour.GREY, zone.activations)
    assert changed.shape is not None
    assert changed.shape.equals(larger)


def test_two_clerks_lose_nothing_when_they_write_at_once(clerk: PageClient, territory: TerritoryView) -> None:
    event_id = two_colours(clerk)
    zone = stored(territory, event_id).zones[0]
    url = f"{BASE}/{event_id}/zones/{zone.id}"
    opened = fields(clerk.get(url))
    save(clerk, url, {"name": "Nom de Camille"})
    page = clerk.post(url, {**opened, "name": "Nom de Dominique", "act": "save"}, status=409)
    assert says(page, "a modifié cette manifestation")
    assert fields(page)["name"] == "Nom de Dominique"
    assert get_perimeters(territory.id, [zone.id])[0].name == "Nom de Camille"
    clerk.submit(url, {**fields(page), "act": "save"})
    assert get_perimeters(territory.id, [zone.id])[0].name == "Nom de Dominique"


def test_dates_are_back_when_a_withdrawal_is_undone(clerk: PageClient, territory: TerritoryView) -> None:
    event_id = two_colours(clerk)
    before = stored(territory, event_id)
    save(clerk, f"{BASE}/{event_id}/retirer", {})
    assert [zone.activations for zone in stored(territory, event_id).zones] == [(), ()]
    page = clerk.get(f"{BASE}/{event_id}")
    undo = page.find("form", action=f"{BASE}/{event_id}/annuler")
    assert undo is not None
    revision = undo.find("input", {"name": "revision"})["value"]  # type: ignore[index]
    clerk.submit(f"{BASE}/{event_id}/annuler", {"revision": revision})
    assert stored(territory, event_id).zones == before.zones
    # Once is enough, and an undone change cannot be undone again.
    assert clerk.get(f"{BASE}/{event_id}").find("form", action=f"{BASE}/{event_id}/annuler") is None
    clerk.post(f"{BASE}/{event_id}/annuler", {"revision": revision}, status=409)


def test_a_zone_is_kept_and_the_clerk_told_why_when_a_rule_names_it(
    clerk: PageClient, territory: TerritoryView
) -> None:
    event_id = two_colours(clerk)
    red = next(zone for zone in stored(territory, event_id).zones if zone.colour is Colour.RED)
    named = Condition(Kind.PERIMETERS, (str(red.id),))
    rule_id = add_rule(TESTER, territory.slug, RuleValues("Le port", (named,), RuleOutcome.HUMAN))
    url = f"{BASE}/{event_id}/retirer"
    seen = clerk.post(url, {**fields(clerk.get(url)), "erase": "y", "act": "preview"}, status=200)
    assert "1 règle de décision nomme «\u00a0Le port\u00a0»" in seen.get_text()
    clerk.submit(url, {**fields(seen), "erase": "y", "act": "save"})
    assert [(zone.id, zone.activations) for zone in stored(territory, event_id).zones] == [(red.id, ())]
    retire_rule(TESTER, territory.slug, rule_id)
    save(clerk, url, {"erase": "y"})
    assert not stored(territory, event_id).zones


def test_zones_and_event_are_gone_when_nothing_rests_on_them(clerk: PageClient, territory: TerritoryView) -> None:
    event_id = two_colours(clerk)
    save(clerk, f"{BASE}/{event_id}/retirer", {"erase": "y"})
    assert not list_perimeters(territory.id)
    revision = stored(territory, event_id).revision
    clerk.submit(f"{BASE}/{event_id}/supprimer", {"revision": str(revision)})
    assert not list_city_events(territory.id)


def test_a_copy_has_the_same_hours_on_other_days_when_it_is_made(clerk: PageClient, territory: TerritoryView) -> None:
    event_id = two_colours(clerk)
    # The clock changes between the two: the local hours stay.
    where = save(clerk, f"{BASE}/{event_id}/copier", {"name": "Fête d’hiver", "first_day": "2027-12-01"})
    copy = stored(territory, UUID(where.rsplit("/", 1)[1]))
    assert (copy.name, [zone.name for zone in copy.zones]) == ("Fête d’hiver", ["Le port", "Les quais"])
    assert [span.start.isoformat() for span in copy.zones[0].activations] == ["2027-12-01T14:30:00+00:00"]
    assert copy.sessions[0].start.isoformat() == "2027-12-01T17:00:00+00:00"
    assert {zone.id for zone in copy.zones}.isdisjoint(zone.id for zone in stored(territory, event_id).zones)
    page = clerk.post(f"{BASE}/{event_id}/copier", {**fields(clerk.get(f"{BASE}/{event_id}/copier")), "act": "preview"})
    assert says(page, "Indiquez le premier jour")


def test_another_copy_is_made_when_the_form_of_a_copy_is_sent_again_under_another_name(
    clerk: PageClient, territory: TerritoryView
) -> None:
    event_id = two_colours(clerk)
    url = f"{BASE}/{event_id}/copier"
    sent = {**fields(clerk.get(url)), "name": "Première copie", "dates": "none"}
    seen = fields(clerk.post(url, {**sent, "act": "preview"}, status=200))
    first = clerk.submit(url, {**seen, "act": "save"})
    again = {**seen, "name": "Seconde copie", "act": "preview"}  # as after a step back in the browser
    second = clerk.submit(url, {**fields(clerk.post(url, again, status=200)), "act": "save"})
    assert first != second
    names = {event.name for event in list_city_events(territory.id)}
    assert {"Première copie", "Seconde copie"} <= names


def test_a_name_is_refused_when_another_event_has_it(clerk: PageClient, territory: TerritoryView) -> None:
    make_event(clerk, "Fête du canal")
    make_law(territory, perimeters=[perimeter_draft()])
    url = f"{BASE}/nouvelle"
    for name in ("Fête du canal", "Course du canal 2024"):
        page = clerk.post(url, {**fields(clerk.get(url)), "name": name, "act": "save"})
        assert says(page, f"Une manifestation s’appelle déjà « {name} »")


def test_the_policy_of_a_colour_reaches_its_zones_when_it_is_changed(
    clerk: PageClient, territory: TerritoryView
) -> None:
    event_id = two_colours(clerk)
    changes = {"blue-motorised": "passRequired", "blue-allowed": ["emergency", "taxi"], "blue-notice": "Par le pont"}
    save(clerk, f"{BASE}/{event_id}/modifier", changes)
    red, blue = stored(territory, event_id).zones
    assert red.policy is None
    assert blue.access is not None
    assert (blue.access.motorised, blue.access.notice) == (Motorised.PASS_REQUIRED, "Par le pont")
    assert [getattr(found, "usage", None) for found in blue.access.vehicles_allowed] == ["emergency", "taxi"]
    save(clerk, f"{BASE}/{event_id}/modifier", {"name": "Fête du grand canal"})
    assert {zone.event for zone in stored(territory, event_id).zones} == {"Fête du grand canal"}


def test_an_imported_perimeter_can_be_changed_when_its_event_is_taken_over(
    clerk: PageClient, territory: TerritoryView
) -> None:
    make_law(territory, perimeters=[perimeter_draft()])
    zone = list_perimeters(territory.id)[0]
    where = clerk.submit(f"/territoires/paris-3e/numeriz/perimetres/{zone.id}/reprendre")
    assert where == clerk.submit(f"/territoires/paris-3e/numeriz/perimetres/{zone.id}/reprendre")
    shown = fields(clerk.get(where))
    assert (shown["name"], shown["colour"]) == (zone.name, "red")
    save(clerk, where, {"name": "Le canal"})
    changed = list_perimeters(territory.id)[0]
    # The outline was not touched: it is the one of the source, to the last decimal.
    assert (changed.id, changed.name, changed.shape, changed.activations) == (
        zone.id,
        "Le canal",
        zone.shape,
        zone.activations,
    )


def test_an_event_is_not_found_when_it_belongs_to_another_territory(clerk: PageClient) -> None:
    event_id = two_colours(clerk)
    make_territory("ailleurs", name="Ailleurs")
    user = make_user()
    make_staff(user, "ailleurs", StaffRole.CLERK)
    clerk.sign_in(user.id)
    for path in ("", "/modifier", "/dates", "/zones/nouvelle", "/copier", "/retirer"):
        clerk.get(f"/territoires/ailleurs/numeriz/manifestations/{event_id}{path}", status=404)


def send(clerk: PageClient, content: bytes, name: str = "zones.geojson") -> str:
    data = {"file": (io.BytesIO(content), name)}
    return clerk.submit(f"{BASE}/importer", data, content_type="multipart/form-data")


STRANGE = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "properties": {"manif": "Course cycliste", "secteur": name, "niveau": level, "jour": "2027-08-01T08:00"},
            "geometry": mapping(shape),
        }
        for name, level, shape in (("Départ", "zone 1", RED), ("Arrivée", "zone 2", BLUE))
    ],
}


def test_zones_are_imported_when_their_columns_are_told_on_the_screen(
    clerk: PageClient, territory: TerritoryView, run_jobs: Any, app: Flask
) -> None:
    url = send(clerk, json.dumps(STRANGE).encode())
    page = clerk.post(url, {**fields(clerk.get(url)), "act": "preview"})
    assert says(page, "Choisissez la propriété qui donne la couleur")
    told = {"event": "manif", "name": "secteur", "colour": "niveau", "start": "jour"}
    page = clerk.post(url, {**fields(page), **told, "act": "preview"}, status=200)
    told |= {"values-0-colour": "red", "values-1-colour": "blue"}
    page = clerk.post(url, {**fields(page), **told, "act": "preview"}, status=200)
    assert [cell.get_text(strip=True) for cell in page.select("#apercu tbody th")] == ["Départ", "Arrivée"]
    assert not list_perimeters(territory.id)
    clerk.submit(url, {**fields(page), "act": "save"})
    run_jobs(app)
    found = {zone.name: (zone.event, zone.colour) for zone in list_perimeters(territory.id)}
    assert found == {"Départ": ("Course cycliste", Colour.RED), "Arrivée": ("Course cycliste", Colour.BLUE)}
    clerk.get(url, status=409)


def test_a_file_is_forgotten_when_it_is_given_up(clerk: PageClient) -> None:
    url = send(clerk, json.dumps(STRANGE).encode())
    clerk.submit(f"{url}/abandonner")
    assert session().query(ImportReport).count() == 0
    clerk.get(url, status=404)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "Le fichier est vide."),
        (b"{", "JSON valide"),
        (b"PK\x03\x04aaaa", "archive"),
    ],
)
def test_the_reason_is_said_when_a_file_cannot_be_read(clerk: PageClient, content: bytes, sentence: str) -> None:
    data = {"file": (io.BytesIO(content), "zones.geojson")}
    page = clerk.post(f"{BASE}/importer", data, content_type="multipart/form-data")
    assert says(page, sentence)


def test_a_column_is_left_out_when_no_page_can_show_its_name(clerk: PageClient) -> None:
    properties = {"half \ud800": "rouge", "null \x00": "x", "secteur": "Le port"}
    feature = {"type": "Feature", "properties": properties, "geometry": mapping(RED)}
    page = clerk.get(send(clerk, json.dumps({"type": "FeatureCollection", "features": [feature]}).encode()))
    offered = {option.get("value") for option in page.select("main select option")}
    assert "secteur" in offered and not any(str(name).startswith(("half", "null")) for name in offered)


def test_a_file_is_left_to_the_other_page_when_it_is_too_large_to_look_into(territory: TerritoryView) -> None:
    with pytest.raises(Invalid) as refused:
        keep_file(TESTER, territory, "zones.geojson", b" " * (MOST_BYTES + 1))
    assert refusal_sentence(refused.value).startswith("Ce fichier dépasse 2 Mo")
