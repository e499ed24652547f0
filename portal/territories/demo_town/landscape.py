"""Everything on the map that is not a street: water, railway, land use, parks, buildings, addresses, places."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field
from itertools import pairwise

import shapely
from shapely.geometry import LineString, Polygon
from shapely.geometry.base import BaseGeometry

from portal.territories.demo_town import words
from portal.territories.demo_town.addresses import EdgePlaces, number_houses
from portal.territories.demo_town.buildings import (
    BARS,
    ROWS,
    Building,
    bars,
    church,
    garden_houses,
    row_houses,
    town_hall,
)
from portal.territories.demo_town.dice import dice
from portal.territories.demo_town.drafts import TownDraft
from portal.territories.demo_town.growth import Landmark
from portal.territories.demo_town.lots import Lot, lot_of
from portal.territories.demo_town.motorway import MotorwayPart
from portal.territories.demo_town.network import Chain, core_centre
from portal.territories.demo_town.places import choose_places, stadium
from portal.territories.demo_town.plane import Plane, Point, centroid, signed_area_m2
from portal.territories.demo_town.roads import Limits
from portal.territories.demo_town.town import Address, Area, Line, Place, Road, Spot, Tags
from portal.territories.demo_town.waterrail import draw_railway, draw_river

LANDUSE = {
    "old_town": "residential",
    "centre": "residential",
    "suburb": "residential",
    "estate": "residential",
    "industry": "industrial",
    "market": "commercial",
}
AMENITIES = {"hospital": "hospital", "lycee": "school", "school": "school"}


@dataclass(slots=True)
class Scene:
    """What was drawn, in degrees; paths are roads on the draft's nodes."""

    areas: list[Area] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    spots: list[Spot] = field(default_factory=list)
    paths: list[Road] = field(default_factory=list)
    addresses: list[Address] = field(default_factory=list)
    places: dict[str, Place] = field(default_factory=dict)


class SceneDrawer:
    """Collects shapes in metres and keeps them in degrees."""

    def __init__(self, plane: Plane) -> None:
        self.plane = plane
        self.scene = Scene()

    def area(self, tags: dict[str, str], outer: list[Point] | tuple[Point, ...], *holes: list[Point]) -> None:
        """Add a polygon given by open rings in metres."""
        rings = tuple(tuple(self.plane.to_lonlat(p) for p in ring) for ring in (outer, *holes))
        self.scene.areas.append(Area(rings, _sorted(tags)))

    def polygon(self, tags: dict[str, str], shape: BaseGeometry) -> None:
        """Add every polygon of a shapely shape in metres."""
        for part in shapely.get_parts(shape):
            if isinstance(part, Polygon) and part.area > 1:
                rings = [[(x, y) for x, y, *_ in ring.coords[:-1]] for ring in (part.exterior, *part.interiors)]
                self.area(tags, rings[0], *rings[1:])

    def line(self, tags: dict[str, str], points: list[Point]) -> None:
        """Add a line in metres."""
        self.scene.lines.append(Line(tuple(self.plane.to_lonlat(p) for p in points), _sorted(tags)))

    def spot(self, tags: dict[str, str], point: Point) -> None:
        """Add a point in metres."""
        self.scene.spots.append(Spot(self.plane.to_lonlat(point), _sorted(tags)))


def _sorted(tags: dict[str, str]) -> Tags:
    return tuple(sorted(tags.items()))


def draw_landscape(
    draft: TownDraft,
    chains: list[Chain],
    motorway: list[MotorwayPart],
    landmarks: list[Landmark],
    limits: Limits,
    plane: Plane,
    seed: int,
) -> Scene:
    """Draw the scene; adds the nodes of footpaths to the draft."""
    rng = dice("landscape", seed)
    drawer = SceneDrawer(plane)
    _draw_commune(draft, drawer)
    _draw_land_use(draft, drawer, rng)
    draw_river(draft.plan, drawer)
    clear = _motorway_clearance(draft, motorway)
    pedestrian = {
        pair
        for chain in chains
        if chain.highway == "pedestrian"
        for u, v in pairwise(chain.nodes)
        for pair in ((u, v), (v, u))
    }
    squares = _choose_squares(draft)
    buildings = _raise_buildings(draft, pedestrian, squares, rng)
    buildings = _without_clearance(buildings, clear)
    for number, face in enumerate(squares):
        _draw_square(draft, drawer, face, number, pedestrian, buildings)
    for landmark in landmarks:
        _draw_landmark(draft, drawer, landmark, rng)
    station = draw_railway(draft.plan, drawer)
    buildings.append(station)
    for building in buildings:
        drawer.area({"building": building.kind}, building.outline)
    drawer.scene.addresses = number_houses(chains, EdgePlaces(draft.map.points, chains), buildings, plane, seed)
    choose_places(draft, drawer, chains, landmarks, limits, squares, seed)
    return drawer.scene


