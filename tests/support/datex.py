"""Small DATEX II files for tests, written as the national base writes them, and reading them without a database."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from portal.numeriz.imports.datex.files import DATEX2, DIALOG
from portal.numeriz.imports.reading import Reading, ReadingContext, SourceFile
from portal.numeriz.values import Issue, MeasureDraft, OrderDraft

LINE = {"type": "LineString", "coordinates": [[2.36, 48.86], [2.361, 48.861]]}
NO_ENTRY = (
    '<typeOfRegulation xsi:type="AccessRestriction">'
    "<accessRestrictionType>noEntry</accessRestrictionType></typeOfRegulation>"
)
ORDER_ID = "018a45df-58c3-740c-b712-37d3d2ca25f8"
NAMESPACES = (
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:d2="http://datex2.eu/schema/3/d2Payload" '
    'xmlns:com="http://datex2.eu/schema/3/common" xmlns:loc="http://datex2.eu/schema/3/locationReferencing" '
    'xmlns="http://datex2.eu/schema/3/trafficRegulation"'
)
_DX = ' xmlns:dx="https://raw.githubusercontent.com/MTES-MCT/dialog/main/docs/spec/datex2"'


def bounds(start: str | None, end: str | None, more: str = "") -> str:
    """A validity by its bounds."""
    first = f"<com:overallStartTime>{start}</com:overallStartTime>" if start else ""
    last = f"<com:overallEndTime>{end}</com:overallEndTime>" if end else ""
    return (
        "<validityByOrder><com:validityStatus>definedByValidityTimeSpec</com:validityStatus>"
        f"<com:validityTimeSpecification>{first}{last}{more}</com:validityTimeSpecification></validityByOrder>"
    )


def hours(*slots: tuple[str, str], days: Sequence[str] = (), more: str = "") -> str:
    """What a valid period holds."""
    written = "".join(
        f"<com:recurringTimePeriodOfDay><com:startTimeOfPeriod>{start}</com:startTimeOfPeriod>"
        f"<com:endTimeOfPeriod>{end}</com:endTimeOfPeriod></com:recurringTimePeriodOfDay>"
        for start, end in slots
    )
    listed = "".join(f"<com:applicableDay>{day}</com:applicableDay>" for day in days)
    week = f"<com:recurringDayWeekMonthPeriod>{listed}</com:recurringDayWeekMonthPeriod>" if days else ""
    return f"<com:validPeriod>{written}{week}{more}</com:validPeriod>"


def when(start: str | None = "2026-03-02T07:00:00+00:00", end: str | None = None, more: str = "") -> str:
    """A condition on time."""
    return f'<conditions xsi:type="ValidityCondition">{bounds(start, end, more)}</conditions>'


def where(geometry: Mapping[str, object] | str = LINE, described: str | None = None) -> str:
    """A condition on the place, drawn in GeoJSON."""
    drawn = geometry if isinstance(geometry, str) else json.dumps(geometry)
    named = "<loc:roadInformation><loc:roadName>Rue du Moulin</loc:roadName></loc:roadInformation>"
    return (
        '<conditions xsi:type="LocationCondition"><locationByOrder xsi:type="loc:LinearLocation">'
        f"<loc:supplementaryPositionalDescription>{named if described is None else described}"
        "</loc:supplementaryPositionalDescription><loc:_linearLocationExtension><loc:linearLocationExtended>"
        f"<dx:geoJsonGeometry>{escape(drawn)}</dx:geoJsonGeometry>"
        "</loc:linearLocationExtended></loc:_linearLocationExtension></locationByOrder></conditions>"
    )


def vehicle(inside: str, *, negate: bool = False) -> str:
    """A condition on vehicles."""
    return (
        f'<conditions xsi:type="VehicleCondition"><negate>{str(negate).lower()}</negate>'
        f"<vehicleCharacteristics>{inside}</vehicleCharacteristics></conditions>"
    )


def condition(kind: str, inside: str, *, negate: bool = False) -> str:
    """A condition of another kind."""
    return f'<conditions xsi:type="{kind}"><negate>{str(negate).lower()}</negate>{inside}</conditions>'


def size(tag: str, value_tag: str, value: str, operator: str = "lessThanOrEqualTo") -> str:
    """A limit of a size."""
    weight = "<com:typeOfWeight>maximumPermitted</com:typeOfWeight>" if "Weight" in tag else ""
    return (
        f"<com:{tag}><com:comparisonOperator>{operator}</com:comparisonOperator>"
        f"<com:{value_tag}>{value}</com:{value_tag}>{weight}</com:{tag}>"
    )


def weight(tonnes: str, operator: str = "lessThanOrEqualTo") -> str:
    """A limit of the gross weight."""
    return size("grossWeightCharacteristic", "grossVehicleWeight", tonnes, operator)


def any_of(*conditions: str, operator: str = "or", tag: str = "conditions", negate: bool = False) -> str:
    """A set of conditions."""
    denied = "<negate>true</negate>" if negate else ""
    return f'<{tag} xsi:type="ConditionSet">{denied}<operator>{operator}</operator>{"".join(conditions)}</{tag}>'


def regulation(*conditions: str, kind: str = NO_ENTRY, status: str = "active") -> str:
    """One regulation: all of these conditions; by default it always applies, in one place."""
    held = conditions or (any_of(when()), any_of(where()))
    return (
        f"<trafficRegulation><status>{status}</status>{kind}"
        f"{any_of(*held, operator='and', tag='condition')}</trafficRegulation>"
    )


def order(
    *regulations: str,
    order_id: str = ORDER_ID,
    title: str = "Arrêté du moulin",
    regulation_id: str = "2026-01#0189cf50-e505-7548-bea6-7164c06fb437",
    start: str = "2026-03-02T07:00:00+00:00",
    end: str | None = None,
    more: str = "",
    source: str | None = "dialog",
    url: str = "http://localhost/regulations/018a45df-58c3-740c-b712-37d3d3924ca4",
    status: str = "madeAndImplemented",
) -> str:
    """One order. title: as it stands in the XML, escaped already. more: what its validity says beside its bounds."""
    extension = (
        "<_trafficRegulationOrderExtension><trafficRegulationOrderExtended>"
        f"<dx:source>{source}</dx:source><dx:publicUrl>{url}</dx:publicUrl>"
        "</trafficRegulationOrderExtended></_trafficRegulationOrderExtension>"
        if source is not None
        else ""
    )
    return (
        f'<trafficRegulationOrder id="{order_id}" version="1">'
        f"<description><com:values><com:value>{title}</com:value></com:values></description>"
        "<issuingAuthority><com:values><com:value>Maisse</com:value></com:values></issuingAuthority>"
        f"<regulationId>{regulation_id}</regulationId><status>{status}</status>"
        f"{bounds(start, end, more)}{''.join(regulations or (regulation(),))}{extension}"
        "</trafficRegulationOrder>"
    )


def publication(*orders: str, creator: str = "DiaLog", head: str = "") -> str:
    """A file. The extension of the national base is declared when it is the creator, or an order uses it."""
    extension = _DX if creator == "DiaLog" or any("dx:" in found for found in orders) else ""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<d2:payload {NAMESPACES}{extension} '
        'xsi:type="TrafficRegulationPublication" modelBaseVersion="3" id="910928b3">'
        "<com:publicationTime>2026-07-24T14:40:09+00:00</com:publicationTime>"
        f"<com:publicationCreator><com:country>fr</com:country><com:nationalIdentifier>{creator}"
        f"</com:nationalIdentifier></com:publicationCreator>{head}"
        f"<trafficRegulationsFromCompetentAuthorities>{''.join(orders)}"
        "</trafficRegulationsFromCompetentAuthorities></d2:payload>"
    )


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A file read to its end."""

    reading: Reading[OrderDraft]
    orders: tuple[OrderDraft, ...]
    issues: tuple[Issue, ...]
    digests: tuple[str, ...]

    @property
    def order(self) -> OrderDraft:
        """The only order."""
        (found,) = self.orders
        return found

    @property
    def measure(self) -> MeasureDraft:
        """The only measure of the only order."""
        (found,) = self.order.measures
        return found

    @property
    def codes(self) -> list[str]:
        """Codes of the issues of orders and records, in order."""
        return [issue.code for issue in (*self.issues, *(i for found in self.orders for i in found.issues))]


def read_file(
    path: Path,
    options: Mapping[str, str] | None = None,
    bounds: tuple[float, float, float, float] | None = None,
    own_url: str = "",
) -> ReadFile:
    """Read a file with the format that recognises it."""
    source = SourceFile(path.name, path)
    chosen = next(found for found in (DIALOG, DATEX2) if found.recognises(source.head(), path.name))
    context = ReadingContext(
        ZoneInfo("Europe/Paris"), bounds, datetime(2026, 9, 1, tzinfo=UTC), 400_000_000, 100_000, own_url, options or {}
    )
    reading = chosen.open([source], context)
    orders: list[OrderDraft] = []
    issues: list[Issue] = []
    digests: list[str] = []
    for record in reading.records:
        understood = record.read()
        orders += understood.drafts
        issues += understood.issues
        digests.append(record.digest)
    return ReadFile(reading, tuple(orders), tuple(issues), tuple(digests))
