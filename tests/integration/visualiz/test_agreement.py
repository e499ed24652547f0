"""What the map shows is what the core says: layers, list, answer, files and command asked the same questions.

JOPTIMIZ_MAP_SAMPLES=1000 asks as many; without it a part of them.
"""

from __future__ import annotations

import csv
import io
import json
import math
import os
import random
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
import pytest
import shapely
from bs4 import BeautifulSoup, Tag
from flask import Flask
from flask.testing import FlaskClient
from lxml import etree
from shapely.geometry import Point, shape

from portal.cirqliz.api import active_pass_rights
from portal.fleet.api import get_vehicle
from portal.numeriz.api import law_snapshot, sentence, state_words
from portal.regulations.evaluate import State, Verdict, next_change, verdict
from portal.regulations.geometry import POINT_REACH_M
from portal.regulations.passes import PassRight
from portal.regulations.schedules import Interval
from portal.regulations.snapshot import LawSnapshot
from portal.regulations.vehicles import Answer, Vehicle
from portal.visualiz.profiles import PROFILES
from portal.web import filters
from tests.factories.cirqliz import RunJobs, World, make_world
from tests.integration.visualiz.mixed_town import Question, make_mixed_law, questions
from tests.support.web import PageClient

SAMPLES = int(os.environ.get("JOPTIMIZ_MAP_SAMPLES", "40"))
PARIS = ZoneInfo("Europe/Paris")
BASE = "/carte/val-essai"
LAYERS = {
    "perimeters": "perimetres",
    "orders": "arretes",
    "events": "evenements",
    "signs": "panneaux",
    "bays": "aires",
}
KML, GPX = "{http://www.opengis.net/kml/2.2}", "{http://www.topografix.com/GPX/1/1}"
METRES = 111_195.0
# Nearer than this to the edge of a shape nobody says on which side a point lies.
DOUBT_M = 0.5
CONCERNS = {"Concerne ce véhicule": "concerned", "Ne concerne pas ce véhicule": "spared"}
ENTRIES = {
    "open": State.ALLOWED,
    "pass-needed": State.PASS_REQUIRED,
    "pass-held": State.PASS_REQUIRED,
    "closed": State.FORBIDDEN,
    "unknown": State.UNKNOWN,
}
OPENED = "Ouvert par votre laissez-passer"


class Everyone:
    """All the ways to ask about one town: anybody's browser, its carrier's browser, the command line."""

    def __init__(self, app: Flask, world: World) -> None:
        self.app, self.world = app, world
        self.vehicle_id = world.vehicle("AB-123-CD", height_cm=310)
        world.approve(world.ready(vehicles=[self.vehicle_id]))
        self.written = make_mixed_law(world.territory, world.day, random.Random(20240908))
        self.law = law_snapshot(world.territory.id)
        self.anybody = app.test_client()
        carrier = PageClient(app.test_client())
        carrier.sign_in(world.owner.id)
        self.carrier = carrier.raw
        view = get_vehicle(world.company.id, self.vehicle_id)
        self.own = Vehicle.from_public(view.public())
        self.rights: list[PassRight] = active_pass_rights(self.vehicle_id, world.day)
        self.told: dict[str, Any] = {}

    def vehicle(self, asked: Question) -> tuple[Vehicle, list[PassRight]]:
        return (self.own, self.rights) if asked.vehicle == "own" else (PROFILES[asked.vehicle][1], [])

    def core(self, asked: Question) -> Verdict:
        return verdict(self.law, asked.point, asked.at, *self.vehicle(asked))

    def is_written(self, regulation_id: str) -> bool:
        """Tell whether something of the law is a measure of an order written at the desk."""
        measure = self.law.measures.get(regulation_id)
        return measure is not None and measure.order.title in self.written

    def browser(self, asked: Question) -> FlaskClient:
        return self.carrier if asked.vehicle == "own" else self.anybody

    def get(self, asked: Question, path: str, **more: str) -> str:
        local = asked.at.astimezone(PARIS)
        chosen = {"vehicule": str(self.vehicle_id)} if asked.vehicle == "own" else {"profil": asked.vehicle}
        query = {"jour": f"{local:%Y-%m-%d}", "heure": f"{local:%H:%M}", **chosen, **more}
        answer = self.browser(asked).get(f"{BASE}/{path}", query_string=query)
        assert answer.status_code == 200, (path, query)
        return answer.get_data(as_text=True)

    def concerned(self, asked: Question) -> dict[str, Any]:
        if asked.vehicle not in self.told:
            self.told[asked.vehicle] = json.loads(self.get(asked, "concerne.json"))
        found: dict[str, Any] = self.told[asked.vehicle]
        return found


