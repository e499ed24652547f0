"""The desk's pages of events and zones: made, drawn, dated, withdrawn, undone, copied, imported; faults are said."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from shapely.geometry import mapping

from portal.common.actor import StaffRole
from portal.numeriz.law.memory import law_version
from portal.numeriz.zones.queries import EventView, get_city_event
from portal.regulations.perimeters import Colour
from portal.territories.queries import TerritoryView
from tests.factories.accounts import make_staff, make_user
from tests.factories.law import make_territory, square
from tests.support.web import PageClient

BASE = "/territoires/paris-3e/numeriz/manifestations"
RED = square(2.360, 48.860)
BLUE = square(2.365, 48.860)


@pytest.fixture
def territory(app: Flask) -> TerritoryView:
    return make_territory()


@pytest.fixture
def clerk(page_client: PageClient, territory: TerritoryView) -> PageClient:
    user = make_user()
    make_staff(user, territory.slug, StaffRole.CLERK)
    page_client.sign_in(user.id)
    return page_client


def fields(page: BeautifulSoup, action_end: str = "") -> dict[str, Any]:
    """What the main form of a page would send, by name."""
    form = next(f for f in page.find_all("form") if f.find("input", {"name": "previewed"}) is not None)
    found: dict[str, Any] = {}
    for field in form.find_all(["input", "select", "textarea"]):
        name = field.get("name")
        if not name or (field.get("type") in {"checkbox", "radio"} and not field.has_attr("checked")):
            continue
        if field.name == "select":
            chosen = field.find("option", selected=True) or field.find("option")
            value = chosen.get("value", "") if chosen else ""
        else:
            value = field.get("value", "") if field.name == "input" else field.get_text().removeprefix("\n")
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
