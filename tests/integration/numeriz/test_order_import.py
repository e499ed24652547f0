"""Orders from files to answers: the real extract and the expected results of the national base, stored and asked."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from shapely.geometry import Point
from sqlalchemy import func, select

from portal.common.errors import Invalid
from portal.db import session
from portal.numeriz import codec
from portal.numeriz.importing import run_import
from portal.numeriz.imports.reading import SourceFile
from portal.numeriz.law.memory import law_snapshot
from portal.numeriz.messages import issue_sentence
from portal.numeriz.models import ImportReport, MeasureRow, SourceRecordRow, TrafficOrder
from portal.numeriz.values import ImportKind, ImportOutcome, ImportState
from portal.regulations.answers import State
from portal.regulations.evaluate import verdict
from portal.regulations.vehicles import Usage, Vehicle
from portal.territories.queries import TerritoryView
from tests.factories.law import TESTER, make_territory
from tests.support.datex import publication, read_file


def _import(territory: TerritoryView, path: Path, **options: str) -> ImportOutcome:
    return run_import(TESTER, territory, ImportKind.ORDERS, [SourceFile(path.name, path)], options=options)


def _count(table: type[TrafficOrder | MeasureRow | ImportReport | SourceRecordRow]) -> int:
    return session().scalar(select(func.count()).select_from(table)) or 0


@pytest.mark.usefixtures("database")
def test_the_expected_results_are_stored_as_they_are_read(shared_data: Path) -> None:
    path = shared_data / "dialog" / "get-regulations-expected-result.xml"
    outcome = _import(make_territory(bounds=None), path)
    assert (outcome.counts["records"], outcome.counts["orders_added"], outcome.counts["doubts"]) == (6, 6, 0)
    assert (_count(TrafficOrder), _count(MeasureRow)) == (6, 7)
    for draft in read_file(path).orders:
        row = session().scalars(select(TrafficOrder).where(TrafficOrder.source_id == draft.source_id)).one()
        assert (row.source, row.identifier, row.title, row.ends_at, row.provenance) == (
            "dialog",
            draft.identifier,
            draft.title,
            draft.ends_at,
            draft.provenance,
        )
        measures = session().scalars(
            select(MeasureRow).where(MeasureRow.order_id == row.id).order_by(MeasureRow.position)
        )
        stored = [codec.measure_from_json(m.type, m.max_speed_kmh, m.document) for m in measures]
        assert stored == [*draft.measures]


_STREET = Point(2.381081987, 48.394191089)  # Avenue du Général de Gaulle, Maisse


@pytest.mark.parametrize(
    ("at", "vehicle", "expected"),
    [
        # Monday to Friday, written 07:00 to 20:00, that is 08:00 to 21:00 on the local clock in every season.
        ("2026-07-06T05:59", Vehicle(gross_weight_kg=7501), State.ALLOWED),
        ("2026-07-06T06:00", Vehicle(gross_weight_kg=7501), None),
        ("2026-01-05T06:59", Vehicle(gross_weight_kg=7501), State.ALLOWED),
        ("2026-01-05T07:00", Vehicle(gross_weight_kg=7501), None),
        ("2026-07-06T18:59", Vehicle(gross_weight_kg=7501), None),
        ("2026-07-06T19:00", Vehicle(gross_weight_kg=7501), State.ALLOWED),
        ("2026-07-05T10:00", Vehicle(gross_weight_kg=7501), State.ALLOWED),
        ("2026-07-06T10:00", Vehicle(gross_weight_kg=7500), State.ALLOWED),
        ("2026-07-06T10:00", Vehicle(gross_weight_kg=7501, usages=frozenset({Usage.POLICE})), State.ALLOWED),
    ],
    ids=[
        "before",
        "from 8 in summer",
        "before in winter",
        "from 8 in winter",
        "to 21",
        "after",
        "Sunday",
        "7.5 t",
        "police",
    ],
)
def test_the_real_order_of_maisse_answers_as_it_is_signed(
    app: object, shared_data: Path, at: str, vehicle: Vehicle, expected: State | None
) -> None:
    territory = make_territory(bounds=None)
    _import(territory, shared_data / "dialog" / "dialog-regulations-2026-07-24.xml")
    answer = verdict(law_snapshot(territory.id), _STREET, datetime.fromisoformat(at).replace(tzinfo=UTC), vehicle)
    # Its exemption in words ("Déserte locale") is for somebody to read: never free, and never silent.
    assert answer.state is expected if expected else answer.state is not State.ALLOWED


@pytest.mark.usefixtures("app")
def test_each_doubt_of_the_real_files_has_a_sentence(shared_data: Path) -> None:
    territory = make_territory(bounds=None)
    for name in ("dialog-regulations-2026-07-24.xml", "datex2/example.xml"):
        outcome = _import(territory, shared_data / "dialog" / name)
        assert outcome.report_id is not None
        report = session().get_one(ImportReport, outcome.report_id)
        assert report.state is ImportState.APPLIED
        assert report.items
        for item in report.items:
            sentence = issue_sentence(item)
            assert item["code"] not in sentence
            assert "–" not in sentence, sentence  # every parameter is there


@pytest.mark.usefixtures("app")
def test_the_same_order_of_two_sources_is_kept_twice(shared_data: Path) -> None:
    territory = make_territory(bounds=None)
    for source in ("nantes", "loire"):
        _import(territory, shared_data / "dialog" / "datex2" / "example.xml", source=source)
    assert sorted(session().scalars(select(TrafficOrder.source))) == ["loire", "nantes"]


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize(
    "content",
    [
        '<!DOCTYPE x [<!ENTITY a "b">]>' + publication(),
        publication()[:-30],
        "<payload>TrafficRegulationPublication</payload",
    ],
    ids=["entities", "cut", "no publication"],
)
def test_a_hostile_file_leaves_nothing(tmp_path: Path, content: str) -> None:
    path = tmp_path / "hostile.xml"
    path.write_text(content, encoding="utf-8")
    territory = make_territory()
    with pytest.raises(Invalid):
        run_import(TESTER, territory, ImportKind.ORDERS, [SourceFile(path.name, path)], format="dialog")
    assert (_count(TrafficOrder), _count(SourceRecordRow), _count(ImportReport)) == (0, 0, 0)


@pytest.mark.usefixtures("app")
def test_an_option_nobody_knows_is_refused(shared_data: Path) -> None:
    path = shared_data / "dialog" / "dialog-regulations-2026-07-24.xml"
    territory = make_territory(bounds=None)
    for options in ({"scope": "some"}, {"slot_clock": "moon"}, {"slot_clock.api": ""}):
        with pytest.raises(Invalid, match="bad-option"):
            _import(territory, path, **options)
