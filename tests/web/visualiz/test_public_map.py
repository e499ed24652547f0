"""The public pages: the map, its layers, its list twin, and the answer at a point."""

from __future__ import annotations

import gzip
import json
import random
from collections import Counter
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from shapely.geometry import Point, shape

from portal.numeriz.law.memory import law_snapshot
from portal.numeriz.queries import list_perimeters, page_orders
from portal.numeriz.values import OrderStatus
from portal.regulations.evaluate import State, verdict
from portal.regulations.measures import MeasureType
from portal.regulations.perimeters import Colour
from portal.regulations.schedules import Interval, Period, TimeSlot, Weekday
from portal.regulations.vehicles import Over, Size, Vehicle, VehicleRule
from portal.territories.queries import TerritoryView
from tests.factories.law import (
    at,
    bay_draft,
    make_law,
    make_territory,
    measure_draft,
    order_draft,
    perimeter_draft,
    square,
)
from tests.support.query_count import counted_queries
from tests.support.web import PageClient

BASE = "/carte/paris-3e"
ACTIVE = {"jour": "2024-09-08", "heure": "09:00"}
INSIDE = {"lon": "2.362", "lat": "48.862"}
PARIS = ZoneInfo("Europe/Paris")
NIGHTS = Period(at("2024-01-01"), None, frozenset({Weekday.SUNDAY, Weekday.SATURDAY}), (TimeSlot(time(22), time(6)),))


@pytest.fixture
def territory(app: Flask) -> TerritoryView:
    found = make_territory()
    make_law(
        found,
        perimeters=[
            perimeter_draft(),
            perimeter_draft("Stade", Colour.BLUE, square(2.366, 48.860), [("2024-09-07T05:30", "2024-09-09T14:00")]),
            perimeter_draft("Village", Colour.GREY, square(2.372, 48.864), [("2024-01-01T00:00", None)]),
        ],
        orders=[
            order_draft(
                measure_draft(vehicles=VehicleRule((Over(Size.GROSS_WEIGHT, 3500),)), periods=[NIGHTS]),
                measure_draft(MeasureType.SPEED_LIMIT, max_speed_kmh=20, label="Quai"),
            ),
            order_draft(title="Projet", status=OrderStatus.DRAFT),
        ],
        bays=[bay_draft(), bay_draft()],
    )
    return found


def layer(client: PageClient, name: str, **arguments: str) -> list[dict[str, Any]]:
    answer = client.raw.get(f"{BASE}/{name}.json", query_string=arguments)
    assert answer.status_code == 200
    found: list[dict[str, Any]] = json.loads(answer.get_data())["features"]
    return found


def query(**arguments: str) -> dict[str, Any]:
    return {"query_string": arguments}


def test_every_page_opens_when_nobody_is_signed_in(page_client: PageClient, territory: TerritoryView) -> None:
    perimeter = list_perimeters(territory.id)[0]
    order = page_orders(territory.id, status=OrderStatus.PUBLISHED).items[0]
    for path in (
        "",
        "/ici",
        "/liste",
        "/liste?genre=arretes",
        "/liste?genre=aires",
        f"/perimetres/{perimeter.id}",
        f"/arretes/{order.id}",
    ):
        page = page_client.get(BASE + path)
        assert "seuls l’arrêté signé et la signalisation font foi" in page.get_text(" "), path


def test_the_only_territory_opens_at_once_when_no_other_exists(
    page_client: PageClient, territory: TerritoryView
) -> None:
    assert page_client.raw.get("/carte/").headers["Location"] == BASE
    make_territory("lyon", name="Lyon")
    assert [link.get_text() for link in page_client.get("/carte/").select("main li a")] == ["Lyon", "Paris 3e"]


def test_the_choice_says_so_when_there_is_no_territory(page_client: PageClient) -> None:
    assert page_client.get("/carte/").select_one(".j-empty")


