"""The inputs of a place: what is typed is kept, what is found is told, what is unticked is left out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from werkzeug.datastructures import MultiDict

from portal.numeriz.places import resolve_place
from portal.numeriz.places.fields import read_place
from portal.territories.api import TerritoryView
from tests.factories.accounts import make_user
from tests.support.places_town import at, lay_plan, plan_build, ring
from tests.support.web import PageClient
from tests.web.numeriz.conftest import signed_in

__all__ = ["plan_build"]

ENDLESS_NUMBER = f'{{"type": "LineString", "coordinates": [[{"9" * 400}, 48.86], [2.36, 48.86]]}}'
STREET = {"place-kind": "street", "street-0-name": "Rue Longue", "direction": "forward"}


@pytest.fixture
def town(app: Flask, plan_build: Path) -> TerritoryView:
    return lay_plan(plan_build)


@pytest.fixture
def clerk(page_client: PageClient, town: TerritoryView) -> PageClient:
    return signed_in(page_client, town)


def preview(clerk: PageClient, town: TerritoryView, fields: MultiDict[str, str] | dict[str, Any]) -> BeautifulSoup:
    return clerk.post(f"/territoires/{town.slug}/numeriz/lieux/apercu", fields, 200)


def values(page: BeautifulSoup) -> MultiDict[str, str]:
    """What a browser would send of the inputs of a page."""
    found: MultiDict[str, str] = MultiDict()
    for field in page.select("main input[name], main textarea[name], main select[name]"):
        if field.get("type") in {"checkbox", "radio"} and not field.has_attr("checked"):
            continue
        chosen = field.select_one("option[selected]") or field.select_one("option")
        value = chosen["value"] if chosen else field.get("value", field.get_text())
        found.add(str(field["name"]), str(value))
    return found


def test_edges_found_have_boxes_and_a_map_when_a_street_is_typed(clerk: PageClient, town: TerritoryView) -> None:
    page = preview(clerk, town, {**STREET, "street-0-from": "Rue du Puits", "street-0-to": "Rue des Halles"})
    assert "2 tronçons retenus" in page.get_text()
    boxes = page.select('input[name="edge"][checked]')
    (drawn,) = page.select("[data-place-of]")
    layers = json.loads(str(drawn["data-layers"]))
    assert {box["value"] for box in boxes} == {one["properties"]["id"] for one in layers["edges"]["features"]}
    assert {one["properties"]["arrow"] for one in layers["edges"]["features"]} == {"forward"}
    assert [option["value"] for option in page.select("#croise-0 option")] == [
        "Rue du Puits",
        "Rue du Four",
        "Rue des Halles",
    ]


def test_edge_stays_out_when_its_box_was_unticked(clerk: PageClient, town: TerritoryView) -> None:
    sent = values(preview(clerk, town, STREET))
    first, *others = sent.getlist("edge")
    sent.setlist("edge", others)
    again = values(preview(clerk, town, sent))
    assert again.getlist("edge") == others and first in again["edges-shown"].split()
    place = read_place(again, {"kind": "street"})
    assert place["removed"] == [first] and resolve_place(town, place).location is not None


def test_edge_added_by_hand_is_kept_when_the_page_is_sent_again(clerk: PageClient, town: TerritoryView) -> None:
    part = {**STREET, "street-0-from": "Rue du Puits", "street-0-to": "Rue du Four"}
    page = preview(clerk, town, part)
    wanted = str(page.select('input[name="edge-add"]')[0]["value"])
    once = values(preview(clerk, town, {**part, "edge": values(page).getlist("edge"), "edge-add": [wanted]}))
    twice = values(preview(clerk, town, once))
    assert once.getlist("edge-add") == twice.getlist("edge-add") == [wanted]


@pytest.mark.parametrize(
    ("fields", "field_id", "typed"),
    [
        ({"place-kind": "street", "street-0-name": "Rue Longe"}, "lieu-street-0-name", "Rue Longe"),
        ({**STREET, "street-0-to": "999"}, "lieu-street-0-to", "999"),
        ({"place-kind": "road", "road": "D 99"}, "lieu-road", "D 99"),
        ({"place-kind": "line", "drawing": "ici, puis là"}, "lieu-trace", "ici, puis là"),
        (
            {"place-kind": "polygon", "drawing": '{"type": "Polygon", "coordinates": [[[2, "x"]]]}'},
            "lieu-trace",
            '{"type": "Polygon", "coordinates": [[[2, "x"]]]}',
        ),
        ({"place-kind": "line", "drawing": ENDLESS_NUMBER}, "lieu-trace", ENDLESS_NUMBER),
        ({"place-kind": "town", "except-0": "Rue Longe"}, "lieu-except-0", "Rue Longe"),
    ],
)
def test_what_was_typed_is_kept_beside_its_sentence_when_it_means_nothing(
    clerk: PageClient, town: TerritoryView, fields: dict[str, str], field_id: str, typed: str
) -> None:
    page = preview(clerk, town, fields)
    field = page.select_one(f"#{field_id}")
    assert field is not None and (field.get("value") or field.get_text()) == typed
    assert page.select(".j-field__error")


def test_streets_of_a_zone_are_left_free_when_they_are_unticked(clerk: PageClient, town: TerritoryView) -> None:
    area = json.dumps({"type": "Polygon", "coordinates": [ring((-0.5, -0.5), (8.5, -0.5), (8.5, 4.5), (-0.5, 4.5))]})
    sent = values(preview(clerk, town, {"place-kind": "polygon", "drawing": area}))
    sent.setlist("street-in", [name for name in sent.getlist("street-in") if name != "Rue du Four"])
    page = preview(clerk, town, sent)
    place = read_place(values(page), {"kind": "polygon"})
    assert place["spec"]["left_out"] == ["Rue du Four"]
    found = resolve_place(town, place)
    assert found.location is not None and found.location.label == "Zone, sauf Rue du Four"


def test_lines_of_streets_are_added_and_taken_out_when_their_buttons_are_pressed() -> None:
    two = MultiDict({"street-0-name": "Rue A", "street-1-name": "Rue B", "street-1-to": "n° 12 bis"})
    more = read_place(MultiDict({**two.to_dict(), "act": "place:add-street"}), {"kind": "street"})
    assert [one["name"] for one in more["spec"]["streets"]] == ["Rue A", "Rue B", ""]
    assert more["spec"]["streets"][1]["to"] == {"number": "12 bis"}
    less = read_place(MultiDict({**two.to_dict(), "act": "place:drop-street:0"}), {"kind": "street"})
    assert [one["name"] for one in less["spec"]["streets"]] == ["Rue B"]


def test_drawing_is_kept_as_positions_when_it_can_be_read() -> None:
    text = json.dumps(
        {"type": "Feature", "geometry": {"type": "LineString", "coordinates": [[*at(0, 0), 35], at(1, 0)]}}
    )
    place = read_place(MultiDict({"drawing": text, "direction": "sideways"}), {"kind": "line"})
    assert place["spec"] == {"label": "", "direction": "both", "points": [at(0, 0), at(1, 0)]}


def test_streets_are_suggested_when_their_first_letters_are_typed(clerk: PageClient, town: TerritoryView) -> None:
    answer = clerk.raw.get(f"/territoires/{town.slug}/numeriz/lieux/rues?street-0-name=rue lon")
    options = BeautifulSoup(answer.text, "html.parser").select("option")
    assert answer.status_code == 200 and [str(one["value"]).partition(",")[0] for one in options] == ["Rue Longue"]


def test_only_the_inputs_are_sent_when_htmx_asks(clerk: PageClient, town: TerritoryView) -> None:
    url = f"/territoires/{town.slug}/numeriz/lieux/apercu"
    answer = clerk.raw.post(url, data=STREET, headers={"HX-Request": "true", "HX-Request-Type": "partial"})
    assert answer.status_code == 200 and "<html" not in answer.text and 'name="street-0-name"' in answer.text


def test_stranger_learns_nothing_when_asking_for_a_place(
    page_client: PageClient, app: Flask, town: TerritoryView
) -> None:
    page_client.sign_in(make_user().id)
    for url in ("lieux/apercu", "lieux/rues"):
        send = page_client.raw.post if url.endswith("apercu") else page_client.raw.get
        assert send(f"/territoires/{town.slug}/numeriz/{url}").status_code == 404
