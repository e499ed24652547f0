"""Perimeters from GeoJSON: the 2024 layout of the Préfecture de Police, and any other through named columns.

Format `jop2024`: one feature per area, colour and day, `EVENEMENT`, `TYPE_PERI`, `DATE_DEBUT`, `DATE_FIN`.
Format `geojson`: one feature per area and colour; see `perimeter_columns` for the options. Our own files hold `event`,
`name`, `colour`, and either `activations` ([[start, end], ...], ISO 8601, an end may be null) or `start` and `end`.
A record whose words we do not know is kept without effect, and reported; one whose shape cannot be drawn is skipped.
"""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import PurePath
from typing import Any
from zoneinfo import ZoneInfo

from portal.common.errors import Invalid
from portal.numeriz.codec import digest
from portal.numeriz.imports.areas import Area, read_area
from portal.numeriz.imports.documents import clean_text, read_content, read_features
from portal.numeriz.imports.local_time import day_after, is_date_only, read_any
from portal.numeriz.imports.perimeter_columns import Columns, colour_of, columns_of
from portal.numeriz.imports.reading import Format, Reading, ReadingContext, SourceFile, SourceRecord, Understood
from portal.numeriz.models import TITLE_LENGTH, UNKNOWN_COLOUR
from portal.numeriz.values import ImportKind, Issue, PerimeterDraft
from portal.regulations.perimeters import Activation, Colour

type Properties = Mapping[str, Any]
type _Key = tuple[str, str, str]
type _Span = tuple[datetime, datetime | None]

_SOURCE = "file"
# What stands beside perimeters in the GeoJSON that a portal like this one publishes.
_OTHER_KINDS = frozenset({"measure", "bay", "event"})


@dataclass(slots=True)
class _Record:
    """One feature read: its draft, or the reason why there is none; its place in its file."""

    where: int
    raw: str
    draft: PerimeterDraft | None = None
    left_out: str = ""
    error: Invalid | None = None

    def read(self) -> Understood[PerimeterDraft]:
        """What became of it. Raises Invalid."""
        if self.error is not None:
            raise self.error
        if self.draft is None:
            return Understood((), (Issue(self.left_out, where=self.where),))
        return Understood((self.draft,))


def _open_jop(files: Sequence[SourceFile], context: ReadingContext) -> Reading[PerimeterDraft]:
    def reader(_file: SourceFile, _features: object) -> tuple[_ReadFeature, tuple[Issue, ...]]:
        return lambda properties, area, where: _read_jop(properties, area, context.zone, where), ()

    return _open("jop2024", files, context, reader)


def _open_geojson(files: Sequence[SourceFile], context: ReadingContext) -> Reading[PerimeterDraft]:
    def reader(file: SourceFile, features: Sequence[Properties]) -> tuple[_ReadFeature, tuple[Issue, ...]]:
        columns = columns_of([feature for feature in features if not _is_other(feature)], context.options)
        title = clean_text(PurePath(file.name).stem, TITLE_LENGTH)
        unnamed = (
            () if "event" in columns.properties else (Issue("column-guessed", {"role": "event", "column": title}),)
        )
        return (
            lambda properties, area, where: _read_geojson(properties, area, columns, title, context.zone, where),
            (*columns.issues, *unnamed),
        )

    return _open("geojson", files, context, reader)


type _ReadFeature = Callable[[Properties, Area, int], PerimeterDraft]
type _Reader = Callable[[SourceFile, Sequence[Properties]], tuple[_ReadFeature, tuple[Issue, ...]]]


def _open(name: str, files: Sequence[SourceFile], context: ReadingContext, reader: _Reader) -> Reading[PerimeterDraft]:
    """Read everything at once: records repeat each other, and a file whose axes are exchanged is refused whole."""
    records: list[tuple[str, _Record]] = []
    issues: list[Issue] = []
    for number, file in enumerate(files, 1):
        try:
            features, about = read_features(read_content(file, context.most_bytes))
            if len(records) + len(features) > context.most_rows:
                raise Invalid("too-many-features", most=context.most_rows)
            if _is_own(about, context.own_url):
                records += [
                    (f"{number}:{where}", _Record(where, "", left_out="own-export")) for where in _places(features)
                ]
                continue
            read, doubts = reader(file, features)
            issues += doubts
            records += [
                (f"{number}:{where}", _read_feature(feature, read, context, where))
                for where, feature in zip(_places(features), features, strict=True)
            ]
        except Invalid as error:
            raise Invalid(error.code, error.field, **{**error.params, "file": clean_text(file.name, 80)}) from error
    found = [record for _, record in records]
    _mark_duplicates(found)
    drafts = [record.draft for record in found if record.draft is not None]
    reading: Reading[PerimeterDraft] = Reading(
        name,
        _SOURCE,
        iter(()),
        issues=[*issues, *_overlaps(drafts)],
        counts=_counts(drafts),
        total_bytes=sum(file.path.stat().st_size for file in files),
    )
    reading.records = _told(records, reading)
    return reading


