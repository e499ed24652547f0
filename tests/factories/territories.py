"""Territories for tests: a row alone, or a row with a real build."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime

from portal.common.ids import new_id
from portal.db import unit_of_work
from portal.territories.models import Accent, Territory
from portal.territories.queries import TerritoryView, territory_view

_SINCE = datetime(2024, 1, 1, tzinfo=UTC)
_numbers = itertools.count(1)
PARIS_BOUNDS = (2.3515, 48.8576, 2.3807, 48.8700)


def make_territory(
    slug: str | None = None,
    name: str = "Ville d’essai",
    *,
    bounds: tuple[float, float, float, float] | None = PARIS_BOUNDS,
    build_version: str | None = "essai-1",
    timezone: str = "Europe/Paris",
    accent: Accent = Accent.BLUE,
    contact_email: str = "livraisons@ville.exemple",
    law_notice: str = "",
) -> TerritoryView:
    """Make a territory whose build is only named: its files are not there. bounds None: never built."""
    west, south, east, north = bounds or (None, None, None, None)
    row = Territory(
        id=new_id(),
        slug=slug or f"ville-{next(_numbers)}",
        name=name,
        timezone=timezone,
        accent=accent,
        contact_email=contact_email,
        law_notice=law_notice,
        created_at=_SINCE,
        build_version=build_version if bounds else None,
        min_lon=west,
        min_lat=south,
        max_lon=east,
        max_lat=north,
        centre_lon=(bounds[0] + bounds[2]) / 2 if bounds else None,
        centre_lat=(bounds[1] + bounds[3]) / 2 if bounds else None,
    )
    with unit_of_work() as uow:
        uow.session.add(row)
    return territory_view(row)
