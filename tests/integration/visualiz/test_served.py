"""Who delivers at a door stands in the street that serves it: map, week, command and address check say the same."""

from __future__ import annotations

import json
import random
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import shapely
from flask import Flask

from portal.itineriz.addresses.checking import Checked, Checker
from portal.itineriz.addresses.finding import Candidate, Finder, Located
from portal.itineriz.places.sheet import SheetRow
from portal.itineriz.routing.engine import open_engine
from portal.numeriz.api import law_snapshot, state_words
from portal.regulations.evaluate import State
from portal.regulations.measures import Direction
from portal.regulations.vehicles import Vehicle
from portal.territories.api import TerritoryView
from tests.factories.law import make_law, measure_draft, order_draft, perimeter_draft, square
from tests.integration.visualiz.test_street import built_village, make_town
from tests.support.extract import LAT, LON
from tests.support.web import PageClient

__all__ = ["built_village"]

PARIS = ZoneInfo("Europe/Paris")
WHEN = datetime(2024, 9, 8, 9, tzinfo=PARIS)
ASKED = {"jour": "2024-09-08", "heure": "09:00", "profil": "vul"}
VAN = {"gvw_t": 3.5}
BRETAGNE = ((LON, LAT), (LON + 0.004, LAT))
# Eleven metres from the middle of its street: farther than a point reaches.
DOOR = "4 rue de Bretagne"
DOOR_AT = (LON + 4 / 6000, LAT + 0.0001)


@pytest.fixture
def town(app: Flask, built_village: Path) -> TerritoryView:
    return make_town("bourg-servi", built_village, graph=True)


def close(town: TerritoryView, line: tuple[tuple[float, float], ...], direction: Direction = Direction.BOTH) -> None:
    make_law(town, orders=[order_draft(measure_draft(line=line, direction=direction))])


def word(client: PageClient, town: TerritoryView, page: str = "ici", **asked: str) -> str:
    found = client.get(f"/carte/{town.slug}/{page}".rstrip("/"), query_string={**ASKED, **asked}).select_one(
        ".j-verdict__word"
    )
    assert found is not None
    return found.get_text()


def of_point(point: tuple[float, float]) -> dict[str, str]:
    return {"lon": f"{point[0]:.6f}", "lat": f"{point[1]:.6f}"}


def told(app: Flask, town: TerritoryView, point: tuple[float, float]) -> dict[str, object]:
    """What the command answers."""
    place = ("--territory", town.slug, "--at", f"{point[0]:.6f},{point[1]:.6f}", "--when", WHEN.isoformat())
    done = app.test_cli_runner().invoke(args=["what", *place, "--vehicle", json.dumps(VAN), "--json"])
    assert done.exit_code == 0, done.output
    found: dict[str, object] = json.loads(done.stdout)
    return found


def checked(town: TerritoryView, located: Located) -> State:
    """What the address check says of the instant."""
    assert town.graph_dir is not None
    law, vehicle = law_snapshot(town.id), Vehicle.from_public(VAN)
    checker = Checker(open_engine(town.graph_dir), law, PARIS, WHEN.date(), vehicle)
    answers = Checked()
    checker.add(answers, [(SheetRow(1, {}), located)])
    rank = answers.addresses[0].answer
    assert rank is not None
    spans = answers.answers[rank]["spans"]
    return next(State(state) for start, end, state, _ranks in spans if start <= WHEN.isoformat() < end)


@pytest.mark.parametrize("page", ["ici", ""])
def test_an_address_away_from_the_line_is_closed_with_its_street(
    page_client: PageClient, app: Flask, town: TerritoryView, page: str
) -> None:
    close(town, BRETAGNE)
    assert word(page_client, town, page, adresse=DOOR) == "Circulation interdite"
    assert word(page_client, town, page, **of_point(DOOR_AT)) == "Circulation interdite"
    assert (told(app, town, DOOR_AT)["verdict"], told(app, town, DOOR_AT)["street"]) == ("forbidden", "Rue de Bretagne")
    assert checked(town, Finder(town).find(DOOR)) is State.FORBIDDEN
    week = page_client.get(f"/carte/{town.slug}/semaine", query_string={**ASKED, "adresse": DOOR})
    assert {cell.get_text(strip=True)[0] for cell in week.select("tbody .j-week__cell")} == {"F"}


