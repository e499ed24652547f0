"""Which vehicle is too heavy or too dangerous to take over the pass of another."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from portal.cirqliz.passes.stand_ins import refuses_stand_in
from portal.fleet.api import Category, VehicleView
from portal.fleet.plates import PlateScheme

VAN = VehicleView(
    id=UUID(int=1),
    company_id=UUID(int=2),
    plate="AA111AA",
    plate_scheme=PlateScheme.SIV,
    country="FR",
    plate_valid_until=None,
    label="",
    category=Category.N1,
    gross_weight_kg=3_000,
    combination_weight_kg=None,
    axle_load_kg=None,
    height_cm=None,
    width_cm=None,
    length_cm=None,
    energy=None,
    air_class=None,
    hazmat=False,
    usages=(),
    archived_at=None,
    updated_at=datetime(2024, 1, 1, tzinfo=UTC),
    version=1,
)
UNKNOWN = replace(VAN, gross_weight_kg=None)
LORRY = replace(VAN, category=Category.N2, gross_weight_kg=12_000, combination_weight_kg=18_000)
TRUCK = replace(VAN, category=Category.N3, gross_weight_kg=None)
OTHER = replace(VAN, category=Category.OTHER, gross_weight_kg=None)


@pytest.mark.parametrize(
    ("broken", "stand_in", "code"),
    [
        (VAN, VAN, None),
        (VAN, replace(VAN, gross_weight_kg=3_001), "swap-heavier"),
        (VAN, UNKNOWN, "swap-heavier"),
        (UNKNOWN, UNKNOWN, None),
        (UNKNOWN, replace(VAN, gross_weight_kg=3_500), None),
        (UNKNOWN, replace(VAN, gross_weight_kg=44_000), "swap-heavier"),
        (VAN, LORRY, "swap-heavier"),
        (LORRY, VAN, "swap-heavier"),
        (LORRY, replace(VAN, combination_weight_kg=5_000), None),
        (LORRY, replace(LORRY, combination_weight_kg=18_001), "swap-heavier"),
        (TRUCK, replace(TRUCK, gross_weight_kg=44_000), None),
        (TRUCK, OTHER, "swap-heavier"),
        (OTHER, VAN, "swap-heavier"),
        (OTHER, OTHER, None),
        (VAN, replace(VAN, hazmat=True), "swap-hazmat"),
        (replace(VAN, hazmat=True), VAN, None),
    ],
)
def test_vehicle_stands_in_only_when_it_weighs_and_endangers_no_more(
    broken: VehicleView, stand_in: VehicleView, code: str | None
) -> None:
    assert refuses_stand_in(broken, stand_in) == code
