"""A request on the real streets of Paris, with the real planner behind the port."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from portal.cirqliz.ports import RouteStop
from portal.cirqliz.states import RequestState
from portal.regulations.perimeters import Colour
from portal.territories.api import TerritoryView
from portal.wiring import LawfulTours
from tests.factories.cirqliz import World
from tests.factories.law import make_law, perimeter_draft, square
from tests.support.routed import paris_graph, routed_territory

__all__ = ["paris_graph", "routed_territory"]

WEST, MIDDLE = RouteStop("Rue de Bretagne", 2.3560, 48.8610, 5), RouteStop("Rue Oberkampf", 2.3700, 48.8645, 15)


@pytest.fixture
def paris(world: World, routed_territory: Callable[[], TerritoryView]) -> World:
    """The world moved to Paris, its tours computed by the router."""
    territory = routed_territory()
    spans = [(world.day.isoformat(), world.day.replace(hour=23).isoformat())]
    make_law(territory, perimeters=[perimeter_draft("Canal", Colour.RED, square(2.3680, 48.8625), spans)])
    world.app.extensions["tour_planner"] = LawfulTours()
    return replace(world, territory=territory)


def test_request_finds_its_perimeter_on_real_streets(paris: World) -> None:
    found = paris.ready(stops=(WEST, MIDDLE))
    assert (found.state, found.tour_status) == (RequestState.READY, "ok")
    assert [perimeter.name for perimeter in found.perimeters] == ["Canal"]


def test_request_is_closed_when_the_real_tour_stays_outside(paris: World) -> None:
    near = RouteStop("Rue de Turenne", 2.3600, 48.8625, 5)
    found = paris.ready(stops=(WEST, near))
    assert (found.state, found.tour_status) == (RequestState.NOT_NEEDED, "ok")