def _places(features: Sequence[object]) -> range:
    return range(1, len(features) + 1)


def _is_other(feature: Properties) -> bool:
    properties = feature.get("properties")
    return isinstance(properties, dict) and str(properties.get("kind")) in _OTHER_KINDS


def _is_own(about: Properties, own_url: str) -> bool:
    """Tell whether this portal published the file."""
    return bool(own_url) and str(about.get("page", "")).startswith(f"{own_url.rstrip('/')}/")


def _told(
    records: Iterable[tuple[str, _Record]], reading: Reading[PerimeterDraft]
) -> Iterator[SourceRecord[PerimeterDraft]]:
    for name, record in records:
        yield SourceRecord(name, digest(record.raw), record.where, record.read)
    reading.complete = True


def _read_feature(feature: Properties, read: _ReadFeature, context: ReadingContext, where: int) -> _Record:
    record = _Record(where, "")
    try:
        properties = feature.get("properties")
        if feature.get("type") != "Feature" or not isinstance(properties, dict):
            raise Invalid("bad-feature", where=where)
        if _is_other(feature):
            record.left_out = "not-a-perimeter"
            return record
        area = read_area(feature.get("geometry"), context.bounds, where)
    except Invalid as error:
        if error.code == "coordinates-swapped":
            raise
        record.error = error
        return record
    record.draft = read(properties, area, where)
    said = sorted((str(name), str(value)) for name, value in properties.items())
    record.raw = digest([said, area.digest])
    return record


def _read_jop(properties: Properties, area: Area, zone: ZoneInfo, where: int) -> PerimeterDraft:
    issues = list(area.issues)
    event = clean_text(properties.get("EVENEMENT"), TITLE_LENGTH)
    site = clean_text(properties.get("TRI"), 20)
    colour = colour_of(clean_text(properties.get("TYPE_PERI"), 200))
    if colour is None:
        issues.append(Issue("unknown-colour", {"value": clean_text(properties.get("TYPE_PERI"), 40)}, where))
    # Every record of this layout has an end.
    end = properties.get("DATE_FIN")
    spans = _span(properties.get("DATE_DEBUT"), "" if end is None else end, zone, issues)
    return _draft(event, _readable(event), colour, area, spans, issues, sites=[site] if site else [])


def _read_geojson(
    properties: Properties, area: Area, columns: Columns, title: str, zone: ZoneInfo, where: int
) -> PerimeterDraft:
    issues = list(area.issues)
    told = columns.value(properties, "event") if "event" in columns.properties else title
    event = clean_text(told, TITLE_LENGTH)
    name = clean_text(columns.value(properties, "name"), TITLE_LENGTH) or event
    colour = columns.colour(columns.value(properties, "colour"))
    if colour is None:
        value = clean_text(columns.value(properties, "colour"), 40)
        issues.append(Issue("unknown-colour", {"value": value}, where))
    listed = properties.get("activations")
    if listed is None:
        listed = [[columns.value(properties, "start"), columns.value(properties, "end")]]
    if not isinstance(listed, list):
        issues.append(Issue("bad-date", {"value": clean_text(str(listed), 40)}, where))
        listed = []
    spans: list[Activation] = []
    for pair in listed:
        if isinstance(pair, dict):
            pair = [pair.get("start"), pair.get("end")]  # noqa: PLW2901 as published
        start, end = pair if isinstance(pair, list) and len(pair) == 2 else (pair, None)
        spans += _span(start, end, zone, issues)
    return _draft(event, name, colour, area, spans, issues)


def _draft(
    event: str,
    name: str,
    colour: Colour | None,
    area: Area,
    spans: Sequence[Activation],
    issues: list[Issue],
    sites: Sequence[str] = (),
) -> PerimeterDraft:
    if not event:
        issues.append(Issue("event-missing"))
    if not spans:
        issues.append(Issue("no-activation"))
    return PerimeterDraft(
        event=event,
        name=name,
        colour=colour,
        shape=area.shape,
        geometry_digest=area.digest,
        activations=tuple(spans),
        provenance={"source": _SOURCE, "sites": list(sites)} if sites else {"source": _SOURCE},
        # Where each comes from is told by its record; the perimeter keeps it once, whatever the record.
        issues=tuple(Issue(issue.code, issue.params) for issue in issues),
    )


