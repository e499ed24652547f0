"""What a request takes over of a tour or an address that lacks passes. Pure, from the stored answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portal.itineriz.queries import RouteView
from portal.itineriz.trip import Stop
from portal.itineriz.trip_values import stop_of


@dataclass(frozen=True, slots=True)
class TourStops:
    """The stops of a tour: those served in their order, then the others. refused: the places of those not served."""

    stops: tuple[Stop, ...]
    refused: frozenset[int]


def lacking_perimeters(result: Mapping[str, Any]) -> dict[str, datetime]:
    """The perimeters a pass is missing for: those of the tour, and those in its way. A document needs none.

    By id, the instant from which each is active.
    """
    found: dict[str, datetime] = {}
    for one in _wanted(result):
        if not one["held"] and one["requirement"] != "document":
            found.setdefault(str(one["perimeter_id"]), datetime.fromisoformat(one["starts_at"]))
    return found


def lacking_at_address(answer: Mapping[str, Any], since: datetime) -> tuple[str, ...]:
    """The perimeters a pass is missing for at a checked address from an instant on, by id (`Answer.to_json`)."""
    left = (ranks for _start, end, _state, ranks in answer["spans"] if datetime.fromisoformat(end) > since)
    said = {answer["reasons"][rank].get("id") for ranks in left for rank in ranks}
    missing = (one for one in answer["passes"] if one["requirement"] != "document")
    return tuple(one["perimeter_id"] for one in missing if one["perimeter_id"] in said)


def _wanted(result: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """What perimeters want of the tour, of the stops it cannot serve, and of what stands in its way."""
    yield from result.get("needed_passes", ())
    for item in result.get("impossible_stops", ()):
        yield from item.get("passes") or ()
    for item in result.get("blocking", ()):
        if item.get("pass"):
            yield item["pass"]


def stops_to_ask(route: RouteView) -> TourStops:
    """The stops that a request takes over, those that need it told from the others."""
    result = route.result or {}
    called = [int(values.get("number", place)) for place, values in enumerate(result.get("stops", ()))]
    numbers = dict.fromkeys(number for number in called if number < len(route.stops))
    missing = [number for number in range(len(route.stops)) if number not in numbers]
    aimed = (item.get("stop") for item in result.get("blocking", ()))
    refused = {
        *missing,
        *(int(item["number"]) for item in result.get("impossible_stops", ())),
        *(called[place] for place in aimed if isinstance(place, int) and place < len(called)),
    }
    ordered = [*numbers, *missing]
    return TourStops(
        tuple(stop_of(route.stops[number]) for number in ordered),
        frozenset(place for place, number in enumerate(ordered) if number in refused),
    )
