"""From the vehicle of the law to the vehicle of the engine: sizes checked, unknown sizes never guessed.

The engine replaces a size out of its range by a default with a mere warning, and ignores text: nothing is sent to it
that was not checked here. An unknown size is sent as the largest one first (every limit on the way is avoided), then,
when no way is left, as the smallest one, and the limits passed are told.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from portal.common.errors import Invalid
from portal.common.units import cm_to_metres, kg_to_tonnes
from portal.regulations.vehicles import Fact, Size, Vehicle, size_of

HEAVY_OVER_KG: Final = 3500


@dataclass(frozen=True, slots=True)
class _Range:
    """One size as the engine takes it: its name there, and the most it accepts before it falls back to a default."""

    option: str
    fact: Fact
    most: float


_RANGES: Final = (
    _Range("height", Fact.HEIGHT, 10.0),
    _Range("width", Fact.WIDTH, 10.0),
    _Range("length", Fact.LENGTH, 50.0),
    _Range("weight", Fact.GROSS_WEIGHT, 100.0),
    _Range("axle_load", Fact.AXLE_LOAD, 40.0),
)
_LEAST_AXLES: Final = 2
_MOST_AXLES: Final = 20


@dataclass(frozen=True, slots=True)
class Costing:
    """How the engine costs a vehicle: `auto` (up to 3.5 t) or `truck`, and its options."""

    name: str
    options: tuple[tuple[str, float | bool], ...]

    def as_request(self) -> dict[str, Any]:
        """The part of a request that tells the vehicle."""
        return {"costing": self.name, "costing_options": {self.name: dict(self.options)}}


def costing_for(vehicle: Vehicle, *, unknown_is_large: bool) -> Costing:
    """How the engine costs this vehicle; unknown sizes are the largest or the smallest, as told.

    Raises Invalid("vehicle-too-large", field) for a size the engine cannot take.
    """
    weight_kg = size_of(vehicle, Size.GROSS_WEIGHT)
    heavy = unknown_is_large if weight_kg is None else weight_kg > HEAVY_OVER_KG
    options: dict[str, float | bool] = {}
    for size in _RANGES:
        value = known_size(vehicle, size.fact)
        if value is not None and value > size.most:
            raise Invalid("vehicle-too-large", field=size.fact.value, most=size.most)
        options[size.option] = value if value is not None else (size.most if unknown_is_large else 0.0)
    if not heavy:
        # The engine's car has neither axle load, axles nor hazardous load.
        del options["axle_load"]
        return Costing("auto", tuple(options.items()))
    options["hazmat"] = unknown_is_large if vehicle.hazmat is None else vehicle.hazmat
    options["axle_count"] = _MOST_AXLES if unknown_is_large else _LEAST_AXLES
    return Costing("truck", tuple(options.items()))


def unknown_sizes(vehicle: Vehicle) -> tuple[Fact, ...]:
    """The sizes that limits on the road bear on and that are not known of this vehicle."""
    return tuple(size.fact for size in _RANGES if known_size(vehicle, size.fact) is None)


def known_size(vehicle: Vehicle, fact: Fact) -> float | None:
    """A size in tonnes or metres, None when unknown. The weight is that of the whole set when the vehicle tows."""
    match fact:
        case Fact.GROSS_WEIGHT:
            return _tonnes(size_of(vehicle, Size.GROSS_WEIGHT))
        case Fact.AXLE_LOAD:
            return _tonnes(vehicle.axle_load_kg)
        case Fact.HEIGHT:
            return _metres(vehicle.height_cm)
        case Fact.WIDTH:
            return _metres(vehicle.width_cm)
        case Fact.LENGTH:
            return _metres(vehicle.length_cm)
        case _:
            raise ValueError(f"not a size: {fact}")


def _tonnes(kilograms: int | None) -> float | None:
    return None if kilograms is None else kg_to_tonnes(kilograms)


def _metres(centimetres: int | None) -> float | None:
    return None if centimetres is None else cm_to_metres(centimetres)