@pytest.fixture
def everyone(app: Flask, run_jobs: RunJobs) -> Everyone:
    return Everyone(app, make_world(app, run_jobs))


def test_all_say_what_the_core_says_when_places_hours_and_vehicles_are_random(everyone: Everyone) -> None:
    dice = random.Random(20261123)
    seen: Counter[str] = Counter()
    for asked in questions(everyone.law, everyone.world.day, dice, SAMPLES):
        core = everyone.core(asked)
        check_answer(everyone, asked, core)
        if asked.vehicle != "own":
            check_command(everyone, asked, core)
        shown = shown_on_map(everyone, asked)
        check_place(everyone, asked, core, shown, seen)
        check_taken_away(everyone, asked, shown)
        seen.update(
            f"bay {feature['properties']['regime']}" for feature in shown.values() if feature["layer"] == "bays"
        )
        seen[core.state.value] += 1
        seen.update(reason.code.value for reason in core.reasons)
    for wanted in (
        *State,
        "perimeter-pass-held",
        "compared",
        "written at the desk",
        "spared",
        "bay permanent",
        "bay suspended",
    ):
        assert seen[str(wanted)], f"no question was about {wanted}: {seen}"


def box_of(asked: Question) -> str:
    """A box some 60 m wide around the place, on the grid of four decimals that boxes have."""
    west, south = math.floor(asked.lon * 1e4 - 4) / 1e4, math.floor(asked.lat * 1e4 - 3) / 1e4
    return f"{west:.4f},{south:.4f},{west + 0.0009:.4f},{south + 0.0007:.4f}"


def shown_on_map(everyone: Everyone, asked: Question) -> dict[str, dict[str, Any]]:
    """What the map draws in the box at the instant, by id: the windows are read as the browser reads them."""
    found = {}
    for layer, name in LAYERS.items():
        boxed = {} if layer == "perimeters" else {"boite": box_of(asked)}
        for feature in json.loads(everyone.get(asked, f"{name}.json", **boxed))["features"]:
            # A bay that nothing puts out of use has none; of one that is out, a second feature has its own.
            windows = feature["properties"].get("windows", [[None, None]])
            if any(is_inside(asked.at, window) for window in windows):
                found[feature["properties"]["id"].removesuffix(".suspended")] = {**feature, "layer": layer}
    return found


def is_inside(at: datetime, window: list[str | None]) -> bool:
    start, end = window
    has_begun = start is None or datetime.fromisoformat(start) <= at
    return has_begun and (end is None or at < datetime.fromisoformat(end))


def entry_at(told: Mapping[str, Any], perimeter: str, at: datetime) -> tuple[State, bool]:
    """What the map says that a perimeter asks of the vehicle at an instant, and whether a pass opens it then."""
    is_held = any(is_inside(at, span) for span in told["held"].get(perimeter, ()))
    return State.ALLOWED if is_held else ENTRIES[told["perimeters"][perimeter]], is_held


