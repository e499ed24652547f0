"""CIFS as we write it: the schema obeyed, and nothing said that the format cannot say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
import shapely
from lxml import etree
from shapely.geometry.base import BaseGeometry

from portal.numeriz.exports.cifs import CifsWriter
from portal.numeriz.imports.events.cifs import CIFS
from portal.numeriz.imports.reading import ReadingContext, SourceFile
from portal.numeriz.values import (
    Category,
    EventDraft,
    EventKind,
    EventState,
    Issue,
    MeasureDraft,
    OrderDraft,
    Probability,
    Subject,
)
from portal.regulations.measures import Direction, LocationKind, MeasureLocation, MeasureType
from portal.regulations.schedules import HolidayRule, Period, TimeSlot, Weekday
from portal.regulations.vehicles import (
    ALL_VEHICLES,
    Access,
    FreeText,
    HasAccess,
    IsRoadUser,
    Over,
    RoadUser,
    Size,
    Usage,
    UsedFor,
    VehicleRule,
)
from tests.support.editions import EDITION, NOW, PLACE, Draft, written
from tests.support.schemas import faults, xml_schema

END = datetime(2026, 10, 10, 20, tzinfo=UTC)
WEEK = Period(NOW, END)
LINE = shapely.LineString([(2.36, 48.86), (2.37, 48.861)])


def closure(
    *periods: Period,
    kind: MeasureType = MeasureType.NO_ENTRY,
    shape: BaseGeometry = LINE,
    direction: Direction = Direction.BOTH,
    vehicles: VehicleRule = ALL_VEHICLES,
    subject: Subject | None = Subject.ROADWORKS,
    category: Category = Category.TEMPORARY,
) -> OrderDraft:
    place = MeasureLocation(LocationKind.NAMED_STREET, "Rue Basse", shape, direction)
    measure = MeasureDraft(kind, (place,), periods or (WEEK,), vehicles)
    return OrderDraft("A-1", "Travaux", "Ville d’essai", category, (measure,), subject)


def event(**more: object) -> EventDraft:
    values: dict[str, object] = {
        "source": "bison-fute",
        "source_id": "1",
        "kind": EventKind.CLOSURE,
        "state": EventState.ACTIVE,
        "shape": LINE,
        "periods": (Period(NOW),),
        "label": "Route coupée",
        "road": "N 20",
        **more,
    }
    return EventDraft(**values)  # type: ignore[arg-type]


def incidents(*drafts: Draft) -> list[dict[str, str]]:
    """Each incident as its elements' texts; those within another under their path."""
    return [
        {"id": str(incident.get("id")), **_texts(incident)}
        for incident in etree.fromstring(written(CifsWriter, drafts)).iter("incident")
    ]


