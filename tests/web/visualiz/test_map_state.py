"""What the map asks beside its layers: the version of the law, its changes, and whom it concerns."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pypdfium2
import pytest
from flask import Flask

from portal.cirqliz.api import active_pass_rights
from portal.common.ids import new_id
from portal.regulations.perimeters import Colour
from portal.regulations.schedules import Period
from portal.regulations.vehicles import HEAVY_GOODS, Over, Size, VehicleRule
from portal.territories.queries import TerritoryView
from portal.visualiz.moments import clock_span
from tests.factories.accounts import make_company, make_member, make_user
from tests.factories.cirqliz import RunJobs, World, make_vehicle, make_world
from tests.factories.law import at, bay_draft, make_law, make_territory, measure_draft, order_draft, perimeter_draft
from tests.support.query_count import counted_queries
from tests.support.web import PageClient

BASE = "/carte/paris-3e"
TALL = VehicleRule((Over(Size.HEIGHT, 350), Over(Size.GROSS_WEIGHT, 7_500)))


@pytest.fixture
def territory(app: Flask) -> TerritoryView:
    found = make_territory()
    make_law(
        found,
        perimeters=[perimeter_draft(), perimeter_draft("Blanc", Colour.WHITE, spans=[("2024-09-20T06:00", None)])],
        orders=[
            order_draft(
                measure_draft(vehicles=VehicleRule((HEAVY_GOODS,)), periods=[Period(at("2024-09-08T21:15"))]),
                measure_draft(vehicles=TALL),
            )
        ],
        bays=[bay_draft()],
    )
    return found


def ask(client: PageClient, path: str, base: str = BASE, **arguments: str) -> dict[str, Any]:
    answer = client.raw.get(f"{base}/{path}.json", query_string=arguments)
    assert answer.status_code == 200
    found: dict[str, Any] = json.loads(answer.get_data())
    return found


def test_the_state_names_the_law_of_the_layers_until_it_changes(
    page_client: PageClient, territory: TerritoryView
) -> None:
    version = ask(page_client, "etat")["version"]
    for name in ("perimetres", "arretes", "evenements", "panneaux", "aires"):
        assert ask(page_client, name)["version"] == version, name
    answer = page_client.raw.get(f"{BASE}/etat.json")
    assert answer.headers["Cache-Control"] == "public, no-cache"
    known = {"If-None-Match": answer.headers["ETag"]}
    with counted_queries() as statements:
        again = page_client.raw.get(f"{BASE}/etat.json", headers=known)
    assert again.status_code == 304 and not again.get_data() and len(statements) == 2
    make_law(territory, perimeters=[perimeter_draft("Braderie")])
    changed = page_client.raw.get(f"{BASE}/etat.json", headers=known)
    assert changed.status_code == 200
    assert json.loads(changed.get_data())["version"] == ask(page_client, "perimetres")["version"] != version


def test_every_feature_has_an_id_and_measures_say_whom_they_bind(
    page_client: PageClient, territory: TerritoryView
) -> None:
    for name in ("perimetres", "arretes", "aires"):
        ids = [feature["properties"]["id"] for feature in ask(page_client, name, jour="2024-09-09")["features"]]
        assert ids and len(set(ids)) == len(ids), name
    heavy, tall = (f["properties"] for f in ask(page_client, "arretes", jour="2024-09-09")["features"])
    assert heavy["id"].endswith(".0") and UUID(heavy["id"].removesuffix(".0"))
    assert (heavy["limit_kind"], heavy["limit"]) == ("weight", "3,5\u00a0t")
    assert (tall["limit_kind"], tall["limit"]) == ("height", "3,5\u00a0m · 7,5\u00a0t")
    told = ask(page_client, "concerne", profil="vul")["rules"]
    assert (told[heavy["rule"]], told[tall["rule"]]) == ("spared", "unknown")
    told = ask(page_client, "concerne", profil="pl12")["rules"]
    assert (told[heavy["rule"]], told[tall["rule"]]) == ("concerned", "concerned")


def test_changes_are_told_when_days_are_asked(page_client: PageClient, territory: TerritoryView) -> None:
    found = ask(page_client, "changements", du="2024-09-08", au="2024-09-08")
    assert found["changes"] == [
        at(text).isoformat() for text in ("2024-09-08T05:30", "2024-09-08T14:00", "2024-09-08T21:15")
    ]
    [strip] = found["perimeters"]
    assert (strip["title"], strip["colour"]) == ("Course du canal", "red")
    assert strip["windows"] == [[at("2024-09-08T05:30").isoformat(), at("2024-09-08T14:00").isoformat()]]
    only = ask(page_client, "changements", du="2024-09-08", au="2024-09-08", calques="orders")
    assert only["changes"] == [at("2024-09-08T21:15").isoformat()] and len(only["perimeters"]) == 1
    endless = ask(page_client, "changements", du="2024-10-01")["perimeters"]
    assert endless[0]["windows"] == [[at("2024-09-20T06:00").isoformat(), None]]


@pytest.mark.parametrize(
    ("asked", "days"),
    [
        ({"du": "2024-01-01", "au": "2099-01-01"}, 31),
        ({"du": "2024-09-08", "au": "2024-09-01"}, 1),
        ({"du": "hier", "au": "demain"}, 1),
        ({"du": "9999-12-31"}, 1),
        ({"du": "2024-03-30", "au": "2024-04-01"}, 3),
    ],
)
def test_a_window_is_bounded_when_the_address_bar_is_odd(
    page_client: PageClient, territory: TerritoryView, asked: dict[str, str], days: int
) -> None:
    found = ask(page_client, "changements", **asked)
    lasting = datetime.fromisoformat(found["to"]) - datetime.fromisoformat(found["from"])
    assert abs(lasting - timedelta(days=days)) <= timedelta(hours=1)


def test_an_unknown_profile_is_the_first_one_when_it_is_asked(
    page_client: PageClient, territory: TerritoryView
) -> None:
    assert ask(page_client, "concerne", profil="char") == ask(page_client, "concerne", profil="vul")


@pytest.fixture
def world(app: Flask, run_jobs: RunJobs) -> World:
    return make_world(app, run_jobs)


def test_own_vehicles_are_offered_and_their_passes_count_when_their_driver_is_signed_in(
    page_client: PageClient, world: World
) -> None:
    vehicle_id = world.vehicle("AB-123-CD")
    world.approve(world.ready(vehicles=[vehicle_id]))
    base, own = "/carte/val-essai", {"vehicule": str(vehicle_id)}
    moment = {"jour": world.day.date().isoformat(), "heure": "10:30", "lon": "2.362", "lat": "48.862"}
    page_client.sign_in(world.driver.id)
    page = page_client.get(base, query_string=moment)
    assert str(vehicle_id) in {str(option["value"]) for option in page.select("select[name=profil] option")}
    words = []
    for chosen in (own, {"profil": str(vehicle_id)}, {"profil": "pl12"}):
        page = page_client.get(f"{base}/ici", query_string={**moment, **chosen})
        word = page.select_one(".j-verdict__word")
        assert word is not None
        words.append(word.get_text())
    assert words == ["Circulation permise", "Circulation permise", "Laissez-passer nécessaire"]
    answer = page_client.raw.get(f"{base}/concerne.json", query_string=own)
    assert answer.headers["Cache-Control"] == "private, no-store" and "ETag" not in answer.headers
    told = json.loads(answer.get_data())
    assert sorted(told["perimeters"].values()) == ["open", "pass-held"]
    [[span]] = told["held"].values()
    assert datetime.fromisoformat(span[0]) >= world.day and datetime.fromisoformat(span[1]) > world.day


def test_the_sheet_says_which_hours_a_pass_opens_when_it_ends_before_the_perimeter(
    page_client: PageClient, world: World
) -> None:
    # Active from 05:30 to 14:00 UTC; the pass is for 07:00 to 12:00.
    vehicle_id = world.vehicle("AB-123-CD")
    world.approve(world.ready(vehicles=[vehicle_id]))
    page_client.sign_in(world.driver.id)
    [right] = active_pass_rights(vehicle_id, world.day)
    zone = ZoneInfo(world.territory.timezone)
    for clock in ("06:00", "12:00", "23:00"):
        moment = {"jour": world.day.date().isoformat(), "heure": clock, "vehicule": str(vehicle_id)}
        answer = page_client.raw.get("/carte/val-essai/fiche.pdf", query_string=moment)
        pages = pypdfium2.PdfDocument(answer.get_data())
        text = " ".join(" ".join(page.get_textpage().get_text_bounded() for page in pages).split())
        assert f"ouvert {clock_span(right.start, right.end, zone)} par votre laissez-passer" in text, clock
        assert "Ouvert par votre" not in text


def test_the_answer_says_when_it_ends_so_that_an_open_map_asks_again(page_client: PageClient, world: World) -> None:
    vehicle_id = world.vehicle("AB-123-CD")
    world.approve(world.ready(vehicles=[vehicle_id]))
    page_client.sign_in(world.driver.id)
    [right] = active_pass_rights(vehicle_id, world.day)
    moment = {"jour": world.day.date().isoformat(), "heure": "11:30", "vehicule": str(vehicle_id)}
    page = page_client.get("/carte/val-essai/ici", query_string={**moment, "lon": "2.362", "lat": "48.862"})
    section = page.select_one(".j-answer")
    assert section is not None and datetime.fromisoformat(str(section["data-until"])) == right.end
    changes = ask(page_client, "changements", base="/carte/val-essai", du=moment["jour"])["changes"]
    assert right.end.isoformat() not in changes, "what begins and ends on the map says nothing of passes"


@pytest.mark.parametrize("path", ["", "/ici", "/liste", "/semaine", "/concerne.json", "/export.csv", "/fiche.pdf"])
def test_a_vehicle_of_others_is_not_found_when_anybody_else_asks(
    page_client: PageClient, world: World, path: str
) -> None:
    stranger = make_user()
    make_member(stranger, make_company("Autre"))
    theirs = {"vehicule": str(world.vehicle())}
    for user_id in (None, stranger.id, world.clerk.id):
        if user_id is not None:
            page_client.sign_in(user_id)
        for asked in (theirs, {"vehicule": str(new_id())}, {"vehicule": "camion"}):
            assert page_client.raw.get(f"/carte/val-essai{path}", query_string=asked).status_code == 404


def test_an_archived_vehicle_is_not_found_when_its_owner_asks(page_client: PageClient, world: World) -> None:
    gone = make_vehicle(world.company.id, archived_at=world.day - timedelta(days=9))
    page_client.sign_in(world.owner.id)
    assert (
        page_client.raw.get("/carte/val-essai/concerne.json", query_string={"vehicule": str(gone)}).status_code == 404
    )