def check_place(
    everyone: Everyone, asked: Question, core: Verdict, shown: Mapping[str, Mapping[str, Any]], seen: Counter[str]
) -> None:
    """What is drawn at the place is what bears on it, and fades when, and only when, it leaves the vehicle free."""
    shown = {key: feature for key, feature in shown.items() if feature["layer"] != "bays"}
    distances = {key: metres_to(feature["geometry"], asked.point) for key, feature in shown.items()}
    reach = {key: 0.0 if "Polygon" in shown[key]["geometry"]["type"] else POINT_REACH_M for key in shown}
    if any(abs(distances[key] - reach[key]) < DOUBT_M and distances[key] > 0 for key in shown):
        return
    seen["compared"] += 1
    drawn = {key.partition(".")[0] for key in shown if distances[key] <= reach[key]}
    seen["written at the desk"] += any(map(everyone.is_written, drawn))
    now = Interval(asked.at, asked.at)
    assert drawn == {hit.regulation.id for hit in everyone.law.in_force(asked.point, now)}, asked
    told = everyone.concerned(asked)
    obstacles = {reason.id: reason for reason in core.obstacles}
    for key in shown:
        regulation, properties = key.partition(".")[0], shown[key]["properties"]
        if shown[key]["layer"] != "perimeters":
            is_faded = told["rules"][properties["rule"]] == "spared"
            assert not (is_faded and regulation in obstacles), (asked, key)
            rule = everyone.law.measures[regulation].vehicles
            outcome = rule.concerns(everyone.vehicle(asked)[0], stops_inside=True)
            assert is_faded == (outcome.answer is Answer.NO and not outcome.free_texts), (asked, key)
            seen["spared"] += is_faded
        elif regulation in drawn:
            found = obstacles[regulation].state if regulation in obstacles else State.ALLOWED
            assert found is entry_at(told, regulation, asked.at)[0], (asked, key)


def metres_to(geometry: dict[str, Any], point: Point) -> float:
    """How far a point is from a shape, in metres around it."""
    scale = METRES * np.array([math.cos(math.radians(point.y)), 1.0])
    flat = shapely.transform(shape(geometry), lambda coords: (coords - np.array([point.x, point.y])) * scale)
    return float(flat.distance(Point(0, 0)))


def check_answer(everyone: Everyone, asked: Question, core: Verdict) -> None:
    """The page says the state, each reason and warning in its words, and the next change."""
    page = BeautifulSoup(everyone.get(asked, "ici", lon=f"{asked.lon:.6f}", lat=f"{asked.lat:.6f}"), "html.parser")
    word = page.select_one(".j-verdict__word")
    assert word is not None
    change = next_change(everyone.law, asked.point, asked.at, *everyone.vehicle(asked))
    with everyone.app.test_request_context():
        assert word.get_text() == str(state_words(core.state)), asked
        told = [item.get_text() for item in page.select(".j-answer li")]
        said = [str(sentence(reason, PARIS)) for reason in (*core.reasons, *core.warnings)]
        assert [text.startswith(words) for text, words in zip(told, said, strict=True)] == [True] * len(said), asked
        when = filters.instant(change.at, "Europe/Paris") if change else "Pas de changement prévu"
        assert when in page.get_text(" ")


def check_command(everyone: Everyone, asked: Question, core: Verdict) -> None:
    """`joptimiz what` gives the same verdict for the same reasons."""
    vehicle = everyone.vehicle(asked)[0]
    sizes = {"gvw_t": vehicle.gross_weight_kg, "gcw_t": vehicle.combination_weight_kg}
    public: dict[str, object] = {name: kilograms / 1000 for name, kilograms in sizes.items() if kilograms}
    public |= {"hazmat": vehicle.hazmat, "air_class": vehicle.air_class and vehicle.air_class.value}
    place, when = f"{asked.lon},{asked.lat}", asked.at.isoformat()
    arguments = ["--territory", "val-essai", "--at", place, "--when", when, "--vehicle", json.dumps(public), "--json"]
    done = everyone.app.test_cli_runner().invoke(args=["what", *arguments])
    assert done.exit_code == 0, done.output
    told = json.loads(done.output)
    assert told["verdict"] == core.state.value, asked
    for name, reasons in (("reasons", core.reasons), ("warnings", core.warnings)):
        assert [(r["code"], r["id"], r["state"]) for r in told[name]] == [
            (reason.code.value, reason.id, reason.state.value) for reason in reasons
        ]


