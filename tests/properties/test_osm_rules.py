"""Tags with conditions against a reader that only knows the rule: the first value that holds, from the strongest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from portal.numeriz.osm.law import measures_of_roads
from portal.regulations.evaluate import Purpose, State, judge
from portal.regulations.snapshot import Hit, LawSnapshot
from portal.regulations.vehicles import FreeText, Vehicle
from portal.territories.api import TaggedRoad

PARIS = ZoneInfo("Europe/Paris")
LINE = ((2.36, 48.86), (2.361, 48.86))
WEIGHTS_KG: Final = (2_000, 3_500, 3_501, 7_500, 7_501, 19_000)
HOURS: Final = [datetime(2024, 6, 3, tzinfo=PARIS).astimezone(UTC) + timedelta(hours=h, minutes=30) for h in range(168)]

type Holds = Callable[[int, datetime, bool], bool]

# What each condition asks: the weight, the local clock, whether the trip stops there.
CONDITIONS: Final[Mapping[str, Holds]] = {
    "Mo-Fr 07:00-10:00": lambda _w, at, _s: at.weekday() < 5 and 7 <= at.hour < 10,
    "22:00-06:00": lambda _w, at, _s: at.hour >= 22 or at.hour < 6,
    "Sa,Su": lambda _w, at, _s: at.weekday() >= 5,
    "09:00-18:00": lambda _w, at, _s: 9 <= at.hour < 18,
    "weight>7.5": lambda w, _at, _s: w > 7_500,
    "weight<=7.5": lambda w, _at, _s: w <= 7_500,
    "hgv": lambda w, _at, _s: w > 3_500,
    "hgv AND 06:00-12:00": lambda w, at, _s: w > 3_500 and 6 <= at.hour < 12,
    "weight>=7.5 AND Mo": lambda w, at, _s: w >= 7_500 and at.weekday() == 0,
}
FOR_SOME: Final[Mapping[str, Holds]] = {
    "delivery": lambda _w, _at, stops: stops,
    "delivery AND 05:00-11:00": lambda _w, at, stops: stops and 5 <= at.hour < 11,
}
VALUES: Final = ("yes", "no", "destination")

clause = st.tuples(st.sampled_from(VALUES), st.sampled_from(sorted(CONDITIONS))) | st.tuples(
    st.just("yes"), st.sampled_from(sorted(FOR_SOME))
)
sign = st.tuples(st.none() | st.sampled_from(VALUES), st.lists(clause, max_size=2))
signs = st.fixed_dictionaries({}, optional=dict.fromkeys(("hgv", "goods", "motor_vehicle", "access"), sign))

type Signs = Mapping[str, tuple[str | None, list[tuple[str, str]]]]


def _tags(given_: Signs) -> dict[str, str]:
    tags = {"highway": "residential"}
    for key, (plain, conditional) in given_.items():
        if plain is not None:
            tags[key] = plain
        if conditional:
            tags[f"{key}:conditional"] = "; ".join(f"{value} @ ({condition})" for value, condition in conditional)
    return tags


def _is_closed(given_: Signs, weight_kg: int, at: datetime, *, stops: bool) -> bool:
    """The first value that holds says it: the key of the vehicle's kind first, the last condition before the others."""
    everything = {**CONDITIONS, **FOR_SOME}
    local = at.astimezone(PARIS)
    for key in ("hgv" if weight_kg > 3_500 else "goods", "motor_vehicle", "access"):
        plain, conditional = given_.get(key, (None, []))
        held = [value for value, condition in reversed(conditional) if everything[condition](weight_kg, local, stops)]
        value = held[0] if held else plain
        if value is not None:
            return value == "no" or (value == "destination" and not stops)
    return False


