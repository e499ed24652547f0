"""One traffic order of DATEX II v3, whoever wrote it."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from lxml.etree import _Element as Element

from portal.numeriz.imports.datex import national, standard
from portal.numeriz.imports.datex.one_way import is_one_way, speaks_of_one_way
from portal.numeriz.imports.datex.order_validity import OrderValidity, read_order_validity
from portal.numeriz.imports.datex.periods import (
    Calendar,
    national_slot,
    read_bounds,
    read_periods,
    standard_slot,
)
from portal.numeriz.imports.datex.places import Place, places_of
from portal.numeriz.imports.datex.terms import OUR_NAMESPACE, REASONS, REGULATIONS, STORAGE_AREA
from portal.numeriz.imports.documents import clean_text
from portal.numeriz.imports.reading import Bounds, Understood
from portal.numeriz.imports.written_clock import SlotClock
from portal.numeriz.imports.xml import children, find, local_name, text_of, xsi_type
from portal.numeriz.models import TITLE_LENGTH
from portal.numeriz.values import Category, Issue, MeasureDraft, OrderDraft, OrderStatus, Subject
from portal.regulations.measures import Direction, MeasureType
from portal.regulations.schedules import Period
from portal.regulations.vehicles import VehicleRule

NATIONAL_PAGE: Final = "https://dialog.beta.gouv.fr/regulations/"
_AUTHORITY_LENGTH = 160
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_GAMES_ORDER = "JOP2024-ZONES"
_IN_FORCE = frozenset({"madeAndImplemented", "made"})
_LICENCE = "Licence Ouverte 2.0"
_LONGEST_URL = 2_000


@dataclass(frozen=True, slots=True)
class Manner:
    """How the orders of a file are to be read.

    national: as the national base writes (its conditions are no boolean logic). source: whom the orders are kept
    under. slot_clock: how the slots of a sub-source are written, and whether that is doubtful. licence: of the data.
    """

    source: str
    zone: ZoneInfo
    bounds: Bounds | None
    national: bool
    file: str
    slot_clock: Callable[[str], tuple[SlotClock, bool]] = lambda _source: (SlotClock.LOCAL, False)
    licence: str = ""


@dataclass(frozen=True, slots=True)
class _Read:
    """A regulation read: what it regulates (several types share everything else), and where all of it lies."""

    measures: tuple[MeasureDraft, ...]
    boxes: tuple[Bounds, ...]


@dataclass(slots=True)
class _Order:
    """An order being read. first: how many measures stand before the regulation under way."""

    element: Element
    manner: Manner
    title: str
    validity: OrderValidity = field(default_factory=OrderValidity)
    issues: list[Issue] = field(default_factory=list)
    first: int = 0

    def about_measure(self, found: Iterable[Issue]) -> None:
        """Note issues of the measure under way, once each."""
        for issue in found:
            self.issues.append(replace(issue, params={"measure": self.first + 1, **issue.params}))


def read_order(element: Element, manner: Manner) -> Understood[OrderDraft]:
    """Read a `trafficRegulationOrder`. One that lies wholly outside the territory is not kept."""
    if next(element.iter(f"{{{OUR_NAMESPACE}}}perimeter"), None) is not None:
        return Understood((), (Issue("perimeter-not-order"),))
    title = _words(text_of(element, "description", "values", "value"), national_base=manner.national)
    order = _Order(element, manner, title)
    ours = next(element.iter(f"{{{OUR_NAMESPACE}}}order"), None)
    origin = next((found.text or "" for found in element.iter("{*}source") if _is_extension(found)), "")
    calendar, doubtful_clock = _calendar(order, ours, origin)
    order.validity = read_order_validity(element, calendar, national=manner.national)
    measures: list[MeasureDraft] = []
    boxes: list[Bounds] = []
    for regulation in children(element, "trafficRegulation"):
        order.first = len(measures)
        read = _regulation(regulation, order, calendar)
        measures += read.measures
        boxes += read.boxes
    if _outside(boxes, measures, manner.bounds):
        return Understood((), (Issue("outside-not-kept"),))
    if doubtful_clock and any(period.slots for measure in measures for period in measure.periods):
        order.issues.append(Issue("slot-clock-uncertain", {"value": origin[:40]}))
    if not measures:
        order.issues.append(Issue("no-measure"))
    return Understood((_draft(order, ours, origin, measures, calendar),))


def _is_extension(found: Element) -> bool:
    parent = found.getparent()
    return parent is not None and local_name(parent) == "trafficRegulationOrderExtended"


def _calendar(order: _Order, ours: Element | None, origin: str) -> tuple[Calendar, bool]:
    manner = order.manner
    if manner.national:
        clock, doubtful = manner.slot_clock(origin)
        return Calendar(manner.zone, national_slot(clock)), doubtful
    zone = manner.zone
    if ours is not None and ours.get("timeZone"):
        try:
            zone = ZoneInfo(ours.get("timeZone", ""))
        except (ZoneInfoNotFoundError, ValueError):
            order.issues.append(Issue("unknown-value", {"column": "timeZone", "value": ours.get("timeZone", "")[:40]}))
    exact = ours is not None
    return Calendar(zone, standard_slot(zone, exact=exact), exact=exact), False


def _draft(
    order: _Order, ours: Element | None, origin: str, measures: Sequence[MeasureDraft], calendar: Calendar
) -> OrderDraft:
    element, manner = order.element, order.manner
    written = text_of(element, "regulationId")
    identifier, _, organisation = written.rpartition("#") if manner.national and "#" in written else (written, "", "")
    page = next((found.text or "" for found in element.iter("{*}publicUrl")), "")
    if manner.national:
        found = _UUID.search(page)
        page = NATIONAL_PAGE + found[0] if found else ""
        if identifier.startswith(_GAMES_ORDER):
            order.issues.append(Issue("games-zones"))
        bans = {MeasureType.NO_ENTRY, MeasureType.ONE_WAY}
        if speaks_of_one_way(order.title) and any(measure.type in bans for measure in measures):
            order.issues.append(Issue("maybe-one-way"))
    url = page if ours is None else ours.get("url", "")
    said = {
        "source": manner.source,
        "origin": origin or (ours.get("sourceId", "") if ours is not None else ""),
        "organisation": organisation,
        "licence": (ours.get("licence", "") if ours is not None else "") or manner.licence,
        "url": page if page.startswith(("http://", "https://")) else "",
        "file": manner.file,
    }
    return OrderDraft(
        identifier=clean_text(identifier, 400),
        title=order.title,
        authority_name=clean_text(text_of(element, "issuingAuthority", "values", "value"), _AUTHORITY_LENGTH),
        category=_category(element, ours, measures, calendar),
        measures=tuple(measures),
        subject=_subject(element),
        status=_status(order),
        url=url[:_LONGEST_URL] if url.startswith(("http://", "https://")) else "",
        source=manner.source,
        source_id=element.get("id", "").strip(),
        provenance={name: clean_text(value, 400) for name, value in said.items() if value},
        issues=tuple(order.issues),
    )


def _words(text: str, *, national_base: bool) -> str:
    """A text in one line; the national base escapes twice."""
    found = html.unescape(text) if national_base else text
    return clean_text(found, TITLE_LENGTH)


def _category(element: Element, ours: Element | None, measures: Sequence[MeasureDraft], calendar: Calendar) -> Category:
    """Permanent when it has no end."""
    if ours is not None and ours.get("category") in set(Category):
        return Category(ours.get("category", ""))
    start, end = read_bounds(find(element, "validityByOrder"), calendar)
    if start is None:
        open_ended = any(period.end is None for measure in measures for period in measure.periods)
        return Category.PERMANENT if open_ended or not measures else Category.TEMPORARY
    return Category.PERMANENT if end is None else Category.TEMPORARY


def _subject(element: Element) -> Subject | None:
    for reason in children(element, "reason"):
        found = REASONS.get(reason.get("_extendedValue") or (reason.text or "").strip())
        if found is not None:
            return found
    return None


def _status(order: _Order) -> OrderStatus:
    """Only an order that has been made is law."""
    status = text_of(order.element, "status")
    if status in _IN_FORCE:
        return OrderStatus.PUBLISHED
    order.issues.append(Issue("order-not-in-force", {"value": clean_text(status, 40)}))
    return OrderStatus.DRAFT


def _regulation(regulation: Element, order: _Order, calendar: Calendar) -> _Read:
    issues: list[Issue] = []
    condition = find(regulation, "condition")
    if order.manner.national:
        understood = not national.denies(condition)
        leaves = national.leaves_of(condition)
        validities = [leaf for leaf in leaves if national.is_when(leaf)]
        where = [leaf for leaf in leaves if national.is_where(leaf)]
        rest = [leaf for leaf in leaves if not national.is_when(leaf) and not national.is_where(leaf)]
        rule = national.rule_of(rest, issues)
    else:
        tree = standard.read_tree(condition, issues)
        validities, where, understood = tree.validities, tree.places, tree.understood
        rule = standard.rule_of(tree, issues)
    periods = _periods(validities, order, calendar, issues)
    places = [place for location in where for place in places_of(location, order.manner.bounds)]
    for place in places:
        issues += place.issues
    if not places:
        issues.append(Issue("place-not-drawn"))
    if not understood:
        issues.append(Issue("condition-not-understood"))
    status = text_of(regulation, "status")
    if status not in {"", "active", "scheduled"}:
        understood = False
        issues.append(Issue("order-not-in-force", {"value": clean_text(status, 40)}))
    order.about_measure(_once(issues))
    return _Read(
        tuple(_measures(regulation, order, periods, places, rule, understood=understood)),
        tuple(place.box for place in places if place.box is not None),
    )


def _once(issues: Iterable[Issue]) -> Iterator[Issue]:
    told: set[tuple[str, str]] = set()
    for issue in issues:
        key = (issue.code, str(issue.params))
        if key not in told:
            told.add(key)
            yield issue


def _periods(
    validities: Sequence[Element], order: _Order, calendar: Calendar, issues: list[Issue]
) -> tuple[Period, ...]:
    """Any of the validities, as far as its order goes; a regulation without one applies as long as its order."""
    found: list[Period] = []
    for condition in validities:
        validity = find(condition, "validityByOrder")
        if validity is None:
            validity = find(condition, "implementedValidity")
        periods, doubts = (
            ([], [Issue("period-not-understood")]) if validity is None else read_periods(validity, calendar)
        )
        found += periods
        issues += doubts
    return order.validity.of_regulation(found if validities else None, issues)


def _measures(
    regulation: Element,
    order: _Order,
    periods: tuple[Period, ...],
    places: Sequence[Place],
    rule: VehicleRule,
    *,
    understood: bool,
) -> Iterator[MeasureDraft]:
    """One measure for each type the regulation names."""
    ours = next(regulation.iter(f"{{{OUR_NAMESPACE}}}measure"), None)
    for place, kind in enumerate(children(regulation, "typeOfRegulation")):
        found = _type(kind)
        if ours is not None and ours.get("type") in set(MeasureType):
            found = MeasureType(ours.get("type", ""))
        number = order.first + place + 1
        speed = None
        if found is None:
            shown = " ".join([xsi_type(kind), *(text_of(child) for child in kind)])
            order.issues.append(Issue("unknown-measure", {"measure": number, "value": clean_text(shown, 60)}))
        elif found is MeasureType.SPEED_LIMIT:
            speed = _speed(kind, number, order.issues)
        if not understood:
            found = MeasureType.UNKNOWN
        elif found is MeasureType.NO_ENTRY and _is_one_way(order, places, rule):
            found = MeasureType.ONE_WAY
            order.issues.append(Issue("read-as-one-way", {"measure": number}))
        locations = tuple(place.location for place in places)
        yield MeasureDraft(found or MeasureType.UNKNOWN, locations, periods, rule, speed)


def _is_one_way(order: _Order, places: Sequence[Place], rule: VehicleRule) -> bool:
    """Tell whether a ban of the national base is a one-way sign; a ban of some vehicles never is."""
    unsaid = all(place.location.direction is Direction.UNKNOWN for place in places)
    return order.manner.national and unsaid and not rule.applies_to and is_one_way(order.title)


def _type(kind: Element) -> MeasureType | None:
    name = xsi_type(kind)
    if name == "SpeedLimit":
        return MeasureType.SPEED_LIMIT
    if name == "OvertakingBan":
        return MeasureType.NO_OVERTAKING
    if name == "MandatoryRoadOrCarriagewayOrLaneUsage":
        stored = text_of(kind, "otherObligation", "values", "value") == STORAGE_AREA
        return MeasureType.STORAGE_AREA if stored else None
    said = ((name, local_name(child), text_of(child)) for child in kind)
    return next((REGULATIONS[key] for key in said if key in REGULATIONS), None)


def _speed(kind: Element, number: int, issues: list[Issue]) -> int | None:
    written, unit = text_of(kind, "maxValue", "numericValue"), text_of(kind, "maxValue", "unitOfMeasure")
    try:
        speed = float(written)
    except ValueError:
        speed = 0.0
    if unit in {"", "kilometresPerHour"} and speed.is_integer() and 1 <= speed <= 130:
        return int(speed)
    if written:
        shown = clean_text(f"{written} {unit}", 40)
        issues.append(Issue("speed-not-understood", {"measure": number, "value": shown}))
    issues.append(Issue("speed-missing", {"measure": number}))
    return None


def _outside(boxes: Sequence[Bounds], measures: Sequence[MeasureDraft], bounds: Bounds | None) -> bool:
    """Tell whether all that is drawn lies outside the territory; what is drawn nowhere may lie inside."""
    if bounds is None or not boxes:
        return False
    west, south, east, north = bounds
    near = any(b[0] <= east and b[2] >= west and b[1] <= north and b[3] >= south for b in boxes)
    return not near and any(measure.locations for measure in measures)
