"""The stops of an answer as JSON values, with the delivery bays near them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from portal.itineriz.messages import bay_doubt, bay_hours
from portal.itineriz.trip import BayChoice, Call, Visit


def stop_values(call: Call, visit: Visit | None, iso: Callable[[datetime], str]) -> dict[str, Any]:
    """One stop in the order served; visit: None when it was not reached."""
    stop = call.stop
    values: dict[str, Any] = {
        "number": call.number,
        "label": stop.label,
        "lon": stop.lon,
        "lat": stop.lat,
        "arrive_at": None if visit is None else iso(visit.arrive_at),
        "leave_at": None if visit is None else iso(visit.leave_at),
        "wait_s": 0 if visit is None else round(visit.wait_s),
        "service_s": stop.service_s,
        "windows": [[iso(span.start), iso(span.end)] for span in stop.windows],
        "at": None if visit is None else [round(visit.at[0], 6), round(visit.at[1], 6)],
        "bays": [],
    }
    return {**values, "return": True} if call.returns else values


def bay_values(bay: BayChoice, zone: ZoneInfo) -> dict[str, Any]:
    """A delivery bay near a stop; lengths in metres, `walk_m` as the crow flies. hours, why: in the language of now."""
    values: dict[str, Any] = {
        "id": bay.id,
        "name": bay.name,
        "address": bay.address,
        "lon": bay.lon,
        "lat": bay.lat,
        "walk_m": round(bay.walk_m),
        "regime": bay.regime,
        "hours": bay_hours(bay.always, [(span.start, span.end) for span in bay.slots], zone),
        "always": bay.always,
        "slots": [
            [span.start.astimezone(zone).isoformat(), span.end.astimezone(zone).isoformat()] for span in bay.slots
        ],
        "usable": "unknown" if bay.why else True,
    }
    if bay.length_cm is not None:
        values["length_m"] = bay.length_cm / 100
    if bay.max_stay_min is not None:
        values["max_stay_min"] = bay.max_stay_min
    if bay.why:
        values |= {"doubt": bay.why, "why": bay_doubt(bay.why)}
    return values
