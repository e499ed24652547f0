"""Traffic orders and perimeters as a DATEX II v3 TrafficRegulationPublication, written as a stream.

Standard reading throughout: operators mean what they say (`greaterThan` 3.5 binds what is over 3.5 t), sets are true
boolean trees, instants are UTC, clock times carry no offset and are local to the `timeZone` of the order's extension.
Perimeters are orders with an extension `perimeter`; readers of this portal never take them for orders.

What a reader finds, for creator `Joptimiz` (jz: `urn:joptimiz:datex2:1`):
- jz:publication@portal in the head: the portal that wrote it, which does not read it back;
- jz:order: @category, @sourceId, @timeZone, @territory, @licence, @url; dx:source beside it; regulationId is the
  identifier as it is; reason `_extended` has the subject as `_extendedValue`;
- jz:measure@type in each regulation, in our word; no maxValue: a limit whose speed is not known;
- jz:place@kind in each place, @direction where no line says it (directionRelativeOnLinearSection), @label when the
  schema's own was too long, jz:namedRoad;
- emissionClassificationOther, several in one condition: any of these classes; jz:footprint and jz:usage in the
  extension of a vehicle of type `other`: what that vehicle is; without them its dx:otherVehicleType is free text;
- a ConditionSet with negate true: none of its members (the exemptions);
- publicHoliday with intersectWithApplicableDays false: the days named and holidays; true: holidays alone; in an
  exceptionPeriod: never on holidays.
Source: the DATEX II v3.3 schemas; ValidityCondition makes it 3.2 or 3.3, not later.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from typing import BinaryIO

from lxml import etree
from lxml.etree import _Element as Element

from portal.numeriz.exports.datex2_conditions import (
    add,
    add_criterion,
    add_location,
    add_period,
    add_set,
    add_validity,
    add_words,
    clean,
    instant,
    node,
)
from portal.numeriz.exports.datex2_terms import (
    ALTERNATE,
    COM,
    D2,
    DX,
    EXTENDED,
    EXTENDED_VALUE,
    NSMAP,
    OURS,
    REASONS,
    REGULATIONS,
    STORAGE_AREA,
    TRO,
    XSI,
)
from portal.numeriz.exports.edition import (
    CREATOR,
    OPEN_LICENCE,
    Edition,
    OrderRecord,
    PerimeterRecord,
    Writer,
    notice,
)
from portal.numeriz.values import MeasureDraft, Subject
from portal.numeriz.words import MEASURES, POLICIES
from portal.regulations.measures import LocationKind, MeasureLocation, MeasureType
from portal.regulations.perimeters import Motorised
from portal.regulations.schedules import Period
from portal.regulations.vehicles import Criterion

_NO_RESTRICTION = "noRestriction"


class Datex2Writer(Writer):
    """Writes orders and perimeters one by one; memory stays that of the largest of them."""

    def __init__(self, stream: BinaryIO, edition: Edition) -> None:
        super().__init__(stream, edition)
        self._open = ExitStack()
        self._xml = self._open.enter_context(etree.xmlfile(stream, encoding="utf-8"))
        self._xml.write_declaration()
        attributes = {
            XSI + "type": "TrafficRegulationPublication",
            "id": edition.scope,
            "lang": "fr",
            "modelBaseVersion": "3",
            "extensionName": CREATOR,
            "extensionVersion": "1",
        }
        self._open.enter_context(self._xml.element(D2 + "payload", attributes, nsmap=NSMAP))
        for part in _head(edition):
            self._xml.write(part)
        self._started = False

    def order(self, order: OrderRecord) -> None:
        """Write an order with the measures that say when and where; one that has none regulates nothing.

        A regulation without a period would take those of its order, and one without a place would hold everywhere:
        a measure whose periods or places nobody understood would become a ban.
        """
        said = tuple((key, measure) for key, measure in order.measures if measure.periods and measure.locations)
        if said:
            self._write(_order(self.edition, replace(order, measures=said)))

    def perimeter(self, perimeter: PerimeterRecord) -> None:
        """Write a perimeter; one that is never active would always be, for whoever reads it."""
        if perimeter.activations:
            self._write(_perimeter(self.edition, perimeter))

    def close(self) -> None:
        """Close what is open."""
        self._open.close()

    def _write(self, element: Element) -> None:
        # The element that holds the orders may not be empty, so it is opened by the first of them.
        if not self._started:
            self._open.enter_context(self._xml.element(TRO + "trafficRegulationsFromCompetentAuthorities"))
            self._started = True
        self._xml.write(element)
        self.records += 1


def _head(edition: Edition) -> list[Element]:
    time = node(COM + "publicationTime")
    time.text = instant(edition.produced_at)
    creator = node(COM + "publicationCreator")
    add(creator, COM + "country", "fr")
    add(creator, COM + "nationalIdentifier", CREATOR)
    extension = node(COM + "_payloadPublicationExtension")
    about = add(extension, OURS + "publication", portal=edition.portal_url, scope=edition.scope, title=edition.title)
    add(about, OURS + "notice", notice())
    for source in edition.sources:
        add(about, OURS + "source", name=source.name, licence=source.licence, url=source.url)
    return [time, creator, extension]


def _order(edition: Edition, order: OrderRecord) -> Element:
    found = node(TRO + "trafficRegulationOrder")
    found.set("id", str(order.id))
    found.set("version", f"{order.updated_at:%Y%m%d%H%M%S%f}")
    add_words(found, TRO + "description", order.title)
    add_words(found, TRO + "issuingAuthority", order.authority_name)
    if order.subject is not None:
        _add_reason(found, order.subject)
    add(found, TRO + "regulationId", clean(order.identifier))
    add(found, TRO + "status", "madeAndImplemented")
    _add_bounds(found, [period for _id, measure in order.measures for period in measure.periods])
    for measure_id, measure in order.measures:
        regulation = add(found, TRO + "trafficRegulation")
        _add_type(regulation, measure)
        _add_conditions(regulation, measure)
        extension = add(regulation, TRO + "_trafficRegulationExtension")
        add(extension, OURS + "measure", id=str(measure_id), type=measure.type.value)
    extension = _add_extension(found, order.source, edition.order_url(order.place, order.id))
    about = add(
        extension,
        OURS + "order",
        category=order.category.value,
        sourceId=order.source_id,
        timeZone=order.place.zone.key,
        territory=order.place.slug,
        licence=str(order.provenance.get("licence") or OPEN_LICENCE),
        url=order.url,
    )
    add(about, OURS + "notice", notice())
    return found


def _add_reason(order: Element, subject: Subject) -> None:
    known = REASONS.get(subject)
    reason = add(order, TRO + "reason", known or EXTENDED)
    if known is None:
        reason.set(EXTENDED_VALUE, subject.value)


def _add_bounds(order: Element, periods: list[Period]) -> None:
    """The bounds of the whole order; without an end when one of its periods has none."""
    ends = [period.end for period in periods if period.end is not None]
    end = max(ends) if len(ends) == len(periods) else None
    add_validity(order, min(period.start for period in periods), end)


def _add_type(regulation: Element, measure: MeasureDraft) -> None:
    add(regulation, TRO + "status", "active")
    match measure.type:
        case MeasureType.SPEED_LIMIT:
            limit = add(regulation, TRO + "typeOfRegulation", kind="SpeedLimit")
            if measure.max_speed_kmh is not None:
                speed = add(limit, TRO + "maxValue")
                add(speed, TRO + "numericValue", str(measure.max_speed_kmh))
                add(speed, TRO + "unitOfMeasure", "kilometresPerHour")
        case MeasureType.NO_OVERTAKING:
            add(regulation, TRO + "typeOfRegulation", kind="OvertakingBan")
        case MeasureType.ALTERNATE_TRAFFIC:
            rule = add(regulation, TRO + "typeOfRegulation", kind="PriorityRule")
            add(rule, TRO + "priorityRuleType", EXTENDED).set(EXTENDED_VALUE, ALTERNATE)
        case MeasureType.STORAGE_AREA | MeasureType.UNKNOWN:
            usage = add(regulation, TRO + "typeOfRegulation", kind="MandatoryRoadOrCarriagewayOrLaneUsage")
            stored = measure.type is MeasureType.STORAGE_AREA
            add_words(usage, TRO + "otherObligation", STORAGE_AREA if stored else str(MEASURES[measure.type]))
        case known:
            kind, tag, value = REGULATIONS[known]
            add(add(regulation, TRO + "typeOfRegulation", kind=kind), TRO + tag, value)


def _add_conditions(regulation: Element, measure: MeasureDraft) -> None:
    rule = measure.vehicles
    conditions = add_set(regulation, "and", tag=TRO + "condition")
    any_period = add_set(conditions, "or")
    for period in measure.periods:
        add_period(any_period, period)
    any_place = add_set(conditions, "or")
    for location in measure.locations:
        add_location(any_place, location)
    _add_any(conditions, rule.applies_to)
    _add_any(conditions, rule.except_, negate=True)


def _add_any(conditions: Element, criteria: tuple[Criterion, ...], *, negate: bool = False) -> None:
    if criteria:
        found = add_set(conditions, "or", negate=negate)
        for criterion in criteria:
            add_criterion(found, criterion)


def _add_extension(order: Element, source: str, url: str) -> Element:
    extension = add(order, TRO + "_trafficRegulationOrderExtension")
    known = add(extension, TRO + "trafficRegulationOrderExtended")
    add(known, DX + "source", source)
    add(known, DX + "publicUrl", url)
    return extension


def _perimeter(edition: Edition, perimeter: PerimeterRecord) -> Element:
    access = perimeter.access
    found = node(TRO + "trafficRegulationOrder")
    found.set("id", str(perimeter.id))
    found.set("version", f"{perimeter.updated_at:%Y%m%d%H%M%S%f}")
    add_words(found, TRO + "description", perimeter.name)
    add_words(found, TRO + "issuingAuthority", perimeter.place.name)
    _add_reason(found, Subject.EVENT)
    add(found, TRO + "regulationId", clean(perimeter.event))
    add(found, TRO + "status", "madeAndImplemented")
    _add_bounds(found, [Period(span.start, span.end) for span in perimeter.activations])
    regulation = add(found, TRO + "trafficRegulation")
    add(regulation, TRO + "status", "active")
    restriction = add(regulation, TRO + "typeOfRegulation", kind="AccessRestriction")
    free = access.motorised is Motorised.FREE
    kind = add(restriction, TRO + "accessRestrictionType", EXTENDED if free else "noEntry")
    if free:
        kind.set(EXTENDED_VALUE, _NO_RESTRICTION)
    conditions = add_set(regulation, "and", tag=TRO + "condition")
    any_period = add_set(conditions, "or")
    for span in perimeter.activations:
        add_period(any_period, Period(span.start, span.end))
    place = MeasureLocation(LocationKind.AREA, perimeter.name, perimeter.shape, named_roads=perimeter.named_roads)
    add_location(add_set(conditions, "or"), place)
    if access.motorised is Motorised.JUSTIFIED:
        transit = add(add_set(conditions, "or"), TRO + "conditions", kind="AccessCondition")
        add(transit, TRO + "accessConditionType", "throughTraffic")
    _add_admitted(conditions, edition, perimeter)
    extension = _add_extension(
        found,
        str(perimeter.provenance.get("source") or "numeriz"),
        edition.perimeter_url(perimeter.place, perimeter.id),
    )
    about = add(
        extension,
        OURS + "perimeter",
        colour=perimeter.colour.value,
        motorised=access.motorised.value,
        policy="own" if perimeter.policy is not None else "default",
        geometryDigest=perimeter.geometry_digest,
        timeZone=perimeter.place.zone.key,
        territory=perimeter.place.slug,
    )
    add(about, OURS + "rule", str(POLICIES[access.motorised]))
    if access.notice:
        add(about, OURS + "policyNotice", access.notice)
    add(about, OURS + "notice", notice())
    return found


def _add_admitted(conditions: Element, edition: Edition, perimeter: PerimeterRecord) -> None:
    """Whom the perimeter does not stop: holders of a pass or an accreditation, and vehicles its policy names."""
    access = perimeter.access
    with_permit = access.motorised in {Motorised.PASS_REQUIRED, Motorised.ACCREDITED}
    if not (with_permit or access.vehicles_allowed):
        return
    admitted = add_set(conditions, "or", negate=True)
    if with_permit:
        permit = add(admitted, TRO + "conditions", kind="PermitCondition")
        if access.motorised is Motorised.PASS_REQUIRED:
            add(permit, TRO + "whereToApplyForPermit", edition.portal_url)
        add(permit, TRO + "locationRelatedPermit", "true")
    for criterion in access.vehicles_allowed:
        add_criterion(admitted, criterion)
