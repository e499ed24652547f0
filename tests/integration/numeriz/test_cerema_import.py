"""Municipal goods-traffic orders, as stored."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.db import session, unit_of_work
from portal.jobs import enqueue
from portal.numeriz.exports.publishing import PUBLISH_JOB, published_files
from portal.numeriz.law.memory import law_snapshot, law_version
from portal.numeriz.models import MeasureRow, TrafficOrder
from portal.numeriz.values import ImportKind, ImportState
from tests.factories.law import make_territory
from tests.support.imports import import_bytes
from tests.support.schemas import faults, xml_schema

COMMUNES = {
    "carros": (1, 10),
    "fuveau": (1, 0),
    "gignac": (1, 0),
    "le-rove": (1, 2),
    "septemes-les-vallons": (1, 2),
    "st-victoret": (1, 1),
    "vence": (2, 8),
}


def stored() -> tuple[int, int]:
    orders = session().scalar(select(func.count()).select_from(TrafficOrder)) or 0
    return orders, session().scalar(select(func.count()).select_from(MeasureRow)) or 0


def test_seven_communes_are_eight_orders_when_imported_one_after_another(app: Flask, shared_data: Path) -> None:
    territory = make_territory(bounds=None)
    files = {name: (shared_data / "traffic-orders" / f"{name}.csv").read_bytes() for name in COMMUNES}
    for name, (orders, measures) in COMMUNES.items():
        before = stored()
        outcome = import_bytes(ImportKind.ORDERS, territory, [(f"{name}.csv", files[name])])
        assert outcome.counts["orders_added"] == orders and outcome.state is ImportState.APPLIED
        assert stored() == (before[0] + orders, before[1] + measures)
    assert stored() == (8, 23)
    version = law_version(territory.id)
    again = import_bytes(ImportKind.ORDERS, territory, [(f"{name}.csv", content) for name, content in files.items()])
    assert not again.changed and again.counts["records_unchanged"] == 8
    assert law_version(territory.id) == version and stored() == (8, 23)
    law_snapshot(territory.id)


HEADER = "COLL_NOM,COLL_INSEE,ARR_DATE,ARR_REF,REGL_MODALITE,VEH_TYPES,VEH_USAGES,EMPRISE_DESIGNATION,GEOM_WKT\n"
GOOD = 'Port,13001,2020-01-01,A1,Interdit,Poids lourds,,Quai,"LINESTRING(2.36 48.86, 2.37 48.86)"\n'
SWAPPED = 'Port,13001,2020-01-01,A2,Interdit,Poids lourds,,Quai,"LINESTRING(48.86 2.36, 48.86 2.37)"\n'
OUTSIDE = 'Port,13001,2020-01-01,A3,Interdit,Poids lourds,,Quai,"LINESTRING(3.36 48.86, 3.37 48.86)"\n'


def test_one_order_is_skipped_when_only_its_lines_are_wrong(app: Flask) -> None:
    territory = make_territory()
    outcome = import_bytes(ImportKind.ORDERS, territory, [("a.csv", (HEADER + SWAPPED + GOOD + OUTSIDE).encode())])
    assert stored() == (1, 1)
    assert outcome.counts["records_skipped"] == 1 and outcome.counts["records_not_kept"] == 1
    assert [(issue.code, issue.where) for issue in outcome.issues] == [
        ("coordinates-swapped", 2),
        ("outside-territory", 4),
    ]


@pytest.mark.parametrize("dry_run", [True, False])
def test_the_counts_are_the_same_when_nothing_is_to_be_stored(app: Flask, *, dry_run: bool) -> None:
    territory = make_territory()
    outcome = import_bytes(ImportKind.ORDERS, territory, [("a.csv", (HEADER + GOOD).encode())], dry_run=dry_run)
    assert (outcome.counts["orders_added"], outcome.counts["lines"]) == (1, 1)
    assert stored() == ((0, 0) if dry_run else (1, 1))


def test_the_communes_come_back_unchanged_when_their_export_is_imported(
    app: Flask, shared_data: Path, run_jobs: Callable[[Flask], int]
) -> None:
    territory = make_territory(bounds=None)
    for name in COMMUNES:
        content = (shared_data / "traffic-orders" / f"{name}.csv").read_bytes()
        import_bytes(ImportKind.ORDERS, territory, [(f"{name}.csv", content)])
    with unit_of_work():
        enqueue(PUBLISH_JOB, {"scope": territory.slug})
    run_jobs(app)
    published = {}
    for channel in ("datex2", "orders-csv"):
        with published_files(territory.slug)[channel].open() as stream:
            published[channel] = stream.read()
    folder = shared_data / "dialog" / "datex2"
    assert faults(xml_schema(folder / "DATEXII_3_D2Payload.xsd"), published["datex2"]) == []
    rows = list(csv.DictReader(io.StringIO(published["orders-csv"].decode("utf-8-sig"), newline="")))
    assert len(rows) == 34
    elsewhere = make_territory("ailleurs", bounds=None)
    again = import_bytes(ImportKind.ORDERS, elsewhere, [("arretes.csv", published["orders-csv"])])
    assert again.counts["orders_added"] == 8 and stored() == (16, 46)
    measures = session().execute(
        select(TrafficOrder.territory_id, MeasureRow.document)
        .select_from(TrafficOrder)
        .join(MeasureRow, MeasureRow.order_id == TrafficOrder.id)
    )
    by_territory: dict[object, list[str]] = {}
    for territory_id, document in measures:
        by_territory.setdefault(territory_id, []).append(json.dumps(document, sort_keys=True))
    assert sorted(by_territory[territory.id]) == sorted(by_territory[elsewhere.id])


def test_the_page_of_an_order_opens_when_it_only_allows(app: Flask, shared_data: Path) -> None:
    territory = make_territory(bounds=None)
    content = (shared_data / "traffic-orders" / "gignac.csv").read_bytes()
    import_bytes(ImportKind.ORDERS, territory, [("gignac.csv", content)])
    order_id = session().scalar(select(TrafficOrder.id))
    page = app.test_client().get(f"/carte/{territory.slug}/arretes/{order_id}")
    assert page.status_code == 200 and "2003-408/POL083" in page.text
