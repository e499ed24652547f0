"""The seven communes whose goods-traffic orders we hold, to the line."""

from __future__ import annotations

import csv
from datetime import datetime
from pathlib import Path

import pytest

from portal.numeriz.imports.cerema_schema import UNKNOWN_START
from portal.numeriz.values import Category, OrderDraft
from portal.regulations.measures import Direction, LocationKind
from portal.regulations.vehicles import (
    CarriesHazmat,
    FreeText,
    Usage,
    UsedFor,
    VehicleRule,
)
from tests.support.municipal import PARIS, codes, orders_of, over

DELIVERY, EMERGENCY = UsedFor(Usage.CITY_LOGISTICS), UsedFor(Usage.EMERGENCY)
ROADWORKS, BUS = UsedFor(Usage.ROADWORKS), UsedFor(Usage.PUBLIC_TRANSPORT)


def commune(shared_data: Path, name: str) -> list[OrderDraft]:
    return orders_of(shared_data / "traffic-orders" / f"{name}.csv")


def test_carros_forbids_ten_streets_when_its_general_permissions_lift_nothing(shared_data: Path) -> None:
    [order] = commune(shared_data, "carros")
    assert (order.identifier, order.authority_name) == ("NC 2018-04-11", "Commune de Carros")
    assert (order.category, order.source, order.source_id[:17]) == (Category.PERMANENT, "cerema", "06033:2018-04-11:")
    rule = VehicleRule((over(19),), (FreeText("Services publics"), FreeText("Autocars")))
    assert [measure.vehicles for measure in order.measures] == [rule] * 10
    assert [measure.locations[0].label for measure in order.measures] == [
        "Chemin des Baraques",
        "Chemin de Bonvillars",
        "Chemin de la Calade",
        "Chemin de la Chapelle",
        "Chemin du Claret",
        "Chemin du Clos de Ripert",
        "Boulevard Colle Belle",
        "Chemin de la Culasse",
        "Chemin de l’Emigra",
        "Chemin de l’Escas de Nouguie",
    ]
    assert {measure.locations[0].direction for measure in order.measures} == {Direction.BOTH}
    assert order.measures[0].periods[0].start == datetime(2018, 4, 11, tzinfo=PARIS)
    assert codes(order, "condition-in-words") == [("permission-without-effect", 2), ("permission-without-effect", 3)]


@pytest.mark.parametrize(
    ("name", "identifiers", "alone"),
    [("fuveau", ["653-2018"], [2, 3, 4]), ("gignac", ["2003-408/POL083"], [2])],
)
def test_an_order_forbids_nothing_when_all_its_lines_allow(
    shared_data: Path, name: str, identifiers: list[str], alone: list[int]
) -> None:
    orders = commune(shared_data, name)
    assert [order.identifier for order in orders] == identifiers
    assert [order.measures for order in orders] == [()]
    assert codes(orders[0]) == [("permission-alone", line) for line in alone]
    assert (orders[0].url.startswith("http://www.mairiedefuveau.fr/")) is (name == "fuveau")


def test_le_rove_frees_deliveries_when_another_article_allows_them(shared_data: Path) -> None:
    [order] = commune(shared_data, "le-rove")
    heavy, hazmat = order.measures
    assert heavy.vehicles == VehicleRule(
        (over(3.5),), (DELIVERY, FreeText("Transport de gaz"), FreeText("Transport de carburant"))
    )
    words = "Poids lourds, 3.5, Livraison|Transport de gaz|Transport de carburant"
    assert hazmat.vehicles == VehicleRule((CarriesHazmat(),), (FreeText(words),)), "only the heavy ones are allowed"
    assert {m.locations[0].label for m in order.measures} == {
        "Traversée du village (RN568B Entrée Est par l'avenue Jean Jaures → Rue du Douard à l'Ouest)"
    }
    assert codes(order, "condition-in-words") == [("permission-in-words", 4)]
    assert heavy.periods[0].start == datetime(1979, 1, 11, tzinfo=PARIS) and heavy.periods[0].end is None


def test_septemes_holds_since_ever_when_its_order_has_no_date(shared_data: Path) -> None:
    [order] = commune(shared_data, "septemes-les-vallons")
    rule = VehicleRule(
        (over(7.5),), (FreeText("Véhicules municipaux"), FreeText("Bennes à ordures ménagères"), EMERGENCY, BUS)
    )
    assert [(m.vehicles, m.periods[0].start) for m in order.measures] == [(rule, UNKNOWN_START)] * 2
    assert codes(order, "condition-in-words") == [
        ("permission-without-effect", 3),
        ("permission-without-effect", 5),
        ("date-missing", 2),
    ]
    assert order.title.startswith("Interdiction de circuler aux véhicules de plus de 7.5T sur l’avenue Nelson Mandela")


def test_saint_victoret_closes_the_town_when_the_order_names_the_commune(shared_data: Path) -> None:
    [order] = commune(shared_data, "st-victoret")
    [measure] = order.measures
    assert (order.identifier, measure.locations[0].kind) == ("172/2003", LocationKind.WHOLE_CITY)
    assert measure.vehicles == VehicleRule((over(3.5),), (DELIVERY, EMERGENCY, ROADWORKS))
    assert measure.locations[0].direction is Direction.UNKNOWN and measure.locations[0].shape.is_empty


def test_vence_has_two_orders_when_their_dates_and_subjects_differ(shared_data: Path) -> None:
    first, second = commune(shared_data, "vence")
    assert [m.vehicles.applies_to for m in first.measures] == [(over(26),), *[(over(19),)] * 7]
    assert (first.identifier, second.identifier) == ("NC 2018-01-15", "NC 2006-09-21")
    assert second.measures == () and codes(second) == [("permission-alone", 10)]


def test_every_line_is_kept_when_an_order_is_read(shared_data: Path) -> None:
    for name, lines in {"carros": 13, "septemes-les-vallons": 4, "vence": 9}.items():
        kept = [row for order in commune(shared_data, name) for row in order.provenance["rows"]]  # type: ignore[attr-defined]
        path = shared_data / "traffic-orders" / f"{name}.csv"
        with path.open(encoding="utf-8", newline="") as stream:
            written = [
                {key: cell.strip() for key, cell in row.items() if cell.strip()} for row in csv.DictReader(stream)
            ]
        assert (len(kept), kept) == (lines, written)
