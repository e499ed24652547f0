"""The demonstration town's law out as DATEX II and in again: nothing changes here, and elsewhere it is the same law."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import shapely
from flask import Flask

from portal.common.clock import SYSTEM_CLOCK
from portal.db import unit_of_work
from portal.jobs import enqueue
from portal.numeriz.bays.queries import list_bays
from portal.numeriz.exports.edition import OrderRecord, PerimeterRecord, Place
from portal.numeriz.exports.publishing import PUBLISH_JOB, published_files
from portal.numeriz.exports.rows import orders_of, perimeters_of
from portal.numeriz.importing import run_import
from portal.numeriz.imports.reading import SourceFile
from portal.numeriz.law.memory import law_version
from portal.numeriz.values import ImportKind
from portal.regulations.measures import MeasureLocation
from portal.runtime.demo.law import store_law
from portal.territories.api import TerritoryView
from portal.territories.demo_town import Town, generate
from tests.factories.law import TESTER, make_territory
from tests.support.imports import import_bytes
from tests.support.schemas import faults, xml_schema

RunJobs = Callable[[Flask], int]


@pytest.fixture(scope="module")
def town() -> Town:
    return generate(1, 3.0)


@pytest.fixture
def demo(app: Flask, town: Town, run_jobs: RunJobs) -> TerritoryView:
    """The town's law, stored and published."""
    territory = make_territory("demo", town.bounds, "Démo")
    store_law(TESTER, territory.id, town, datetime.now(UTC).date())
    publish(app, run_jobs)
    return territory


def publish(app: Flask, run_jobs: RunJobs) -> None:
    with unit_of_work():
        enqueue(PUBLISH_JOB, {"scope": "demo"})
    run_jobs(app)


def published(channel: str = "datex2") -> bytes:
    with published_files("demo")[channel].open() as stream:
        return stream.read()


def bring(territory: TerritoryView, content: bytes, folder: Path) -> set[str]:
    """Import a file as orders and as perimeters; return the codes of all doubts."""
    path = folder / "reglementation.datex2.xml"
    path.write_bytes(content)
    outcomes = [
        run_import(TESTER, territory, kind, [SourceFile(path.name, path)])
        for kind in (ImportKind.ORDERS, ImportKind.PERIMETERS)
    ]
    return {issue.code for outcome in outcomes for issue in outcome.issues}


def law_of(territory: TerritoryView) -> tuple[list[Any], list[Any]]:
    """What is published of a territory, without what tells its rows from others."""
    place = Place(territory.id, "", "", ZoneInfo(territory.timezone), territory.holidays)
    now = SYSTEM_CLOCK.now()
    return _sorted(map(_order, orders_of(place, now))), _sorted(map(_perimeter, perimeters_of(place, now)))


def _sorted(values: Iterable[Any]) -> list[Any]:
    return sorted(values, key=str)


def _order(order: OrderRecord) -> tuple[object, ...]:
    measures = [
        replace(measure, locations=tuple(_place(found) for found in measure.locations))
        for _id, measure in order.measures
    ]
    return (
        order.identifier,
        _plain(order.title),
        order.authority_name,
        order.category,
        order.subject,
        order.url,
        measures,
    )


def _place(found: MeasureLocation) -> MeasureLocation:
    return replace(found, label=_plain(found.label), shape=shapely.normalize(found.shape), edges=())


def _plain(text: str) -> str:
    """A reader joins spaces, the unbreakable too."""
    return " ".join(text.split())


def _perimeter(found: PerimeterRecord) -> tuple[object, ...]:
    shape = shapely.normalize(found.shape)
    return found.event, _plain(found.name), found.colour, shape.wkt, found.activations, found.policy, found.named_roads


def test_the_law_of_the_town_obeys_the_schemas_when_published(demo: TerritoryView, shared_data: Path) -> None:
    folder = shared_data / "dialog"
    assert faults(xml_schema(folder / "datex2" / "DATEXII_3_D2Payload.xsd"), published()) == []
    assert faults(xml_schema(folder / "cifs" / "cifsv2.xsd"), published("cifs")) == []
    files = published_files("demo")
    orders, perimeters = law_of(demo)
    assert files["datex2"].record_count == len(orders) + len(perimeters) > 20
    assert min(files[name].record_count for name in ("cifs", "geojson", "bays-csv", "curb-zones")) > 0


def test_nothing_changes_when_our_own_export_is_imported(demo: TerritoryView, tmp_path: Path) -> None:
    before, version = law_of(demo), law_version(demo.id)
    assert "own-export" in bring(demo, published(), tmp_path)
    assert law_of(demo) == before and law_version(demo.id) == version


def test_no_bay_changes_when_our_own_bays_are_imported(app: Flask, demo: TerritoryView, run_jobs: RunJobs) -> None:
    # A second layout with an id that is taken: our file tells that line by its source.
    first, second = list_bays(demo.id)[:2]
    line = f"ID,LONGITUDE,LATITUDE\n{first.local_id},{second.lon},{second.lat}\n".encode()
    assert import_bytes(ImportKind.BAYS, demo, [("ville.csv", line)]).changed
    before, version = list_bays(demo.id), law_version(demo.id)
    publish(app, run_jobs)
    outcome = import_bytes(ImportKind.BAYS, demo, [("aires-livraison.csv", published("bays-csv"))])
    assert not outcome.changed and {issue.code for issue in outcome.issues} == {"own-export"}
    assert list_bays(demo.id) == before and law_version(demo.id) == version


def test_the_law_is_the_same_when_another_portal_imports_it(demo: TerritoryView, town: Town, tmp_path: Path) -> None:
    content = published().replace(b'portal="http://localhost"', b'portal="https://ailleurs.exemple"')
    other = make_territory("autre", town.bounds, "Autre")
    bring(other, content, tmp_path)
    assert law_of(other) == law_of(demo)
    version = law_version(other.id)
    bring(other, content, tmp_path)
    assert law_version(other.id) == version
