"""Live events through the engine: versions, snapshots and increments, what they close, and when they are erased."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import shapely
from flask import Flask
from sqlalchemy import select

from portal.common.clock import FixedClock
from portal.db import session
from portal.numeriz.importing import run_import
from portal.numeriz.imports.reading import SourceFile
from portal.numeriz.law.events import measures_of_events
from portal.numeriz.law.memory import law_snapshot, law_version
from portal.numeriz.models import RoadEvent, SourceRecordRow
from portal.numeriz.storing.events import KEPT_AFTER_END, purge_events
from portal.numeriz.values import EventState, ImportKind, ImportOutcome, ImportState
from portal.regulations.answers import ReasonCode, State
from portal.regulations.evaluate import verdict
from portal.regulations.measures import MeasureType, Origin
from portal.regulations.vehicles import Vehicle
from portal.territories.api import TerritoryView
from tests.factories.law import TESTER, make_law, make_territory, measure_draft, order_draft
from tests.support.events import INCIDENT, closure, incidents, publication, record

NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)
HERE = (
    '<groupOfLocations xsi:type="Point"><tpegPointLocation><point><pointCoordinates><latitude>48.8603</latitude>'
    "<longitude>2.3604</longitude></pointCoordinates></point></tpegPointLocation></groupOfLocations>"
)
SECTION = (
    '<groupOfLocations xsi:type="Linear"><tpegLinearLocation><tpegDirection>bothWays</tpegDirection>'
    "<to><pointCoordinates><latitude>48.8606</latitude><longitude>2.3608</longitude></pointCoordinates></to>"
    "<from><pointCoordinates><latitude>48.8600</latitude><longitude>2.3600</longitude></pointCoordinates></from>"
    "</tpegLinearLocation></groupOfLocations>"
)
STREET = shapely.LineString([(2.36, 48.86), (2.3604, 48.8603), (2.3608, 48.8606)])
LORRY = Vehicle(gross_weight_kg=19_000)


def imported(
    folder: Path,
    territory: TerritoryView,
    document: str,
    *,
    at: datetime = NOW,
    dry_run: bool = False,
    options: Mapping[str, str] | None = None,
) -> ImportOutcome:
    path = folder / "events"
    path.write_text(document, "utf-8")
    return run_import(
        TESTER,
        territory,
        ImportKind.EVENTS,
        [SourceFile(path.name, path)],
        options=options or {},
        dry_run=dry_run,
        clock=FixedClock(at),
    )


def here(number: int = 1, version: str = "1", **more: str) -> str:
    return record("Accident", place=HERE, record_id=f"260901-{number:06}-1", version=version, **more)


def snapshot(*records: str) -> str:
    return publication(*records, method="snapshot")


def states() -> dict[str, EventState]:
    return {row.source_id: row.state for row in session().scalars(select(RoadEvent))}


def test_events_are_stored_once_when_the_same_file_comes_twice(database: Flask, tmp_path: Path) -> None:
    territory = make_territory()
    first = imported(tmp_path, territory, snapshot(here(1), here(2)))
    assert (first.state, first.changed, first.counts["events_added"]) == (ImportState.APPLIED, True, 2)
    version = law_version(territory.id)
    again = imported(tmp_path, territory, snapshot(here(1), here(2)))
    assert (again.state, again.changed, again.counts["records_unchanged"]) == (ImportState.UNCHANGED, False, 2)
    assert law_version(territory.id) == version


@pytest.mark.parametrize(
    ("version", "end", "stored_version", "count"),
    [
        ("4", "2026-09-02T20:00:00+02:00", 5, "events_older"),
        ("5", "2026-09-02T20:00:00+02:00", 5, "events_changed"),
        ("6", "2026-09-02T20:00:00+02:00", 6, "events_changed"),
    ],
)
def test_only_a_version_as_high_replaces_an_event_when_it_says_something_else(
    app: Flask, tmp_path: Path, version: str, end: str, stored_version: int, count: str
) -> None:
    territory = make_territory()
    imported(tmp_path, territory, publication(here(version="5")))
    outcome = imported(tmp_path, territory, publication(here(version=version, end=end)))
    row = session().scalars(select(RoadEvent)).one()
    assert (row.version, outcome.counts[count]) == (stored_version, 1)
    assert (row.ends_at == datetime(2026, 9, 2, 18, tzinfo=UTC)) is (count == "events_changed")
    assert outcome.changed is (count == "events_changed")


def test_the_law_stays_the_same_when_only_the_version_is_higher(app: Flask, tmp_path: Path) -> None:
    territory = make_territory()
    imported(tmp_path, territory, publication(here()))
    version = law_version(territory.id)
    outcome = imported(tmp_path, territory, publication(here(version="2")))
    assert (outcome.counts["events_changed"], outcome.changed) == (1, False)
    assert law_version(territory.id) == version


def test_an_event_ends_when_a_complete_snapshot_no_longer_holds_it(database: Flask, tmp_path: Path) -> None:
    territory = make_territory()
    imported(tmp_path, territory, snapshot(here(1), here(2), here(3)))
    outcome = imported(tmp_path, territory, snapshot(here(1), here(2)))
    gone = "260901-000003-1"
    assert (outcome.counts["events_ended"], outcome.changed, states()[gone]) == (1, True, EventState.ENDED)
    assert {measure.id for measure in measures_of_events(territory.id)} == {
        str(row.id) for row in session().scalars(select(RoadEvent)) if row.source_id != gone
    }
    back = imported(tmp_path, territory, snapshot(here(1), here(2), here(3)))
    assert (back.changed, states()[gone]) == (True, EventState.ACTIVE)


@pytest.mark.parametrize("left", [[here(1)], []], ids=["most", "empty"])
def test_most_events_end_only_when_two_files_in_a_row_lack_them(app: Flask, tmp_path: Path, left: list[str]) -> None:
    territory = make_territory()
    imported(tmp_path, territory, snapshot(here(1), here(2), here(3)))
    outcome = imported(tmp_path, territory, snapshot(*left))
    assert outcome.issue_counts["most-events-vanished"] == 1 and not outcome.changed
    assert set(states().values()) == {EventState.ACTIVE}
    imported(tmp_path, territory, snapshot(*left, here(3)))
    assert states()["260901-000003-1"] is EventState.ACTIVE
    imported(tmp_path, territory, snapshot(*left))
    assert states()["260901-000002-1"] is EventState.ENDED
    again = imported(tmp_path, territory, snapshot(here(1), here(2), here(3)))
    assert again.changed and set(states().values()) == {EventState.ACTIVE}


def test_the_only_event_of_a_town_ends_when_the_rest_of_the_source_goes_on(app: Flask, tmp_path: Path) -> None:
    territory = make_territory()
    far = HERE.replace("48.8603", "43.3").replace("2.3604", "5.4")
    elsewhere = [record("Accident", place=far, record_id=f"260901-{number:06}-1") for number in range(10, 30)]
    imported(tmp_path, territory, snapshot(here(1), *elsewhere))
    outcome = imported(tmp_path, territory, snapshot(*elsewhere))
    assert "most-events-vanished" not in outcome.issue_counts
    assert states() == {"260901-000001-1": EventState.ENDED}


def test_absence_says_nothing_when_the_file_is_an_increment(app: Flask, tmp_path: Path) -> None:
    territory = make_territory()
    imported(tmp_path, territory, snapshot(here(1), here(2)))
    ended = record(
        "Accident",
        "<management><lifeCycleManagement><end>true</end></lifeCycleManagement></management>",
        place=HERE,
        record_id="260901-000001-1",
        version="2",
    )
    outcome = imported(tmp_path, territory, publication(ended))
    assert (outcome.counts["events_ended"], outcome.changed) == (1, True)
    assert states() == {"260901-000001-1": EventState.ENDED, "260901-000002-1": EventState.ACTIVE}


@pytest.mark.parametrize("start", ["soon", "2026-09-01T08:00:00+02:00"], ids=["unreadable", "elsewhere"])
def test_an_event_ends_when_its_record_is_no_longer_one_of_the_territory(
    app: Flask, tmp_path: Path, start: str
) -> None:
    territory = make_territory()
    imported(tmp_path, territory, publication(here()))
    place = HERE if start == "soon" else HERE.replace("2.3604", "5.3604")
    moved = record("Accident", place=place, record_id="260901-000001-1", version="2", start=start)
    outcome = imported(tmp_path, territory, publication(moved))
    assert (outcome.counts["events_ended"], outcome.changed) == (1, True)
    assert states() == {"260901-000001-1": EventState.ENDED}


def test_the_law_does_not_change_when_an_event_was_over_before_it_was_known(app: Flask, tmp_path: Path) -> None:
    territory = make_territory()
    outcome = imported(tmp_path, territory, publication(here(end="2026-09-01T10:00:00+02:00")))
    assert (outcome.counts["events_added"], outcome.changed) == (1, False)
    assert list(measures_of_events(territory.id)) == []


def test_a_dry_run_tells_the_same_and_stores_nothing(app: Flask, tmp_path: Path) -> None:
    territory = make_territory()
    tried = imported(tmp_path, territory, snapshot(here(1), here(2)), dry_run=True)
    assert (tried.counts["events_added"], states()) == (2, {})


def reasons(territory: TerritoryView, at: datetime, vehicle: Vehicle = LORRY) -> tuple[State, list[ReasonCode]]:
    answer = verdict(law_snapshot(territory.id), STREET, at, vehicle)
    return answer.state, [reason.code for reason in (*answer.reasons, *answer.warnings)]


def test_a_closure_forbids_when_it_is_certain_and_along_a_line(app: Flask, tmp_path: Path) -> None:
    territory = make_territory()
    imported(tmp_path, territory, incidents({**INCIDENT, "schedule": {"everyday": "08:00-18:00"}}))
    (measure,) = measures_of_events(territory.id)
    assert (measure.type, measure.origin, measure.order.authority) == (MeasureType.NO_ENTRY, Origin.EVENT, "Ville")
    assert measure.order.title == "Rue des Tanneurs : Circulation interdite"
    assert measure.order.url == "https://ville.exemple/fermetures"
    assert reasons(territory, NOW) == (State.FORBIDDEN, [ReasonCode.NO_ENTRY])
    assert reasons(territory, NOW + timedelta(hours=8)) == (State.ALLOWED, [])
    assert reasons(territory, NOW + timedelta(days=30)) == (State.ALLOWED, [])


def test_an_event_does_not_lift_an_order_when_both_speak_of_a_street(app: Flask, tmp_path: Path) -> None:
    territory = make_territory()
    make_law(territory, orders=[order_draft(measure_draft(line=list(STREET.coords)))])
    imported(tmp_path, territory, incidents({**INCIDENT, "type": "HAZARD", "subtype": "HAZARD_ON_ROAD_CONSTRUCTION"}))
    state, codes = reasons(territory, NOW)
    assert state is State.FORBIDDEN and set(codes) == {ReasonCode.NO_ENTRY, ReasonCode.EVENT_NEAR}


def lorries_only() -> str:
    return closure(
        "<forVehiclesWithCharacteristicsOf><vehicleType>lorry</vehicleType></forVehiclesWithCharacteristicsOf>",
        place=SECTION,
    )


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (closure(place=SECTION), MeasureType.NO_ENTRY),
        (closure(place=SECTION, probability="probable"), MeasureType.UNKNOWN),
        (closure("<complianceOption>advisory</complianceOption>", place=SECTION), MeasureType.UNKNOWN),
        (closure(place=SECTION, way="singleAlternateLineTraffic"), MeasureType.ALTERNATE_TRAFFIC),
        (closure(place=SECTION, way="laneClosures"), MeasureType.UNKNOWN),
        (
            record("SpeedManagement", "<temporarySpeedLimit>50</temporarySpeedLimit>", place=SECTION),
            MeasureType.SPEED_LIMIT,
        ),
        (record("Accident", place=HERE), MeasureType.UNKNOWN),
        (lorries_only(), MeasureType.NO_ENTRY),
    ],
    ids=["closed", "probable", "advisory", "alternate", "lanes", "speed", "accident", "lorries"],
)
def test_an_event_only_warns_when_just_its_points_are_known(
    app: Flask, tmp_path: Path, text: str, kind: MeasureType
) -> None:
    territory = make_territory()
    imported(tmp_path, territory, publication(text))
    (measure,) = measures_of_events(territory.id)
    assert measure.type is kind
    assert reasons(territory, NOW) == (State.ALLOWED, [ReasonCode.EVENT_NEAR])


def test_a_light_van_hears_nothing_when_only_lorries_are_concerned(app: Flask, tmp_path: Path) -> None:
    territory = make_territory()
    imported(tmp_path, territory, publication(lorries_only()))
    assert reasons(territory, NOW, Vehicle(gross_weight_kg=3_500)) == (State.ALLOWED, [])


def test_a_suspended_event_says_nothing_when_its_dates_run(app: Flask, tmp_path: Path) -> None:
    territory = make_territory()
    imported(tmp_path, territory, publication(here(status="suspended")))
    assert list(measures_of_events(territory.id)) == []
    assert imported(tmp_path, territory, publication(here(version="2"))).changed
    assert len(list(measures_of_events(territory.id))) == 1


def test_events_are_erased_when_they_ended_long_ago(database: Flask, tmp_path: Path) -> None:
    territory = make_territory()
    document = snapshot(here(1), here(2, end="2026-09-01T21:00:00+02:00"), here(3, end="2026-12-31T21:00:00+01:00"))
    imported(tmp_path, territory, document)
    imported(
        tmp_path,
        territory,
        snapshot(here(2, end="2026-09-01T21:00:00+02:00"), here(3, end="2026-12-31T21:00:00+01:00")),
    )
    assert purge_events(FixedClock(NOW + KEPT_AFTER_END - timedelta(hours=1))) == 0
    version = law_version(territory.id)
    assert purge_events(FixedClock(NOW + KEPT_AFTER_END + timedelta(days=1))) == 2
    assert states() == {"260901-000003-1": EventState.ACTIVE}
    assert law_version(territory.id) != version
    assert [row.record_id for row in session().scalars(select(SourceRecordRow))] == ["260901-000003-1"]


def test_an_event_is_not_taken_up_when_it_would_be_erased_at_once(app: Flask, shared_data: Path) -> None:
    territory = make_territory(bounds=None)
    path = shared_data / "dialog" / "cifs-incidents-expected-result.xml"
    files = [SourceFile(path.name, path)]
    outcome = run_import(TESTER, territory, ImportKind.EVENTS, files, clock=FixedClock(NOW))
    assert (outcome.counts["records"], outcome.counts["events_long_over"], states()) == (7, 7, {})
    june = datetime(2023, 6, 6, 18, tzinfo=UTC)
    outcome = run_import(TESTER, make_territory("autre", None), ImportKind.EVENTS, files, clock=FixedClock(june))
    assert (outcome.counts["events_added"], outcome.changed) == (7, True)
    assert sorted(states().values()) == [EventState.ACTIVE] * 4 + [EventState.ENDED] * 2 + [EventState.PLANNED]


def test_nothing_is_kept_of_the_real_snapshot_when_the_territory_is_elsewhere(app: Flask, shared_data: Path) -> None:
    territory = make_territory()
    path = shared_data / "traffic-events" / "bison-fute-snapshot-excerpt-2026-08-31.xml"
    outcome = run_import(TESTER, territory, ImportKind.EVENTS, [SourceFile(path.name, path)], clock=FixedClock(NOW))
    assert (outcome.counts["situations"], outcome.counts["records"], outcome.counts["records_not_kept"]) == (2, 2, 2)
    assert (states(), outcome.changed) == ({}, False)


def test_the_real_files_are_stored_when_the_territory_has_no_bounds(app: Flask, shared_data: Path) -> None:
    territory = make_territory(bounds=None)
    folder = shared_data / "traffic-events"
    for name in ("bison-fute-event-2026-07-24.xml", "bison-fute-snapshot-excerpt-2026-08-31.xml"):
        file = SourceFile(name, folder / name)
        run_import(TESTER, territory, ImportKind.EVENTS, [file], format="bison-fute", clock=FixedClock(NOW))
    assert states() == {
        "260724-000456-1": EventState.ACTIVE,
        "260830-002035-1": EventState.ENDED,
        "260122-001698-2": EventState.PLANNED,
    }
    kinds = {measure.locations[0].label: measure.type for measure in measures_of_events(territory.id)}
    assert kinds == {"A4": MeasureType.UNKNOWN, "N125": MeasureType.UNKNOWN}
