"""Permanent goods-traffic orders as CSV in the national schema 0.8.0 (CEREMA): one line per rule.

An order that came in this schema goes out as its own lines, permissions included. Any other is written from its
measures: a line is a conjunction, so that each kind of limit of a rule gets a line of its own, and together they
forbid what the rule forbids. What the schema has no column for is not written at all, rather than as a wider ban; an
exemption it has no word for is written in ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import BinaryIO
from zoneinfo import ZoneInfo

import shapely
from shapely.geometry.base import BaseGeometry

from portal.common.errors import Invalid
from portal.numeriz.exports.csv_text import csv_line
from portal.numeriz.exports.datex2_conditions import number
from portal.numeriz.exports.edition import Edition, OrderRecord, Writer
from portal.numeriz.imports import cerema_schema as schema
from portal.numeriz.imports.opening_hours import write_hours
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


def _lines(order: OrderRecord, now: datetime) -> Iterator[Cells]:
    shared = {
        "COLL_NOM": order.authority_name,
        "COLL_INSEE": str(order.provenance.get("insee_code") or schema.UNKNOWN),
        "ARR_DATE": schema.UNKNOWN,
        "ARR_REF": order.identifier,
        "ARR_OBJET": order.title,
        "ARR_URL": order.url,
        "REGL_MODALITE": schema.FORBIDS,
    }
    for _measure_id, measure in order.measures:
        if measure.type is MeasureType.NO_ENTRY:
            for cells in _measure_lines(measure, order.place.zone, now):
                yield {**shared, **cells}


def _measure_lines(measure: MeasureDraft, zone: ZoneInfo, now: datetime) -> Iterator[Cells]:
    exceptions = {"SAUF_VEH_USAGES": _listed(_words(criterion) for criterion in measure.vehicles.except_)}
    for location in measure.locations:
        for period in measure.periods:
            when = _when(period, zone, now)
            if when is None:
                continue
            for whom in _whom(measure.vehicles):
                yield {**_where(location), **when, **whom, **exceptions}


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


def _when(period: Period, zone: ZoneInfo, now: datetime) -> Cells | None:
    """Dates and hours; None for hours that opening hours cannot say, and for bounds that are no whole days.

    A start at some hour of a day that is past is written by its day: the ban is the same from now on.
    """
    if not (period.start <= now or _is_midnight(period.start, zone)):
        return None
    if period.end is not None and not _is_midnight(period.end, zone):
        return None
    try:
        every_day = not period.weekdays and not period.slots
        hours = DeliveryHours(period.weekdays, period.slots, period.holidays)
        text = "" if every_day and period.holidays.value == "ignored" else write_hours([hours])
    except Invalid:
        return None
    return {"PERIODE_JH": text, "PERIODE_DEBUT": _day(period.start, zone), "PERIODE_FIN": _last_day(period.end, zone)}


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
