"""The river with its island, and the railway with its station."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from portal.territories.demo_town import words
from portal.territories.demo_town.buildings import Building
from portal.territories.demo_town.plan import STEP_M, Plan, rail_margins_m
from portal.territories.demo_town.plane import Point, offset_line

if TYPE_CHECKING:
    from portal.territories.demo_town.landscape import SceneDrawer

MAIN_TRACKS_M = (3.0, -2.0)
STATION_TRACKS_M = (-10.5, -15.0, -25.5, -30.0, -40.0)
PLATFORMS_M = (-6.2, -20.2, -35.0)


def draw_river(plan: Plan, drawer: SceneDrawer) -> None:
    """Draw the banks, the water with its island, and the line of the river."""
    river, widths = list(plan.river), plan.river_widths_m
    strip = offset_line(river, [w / 2 + 8 for w in widths])
    strip += offset_line(river, [-w / 2 - 8 for w in widths])[::-1]
    drawer.area({"landuse": "grass"}, strip)
    water = offset_line(river, [w / 2 for w in widths]) + offset_line(river, [-w / 2 for w in widths])[::-1]
    island = _island(plan)
    name = f"L’{words.RIVER_NAME}"
    drawer.area({"natural": "water", "water": "river", "name": name}, water, island)
    drawer.area({"natural": "wood", "place": "islet", "name": "Île aux Aulnes"}, island)
    drawer.line({"waterway": "river", "name": name}, river)


def _island(plan: Plan) -> list[Point]:
    span = 4
    part = list(plan.river[plan.island_at - span : plan.island_at + span + 1])
    half = [15.0 * math.sin(math.pi * i / (2 * span)) ** 0.7 for i in range(2 * span + 1)]
    left, right = offset_line(part, half), offset_line(part, [-h for h in half])
    return left + right[-2:0:-1]


def draw_railway(plan: Plan, drawer: SceneDrawer) -> Building:
    """Draw tracks, platforms and railway land; return the station building."""
    rail = list(plan.rail)
    margins = rail_margins_m(rail, plan.station_at)
    land = offset_line(rail, [10.0] * len(rail)) + offset_line(rail, [-d + 1 for d in margins])[::-1]
    drawer.area({"landuse": "railway"}, land)
    for offset in MAIN_TRACKS_M:
        drawer.line({"railway": "rail", "usage": "main", "gauge": "1435"}, offset_line(rail, [offset] * len(rail)))
    reach = 10
    low, high = plan.station_at - reach, plan.station_at + reach + 1
    part = rail[low:high]
    for offset in STATION_TRACKS_M:
        swells = [min(1.0, max(0.0, (reach * STEP_M - abs(i - reach) * STEP_M) / 95)) for i in range(len(part))]
        offsets = [MAIN_TRACKS_M[1] + (offset - MAIN_TRACKS_M[1]) * s * s * (3 - 2 * s) for s in swells]
        drawer.line({"railway": "rail", "service": "siding", "gauge": "1435"}, offset_line(part, offsets))
    platform = rail[plan.station_at - 5 : plan.station_at + 6]
    for offset in PLATFORMS_M:
        size = len(platform)
        outline = offset_line(platform, [offset + 2.6] * size) + offset_line(platform, [offset - 2.6] * size)[::-1]
        drawer.area({"railway": "platform", "public_transport": "platform"}, outline)
    front = rail[plan.station_at - 2 : plan.station_at + 3]
    outline = offset_line(front, [-46.0] * 5) + offset_line(front, [-46.0 - d for d in (14, 14, 20, 14, 14)])[::-1]
    return Building(tuple(outline), "train_station")
