"""Delivery bays from CSV: the national schema "aire-livraison" and the open data of the City of Paris.

Lengths become whole centimetres (the national schema writes centimetres, Paris metres); 0, empty, NA and the like are
unknown and stay so. A row that cannot be placed or named is reported and left out: a bay without a place is no bay.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import time
from decimal import Decimal
from enum import StrEnum
from typing import Any

from portal.common.errors import Invalid
from portal.common.text import fold
from portal.common.units import decimal_number, metres_to_cm
from portal.numeriz.imports.areas import Bounds
from portal.numeriz.imports.documents import clean_text, read_rows
from portal.numeriz.values import BayDraft, BayLayout, BayRegime, DeliveryHours, ImportSource, Issue
from portal.regulations.schedules import TimeSlot, Weekday

type Row = Mapping[str, str]

_MISSING = frozenset({"", "na", "nan", "n a", "nc", "null", "none"})
# Beyond these a figure is in another unit or wrong: the national schema allows the same (100..10000, 100..1000 cm).
_LENGTHS_CM = range(100, 10_001)
_WIDTHS_CM = range(50, 1_001)
_FAR_DEGREES = 2.0


class BayFormat(StrEnum):
    """The layouts a bay file can have, told by its headers."""

    NATIONAL = "aire-livraison"
    PARIS = "paris"


@dataclass(frozen=True, slots=True)
class BayFile:
    """A file read whole."""

    drafts: tuple[BayDraft, ...]
    source: ImportSource


def read_bays(name: str, content: bytes, *, bounds: Bounds | None, most_bytes: int, most_rows: int) -> BayFile:
    """Read a bay file. bounds: the territory's (west, south, east, north).

    Raises Invalid as `read_rows`, and `bay-unknown-layout`, `coordinates-swapped`.
    """
    headers, rows = read_rows(content, most_bytes, most_rows)
    layout = _recognised(headers, name)
    read = _READERS[layout]
    issues: list[Issue] = []
    drafts: dict[str, BayDraft] = {}
    for line, row in enumerate(rows, 2):
        doubts: list[Issue] = []
        draft = read(row, doubts, line)
        if draft is not None:
            _check_place(draft, bounds, doubts, line)
            if draft.local_id in drafts:
                doubts.append(Issue("duplicate-record", {"name": draft.local_id}, line))
            kept = tuple(Issue(doubt.code, doubt.params) for doubt in doubts)
            drafts.setdefault(draft.local_id, replace(draft, issues=kept))
        issues += doubts
    found = Counter(issue.code for issue in issues)
    counts = {
        "records": len(rows),
        "bays": len(drafts),
        "rejected": found["bay-without-id"] + found["bay-without-place"] + found["not-a-delivery-bay"],
        "duplicates": found["duplicate-record"],
        "outside": found["outside-territory"],
    }
    return BayFile(tuple(drafts.values()), ImportSource(clean_text(name, 255), layout.value, counts, issues))


def _recognised(headers: Sequence[str], name: str) -> BayFormat:
    known = set(headers)
    if {"ID", "LONGITUDE", "LATITUDE"} <= known:
        return BayFormat.NATIONAL
    if {"Régime prioritaire", "geo_point_2d"} <= known:
        return BayFormat.PARIS
    raise Invalid("bay-unknown-layout", file=clean_text(name, 255))


def _check_place(draft: BayDraft, bounds: Bounds | None, issues: list[Issue], line: int) -> None:
    if bounds is None:
        return
    west, south, east, north = bounds

    def near(lon: float, lat: float, margin: float) -> bool:
        return west - margin <= lon <= east + margin and south - margin <= lat <= north + margin

    if not near(draft.lon, draft.lat, _FAR_DEGREES) and near(draft.lat, draft.lon, _FAR_DEGREES):
        raise Invalid("coordinates-swapped", where=line)
    if not near(draft.lon, draft.lat, 0):
        issues.append(Issue("outside-territory", where=line))


def _read_national(row: Row, issues: list[Issue], line: int) -> BayDraft | None:
    local_id = _text(row, "ID", 80)
    place = _position(row.get("LONGITUDE", ""), row.get("LATITUDE", ""))
    if not _identified(local_id, place, issues, line):
        return None
    assert place is not None
    regime = _REGIMES.get(fold(row.get("TYPE", "")), BayRegime.UNKNOWN)
    if regime is BayRegime.UNKNOWN and not _missing(row.get("TYPE", "")):
        issues.append(Issue("unknown-value", {"column": "TYPE", "value": _text(row, "TYPE", 40)}, line))
    return BayDraft(
        local_id=local_id,
        lon=place[0],
        lat=place[1],
        address=_text(row, "ADRESSE", 255),
        regime=regime,
        layout=_LAYOUTS.get(fold(row.get("DISPOSITION", "")), BayLayout.UNKNOWN),
        length_cm=_size(row, "LONGUEUR", 1, _LENGTHS_CM, issues, line),
        width_cm=_size(row, "LARGEUR", 1, _WIDTHS_CM, issues, line),
        hours=_national_hours(row, issues, line),
        max_stay_min=_whole(row, "DUREE_MAX", issues, line),
        active=fold(row.get("ACTIVE", "")) != "non",
        provenance={"source": "bays", "format": BayFormat.NATIONAL.value, "name": _text(row, "NOM", 80)},
    )


def _read_paris(row: Row, issues: list[Issue], line: int) -> BayDraft | None:
    if fold(row.get("Régime prioritaire", "")) != "livraison":
        issues.append(Issue("not-a-delivery-bay", {"value": _text(row, "Régime prioritaire", 40)}, line))
        return None
    local_id = _text(row, "Nouvel identifiant", 80) or _text(row, "Ancien identifiant", 80)
    # This column is written latitude first, unlike every other.
    lat, _, lon = row.get("geo_point_2d", "").partition(",")
    place = _position(lon, lat)
    if not _identified(local_id, place, issues, line):
        return None
    assert place is not None
    regime = _PARIS_REGIMES.get(fold(row.get("Régime particulier", "")), BayRegime.UNKNOWN)
    hours = _paris_hours(row, issues, line)
    by_rule = not hours and regime is BayRegime.PERIODIC
    return BayDraft(
        local_id=local_id,
        lon=place[0],
        lat=place[1],
        address=_paris_address(row),
        regime=regime,
        layout=_PARIS_LAYOUTS.get(fold(row.get("Type de stationnement", "")), BayLayout.UNKNOWN),
        length_cm=_size(row, "Longueur", 100, _LENGTHS_CM, issues, line),
        width_cm=_size(row, "Largeur", 100, _WIDTHS_CM, issues, line),
        places=_whole(row, "Nombre places réelles", issues, line),
        hours=(PARIS_HOURS,) if by_rule else hours,
        max_stay_min=30,
        provenance={
            "source": "bays",
            "format": BayFormat.PARIS.value,
            "licence": "ODbL 1.0",
            "title": "Ville de Paris",
            "hours": "city rule" if by_rule else "file",
        },
    )


# The rule of the City for a shared bay without hours of its own; stops of thirty minutes with a disc.
PARIS_HOURS = DeliveryHours(frozenset(Weekday) - {Weekday.SUNDAY}, (TimeSlot(time(7), time(20)),))
_REGIMES = {
    "aire permanente": BayRegime.PERMANENT,
    "aire periodique": BayRegime.PERIODIC,
    "zone marchandises": BayRegime.GOODS_ZONE,
}
_LAYOUTS = {"parallele": BayLayout.PARALLEL, "epi": BayLayout.ANGLED, "bataille": BayLayout.PERPENDICULAR}
_PARIS_REGIMES = {"zl permanente": BayRegime.PERMANENT, "zl periodique": BayRegime.PERIODIC}
_PARIS_LAYOUTS = {
    "longitudinal": BayLayout.PARALLEL,
    "epi": BayLayout.ANGLED,
    "bataille": BayLayout.PERPENDICULAR,
}


def _paris_address(row: Row) -> str:
    number, complement = _text(row, "Numéro voie", 10), _text(row, "Complément numéro voie", 10)
    suffix = complement.lower() if fold(complement) in {"bis", "ter", "quater"} else ""
    street = f"{_text(row, 'Type voie', 40).lower()} {_text(row, 'Nom voie', 120).title()}"
    district = _text(row, "Arrondissement", 3)
    return clean_text(f"{number} {suffix} {street}" + (f", Paris {district}" if district else ""), 255)


def _identified(local_id: str, place: tuple[float, float] | None, issues: list[Issue], line: int) -> bool:
    if not local_id:
        issues.append(Issue("bay-without-id", where=line))
    elif place is None:
        issues.append(Issue("bay-without-place", {"name": local_id}, line))
    return bool(local_id) and place is not None


def _missing(text: str) -> bool:
    return fold(text) in _MISSING


def _text(row: Row, column: str, most: int) -> str:
    value = row.get(column, "")
    return "" if _missing(value) else clean_text(value, most)


def _number(text: str) -> Decimal | None:
    if _missing(text):
        return None
    try:
        return decimal_number(text)
    except Invalid:
        return None


def _position(lon: str, lat: str) -> tuple[float, float] | None:
    x, y = _number(lon), _number(lat)
    if x is None or y is None or not (-180 <= x <= 180 and -90 <= y <= 90):
        return None
    return float(x), float(y)


def _size(row: Row, column: str, factor: int, believable: range, issues: list[Issue], line: int) -> int | None:
    """A size in centimetres; factor: what one unit of the file is in centimetres. Unknown: None."""
    text = row.get(column, "")
    number = _number(text)
    if number == 0 or _missing(text):
        return None
    size = None if number is None else metres_to_cm(number * factor / 100)
    if size is None or size not in believable:
        issues.append(Issue("unbelievable-size", {"column": column, "value": clean_text(text, 20)}, line))
        return None
    return size


def _whole(row: Row, column: str, issues: list[Issue], line: int) -> int | None:
    text = row.get(column, "")
    number = _number(text)
    if _missing(text) or number == 0:
        return None
    if number is None or number != number.to_integral_value() or not 0 < number < 10_000:
        issues.append(Issue("unknown-value", {"column": column, "value": clean_text(text, 20)}, line))
        return None
    return int(number)


def _paris_hours(row: Row, issues: list[Issue], line: int) -> tuple[DeliveryHours, ...]:
    slots: list[TimeSlot] = []
    for place in (1, 2, 3):
        start, end = row.get(f"Plage horaire {place}-Début", ""), row.get(f"Plage horaire {place}-Fin", "")
        if _missing(start) and _missing(end):
            continue
        slot = _slot(start, end)
        if slot is None:
            issues.append(Issue("bad-hours", {"value": clean_text(f"{start}-{end}", 40)}, line))
        else:
            slots.append(slot)
    return (DeliveryHours(frozenset(), tuple(slots)),) if slots else ()


def _slot(start: str, end: str) -> TimeSlot | None:
    try:
        return TimeSlot(_clock(start), _clock(end))
    except ValueError:
        return None


def _clock(text: str) -> time:
    """Read HH:MM; 24:00 is midnight. Raises ValueError."""
    hours, minutes = text.strip().split(":")[:2]
    return time(int(hours) % 24 if int(hours) == 24 else int(hours), int(minutes))


_CDS_DAYS = {name: Weekday(place) for place, name in enumerate(("mon", "tue", "wed", "thu", "fri", "sat", "sun"))}
_OSM_DAYS = {name: Weekday(place) for place, name in enumerate(("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"))}
_OSM_RULE = re.compile(r"^(?:(?P<days>[A-Z][a-z](?:[-,][A-Z][a-z])*) +)?(?P<hours>[0-9:,\- ]+)$")


def _national_hours(row: Row, issues: list[Issue], line: int) -> tuple[DeliveryHours, ...]:
    """The hours of the structured column, else of the opening-hours text; a text nobody can read is reported."""
    for column, read in (("TEMPORALITE_CDS", _cds_hours), ("TEMPORALITE_OSM", _osm_hours)):
        text = row.get(column, "")
        if _missing(text):
            continue
        try:
            return read(text)
        except (ValueError, KeyError, TypeError, AttributeError):
            issues.append(Issue("bad-hours", {"value": clean_text(text, 80)}, line))
    return ()


def _cds_hours(text: str) -> tuple[DeliveryHours, ...]:
    parts: list[Any] = json.loads(text)
    return tuple(
        DeliveryHours(
            frozenset(_CDS_DAYS[day] for day in part.get("days_of_week", [])),
            tuple(TimeSlot(_clock(start), _clock(end)) for start, end in part.get("times_of_day", [])),
        )
        for part in parts
    )


def _osm_hours(text: str) -> tuple[DeliveryHours, ...]:
    """The simple opening hours a bay uses: `Mo-Fr 08:00-12:00,14:00-19:00; Sa 09:00-19:00`. Raises ValueError."""
    found: list[DeliveryHours] = []
    for rule in text.split(";"):
        match = _OSM_RULE.match(rule.strip())
        if match is None:
            raise ValueError(rule)
        slots = tuple(
            TimeSlot(_clock(start), _clock(end))
            for start, end in (part.split("-") for part in match["hours"].split(",") if part.strip())
        )
        found.append(DeliveryHours(_osm_days(match["days"] or ""), slots))
    return tuple(found)


def _osm_days(text: str) -> frozenset[Weekday]:
    days: set[Weekday] = set()
    for part in text.split(",") if text else []:
        first, _, last = part.partition("-")
        start, end = _OSM_DAYS[first], _OSM_DAYS[last or first]
        days |= {Weekday((start + step) % 7) for step in range((end - start) % 7 + 1)}
    return frozenset(days)


_READERS: dict[BayFormat, Callable[[Row, list[Issue], int], BayDraft | None]] = {
    BayFormat.NATIONAL: _read_national,
    BayFormat.PARIS: _read_paris,
}
