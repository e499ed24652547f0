"""Municipal goods-traffic orders from CSV: the national schema v0.8.0 of CEREMA, one line per rule.

The lines of one order become one order: each `Interdit` line a measure (or two, when a line that allows takes away
some hours), each `Autorise` line an exception to them. A place without a geometry is kept and told: it has no effect.

Option `ban_hours`: `banned` or `allowed`, how the hours of an `Interdit` line are meant. The schema defines them as
hours of allowed traffic, for both kinds of line; without the option those of a line that forbids are read as the hours
of the ban, and told. What this portal publishes has none on such lines.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import partial
from typing import Final

import shapely
from shapely.geometry.base import BaseGeometry

from portal.common.errors import Invalid
from portal.common.text import fold
from portal.numeriz.codec import digest
from portal.numeriz.imports import cerema_schema as schema
from portal.numeriz.imports.areas import check_place, mended, read_wkt
from portal.numeriz.imports.cerema_rules import (
    ALWAYS,
    Ban,
    InWords,
    ban_of,
    joined,
    lifted,
    permission_of,
    words_of,
)
from portal.numeriz.imports.documents import clean_text
from portal.numeriz.imports.local_time import day_after, to_utc
from portal.numeriz.imports.opening_hours import periods_of_hours
from portal.numeriz.imports.reading import Format, Reading, ReadingContext, SourceFile, SourceRecord, Understood
from portal.numeriz.imports.tables import Row, headers_of, read_table
from portal.numeriz.models import IDENTIFIER_LENGTH
from portal.numeriz.values import Category, ImportKind, Issue, MeasureDraft, OrderDraft
from portal.regulations.measures import Direction, LocationKind, MeasureLocation, MeasureType
from portal.regulations.schedules import Period
from portal.regulations.vehicles import FreeText, VehicleRule

BAN_HOURS: Final = "ban_hours"

_READER: Final = 2
"""Raised when the same lines are to be read again because this reader changed."""
_COLUMNS: Final = frozenset({"COLL_INSEE", "ARR_REF", "REGL_MODALITE", "VEH_USAGES", "EMPRISE_DESIGNATION"})
_BOTH_WAYS: Final = frozenset({"deux sens", "2 sens", "les deux sens", "double sens"})
_DRAWN_WAYS: Final[Mapping[str, Direction]] = {
    fold(schema.ALONG): Direction.FORWARD,
    fold(schema.AGAINST): Direction.BACKWARD,
}
_PLACE_LENGTH: Final = 255

type _Key = tuple[str, ...]


@dataclass(slots=True)
class _Line:
    """A line that forbids, with what is left of its ban once the permissions are taken away."""

    row: Row
    bans: list[Ban]


@dataclass(slots=True)
class _Order:
    """The lines of one order, being read."""

    rows: Sequence[Row]
    context: ReadingContext
    issues: list[Issue] = field(default_factory=list)

    def doubt(self, code: str, row: Row, **params: str) -> None:
        """Tell something about a line."""
        self.issues.append(Issue(code, {"place": _place_words(row)[:120], **params}, row.line))

    def read(self) -> Understood[OrderDraft]:
        """The order. Raises Invalid(`coordinates-swapped`, `out-of-world`)."""
        first = self.rows[0]
        if any(_is_own(row, self.context.own_url) for row in self.rows):
            return Understood((), (Issue("own-export", where=first.line),))
        lines = [_Line(row, [self._ban(row)]) for row in self.rows if _modality(row) == fold(schema.FORBIDS)]
        for row in self.rows:
            if _modality(row) == fold(schema.ALLOWS):
                self._allow(row, lines)
            elif _modality(row) != fold(schema.FORBIDS):
                self.doubt("unknown-modality", row, value=row.text("REGL_MODALITE", 40))
        measures = [measure for line in lines for measure in self._measures(line)]
        self._tell_words(measures)
        shapes = [place.shape for measure in measures for place in measure.locations]
        if shapes and self.context.bounds is not None and all(not shape.is_empty for shape in shapes):
            box = shapely.box(*self.context.bounds)
            if not any(shape.intersects(box) for shape in shapes):
                return Understood((), (Issue("outside-territory", where=first.line),))
        title = first.text("ARR_OBJET")
        draft = OrderDraft(
            identifier=_identifier(first),
            title=title or f"Arrêté de circulation, {first.text('COLL_NOM', 160)}",
            authority_name=first.text("COLL_NOM", 160),
            category=Category.PERMANENT,
            measures=tuple(measures),
            url=_url(first),
            source=schema.SOURCE,
            source_id=_source_id(first),
            provenance={
                "source": schema.SOURCE,
                "licence": schema.LICENCE,
                "insee_code": first.text("COLL_INSEE", 5),
                "rows": [{name: row.raw(name) for name in schema.COLUMNS if row.raw(name)} for row in self.rows],
            },
            issues=tuple(self.issues),
        )
        return Understood((draft,))

    def _ban(self, row: Row) -> Ban:
        meant = self.context.options.get(BAN_HOURS, "")
        ban = ban_of(row, hours_allowed=meant == "allowed")
        if _bounds(row, self.context) is None:
            ban = _in_words(ban, words_of(row))
        if ban.in_words:
            self.doubt("ban-in-words", row, value=words_of(row))
        elif ban.hours != ALWAYS and not meant:
            self.doubt("ban-hours-read", row, value=row.text("PERIODE_JH", 80))
        return ban

    def _allow(self, row: Row, lines: Sequence[_Line]) -> None:
        """Take what a line allows away from the bans of its place."""
        concerned = [(line, covers) for line in lines if (covers := _covers(row, line.row)) is not None]
        if not concerned:
            self.doubt("permission-alone", row)
            return
        before = [line.bans for line, _ in concerned]
        for line, covers in concerned:
            left: list[Ban] = []
            for ban in line.bans:
                try:
                    left += lifted(ban, permission_of(row), covers=covers)
                except InWords:
                    left.append(self._allowed_in_words(row, ban, covers=covers))
            line.bans = left
        if before == [line.bans for line, _ in concerned]:
            self.doubt("permission-without-effect", row)

    def _allowed_in_words(self, row: Row, ban: Ban, *, covers: bool) -> Ban:
        """A ban beside a permission the law cannot say: shown with it, or not enforced at all where it is a part."""
        words = words_of(row) if covers else clean_text(f"{words_of(row)} ({_place_words(row)})", 300)
        if covers or row.parts("VEH_USAGES"):
            code, found = "permission-in-words", replace(ban, except_=joined(ban.except_, (FreeText(words),)))
        else:
            code, found = "permission-not-located", _in_words(ban, words)
        issue = Issue(code, {"place": _place_words(row)[:120], "value": words}, row.line)
        self.issues += [] if issue in self.issues else [issue]
        return found

    def _measures(self, line: _Line) -> Iterator[MeasureDraft]:
        bounds = _bounds(line.row, self.context)
        start, end = bounds or (_in_force(line.row, self.context), None)
        location = self._location(line.row)
        if not line.row.text("ARR_DATE") and start == schema.UNKNOWN_START:
            missing = Issue("date-missing", where=self.rows[0].line)
            self.issues += [] if missing in self.issues else [missing]
        for ban in line.bans:
            always = ban.hours == ALWAYS
            periods = (Period(start, end),) if always else periods_of_hours(ban.hours, start, end)
            yield MeasureDraft(MeasureType.NO_ENTRY, (location,), periods, VehicleRule(ban.applies_to, ban.except_))

    def _tell_words(self, measures: Sequence[MeasureDraft]) -> None:
        """Tell each condition in words once for the order."""
        criteria = [c for m in measures for c in (*m.vehicles.applies_to, *m.vehicles.except_)]
        told = {str(issue.params.get("value")) for issue in self.issues}
        for criterion in dict.fromkeys(criteria):
            if isinstance(criterion, FreeText) and criterion.text not in told:
                value = {"value": criterion.text[:120]}
                self.issues.append(Issue("condition-in-words", value, self.rows[0].line))

    def _location(self, row: Row) -> MeasureLocation:
        label = _place_words(row)
        shape = self._shape(row)
        kind = LocationKind.NAMED_STREET
        if _is_whole_town(row):
            kind = LocationKind.WHOLE_CITY
        elif shapely.get_dimensions(shape) == 2:
            kind = LocationKind.AREA
        if shape.is_empty:
            self.doubt("not-located", row)
        way = row.text("EMPRISE_SENS", 120)
        direction = Direction.BOTH if fold(way) in _BOTH_WAYS else _DRAWN_WAYS.get(fold(way), Direction.UNKNOWN)
        if direction is not Direction.BOTH and shapely.get_dimensions(shape) != 1:
            direction = Direction.UNKNOWN
        if way and direction is Direction.UNKNOWN:
            self.doubt("direction-in-words", row, value=way)
        return MeasureLocation(kind, label, shape, direction)

    def _shape(self, row: Row) -> BaseGeometry:
        """The line or area of a line of the file; empty when there is none that can be used."""
        nowhere = shapely.GeometryCollection()
        if not row.text("GEOM_WKT", 20):
            return nowhere
        try:
            drawn, issues = read_wkt(row.raw("GEOM_WKT"), row.line)
            check_place(drawn, self.context.bounds, row.line)
            if shapely.get_dimensions(drawn) == 2:
                area, repairs = mended(drawn, row.line)
                self.issues += [*issues, *repairs]
                return nowhere if area is None else area
        except Invalid as error:
            if error.code in {"bad-geometry", "shape-too-complex"}:
                return nowhere
            raise
        self.issues += issues
        return drawn if shapely.get_dimensions(drawn) == 1 and drawn.length > 0 else nowhere


def _in_words(ban: Ban, words: str) -> Ban:
    return replace(ban, applies_to=(FreeText(words),), hours=ALWAYS, least_kg=None, in_words=True)


def _modality(row: Row) -> str:
    return fold(row.raw("REGL_MODALITE"))


def _is_whole_town(row: Row) -> bool:
    return fold(row.raw("EMPRISE_DESIGNATION")).startswith(schema.WHOLE_TOWN)


def _covers(allowing: Row, forbidding: Row) -> bool | None:
    """Tell whether a permission holds wherever a ban does; None when they are of different places."""
    if _is_whole_town(allowing):
        return True
    if fold(allowing.raw("EMPRISE_DESIGNATION")) != fold(forbidding.raw("EMPRISE_DESIGNATION")):
        return False if _is_whole_town(forbidding) else None
    ends, other_ends = _ends(allowing), _ends(forbidding)
    way, other_way = fold(allowing.raw("EMPRISE_SENS")), fold(forbidding.raw("EMPRISE_SENS"))
    return (not any(ends) or ends == other_ends) and (not way or way in _BOTH_WAYS or way == other_way)


def _ends(row: Row) -> tuple[str, str]:
    return fold(row.raw("EMPRISE_DEBUT")), fold(row.raw("EMPRISE_FIN"))


def _place_words(row: Row) -> str:
    """« Rue X (de A à B) », as the order writes it."""
    ends = [text for column in ("EMPRISE_DEBUT", "EMPRISE_FIN") if (text := row.text(column, 120))]
    name = row.text("EMPRISE_DESIGNATION", 160) or row.text("EMPRISE_ZONE", 160)
    part = " → ".join(ends)
    return clean_text(f"{name} ({part})" if name and part else name or part, _PLACE_LENGTH)


def _is_own(row: Row, own_url: str) -> bool:
    """Tell whether this portal wrote the line from an order that it has already."""
    return bool(own_url) and row.text("GEOM_SOURCE", 2000) == own_url.rstrip("/")


def _url(row: Row) -> str:
    url = row.text("ARR_URL", 2000)
    return url if url.startswith(("https://", "http://")) else ""


def _identifier(row: Row) -> str:
    found = row.text("ARR_REF", IDENTIFIER_LENGTH)
    return found or f"{schema.UNKNOWN} {row.text('ARR_DATE', 10) or row.text('COLL_INSEE', 5)}"


def _key(row: Row) -> _Key:
    """What tells an order from the others of its town; its subject too when it has no reference."""
    reference = fold(row.text("ARR_REF"))
    subject = "" if reference else fold(row.text("ARR_OBJET", 1000))
    return row.text("COLL_INSEE", 5), reference, row.text("ARR_DATE", 10), subject


def _source_id(row: Row) -> str:
    insee_code, reference, day, subject = _key(row)
    said = row.text("ARR_REF", 120) if reference else hashlib.sha256(subject.encode()).hexdigest()[:12]
    return ":".join((insee_code, day or schema.UNKNOWN, said))


def _day(text: str, context: ReadingContext) -> datetime | None:
    """The first instant of an ISO date on the local clock; None for anything else."""
    try:
        day = date.fromisoformat(text)
        return to_utc(datetime(day.year, day.month, day.day), context.zone)[0]  # noqa: DTZ001 the zone is added
    except (ValueError, OverflowError):
        return None


def _in_force(row: Row, context: ReadingContext) -> datetime:
    return _day(row.text("ARR_DATE", 10), context) or schema.UNKNOWN_START


def _bounds(row: Row, context: ReadingContext) -> tuple[datetime, datetime | None] | None:
    """From when to when a line holds; None when it says so in words (« Début des vacances »)."""
    begins, ends = row.text("PERIODE_DEBUT", 80), row.text("PERIODE_FIN", 80)
    start = _day(begins, context) if begins else _in_force(row, context)
    last = _day(ends, context) if ends else None
    if start is None or (ends and last is None):
        return None
    end = None if last is None else day_after(last, context.zone)
    return None if end is not None and end <= start else (start, end)


def _recognises(head: bytes, _name: str) -> bool:
    return set(headers_of(head)) >= _COLUMNS


def _open(files: Sequence[SourceFile], context: ReadingContext) -> Reading[OrderDraft]:
    meant = context.options.get(BAN_HOURS, "")
    if meant not in {"", "banned", "allowed"}:
        raise Invalid("option-unknown", option=BAN_HOURS, value=clean_text(meant, 40))
    orders: dict[_Key, list[Row]] = {}
    issues: list[Issue] = []
    counts: Counter[str] = Counter()
    for file in files:
        try:
            table = read_table(file, context)
            if not table.rows[0].columns.keys() >= _COLUMNS:
                raise Invalid("unknown-layout")
        except Invalid as error:
            raise Invalid(error.code, error.field, **{**error.params, "file": clean_text(file.name, 80)}) from error
        issues += table.issues
        counts["lines"] += len(table.rows)
        for row in table.rows:
            orders.setdefault(_key(row), []).append(row)
            counts["permissions"] += _modality(row) == fold(schema.ALLOWS)
    size = sum(file.path.stat().st_size for file in files)
    reading: Reading[OrderDraft] = Reading("cerema", schema.SOURCE, iter(()), issues=issues, counts=counts)
    reading.total_bytes = size
    reading.records = _told(orders, context, reading)
    return reading


def _told(
    orders: Mapping[_Key, Sequence[Row]], context: ReadingContext, reading: Reading[OrderDraft]
) -> Iterator[SourceRecord[OrderDraft]]:
    how = [_READER, context.zone.key, context.bounds, context.own_url, sorted(context.options.items())]
    for rows in orders.values():
        said = [[row.raw(name) for name in schema.COLUMNS] for row in rows]
        yield SourceRecord(_source_id(rows[0]), digest([how, said]), rows[0].line, partial(_read_order, rows, context))
    reading.complete = True


def _read_order(rows: Sequence[Row], context: ReadingContext) -> Understood[OrderDraft]:
    return _Order(rows, context).read()


CEREMA = Format("cerema", ImportKind.ORDERS, _recognises, _open)
