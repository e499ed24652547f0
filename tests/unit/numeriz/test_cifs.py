"""CIFS: each trap on an incident of its own, in XML and in JSON; then the sample of the national base."""

from __future__ import annotations

import json
from datetime import UTC, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import shapely

from portal.common.errors import Invalid
from portal.numeriz.imports.events.cifs import CIFS
from portal.numeriz.imports.reading import Bounds, Reading, ReadingContext, SourceFile, Understood
from portal.numeriz.values import EventDraft, EventKind, EventState, Issue
from portal.regulations.measures import Direction
from portal.regulations.schedules import Period, TimeSlot, Weekday
from tests.support.events import CITY, INCIDENT, NATIONAL, STREET, incidents

NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)


def opened(
    folder: Path,
    document: str,
    *,
    bounds: Bounds | None = None,
    own_url: str = "https://joptimiz.exemple",
    **options: str,
) -> Reading[EventDraft]:
    path = folder / "feed"
    path.write_text(document, "utf-8")
    file = SourceFile("feed", path)
    assert not document.startswith("<incidents") or CIFS.recognises(file.head(), file.name)
    context = ReadingContext(ZoneInfo("Europe/Paris"), bounds, NOW, 10**6, 10**5, own_url, options)
    return CIFS.open([file], context)


def understood(folder: Path, incident: dict[str, object], **more: object) -> Understood[EventDraft]:
    (record,) = opened(folder, incidents(incident), **more).records  # type: ignore[arg-type]
    return record.read()


def event(folder: Path, changes: dict[str, object], **more: object) -> EventDraft:
    (draft,) = understood(folder, {**INCIDENT, **changes}, **more).drafts
    return draft


def codes(draft: EventDraft) -> list[str]:
    return [issue.code for issue in draft.issues]


@pytest.mark.parametrize(
    ("changes", "kind", "found"),
    [
        ({}, EventKind.CLOSURE, []),
        ({"type": "HAZARD", "source": NATIONAL}, EventKind.ALTERNATE, []),
        ({"type": "HAZARD"}, EventKind.OBSTACLE, []),
        ({"type": "HAZARD", "subtype": "HAZARD_ON_ROAD_LANE_CLOSED"}, EventKind.LANE_CLOSURE, []),
        ({"type": "HAZARD", "subtype": "HAZARD_ON_ROAD_CONSTRUCTION"}, EventKind.ROADWORKS, []),
        ({"type": "HAZARD", "subtype": "HAZARD_WEATHER_FLOOD"}, EventKind.WEATHER, []),
        ({"type": "CONSTRUCTION"}, EventKind.ROADWORKS, []),
        ({"type": "JAM"}, EventKind.CONGESTION, []),
        ({"type": "METEORITE"}, EventKind.RESTRICTION, ["event-kind-unknown"]),
        ({"lane_impact": {"total_closed_lanes": "1"}}, EventKind.LANE_CLOSURE, ["closure-of-lanes"]),
    ],
)
def test_the_kind_is_known_when_the_incident_has_this_type(
    tmp_path: Path, changes: dict[str, object], kind: EventKind, found: list[str]
) -> None:
    draft = event(tmp_path, changes)
    assert (draft.kind, codes(draft)) == (kind, found)


def test_a_chat_is_not_kept_when_it_is_no_traffic(tmp_path: Path) -> None:
    issue = Issue("event-not-traffic", {"value": "POLICE"}, 1)
    assert understood(tmp_path, {**INCIDENT, "type": "POLICE"}) == Understood((), (issue,))


def test_our_own_export_is_not_read_back_when_it_comes_from_this_portal(tmp_path: Path) -> None:
    ours = {**INCIDENT, "source": {"reference": "joptimiz.exemple"}}
    assert understood(tmp_path, ours) == Understood((), (Issue("own-export", where=1),))
    assert event(tmp_path, {"source": NATIONAL}, own_url="http://localhost").kind is EventKind.CLOSURE


