"""Perimeters from GeoJSON: the 2024 layout of the Préfecture de Police, and our own.

Layout `jop2024`: one feature per area, colour and day, `EVENEMENT`, `TYPE_PERI`, `DATE_DEBUT`, `DATE_FIN`.
Layout `geojson`: one feature per area and colour, `event`, `name`, `colour`, and either `activations`
([[start, end], ...], ISO 8601, an end may be null) or `start` and `end`.
Nothing is dropped: a record we cannot understand is kept without effect, and reported.
"""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from portal.common.errors import Invalid
from portal.common.text import fold
from portal.numeriz.imports.areas import Area, Bounds, read_area
from portal.numeriz.imports.documents import clean_text, read_features
from portal.numeriz.imports.local_time import read_iso, read_jop
from portal.numeriz.models import TITLE_LENGTH, UNKNOWN_COLOUR
from portal.numeriz.values import ImportSource, Issue, PerimeterDraft
from portal.regulations.perimeters import Activation, Colour


class PerimeterFormat(StrEnum):
    """The layouts a perimeter file can have; AUTO looks at the first feature."""

    AUTO = "auto"
    JOP2024 = "jop2024"
    GEOJSON = "geojson"


_COLOURS = {
    "bleu": Colour.BLUE,
    "rouge": Colour.RED,
    "gris": Colour.GREY,
    "noir": Colour.BLACK,
    "blanc": Colour.WHITE,
    **{colour.value: colour for colour in Colour},
}


@dataclass(slots=True)
class _Record:
    """One feature read: what it says of an area, and what is doubtful about it."""

    event: str
    name: str
    colour: Colour | None
    area: Area
    spans: list[Activation]
    issues: list[Issue]
    where: int
    site: str = ""
    raw: object = field(default=None)


@dataclass(frozen=True, slots=True)
class PerimeterFile:
    """A file read whole: drafts to store and where they come from."""

    drafts: tuple[PerimeterDraft, ...]
    source: ImportSource


def read_perimeters(
    files: Sequence[tuple[str, bytes]],
    *,
    zone: ZoneInfo,
    bounds: Bounds | None,
    most_bytes: int,
    layout: PerimeterFormat = PerimeterFormat.AUTO,
) -> PerimeterFile:
    """Read the files (name, content) as one source.

    Raises Invalid as `read_features` and `read_area`, and `unknown-layout`, `bad-feature`; params name the file.
    """
    records: list[_Record] = []
    layouts: list[str] = []
    for name, content in files:
        try:
            features = read_features(content, most_bytes)
            chosen = _recognised(features) if layout is PerimeterFormat.AUTO else layout
            read = _read_jop if chosen is PerimeterFormat.JOP2024 else _read_geojson
            records += [
                read(_properties(feature, place), read_area(feature.get("geometry"), bounds, place), zone, place)
                for place, feature in enumerate(features, 1)
            ]
        except Invalid as error:
            raise Invalid(error.code, error.field, **{**error.params, "file": clean_text(name, 80)}) from error
        layouts.append(chosen.value)
    shown = ", ".join(clean_text(name, TITLE_LENGTH) for name, _ in files)
    drafts = _grouped(records)
    overlaps = _overlaps(drafts)
    counts = {
        "records": len(records),
        "shapes": len({r.area.digest for r in records if r.area.shape is not None}),
        "perimeters": len(drafts),
        "activations": sum(len(draft.activations) for draft in drafts),
        **_doubts(records),
    }
    source = ImportSource(
        shown[:TITLE_LENGTH],
        "+".join(sorted(set(layouts))),
        counts,
        [*overlaps, *(issue for record in records for issue in record.issues)],
    )
    return PerimeterFile(tuple(drafts), source)


def _doubts(records: Iterable[_Record]) -> dict[str, int]:
    found = Counter(issue.code for record in records for issue in record.issues)

    return {
        "duplicates": found["duplicate-record"],
        "without_geometry": found["no-geometry"] + found["not-an-area"],
        "repaired": found["shape-repaired"],
        "outside": found["outside-territory"],
    }


def _recognised(features: Sequence[Mapping[str, Any]]) -> PerimeterFormat:
    properties = features[0].get("properties")
    names = set(properties) if isinstance(properties, dict) else set()
    if {"TYPE_PERI", "DATE_DEBUT"} <= names:
        return PerimeterFormat.JOP2024
    if "colour" in names:
        return PerimeterFormat.GEOJSON
    raise Invalid("unknown-layout")


def _properties(feature: Mapping[str, Any], where: int) -> Mapping[str, Any]:
    found = feature.get("properties")
    if feature.get("type") != "Feature" or not isinstance(found, dict):
        raise Invalid("bad-feature", where=where)
    return found


def _read_jop(properties: Mapping[str, Any], area: Area, zone: ZoneInfo, where: int) -> _Record:
    issues = list(area.issues)
    event = clean_text(properties.get("EVENEMENT"), TITLE_LENGTH)
    record = _Record(
        event, _readable(event), _colour(properties.get("TYPE_PERI"), issues, where), area, [], issues, where
    )
    record.site = clean_text(properties.get("TRI"), 20)
    start, end = properties.get("DATE_DEBUT"), properties.get("DATE_FIN")
    record.spans = _span(start, end, zone, issues, where, jop=True)
    record.raw = sorted((name, str(value)) for name, value in properties.items())
    return _checked(record, where)


