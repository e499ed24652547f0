"""What forms offer of a large fleet, on real databases."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest
from flask import Flask

from portal.fleet.loans.offers import OfferedFleet
from tests.factories.accounts import make_company
from tests.factories.cirqliz import make_vehicle


@pytest.fixture
def fleet(database: Flask) -> OfferedFleet:
    """Four vehicles, one of them archived; a stranger has one too."""
    company = make_company("Loueur")
    make_vehicle(company.id, "AB-103-CD", label="ÉLÉVATEUR 100 %")
    make_vehicle(company.id, "AB-101-CD", label="Porteur")
    make_vehicle(company.id, "AB-102-CD", label="porteur à hayon")
    make_vehicle(company.id, "AB-104-CD", label="Porteur", archived_at=datetime(2025, 1, 1, tzinfo=UTC))
    make_vehicle(make_company("Autre").id, "AB-105-CD", label="Porteur")
    return OfferedFleet(company.id)


@pytest.mark.parametrize(
    ("search", "plates"),
    [
        ("", "101 102 103"),
        (" ", "101 102 103"),
        ("porteur", "101 102"),
        ("PORTEUR À", "102"),
        ("élév", "103"),
        ("%", "103"),
        ("_", ""),
        ("ab 1o1", "101"),
        ("AB-104-CD", ""),
        ("AB-105-CD", ""),
    ],
)
def test_fleet_is_searched_by_plate_and_name(fleet: OfferedFleet, search: str, plates: str) -> None:
    found = fleet.find(search, limit=9)
    assert [one.plate[2:5] for one in found] == plates.split()
    assert fleet.count(search) == len(found)
    assert fleet.find(search, limit=2) == found[:2]


def test_vehicles_are_found_by_their_ids_within_the_fleet(fleet: OfferedFleet) -> None:
    own, stranger = make_vehicle(fleet.company_id, "ZZ-999-ZZ"), make_vehicle(make_company("Tiers").id)
    assert [one.id for one in fleet.get([own, stranger, UUID(int=1)])] == [own]
    assert fleet.get([]) == []