@settings(max_examples=200, deadline=None, derandomize=True)
@given(given_=signs)
def test_a_road_is_closed_as_its_tags_say_when_they_are_understood(given_: Signs) -> None:
    measures = list(measures_of_roads([TaggedRoad(1, _tags(given_), LINE)], PARIS))
    law = LawSnapshot.build([], measures, zone=PARIS, version="1")
    hits = [Hit(measure, measure.locations[0], areal=False) for measure in measures]
    doubtful = any(isinstance(c, FreeText) for measure in measures for c in measure.vehicles.applies_to)
    for weight_kg in WEIGHTS_KG:
        vehicle = Vehicle(gross_weight_kg=weight_kg)
        for stops in (True, False):
            purpose = Purpose.STOP_INSIDE if stops else Purpose.TRANSIT
            for at in HOURS[weight_kg % 5 :: 5]:
                told = judge(law, hits, at, vehicle, purpose=purpose).state is State.FORBIDDEN
                wanted = _is_closed(given_, weight_kg, at, stops=stops)
                # Where something is not understood the road may be told open, never closed.
                assert told == wanted or (doubtful and not told), (weight_kg, at.astimezone(PARIS), stops)


LIMITS_CM: Final = {"3": 300, "3.5": 350, "4": 400}
LONG: Final = "length>10"
HIGH: Final = [
    Vehicle(gross_weight_kg=weight_kg, height_cm=height_cm, length_cm=length_cm)
    for weight_kg in (3_000, 9_000)
    for height_cm in (320, 370, 420)
    for length_cm in (800, 1_100)
]

limit = st.tuples(st.sampled_from([*LIMITS_CM, "none"]), st.sampled_from([*sorted(CONDITIONS), LONG]))
heights = st.tuples(st.none() | st.sampled_from([*LIMITS_CM, "none"]), st.lists(limit, max_size=2))
limits = st.fixed_dictionaries({}, optional=dict.fromkeys(("maxheight", "maxheight:hgv"), heights))


def _is_too_high(given_: Signs, vehicle: Vehicle, at: datetime) -> bool:
    """The first limit that holds says it: the one for heavy vehicles first, the last condition before the others."""
    weight_kg, local = vehicle.gross_weight_kg or 0, at.astimezone(PARIS)
    for key in ("maxheight:hgv", "maxheight") if weight_kg > 3_500 else ("maxheight",):
        plain, conditional = given_.get(key, (None, []))
        for value, condition in [*reversed(conditional), *([] if plain is None else [(plain, "")])]:
            if condition == LONG:
                holds = (vehicle.length_cm or 0) > 1_000
            else:
                holds = not condition or CONDITIONS[condition](weight_kg, local, False)
            if holds:
                return value != "none" and (vehicle.height_cm or 0) > LIMITS_CM[value]
    return False


def _stricter_before_plain(given_: Signs) -> bool:
    """Whether the plain limit for all is there, and every value before it is as strict and none frees anybody."""
    plain = given_.get("maxheight", (None, []))[0]
    said = [value for first, others in given_.values() for value in (first, *(other for other, _ in others)) if value]
    return plain in LIMITS_CM and all(value in LIMITS_CM and LIMITS_CM[value] <= LIMITS_CM[plain] for value in said)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(given_=limits)
def test_a_limit_closes_as_its_tags_say_when_it_is_understood(given_: Signs) -> None:
    measures = list(measures_of_roads([TaggedRoad(1, _tags(given_), LINE)], PARIS))
    law = LawSnapshot.build([], measures, zone=PARIS, version="1")
    hits = [Hit(measure, measure.locations[0], areal=False) for measure in measures]
    doubtful = any(isinstance(c, FreeText) for measure in measures for c in measure.vehicles.applies_to)
    plain = given_.get("maxheight", (None, []))[0]
    for number, vehicle in enumerate(HIGH):
        for at in HOURS[number % 7 :: 7]:
            told = judge(law, hits, at, vehicle, purpose=Purpose.TRANSIT).state is State.FORBIDDEN
            wanted = _is_too_high(given_, vehicle, at)
            assert told == wanted or (doubtful and not told), (vehicle, at.astimezone(PARIS))
            if plain and _stricter_before_plain(given_) and (vehicle.height_cm or 0) > LIMITS_CM[plain]:
                # What cannot be said of some vehicles lifts nothing of what is said of all.
                assert told, (vehicle, at.astimezone(PARIS))
