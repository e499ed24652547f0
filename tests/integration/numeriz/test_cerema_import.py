"""Municipal goods-traffic orders, as stored."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.db import session
from portal.numeriz.law import law_snapshot, law_version
from portal.numeriz.models import MeasureRow, TrafficOrder
from portal.numeriz.values import ImportKind, ImportState
from tests.factories.law import make_territory
from tests.support.imports import import_bytes

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
