"""A row of a day of stops: what the file said, what was understood of it, what a person still has to settle.

Rows are kept as JSON values beside the upload; `StopRow` is one of them, read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self
from zoneinfo import ZoneInfo

from portal.common.errors import Invalid
from portal.itineriz.addresses.finding import Candidate, Doubt, Finder
from portal.itineriz.places.hours import ClockSpan, read_clock, read_hours, read_minutes, windows_near
from portal.itineriz.places.sheet import OTHER_NAME, SheetRow
from portal.itineriz.trip import Stop

SERVICE_FAULT = "service-unreadable"
HOURS_FAULT = "hours-unreadable"
_WHOLE_DAY = "00:00"
_LABEL_LENGTH = 120


@dataclass(frozen=True, slots=True)
class StopRow:
    """One stop of the day, (lon, lat) WGS84. number: of its line in the file.

    found: what the point is, "" until one is sure; lon and lat are None exactly as long as there is a doubt.
    faults: cells that were not understood; given: their texts, and a second name that does not count.
    windows: local clock.
    """

    number: int
    label: str
    address: str
    lon: float | None = None
    lat: float | None = None
    score: float = 0.0
    found: str = ""
    doubt: Doubt | None = None
    alternatives: tuple[Candidate, ...] = ()
    service_min: int = 0
    windows: tuple[ClockSpan, ...] = ()
    faults: tuple[str, ...] = ()
    given: Mapping[str, str] | None = None

    @property
    def settled(self) -> bool:
        """True when the row can become a stop as it is."""
        return self.doubt is None and not self.faults

    @property
    def has_other_name(self) -> bool:
        """True when the file gave a second name, which does not count."""
        return OTHER_NAME in (self.given or {})

    @property
    def name(self) -> str:
        """What the stop is called."""
        return self.label or self.found or self.address

    def placed(self, candidate: Candidate) -> Self:
        """The row at a place somebody chose."""
        return replace(
            self,
            lon=candidate.lon,
            lat=candidate.lat,
            score=candidate.score,
            found=candidate.label,
            doubt=None,
            alternatives=(),
        )

    def stop(self, at: datetime, zone: ZoneInfo, *, arrival: bool) -> Stop:
        """The stop of a tour that leaves at an instant, or (arrival) has to end by it; the row is settled."""
        assert self.lon is not None
        assert self.lat is not None
        windows = windows_near(at, zone, self.windows, arrival=arrival)
        return Stop(self.lon, self.lat, self.name[:_LABEL_LENGTH], self.service_min * 60, windows)

    def to_json(self) -> dict[str, Any]:
        """The row as JSON values."""
        return {
            "number": self.number,
            "label": self.label,
            "address": self.address,
            "lon": self.lon,
            "lat": self.lat,
            "score": self.score,
            "found": self.found,
            "doubt": self.doubt.value if self.doubt else None,
            "alternatives": [candidate.to_json() for candidate in self.alternatives],
            "service_min": self.service_min,
            "windows": [list(span) for span in self.windows],
            "faults": list(self.faults),
            "given": dict(self.given or {}),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """The row of `to_json`."""
        return cls(
            number=values["number"],
            label=values["label"],
            address=values["address"],
            lon=values["lon"],
            lat=values["lat"],
            score=values["score"],
            found=values["found"],
            doubt=Doubt(values["doubt"]) if values["doubt"] else None,
            alternatives=tuple(Candidate(**candidate) for candidate in values["alternatives"]),
            service_min=values["service_min"],
            windows=tuple((start, end) for start, end in values["windows"]),
            faults=tuple(values["faults"]),
            given=values["given"],
        )


def read_row(row: SheetRow, finder: Finder) -> StopRow:
    """Understand a row of the file. Raises Unavailable when the addresses of the territory cannot be read."""
    faults: list[str] = []
    given: dict[str, str] = {}
    service_min = 0
    windows: tuple[ClockSpan, ...] = ()
    try:
        service_min = read_minutes(row.text("service"))
    except Invalid:
        faults.append(SERVICE_FAULT)
        given["service"] = row.text("service")
    try:
        windows = _windows(row)
    except Invalid:
        faults.append(HOURS_FAULT)
        given["hours"] = row.text("hours") or f"{row.text('opens')} - {row.text('closes')}"
    if row.text(OTHER_NAME):
        given[OTHER_NAME] = row.text(OTHER_NAME)
    label = row.text("label")
    located = finder.find_row(row)
    address = row.address or row.position
    read = StopRow(row.number, label[:_LABEL_LENGTH], address, service_min=service_min, windows=windows)
    read = replace(read, faults=tuple(faults), given=given)
    if located.found is not None:
        return read.placed(located.found)
    return replace(read, doubt=located.doubt, alternatives=located.alternatives)


def _windows(row: SheetRow) -> tuple[ClockSpan, ...]:
    if row.text("hours"):
        return read_hours(row.text("hours"))
    opens, closes = row.text("opens"), row.text("closes")
    if not (opens or closes):
        return ()
    return ((read_clock(opens) if opens else _WHOLE_DAY, read_clock(closes) if closes else _WHOLE_DAY),)


def rows_of(values: Sequence[Mapping[str, Any]]) -> list[StopRow]:
    """The rows of an upload."""
    return [StopRow.from_json(one) for one in values]
