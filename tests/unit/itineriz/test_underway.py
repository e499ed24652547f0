"""An answer made of what was driven and of a new rest."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from portal.itineriz.trip import Stop, Trip
from portal.itineriz.underway import joined, place_reached, remaining_trip
from portal.regulations.schedules import Interval
from portal.regulations.vehicles import Vehicle

LORRY = Vehicle.from_public({"gvw_t": 12, "height_m": 3.5, "width_m": 2.5, "length_m": 9, "axle_load_t": 8})


def at(clock: str) -> str:
    return f"2026-03-02T{clock}:00+00:00"


def served(number: int, arrive: str, leave: str, **more: Any) -> dict[str, Any]:
    return {"number": number, "lon": 2.0 + number, "lat": 48.0, "arrive_at": at(arrive), "leave_at": at(leave), **more}


def leg(metres: float) -> dict[str, Any]:
    return {"distance_m": metres, "duration_s": 600, "geometry": {"coordinates": [[2, 48], [3, 48]]}}


# Given as 0, 1, 2; served as 0, 2, 1, and back.
TOUR = {
    "status": "ok",
    "depart_at": at("08:00"),
    "stops": [
        served(0, "08:00", "08:00"),
        served(2, "08:10", "08:30"),
        served(1, "08:40", "09:00"),
        served(0, "09:10", "09:10", **{"return": True}),
    ],
    "legs": [leg(100), leg(200), leg(300)],
    "timeline": [[2, 48, at("08:00")], [4, 48, at("08:10")], [4, 48, at("08:30")], [3, 48, at("08:40")]],
    "avoided": [{"id": "a", "leg": 0}, {"id": "b", "leg": 1}],
    "needed_passes": [],
    "order": {"free": True},
    "emissions": {"co2_kg": 9},
}
REFUSED = {
    "status": "no_lawful_route",
    "stops": [served(0, "08:30", "08:30"), {"number": 1}, {"number": 2}],
    "avoided": [],
    "blocking": [{"stop": 1, "code": "unreachable"}],
    "impossible_stops": [{"number": 1}],
    "needed_passes": [{"perimeter_id": "p", "requirement": "pass", "stops": [1]}],
    "departures": [at("10:00")],
    "legs": [],
}


@pytest.mark.parametrize(
    ("clock", "place"), [("07:59", None), ("08:00", 0), ("08:09", 0), ("08:10", 1), ("08:35", 1), ("09:30", 3)]
)
def test_the_place_reached_is_the_last_stop_come_to_when_the_tour_has_left(clock: str, place: int | None) -> None:
    assert place_reached(TOUR, datetime.fromisoformat(at(clock))) == place


def test_a_refused_tour_has_reached_no_place_when_its_hour_has_come() -> None:
    assert place_reached(REFUSED, datetime.fromisoformat(at("09:00"))) is None


def test_the_rest_of_a_trip_begins_where_the_vehicle_is_when_it_is_asked_again() -> None:
    eight = datetime(2026, 3, 2, 8, tzinfo=UTC)
    window = (Interval(eight, eight.replace(hour=12)),)
    given = tuple(Stop(2.0 + number, 48.0, str(number), 1200, window) for number in range(3))
    trip = Trip(given, eight, LORRY, free_order=True, return_to_start=True)
    rest = remaining_trip(trip, TOUR, 1)
    assert [(stop.label, stop.service_s, stop.windows) for stop in rest.stops] == [
        ("2", 0, ()),
        ("1", 1200, window),
        ("0", 0, ()),
    ]
    assert (rest.depart_at, rest.free_order, rest.return_to_start) == (eight.replace(minute=30), False, False)


def test_what_was_driven_keeps_its_place_when_the_rest_is_refused() -> None:
    whole = joined(TOUR, REFUSED, 1)
    assert [stop["number"] for stop in whole["stops"]] == [0, 2, 1, 0]
    assert whole["stops"][:2] == TOUR["stops"][:2]  # type: ignore[index]
    assert (whole["status"], whole["legs"], whole["departures"]) == ("no_lawful_route", [], [])
    assert [item["stop"] for item in whole["blocking"]] == [2]
    assert [item["number"] for item in whole["impossible_stops"]] == [1]
    assert whole["needed_passes"][0]["stops"] == [1]
    assert [item["id"] for item in whole["avoided"]] == ["a"]
    assert "emissions" not in whole


def test_legs_and_instants_follow_each_other_when_the_rest_is_driven_another_way() -> None:
    rest = {
        **REFUSED,
        "status": "ok",
        "stops": [
            served(0, "08:30", "08:30"),
            served(1, "08:50", "09:10"),
            served(2, "09:20", "09:20"),
        ],
        "legs": [leg(250), leg(350)],
        "timeline": [[4, 48, at("08:30")], [3.5, 48.1, at("08:45")], [3, 48, at("08:50")]],
        "avoided": [{"id": "c", "leg": 0}],
        "blocking": [],
        "impossible_stops": [],
    }
    whole = joined(TOUR, rest, 1)
    assert [item["distance_m"] for item in whole["legs"]] == [100, 250, 350]
    assert (whole["distance_m"], whole["duration_s"]) == (700, 80 * 60)
    assert [entry[2][11:16] for entry in whole["timeline"]] == ["08:00", "08:10", "08:30", "08:45", "08:50"]
    assert [(item["id"], item["leg"]) for item in whole["avoided"]] == [("a", 0), ("c", 1)]
    assert whole["stops"][-1]["return"]
