"""An order written here, out as DATEX II and in again elsewhere: the same rule, periods and places."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import shapely
from flask import Flask

from portal.numeriz.codec import location_to_json
from portal.numeriz.exports.publishing import published_files
from portal.numeriz.queries import get_order, page_orders
from portal.numeriz.values import ImportKind, MeasureDraft
from portal.numeriz.writing import draft_of, publish_work, start_work, withdraw_order
from portal.regulations.measures import Direction, LocationKind, MeasureLocation
from portal.territories.queries import TerritoryView
from tests.factories.law import PARIS_3E, TESTER, make_territory, square
from tests.support.imports import import_bytes
from tests.support.schemas import faults, xml_schema
from tests.support.written import judge, written, written_measure, written_period, written_place

RunJobs = Callable[[Flask], int]


def _place(kind: LocationKind, shape: Any, direction: Direction) -> dict[str, Any]:
    found = location_to_json(MeasureLocation(kind, "Autour du marché", shape, direction))
    return {"kind": "line", "spec": {}, "found": json.loads(json.dumps(found)), "removed": [], "added": []}


def _everything() -> dict[str, Any]:
    """An order that uses what the form offers."""
    line = shapely.LineString([(2.3600, 48.8600), (2.3610, 48.8605), (2.3625, 48.8604)])
    street = written_place()
    lorries = {
        "appliesTo": [{"is": "over", "size": "gross_weight_kg", "limit": 7500}, {"is": "hazmat"}],
        "except": [
            {"is": "usage", "usage": "cityLogistics"},
            {"is": "usage", "usage": "emergency"},
            {"is": "access", "access": "localAccess"},
        ],
    }
    nights = written_period(
        weekdays=[0, 1, 2, 3, 4], slots=[["22:00", "06:00"], ["12:00", "14:30"]], holidays="excepted"
    )
    sundays = written_period("2027-04-04T00:00", "2027-10-31T02:30", weekdays=[6], holidays="also")
    return written(
        written_measure(vehicles=lorries, periods=[nights, sundays]),
        written_measure(
            type="oneWay", places=[_place(LocationKind.FREE_GEOMETRY, line, Direction.FORWARD)], vehicles={}
        ),
        written_measure(
            type="speedLimit",
            max_speed_kmh=30,
            places=[_place(LocationKind.AREA, square(2.360, 48.860), Direction.BOTH), street],
        ),
        written_measure(type="noParking"),
        subject="event",
        url="https://ville.exemple/arretes/2027-T-12",
    )


@pytest.fixture
def order(app: Flask, run_jobs: RunJobs) -> tuple[TerritoryView, dict[str, Any]]:
    """An order written, published, and its files made."""
    territory = make_territory("ici", PARIS_3E, "Ici")
    document = _everything()
    work_id = start_work(TESTER, territory.id, document=document)
    judge(territory.id, work_id)
    publish_work(TESTER, territory.id, work_id, 1)
    run_jobs(app)
    return territory, document


def _published(scope: str) -> bytes:
    with published_files(scope)["datex2"].open() as stream:
        return stream.read()


def _plain(measure: MeasureDraft) -> MeasureDraft:
    """A measure without what is no law: the order of the points of an area, and how spaces are typed."""
    places = (
        replace(place, label=" ".join(place.label.split()), shape=shapely.normalize(place.shape), edges=())
        for place in measure.locations
    )
    return replace(measure, locations=tuple(places))


def test_the_same_law_is_read_back_when_what_was_written_is_published(
    order: tuple[TerritoryView, dict[str, Any]],
) -> None:
    territory, document = order
    content = _published("ici").replace(b'portal="http://localhost"', b'portal="https://ailleurs.exemple"')
    other = make_territory("autre", PARIS_3E, "Autre")
    import_bytes(ImportKind.ORDERS, other, [("reglementation.datex2.xml", content)])
    (line,) = page_orders(other.id).items
    read, said = get_order(other.id, line.id), draft_of(document, territory)
    assert [_plain(measure) for _id, measure in read.measures] == [_plain(measure) for measure in said.measures]
    assert (read.identifier, read.title, read.authority_name) == (said.identifier, said.title, said.authority_name)
    assert (read.category, read.subject, read.url, read.issues) == (said.category, said.subject, said.url, [])


def test_the_files_obey_the_schema_when_an_order_was_written_here(
    order: tuple[TerritoryView, dict[str, Any]], shared_data: Path
) -> None:
    schema = xml_schema(shared_data / "dialog" / "datex2" / "DATEXII_3_D2Payload.xsd")
    assert faults(schema, _published("ici")) == []


def test_the_files_leave_an_order_out_when_it_is_withdrawn(
    app: Flask, run_jobs: RunJobs, order: tuple[TerritoryView, dict[str, Any]]
) -> None:
    territory, _document = order
    (line,) = page_orders(territory.id).items
    assert line.identifier.encode() in _published("ici") and line.identifier.encode() in _published("portail")
    withdraw_order(TESTER, territory.id, line.id, "Annulé")
    run_jobs(app)
    assert line.identifier.encode() not in _published("ici") + _published("portail")
