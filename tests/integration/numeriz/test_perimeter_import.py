"""The 2024 perimeters, as imported: the figures measured on the real files."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import shapely
from flask import Flask
from sqlalchemy import func, select

from portal.common.errors import Invalid
from portal.db import db, session
from portal.numeriz.law.memory import law_snapshot, law_version
from portal.numeriz.models import ActivationRow, PerimeterRow, PerimeterShape
from portal.numeriz.overview import get_overview
from portal.numeriz.queries import list_perimeters
from portal.numeriz.reports import page_reports
from portal.numeriz.values import ImportKind, ImportOutcome
from portal.regulations.perimeters import Colour
from portal.territories.queries import TerritoryView
from tests.factories.law import PARIS_3E, make_territory
from tests.support.database import _application, make_settings
from tests.support.imports import import_bytes

PARIS = ZoneInfo("Europe/Paris")
FILES = ("zones.geojson", "para_ouverture.geojson")

# Instant of 2024 on the clocks of Paris, then how many activations there are by colour.
COUNTS = [
    ("07-17 12:00", {"blue": 1, "red": 1}),
    ("07-18 00:00", {"blue": 1, "red": 2, "grey": 18, "white": 19}),
    ("07-26 12:58", {"blue": 1, "red": 3, "grey": 18, "white": 19}),
    ("07-26 13:00", {"blue": 19, "red": 17, "grey": 1}),
    ("07-28 15:00", {"blue": 15, "red": 17}),
    ("08-10 09:00", {"blue": 11, "red": 13}),
    ("08-20 12:00", {}),
    ("08-28 17:59", {"blue": 1, "red": 1}),
    ("08-28 18:00", {"blue": 1, "red": 2}),
    ("09-08 10:00", {"blue": 5, "red": 5}),
]


def read_files(shared_data: Path) -> list[tuple[str, bytes]]:
    return [(name, (shared_data / "jop2024" / name).read_bytes()) for name in FILES]


@pytest.fixture(scope="module")
def paris(tmp_path_factory: pytest.TempPathFactory, shared_data: Path) -> Iterator[TerritoryView]:
    """A territory with both files imported, in a database of its own: reading it needs no second import."""
    app = _application(make_settings(tmp_path_factory.mktemp("paris")))
    with app.app_context():
        territory = make_territory()
        import_perimeters(territory, read_files(shared_data))
        yield territory
        db.session.remove()
        db.engine.dispose()


def import_perimeters(
    territory: TerritoryView, files: list[tuple[str, bytes]], *, dry_run: bool = False, **options: str
) -> ImportOutcome:
    return import_bytes(ImportKind.PERIMETERS, territory, files, options=options, dry_run=dry_run)


def active_by_colour(territory: TerritoryView, at: datetime) -> dict[str, int]:
    rows = session().execute(
        select(PerimeterRow.colour, func.count().label("number"))
        .join(ActivationRow, ActivationRow.perimeter_id == PerimeterRow.id)
        .where(PerimeterRow.territory_id == territory.id, ActivationRow.start_at <= at, at < ActivationRow.end_at)
        .group_by(PerimeterRow.colour)
    )
    return {row.colour: row.number for row in rows}


def local(text: str) -> datetime:
    return datetime.fromisoformat(f"2024-{text}").replace(tzinfo=PARIS)


def test_every_count_of_the_table_holds_when_both_files_are_imported(paris: TerritoryView) -> None:
    found = {text: active_by_colour(paris, local(text)) for text, _ in COUNTS}
    assert found == dict(COUNTS)


def test_bridges_are_in_a_gap_of_a_minute_when_the_ceremony_begins(paris: TerritoryView) -> None:
    before, gap = active_by_colour(paris, local("07-26 12:58")), active_by_colour(paris, local("07-26 12:59:30"))
    assert (before["grey"], before["white"]) == (18, 19)
    assert "grey" not in gap and "white" not in gap


def test_seven_records_meet_the_box_of_the_extract_when_imported(paris: TerritoryView) -> None:
    box = shapely.box(*PARIS_3E)
    meeting = [p for p in list_perimeters(paris.id) if p.shape is not None and p.shape.intersects(box)]
    assert sum(len(p.activations) for p in meeting) == 7
    assert {p.colour for p in meeting} == {Colour.RED}


def test_shapes_are_stored_once_when_records_repeat_them(paris: TerritoryView) -> None:
    drawn = session().scalar(select(func.count()).select_from(PerimeterShape))
    spans = session().scalar(select(func.count()).select_from(ActivationRow))
    colours = session().execute(select(PerimeterRow.geometry_digest, PerimeterRow.colour).distinct()).all()
    two_colours = [digest for digest, number in Counter(digest for digest, _ in colours).items() if number > 1]
    assert (drawn, spans, len(two_colours)) == (123, 881, 6)


def test_doubts_are_kept_when_the_file_has_some(paris: TerritoryView) -> None:
    report = page_reports(paris.id).items[0]
    assert report.counts["records"] == 882
    assert report.issue_counts == {
        "outside-territory": 869,
        "ends-at-59": 38,
        "third-ordinate-dropped": 8,
        "no-geometry": 6,
        "shape-repaired": 5,
        "duplicate-record": 1,
        "overlapping-spans": 1,
    }
    shown = {item["code"] for item in report.items}
    assert shown == set(report.issue_counts), "a rare doubt is hidden by a frequent one"
    assert get_overview(paris.id).doubtful < 60, "a mere note is no doubt"
    assert all(p.shape is None or p.shape.is_valid for p in list_perimeters(paris.id))
    assert not any(p.shape is not None and p.shape.has_z for p in list_perimeters(paris.id))


def test_nothing_changes_when_the_same_files_are_imported_again(paris: TerritoryView, shared_data: Path) -> None:
    version, before = law_version(paris.id), {p.id: p.activations for p in list_perimeters(paris.id)}
    again = import_perimeters(paris, read_files(shared_data))
    assert not again.changed
    assert law_version(paris.id) == version
    assert {p.id: p.activations for p in list_perimeters(paris.id)} == before


def test_law_holds_what_is_drawn_when_it_is_built(paris: TerritoryView) -> None:
    law = law_snapshot(paris.id)
    assert len(law.perimeters) == sum(p.shape is not None for p in list_perimeters(paris.id)) == 149
    assert law.zone == PARIS


def test_import_takes_less_than_five_seconds_when_the_territory_is_empty(app: Flask, shared_data: Path) -> None:
    territory = make_territory()
    # Time of this process: other work on the machine must not decide.
    started = time.process_time()
    import_perimeters(territory, read_files(shared_data))
    assert time.process_time() - started < 5


def test_a_dry_run_stores_nothing_when_it_tells_what_would_happen(app: Flask, shared_data: Path) -> None:
    territory = make_territory()
    outcome = import_perimeters(territory, read_files(shared_data), dry_run=True)
    assert outcome.counts["perimeters_added"] == 150
    assert list_perimeters(territory.id) == [] and not page_reports(territory.id).items


def test_both_databases_agree_when_the_files_are_imported(database: Flask, shared_data: Path) -> None:
    territory = make_territory()
    first = import_perimeters(territory, read_files(shared_data))
    second = import_perimeters(territory, read_files(shared_data))
    assert (first.changed, second.changed) == (True, False)
    assert active_by_colour(territory, local("09-08 10:00")) == {"blue": 5, "red": 5}
    assert len(law_snapshot(territory.id).perimeters) == 149


def feature(**changes: Any) -> dict[str, Any]:
    ring = [[2.36, 48.86], [2.37, 48.86], [2.37, 48.87], [2.36, 48.86]]
    properties = {
        "EVENEMENT": "Fête",
        "TYPE_PERI": "Rouge",
        "DATE_DEBUT": "2024/09/08 05:30:00.000",
        "DATE_FIN": "2024/09/08 14:00:00.000",
        "COMPE": "Oly",
        "TRI": "X",
    }
    properties.update({key: value for key, value in changes.items() if key != "geometry"})
    geometry = changes.get("geometry", {"type": "Polygon", "coordinates": [ring]})
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def collection(*features: object) -> bytes:
    return json.dumps({"type": "FeatureCollection", "features": list(features)}).encode()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"TYPE_PERI": "Mauve"}, "unknown-colour"),
        ({"DATE_DEBUT": "demain"}, "bad-date"),
        ({"DATE_FIN": "2024/09/07 05:30:00.000"}, "end-before-start"),
        ({"DATE_DEBUT": "2024/03/31 02:30:00.000"}, "clock-change"),
        ({"geometry": None}, "no-geometry"),
        ({"geometry": {"type": "Point", "coordinates": [2.36, 48.86]}}, "not-an-area"),
        ({"geometry": {"type": "Polygon", "coordinates": []}}, "not-an-area"),
        ({"EVENEMENT": None}, "event-missing"),
        ({"EVENEMENT": "a\u0000b\ud800"}, None),
        (
            {"geometry": {"type": "Polygon", "coordinates": [[[2.5, 48.9], [2.51, 48.9], [2.51, 48.91], [2.5, 48.9]]]}},
            "outside-territory",
        ),
        (
            {
                "geometry": {
                    "type": "Polygon",
                    "coordinates": [[[2.36, 48.86], [2.37, 48.87], [2.37, 48.86], [2.36, 48.87], [2.36, 48.86]]],
                }
            },
            "shape-repaired",
        ),
    ],
)
def test_a_record_is_kept_with_its_doubt_when_it_is_odd(app: Flask, changes: dict[str, Any], code: str | None) -> None:
    territory = make_territory()
    outcome = import_perimeters(territory, [("odd.geojson", collection(feature(**changes)))])
    assert (code in {issue.code for issue in outcome.issues}) is (code is not None)
    stored = list_perimeters(territory.id)
    assert len(stored) == 1
    law_snapshot(territory.id)


def test_activations_are_kept_and_reported_when_a_later_file_lacks_them(app: Flask) -> None:
    territory = make_territory()
    other_day = feature(DATE_DEBUT="2024/09/09 05:30:00.000", DATE_FIN="2024/09/09 14:00:00.000")
    import_perimeters(territory, [("one.geojson", collection(feature()))])
    outcome = import_perimeters(territory, [("two.geojson", collection(other_day))])
    assert len(list_perimeters(territory.id)[0].activations) == 2
    assert [issue.code for issue in outcome.issues] == ["activations-not-in-source"]


EXCHANGED = {"type": "Polygon", "coordinates": [[[48.86, 2.36], [48.86, 2.37], [48.87, 2.37], [48.86, 2.36]]]}


def test_nothing_is_stored_when_a_record_has_its_axes_exchanged(app: Flask) -> None:
    territory = make_territory()
    with pytest.raises(Invalid, match="coordinates-swapped"):
        import_perimeters(territory, [("a.geojson", collection(feature(), feature(geometry=EXCHANGED)))])
    assert not list_perimeters(territory.id)


def test_the_other_records_are_stored_when_one_cannot_be_drawn(app: Flask) -> None:
    territory = make_territory()
    broken = feature(geometry={"type": "Polygon", "coordinates": [[["a", 1]]]})
    outcome = import_perimeters(territory, [("a.geojson", collection(broken, feature()))])
    assert len(list_perimeters(territory.id)) == 1
    assert (outcome.counts["records"], outcome.counts["records_skipped"]) == (2, 1)
    assert [(issue.code, issue.where) for issue in outcome.issues] == [("bad-geometry", 1)]


def test_columns_are_those_of_the_options_when_a_file_has_its_own(app: Flask) -> None:
    territory = make_territory()
    document = collection(
        {
            **feature(),
            "properties": {"MANIF": "Fête", "NIVEAU": "1", "DU": "2026-07-14T10:00", "AU": "2026-07-14T20:00"},
        }
    )
    options = {"event": "MANIF", "colour": "NIVEAU", "colour.1": "rouge", "start": "DU", "end": "AU"}
    outcome = import_perimeters(territory, [("a.geojson", document)], **options)
    [found] = list_perimeters(territory.id)
    assert (found.event, found.colour, outcome.issues) == ("Fête", Colour.RED, [])


@pytest.mark.parametrize("content", [b"PK\x03\x04", b"\x1f\x8b\x08\x00"])
def test_an_archive_is_refused_with_its_reason_when_the_format_is_to_be_found(app: Flask, content: bytes) -> None:
    with pytest.raises(Invalid, match="file-packed"):
        import_perimeters(make_territory(), [("zones.geojson", content + bytes(100))])