@pytest.mark.parametrize(
    ("polyline", "wkt", "found"),
    [
        (STREET, "LINESTRING (2.36 48.86, 2.3604 48.8603, 2.3608 48.8606)", []),
        ("48.86 2.36 48.8631 2.36", "LINESTRING (2.36 48.86, 2.36 48.8631)", []),
        (
            "48.86 2.36 48.8603 2.36 48.8700 2.36 48.8703 2.36",
            "MULTILINESTRING ((2.36 48.86, 2.36 48.8603), (2.36 48.87, 2.36 48.8703))",
            [],
        ),
        (
            "48.86 2.36 48.8603 2.36 48.8621 2.36 48.8624 2.36",
            "MULTILINESTRING ((2.36 48.86, 2.36 48.8603), (2.36 48.8603, 2.36 48.8621), (2.36 48.8621, 2.36 48.8624))",
            ["polyline-long-steps"],
        ),
        (
            "48.86 2.36 48.8603 2.36 48.8700 2.36",
            "MULTILINESTRING ((2.36 48.86, 2.36 48.8603), (2.36 48.8603, 2.36 48.87))",
            ["polyline-long-steps"],
        ),
        ("48.86 2.36 48.86 2.36", "POINT (2.36 48.86)", []),
        ("48.86 2.36 48.87", "POINT EMPTY", ["polyline-unreadable"]),
        ("48.86 2.36 nan 2.37", "POINT EMPTY", ["polyline-unreadable"]),
        ("48.86 2.36 1e308 2.37", "POINT EMPTY", ["polyline-unreadable"]),
        ("", "POINT EMPTY", ["polyline-unreadable"]),
    ],
    ids=["street", "one long step", "jump", "long step", "lone end", "one point", "odd", "nan", "huge", "none"],
)
def test_the_line_is_cut_when_it_jumps(tmp_path: Path, polyline: str, wkt: str, found: list[str]) -> None:
    draft = event(tmp_path, {"polyline": polyline})
    assert draft.shape.equals_exact(shapely.from_wkt(wkt), 1e-9)
    assert codes(draft) == found


@pytest.mark.parametrize(
    ("changes", "options", "direction", "found"),
    [
        ({}, {}, Direction.BOTH, []),
        ({"direction": "ONE_DIRECTION"}, {}, Direction.UNKNOWN, ["direction-doubtful"]),
        ({"direction": "ONE_DIRECTION"}, {"oriented": "yes"}, Direction.FORWARD, []),
        ({"direction": ""}, {}, Direction.UNKNOWN, []),
    ],
)
def test_one_direction_is_unknown_when_the_line_may_run_either_way(
    tmp_path: Path, changes: dict[str, object], options: dict[str, str], direction: Direction, found: list[str]
) -> None:
    draft = event(tmp_path, changes, **options)
    assert (draft.direction, codes(draft)) == (direction, found)


def slots(*pairs: tuple[int, int]) -> tuple[TimeSlot, ...]:
    return tuple(TimeSlot(time(start), time(end)) for start, end in pairs)


START, END = datetime(2026, 8, 31, 22, tzinfo=UTC), datetime(2026, 9, 10, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changes", "options", "periods"),
    [
        ({}, {}, [Period(START, END)]),
        ({"schedule": {"everyday": "18:00-22:00"}}, {}, [Period(START, END, slots=slots((18, 22)))]),
        (
            {"schedule": {"everyday": "18:00-22:00"}, "source": NATIONAL},
            {},
            [Period(START, END, slots=slots((19, 23)))],
        ),
        (
            {"schedule": {"everyday": "18:00-22:00"}, "source": NATIONAL},
            {"schedule_clock": "local"},
            [Period(START, END, slots=slots((18, 22)))],
        ),
        (
            {"schedule": {"everyday": "18:00-22:00"}},
            {"schedule_clock": "utc"},
            [Period(START, END, slots=slots((19, 23)))],
        ),
        (
            {"schedule": {"friday": "23:30-04:59"}, "source": NATIONAL},
            {},
            [Period(START, END, frozenset({Weekday.FRIDAY}), (TimeSlot(time(0, 30), time(6)),))],
        ),
        (
            {"schedule": {"tuesday": "00:00-23:59"}, "source": NATIONAL},
            {},
            [Period(START, END, frozenset({Weekday.TUESDAY}))],
        ),
        (
            {"schedule": {"tuesday": "8:00-10:00", "thursday": "8:00-10:00", "friday": "9:00-11:00,14:00-16:00"}},
            {},
            [
                Period(START, END, frozenset({Weekday.TUESDAY, Weekday.THURSDAY}), slots((8, 10))),
                Period(START, END, frozenset({Weekday.FRIDAY}), slots((9, 11), (14, 16))),
            ],
        ),
    ],
    ids=["none", "local", "national", "national told local", "other told utc", "past midnight", "whole day", "days"],
)
def test_hours_are_local_when_the_source_writes_them_so(
    tmp_path: Path, changes: dict[str, object], options: dict[str, str], periods: list[Period]
) -> None:
    draft = event(tmp_path, changes, **options)
    assert (list(draft.periods), codes(draft)) == (periods, [])


