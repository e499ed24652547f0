"""Files of live events written by hand: DATEX II situations and CIFS incidents, in the middle of Paris."""

from __future__ import annotations

START, END = "2026-09-01T08:00:00+02:00", "2026-09-01T20:00:00+02:00"

POINT = (
    '<groupOfLocations xsi:type="Point"><tpegPointLocation><point><pointCoordinates><latitude>48.82</latitude>'
    "<longitude>2.39</longitude></pointCoordinates></point></tpegPointLocation></groupOfLocations>"
)


def linear(direction: str = "southBound", extra: str = "") -> str:
    """A section between two points, the second one written first, driven in a compass direction."""
    return (
        f'<groupOfLocations xsi:type="Linear">{extra}<tpegLinearLocation><tpegDirection>{direction}</tpegDirection>'
        "<to><pointCoordinates><latitude>48.80</latitude><longitude>2.39</longitude></pointCoordinates></to>"
        "<from><pointCoordinates><latitude>48.82</latitude><longitude>2.39</longitude></pointCoordinates></from>"
        "</tpegLinearLocation><linearWithinLinearElement><linearElement><roadNumber>N0125A</roadNumber></linearElement>"
        "</linearWithinLinearElement></groupOfLocations>"
    )


def record(
    kind: str = "VehicleObstruction",
    *parts: str,
    start: str = START,
    end: str | None = END,
    status: str = "definedByValidityTimeSpec",
    periods: str = "",
    place: str = POINT,
    record_id: str = "260901-000001-1",
    version: str = "1",
    probability: str = "certain",
) -> str:
    """A situation record; what is named last are its parts, as XML."""
    overall_end = "" if end is None else f"<overallEndTime>{end}</overallEndTime>"
    return (
        f'<situationRecord xsi:type="{kind}" id="{record_id}" version="{version}">'
        f"<situationRecordVersionTime>2026-09-01T11:00:00+02:00</situationRecordVersionTime>"
        f"<probabilityOfOccurrence>{probability}</probabilityOfOccurrence>"
        f"<validity><validityStatus>{status}</validityStatus><validityTimeSpecification>"
        f"<overallStartTime>{start}</overallStartTime>{overall_end}{periods}</validityTimeSpecification></validity>"
        f"{place}{''.join(parts)}</situationRecord>"
    )


def closure(*parts: str, way: str = "roadClosed", **more: str) -> str:
    """A record that manages the road in some way, closed unless told, along the section."""
    way_element = f"<roadOrCarriagewayOrLaneManagementType>{way}</roadOrCarriagewayOrLaneManagementType>"
    return record("RoadOrCarriagewayOrLaneManagement", way_element, *parts, **{"place": linear(), **more})


def comment(text: str, kind: str = "description") -> str:
    """A comment of a kind."""
    return (
        f'<generalPublicComment><comment><values><value lang="fr">{text}</value></values></comment>'
        f"<commentType>{kind}</commentType></generalPublicComment>"
    )


def publication(*records: str, method: str = "allElementUpdate", header: str = "") -> str:
    """A publication of one situation. method: `snapshot`, or an increment."""
    return (
        '<d2LogicalModel xmlns="http://datex2.eu/schema/2/2_0" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<exchange><subscription><updateMethod>{method}</updateMethod></subscription></exchange>"
        '<payloadPublication xsi:type="SituationPublication">'
        f'<situation id="260901-000001"><overallSeverity>high</overallSeverity>{header}{"".join(records)}</situation>'
        "</payloadPublication></d2LogicalModel>"
    )


NATIONAL = {"reference": "dialog.beta.gouv.fr", "name": "DiaLog", "url": "http://localhost/api/regulations/cifs"}
CITY = {"reference": "ville.exemple", "name": "Ville", "url": "https://ville.exemple/fermetures"}
STREET = "48.8600 2.3600 48.8603 2.3604 48.8606 2.3608"
INCIDENT: dict[str, object] = {
    "id": "A:1:1",
    "type": "ROAD_CLOSED",
    "street": "Rue des Tanneurs",
    "description": "Circulation interdite",
    "polyline": STREET,
    "direction": "BOTH_DIRECTIONS",
    "starttime": "2026-08-31T22:00:00+00:00",
    "endtime": "2026-09-10T21:59:00+00:00",
    "source": CITY,
}


def _xml_of(name: str, value: object) -> str:
    inner = "".join(_xml_of(key, held) for key, held in value.items()) if isinstance(value, dict) else str(value)
    return f"<{name}>{inner}</{name}>"


def incidents(*items: dict[str, object]) -> str:
    """A CIFS feed of these incidents."""
    return "<incidents>" + "".join(
        f'<incident id="{found["id"]}">' + "".join(_xml_of(k, v) for k, v in found.items() if k != "id") + "</incident>"
        for found in items
    ) + "</incidents>"  # fmt: skip