def test_a_perimeter_at_the_door_counts_when_the_street_is_outside(
    page_client: PageClient, app: Flask, town: TerritoryView
) -> None:
    west, south = DOOR_AT[0] - 5e-5, DOOR_AT[1] - 5e-5
    make_law(town, perimeters=[perimeter_draft(shape=shapely.box(west, south, west + 1e-4, south + 1e-4))])
    state = State(str(told(app, town, DOOR_AT)["verdict"]))
    assert state is not State.ALLOWED and checked(town, Finder(town).find(DOOR)) is state
    assert word(page_client, town, adresse=DOOR) == str(state_words(state))


def test_an_address_is_served_from_its_own_street_when_another_is_nearer(
    page_client: PageClient, town: TerritoryView
) -> None:
    # Two steps along the street stands the square: a point of it, on its side.
    corner = (LON + 0.00205, LAT + 0.0001)
    close(town, BRETAGNE)
    assert word(page_client, town, **of_point(corner)) == "Circulation permise"
    assert checked(town, Located(Candidate("12 bis Rue de Bretagne, 75003 Bourg", *corner, 1.0))) is State.FORBIDDEN
    page = page_client.get(f"/carte/{town.slug}/ici", query_string={**ASKED, **of_point(corner)})
    assert "Desservi depuis\u00a0: Place de l’Hôtel-de-Ville." in page.get_text()


def test_the_links_of_an_answer_give_it_again(page_client: PageClient, town: TerritoryView) -> None:
    close(town, BRETAGNE)
    page = page_client.get(f"/carte/{town.slug}/ici", query_string={**ASKED, "adresse": "12 bis rue de Bretagne"})
    assert "Circulation interdite" in page.get_text()
    again = next(str(link["href"]) for link in page.select(".j-answer a") if "Lien vers" in link.get_text())
    assert "Circulation interdite" in page_client.get(again).select_one("#ici").get_text()  # type: ignore[union-attr]


def test_a_street_closed_one_way_is_served_the_other_way_and_says_so(
    page_client: PageClient, town: TerritoryView
) -> None:
    close(town, BRETAGNE, Direction.FORWARD)
    page = page_client.get(f"/carte/{town.slug}/ici", query_string={**ASKED, "adresse": DOOR})
    assert "Circulation permise" in page.get_text() and page.select("h3 + ul li")


def test_a_line_that_is_no_street_binds_who_stands_on_it(page_client: PageClient, town: TerritoryView) -> None:
    yard = ((LON + 0.0005, LAT + 0.001), (LON + 0.0015, LAT + 0.001))
    close(town, yard)
    assert word(page_client, town, **of_point((LON + 0.001, LAT + 0.001))) == "Circulation interdite"


def test_the_point_itself_is_asked_and_told_when_there_is_no_graph(
    page_client: PageClient, app: Flask, built_village: Path
) -> None:
    town = make_town("bourg-seul", built_village, graph=False)
    close(town, BRETAGNE)
    page = page_client.get(f"/carte/{town.slug}/ici", query_string={**ASKED, "adresse": DOOR})
    assert "Réponse au point exact" in page.get_text() and "Circulation permise" in page.get_text()
    assert told(app, town, DOOR_AT)["street"] is None


def test_map_command_and_check_agree_wherever_a_door_is(
    page_client: PageClient, app: Flask, town: TerritoryView
) -> None:
    dice = random.Random(20261124)
    orders = []
    for _ in range(7):
        along, first = dice.choice((0, 0.002, 0.004)), dice.uniform(0, 0.003)
        ends = [(first, along), (first + 0.001, along)]
        line = tuple((LON + x, LAT + y) for x, y in (ends if dice.random() < 0.5 else [(y, x) for x, y in ends]))
        orders.append(order_draft(measure_draft(line=line, direction=dice.choice([*Direction]))))
    make_law(town, orders=orders, perimeters=[perimeter_draft(shape=square(2.3612, 48.8612))])
    seen = set()
    for _ in range(60):
        along, beside = dice.uniform(0, 0.004), dice.choice((0, 0.002, 0.004)) + dice.uniform(-3e-4, 3e-4)
        x, y = (along, beside) if dice.random() < 0.5 else (beside, along)
        point = (round(LON + x, 6), round(LAT + y, 6))
        state = State(str(told(app, town, point)["verdict"]))
        assert word(page_client, town, **of_point(point)) == str(state_words(state)), point
        assert checked(town, Located(Candidate("ici", *point, 1.0))) is state, point
        seen.add(state)
    assert len(seen) > 1