@pytest.mark.parametrize(
    "schedule", [{"everyday": "all day"}, {"someday": "08:00-10:00"}, {"monday": "25:00-26:00"}, "by night"]
)
def test_hours_are_a_doubt_when_they_cannot_be_read(tmp_path: Path, schedule: object) -> None:
    draft = event(tmp_path, {"schedule": schedule})
    assert (draft.periods, codes(draft)) == ((Period(START, END),), ["period-in-words"])


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({}, EventState.ACTIVE),
        ({"starttime": "2026-09-02T00:00:00+02:00"}, EventState.PLANNED),
        ({"endtime": "2026-09-01T13:59:00+02:00"}, EventState.ENDED),
        ({"endtime": ""}, EventState.ACTIVE),
    ],
)
def test_the_state_follows_the_dates_when_they_are_read(
    tmp_path: Path, changes: dict[str, object], state: EventState
) -> None:
    assert event(tmp_path, changes).state is state


def test_an_incident_is_not_kept_when_it_has_no_start(tmp_path: Path) -> None:
    found = understood(tmp_path, {**INCIDENT, "starttime": "tomorrow"})
    assert found == Understood((), (Issue("event-without-start", where=1),))


@pytest.mark.parametrize(
    ("bounds", "code"),
    [((5.0, 43.0, 5.5, 43.5), "outside-not-kept"), ((48.8, 2.3, 48.9, 2.4), "axes-exchanged")],
)
def test_an_incident_is_not_kept_when_it_is_elsewhere(tmp_path: Path, bounds: Bounds, code: str) -> None:
    assert understood(tmp_path, INCIDENT, bounds=bounds) == Understood((), (Issue(code, where=1),))


@pytest.mark.parametrize(
    "shaped",
    [
        lambda found: {"incidents": [{"incident": found}]},
        lambda found: {"incidents": [found]},
        lambda found: {"incidents": {"incident": [found]}},
        lambda found: [found],
        lambda found: {
            "incidents": [
                {
                    **{k: v for k, v in found.items() if k not in {"street", "polyline", "direction"}},
                    "location": {k: found[k] for k in ("street", "polyline", "direction")},
                }
            ]
        },
    ],
    ids=["wrapped", "plain", "as xml", "list", "old location"],
)
def test_json_says_the_same_as_xml_when_it_has_one_of_its_forms(tmp_path: Path, shaped: object) -> None:
    schedule = {"monday": "08:00-10:00"}
    expected = event(tmp_path, {"schedule": schedule})
    document = json.dumps(shaped({**INCIDENT, "schedule": schedule}))  # type: ignore[operator]
    assert CIFS.recognises(document.encode(), "x.json")
    (record,) = opened(tmp_path, document).records
    assert record.read().drafts == (expected,)


@pytest.mark.parametrize(
    ("document", "options", "code"),
    [
        ("", {}, "file-empty"),
        ("{}", {}, "not-incidents"),
        ('{"incidents": [1]}', {}, "not-incidents"),
        ('{"incidents": [NaN]}', {}, "not-finite"),
        (incidents(INCIDENT), {"schedule_clock": "lunar"}, "bad-option"),
        (incidents(INCIDENT), {"oriented": "maybe"}, "bad-option"),
    ],
)
def test_a_file_is_refused_when_it_cannot_be_read(
    tmp_path: Path, document: str, options: dict[str, str], code: str
) -> None:
    with pytest.raises(Invalid, match=code):
        opened(tmp_path, document, **options)


