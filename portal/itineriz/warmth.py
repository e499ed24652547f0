"""What a process that computes routes keeps ready between two: the graphs, the law, and the law compiled over them."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import func, select

from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.db import session
from portal.itineriz import asking
from portal.itineriz.kept_bays import bays_of
from portal.itineriz.models import Route
from portal.itineriz.routing.overlay import law_to_drive
from portal.numeriz.api import law_snapshot, law_version
from portal.territories.api import TerritoryView, get_territory_by_id, list_territories

_USED_WITHIN: Final = timedelta(days=1)
_MOST_KEPT: Final = 3
_ready: dict[UUID, tuple[str, str | None]] = {}


def keep_warm(*, clock: Clock = SYSTEM_CLOCK) -> None:
    """Read again what has changed of the territories in use. Cheap when nothing has."""
    for territory in _in_use(clock):
        state = (law_version(territory.id), territory.build_version)
        if _ready.get(territory.id) != state:
            prepare(territory)
            _ready[territory.id] = state


def prepare(territory: TerritoryView) -> None:
    """Read and compile what a route in this territory needs. Raises Unavailable without a graph."""
    from portal.itineriz.routing.lawgrid import grid_of  # compiled code: only where routes are computed

    law = law_snapshot(territory.id)
    grid_of(asking.engine_of(territory), law_to_drive(law))
    bays_of(territory.id, law)


def _in_use(clock: Clock) -> list[TerritoryView]:
    """The territories that routes were lately asked in; when there is but one, that one."""
    asked = select(Route.territory_id).where(Route.created_at > clock.now() - _USED_WITHIN)
    often = asked.group_by(Route.territory_id).order_by(func.count().desc(), Route.territory_id).limit(_MOST_KEPT)
    found = [get_territory_by_id(territory_id) for territory_id in session().scalars(often)]
    return [place for place in found or list_territories()[:1] if place.graph_dir is not None]
