"""Fuel and carbon dioxide: a published factor, or no figure."""

from __future__ import annotations

import pytest

from portal.itineriz.planning.emissions import emissions_of
from portal.regulations.vehicles import Vehicle

VAN, LORRY = Vehicle(gross_weight_kg=3500), Vehicle(gross_weight_kg=19_000)


@pytest.mark.parametrize(
    ("vehicle", "energy", "kg_per_100_km"),
    [
        (VAN, "diesel", 24),
        (VAN, "petrol", 21),
        (Vehicle(gross_weight_kg=7500), "diesel", 48),
        (Vehicle(gross_weight_kg=12_000), "diesel", 59),
        (LORRY, "diesel", 96),
        (Vehicle(gross_weight_kg=18_000, combination_weight_kg=32_000), "diesel", 77),
        (Vehicle(gross_weight_kg=18_000, combination_weight_kg=40_000), "diesel", 92),
        (LORRY, "electric", 0),
    ],
)
def test_carbon_follows_the_kilometres_when_a_factor_is_published(vehicle: Vehicle, energy: str, kg_per_100_km: float):
    found = emissions_of(vehicle, energy, 100_000)
    assert found.co2_kg == pytest.approx(kg_per_100_km)
    assert found.source


def test_litres_follow_the_carbon_when_the_engine_burns_fuel():
    found = emissions_of(VAN, "diesel", 100_000)
    assert found.unit == "l" and found.amount == pytest.approx(24 / 2.51)


@pytest.mark.parametrize(
    ("vehicle", "energy", "basis"),
    [
        (VAN, None, "energy-unknown"),
        (Vehicle(), "diesel", "weight-unknown"),
        (LORRY, "petrol", "no-factor"),
        (VAN, "gas", "no-factor"),
        (VAN, "hybrid", "no-factor"),
    ],
)
def test_no_figure_is_given_when_no_factor_is_known(vehicle: Vehicle, energy: str | None, basis: str):
    found = emissions_of(vehicle, energy, 100_000)
    assert (found.co2_kg, found.amount, found.basis) == (None, None, basis)


def test_a_better_order_saves_the_carbon_of_its_metres_when_the_order_was_free():
    assert emissions_of(VAN, "diesel", 50_000, saved_m=10_000).saved_co2_kg == pytest.approx(2.4)
    assert emissions_of(VAN, "diesel", 50_000).saved_co2_kg is None
