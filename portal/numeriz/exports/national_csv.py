"""Permanent goods-traffic orders as CSV in the national schema 0.8.0 (CEREMA): one line per rule.

An order that came in this schema goes out as its own lines, permissions included. Any other is written from its
measures: a line is a conjunction, so that each kind of limit of a rule gets a line of its own, and together they
forbid what the rule forbids. The hours of a line are those of allowed traffic, so that a ban of some hours is a ban
without hours, and a line that allows everybody the others there: with bans of other hours on the same place it would
open these too. What the schema has no column for is not written at all, rather than as a wider ban; an exemption it has
no word for is written in ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import BinaryIO
from zoneinfo import ZoneInfo

import shapely
from shapely.geometry.base import BaseGeometry

from portal.common.errors import Invalid
from portal.common.text import fold
from portal.numeriz.exports.csv_text import csv_line
from portal.numeriz.exports.datex2_conditions import number
from portal.numeriz.exports.edition import Edition, OrderRecord, Writer
from portal.numeriz.imports import cerema_schema as schema
from portal.numeriz.imports.opening_hours import closed_hours, write_hours
from portal.numeriz.translate import _
from portal.numeriz.values import Category, DeliveryHours, MeasureDraft
from portal.numeriz.words import criterion_words
from portal.regulations.measures import Direction, MeasureLocation, MeasureType
from portal.regulations.schedules import Period
from portal.regulations.vehicles import AirClassIn, Criterion, FreeText, Over, Size, VehicleRule

type Cells = dict[str, str]

_NOT_A_NAME = re.compile(r"[^a-zA-Z0-9\-–'’«»°\"\sÀ-ÿ(),.]+")
_SIZES = {Size.LENGTH: ("VEH_LONG", 30), Size.WIDTH: ("VEH_LARG", 6), Size.HEIGHT: ("VEH_HAUT", 6)}


class OrdersCsvWriter(Writer):
    """Writes the lines of each permanent order."""

    def __init__(self, stream: BinaryIO, edition: Edition) -> None:
        super().__init__(stream, edition)
        self._ids: set[str] = set()
        self.write_text(csv_line(schema.COLUMNS))

    def order(self, order: OrderRecord) -> None:
        """Write an order; a temporary one is no matter of this schema."""
        rows = order.provenance.get("rows")
        if order.source == schema.SOURCE and isinstance(rows, Sequence):
            for row in rows:
                self._write({**row, "ID": self._own_id(str(row.get("ID", "")), order)})
        elif order.category is Category.PERMANENT:
            # Where the line was made: this portal does not read it back as somebody else's order.
            made_here = {"GEOM_SOURCE": self.edition.portal_url}
            for rank, cells in enumerate(_lines(order, self.edition.produced_at), 1):
                self._write({**cells, **made_here, "ID": f"{order.id}-{rank}"})

    def _own_id(self, written: str, order: OrderRecord) -> str:
        """The id of a line as its town gave it, unless another town gave the same."""
        found = written
        if not found or found in self._ids:
            found = f"{order.source_id}:{written}"
        self._ids.add(found)
        return found

    def _write(self, cells: Mapping[str, str]) -> None:
        self.write_text(csv_line([str(cells.get(column, "")) for column in schema.COLUMNS]))
        self.records += 1


@dataclass(frozen=True, slots=True)
class _Line:
    """A line that forbids. opens: the hours of its place at which it does not, as opening hours; empty for none."""

    cells: Cells
    opens: str

    @property
    def place(self) -> str:
        """What tells its place from others in an order."""
        return fold(self.cells["EMPRISE_DESIGNATION"])

    @property
    def is_everywhere(self) -> bool:
        """Whether its place is the whole town."""
        return self.place.startswith(schema.WHOLE_TOWN)


def _lines(order: OrderRecord, now: datetime) -> Iterator[Cells]:
    shared = {
        "COLL_NOM": order.authority_name,
        "COLL_INSEE": str(order.provenance.get("insee_code") or schema.UNKNOWN),
        "ARR_DATE": schema.UNKNOWN,
        "ARR_REF": order.identifier,
        "ARR_OBJET": order.title,
        "ARR_URL": order.url,
    }
    bans = [
        line
        for _measure_id, measure in order.measures
        if measure.type is MeasureType.NO_ENTRY
        for line in _measure_lines(measure, order.place.zone, now)
    ]
    for place in _places(bans):
        opens = {line.opens for line in place}
        # A permission has no vehicles, dates nor ends: only where all bans have the same hours it frees nobody else.
        told = place if len(opens) == 1 else [line for line in place if not line.opens]
        for line in told:
            yield {**shared, "REGL_MODALITE": schema.FORBIDS, **line.cells}
        if told and told[0].opens:
            yield {**shared, "REGL_MODALITE": schema.ALLOWS, **_permission(told)}


def _places(bans: Sequence[_Line]) -> Iterator[Sequence[_Line]]:
    """The lines of one place together; all of an order that is for the whole town as well."""
    if any(line.is_everywhere for line in bans):
        yield bans
        return
    for place in dict.fromkeys(line.place for line in bans):
        yield [line for line in bans if line.place == place]


def _permission(bans: Sequence[_Line]) -> Cells:
    """What allows everybody the other hours of a place, whichever way the bans go."""
    first = next((line for line in bans if line.is_everywhere), bans[0])
    drawn = {line.cells["GEOM_WKT"] for line in bans}
    return {
        "VEH_TYPES": schema.ALL_TYPES,
        "PERIODE_JH": first.opens,
        "EMPRISE_DESIGNATION": first.cells["EMPRISE_DESIGNATION"],
        "GEOM_WKT": drawn.pop() if len(drawn) == 1 else "",
    }


def _measure_lines(measure: MeasureDraft, zone: ZoneInfo, now: datetime) -> Iterator[_Line]:
    exceptions = {"SAUF_VEH_USAGES": _listed(_words(criterion) for criterion in measure.vehicles.except_)}
    for location in measure.locations:
        for start, end, hours in _joined(measure.periods):
            if not _are_whole_days(start, end, zone, now):
                continue
            try:
                opens = write_hours(closed_hours(hours))
            except Invalid:
                continue
            when = {"PERIODE_DEBUT": _day(start, zone), "PERIODE_FIN": _last_day(end, zone)}
            for whom in _whom(measure.vehicles):
                yield _Line({**_where(location), **when, **whom, **exceptions}, opens)


def _joined(periods: Sequence[Period]) -> Iterator[tuple[datetime, datetime | None, Sequence[DeliveryHours]]]:
    """The bounds of the periods, each pair once with the hours of all of its periods."""
    for start, end in dict.fromkeys((period.start, period.end) for period in periods):
        ours = [period for period in periods if (period.start, period.end) == (start, end)]
        yield start, end, [DeliveryHours(period.weekdays, period.slots, period.holidays) for period in ours]


def _whom(rule: VehicleRule) -> Iterator[Cells]:
    """One line per kind of limit: a vehicle over any of them is banned by one of the lines."""
    if not rule.applies_to:
        yield {"VEH_TYPES": schema.ALL_TYPES}
        return
    usages = [_words(criterion) for criterion in rule.applies_to if criterion in schema.USAGES or _is_text(criterion)]
    if usages:
        yield {"VEH_USAGES": _listed(usages)}
    for criterion in rule.applies_to:
        cells = _limit(criterion)
        if cells:
            yield cells


def _is_text(criterion: Criterion) -> bool:
    return isinstance(criterion, FreeText)


def _limit(criterion: Criterion) -> Cells:
    """The columns of one limit; none when the schema has no column for it."""
    match criterion:
        case Over(Size.GROSS_WEIGHT, limit) if limit <= schema.MOST_TONNES * 1000:
            return {"VEH_TONNAGE": number(Decimal(limit) / 1000)}
        case Over(size, limit) if size in _SIZES and limit <= _SIZES[size][1] * 100:
            return {_SIZES[size][0]: number(Decimal(limit) / 100)}
        case AirClassIn(classes) if classes:
            return {"VEH_CQAS": _listed(schema.AIR_CLASSES[found] for found in sorted(classes))}
    return {}


def _words(criterion: Criterion) -> str:
    known = schema.USAGES.get(criterion)
    if known is not None:
        return known
    return criterion.text if isinstance(criterion, FreeText) else criterion_words(criterion)


def _listed(texts: Iterator[str] | Sequence[str]) -> str:
    return schema.LIST_MARK.join(" ".join(text.replace(schema.LIST_MARK, "/").split()) for text in texts)


def _are_whole_days(start: datetime, end: datetime | None, zone: ZoneInfo, now: datetime) -> bool:
    """Tell whether days can say from when to when a ban holds.

    A start at some hour of a day that is past is written by its day: the ban is the same from now on.
    """
    return (start <= now or _is_midnight(start, zone)) and (end is None or _is_midnight(end, zone))


def _is_midnight(at: datetime, zone: ZoneInfo) -> bool:
    return at.astimezone(zone).time() == time(0)


def _day(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).date().isoformat()


def _last_day(end: datetime | None, zone: ZoneInfo) -> str:
    """The day before a midnight."""
    return "" if end is None else _day(end - timedelta(microseconds=1), zone)


def _where(location: MeasureLocation) -> Cells:
    name = " ".join(_NOT_A_NAME.sub(" ", location.label).split())
    return {
        "EMPRISE_DESIGNATION": name or _("Emprise tracée"),
        "EMPRISE_SENS": _direction(location.direction),
        "GEOM_WKT": _wkt(location.shape),
    }


def _direction(direction: Direction) -> str:
    return {
        Direction.BOTH: schema.BOTH_WAYS,
        Direction.FORWARD: schema.ALONG,
        Direction.BACKWARD: schema.AGAINST,
        Direction.UNKNOWN: "",
    }[direction]


def _wkt(shape: BaseGeometry) -> str:
    return "" if shape.is_empty else str(shapely.to_wkt(shapely.force_2d(shape), rounding_precision=-1))