def _texts(element: etree._Element, above: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for part in element:
        path = f"{above}{part.tag}"
        found |= _texts(part, f"{path}/") if len(part) else {path: part.text or ""}
    return found


def slots(
    *pairs: tuple[time, time], days: Sequence[Weekday] = (), holidays: HolidayRule = HolidayRule.IGNORED
) -> Period:
    return Period(NOW, END, frozenset(days), tuple(TimeSlot(*pair) for pair in pairs), holidays)


def test_the_file_obeys_the_schema_when_it_holds_every_kind(shared_data: Path) -> None:
    schema = xml_schema(shared_data / "dialog" / "cifs" / "cifsv2.xsd")
    drafts: list[Draft] = [
        *(closure(subject=subject) for subject in (None, *Subject)),
        *(closure(direction=direction, kind=MeasureType.ALTERNATE_TRAFFIC) for direction in Direction),
        closure(slots((time(21), time(6)), (time(12), time(14)), days=[Weekday.FRIDAY])),
        closure(slots((time(7), time(7)))),
        event(),
        event(kind=EventKind.ALTERNATE, label="", road=""),
    ]
    content = written(CifsWriter, drafts)
    assert faults(schema, content) == []
    assert faults(schema, written(CifsWriter, [])) == []
    assert b"font foi" in content and b"ODbL 1.0" in content


def test_a_closure_says_where_when_and_why_when_it_stops_everybody() -> None:
    [found] = incidents(closure())
    assert found["type"] == "ROAD_CLOSED" and found["subtype"] == "ROAD_CLOSED_CONSTRUCTION"
    assert found["street"] == "Rue Basse" and found["description"] == "Circulation interdite"
    assert found["polyline"] == "48.8600000 2.3600000 48.8610000 2.3700000"
    assert found["direction"] == "BOTH_DIRECTIONS"
    assert found["starttime"] == "2026-10-05T10:00:00+02:00" and found["endtime"] == "2026-10-10T22:00:00+02:00"
    assert found["source/reference"] == "portail.exemple" and found["source/name"] == "Ville d’essai"
    assert "schedule/everyday" not in found


@pytest.mark.parametrize(
    "draft",
    [
        closure(vehicles=VehicleRule((Over(Size.GROSS_WEIGHT, 3500),))),
        closure(vehicles=VehicleRule((), (HasAccess(Access.RESIDENT),))),
        closure(vehicles=VehicleRule((), (HasAccess(Access.LOCAL_ACCESS),))),
        closure(vehicles=VehicleRule((), (UsedFor(Usage.CITY_LOGISTICS),))),
        closure(vehicles=VehicleRule((), (UsedFor(Usage.TAXI), FreeText("forains")))),
        closure(category=Category.PERMANENT),
        closure(Period(NOW)),
        closure(Period(NOW - timedelta(days=9), NOW)),
        closure(shape=shapely.box(2, 48, 3, 49)),
        closure(shape=shapely.LineString()),
        closure(kind=MeasureType.SPEED_LIMIT),
        closure(kind=MeasureType.ONE_WAY, direction=Direction.FORWARD),
        closure(kind=MeasureType.ONE_WAY, direction=Direction.UNKNOWN),
        closure(slots((time(8), time(9)), holidays=HolidayRule.ONLY)),
        closure(slots((time(8, 0, 10), time(8, 0, 40)))),
        event(source="cifs"),
        event(provenance={"format": "cifs"}),
        event(probability=Probability.RISK),
        event(issues=(Issue("closure-of-slip-road"),)),
        event(state=EventState.SUSPENDED),
        event(state=EventState.ENDED),
        event(kind=EventKind.CONGESTION),
        event(shape=shapely.Point(2.36, 48.86)),
        event(vehicles=VehicleRule((Over(Size.HEIGHT, 400),))),
    ],
)
def test_nothing_is_written_when_the_format_cannot_say_it(draft: Draft) -> None:
    assert incidents(draft) == []


def test_a_closure_is_written_when_only_special_vehicles_are_exempt() -> None:
    rule = VehicleRule((), (UsedFor(Usage.EMERGENCY), UsedFor(Usage.PUBLIC_TRANSPORT), IsRoadUser(RoadUser.BICYCLE)))
    assert len(incidents(closure(vehicles=rule))) == 1


@pytest.mark.parametrize(
    ("direction", "first", "word"),
    [
        (Direction.FORWARD, "48.86", "ONE_DIRECTION"),
        (Direction.BACKWARD, "48.861", "ONE_DIRECTION"),
        (Direction.BOTH, "48.86", "BOTH_DIRECTIONS"),
        (Direction.UNKNOWN, "48.86", None),
    ],
)
def test_points_run_as_traffic_does_when_one_direction_is_closed(
    direction: Direction, first: str, word: str | None
) -> None:
    [found] = incidents(closure(direction=direction))
    assert float(found["polyline"].split()[0]) == float(first)
    assert found.get("direction") == word


def test_each_contiguous_piece_is_an_incident_when_a_line_has_gaps() -> None:
    pieces = [[(2.37, 48.86), (2.38, 48.86)], [(2.36, 48.86), (2.37, 48.86)], [(2.40, 48.86), (2.41, 48.86)]]
    shape = shapely.MultiLineString(pieces)
    found = incidents(closure(shape=shape, direction=Direction.FORWARD))
    assert [len(one["polyline"].split()) // 2 for one in found] == [3, 2]
    assert len({one["id"] for one in found}) == 2
    head_on = shapely.MultiLineString([pieces[1], pieces[0][::-1]])
    assert len(incidents(closure(shape=head_on, direction=Direction.FORWARD))) == 2
    assert len(incidents(closure(shape=head_on))) == 1


@pytest.mark.parametrize(
    ("period", "schedule"),
    [
        (slots((time(8), time(10)), (time(16, 30), time(19))), {"everyday": "08:00-10:00,16:30-19:00"}),
        (slots((time(21), time(6))), {"everyday": "00:00-06:00,21:00-23:59"}),
        (
            slots((time(21), time(6)), days=[Weekday.FRIDAY]),
            {"friday": "21:00-23:59", "saturday": "00:00-06:00"},
        ),
        (slots(days=[Weekday.SUNDAY]), {"sunday": "00:00-23:59"}),
        (slots((time(8, 0, 10), time(9, 0, 40))), {"everyday": "08:01-09:00"}),
        (slots((time(7), time(7))), {"everyday": "00:00-23:59"}),
        (slots((time(8), time(9)), holidays=HolidayRule.EXCEPTED), {"everyday": "08:00-09:00"}),
    ],
)
def test_hours_are_local_and_cut_at_midnight_when_a_period_has_some(period: Period, schedule: dict[str, str]) -> None:
    [found] = incidents(closure(period))
    assert {key.removeprefix("schedule/"): text for key, text in found.items() if "schedule/" in key} == schedule


def test_a_rule_for_holidays_is_not_written_when_the_period_holds_one() -> None:
    spans = Period(NOW, datetime(2026, 11, 2, tzinfo=UTC), frozenset({Weekday.SUNDAY}), (), HolidayRule.EXCEPTED)
    assert incidents(closure(spans)) == []
    # The night of the holiday is spared whole, though this period starts after midnight.
    after, end = datetime(2026, 11, 12, tzinfo=UTC), datetime(2026, 11, 20, tzinfo=UTC)
    night = Period(after, end, slots=(TimeSlot(time(21), time(6)),), holidays=HolidayRule.EXCEPTED)
    assert incidents(closure(night)) == []
    assert len(incidents(closure(replace(night, start=after + timedelta(days=1))))) == 1


def test_ids_stay_when_only_the_end_or_the_words_change() -> None:
    before = incidents(closure())
    later = incidents(closure(replace(WEEK, end=END + timedelta(days=3)), subject=None))
    moved = incidents(closure(shape=shapely.LineString([(2.36, 48.86), (2.38, 48.861)])))
    assert [one["id"] for one in before] == [one["id"] for one in later]
    assert before[0]["id"] != moved[0]["id"]


def test_an_event_is_written_without_an_end_when_it_has_none() -> None:
    [found] = incidents(event())
    assert found["type"] == "ROAD_CLOSED" and found["description"] == "Route coupée" and found["street"] == "N 20"
    assert "endtime" not in found


def test_our_own_incidents_are_not_read_back_and_another_portal_reads_them(tmp_path: Path) -> None:
    path = tmp_path / "fermetures.xml"
    path.write_bytes(written(CifsWriter, [closure(slots((time(21), time(6)))), event()]))
    file = SourceFile(path.name, path)
    for own_url, count in ((EDITION.portal_url, 0), ("https://ailleurs.exemple", 2)):
        context = ReadingContext(PLACE.zone, None, NOW, 10**8, 10**5, own_url)
        understood = [found.read() for found in CIFS.open([file], context).records]
        assert sum(len(found.drafts) for found in understood) == count
        if count:
            [draft] = understood[0].drafts
            assert draft.kind is EventKind.CLOSURE and draft.periods[0].start == NOW and draft.periods[0].end == END
            assert draft.shape.distance(LINE) < 1e-6
        else:
            assert {issue.code for found in understood for issue in found.issues} == {"own-export"}