def _read_geojson(properties: Mapping[str, Any], area: Area, zone: ZoneInfo, where: int) -> _Record:
    issues = list(area.issues)
    event = clean_text(properties.get("event"), TITLE_LENGTH)
    name = clean_text(properties.get("name"), TITLE_LENGTH) or event
    record = _Record(event, name, _colour(properties.get("colour"), issues, where), area, [], issues, where)
    listed = properties.get("activations")
    if listed is None:
        listed = [[properties.get("start"), properties.get("end")]]
    if not isinstance(listed, list):
        issues.append(Issue("bad-date", {"value": clean_text(str(listed), 40)}, where))
        listed = []
    for pair in listed:
        start, end = pair if isinstance(pair, list) and len(pair) == 2 else (pair, None)
        record.spans += _span(start, end, zone, issues, where, jop=False)
    record.raw = [event, name, [str(pair) for pair in listed]]
    return _checked(record, where)


def _checked(record: _Record, where: int) -> _Record:
    if not record.event:
        record.issues.append(Issue("event-missing", where=where))
    if not record.spans:
        record.issues.append(Issue("no-activation", where=where))
    return record


def _readable(event: str) -> str:
    """The name of a 2024 event without the signs of its database."""
    bare = event.removeprefix("CIRCULATION-DISPOSITIF - ").removesuffix(" - SP").replace("_", " ").strip()
    return bare or event


def _colour(value: object, issues: list[Issue], where: int) -> Colour | None:
    found = _COLOURS.get(fold(str(value or "")))
    if found is None:
        issues.append(Issue("unknown-colour", {"value": clean_text(value, 40)}, where))
    return found


def _span(
    start: object, end: object, zone: ZoneInfo, issues: list[Issue], where: int, *, jop: bool
) -> list[Activation]:
    """The span of two texts: a list of one, or of none when it cannot be read (and then an issue says so)."""
    read = read_jop if jop else read_iso
    try:
        begins, doubt_of_start = read(start if isinstance(start, str) else "", zone)
        ends, doubt_of_end = (None, False) if end is None and not jop else read(str(end or ""), zone)
    except ValueError:
        shown = clean_text(f"{start} – {end}", 60)
        issues.append(Issue("bad-date", {"value": shown}, where))
        return []
    if doubt_of_start or doubt_of_end:
        issues.append(Issue("clock-change", {"value": clean_text(f"{start} – {end}", 60)}, where))
    if ends is not None and ends <= begins:
        issues.append(Issue("end-before-start", {"value": clean_text(f"{start} – {end}", 60)}, where))
        return []
    if ends is not None and ends.astimezone(zone).minute == 59:
        issues.append(Issue("ends-at-59", {"value": clean_text(str(end), 40)}, where))
    return [Activation(begins, ends)]


type _Key = tuple[str, str, str]


def _grouped(records: Sequence[_Record]) -> list[PerimeterDraft]:
    """One draft per (event, colour, geometry); an exact repetition is reported, overlapping spans too."""
    groups: dict[_Key, list[_Record]] = {}
    for record in records:
        key = (record.event, record.colour.value if record.colour else UNKNOWN_COLOUR, record.area.digest)
        group = groups.setdefault(key, [])
        if any(other.raw == record.raw for other in group):
            record.issues.append(Issue("duplicate-record", {"name": record.name}, record.where))
        group.append(record)
    return [_draft(group) for group in groups.values()]


def _draft(group: Sequence[_Record]) -> PerimeterDraft:
    first = group[0]
    spans = sorted({(span.start, span.end) for record in group for span in record.spans}, key=_by_start)
    # A perimeter keeps each doubt once: the record it comes from is in the report.
    kept = {
        (issue.code, str(sorted(issue.params.items()))): Issue(issue.code, issue.params)
        for record in group
        for issue in record.issues
    }
    sites = sorted({record.site for record in group if record.site})
    return PerimeterDraft(
        event=first.event,
        name=first.name,
        colour=first.colour,
        shape=first.area.shape,
        geometry_digest=first.area.digest,
        activations=tuple(Activation(start, end) for start, end in spans),
        provenance={"source": "file", "sites": sites} if sites else {"source": "file"},
        issues=tuple(kept.values()),
    )


def _overlaps(drafts: Sequence[PerimeterDraft]) -> list[Issue]:
    """Areas that are active twice at once in one colour, for several events or for one."""
    spans: dict[tuple[str, Colour | None], list[tuple[datetime, datetime | None]]] = defaultdict(list)
    names: dict[tuple[str, Colour | None], list[str]] = defaultdict(list)
    for draft in drafts:
        if draft.shape is not None:
            key = (draft.geometry_digest, draft.colour)
            spans[key] += [(span.start, span.end) for span in draft.activations]
            names[key].append(draft.name)
    found: list[Issue] = []
    for key, listed in spans.items():
        pairs = itertools.pairwise(sorted(listed, key=_by_start))
        count = sum(1 for (_, end), (start, _) in pairs if end is None or start < end)
        if count:
            found.append(Issue("overlapping-spans", {"name": ", ".join(names[key])[:200], "count": count}))
    return found


def _by_start(span: tuple[datetime, datetime | None]) -> tuple[datetime, bool, datetime]:
    start, end = span
    return start, end is None, end or start
