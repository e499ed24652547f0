"""Random tours on three fields, judged by somebody else: shapely, bare rules, and the public answer alone.

JOPTIMIZ_TRIPS=10000 asks as many tours in all; without it a part of them, the same ones each time.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_babel import Babel

from portal.itineriz.planning.planner import plan
from tests.support import fields
from tests.support.fields import Field
from tests.support.paris import TRUCK
from tests.support.random_trips import any_question, judged, trip_of

TRIPS = int(os.environ.get("JOPTIMIZ_TRIPS", "150"))
PLAIN_TRIPS = 40
PER_FIELD = -(-TRIPS // 3)


@pytest.fixture(scope="module", params=["paris", "demo", "monaco"])
def field(request: pytest.FixtureRequest, shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Field:
    """One of the three fields with its law and its judge."""
    folder = tmp_path_factory.mktemp("field") / request.param
    if request.param == "demo":
        return fields.demo(folder)
    make = fields.paris if request.param == "paris" else fields.monaco
    return make(shared_data, folder)


@pytest.fixture(autouse=True)
def sentences() -> Iterator[None]:
    """A context in which sentences can be written."""
    app = Flask("sentences")
    Babel(app, default_locale="fr")
    with app.app_context():
        yield


def test_no_rule_is_broken_when_tours_are_random(field: Field, caplog: pytest.LogCaptureFixture):
    seen: Counter[str] = Counter()
    faulty = []
    for number, tour in enumerate(judged(field, f"{field.name}-{TRIPS}", PER_FIELD)):
        seen[tour.answer["status"]] += 1
        seen["avoided"] += bool(tour.answer["avoided"])
        assert tour.answer["violations"] == []
        if tour.faults:
            faulty.append((number, tour.asked, tour.faults))
    assert not faulty
    assert "disagrees" not in caplog.text, "the search never needs to be corrected by the law: it holds the same"
    # A field on which nothing is lawful, or nothing forbidden, would prove nothing.
    assert min(seen["ok"], seen["no_lawful_route"]) > PER_FIELD // 20
    assert seen["avoided"]


def test_the_judge_accuses_when_the_same_tours_ignore_the_law(field: Field):
    ignored = [
        tour
        for tour in judged(fields.lawless(field), f"{field.name}-lawless", 60)
        if tour.answer["status"] == "ok" and tour.faults
    ]
    assert len(ignored) > 3


def test_the_way_is_the_engines_own_when_passes_open_everything(field: Field):
    """No needless detour: against the bare engine, asked between the same two points."""
    dice = random.Random(f"{field.name}-plain")
    law = fields.perimeters_alone(field)
    engine, same, asked = fields.BareEngine(field.engine.graph_dir), 0, 0
    for _ in range(PLAIN_TRIPS):
        question = replace(any_question(dice, field), passes=(), free_order=False, return_to_start=False)
        trip = replace(trip_of(replace(question, stops=_two(question.stops))), vehicle=TRUCK)
        trip = replace(trip, passes=(fields.pass_for_all(trip.depart_at),))
        opened, free = plan(field.engine, law, trip), plan(field.engine, field.unruled, trip)
        assert [leg.drive.coords.tolist() for leg in opened.legs] == [leg.drive.coords.tolist() for leg in free.legs]
        bare = engine.route(trip.stops[0].point, trip.stops[1].point, trip.vehicle)
        if bare is None or not opened.legs:
            continue
        asked += 1
        drive = opened.legs[0].drive
        if abs(drive.duration_s - bare.seconds) < 0.5 and abs(drive.distance_m - bare.metres) < 15:
            same += 1
        else:
            # Another way of the same cost, or one a metre of the cut at its ends apart.
            assert drive.duration_s < 1.1 * bare.seconds + 5
    assert asked > PLAIN_TRIPS // 2
    assert same >= 0.95 * asked


def _two(stops: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{"lon": stop["lon"], "lat": stop["lat"], "service_s": 0} for stop in stops[:2]]
