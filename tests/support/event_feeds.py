"""Small files of live events, as their sources write them: CIFS incidents, and Bison Futé whole or what is new."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds")


def cifs_file(*streets: str, starts: datetime, ends: datetime | None = None) -> bytes:
    """Closures in the middle of the test territory, one for each street."""
    ends = ends or starts + timedelta(days=30)
    incidents = "".join(
        f'<incident id="{street}"><creationtime>{_text(starts)}</creationtime><type>ROAD_CLOSED</type>'
        f"<street>{street}</street><direction>BOTH_DIRECTIONS</direction>"
        f"<polyline>48.86{number} 2.360 48.86{number} 2.364</polyline>"
        f"<starttime>{_text(starts)}</starttime><endtime>{_text(ends)}</endtime>"
        "<source><reference>essai</reference><name>Essai</name></source></incident>"
        for number, street in enumerate(streets)
    )
    return f"<incidents>{incidents}</incidents>".encode()


def situations_file(
    records: Sequence[tuple[str, int, str]], *, starts: datetime, number: int | None = None, whole: bool = False
) -> bytes:
    """Obstacles at a point, as Bison Futé writes them: id, version and words of each; number: the feedType."""
    written = "".join(
        f'<situation id="{name}" version="{version}"><overallSeverity>medium</overallSeverity>'
        f'<situationRecord xsi:type="VehicleObstruction" id="{name}-1" version="{version}">'
        f"<situationRecordVersionTime>{_text(starts)}</situationRecordVersionTime>"
        "<probabilityOfOccurrence>certain</probabilityOfOccurrence>"
        "<validity><validityStatus>active</validityStatus><validityTimeSpecification>"
        f"<overallStartTime>{_text(starts)}</overallStartTime></validityTimeSpecification></validity>"
        '<groupOfLocations xsi:type="Point"><tpegPointLocation><point><pointCoordinates><latitude>48.861</latitude>'
        "<longitude>2.361</longitude></pointCoordinates></point></tpegPointLocation></groupOfLocations>"
        f"<generalPublicComment><comment><values><value>{words}</value></values></comment>"
        "<commentType>description</commentType></generalPublicComment></situationRecord></situation>"
        for name, version, words in records
    )
    method = "snapshot" if whole else "allElementUpdate"
    feed_type = "" if number is None else f"<feedType>{number}</feedType>"
    return (
        '<d2LogicalModel xmlns="http://datex2.eu/schema/2/2_0" modelBaseVersion="2"><exchange><subscription>'
        f"<updateMethod>{method}</updateMethod></subscription></exchange>"
        '<payloadPublication xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="SituationPublication">'
        f"{feed_type}<publicationTime>{_text(starts)}</publicationTime>{written}</payloadPublication></d2LogicalModel>"
    ).encode()