def test_feeds_stay_apart_when_their_references_differ(tmp_path: Path) -> None:
    long = {**CITY, "reference": f"{'très-' * 9}longue.exemple"}
    reading = opened(tmp_path, incidents(INCIDENT, {**INCIDENT, "source": NATIONAL}, {**INCIDENT, "source": long}))
    found = [(record.id, record.scope) for record in reading.records]
    assert (reading.source, [name for name, _ in found]) == (
        "cifs",
        ["ville.exemple|A:1:1", "dialog.beta.gouv.fr|A:1:1", f"{long['reference']}|A:1:1"],
    )
    assert reading.snapshot == {scope for _, scope in found}
    assert len(reading.snapshot) == 3 and max(map(len, reading.snapshot)) <= 32


def test_the_file_of_a_named_source_holds_all_of_it_whatever_the_references(tmp_path: Path) -> None:
    for document, ids in ((incidents(INCIDENT), ["A:1:1"]), ("<incidents></incidents>", [])):
        reading = opened(tmp_path, document, source="mairie")
        assert ([record.id for record in reading.records], reading.source) == (ids, "cifs:mairie")
        assert reading.snapshot == {""}
    nameless = opened(tmp_path, "<incidents></incidents>")
    assert (list(nameless.records), nameless.source, nameless.snapshot) == ([], "cifs", frozenset())


def test_an_incident_without_id_is_told_when_the_others_are_read(tmp_path: Path) -> None:
    reading = opened(tmp_path, incidents({**INCIDENT, "id": ""}, INCIDENT))
    assert [record.where for record in reading.records] == [2]
    assert (reading.issues, reading.complete) == ([Issue("event-without-id", where=1)], True)


def test_the_sample_of_the_national_base_is_read_whole(shared_data: Path) -> None:
    path = shared_data / "dialog" / "cifs-incidents-expected-result.xml"
    file = SourceFile(path.name, path)
    reading = CIFS.open([file], ReadingContext(ZoneInfo("Europe/Paris"), None, NOW, 10**6, 10**5, "http://localhost"))
    events = [draft for record in reading.records for draft in record.read().drafts]
    assert (len(events), reading.source) == (7, "cifs")
    assert (reading.snapshot, reading.complete) == (frozenset({"dialog.beta.gouv.fr"}), True)
    assert {found.kind for found in events} == {EventKind.CLOSURE}
    assert {found.direction for found in events} == {Direction.BOTH}
    assert [len(shapely.get_parts(found.shape)) for found in events] == [3, 3, 3, 1, 1, 1, 2]
    twice = events[1]
    assert twice.periods == (
        Period(
            datetime(2023, 6, 1, 23, tzinfo=UTC),
            datetime(2023, 6, 6, 23, tzinfo=UTC),
            frozenset({Weekday.TUESDAY}),
            slots((13, 15), (20, 22)),
        ),
    )
    assert events[3] == EventDraft(
        source="cifs",
        source_id="dialog.beta.gouv.fr|F/CIFS/2023:065f94ef-ea0a-7ab5-8000-bd5686102151:06548fe3-7bfb-73af-8000-f7f34af31312",
        kind=EventKind.CLOSURE,
        state=EventState.ENDED,
        shape=shapely.LineString([(2.344241283, 48.911986097), (2.344182729, 48.908845831)]),
        periods=(
            Period(datetime(2023, 6, 4, 23, tzinfo=UTC), datetime(2023, 6, 10, 23, tzinfo=UTC), slots=slots((19, 23))),
        ),
        label="D14 : Circulation interdite",
        direction=Direction.BOTH,
        provenance={
            "format": "cifs",
            "title": "DiaLog",
            "authority": "DiaLog",
            "written_at": "2023-09-06T00:00:00+00:00",
        },
    )


def test_no_metre_is_lost_when_a_real_street_has_steps_of_more_than_a_hundred(shared_data: Path) -> None:
    """The same street in the feed of orders has one piece with a step of 121 m: it is a road, not a jump."""
    path = shared_data / "dialog" / "cifs-incidents-expected-result.xml"
    reading = CIFS.open(
        [SourceFile(path.name, path)], ReadingContext(ZoneInfo("Europe/Paris"), None, NOW, 10**6, 10**5)
    )
    street = next(iter(reading.records)).read().drafts[0].shape
    step = shapely.LineString([(2.337678265, 48.910695641), (2.338854183, 48.911459354)])
    assert shapely.covers(street, step)
