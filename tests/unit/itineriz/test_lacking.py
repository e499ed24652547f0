"""What a request takes over of an answer that lacks passes."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

from portal.itineriz.lacking import lacking_at_address, lacking_perimeters, stops_to_ask
from portal.itineriz.queries import RouteView

START = datetime(2026, 9, 1, 6, tzinfo=UTC)


def wanted(perimeter_id: str, requirement: str = "pass", *, held: bool = False) -> dict[str, Any]:
    return {"perimeter_id": perimeter_id, "requirement": requirement, "held": held, "starts_at": START.isoformat()}


def test_perimeters_are_those_of_the_tour_of_its_impossible_stops_and_of_what_blocks_it() -> None:
    result = {
        "needed_passes": [wanted("way"), wanted("held", held=True), wanted("paper", "document")],
        "impossible_stops": [{"number": 2, "passes": [wanted("stop", "accreditation"), wanted("way")]}],
        "blocking": [{"stop": 1, "pass": wanted("wall")}, {"stop": 1, "pass": None}],
    }
    assert lacking_perimeters(result) == dict.fromkeys(("way", "stop", "wall"), START)
    assert lacking_perimeters({}) == {}


def tour(count: int, result: dict[str, Any] | None) -> RouteView:
    stops = [{"lon": 2.0, "lat": 48.0, "label": str(number), "service_min": 5} for number in range(count)]
    return cast("RouteView", SimpleNamespace(stops=stops, result=result))


def test_refused_stops_are_told_from_those_served_in_the_order_found() -> None:
    calls = [{"number": 0}, {"number": 3}, {"number": 1}, {"number": 0, "return": True}]
    found = stops_to_ask(tour(4, {"stops": calls, "impossible_stops": [{"number": 2}]}))
    assert [stop.label for stop in found.stops] == ["0", "3", "1", "2"]
    assert [found.stops[place].label for place in found.refused] == ["2"]


def test_what_stands_in_the_way_of_a_refused_tour_names_its_stop() -> None:
    calls = [{"number": 0}, {"number": 2}, {"number": 1}]
    found = stops_to_ask(tour(3, {"stops": calls, "blocking": [{"stop": 1}, {"stop": None}]}))
    assert [found.stops[place].label for place in found.refused] == ["2"]


def test_every_stop_is_taken_over_when_there_is_no_answer() -> None:
    assert [stop.label for stop in stops_to_ask(tour(3, None)).stops] == ["0", "1", "2"]


def test_only_what_is_still_asked_at_an_address_is_lacking() -> None:
    answer = {
        "spans": [
            ["2026-09-01T08:00:00+02:00", "2026-09-01T12:00:00+02:00", "pass_required", [0]],
            ["2026-09-02T08:00:00+02:00", "2026-09-02T12:00:00+02:00", "pass_required", [1, 2, 3]],
        ],
        "reasons": [{"id": "past"}, {"id": "next"}, {"id": "paper"}, {"kind": "limit"}],
        "passes": [wanted("past"), wanted("next"), wanted("paper", "document")],
    }
    assert lacking_at_address(answer, datetime(2026, 9, 1, 10, tzinfo=UTC)) == ("next",)
    assert lacking_at_address(answer, datetime(2026, 9, 1, 9, tzinfo=UTC)) == ("past", "next")
