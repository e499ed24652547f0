"""A tour under way: what is driven stays as it was, what remains is computed again in the order already begun."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import chain
from typing import Any

from portal.itineriz.trip import Trip

type Json = Mapping[str, Any]


def place_reached(result: Json, now: datetime) -> int | None:
    """The place, in the order served, of the last stop the vehicle has come to; None before it leaves the first."""
    if result.get("status") != "ok" or _at(result["stops"][0]["leave_at"]) > now:
        return None
    return max(place for place, stop in enumerate(result["stops"]) if _at(stop["arrive_at"]) <= now)


def remaining_trip(trip: Trip, result: Json, place: int) -> Trip:
    """What is left of a trip once the vehicle has come to a place; from when it leaves it, in the order served."""
    start, *rest = result["stops"][place:]
    stops = [replace(trip.stops[start["number"]], service_s=0, windows=())]
    for served in rest:
        stop = trip.stops[served["number"]]
        # A return is no visit: it has neither service nor window.
        stops.append(replace(stop, service_s=0, windows=()) if served.get("return") else stop)
    return replace(
        trip,
        stops=tuple(stops),
        depart_at=_at(start["leave_at"]),
        arrive_by=None,
        free_order=False,
        return_to_start=False,
    )


def remaining_part(result: Json, place: int) -> dict[str, Any]:
    """The part of an answer after a place, as the answer of `remaining_trip` would have it, for a comparison."""
    start, *rest = result["stops"][place:]
    legs = result["legs"][place:]
    return {
        "status": "ok",
        "distance_m": sum(leg["distance_m"] for leg in legs),
        # No bay is looked for where one already stands.
        "stops": [{**start, "arrive_at": start["leave_at"], "bays": []}, *rest],
        "geometry": _line(chain.from_iterable(leg["geometry"]["coordinates"] for leg in legs)),
        "avoided": [item for item in result.get("avoided", ()) if item.get("leg", 0) >= place],
    }


def joined(driven: Json, rest: Json, place: int) -> dict[str, Any]:
    """One answer of what was driven, up to a place, and of the answer for the rest.

    What was found for the whole tour at its departure (other hours, emissions) is left out: it is known no more.
    """
    numbers = [stop["number"] for stop in driven["stops"][place:]]
    after = {
        **rest,
        "depart_at": driven["depart_at"],
        "stops": [*driven["stops"][: place + 1], *_renumbered(driven, rest, place)],
        "avoided": [item for item in driven.get("avoided", ()) if item.get("leg", 0) < place]
        + [{**item, "leg": item["leg"] + place} for item in rest["avoided"]],
        "blocking": [{**item, "stop": item["stop"] + place} for item in rest["blocking"]],
        "impossible_stops": [{**item, "number": numbers[item["number"]]} for item in rest["impossible_stops"]],
        "needed_passes": _passes(driven.get("needed_passes", ()), rest["needed_passes"], numbers),
        "proposals": [],
        "departures": [],
    }
    after.pop("emissions", None)
    for name in ("without_law", "order"):
        after.pop(name, None)
        if name in driven:
            after[name] = driven[name]
    if rest["status"] != "ok":
        return after
    left = _at(driven["stops"][place]["leave_at"])
    timeline = [entry for entry in driven["timeline"] if _at(entry[2]) < left] + list(rest["timeline"])
    legs = [*driven["legs"][:place], *rest["legs"]]
    ends_at = after["stops"][-1]["leave_at"]
    return {
        **after,
        "timeline": timeline,
        "geometry": _line(entry[:2] for entry in timeline),
        "legs": legs,
        "distance_m": sum(leg["distance_m"] for leg in legs),
        "drive_s": sum(leg["duration_s"] for leg in legs),
        "duration_s": round((_at(ends_at) - _at(driven["depart_at"])).total_seconds()),
    }


def _renumbered(driven: Json, rest: Json, place: int) -> Iterable[dict[str, Any]]:
    """The stops still to be served, by their numbers in the tour as it was given."""
    for stop in rest["stops"][1:]:
        was = driven["stops"][place + stop["number"]]
        yield {**stop, "number": was["number"], **({"return": True} if was.get("return") else {})}


def _passes(driven: Iterable[Json], rest: Iterable[Json], numbers: Sequence[int]) -> list[Json]:
    found = [{**item, "stops": [numbers[stop] for stop in item["stops"]]} for item in rest]
    known = {(item["perimeter_id"], item["requirement"]) for item in found}
    return [item for item in driven if (item["perimeter_id"], item["requirement"]) not in known] + found


def _line(points: Iterable[Sequence[float]]) -> dict[str, Any] | None:
    coordinates = [list(point) for point in points]
    return {"type": "LineString", "coordinates": coordinates} if len(coordinates) > 1 else None


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)
