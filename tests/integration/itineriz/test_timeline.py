"""The answer as a stranger reads it: positions, instants and lengths that hold together on random tours."""

from __future__ import annotations

import math
import random
from datetime import datetime
from itertools import pairwise
from typing import Any

import pytest

from portal.itineriz.documents.answer import to_public
from portal.itineriz.planning.planner import plan
from portal.itineriz.routing.engine import Engine
from portal.itineriz.trip import Stop, Trip
from portal.regulations.snapshot import LawSnapshot
from tests.support.paris import PARIS, TRUCK, local

METRES_PER_DEGREE = (73_178.0, 111_195.0)
FASTEST_M_PER_S = 36.0
# Where a leg is cut and the next begins, the engine may place the vehicle a few metres apart.
SLACK_M = 8.0


def gap_m(one: list[Any], other: list[Any]) -> float:
    return math.hypot(*((a - b) * scale for a, b, scale in zip(one, other, METRES_PER_DEGREE, strict=False)))


@pytest.mark.parametrize("seed", range(6))
def test_the_timeline_holds_together_when_tours_are_random(
    seed: int, paris: Engine, law_2024: LawSnapshot, sentences: None
) -> None:
    chosen = random.Random(seed)
    answered = 0
    for _ in range(5):
        stops = tuple(
            Stop(chosen.uniform(2.353, 2.379), chosen.uniform(48.859, 48.869), service_s=number * 300)
            for number in range(chosen.choice((2, 3, 4)))
        )
        depart_at = local(chosen.choice(("2024-09-07T09:00", "2024-08-03T05:20", "2024-08-11T12:31")))
        answer = to_public(plan(paris, law_2024, Trip(stops, depart_at, TRUCK)), PARIS)
        if answer["status"] != "ok":
            assert answer["blocking"] and answer["timeline"] == [] and answer["geometry"] is None
            continue
        answered += 1
        timeline = [(point, datetime.fromisoformat(at)) for *point, at in answer["timeline"]]
        assert timeline[0][1] == depart_at
        # The tour ends when the last stop is served; the timeline ends on arriving there.
        assert answer["stops"][-1]["arrive_at"] == answer["timeline"][-1][2]
        assert answer["geometry"]["coordinates"] == [point for point, _ in timeline]
        driven = 0.0
        for (here, at), (there, until) in pairwise(timeline):
            away = gap_m(here, there)
            driven += away
            assert until >= at
            assert away <= SLACK_M + FASTEST_M_PER_S * (until - at).total_seconds(), "the vehicle jumps"
        assert answer["distance_m"] == pytest.approx(driven, rel=0.02, abs=25)
    assert answered