def _readable(event: str) -> str:
    """The name of a 2024 event without the signs of its database."""
    bare = event.removeprefix("CIRCULATION-DISPOSITIF - ").removesuffix(" - SP").replace("_", " ").strip()
    return bare or event


def _span(start: object, end: object, zone: ZoneInfo, issues: list[Issue]) -> list[Activation]:
    """The span of two dates: a list of one, or of none when it cannot be read (and then an issue says so)."""
    shown = clean_text(f"{start} – {end}", 60)
    try:
        begins, doubt_of_start = read_any(start, zone)
        ends, doubt_of_end = (None, False) if end is None else read_any(end, zone)
    except ValueError:
        issues.append(Issue("bad-date", {"value": shown}))
        return []
    if doubt_of_start or doubt_of_end:
        issues.append(Issue("clock-change", {"value": shown}))
    if ends is not None and is_date_only(end):
        # "Until the 8th" without an hour: a perimeter must not open a day too early.
        ends = day_after(ends, zone)
        issues.append(Issue("end-day-included", {"value": clean_text(end, 40)}))
    if ends is not None and ends <= begins:
        issues.append(Issue("end-before-start", {"value": shown}))
        return []
    if ends is not None and ends.astimezone(zone).minute == 59:
        issues.append(Issue("ends-at-59", {"value": clean_text(end, 40)}))
    return [Activation(begins, ends)]


def _mark_duplicates(records: Iterable[_Record]) -> None:
    """Tell each record that says again, word for word, what one before said."""
    seen: set[str] = set()
    for record in records:
        if record.draft is None:
            continue
        if record.raw in seen:
            again = Issue("duplicate-record", {"name": record.draft.name})
            record.draft = replace(record.draft, issues=(*record.draft.issues, again))
        seen.add(record.raw)


def _counts(drafts: Sequence[PerimeterDraft]) -> Counter[str]:
    found = Counter(issue.code for draft in drafts for issue in draft.issues)
    keys = {key_of(draft) for draft in drafts}
    spans = {(key_of(draft), span.start, span.end) for draft in drafts for span in draft.activations}
    return Counter(
        {
            "shapes": len({draft.geometry_digest for draft in drafts if draft.shape is not None}),
            "perimeters": len(keys),
            "activations": len(spans),
            "duplicates": found["duplicate-record"],
            "without_geometry": found["no-geometry"] + found["not-an-area"],
            "repaired": found["shape-repaired"],
            "outside": found["outside-territory"],
        }
    )


def key_of(draft: PerimeterDraft) -> _Key:
    """What makes two drafts one perimeter."""
    return draft.event, draft.colour.value if draft.colour else UNKNOWN_COLOUR, draft.geometry_digest


def _overlaps(drafts: Sequence[PerimeterDraft]) -> list[Issue]:
    """Areas that are active twice at once in one colour, for several events or for one."""
    spans: dict[tuple[str, Colour | None], dict[_Key, set[_Span]]] = defaultdict(lambda: defaultdict(set))
    names: dict[_Key, str] = {}
    for draft in drafts:
        if draft.shape is not None:
            key = key_of(draft)
            names.setdefault(key, draft.name)
            spans[draft.geometry_digest, draft.colour][key] |= {(span.start, span.end) for span in draft.activations}
    found: list[Issue] = []
    for listed in spans.values():
        ordered = sorted(itertools.chain.from_iterable(listed.values()), key=_by_start)
        count = sum(1 for (_, end), (start, _) in itertools.pairwise(ordered) if end is None or start < end)
        if count:
            shown = ", ".join(names[key] for key in listed)
            found.append(Issue("overlapping-spans", {"name": shown[:200], "count": count}))
    return found


def _by_start(span: _Span) -> tuple[datetime, bool, datetime]:
    start, end = span
    return start, end is None, end or start


def _recognises_jop(head: bytes, _name: str) -> bool:
    return b'"TYPE_PERI"' in head and b'"DATE_DEBUT"' in head


def _recognises_geojson(head: bytes, name: str) -> bool:
    return head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{" or name.lower().endswith((".geojson", ".json"))


JOP2024 = Format("jop2024", ImportKind.PERIMETERS, _recognises_jop, _open_jop)
GEOJSON = Format("geojson", ImportKind.PERIMETERS, _recognises_geojson, _open_geojson)

PERIMETER_FORMATS = (JOP2024, GEOJSON)
"""In the order in which a file is tried."""