def _draw_commune(draft: TownDraft, drawer: SceneDrawer) -> None:
    """Draw the boundary of the commune just inside the edge of the map."""
    half = draft.plan.half_m - 5
    tags = {"boundary": "administrative", "admin_level": "8", "name": words.TOWN_NAME, "ref:INSEE": words.INSEE_CODE}
    drawer.area(tags, [(-half, -half), (half, -half), (half, half), (-half, half)])


def _draw_land_use(draft: TownDraft, drawer: SceneDrawer, rng: random.Random) -> None:
    by_use: dict[str, list[Polygon]] = {}
    for face, zone in draft.zones.items():
        use = LANDUSE.get(zone)
        ring = draft.map.ring_points(face)
        if zone == "field":
            use = _field_use(draft, centroid(ring), rng)
        if use is not None:
            by_use.setdefault(use, []).append(Polygon(ring))
    for use, polygons in sorted(by_use.items()):
        if use in ("farmland", "meadow", "orchard", "vineyard"):
            for polygon in polygons:
                drawer.polygon({"landuse": use}, polygon)
        else:
            drawer.polygon({"landuse": use}, shapely.coverage_union_all(polygons))


def _field_use(draft: TownDraft, middle: Point, rng: random.Random) -> str:
    """Return the use of a field: woods in patches, meadows near the river, the rest ploughed."""
    scale = 520.0
    x, y = middle[0] / scale, middle[1] / scale
    wood = math.sin(1.7 * x + 0.6) * math.sin(1.3 * y - 0.8) + 0.5 * math.sin(2.9 * x - 2.3 * y)
    if wood > 0.62 and draft.plan.reach(middle) > 1.22:
        return "forest"
    step = draft.plan.river
    near = min(math.dist(middle, p) for p in step[:: max(1, len(step) // 60)])
    if near < 230 or rng.random() < 0.22:
        return "meadow"
    return rng.choice(("farmland", "farmland", "farmland", "farmland", "orchard", "vineyard"))


def _motorway_clearance(draft: TownDraft, motorway: list[MotorwayPart]) -> BaseGeometry:
    points = draft.map.points
    shapes = [
        LineString([points[n] for n in part.nodes]).buffer(15 if part.kind == "carriageway" else 9) for part in motorway
    ]
    clear = shapely.union_all(shapes)
    shapely.prepare(clear)
    return clear


def _without_clearance(buildings: list[Building], clear: BaseGeometry) -> list[Building]:
    west, south, east, north = clear.bounds
    kept = []
    for building in buildings:
        x, y = building.outline[0]
        near = west - 120 < x < east + 120 and south - 120 < y < north + 120
        if not (near and clear.intersects(Polygon(building.outline))):
            kept.append(building)
    return kept


def _choose_squares(draft: TownDraft) -> list[int]:
    """Return the faces of the town hall square, the church and the market square, nearest to the core's centre."""
    wanted = core_centre(draft)
    free = []
    for face, zone in draft.zones.items():
        if zone == "old_town":
            ring = draft.map.ring_points(face)
            if 1_300 < signed_area_m2(ring) < 4_500:
                free.append((math.dist(centroid(ring), wanted), face))
    nearest = [face for _, face in sorted(free)[:3]]
    largest = max(nearest, key=lambda f: signed_area_m2(draft.map.ring_points(f)))
    others = [face for face in nearest if face != largest]
    return [others[0], largest, others[-1]]


def _raise_buildings(
    draft: TownDraft, pedestrian: set[tuple[int, int]], squares: list[int], rng: random.Random
) -> list[Building]:
    buildings: list[Building] = []
    for face, zone in draft.zones.items():
        if face in squares or (zone not in LANDUSE and zone not in AMENITIES):
            continue
        lot = lot_of(draft, face, pedestrian, 0.0 if zone in ROWS else 2.0)
        if lot is not None:
            buildings.extend(_of_block(lot, zone, rng))
    return buildings


def _of_block(lot: Lot, zone: str, rng: random.Random) -> list[Building]:
    if zone in ROWS:
        return list(row_houses(lot, ROWS[zone], rng))
    if zone == "suburb":
        return list(garden_houses(lot, rng))
    return list(bars(lot, BARS[zone], rng))


def _draw_square(
    draft: TownDraft,
    drawer: SceneDrawer,
    face: int,
    number: int,
    pedestrian: set[tuple[int, int]],
    buildings: list[Building],
) -> None:
    ring = draft.map.ring_points(face)
    names = ("Place de l’Hôtel-de-Ville", "Parvis Saint-Aubert", "Place du Marché")
    drawer.area({"place": "square", "highway": "pedestrian", "area": "yes", "name": names[number]}, ring)
    lot = lot_of(draft, face, pedestrian, 4.0)
    if number == 0 and lot is not None:
        buildings.append(town_hall(lot))
    if number == 1 and lot is not None:
        buildings.append(church(lot))
        drawer.spot(
            {"amenity": "place_of_worship", "religion": "christian", "name": "Collégiale Saint-Aubert"}, centroid(ring)
        )


def _draw_landmark(draft: TownDraft, drawer: SceneDrawer, landmark: Landmark, rng: random.Random) -> None:
    ring = draft.map.ring_points(landmark.face)
    if landmark.zone == "park":
        _draw_park(draft, drawer, landmark, rng)
    elif landmark.zone in AMENITIES:
        drawer.area({"amenity": AMENITIES[landmark.zone]}, ring)
    elif landmark.zone == "cemetery":
        drawer.area({"landuse": "cemetery", "name": "Cimetière des Ormes"}, ring)
    elif landmark.zone == "stadium":
        stadium(drawer, ring)


def _draw_park(draft: TownDraft, drawer: SceneDrawer, landmark: Landmark, rng: random.Random) -> None:
    """Draw a park: woods on its edges, a pond, paths from the streets around to its middle."""
    nodes = draft.map.rings[landmark.face]
    ring = draft.map.ring_points(landmark.face)
    shape = Polygon(ring)
    name = f"Parc {rng.choice(('des', 'des', 'aux'))} {rng.choice(words.NATURE)}"
    drawer.area({"leisure": "park", "name": name}, ring)
    cx, cy = centroid(ring)
    size = math.sqrt(shape.area)
    turn = rng.uniform(0, math.tau)
    pond = [
        (
            cx + size * 0.24 * math.cos(turn) + size * (0.13 + 0.025 * math.sin(3 * a + turn)) * math.cos(a),
            cy + size * 0.24 * math.sin(turn) + size * (0.085 + 0.02 * math.sin(2 * a)) * math.sin(a),
        )
        for a in (i * math.tau / 22 for i in range(22))
    ]
    inside = shape.buffer(-16)
    drawer.polygon({"natural": "water", "water": "pond"}, Polygon(pond).intersection(inside))
    for i in range(5):
        angle = turn + 1.1 + i * 0.95
        away = size * rng.uniform(0.3, 0.46)
        radius = size * rng.uniform(0.09, 0.17)
        blob = [
            (
                cx + away * math.cos(angle) + radius * (1 + 0.25 * math.sin(3 * a + i)) * math.cos(a),
                cy + away * math.sin(angle) + radius * (1 + 0.25 * math.sin(2 * a + i)) * math.sin(a),
            )
            for a in (k * math.tau / 18 for k in range(18))
        ]
        drawer.polygon({"natural": "wood"}, Polygon(blob).intersection(inside).difference(Polygon(pond).buffer(6)))
    _draw_paths(draft, drawer, nodes, (cx, cy), inside, rng)


def _draw_paths(
    draft: TownDraft,
    drawer: SceneDrawer,
    nodes: list[int],
    middle: Point,
    inside: BaseGeometry,
    rng: random.Random,
) -> None:
    gates = [n for n in nodes if draft.map.degree[n] > 2] or nodes
    step = max(1, len(gates) // 5)
    centre = draft.map.add_node(middle)
    for gate in gates[::step][:6]:
        gx, gy = draft.map.points[gate]
        bow = rng.uniform(-0.16, 0.16)
        path = [gate]
        for i in range(1, 7):
            t = i / 7
            off = bow * math.sin(math.pi * t)
            point = (
                gx + (middle[0] - gx) * t - (middle[1] - gy) * off,
                gy + (middle[1] - gy) * t + (middle[0] - gx) * off,
            )
            if not inside.buffer(15).covers(shapely.Point(point)):
                break
            path.append(draft.map.add_node(point))
        else:
            tags = (("bicycle", "yes"), ("highway", "footway"), ("surface", "fine_gravel"))
            drawer.scene.paths.append(Road((*path, centre), tags))
