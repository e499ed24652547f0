"""What a driver would notice of a new answer, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from portal.itineriz.changes import changes_between, known_part
from portal.itineriz.models import RouteStatus

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
CLOSURE = {"kind": "measure", "id": "a", "title": "Fuite de gaz", "why": "Circulation interdite."}
OTHER = {**CLOSURE, "id": "b", "title": "Marché"}
WAY = [[2.36, 48.86], [2.37, 48.865], [2.38, 48.87]]


def answer(arrive: str = "09:30:00", way: list[list[float]] = WAY, **more: Any) -> dict[str, Any]:
    """A lawful answer between two stops."""
    stops = [
        {"lon": 2.36, "lat": 48.86, "arrive_at": "2026-03-02T09:00:00+00:00"},
        {"lon": 2.38, "lat": 48.87, "arrive_at": f"2026-03-02T{arrive}+00:00"},
    ]
    line = {"type": "LineString", "coordinates": way}
    return {"distance_m": 3000.0, "duration_s": 1800.0, "stops": stops, "geometry": line, "avoided": [], **more}


def with_bays(*names: str) -> dict[str, Any]:
    """A lawful answer that names bays for its second stop."""
    first, second = answer()["stops"]
    bays = [{"id": name, "name": name, "address": "", "walk_m": 80} for name in names]
    return answer(stops=[first, {**second, "bays": bays}])


def refusal(*blocking: dict[str, Any], departures: tuple[str, ...] = ()) -> dict[str, Any]:
    """A refused answer."""
    return {"stops": [], "geometry": None, "blocking": [*blocking], "departures": [*departures]}


DONE, REFUSED = RouteStatus.DONE, RouteStatus.NO_LAWFUL_ROUTE


@pytest.mark.parametrize(
    ("before", "after", "noticed"),
    [
        ((DONE, answer()), (DONE, answer()), False),
        ((DONE, answer()), (DONE, answer(law_version="2", avoided=[CLOSURE])), False),
        ((DONE, answer()), (DONE, answer("09:30:59")), False),
        ((DONE, answer()), (DONE, answer("09:31:00")), True),
        ((DONE, answer()), (DONE, answer(distance_m=3049.0)), False),
        ((DONE, answer()), (DONE, answer(distance_m=3050.0)), True),
        ((DONE, answer()), (DONE, answer(way=[WAY[0], [2.37001, 48.86501], WAY[2]])), False),
        ((DONE, answer()), (DONE, answer(way=[WAY[0], [2.371, 48.865], WAY[2]])), True),
        ((DONE, answer()), (DONE, answer(stops=answer()["stops"][::-1])), True),
        ((DONE, answer()), (REFUSED, refusal(CLOSURE)), True),
        ((REFUSED, refusal(CLOSURE)), (DONE, answer()), True),
        ((REFUSED, refusal(CLOSURE)), (REFUSED, refusal({**CLOSURE, "title": "Autre nom"})), False),
        ((REFUSED, refusal(CLOSURE)), (REFUSED, refusal(OTHER)), True),
        ((REFUSED, refusal(CLOSURE)), (REFUSED, refusal(CLOSURE, departures=("2026-03-02T14:00:00+01:00",))), True),
        ((DONE, with_bays("a", "b")), (DONE, with_bays("b", "c")), True),
        ((DONE, with_bays("a", "b")), (DONE, with_bays("b", "a", "c")), False),
        ((DONE, known_part(with_bays("a"))), (DONE, with_bays()), True),
        ((REFUSED, {**with_bays("a"), **refusal(CLOSURE)}), (REFUSED, refusal(CLOSURE)), False),
        ((DONE, {}), (DONE, {}), False),
    ],
)
def test_only_what_a_driver_would_notice_is_a_change_when_two_answers_are_compared(
    before: tuple[RouteStatus, dict[str, Any]], after: tuple[RouteStatus, dict[str, Any]], noticed: bool
) -> None:
    assert (changes_between(before, after, NOW, "2") is not None) is noticed


def test_the_reasons_that_came_and_went_are_told_when_the_answer_changed() -> None:
    found = changes_between((DONE, answer(avoided=[OTHER])), (REFUSED, refusal(CLOSURE)), NOW, "7-x")
    assert found == {
        "at": NOW.isoformat(),
        "law_version": "7-x",
        "reasons": [CLOSURE],
        "gone": [OTHER],
        "before": {
            "status": "done",
            "arrive_at": "2026-03-02T09:30:00+00:00",
            "distance_m": 3000.0,
            "duration_s": 1800.0,
        },
        "after": {"status": "no_lawful_route", "arrive_at": None, "distance_m": None, "duration_s": None},
    }
