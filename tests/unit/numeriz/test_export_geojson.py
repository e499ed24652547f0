"""Everything as GeoJSON: plain properties, a French sentence, and what stands beside the features."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
import shapely

from portal.numeriz.exports.geojson import GeojsonWriter
from portal.numeriz.values import (
    BayDraft,
    BayRegime,
    Category,
    DeliveryHours,
    EventDraft,
    EventKind,
    EventState,
    Issue,
    MeasureDraft,
    OrderDraft,
    PerimeterDraft,
    Probability,
)
from portal.regulations.measures import Direction, LocationKind, MeasureLocation, MeasureType
from portal.regulations.perimeters import Activation, Colour
from portal.regulations.schedules import Period, TimeSlot, Weekday
from portal.regulations.vehicles import Access, HasAccess, Over, Size, VehicleRule
from tests.support.editions import Draft, written

START = datetime(2026, 10, 5, 6, tzinfo=UTC)
STREET = MeasureLocation(
    LocationKind.NAMED_STREET, "Rue Basse", shapely.LineString([(2.123456789, 48), (2.2, 48)]), Direction.FORWARD
)
RULE = VehicleRule((Over(Size.GROSS_WEIGHT, 3500),), (HasAccess(Access.LOCAL_ACCESS),))
ORDER = OrderDraft(
    "A-1",
    "Arrêté d’essai",
    "Ville d’essai",
    Category.PERMANENT,
    (
        MeasureDraft(
            MeasureType.NO_ENTRY,
            (STREET, MeasureLocation(LocationKind.AREA, "Partout", shapely.LineString())),
            (Period(START, None, frozenset({Weekday.MONDAY}), (TimeSlot(time(7), time(9)),)),),
            RULE,
        ),
    ),
    provenance={"licence": "ODbL 1.0"},
)
PERIMETER = PerimeterDraft(
    "Course", "Course du canal", Colour.RED, shapely.box(2, 48, 2.1, 48.1), "d" * 64,
    (Activation(START, START + timedelta(hours=4)),),
)  # fmt: skip
BAY = BayDraft(
    "7", 2.3, 48.8, regime=BayRegime.PERIODIC, hours=(DeliveryHours(frozenset(), (TimeSlot(time(7), time(9)),)),)
)
EVENT = EventDraft(
    "bison-fute",
    "9",
    EventKind.ACCIDENT,
    EventState.ACTIVE,
    shapely.Point(2.3, 48.8),
    (Period(START),),
    label="Accident",
)


def collection(*drafts: Draft) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(written(GeojsonWriter, drafts))
    return found


def test_each_place_of_a_measure_is_a_feature_with_its_sentence() -> None:
    street, nowhere = collection(ORDER)["features"]
    said = street["properties"]
    assert street["geometry"]["coordinates"] == [[2.123457, 48.0], [2.2, 48.0]]
    assert nowhere["geometry"] is None and street["id"] != nowhere["id"]
    assert said["kind"] == "measure" and said["type"] == "noEntry" and said["direction"] == "forward"
    assert "Circulation interdite" in said["sentence"] and "desserte locale" in said["sentence"]
    assert said["periods"] == [
        {"start": "2026-10-05T06:00:00+00:00", "end": None, "weekdays": ["monday"], "slots": [["07:00:00", "09:00:00"]]}
    ]
    assert said["applies_to"][0]["code"] == "gross_weight_kg>3500" and said["except"][0]["code"] == "localAccess"
    assert said["licence"] == "ODbL 1.0" and said["territory"] == "essai"
    assert said["url"].startswith("https://portail.exemple/carte/essai/arretes/")


def test_perimeters_bays_and_events_are_features_too() -> None:
    perimeter, bay, event = collection(PERIMETER, BAY, EVENT)["features"]
    assert perimeter["properties"]["colour"] == "red" and len(perimeter["properties"]["activations"]) == 1
    assert bay["geometry"] == {"type": "Point", "coordinates": [2.3, 48.8]}
    assert bay["properties"]["length_cm"] is None and "07:00" in bay["properties"]["sentence"]
    assert event["properties"]["kind"] == "event" and event["properties"]["label"] == "Accident"


def test_the_collection_names_its_date_sources_and_what_prevails_when_it_is_empty_too() -> None:
    for found in (collection(), collection(ORDER)):
        assert found["type"] == "FeatureCollection"
        assert found["about"]["produced_at"] == "2026-10-05T08:00:00+00:00"
        assert [source["licence"] for source in found["about"]["sources"]] == ["Licence Ouverte 2.0", "ODbL 1.0"]
        assert "font foi" in found["about"]["notice"]


CLOSURE = replace(EVENT, kind=EventKind.CLOSURE, shape=STREET.shape)


@pytest.mark.parametrize(
    ("event", "effect", "codes"),
    [
        (CLOSURE, "noEntry", []),
        (replace(CLOSURE, issues=(Issue("direction-doubtful"),)), "noEntry", ["direction-doubtful"]),
        (replace(CLOSURE, issues=(Issue("closure-of-slip-road"),)), "unknown", ["closure-of-slip-road"]),
        (replace(CLOSURE, issues=(Issue("period-in-words", {"value": "?"}),)), "unknown", ["period-in-words"]),
        (replace(CLOSURE, probability=Probability.RISK), "unknown", []),
        (replace(CLOSURE, state=EventState.SUSPENDED), "unknown", []),
        (replace(CLOSURE, shape=shapely.Point(2.3, 48.8)), "unknown", []),
        (replace(EVENT, shape=STREET.shape), "unknown", []),
    ],
)
def test_an_event_says_its_effect_and_why_when_the_law_only_tells_it(
    event: EventDraft, effect: str, codes: list[str]
) -> None:
    [feature] = collection(event)["features"]
    said = feature["properties"]
    assert said["effect"] == effect
    assert [doubt["code"] for doubt in said["doubts"]] == codes
    assert all(doubt["sentence"] not in {"", doubt["code"]} for doubt in said["doubts"])


def test_a_measure_says_that_it_has_no_effect_when_its_period_or_place_is_unknown() -> None:
    [measure] = ORDER.measures
    point = replace(STREET, shape=shapely.Point(2.3, 48.8))
    unsaid = replace(measure, locations=(STREET, point), periods=())
    measures = (measure, unsaid, replace(measure, locations=(point,)))
    features = collection(replace(ORDER, measures=measures))["features"]
    assert [feature["properties"]["effect"] for feature in features] == ["noEntry", *["unknown"] * 4]
