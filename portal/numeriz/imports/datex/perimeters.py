"""Perimeters out of the DATEX II v3 of a portal like this one: colour, outline, spans and whom it lets in.

The schema knows no perimeters. They stand there as orders with an extension of our own, which this reads and everybody
else skips; orders without it are no perimeters.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lxml.etree import _Element as Element

from portal.common.errors import Invalid
from portal.numeriz.imports.datex.periods import Calendar, read_periods, standard_slot
from portal.numeriz.imports.datex.places import places_of
from portal.numeriz.imports.datex.terms import OUR_NAMESPACE
from portal.numeriz.imports.datex.vehicles import STANDARD, facts_of
from portal.numeriz.imports.documents import clean_text
from portal.numeriz.imports.reading import (
    Format,
    Reading,
    ReadingContext,
    SourceFile,
    SourceRecord,
    Understood,
)
from portal.numeriz.imports.xml import (
    XmlRecords,
    children,
    descendants,
    digest_of,
    is_xml,
    local_name,
    text_of,
    xsi_type,
)
from portal.numeriz.values import ImportKind, Issue, PerimeterDraft
from portal.regulations.perimeters import AccessPolicy, Activation, Colour, Motorised
from portal.regulations.vehicles import Criterion

_VERSION = "1"
_ORDER, _ABOUT = "trafficRegulationOrder", "_payloadPublicationExtension"
_SOURCE = "datex2"
_LONGEST = 255


def _recognises(head: bytes, _name: str) -> bool:
    return OUR_NAMESPACE.encode() in head and b"TrafficRegulationPublication" in head and is_xml(head, "payload")


def _open(files: Sequence[SourceFile], context: ReadingContext) -> Reading[PerimeterDraft]:
    reading: Reading[PerimeterDraft] = Reading("datex2", _SOURCE, iter(()))
    for file in files:
        size = file.path.stat().st_size
        if size > context.most_bytes:
            raise Invalid("file-too-large", most=context.most_bytes // (1024 * 1024))
        reading.total_bytes += size
    streams = [XmlRecords(file.path, _ORDER, _ABOUT) for file in files]
    reading.read_bytes = lambda: sum(stream.bytes_read for stream in streams)
    reading.records = _records(reading, streams, context)
    return reading


def _records(
    reading: Reading[PerimeterDraft], streams: Sequence[XmlRecords], context: ReadingContext
) -> Iterator[SourceRecord[PerimeterDraft]]:
    place = 0
    for stream in streams:
        own = False
        for element in stream:
            if local_name(element) == _ABOUT:
                about = next(element.iter(f"{{{OUR_NAMESPACE}}}publication"), None)
                own = about is not None and bool(context.own_url) and about.get("portal") == context.own_url
                continue
            said = next(element.iter(f"{{{OUR_NAMESPACE}}}perimeter"), None)
            if said is None:
                continue
            place += 1
            yield _record(element, said, place, context, own=own)
    reading.complete = True


def _record(
    element: Element, said: Element, place: int, context: ReadingContext, *, own: bool
) -> SourceRecord[PerimeterDraft]:
    def read() -> Understood[PerimeterDraft]:
        return Understood((), (Issue("own-export"),)) if own else _read(element, said, context)

    record_id = clean_text(element.get("id", ""), _LONGEST) or f"#{place}"
    decides = (f"datex2-perimeters {_VERSION}", context.zone.key, str(context.bounds), context.own_url)
    return SourceRecord(record_id, digest_of(element, *decides), place, read)


def _read(element: Element, said: Element, context: ReadingContext) -> Understood[PerimeterDraft]:
    issues: list[Issue] = []
    colour, motorised = said.get("colour", ""), said.get("motorised", "")
    if colour not in set(Colour):
        issues.append(Issue("unknown-colour", {"value": clean_text(colour, 40)}))
    places = [
        found
        for condition in descendants(element, "conditions")
        if xsi_type(condition) == "LocationCondition"
        for found in places_of(condition, context.bounds)
    ]
    issues += [issue for found in places for issue in found.issues]
    drawn = next((found.location for found in places if found.location.shape.geom_type.endswith("Polygon")), None)
    policy = None
    if said.get("policy") == "own" and motorised in set(Motorised):
        policy = AccessPolicy(Motorised(motorised), tuple(_admitted(element, issues)), text_of(said, "policyNotice"))
    name = text_of(element, "description", "values", "value")
    draft = PerimeterDraft(
        event=clean_text(text_of(element, "regulationId"), _LONGEST),
        name=clean_text(name, _LONGEST),
        colour=Colour(colour) if colour in set(Colour) else None,
        shape=None if drawn is None else drawn.shape,
        geometry_digest=clean_text(said.get("geometryDigest", ""), 64) or digest_of(element),
        activations=tuple(_activations(element, context, issues)),
        policy=policy,
        named_roads=frozenset() if drawn is None else drawn.named_roads,
        provenance={"source": _SOURCE, "url": next((text_of(url) for url in descendants(element, "publicUrl")), "")},
        issues=tuple(issues),
    )
    return Understood((draft,), tuple(issues))


def _activations(element: Element, context: ReadingContext, issues: list[Issue]) -> Iterator[Activation]:
    calendar = Calendar(context.zone, standard_slot(context.zone, exact=True), exact=True)
    for condition in descendants(element, "conditions"):
        if xsi_type(condition) != "ValidityCondition":
            continue
        for validity in children(condition, "validityByOrder"):
            periods, doubts = read_periods(validity, calendar)
            issues += doubts
            yield from (Activation(period.start, period.end) for period in periods)


def _admitted(element: Element, issues: list[Issue]) -> Iterator[Criterion]:
    """Vehicles the policy names: the members of the negated set, but for permits, which its requirement says."""
    for conditions in descendants(element, "conditions"):
        if text_of(conditions, "negate") != "true":
            continue
        for member in children(conditions, "conditions"):
            if xsi_type(member) != "PermitCondition":
                for fact in facts_of(member, STANDARD, issues):
                    yield from fact.any_of


DATEX2_PERIMETERS = Format("datex2", ImportKind.PERIMETERS, _recognises, _open, streams=True)
