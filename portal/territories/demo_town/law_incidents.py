"""Invented live events: what happens on the roads of the town around a day, without any order."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, time

import shapely

from portal.territories.demo_town.law import DemoIncident
from portal.territories.demo_town.law_shapes import StreetChooser, local_instant
from portal.territories.demo_town.town import Street, Town


def incidents(town: Town, today: date, ruled: Collection[str]) -> tuple[DemoIncident, ...]:
    """Return the events; ruled: names of the streets that the orders speak of, which are left alone.

    Raises LookupError when the town is too small to hold them.
    """
    streets = StreetChooser(town)

    def quiet(street: Street) -> bool:
        return street.zone == "suburb" and street.highway == "residential" and street.name not in ruled

    def busy(street: Street) -> bool:
        return street.highway in ("tertiary", "secondary") and street.name not in ruled

    burst, works, crash = (
        streets.take((-0.65, -0.55), quiet),
        streets.take((0.5, -0.5), busy),
        streets.take((0.45, 0.5), busy),
    )
    return (
        DemoIncident(
            "fuite",
            "closure",
            f"Fuite d’eau : rue fermée, {burst.name}",
            burst.shape,
            local_instant(today, -1, time(22)),
            local_instant(today, 3, time(18)),
        ),
        DemoIncident(
            "feux",
            "alternate",
            f"Circulation alternée par feux de chantier, {works.name}",
            works.shape,
            local_instant(today, -2),
            local_instant(today, 8),
        ),
        DemoIncident(
            "accident",
            "accident",
            f"Véhicule en panne, {crash.name}",
            shapely.Point(crash.line[len(crash.line) // 2]),
            local_instant(today, -1, time(20)),
            local_instant(today, 1, time(20)),
        ),
    )
