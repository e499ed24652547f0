"""Random trips judged by somebody else: shapely, the records of 2024, and the timeline of the answer."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from portal.itineriz.documents.answer import to_public
from portal.itineriz.planning.planner import plan
from portal.itineriz.routing.engine import Engine
from portal.itineriz.trip import Stop, Trip
from portal.regulations.snapshot import LawSnapshot
from tests.support.paris import BOUNDS, PARIS, TRUCK, local, records
from tests.support.route_checker import Judge

# One instant inside each of the seven perimeters of the extract, and some a few minutes before they open or close.
INSTANTS = (
    "2024-09-08T09:00",
    "2024-09-08T05:27",
    "2024-09-08T13:57",
    "2024-08-03T10:00",
    "2024-08-04T11:26",
    "2024-08-11T06:30",
    "2024-08-10T18:28",
    "2024-07-26T12:56",
)
TRIPS_EACH = 8


@pytest.mark.parametrize("instant", INSTANTS)
def test_no_active_perimeter_is_crossed_when_trips_are_random(
    instant: str, paris: Engine, law_2024: LawSnapshot, shared_data: Path, sentences: None
):
    judge = Judge(records(shared_data), BOUNDS)
    chosen = random.Random(instant)
    answered = 0
    for _ in range(TRIPS_EACH):
        start, end = (Stop(chosen.uniform(2.353, 2.379), chosen.uniform(48.859, 48.869)) for _ in range(2))
        result = to_public(plan(paris, law_2024, Trip((start, end), local(instant), TRUCK)), PARIS)
        if result["status"] == "ok":
            answered += 1
            assert judge.crossed(result["timeline"]) == []
            assert result["violations"] == []
        else:
            assert result["blocking"] and result["timeline"] == []
            plain = plan(
                paris, LawSnapshot.build([], [], zone=PARIS, version="-"), Trip((start, end), local(instant), TRUCK)
            )
            opened = frozenset(needed["perimeter_id"] for needed in result["needed_passes"])
            if plain.legs:
                assert judge.crossed(to_public(plain, PARIS)["timeline"]), "refused although the plain route is lawful"
                assert opened, "no pass named"
    assert answered or instant == "2024-09-08T09:00"


def test_the_judge_sees_a_crossing_when_the_law_is_ignored(paris: Engine, shared_data: Path, sentences: None):
    judge = Judge(records(shared_data), BOUNDS)
    nothing = LawSnapshot.build([], [], zone=PARIS, version="-")
    trip = Trip((Stop(2.3560, 48.8655), Stop(2.3780, 48.8690)), local("2024-09-08T09:00"), TRUCK)
    assert judge.crossed(to_public(plan(paris, nothing, trip), PARIS)["timeline"])
