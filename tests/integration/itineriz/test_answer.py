"""The public answer: every key that its readers expect, on an answer and on a refusal."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
import shapely

from portal.itineriz.documents.answer import to_public
from portal.itineriz.documents.wording import caution_text, reason_text
from portal.itineriz.planning.bays import BayMap
from portal.itineriz.planning.planner import Extras, plan
from portal.itineriz.routing.engine import Engine
from portal.itineriz.trip import Stop, Trip
from portal.numeriz.api import BayLayout, BayRegime
from portal.regulations.perimeters import Activation, Colour, Perimeter
from portal.regulations.snapshot import LawSnapshot
from tests.support.paris import PARIS, TRUCK, local

WEST, EAST = Stop(2.3560, 48.8655, "Dépôt"), Stop(2.3780, 48.8690, "Est", 600)
ALWAYS_THERE = {
    "status", "depart_at", "distance_m", "duration_s", "drive_s", "geometry", "timeline", "avoided", "violations",
    "warnings", "stops", "legs", "needed_passes", "blocking", "impossible_stops", "proposals", "departures",
    "without_law", "law_version", "graph_version", "order",
}  # fmt: skip


@dataclass(frozen=True)
class Bay:
    lon: float
    lat: float
    length_cm: int | None = 1500
    id: object = None
    name: str = "Aire 7"
    address: str = "7 rue du Port"
    regime: BayRegime = BayRegime.PERMANENT
    layout: BayLayout = BayLayout.PARALLEL
    hours: tuple[()] = ()
    max_stay_min: int | None = 30
    max_gross_weight_kg: int | None = None
    active: bool = True
    suspensions: tuple[()] = ()


def test_an_answer_has_what_its_readers_expect_when_a_tour_is_found(
    paris: Engine, law_2024: LawSnapshot, sentences: None
):
    bays = [Bay(EAST.lon + 0.0003, EAST.lat, id=uuid4()), Bay(EAST.lon, EAST.lat, None, id=uuid4())]
    trip = Trip((WEST, EAST), local("2024-09-07T09:00"), TRUCK, energy="diesel", return_to_start=True)
    extras = Extras(bays=BayMap(bays, law_2024.calendar))  # type: ignore[arg-type]
    answer = json.loads(json.dumps(to_public(plan(paris, law_2024, trip, extras=extras), PARIS)))
    assert set(answer) >= ALWAYS_THERE | {"arrive_at", "emissions"}
    first, stop, home = answer["stops"]
    assert (first["number"], stop["number"], home["number"], home["return"]) == (0, 1, 0, True)
    assert first["bays"] == home["bays"] == []
    sure, doubtful = stop["bays"]
    assert sure["usable"] is True and sure["length_m"] == 15 and sure["max_stay_min"] == 30 and "why" not in sure
    assert sure["hours"] == "Réservée aux livraisons à toute heure." and 15 < sure["walk_m"] < 30
    assert doubtful["usable"] == "unknown" and doubtful["why"] == "La longueur de l’aire est inconnue."
    assert doubtful["walk_m"] < sure["walk_m"], "a sure bay comes before a doubtful one"
    leave, arrive = (datetime.fromisoformat(stop[key]) for key in ("leave_at", "arrive_at"))
    assert leave - arrive == timedelta(seconds=stop["service_s"] + stop["wait_s"])
    for leg in answer["legs"]:
        assert leg["geometry"]["coordinates"][0] != leg["geometry"]["coordinates"][-1]
        assert all(step["text"] and step["text_en"] and step["text"] != step["text_en"] for step in leg["instructions"])
    joined = [point for leg in answer["legs"] for point in leg["geometry"]["coordinates"]]
    assert joined[0] == answer["timeline"][0][:2] and joined[-1] == answer["timeline"][-1][:2]
    assert answer["stops"][-1]["arrive_at"] == answer["arrive_at"] == answer["timeline"][-1][2]


def test_a_refusal_has_what_its_readers_expect_when_there_is_no_lawful_way(
    paris: Engine, law_2024: LawSnapshot, sentences: None
):
    answer = to_public(plan(paris, law_2024, Trip((WEST, EAST), local("2024-09-08T09:00"), TRUCK)), PARIS)
    assert set(answer) >= ALWAYS_THERE and "arrive_at" not in answer
    assert answer["legs"] == [] and answer["stops"][1]["arrive_at"] is None and answer["stops"][1]["at"] is None
    (blocking,) = answer["blocking"]
    assert blocking["stop"] == 1 and blocking["pass"]["requirement"] == "pass"
    assert blocking["pass"]["perimeter_id"] == blocking["id"]
    assert blocking["opens_at"] == "2024-09-08T14:00:00+02:00"
    assert blocking["lines"]["type"] == "MultiLineString" and blocking["lines"]["coordinates"]
    assert reason_text(blocking, PARIS) == blocking["why"]


@pytest.mark.parametrize("at", ["2024-09-08T09:00", "2024-09-07T09:00"])
def test_every_sentence_can_be_made_again_from_its_codes_when_an_answer_is_stored(
    at: str, paris: Engine, law_2024: LawSnapshot, sentences: None
):
    stops = (WEST, Stop(2.3650, 48.8640, "Milieu", 60), EAST)
    trip = Trip(stops, local(at), TRUCK, assume_passes=True)
    answer = json.loads(json.dumps(to_public(plan(paris, law_2024, trip), PARIS)))
    for item in (*answer["avoided"], *answer["blocking"], *answer["violations"]):
        assert reason_text(item, PARIS) == item["why"]
    for item in answer["warnings"]:
        assert caution_text(item, PARIS) == item["text"]


def test_a_bay_is_not_told_when_the_law_closes_its_place(paris: Engine):
    day, hour = local("2024-10-01T10:00"), timedelta(hours=1)
    bay = Bay(EAST.lon + 0.0012, EAST.lat, id=uuid4())
    zone = Perimeter(
        "z", "e", "Z", Colour.RED, shapely.Point(bay.lon, bay.lat).buffer(0.0006), (Activation(day - hour, day + hour),)
    )
    no_law, closed = (LawSnapshot.build(some, [], zone=PARIS, version="made") for some in ([], [zone]))
    stop = Stop(*EAST.point, service_s=300)
    for law, at, told in ((no_law, day, 1), (closed, day, 0), (closed, day + hour, 1)):
        extras = Extras(bays=BayMap([bay], law.calendar), hours=False)  # type: ignore[arg-type]
        result = plan(paris, law, Trip((WEST, stop), at, TRUCK), extras=extras)
        assert result.status == "ok"
        assert [len(bays) for bays in result.bays] == [0, told]
