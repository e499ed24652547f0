"""Live events of the national network (Bison Futé / Tipi): DATEX II version 2, SituationPublication.

The hourly snapshot holds every event; an increment holds those that changed. Both may come in a SOAP envelope, and
their elements carry several prefixes: names are compared without them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from lxml.etree import _Element as Element

from portal.common.errors import Invalid
from portal.numeriz.imports.documents import clean_text
from portal.numeriz.imports.events.datex_places import MAIN_CARRIAGEWAY, Place, comments, read_place
from portal.numeriz.imports.events.datex_times import read_validity
from portal.numeriz.imports.events.datex_vehicles import read_vehicles, vehicle_conditions
from portal.numeriz.imports.events.opening import check_files
from portal.numeriz.imports.events.places import why_elsewhere
from portal.numeriz.imports.reading import Format, Reading, ReadingContext, SourceFile, SourceRecord, Understood
from portal.numeriz.imports.xml import XmlRecords, children, digest_of, find, is_xml, local_name, text_of, xsi_type
from portal.numeriz.models import SOURCE_ID_LENGTH
from portal.numeriz.values import EventDraft, EventKind, ImportKind, Issue, Probability

SOURCE: Final = "bison-fute"

# To be raised when the same record is to be understood otherwise than before.
_READER = "bison-fute-2"
_SCOPE = ""
_PUBLICATION = b"SituationPublication"
_PUBLIC = frozenset({"description", "locationDescriptor"})
_SLIP_ROAD = re.compile(r"\bbretelle", re.IGNORECASE)

_KINDS = {
    "Accident": EventKind.ACCIDENT,
    "AbnormalTraffic": EventKind.CONGESTION,
    "MaintenanceWorks": EventKind.ROADWORKS,
    "ConstructionWorks": EventKind.ROADWORKS,
    "VehicleObstruction": EventKind.OBSTACLE,
    "GeneralObstruction": EventKind.OBSTACLE,
    "AnimalPresenceObstruction": EventKind.OBSTACLE,
    "EnvironmentalObstruction": EventKind.OBSTACLE,
    "InfrastructureDamageObstruction": EventKind.OBSTACLE,
    "EquipmentOrSystemFault": EventKind.OBSTACLE,
    "DisturbanceActivity": EventKind.OBSTACLE,
    "PublicEvent": EventKind.OBSTACLE,
    "WeatherRelatedRoadConditions": EventKind.WEATHER,
    "NonWeatherRelatedRoadConditions": EventKind.WEATHER,
    "PoorEnvironmentConditions": EventKind.WEATHER,
    "SpeedManagement": EventKind.RESTRICTION,
    "WinterDrivingManagement": EventKind.RESTRICTION,
    "GeneralNetworkManagement": EventKind.RESTRICTION,
    "GeneralInstructionOrMessageToRoadUsers": EventKind.RESTRICTION,
    "RoadOrCarriagewayOrLaneManagement": EventKind.RESTRICTION,
    "ReroutingManagement": EventKind.REROUTING,
}
_MANAGEMENT = {
    "roadClosed": EventKind.CLOSURE,
    "carriagewayClosures": EventKind.CLOSURE,
    "closedPermanentlyForTheWinter": EventKind.CLOSURE,
    "laneClosures": EventKind.LANE_CLOSURE,
    "singleAlternateLineTraffic": EventKind.ALTERNATE,
}


@dataclass(frozen=True, slots=True)
class _Situation:
    """What a record takes from its situation: severity and the header. refusal: why nothing of it is to be kept."""

    severity: str
    status: str
    confidentiality: str

    @property
    def refusal(self) -> str:
        if self.confidentiality not in {"", "noRestriction"}:
            return "event-confidential"
        return "" if self.status in {"", "real"} else "event-not-real"


def recognises(head: bytes, _name: str) -> bool:
    """Tell whether a file starts as a publication of situations, in an envelope or not."""
    return is_xml(head, "Envelope", "d2LogicalModel") and _PUBLICATION in head


def open_bison_fute(files: Sequence[SourceFile], context: ReadingContext) -> Reading[EventDraft]:
    """Open snapshots or increments, read in the order given. A snapshot among them says what is over by its absence.

    Raises Invalid(`file-empty`, `file-too-large`, `not-situations`, `xml-doctype`, `not-xml`).
    """
    total = check_files(files, context)
    for file in files:
        if not recognises(file.head(), file.name):
            raise Invalid("not-situations")
    parts = [XmlRecords(file.path, "situation") for file in files]
    first_look = _look(files)
    reading: Reading[EventDraft] = Reading(
        format=FORMAT_NAME,
        source=SOURCE,
        records=iter(()),
        snapshot=frozenset({_SCOPE}) if first_look.is_snapshot else frozenset(),
        total_bytes=total,
        read_bytes=lambda: sum(part.bytes_read for part in parts),
    )
    reading.records = _records(parts, first_look.newest, context, reading)
    return reading


@dataclass(slots=True)
class _FirstLook:
    """What has to be known of all files before a record is given: the highest version of each, and what they are."""

    is_snapshot: bool
    newest: dict[str, int]


def _look(files: Sequence[SourceFile]) -> _FirstLook:
    found = _FirstLook(False, {})
    for file in files:
        try:
            for element in XmlRecords(file.path, "updateMethod", "situation"):
                if local_name(element) == "updateMethod":
                    found.is_snapshot |= text_of(element) == "snapshot"
                for record in children(element, "situationRecord"):
                    record_id = _id_of(record)
                    found.newest[record_id] = max(found.newest.get(record_id, 0), _version(record))
        except Invalid as error:
            # Only a document without a sound beginning is refused whole: the rest is told where it breaks off.
            if error.code == "xml-doctype":
                raise
            break
    return found


def _id_of(record: Element) -> str:
    return str(record.get("id", "")).strip()


def _records(
    parts: Sequence[XmlRecords], newest: dict[str, int], context: ReadingContext, reading: Reading[EventDraft]
) -> Iterator[SourceRecord[EventDraft]]:
    where = 0
    for part in parts:
        for situation in part:
            reading.counts["situations"] += 1
            facts = _Situation(
                text_of(situation, "overallSeverity"),
                text_of(situation, "headerInformation", "informationStatus"),
                text_of(situation, "headerInformation", "confidentiality"),
            )
            for record in children(situation, "situationRecord"):
                where += 1
                record_id = _id_of(record)
                if not record_id or len(record_id) > SOURCE_ID_LENGTH:
                    reading.issues.append(Issue("event-without-id", where=where))
                    continue
                if _version(record) < newest.get(record_id, 0):
                    reading.counts["events_superseded"] += 1
                    continue
                digest = digest_of(record, _READER, repr(facts), str(context.zone), repr(context.bounds))
                yield SourceRecord(
                    record_id, digest, where, partial(_read, record, record_id, facts, context, where), _SCOPE
                )
    reading.complete = True


def _read(
    record: Element, record_id: str, facts: _Situation, context: ReadingContext, where: int
) -> Understood[EventDraft]:
    if facts.refusal:
        return Understood((), (Issue(facts.refusal, where=where),))
    place = read_place(record, where)
    elsewhere = why_elsewhere(place.shape, context.bounds, where)
    if elsewhere is not None:
        return Understood((), (elsewhere,))
    validity = read_validity(record, context.zone, context.now, where)
    if not validity.periods:
        return Understood((), validity.issues)
    vehicles, unknown = read_vehicles(vehicle_conditions(record))
    kind, issues = _kind(record, where)
    texts = comments(record, _PUBLIC)
    if kind is EventKind.CLOSURE:
        issues += _closure_doubts(record, place, texts, where)
    if unknown:
        issues.append(Issue("vehicles-not-understood", {"value": unknown}, where))
    speed = _speed(record, issues, where)
    found = (*issues, *validity.issues, *place.issues)
    return Understood(
        (
            EventDraft(
                source=SOURCE,
                source_id=record_id,
                kind=kind,
                state=validity.state,
                shape=place.shape,
                periods=validity.periods,
                version=_version(record),
                label=clean_text(" ; ".join(texts), 1000),
                road=place.road,
                direction=place.direction,
                vehicles=vehicles,
                max_speed_kmh=speed,
                severity=clean_text(text_of(record, "severity") or facts.severity, 32),
                probability=_probability(record),
                provenance=_provenance(record, place),
                issues=found,
            ),
        ),
        found,
    )


def _kind(record: Element, where: int) -> tuple[EventKind, list[Issue]]:
    name = xsi_type(record)
    kind = _KINDS.get(name)
    if kind is None:
        return EventKind.RESTRICTION, [Issue("event-kind-unknown", {"value": clean_text(name, 60)}, where)]
    return _MANAGEMENT.get(text_of(record, "roadOrCarriagewayOrLaneManagementType"), kind), []


def _closure_doubts(record: Element, place: Place, texts: Sequence[str], where: int) -> list[Issue]:
    """Why a closure may not be one of the road between its points: it is shown then, and closes nothing."""
    found: list[Issue] = []
    if text_of(record, "complianceOption") not in {"", "mandatory"}:
        found.append(Issue("closure-advisory", where=where))
    applies_at = clean_text(text_of(record, "placesAtWhichApplicable"), 60)
    if applies_at:
        found.append(Issue("closure-in-places", {"value": applies_at}, where))
    if place.carriageways and MAIN_CARRIAGEWAY not in place.carriageways:
        found.append(Issue("closure-beside-road", {"value": ", ".join(sorted(place.carriageways))[:60]}, where))
    if any(_SLIP_ROAD.search(text) for text in texts):
        found.append(Issue("closure-of-slip-road", where=where))
    return found


def _speed(record: Element, issues: list[Issue], where: int) -> int | None:
    text = text_of(record, "temporarySpeedLimit")
    if not text:
        return None
    try:
        speed = round(float(text))
    except (ValueError, OverflowError):
        speed = 0
    if not 1 <= speed <= 130:
        issues.append(Issue("event-speed-unreadable", {"value": text[:20]}, where))
        return None
    return speed


def _version(record: Element) -> int:
    text = str(record.get("version", "1"))
    return int(text) if text.isdecimal() and len(text) <= 9 else 1


def _probability(record: Element) -> Probability:
    """An unknown word is a risk: only what is certain may close a road."""
    text = text_of(record, "probabilityOfOccurrence")
    return Probability(text) if text in set(Probability) else Probability.RISK


def _provenance(record: Element, place: Place) -> dict[str, object]:
    authority = text_of(record, "source", "sourceIdentification").rpartition("/")[2]
    impact = find(record, "impact")
    said = {
        "title": "Bison Futé / Tipi (transport.data.gouv.fr)",
        "licence": "Licence Ouverte 2.0",
        "authority": clean_text(authority, 160),
        "version_time": clean_text(text_of(record, "situationRecordVersionTime"), 40),
        "lanes_closed": clean_text(text_of(impact, "numberOfLanesRestricted"), 10),
        "lanes": clean_text(text_of(impact, "originalNumberOfLanes"), 10),
        "constriction": clean_text(text_of(impact, "trafficConstrictionType"), 40),
        "marks": " ".join(place.marks),
    }
    return {name: value for name, value in said.items() if value}


FORMAT_NAME: Final = "bison-fute"
BISON_FUTE: Final = Format(FORMAT_NAME, ImportKind.EVENTS, recognises, open_bison_fute, streams=True)
