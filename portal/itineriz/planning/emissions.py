"""Fuel and carbon dioxide of a tour: metres driven times a published factor for the energy and the weight.

Factors per kilometre: UK Government GHG Conversion Factors for Company Reporting, 2021, sheet "Delivery vehicles"
(vans up to 3.5 t: average; lorries: average load), kilograms of CO2 equivalent at the exhaust. Litres follow from the
emissions of a litre in use in France: order of 26 April 2017 on the information about greenhouse gases of transport
services, annex, "phase de fonctionnement" (road diesel 2.51, petrol 2.26 kg per litre). An engine without an exhaust
emits nothing in use; what makes its current is not counted, and how much it needs depends on what is not known here.
An energy, or a petrol lorry, for which these sources give nothing has no figure: none is guessed.
"""

from __future__ import annotations

from typing import Final

from portal.itineriz.trip import Emissions
from portal.regulations.vehicles import Size, Vehicle, size_of

SOURCE: Final = "uk-ghg-2021+fr-2017-04-26"
NO_EXHAUST: Final = "no-exhaust"
PER_KILOMETRE: Final = "average-per-kilometre"
NO_FACTOR: Final = "no-factor"
UNKNOWN_ENERGY: Final = "energy-unknown"
UNKNOWN_WEIGHT: Final = "weight-unknown"

_VAN_UP_TO_KG: Final = 3500
_VAN_KG_PER_KM: Final = {"diesel": 0.24, "petrol": 0.21}
# (up to kilograms, alone; with a trailer): rigid lorries, then articulated sets.
_RIGID_KG_PER_KM: Final = ((7_500, 0.48), (17_000, 0.59), (float("inf"), 0.96))
_ARTICULATED_KG_PER_KM: Final = ((33_000, 0.77), (float("inf"), 0.92))
_KG_PER_LITRE: Final = {"diesel": 2.51, "petrol": 2.26}
_WITHOUT_EXHAUST: Final = frozenset({"electric", "hydrogen"})


def emissions_of(vehicle: Vehicle, energy: str | None, metres: float, saved_m: float | None = None) -> Emissions:
    """What a tour of so many metres burns. saved_m: metres that a better order saved, None when it was fixed."""
    if energy is None:
        return Emissions("unknown", None, None, "", "", UNKNOWN_ENERGY)
    if energy in _WITHOUT_EXHAUST:
        return Emissions(energy, 0.0, None, "", SOURCE, NO_EXHAUST, None if saved_m is None else 0.0)
    if size_of(vehicle, Size.GROSS_WEIGHT) is None:
        return Emissions(energy, None, None, "", "", UNKNOWN_WEIGHT)
    factor = kg_per_km(vehicle, energy)
    if factor is None:
        return Emissions(energy, None, None, "", "", NO_FACTOR)
    co2_kg = factor * metres / 1000
    saved = None if saved_m is None else factor * saved_m / 1000
    return Emissions(energy, co2_kg, co2_kg / _KG_PER_LITRE[energy], "l", SOURCE, PER_KILOMETRE, saved)


def kg_per_km(vehicle: Vehicle, energy: str) -> float | None:
    """Kilograms of CO2 equivalent per kilometre; None without a published factor. The weight must be known."""
    weight_kg = size_of(vehicle, Size.GROSS_WEIGHT)
    if weight_kg is None:
        return None
    if weight_kg <= _VAN_UP_TO_KG:
        return _VAN_KG_PER_KM.get(energy)
    if energy != "diesel":
        return None
    towing = vehicle.combination_weight_kg is not None and vehicle.combination_weight_kg > (
        vehicle.gross_weight_kg or 0
    )
    steps = _ARTICULATED_KG_PER_KM if towing else _RIGID_KG_PER_KM
    return next(factor for up_to_kg, factor in steps if weight_kg <= up_to_kg)