def test_a_draft_and_a_stranger_are_not_found_when_they_are_asked_for(
    page_client: PageClient, territory: TerritoryView
) -> None:
    draft = page_orders(territory.id, status=OrderStatus.DRAFT).items[0]
    page_client.get(f"{BASE}/arretes/{draft.id}", status=404)
    make_territory("lyon", name="Lyon")
    page_client.get(f"/carte/lyon/perimetres/{list_perimeters(territory.id)[0].id}", status=404)
    page_client.get("/carte/nulle-part", status=404)


@pytest.mark.parametrize(
    ("moment", "profile", "word"),
    [
        (ACTIVE, "vul", "Laissez-passer nécessaire"),
        ({"jour": "2024-09-08", "heure": "16:00"}, "vul", "Circulation permise"),
        ({"jour": "2024-09-10", "heure": "09:00"}, "pl19", "Circulation permise"),
    ],
)
def test_the_answer_at_a_point_is_the_verdict_when_it_is_asked(
    page_client: PageClient, territory: TerritoryView, moment: dict[str, str], profile: str, word: str
) -> None:
    for path in ("", "/ici"):
        page = page_client.get(BASE + path, **query(**moment, **INSIDE, profil=profile))
        found = page.select_one(".j-verdict__word")
        assert found is not None and found.get_text() == word


def test_the_weight_decides_when_a_measure_is_for_heavy_vehicles(
    page_client: PageClient, territory: TerritoryView
) -> None:
    street = {"lon": "2.371", "lat": "48.862", "jour": "2024-06-01", "heure": "23:00"}
    assert "1 périmètre actif à cette heure." in page_client.get(f"{BASE}/ici", **query(**street)).get_text(" ")
    heavy = page_client.get(f"{BASE}/ici", **query(**street, profil="pl12")).get_text(" ")
    assert "Circulation interdite" in heavy and "rue des Tanneurs" in heavy
    assert "2\u00a0juin\u00a02024\u00a0à\u00a006:00" in heavy, "the next change is told"
    light = page_client.get(f"{BASE}/ici", **query(**street, profil="vul")).get_text(" ")
    assert "Circulation permise" in light


def test_the_answer_leads_to_what_it_speaks_of_when_it_has_reasons(
    page_client: PageClient, territory: TerritoryView
) -> None:
    street = {"lon": "2.371", "lat": "48.862", "jour": "2024-06-01", "heure": "23:00", "profil": "pl12"}
    for asked, kind in ((ACTIVE | INSIDE, "perimetres"), (street, "arretes")):
        links = page_client.get(f"{BASE}/ici", **query(**asked)).select("main li a")
        assert any(str(link["href"]).startswith(f"{BASE}/{kind}/") for link in links)
        page_client.get(str(links[0]["href"]))


def test_the_fragment_stands_in_the_page_when_htmx_asks_for_it(
    page_client: PageClient, territory: TerritoryView
) -> None:
    arguments = query(**ACTIVE, **INSIDE)
    fragment = page_client.raw.get(f"{BASE}/ici", headers={"HX-Request": "true"}, **arguments).get_data(as_text=True)
    assert "<html" not in fragment
    assert fragment.strip() in page_client.raw.get(f"{BASE}/ici", **arguments).get_data(as_text=True)


@pytest.mark.parametrize(
    "arguments",
    [
        {"jour": "hier"},
        {"jour": "0001-01-01"},
        {"jour": "9999-12-31"},
        {"heure": "25:00"},
        {"lon": "nan", "lat": "48"},
        {"lon": "2", "lat": "480"},
        {"adresse": "une rue qui n’existe pas"},
    ],
)
def test_the_page_says_what_is_wrong_when_the_address_bar_is_odd(
    page_client: PageClient, territory: TerritoryView, arguments: dict[str, str]
) -> None:
    page = page_client.get(BASE, status=422, **query(**arguments))
    assert page.select_one(".j-errors")
    assert page_client.raw.get(f"{BASE}/arretes.json", query_string=arguments).status_code == 200


def test_an_unknown_vehicle_becomes_the_first_one_when_it_is_asked(
    page_client: PageClient, territory: TerritoryView
) -> None:
    page_client.get(BASE, **query(profil="char", **INSIDE))


