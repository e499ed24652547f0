"""Named places: town and suburbs, town hall, station, market, schools, and what the demo's law needs to find."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING

import shapely
from shapely import affinity
from shapely.geometry import Point as Spot
from shapely.geometry import Polygon, box
from shapely.geometry.base import BaseGeometry

from portal.territories.demo_town import words
from portal.territories.demo_town.dice import dice
from portal.territories.demo_town.drafts import TownDraft
from portal.territories.demo_town.growth import Landmark
from portal.territories.demo_town.network import Chain, core_centre
from portal.territories.demo_town.plane import Point, centroid, grid_angle
from portal.territories.demo_town.roads import Limits
from portal.territories.demo_town.town import Place

if TYPE_CHECKING:
    from portal.territories.demo_town.landscape import SceneDrawer

LANDMARK_SPOTS: dict[str, tuple[str, dict[str, str]]] = {
    "market": ("Marché de gros de Valmarin", {"amenity": "marketplace"}),
    "stadium": ("Stade de l’Orle", {"leisure": "stadium"}),
    "hospital": ("Centre hospitalier Rosalie-Valmont", {"amenity": "hospital"}),
    "lycee": ("Lycée Octave-Larnay", {"amenity": "school"}),
}


def stadium(drawer: SceneDrawer, ring: list[Point]) -> None:
    """Draw the stadium in its quarter: grounds, stands, pitch, and a running track beside it."""
    drawer.area({"leisure": "sports_centre", "name": "Parc des sports de l’Orle"}, ring)
    angle = math.degrees(grid_angle(ring))
    radius = shapely.maximum_inscribed_circle(Polygon(ring), tolerance=3)
    x, y = radius.coords[0]
    share = min(1.0, radius.length / 95)
    stands = Spot(0, 0).buffer(1, 12)
    outer = affinity.scale(stands, 88, 66).intersection(box(-80, -58, 80, 58))
    inner = box(-57, -38, 57, 38)

    def turned(shape: BaseGeometry) -> BaseGeometry:
        return affinity.translate(
            affinity.rotate(affinity.scale(shape, share, share, origin=(0, 0)), angle, origin=(0, 0)), x, y
        )

    drawer.polygon({"building": "stadium", "name": "Stade de l’Orle"}, turned(outer.difference(inner)))
    drawer.polygon({"leisure": "pitch", "sport": "soccer"}, turned(box(-52, -34, 52, 34)))


def choose_places(
    draft: TownDraft,
    drawer: SceneDrawer,
    chains: list[Chain],
    landmarks: list[Landmark],
    limits: Limits,
    squares: list[int],
    seed: int,
) -> None:
    """Add place and amenity nodes, and fill the scene's register of places."""
    rng = dice("places", seed)
    plan, points = draft.plan, draft.map.points
    register = drawer.scene.places

    def keep(key: str, label: str, point: Point) -> None:
        register[key] = Place(label, *drawer.plane.to_lonlat(point))

    cx, cy = core_centre(draft)
    drawer.spot({"place": "town", "name": words.TOWN_NAME, "population": "48210"}, (cx, cy - 60))
    hall = centroid(draft.map.ring_points(squares[0]))
    drawer.spot({"amenity": "townhall", "name": "Hôtel de ville"}, hall)
    keep("town_hall", "Hôtel de ville", hall)
    keep("market_square", "Place du Marché", centroid(draft.map.ring_points(squares[-1])))
    for landmark in landmarks:
        if landmark.zone in LANDMARK_SPOTS:
            label, tags = LANDMARK_SPOTS[landmark.zone]
            drawer.spot({**tags, "name": label}, landmark.middle)
            keep(landmark.zone, label, landmark.middle)
    x, y = plan.rail[plan.station_at]
    drawer.spot({"railway": "station", "name": "Gare de Valmarin"}, (x, y - 20))
    keep("station", "Gare de Valmarin", (x, y - 72))
    sheds = [centroid(draft.map.ring_points(f)) for f, zone in draft.zones.items() if zone == "industry"]
    wanted = (0.66 * plan.ring_radius_m, 1.02 * plan.ring_radius_m)
    keep("industry", "Zone industrielle des Forges", min(sheds, key=lambda p: math.dist(p, wanted)))
    drawer.spot(
        {"place": "neighbourhood", "name": "Zone industrielle des Forges"},
        min(sheds, key=lambda p: math.dist(p, wanted)),
    )
    bridge, tunnel = limits.old_bridge.nodes, limits.underpass.nodes
    keep("old_bridge", words.BRIDGES[0], _halfway(points, bridge))
    keep("underpass", "Passage inférieur de la gare", _halfway(points, tunnel))
    weight = chains[limits.weight_chain]
    keep("weight_street", weight.name, points[weight.nodes[len(weight.nodes) // 2]])
    _name_suburbs(draft, drawer, rng)
    schools = [landmark for landmark in landmarks if landmark.zone == "school"]
    for school, name in zip(schools, words.SCHOOLS, strict=False):
        drawer.spot({"amenity": "school", "name": name}, school.middle)


def _halfway(points: list[Point], nodes: list[int]) -> Point:
    (x0, y0), (x1, y1) = points[nodes[0]], points[nodes[-1]]
    return (x0 + x1) / 2, (y0 + y1) / 2


def _name_suburbs(draft: TownDraft, drawer: SceneDrawer, rng: random.Random) -> None:
    """Spread the names of the suburbs over the built-up land, spaced like a spiral of seeds."""
    names = words.SUBURBS[3:]
    for i, name in enumerate(names):
        angle = i * 2.39996 + rng.uniform(-0.2, 0.2)
        away = draft.plan.ring_radius_m * (0.36 + 0.64 * math.sqrt(i / len(names)))
        drawer.spot({"place": "suburb", "name": name}, (away * math.cos(angle), away * math.sin(angle)))
