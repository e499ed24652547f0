"""Live events and signs of OpenStreetMap on the public pages: layers, list, and the answer at a point."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from shapely.geometry import LineString, Point, box, shape
from sqlalchemy import update

from portal.db import unit_of_work
from portal.numeriz.law.memory import bump_law
from portal.numeriz.storing.events import merge_events
from portal.numeriz.storing.tally import Tally
from portal.numeriz.values import EventDraft, EventKind, EventState
from portal.regulations.measures import LocationKind, Measure, MeasureLocation, MeasureType, OrderRef
from portal.regulations.schedules import Period
from portal.regulations.vehicles import Access, FreeText, HasAccess, Over, Size, Usage, UsedFor, VehicleRule
from portal.territories.models import Territory
from portal.territories.queries import TerritoryView
from portal.territories.restrictions import TaggedRoad
from portal.visualiz import layers
from portal.visualiz.law_lines import measure_effect
from tests.factories.law import at, make_law, measure_draft, order_draft
from tests.factories.territories import make_territory
from tests.support.web import PageClient

BASE = "/carte/paris-3e"
WHEN = {"jour": "2024-09-09", "heure": "09:00"}  # a Monday
LOW = {"lon": "2.3655", "lat": "48.864"}
TIMED = {"lon": "2.3655", "lat": "48.866"}
CLOSED = {"lon": "2.3655", "lat": "48.868"}


def _road(way_id: int, lat: float, **tags: str) -> TaggedRoad:
    return TaggedRoad(way_id, {"highway": "residential", **tags}, ((2.365, lat), (2.366, lat)))


def _event(source_id: str, lat: float, **more: Any) -> EventDraft:
    given = {
        "source": "essai",
        "source_id": source_id,
        "kind": EventKind.CLOSURE,
        "state": EventState.ACTIVE,
        "shape": LineString([(2.365, lat), (2.366, lat)]),
        "periods": (Period(at("2024-09-09T06:00"), at("2024-09-09T18:00")),),
        "label": "Rue barrée",
        **more,
    }
    return EventDraft(**given)


@pytest.fixture
def territory(app: Flask) -> TerritoryView:
    """A town with an order, two signs, a text nobody understands, and two events."""
    found = make_territory("paris-3e", "Paris 3e", build_version="panneaux-1")
    make_law(found, orders=[order_draft(measure_draft())])
    assert found.restrictions_path is not None
    _write_signs(
        found.restrictions_path,
        _road(11, 48.864, maxheight="3.5", name="Rue Basse"),
        _road(12, 48.866, **{"hgv:conditional": "no @ (Mo-Fr 07:00-20:00)"}),
        _road(13, 48.8665, **{"hgv:conditional": "no @ (SH)"}),
    )
    with unit_of_work() as uow:
        drafts = [
            _event("1", 48.868, url="https://source.exemple/1"),
            _event("2", 48.869, label="Travaux", kind=EventKind.ROADWORKS, url="javascript:alert(1)"),
        ]
        merge_events(uow, found.id, drafts, Tally(Counter(), []), at("2024-09-09T07:00"))
        bump_law(uow, found.id)
    return found


def _write_signs(path: Path, *roads: TaggedRoad) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress("".join(f"{road.as_line()}\n" for road in roads).encode()))


def _layer(client: PageClient, name: str, **arguments: str) -> dict[str, Any]:
    answer = client.raw.get(f"{BASE}/{name}.json", query_string={"jour": WHEN["jour"], **arguments})
    assert answer.status_code == 200
    found: dict[str, Any] = json.loads(answer.get_data())
    return found


def _titles(collection: Mapping[str, Any]) -> list[str]:
    return sorted(feature["properties"]["title"] for feature in collection["features"])


def test_each_origin_has_its_layer_when_the_map_asks(page_client: PageClient, territory: TerritoryView) -> None:
    signs, events, orders = (_layer(page_client, name) for name in ("panneaux", "evenements", "arretes"))
    assert _titles(signs) == ["Circulation interdite", "Circulation interdite, Rue Basse", "Condition à lire"]
    assert {f["properties"]["href"] for f in signs["features"]} == {
        f"https://www.openstreetmap.org/way/{way}" for way in (11, 12, 13)
    }
    assert sorted(f["properties"]["effect"] for f in signs["features"]) == ["limited", "limited", "other"]
    assert all("1970" not in line for f in signs["features"] for line in f["properties"]["lines"])
    assert [f["properties"]["effect"] for f in events["features"]].count("closed") == 1
    hrefs = {f["properties"]["title"]: f["properties"]["href"] for f in events["features"]}
    assert set(hrefs.values()) == {"https://source.exemple/1", None}, "what is not of the web is no link"
    assert all("/arretes/" in f["properties"]["href"] for f in orders["features"])
    assert len(orders["features"]) == 1


@pytest.mark.parametrize(
    ("rule", "effect"),
    [
        (VehicleRule(), "closed"),
        (VehicleRule(except_=(UsedFor(Usage.EMERGENCY),)), "closed"),
        (VehicleRule(except_=(HasAccess(Access.LOCAL_ACCESS),)), "limited"),
        (VehicleRule((Over(Size.HEIGHT, 350),)), "limited"),
        (VehicleRule((FreeText("hgv=local"),)), "other"),
    ],
)
def test_the_map_draws_a_ban_by_whom_it_binds_when_it_is_closed_to_some(rule: VehicleRule, effect: str) -> None:
    place = MeasureLocation(LocationKind.NAMED_STREET, "Rue", LineString([(0, 0), (1, 0)]))
    order = OrderRef("1", "Essai")
    period = Period(at("2024-01-01"), None)
    assert measure_effect(Measure("1", order, MeasureType.NO_ENTRY, (place,), (period,), rule)) == effect


def test_only_what_meets_the_box_is_sent_when_the_map_gives_one(
    page_client: PageClient, territory: TerritoryView
) -> None:
    frame = (2.364, 48.8635, 2.367, 48.8645)
    found = _layer(page_client, "panneaux", boite=",".join(map(str, frame)))
    assert _titles(found) == ["Circulation interdite, Rue Basse"]
    assert all(shape(f["geometry"]).intersects(box(*frame)) for f in found["features"])
    assert _layer(page_client, "panneaux", boite="3,48,3.1,48.1")["features"] == []


@pytest.mark.parametrize("text", ["", "1,2,3", "a,b,c,d", "nan,1,2,3", "3,48,2,49", "1e999,0,1,1", "0,0,1,91"])
def test_everything_is_sent_when_the_box_is_none(page_client: PageClient, territory: TerritoryView, text: str) -> None:
    assert len(_layer(page_client, "panneaux", boite=text)["features"]) == 3


def test_the_layer_says_so_when_it_holds_more_than_a_browser_draws(
    page_client: PageClient, territory: TerritoryView, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _layer(page_client, "panneaux")["truncated"] is False
    monkeypatch.setattr(layers, "MOST_FEATURES", 2)
    cut = _layer(page_client, "panneaux", boite="2.36,48.86,2.37,48.87")
    assert (len(cut["features"]), cut["truncated"]) == (2, True)


def test_the_layer_changes_its_mark_when_the_build_brings_other_signs(
    page_client: PageClient, territory: TerritoryView
) -> None:
    marks = []
    for build_version in ("panneaux-1", "panneaux-2"):
        with unit_of_work() as uow:
            uow.session.execute(
                update(Territory).where(Territory.id == territory.id).values(build_version=build_version)
            )
        marks.append(page_client.raw.get(f"{BASE}/panneaux.json", query_string=WHEN).headers["ETag"])
    assert marks[0] != marks[1]


@pytest.mark.parametrize(
    ("place", "profile", "word", "told", "link"),
    [
        (LOW, "vul", "Réponse incertaine", "Selon OpenStreetMap", "https://www.openstreetmap.org/way/11"),
        (TIMED, "pl12", "Circulation interdite", "Selon OpenStreetMap", "https://www.openstreetmap.org/way/12"),
        (CLOSED, "vul", "Circulation interdite", "Évènement en cours", "https://source.exemple/1"),
    ],
)
def test_the_answer_names_its_origin_and_source_when_it_is_no_order(
    page_client: PageClient,
    territory: TerritoryView,
    place: dict[str, str],
    profile: str,
    word: str,
    told: str,
    link: str,
) -> None:
    for path in ("", "/ici"):
        page = page_client.get(BASE + path, query_string={**WHEN, **place, "profil": profile})
        verdict = page.select_one(".j-verdict__word")
        assert verdict is not None and verdict.get_text() == word
        [reason] = [item for item in page.select("main li") if told in item.get_text()]
        assert [str(a["href"]) for a in reason.select("a")] == [link]
        assert "1970" not in reason.get_text()


def test_a_timed_sign_lets_through_when_its_hours_are_over(page_client: PageClient, territory: TerritoryView) -> None:
    asked = {"jour": WHEN["jour"], "heure": "21:00", **TIMED, "profil": "pl12"}
    page = page_client.get(f"{BASE}/ici", query_string=asked)
    verdict = page.select_one(".j-verdict__word")
    assert verdict is not None and verdict.get_text() == "Circulation permise"
    assert "Prochain changement" in page.get_text(" ")


def test_a_text_nobody_understands_is_told_and_closes_nothing_when_one_stands_there(
    page_client: PageClient, territory: TerritoryView
) -> None:
    asked = {**WHEN, "lon": "2.3655", "lat": "48.8665", "profil": "pl44"}
    page = page_client.get(f"{BASE}/ici", query_string=asked)
    verdict = page.select_one(".j-verdict__word")
    assert verdict is not None and verdict.get_text() == "Circulation permise"
    assert "hgv:conditional=no @ (SH)" in page.get_text(" ")


@pytest.mark.parametrize(("kind", "count"), [("evenements", 2), ("panneaux", 3), ("arretes", 1)])
def test_the_list_holds_what_the_layer_shows_when_a_moment_is_chosen(
    page_client: PageClient, territory: TerritoryView, kind: str, count: int
) -> None:
    page = page_client.get(f"{BASE}/liste", query_string={**WHEN, "genre": kind})
    entries = page.select(".j-list > li")
    assert len(entries) == count
    chosen = page.select_one("select[name=genre] option[selected]")
    assert chosen is not None and chosen["value"] == kind
    for link in page.select(".j-list a"):
        assert str(link["href"]).startswith((f"{BASE}/arretes/", "https://"))


def test_an_event_is_gone_when_its_hours_are_over(page_client: PageClient, territory: TerritoryView) -> None:
    later = {"jour": WHEN["jour"], "heure": "21:00", "genre": "evenements"}
    assert not page_client.get(f"{BASE}/liste", query_string=later).select(".j-list > li")


def test_a_point_event_is_a_point_on_the_map_when_it_is_one(page_client: PageClient, territory: TerritoryView) -> None:
    with unit_of_work() as uow:
        drafts = [_event("3", 48.861, shape=Point(2.3655, 48.861), kind=EventKind.ACCIDENT, label="Accident")]
        merge_events(uow, territory.id, drafts, Tally(Counter(), []), at("2024-09-09T07:00"))
        bump_law(uow, territory.id)
    found = [f for f in _layer(page_client, "evenements")["features"] if "Accident" in f["properties"]["title"]]
    assert [f["geometry"]["type"] for f in found] == ["Point"]