def test_a_layer_is_not_sent_again_when_the_law_is_the_same(page_client: PageClient, territory: TerritoryView) -> None:
    url = f"{BASE}/perimetres.json?langue=fr"
    first = page_client.raw.get(url, headers={"Accept-Encoding": "gzip"})
    assert first.headers["Content-Encoding"] == "gzip"
    assert json.loads(gzip.decompress(first.get_data()))["features"]
    assert first.headers["Cache-Control"] == "public, max-age=60"
    assert "Set-Cookie" not in first.headers
    with counted_queries() as statements:
        again = page_client.raw.get(url, headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304 and not again.get_data()
    assert len(statements) == 2
    make_law(territory, perimeters=[perimeter_draft("Braderie", Colour.RED, square(2.355, 48.865))])
    changed = page_client.raw.get(url, headers={"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200 and "Braderie" in changed.get_data(as_text=True)


def test_a_layer_speaks_the_language_of_its_url_when_the_browser_speaks_another(
    page_client: PageClient, territory: TerritoryView
) -> None:
    french = page_client.raw.get(f"{BASE}/perimetres.json?langue=fr", headers={"Accept-Language": "en"})
    other = page_client.raw.get(f"{BASE}/perimetres.json?langue=en", headers={"Accept-Language": "fr"})
    assert "laissez-passer" in french.get_data(as_text=True)
    assert french.headers["ETag"] != other.headers["ETag"]


def test_coordinates_have_six_decimals_when_a_layer_is_sent(page_client: PageClient, territory: TerritoryView) -> None:
    for name in ("perimetres", "arretes", "aires"):
        for feature in layer(page_client, name):
            for x, y in _positions(feature["geometry"]["coordinates"]):
                assert (x, y) == (round(x, 6), round(y, 6))


def _positions(value: Any) -> list[tuple[float, float]]:
    if isinstance(value[0], (int, float)):
        return [(value[0], value[1])]
    return [position for part in value for position in _positions(part)]


def _active(feature: dict[str, Any], instant: datetime) -> bool:
    return any(
        datetime.fromisoformat(start) <= instant and (end is None or instant < datetime.fromisoformat(end))
        for start, end in feature["properties"]["windows"]
    )


def test_the_layers_say_what_the_law_says_when_points_and_instants_are_random(
    page_client: PageClient, territory: TerritoryView
) -> None:
    law, dice = law_snapshot(territory.id), random.Random(20240908)
    lorry = Vehicle(gross_weight_kg=12_000)
    perimeters, states = layer(page_client, "perimetres"), Counter[State]()
    for turn in range(200):
        # One point in four on the closed street, the others anywhere.
        on_street = turn % 4 == 0
        point = (
            Point(dice.uniform(2.3705, 2.3715), 48.862)
            if on_street
            else Point(dice.uniform(2.360, 2.376), dice.uniform(48.860, 48.868))
        )
        instant = datetime(2024, 9, 6, tzinfo=UTC) + timedelta(minutes=dice.randrange(4 * 24 * 60))
        shown = {
            f["properties"]["title"]: f["properties"]["colour"]
            for f in perimeters
            if _active(f, instant) and shape(f["geometry"]).covers(point)
        }
        told = {hit.regulation.id for hit in law.in_force(point, Interval(instant, instant))}
        assert set(shown) == {law.perimeters[one].name for one in told if one in law.perimeters}
        state = verdict(law, point, instant, lorry).state
        streets = layer(page_client, "arretes", jour=instant.astimezone(PARIS).date().isoformat())
        closed = [f for f in streets if f["properties"]["effect"] == "limited" and _active(f, instant)]
        if on_street:
            assert (state is State.FORBIDDEN) == bool(closed)
        elif not any(shape(f["geometry"]).distance(point) < 0.0002 for f in streets):
            strict = bool({"red", "grey"} & set(shown.values()))
            assert state is (State.PASS_REQUIRED if strict else State.ALLOWED)
        states[state] += 1
    assert min(states[kind] for kind in (State.ALLOWED, State.PASS_REQUIRED, State.FORBIDDEN)) >= 5


def test_measures_have_the_windows_of_the_law_when_a_day_is_asked(
    page_client: PageClient, territory: TerritoryView
) -> None:
    law = law_snapshot(territory.id)
    measure = next(m for m in law.measures.values() if m.type is MeasureType.NO_ENTRY)
    [feature] = [f for f in layer(page_client, "arretes", jour="2024-09-08") if f["properties"]["effect"] == "limited"]
    begin = datetime(2024, 9, 7, tzinfo=PARIS)
    for step in range(3 * 24 * 4):
        instant = begin.astimezone(UTC) + timedelta(minutes=15 * step)
        assert _active(feature, instant) == any(p.is_active(instant, law.calendar) for p in measure.periods), instant


def test_the_list_holds_what_the_map_shows_when_a_moment_is_chosen(
    page_client: PageClient, territory: TerritoryView
) -> None:
    instant = datetime(2024, 9, 8, 9, tzinfo=PARIS)
    shown = sorted(f["properties"]["title"] for f in layer(page_client, "perimetres") if _active(f, instant))
    page = page_client.get(f"{BASE}/liste", **query(**ACTIVE))
    assert sorted(link.get_text() for link in page.select(".j-list a")) == shown
    measures = sorted(
        f["properties"]["title"] for f in layer(page_client, "arretes", jour="2024-09-08") if _active(f, instant)
    )
    page = page_client.get(f"{BASE}/liste", **query(**ACTIVE, genre="arretes"))
    assert sorted(link.get_text() for link in page.select(".j-list a")) == measures


def test_the_list_names_the_next_moment_when_nothing_applies(page_client: PageClient) -> None:
    alone = make_territory("lyon", name="Lyon")
    make_law(alone, perimeters=[perimeter_draft()])
    page = page_client.get("/carte/lyon/liste", **query(jour="2024-09-01", heure="12:00"))
    link = page.select_one(".j-empty a")
    assert link is not None
    there = page_client.get(str(link["href"]))
    assert there.select(".j-list a")
    assert "Aller à la prochaine activation" in page_client.get(
        "/carte/lyon", **query(jour="2024-09-01", heure="12:00")
    ).get_text(" ")


def test_pages_of_the_list_follow_when_it_is_long(page_client: PageClient, territory: TerritoryView) -> None:
    make_law(
        territory,
        perimeters=[perimeter_draft(f"Rue {n:02}", Colour.RED, square(2.355 + n / 10_000, 48.865)) for n in range(60)],
        bays=[bay_draft() for _ in range(60)],
    )
    for kind, total in (("perimetres", 63), ("aires", 62)):
        url, seen = f"{BASE}/liste?genre={kind}&jour=2024-09-08&heure=09:00", 0
        while url:
            page = page_client.get(url)
            seen += len(page.select(".j-list > li"))
            following = page.select_one(".j-pager a[rel=next]")
            url = str(following["href"]) if following else ""
        assert seen == total, kind


def test_pages_cost_the_same_queries_when_the_law_grows(page_client: PageClient, territory: TerritoryView) -> None:
    paths = (
        "",
        "/liste",
        "/liste?genre=arretes",
        "/liste?genre=aires",
        "/perimetres.json",
        "/arretes.json",
        "/ici?lon=2.362&lat=48.862",
    )

    def cost() -> dict[str, int]:
        counts = {}
        for path in paths:
            page_client.raw.get(BASE + path)  # the law of this version is built once, by whoever comes first
            with counted_queries() as statements:
                page_client.raw.get(BASE + path)
            counts[path] = len(statements)
        return counts

    before = cost()
    make_law(
        territory,
        perimeters=[perimeter_draft(f"Rue {n}", Colour.RED, square(2.355 + n / 10_000, 48.865)) for n in range(60)],
        orders=[order_draft(title=f"Arrêté {n}") for n in range(60)],
        bays=[bay_draft() for _ in range(60)],
    )
    assert cost() == before
    assert max(before.values()) <= 6
