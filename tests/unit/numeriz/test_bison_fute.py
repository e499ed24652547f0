"""Bison Futé: each trap of the feed, on a record of its own; then the real files, whole."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import shapely

from portal.common.errors import Invalid
from portal.numeriz.imports.events.bison_fute import BISON_FUTE
from portal.numeriz.imports.reading import Bounds, Reading, ReadingContext, SourceFile, Understood
from portal.numeriz.law.events import nature_of_event
from portal.numeriz.values import EventDraft, EventKind, EventState, Issue, Probability
from portal.regulations.measures import Direction, MeasureType
from portal.regulations.schedules import Period, TimeSlot, Weekday
from portal.regulations.vehicles import HEAVY_GOODS, FreeText, Over, Size, VehicleRule
from tests.support.events import END, POINT, START, closure, comment, linear, publication, record

NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)


def opened(folder: Path, *documents: str, bounds: Bounds | None = None) -> Reading[EventDraft]:
    files = []
    for number, document in enumerate(documents):
        path = folder / f"{number}.xml"
        path.write_text(document, "utf-8")
        files.append(SourceFile(path.name, path))
    return BISON_FUTE.open(files, ReadingContext(ZoneInfo("Europe/Paris"), bounds, NOW, 10**7, 10**5))


def understood(folder: Path, *records: str, header: str = "", bounds: Bounds | None = None) -> Understood[EventDraft]:
    (found,) = [record.read() for record in opened(folder, publication(*records, header=header), bounds=bounds).records]
    return found


def event(folder: Path, text: str) -> EventDraft:
    (draft,) = understood(folder, text).drafts
    return draft


def codes(draft: EventDraft) -> list[str]:
    return [issue.code for issue in draft.issues]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (record("Accident"), EventKind.ACCIDENT),
        (record("ns2:AbnormalTraffic"), EventKind.CONGESTION),
        (record("MaintenanceWorks"), EventKind.ROADWORKS),
        (record("AnimalPresenceObstruction"), EventKind.OBSTACLE),
        (record("WeatherRelatedRoadConditions"), EventKind.WEATHER),
        (record("ReroutingManagement"), EventKind.REROUTING),
        (closure(), EventKind.CLOSURE),
        (closure(way="carriagewayClosures"), EventKind.CLOSURE),
        (closure(way="closedPermanentlyForTheWinter"), EventKind.CLOSURE),
        (closure(way="laneClosures"), EventKind.LANE_CLOSURE),
        (closure(way="singleAlternateLineTraffic"), EventKind.ALTERNATE),
        (closure(way="overnightClosures"), EventKind.RESTRICTION),
    ],
)
def test_the_kind_is_known_when_the_record_has_this_type(tmp_path: Path, text: str, kind: EventKind) -> None:
    draft = event(tmp_path, text)
    assert draft.kind is kind and codes(draft) == []


def test_an_unknown_kind_only_warns_when_the_type_is_new(tmp_path: Path) -> None:
    draft = event(tmp_path, record("MeteoriteShower"))
    assert (draft.kind, codes(draft)) == (EventKind.RESTRICTION, ["event-kind-unknown"])


@pytest.mark.parametrize(
    ("text", "state"),
    [
        (record(), EventState.ACTIVE),
        (record(start="2026-09-01T20:00:00+02:00", end=None), EventState.PLANNED),
        (record(start="2026-08-01T20:00:00+02:00", end="2026-09-01T13:59:00.000+02:00"), EventState.ENDED),
        (record(status="suspended"), EventState.SUSPENDED),
        (record("Accident", "<management><lifeCycleManagement><end>true</end></lifeCycleManagement></management>"),
         EventState.ENDED),
        (record("Accident", "<management><lifeCycleManagement><cancel>1</cancel></lifeCycleManagement></management>"),
         EventState.ENDED),
        (record("Accident", "<management><lifeCycleManagement><end>false</end></lifeCycleManagement></management>"),
         EventState.ACTIVE),
    ],
)  # fmt: skip
def test_the_state_is_told_when_the_record_says_so(tmp_path: Path, text: str, state: EventState) -> None:
    assert event(tmp_path, text).state is state


def test_offsets_are_instants_when_the_record_gives_them(tmp_path: Path) -> None:
    (period,) = event(tmp_path, record(start="2026-01-22T15:16:04.306+01:00", end=None)).periods
    assert period == Period(datetime(2026, 1, 22, 14, 16, 4, 306_000, tzinfo=UTC))


def test_an_end_at_minute_59_includes_its_minute(tmp_path: Path) -> None:
    (period,) = event(tmp_path, record(end="2026-09-01T23:59:00+02:00")).periods
    assert period.end == datetime(2026, 9, 1, 22, tzinfo=UTC)


def test_a_passed_end_does_not_count_when_the_record_says_it_is_active(tmp_path: Path) -> None:
    draft = event(tmp_path, record(status="active", end="2026-09-01T10:00:00+02:00"))
    assert (draft.state, draft.periods[0].end) == (EventState.ACTIVE, None)
    assert codes(draft) == ["event-outlives-its-end"]


def test_an_event_has_no_effect_when_it_ends_before_it_starts(tmp_path: Path) -> None:
    draft = event(tmp_path, closure(start=END, end=START))
    assert draft.periods[0].start == draft.periods[0].end and codes(draft) == ["event-ends-before-start"]


def test_days_and_hours_are_read_when_they_are_structured(tmp_path: Path) -> None:
    periods = (
        "<validPeriod><startOfPeriod>2026-09-02T00:00:00+02:00</startOfPeriod><endOfPeriod>2026-09-09T00:00:00+02:00"
        "</endOfPeriod><recurringTimePeriodOfDay><startTimeOfPeriod>21:00:00</startTimeOfPeriod><endTimeOfPeriod>"
        "05:59:00</endTimeOfPeriod></recurringTimePeriodOfDay><recurringDayWeekMonthPeriod><applicableDay>monday"
        "</applicableDay><applicableDay>friday</applicableDay></recurringDayWeekMonthPeriod></validPeriod>"
    )
    draft = event(tmp_path, closure(periods=periods, end="2026-09-05T00:00:00+02:00"))
    assert draft.periods == (
        Period(
            datetime(2026, 9, 1, 22, tzinfo=UTC),
            datetime(2026, 9, 4, 22, tzinfo=UTC),
            frozenset({Weekday.MONDAY, Weekday.FRIDAY}),
            (TimeSlot(time(21), time(6)),),
        ),
    )
    assert codes(draft) == []


@pytest.mark.parametrize(
    "periods",
    [
        "<validPeriod><periodName><values><value>Uniquement de jour</value></values></periodName></validPeriod>",
        (
            "<validPeriod><recurringTimePeriodOfDay><startTimeOfPeriod>21:00:00+02:00</startTimeOfPeriod><endTimeOfPeriod>"
            "05:00:00+02:00</endTimeOfPeriod></recurringTimePeriodOfDay></validPeriod>"
        ),
        (
            "<validPeriod><recurringDayWeekMonthPeriod><applicableWeek>firstWeekOfMonth</applicableWeek>"
            "</recurringDayWeekMonthPeriod></validPeriod>"
        ),
        f"<exceptionPeriod><startOfPeriod>{START}</startOfPeriod></exceptionPeriod>",
        (
            "<validPeriod><recurringDayWeekMonthPeriod><applicableDay>monday</applicableDay><applicableDay>workingDay"
            "</applicableDay></recurringDayWeekMonthPeriod></validPeriod>"
        ),
        (
            "<validPeriod><startOfPeriod>2026-08-30T22:00:00+02:00</startOfPeriod><endOfPeriod>2026-08-31T06:00:00+02:00"
            "</endOfPeriod></validPeriod>"
        ),
    ],
    ids=["words", "clock with an offset", "weeks", "exception", "unknown day", "outside its bounds"],
)
def test_hours_are_a_doubt_when_they_cannot_be_read(tmp_path: Path, periods: str) -> None:
    draft = event(tmp_path, closure(periods=periods))
    assert codes(draft) == ["period-in-words"] and nature_of_event(draft) is MeasureType.UNKNOWN
    assert draft.periods == (Period(datetime(2026, 9, 1, 6, tzinfo=UTC), datetime(2026, 9, 1, 18, tzinfo=UTC)),)


def test_a_period_outside_the_bounds_is_left_when_another_is_inside(tmp_path: Path) -> None:
    before, within = (
        f"<validPeriod><startOfPeriod>{start}+02:00</startOfPeriod><endOfPeriod>{end}+02:00</endOfPeriod></validPeriod>"
        for start, end in (
            ("2026-08-30T22:00:00", "2026-08-31T06:00:00"),
            ("2026-09-01T10:00:00", "2026-09-01T12:00:00"),
        )
    )
    draft = event(tmp_path, closure(periods=before + within))
    assert codes(draft) == []
    assert draft.periods == (Period(datetime(2026, 9, 1, 8, tzinfo=UTC), datetime(2026, 9, 1, 10, tzinfo=UTC)),)


@pytest.mark.parametrize(
    ("written", "probability"),
    [("certain", Probability.CERTAIN), ("probable", Probability.PROBABLE), ("riskOf", Probability.RISK),
     ("perhaps", Probability.RISK)],
)  # fmt: skip
def test_a_forecast_is_never_certain_when_the_source_is_not(
    tmp_path: Path, written: str, probability: Probability
) -> None:
    assert event(tmp_path, record(probability=written)).probability is probability


def test_the_line_runs_from_the_first_point_when_the_second_is_written_before(tmp_path: Path) -> None:
    draft = event(tmp_path, closure())
    assert draft.shape.equals_exact(shapely.MultiPoint([(2.39, 48.82), (2.39, 48.80)]), 0)
    assert draft.road == "N125A"


@pytest.mark.parametrize(
    ("written", "direction"),
    [
        ("southBound", Direction.FORWARD),
        ("southEastBound", Direction.FORWARD),
        ("northBound", Direction.BACKWARD),
        ("westBound", Direction.UNKNOWN),
        ("bothWays", Direction.BOTH),
        ("clockwise", Direction.UNKNOWN),
    ],
)
def test_the_direction_follows_the_line_when_the_compass_agrees(
    tmp_path: Path, written: str, direction: Direction
) -> None:
    assert event(tmp_path, closure(place=linear(written))).direction is direction


def test_a_point_has_no_direction_when_only_one_way_is_concerned(tmp_path: Path) -> None:
    one_way = POINT.replace("<tpegPointLocation>", "<tpegPointLocation><tpegDirection>westBound</tpegDirection>")
    draft = event(tmp_path, record(place=one_way))
    assert (draft.direction, draft.shape) == (Direction.UNKNOWN, shapely.Point(2.39, 48.82))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (closure("<complianceOption>advisory</complianceOption>"), "closure-advisory"),
        (closure("<placesAtWhichApplicable>inTunnels</placesAtWhichApplicable>"), "closure-in-places"),
        (closure(place=linear(extra="<carriageway>exitSlipRoad</carriageway>")), "closure-beside-road"),
        (closure(comment("Bretelle de sortie 12 fermée")), "closure-of-slip-road"),
    ],
)
def test_a_closure_is_doubted_when_it_may_not_be_one_of_the_road(tmp_path: Path, text: str, code: str) -> None:
    draft = event(tmp_path, text)
    assert draft.kind is EventKind.CLOSURE and codes(draft) == [code]


def test_a_closure_is_not_doubted_when_the_main_carriageway_is_named(tmp_path: Path) -> None:
    place = linear(extra="<carriageway>mainCarriageway</carriageway><carriageway>hardShoulder</carriageway>")
    assert codes(event(tmp_path, closure("<complianceOption>mandatory</complianceOption>", place=place))) == []


def vehicles_of(folder: Path, *conditions: str) -> tuple[VehicleRule | None, list[str]]:
    name = "forVehiclesWithCharacteristicsOf"
    draft = event(folder, closure("".join(f"<{name}>{inner}</{name}>" for inner in conditions)))
    return draft.vehicles, codes(draft)


def limit(name: str, value_name: str, operator: str, value: str) -> str:
    return (
        f"<{name}Characteristic><comparisonOperator>{operator}</comparisonOperator>"
        f"<{value_name}>{value}</{value_name}></{name}Characteristic>"
    )


LORRY = "<vehicleType>lorry</vehicleType>"


@pytest.mark.parametrize(
    ("conditions", "rule"),
    [
        ([LORRY], VehicleRule((HEAVY_GOODS,))),
        (
            [limit("grossWeight", "grossVehicleWeight", "greaterThan", "7.5")],
            VehicleRule((Over(Size.GROSS_WEIGHT, 7500),)),
        ),
        (
            [LORRY + limit("grossWeight", "grossVehicleWeight", "greaterThan", "19")],
            VehicleRule((Over(Size.GROSS_WEIGHT, 19_000),)),
        ),
        (
            [limit("length", "vehicleLength", "greaterThanOrEqualTo", "12.0")],
            VehicleRule((Over(Size.LENGTH, 1199),)),
        ),
        (
            [limit("height", "vehicleHeight", "greaterThan", "4.15"), LORRY],
            VehicleRule((Over(Size.HEIGHT, 415), HEAVY_GOODS)),
        ),
        (["<vehicleType>anyVehicle</vehicleType>"], None),
        ([LORRY, "<vehicleType>anyVehicle</vehicleType>"], None),
    ],
    ids=["lorries", "over 7.5 t", "lorries over 19 t", "12 m and more", "alternatives", "all", "lorries and all"],
)
def test_vehicles_are_read_with_the_standard_operators(
    tmp_path: Path, conditions: list[str], rule: VehicleRule | None
) -> None:
    assert vehicles_of(tmp_path, *conditions) == (rule, [])


@pytest.mark.parametrize(
    "condition",
    [
        limit("grossWeight", "grossVehicleWeight", "lessThan", "3.5"),
        limit("grossWeight", "grossVehicleWeight", "greaterThan", "heavy"),
        LORRY + limit("height", "vehicleHeight", "greaterThan", "4"),
        "<vehicleType>withOddNumberedRegistrationPlates</vehicleType>",
    ],
    ids=["light ones", "not a number", "two at once", "plates"],
)
def test_vehicles_bind_nobody_when_they_cannot_be_said(tmp_path: Path, condition: str) -> None:
    rule, found = vehicles_of(tmp_path, condition)
    assert rule is not None and all(isinstance(part, FreeText) for part in rule.applies_to)
    assert found == ["vehicles-not-understood"]


@pytest.mark.parametrize(("text", "speed"), [("70", 70), ("70.0", 70), ("0", None), ("fast", None), ("250", None)])
def test_a_speed_is_kept_when_it_can_be_one(tmp_path: Path, text: str, speed: int | None) -> None:
    draft = event(tmp_path, record("SpeedManagement", f"<temporarySpeedLimit>{text}</temporarySpeedLimit>"))
    assert draft.max_speed_kmh == speed
    assert codes(draft) == ([] if speed else ["event-speed-unreadable"])


def test_notes_for_the_operators_are_not_shown_when_a_record_has_some(tmp_path: Path) -> None:
    texts = [
        comment("Sur 500 m \n"),
        comment("Appeler le 06 12", "internalNote"),
        comment("À Bercy", "locationDescriptor"),
    ]
    draft = event(tmp_path, record("Accident", *texts))
    assert draft.label == "Sur 500 m ; À Bercy"
    assert "06 12" not in repr(draft)


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("<headerInformation><confidentiality>restrictedToAuthorities</confidentiality></headerInformation>",
         "event-confidential"),
        ("<headerInformation><informationStatus>technicalExercise</informationStatus></headerInformation>",
         "event-not-real"),
    ],
)  # fmt: skip
def test_a_record_is_not_kept_when_its_header_forbids(tmp_path: Path, header: str, code: str) -> None:
    assert understood(tmp_path, record(), header=header) == Understood((), (Issue(code, where=1),))


@pytest.mark.parametrize(
    ("bounds", "kept", "codes"),
    [
        ((2.3, 48.7, 2.5, 48.9), 1, []),
        ((5.0, 43.0, 5.5, 43.5), 0, ["outside-not-kept"]),
        ((48.7, 2.3, 48.9, 2.5), 0, ["axes-exchanged"]),
    ],
)
def test_a_record_is_kept_when_it_concerns_the_territory(
    tmp_path: Path, bounds: Bounds, kept: int, codes: list[str]
) -> None:
    found = understood(tmp_path, record(), bounds=bounds)
    assert (len(found.drafts), [issue.code for issue in found.issues]) == (kept, codes)


@pytest.mark.parametrize(
    ("place", "codes"),
    [
        ("", ["event-without-place"]),
        (POINT.replace("48.82", "north"), ["event-without-place"]),
        (POINT.replace("48.82", "NaN"), ["event-without-place"]),
        (POINT.replace("48.82", "1e308"), ["event-without-place"]),
        (POINT.replace("</groupOfLocations>", POINT.replace("48.82", "48.83") + "</groupOfLocations>"),
         ["event-places-left"]),
    ],
    ids=["none", "word", "nan", "huge", "two places"],
)  # fmt: skip
def test_a_place_is_told_when_it_cannot_be_read(tmp_path: Path, place: str, codes: list[str]) -> None:
    draft = event(tmp_path, record(place=place))
    assert [issue.code for issue in draft.issues] == codes
    assert draft.shape.is_empty is (codes == ["event-without-place"])


def test_a_record_is_left_when_it_has_no_start(tmp_path: Path) -> None:
    assert understood(tmp_path, record(start="soon")) == Understood((), (Issue("event-without-start", where=1),))


def test_the_highest_version_wins_when_several_files_hold_one_record(tmp_path: Path) -> None:
    versions = [publication(record("Accident", version=number)) for number in ("2", "10", "9")]
    reading = opened(tmp_path, *versions)
    (found,) = list(reading.records)
    assert found.read().drafts[0].version == 10
    assert (reading.counts["events_superseded"], reading.complete) == (2, True)


def test_absence_means_something_when_the_file_is_a_snapshot(tmp_path: Path) -> None:
    assert opened(tmp_path, publication(record(), method="snapshot")).snapshot == frozenset({""})
    assert opened(tmp_path, publication(record())).snapshot == frozenset()


def test_a_digest_is_kept_when_only_the_place_in_the_file_changes(tmp_path: Path) -> None:
    one, other = record(record_id="a"), record(record_id="b")
    first = {found.id: found.digest for found in opened(tmp_path, publication(one, other)).records}
    again = {found.id: found.digest for found in opened(tmp_path, publication(other, one)).records}
    moved = {
        found.id: found.digest for found in opened(tmp_path, publication(one, other), bounds=(2, 48, 3, 49)).records
    }
    assert first == again and first["a"] != first["b"] and moved["a"] != first["a"]


def test_what_came_before_counts_when_the_file_breaks_off(tmp_path: Path) -> None:
    whole = publication(record(record_id="a")).replace("</payloadPublication></d2LogicalModel>", "<situation id='x'>")
    reading = opened(tmp_path, whole)
    records = iter(reading.records)
    assert next(records).id == "a"
    with pytest.raises(Invalid, match="not-xml"):
        next(records)
    assert not reading.complete


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ("", "file-empty"),
        ("<d2LogicalModel><payloadPublication/></d2LogicalModel>", "not-situations"),
        ('<!DOCTYPE d [<!ENTITY x "SituationPublication">]><d2LogicalModel>&x;</d2LogicalModel>', "not-situations"),
    ],
)
def test_a_file_is_refused_when_it_is_no_publication_of_situations(tmp_path: Path, document: str, code: str) -> None:
    with pytest.raises(Invalid, match=code):
        opened(tmp_path, document)


def test_a_file_is_refused_when_it_is_too_large(tmp_path: Path) -> None:
    path = tmp_path / "large.xml"
    path.write_text(publication(record()))
    with pytest.raises(Invalid, match="file-too-large"):
        BISON_FUTE.open([SourceFile("large.xml", path)], ReadingContext(ZoneInfo("UTC"), None, NOW, 100, 10))


def test_the_real_increment_is_read_whole(shared_data: Path) -> None:
    path = shared_data / "traffic-events" / "bison-fute-event-2026-07-24.xml"
    file = SourceFile(path.name, path)
    assert BISON_FUTE.recognises(file.head(), file.name)
    reading = BISON_FUTE.open([file], ReadingContext(ZoneInfo("Europe/Paris"), None, NOW, 10**7, 10**5))
    (found,) = [record.read() for record in reading.records]
    assert (reading.source, reading.snapshot, reading.counts["situations"]) == ("bison-fute", frozenset(), 1)
    assert found == Understood(
        (
            EventDraft(
                source="bison-fute",
                source_id="260724-000456-1",
                kind=EventKind.OBSTACLE,
                state=EventState.ACTIVE,
                shape=shapely.Point(2.3988867, 48.821583),
                periods=(Period(datetime(2026, 7, 24, 6, 4, 50, tzinfo=UTC)),),
                version=1,
                label=(
                    "Sur 500 m ; situé 582 m à l'est de Paris - Porte de Bercy ; Hors voie de circulation ; "
                    "DIR Île-de-France ; De Strasbourg vers Paris"
                ),
                road="A4",
                direction=Direction.UNKNOWN,
                severity="medium",
                probability=Probability.CERTAIN,
                provenance={
                    "title": "Bison Futé / Tipi (transport.data.gouv.fr)",
                    "licence": "Licence Ouverte 2.0",
                    "authority": "DIR Île-de-France",
                    "version_time": "2026-07-24T08:06:04.287+02:00",
                    "lanes": "5",
                    "constriction": "lanesBlocked",
                    "marks": "94PR0G+628",
                },
            ),
        )
    )


def test_the_real_snapshot_is_read_whole(shared_data: Path) -> None:
    path = shared_data / "traffic-events" / "bison-fute-snapshot-excerpt-2026-08-31.xml"
    file = SourceFile(path.name, path)
    assert BISON_FUTE.recognises(file.head(), file.name)
    reading = BISON_FUTE.open([file], ReadingContext(ZoneInfo("Europe/Paris"), None, NOW, 10**7, 10**5))
    accident, road_closed = (draft for record in reading.records for draft in record.read().drafts)
    assert (reading.snapshot, reading.counts["situations"], reading.complete) == (frozenset({""}), 2, True)
    assert (accident.source_id, accident.version, accident.kind) == ("260830-002035-1", 4, EventKind.ACCIDENT)
    assert (accident.state, accident.direction, accident.road) == (EventState.ENDED, Direction.BOTH, "N94")
    assert accident.shape == shapely.Point(6.329858, 44.53094)
    assert accident.provenance["lanes_closed"] == accident.provenance["lanes"] == "2"
    assert road_closed == EventDraft(
        source="bison-fute",
        source_id="260122-001698-2",
        kind=EventKind.CLOSURE,
        state=EventState.PLANNED,
        shape=shapely.MultiPoint([(0.68384415, 42.92285), (0.6984161, 42.908493)]),
        periods=(Period(datetime(2026, 10, 1, 6, 30, tzinfo=UTC), datetime(2026, 10, 1, 14, 30, tzinfo=UTC)),),
        version=1,
        label="Point particulier : début : situé 3947 m au sud de Chaum, fin : situé 5769 m au nord de Fos",
        road="N125",
        direction=Direction.BOTH,
        severity="medium",
        probability=Probability.PROBABLE,
        provenance={
            "title": "Bison Futé / Tipi (transport.data.gouv.fr)",
            "licence": "Licence Ouverte 2.0",
            "authority": "DIR Sud-Ouest",
            "version_time": "2026-01-22T15:18:25.040+01:00",
            "marks": "31PR24U+530 31PR22U+480",
        },
        issues=(Issue("closure-in-places", {"value": "inTunnels"}, 2),),
    )
    assert road_closed.periods[0].end == road_closed.periods[0].start + timedelta(hours=8)