def check_taken_away(everyone: Everyone, asked: Question, shown: Mapping[str, Mapping[str, Any]]) -> None:
    """Files and list hold what the map draws in the box, by the same names, and say the same of the vehicle."""
    view = {"boite": box_of(asked), "calques": ",".join(LAYERS)}
    west, south, east, north = map(float, view["boite"].split(","))
    frame = shapely.box(west, south, east, north)
    # The map has six decimals: a line that ends within a hand of the frame may be seen on either side of it.
    surely, perhaps = (
        {key for key in shown if shape(shown[key]["geometry"]).intersects(frame.buffer(by))} for by in (-2e-6, 2e-6)
    )
    taken = {f["id"]: f["properties"] for f in json.loads(everyone.get(asked, "export.geojson", **view))["features"]}
    assert surely <= set(taken) <= perhaps, asked
    for key, properties in taken.items():
        check_words(everyone, asked, shown[key], properties)
    check_other_files(everyone, asked, view, taken)
    for layer, kind in LAYERS.items():
        page = BeautifulSoup(everyone.get(asked, "liste", **view, genre=kind), "html.parser")
        listed = [entry_words(entry) for entry in page.select(".j-list > li")]
        wanted = [(p["title"], p["vehicle"] or "") for p in taken.values() if p["layer"] == layer]
        assert sorted(listed) == sorted(wanted), (asked, kind)


def check_words(everyone: Everyone, asked: Question, feature: Mapping[str, Any], properties: Mapping[str, Any]) -> None:
    """A thing in a file has the name it has on the map, and means for the vehicle what the map draws."""
    drawn, told = feature["properties"], everyone.concerned(asked)
    assert properties["title"] == drawn["title"], asked
    match properties["layer"]:
        case "bays":
            assert properties["vehicle"] is None and properties["look"] == drawn["regime"], asked
        case "perimeters":
            state, is_held = entry_at(told, properties["id"], asked.at)
            with everyone.app.test_request_context():
                words = OPENED if is_held else str(state_words(state))
            assert properties["vehicle"].startswith(words), (asked, properties)
        case _:
            assert CONCERNS.get(properties["vehicle"], "unknown") == told["rules"][drawn["rule"]], (asked, properties)


def check_other_files(
    everyone: Everyone, asked: Question, view: Mapping[str, str], taken: Mapping[str, Mapping[str, Any]]
) -> None:
    """CSV, KML and GPX hold the things of the GeoJSON, in its order and by its words."""
    wanted = [(properties["title"], properties["vehicle"] or "") for properties in taken.values()]
    table = everyone.get(asked, "export.csv", **view).removeprefix("\ufeff")
    rows = list(csv.reader(io.StringIO(table), delimiter=";"))[1:-1]
    assert [(row[1], row[2], row[7]) for row in rows] == [
        (key, *words) for key, words in zip(taken, wanted, strict=True)
    ]
    for kind, thing, said in (("kml", f"{KML}Placemark", f"{KML}description"), ("gpx", f"{GPX}wpt", f"{GPX}desc")):
        found = list(etree.fromstring(everyone.get(asked, f"export.{kind}", **view).encode()).iter(thing))
        names = [item.findtext(thing.partition("}")[0] + "}name") for item in found]
        assert names == [title for title, _concern in wanted], (asked, kind)
        described = [item.findtext(said) or "" for item in found]
        assert all(concern in text for text, (_title, concern) in zip(described, wanted, strict=True)), (asked, kind)


def entry_words(entry: Tag) -> tuple[str, str]:
    """The title of an entry of the list, and what it means for the vehicle."""
    first, *others = entry.select("p")
    title, concern = first.select_one("a, strong"), others[-1].strong if others else None
    assert title is not None
    return title.get_text(), "" if concern is None else concern.get_text().removesuffix(".")


def test_the_town_of_the_questions_holds_every_kind_of_law(everyone: Everyone) -> None:
    law: LawSnapshot = everyone.law
    assert {measure.origin.value for measure in law.measures.values()} == {"order", "event", "osm"}
    assert len({perimeter.colour for perimeter in law.perimeters.values()}) >= 4
    assert all(UUID(perimeter) for perimeter in law.perimeters) and everyone.rights
    assert 8 <= len(everyone.written) <= 20
