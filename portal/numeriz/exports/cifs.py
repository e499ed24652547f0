"""Closures and alternating traffic as CIFS v2, for navigation services; only what that format can say.

A CIFS closure stops every driver, so a ban of some vehicles is never written, nor one from which ordinary drivers may
be exempt. Each incident is one contiguous piece of road in the direction it is driven, and keeps its id as long as the
measure keeps its place and its start. Hours are on the local clock; a slot past midnight is cut in two.
Source: cifsv2.xsd.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import BinaryIO
from urllib.parse import urlsplit

import shapely
from lxml import etree
from lxml.etree import _Element as Element
from shapely.geometry import LineString, MultiLineString
from shapely.geometry.base import BaseGeometry

from portal.numeriz.exports.datex2_conditions import clean
from portal.numeriz.exports.day_spans import DAY_MINUTES, Spans, day_spans
from portal.numeriz.exports.edition import (
    Edition,
    EventRecord,
    OrderRecord,
    Place,
    Writer,
    notice,
    short_digest,
)
from portal.numeriz.law.events import nature_of_event
from portal.numeriz.translate import _
from portal.numeriz.values import Category, EventState, Subject
from portal.numeriz.words import MEASURES
from portal.regulations.holidays import holidays_of
from portal.regulations.measures import Direction, MeasureType
from portal.regulations.schedules import HolidayRule, Period, Weekday
from portal.regulations.vehicles import IsRoadUser, Usage, UsedFor, VehicleRule

CIFS_SOURCE = "cifs"
_CLOSED, _HAZARD = "ROAD_CLOSED", "HAZARD"
# Usages nobody has by chance: a driver who is not one of these is stopped.
_SPECIAL = frozenset({Usage.EMERGENCY, Usage.POLICE, Usage.PUBLIC_TRANSPORT, Usage.TAXI, Usage.ROADWORKS})
_CLOSURES = {
    Subject.ROADWORKS: "ROAD_CLOSED_CONSTRUCTION",
    Subject.EVENT: "ROAD_CLOSED_EVENT",
    Subject.INCIDENT: "ROAD_CLOSED_HAZARD",
    Subject.WINTER: "ROAD_CLOSED_HAZARD",
}
_MEASURES = {MeasureType.NO_ENTRY: _CLOSED, MeasureType.ALTERNATE_TRAFFIC: _HAZARD}
# How long a period may be for its public holidays to be looked up day by day.
_LONGEST = timedelta(days=1100)
_LAST_MINUTE = "23:59"


@dataclass(frozen=True, slots=True)
class _Incident:
    """What all pieces and periods of one measure share."""

    key: str
    kind: str
    subtype: str
    description: str
    street: str
    direction: Direction
    source: str
    url: str
    created_at: datetime
    updated_at: datetime


class CifsWriter(Writer):
    """Writes one incident per measure, piece of road and period."""

    def __init__(self, stream: BinaryIO, edition: Edition) -> None:
        super().__init__(stream, edition)
        self._open = ExitStack()
        self._xml = self._open.enter_context(etree.xmlfile(stream, encoding="utf-8"))
        self._xml.write_declaration()
        said = "; ".join([edition.title, notice(), *(f"{s.name} ({s.licence})" for s in edition.sources)])
        self._open.enter_context(self._xml.element("incidents", timestamp=_utc(edition.produced_at)))
        self._xml.write(etree.Comment(" " + clean(said).replace("--", "–") + " "))

    def order(self, order: OrderRecord) -> None:
        """Write the closures and alternates of a temporary order."""
        if order.category is not Category.TEMPORARY:
            return
        taken: set[str] = set()
        for _measure_id, measure in order.measures:
            kind = _MEASURES.get(measure.type)
            if kind is None or not stops_everybody(measure.vehicles):
                continue
            closed = kind == _CLOSED
            works = "HAZARD_ON_ROAD_CONSTRUCTION" if order.subject is Subject.ROADWORKS else ""
            for location in measure.locations:
                incident = _Incident(
                    key=f"{order.id}:{measure.type.value}",
                    kind=kind,
                    subtype=_CLOSURES.get(order.subject, "") if closed and order.subject else "" if closed else works,
                    description=str(MEASURES[measure.type]),
                    street=location.label,
                    direction=location.direction,
                    source=order.authority_name,
                    url=self.edition.order_url(order.place, order.id),
                    created_at=order.created_at,
                    updated_at=order.updated_at,
                )
                self._write(incident, order.place, location.shape, measure.periods, taken)

    def event(self, event: EventRecord) -> None:
        """Write a live closure or alternate that did not come from such a feed."""
        draft = event.event
        kind = _MEASURES.get(nature_of_event(draft))
        if (
            kind is None
            or CIFS_SOURCE in {draft.source, draft.provenance.get("format")}
            or draft.state not in {EventState.PLANNED, EventState.ACTIVE}
            or not stops_everybody(draft.vehicles or VehicleRule())
        ):
            return
        closed = kind == _CLOSED
        incident = _Incident(
            key=f"{event.id}",
            kind=kind,
            subtype="",
            description=draft.label or str(MEASURES[MeasureType.NO_ENTRY if closed else MeasureType.ALTERNATE_TRAFFIC]),
            street=draft.road or draft.label,
            direction=draft.direction,
            source=draft.source,
            url=draft.url,
            created_at=min((period.start for period in draft.periods), default=event.updated_at),
            updated_at=event.updated_at,
        )
        self._write(incident, event.place, draft.shape, draft.periods, set(), open_ended=True)

    def close(self) -> None:
        """Close what is open."""
        self._open.close()

    def _write(
        self,
        incident: _Incident,
        place: Place,
        shape: BaseGeometry,
        periods: tuple[Period, ...],
        taken: set[str],
        *,
        open_ended: bool = False,
    ) -> None:
        """taken: ids the order has used, so that none is written twice."""
        said = [period for period in periods if self._can_say(period, place, open_ended=open_ended)]
        for piece in oriented_pieces(shape, incident.direction):
            for period in said:
                start = _utc(period.start)
                name, rank = f"{incident.key}:{short_digest(piece.wkb_hex)}:{short_digest(start)}", 1
                while f"{name}:{rank}" in taken:
                    rank += 1
                taken.add(f"{name}:{rank}")
                self._xml.write(self._element(f"{name}:{rank}", incident, place, piece, period))
                self.records += 1

    def _can_say(self, period: Period, place: Place, *, open_ended: bool) -> bool:
        """Tell whether the format can say the period: temporary, not over, no holiday that changes anything.

        Hours of less than a minute would leave the schedule empty, and the road closed at any time.
        """
        if not day_spans(period.weekdays, period.slots):
            return False
        if period.end is None:
            return open_ended and period.holidays is HolidayRule.IGNORED
        if period.end <= self.edition.produced_at:
            return False
        return period.holidays is HolidayRule.IGNORED or (
            period.holidays is not HolidayRule.ONLY and not _has_holiday(period.start, period.end, place)
        )

    def _element(self, key: str, incident: _Incident, place: Place, piece: LineString, period: Period) -> Element:
        found = etree.Element("incident", id=key)
        _add(found, "creationtime", _utc(incident.created_at))
        _add(found, "updatetime", _utc(incident.updated_at))
        source = etree.SubElement(found, "source")
        _add(source, "reference", urlsplit(self.edition.portal_url).hostname or "joptimiz")
        _add(source, "name", incident.source or place.name)
        _add(source, "url", incident.url or self.edition.page_url)
        _add(found, "type", incident.kind)
        if incident.subtype:
            _add(found, "subtype", incident.subtype)
        _add(found, "description", incident.description)
        street = clean(incident.street).strip()
        _add(found, "street", street if len(street) > 1 else _("Voie sans nom"))
        points = piece.reverse().coords if incident.direction is Direction.BACKWARD else piece.coords
        _add(found, "polyline", " ".join(f"{lat:.7f} {lon:.7f}" for lon, lat in points))
        # Nothing is said of a direction that is not known: "both" would close what may be open.
        if incident.direction is Direction.BOTH:
            _add(found, "direction", "BOTH_DIRECTIONS")
        elif incident.direction is not Direction.UNKNOWN:
            _add(found, "direction", "ONE_DIRECTION")
        _add(found, "starttime", _local(period.start, place))
        if period.end is not None:
            _add(found, "endtime", _local(period.end, place))
        _add_schedule(found, period)
        return found


def stops_everybody(rule: VehicleRule) -> bool:
    """Tell whether every ordinary driver is bound: made for all, and exempt are special vehicles alone."""
    return not rule.applies_to and all(
        isinstance(criterion, IsRoadUser) or (isinstance(criterion, UsedFor) and criterion.usage in _SPECIAL)
        for criterion in rule.except_
    )


def oriented_pieces(shape: BaseGeometry, direction: Direction) -> Iterator[LineString]:
    """Contiguous lines of a shape, (lon, lat); pieces are only joined head to tail when their direction counts."""
    flat = shapely.force_2d(shape)
    if not isinstance(flat, (LineString, MultiLineString)) or flat.is_empty:
        return
    if isinstance(flat, MultiLineString):
        flat = shapely.line_merge(flat, directed=direction in {Direction.FORWARD, Direction.BACKWARD})
    for piece in getattr(flat, "geoms", [flat]):
        if piece.length > 0:
            yield piece


def _has_holiday(start: datetime, end: datetime, place: Place) -> bool:
    """Tell whether a public holiday has any part in a period."""
    if end - start > _LONGEST:
        return True
    # A night that began the day before belongs to that day.
    first, last = start.astimezone(place.zone).date() - timedelta(days=1), end.astimezone(place.zone).date()
    years = range(first.year, last.year + 1)
    return any(first <= day <= last for year in years for day in holidays_of(year, place.holidays))


def _add_schedule(incident: Element, period: Period) -> None:
    if not period.weekdays and not period.slots:
        return
    spans = day_spans(period.weekdays, period.slots)
    schedule = etree.SubElement(incident, "schedule")
    if len(spans) == 7 and len(set(spans.values())) == 1:
        _add(schedule, "everyday", _hours(spans[Weekday.MONDAY]))
        return
    for day, hours in spans.items():
        _add(schedule, day.name.lower(), _hours(hours))


def _hours(spans: Spans) -> str:
    return ",".join(f"{_clock(start)}-{_clock(end)}" for start, end in spans)


def _clock(minute: int) -> str:
    """A clock time; midnight at the end of a day is its last minute, as consumers ask."""
    return _LAST_MINUTE if minute == DAY_MINUTES else f"{minute // 60:02d}:{minute % 60:02d}"


def _add(parent: Element, tag: str, text: str) -> None:
    etree.SubElement(parent, tag).text = clean(text)


def _utc(at: datetime) -> str:
    return at.isoformat(timespec="seconds")


def _local(at: datetime, place: Place) -> str:
    return at.astimezone(place.zone).isoformat(timespec="seconds")
