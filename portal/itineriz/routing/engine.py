"""The routing engine over one built graph: routes with closed edges, and the time at which each edge is driven.

The engine alone knows nothing of the law. It silently replaces what it does not understand, so everything sent to it
is checked here and any warning it gives is an error.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry
from valhalla import Actor, ValhallaError
from valhalla.midgard.utils import decode_polyline

from portal.common.errors import Invalid, Unavailable
from portal.itineriz.routing.costing import Costing
from portal.regulations.measures import EdgeFacts
from portal.territories.api import EdgeFlag, EdgeTable, Probe, load_edges, open_config, point_along

type Floats = npt.NDArray[np.float64]

NO_PATH = 442
NO_EDGE_NEAR = 171
NOT_WALKABLE = 443
TOO_FAR = 154

SEARCH_CUTOFF_M = 500
"""A stop farther than this from any street open to the vehicle is not reachable by it."""
RELAXED = 401
"""The one warning that replaces nothing we asked: the only way goes through streets for residents or deliveries."""
_SAME_PLACE_M = 15.0
_DRIVES_KEPT = 64
_PROBES_KEPT = 8192
_METRES_PER_DEGREE = 111_195.0


@dataclass(frozen=True, slots=True)
class DrivenEdge:
    """One edge of a drive: its row, the vertices it covers (first..last included), seconds since the departure."""

    row: int
    first: int
    last: int
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Manoeuvre:
    """One instruction: French sentence, streets, length, time, and where it takes place (lon, lat)."""

    instruction: str
    streets: tuple[str, ...]
    distance_m: float
    duration_s: float
    lon: float
    lat: float


@dataclass(frozen=True, eq=False, slots=True)
class Drive:
    """A route between two points. coords: (n, 2) lon, lat; times_s: (n,) seconds since the departure, not falling."""

    coords: Floats
    times_s: Floats
    edges: tuple[DrivenEdge, ...]
    manoeuvres: tuple[Manoeuvre, ...]
    distance_m: float
    duration_s: float
    has_time_restrictions: bool = False
    uses_private_roads: bool = False

    @property
    def start(self) -> tuple[float, float]:
        """Where the drive begins, on the street (lon, lat)."""
        return float(self.coords[0][0]), float(self.coords[0][1])

    @property
    def end(self) -> tuple[float, float]:
        """Where the drive ends, on the street (lon, lat)."""
        return float(self.coords[-1][0]), float(self.coords[-1][1])

    def path(self, edge: DrivenEdge) -> BaseGeometry:
        """What is driven of an edge: a LineString, or a Point when it is only touched."""
        piece = self.coords[edge.first : edge.last + 1]
        if len(piece) < 2 or bool((piece == piece[0]).all()):
            return shapely.Point(piece[0])
        return shapely.LineString(piece)


class Engine:
    """One graph for all threads of the process: each thread gets its own actor, because sharing one crashes it."""

    def __init__(self, graph_dir: Path, language: str = "fr-FR") -> None:
        self.graph_dir = graph_dir
        self.table: EdgeTable = load_edges(graph_dir)
        self._language = language
        self._of_thread = threading.local()
        # A tour tried with other passes, or at another hour, asks for the same drives and closes the same edges.
        self._kept = lru_cache(maxsize=_DRIVES_KEPT)(self._drive)
        self._placed = lru_cache(maxsize=_PROBES_KEPT)(self._place_probe)
        self.usual_probe = lru_cache(maxsize=_PROBES_KEPT)(self.table.probe)

    @property
    def version(self) -> str:
        """Version of the graph; edge rows are only meaningful within it."""
        return self.table.version

    @cached_property
    def facts(self) -> tuple[EdgeFacts, ...]:
        """What the law needs to know of each edge, by row."""
        table = self.table
        return tuple(
            EdgeFacts(
                road_class=table.road_class(row),
                layer=int(table.layers[row]),
                bridge=table.has(row, EdgeFlag.BRIDGE),
                tunnel=table.has(row, EdgeFlag.TUNNEL),
                motor_road=table.has(row, EdgeFlag.MOTOR_ROAD),
                one_way=table.has(row, EdgeFlag.ONE_WAY),
                names=frozenset(table.names_of(row)),
                edge_id=str(int(table.edge_ids[row])),
                graph_version=table.version,
            )
            for row in range(len(table))
        )

    def drive(
        self,
        start: tuple[float, float],
        end: tuple[float, float],
        costing: Costing,
        closed: Iterable[Probe] = (),
        around_m: int = 0,
    ) -> Drive | None:
        """The fastest route between two points (lon, lat) that enters no closed edge; None when there is none.

        It begins and ends on the nearest street, or on any street within around_m metres of the point.
        Raises Invalid("stop-far-from-road") or Invalid("trip-too-long"), Unavailable when the engine misbehaves.
        """
        return self._kept(start, end, costing, tuple(closed), around_m)

    def _drive(
        self,
        start: tuple[float, float],
        end: tuple[float, float],
        costing: Costing,
        closed: tuple[Probe, ...],
        around_m: int,
    ) -> Drive | None:
        request: dict[str, Any] = {
            "locations": [_location(start, around_m), _location(end, around_m)],
            **costing.as_request(),
            "language": self._language,
            "units": "kilometers",
            "exclude_locations": [probe.as_location() for probe in closed],
        }
        try:
            answer: dict[str, Any] = self._actor.route(request)
        except ValhallaError as error:
            if error.code == NO_PATH:
                return None
            raise _refusal(error) from error
        trip = answer["trip"]
        codes = _refuse_warnings(answer, trip)
        (leg,) = trip["legs"]
        return self._timed(leg, costing, uses_private_roads=RELAXED in codes)

    def probe_at(self, row: int, fractions: Sequence[float], costing: Costing) -> Probe | None:
        """A checked probe at the first of the fractions of an edge where it closes this edge alone; None if nowhere."""
        return self._placed(row, tuple(fractions), costing)

    def _place_probe(self, row: int, fractions: tuple[float, ...], costing: Costing) -> Probe | None:
        edge_id = int(self.table.edge_ids[row])
        shape = self.table.shape_coords(row)
        for fraction in fractions:
            lon, lat = point_along(shape, min(max(fraction, 0.0), 1.0))
            bare = Probe(lon, lat, _heading_at(shape, fraction))
            if self._edges_at(bare, costing) == [edge_id]:
                return bare
        return None

    def _edges_at(self, probe: Probe, costing: Costing) -> list[int]:
        request = {"locations": [probe.as_location()], **costing.as_request(), "verbose": True}
        try:
            (answer,) = self._actor.locate(request)
        except ValhallaError as error:
            if error.code == NO_EDGE_NEAR:
                return []
            raise _refusal(error) from error
        return [edge["edge_id"]["value"] for edge in answer.get("edges") or []]

    @property
    def _actor(self) -> Actor:
        actor: Actor | None = getattr(self._of_thread, "actor", None)
        if actor is None:
            with open_config(self.graph_dir) as config:
                actor = Actor(str(config))
            self._of_thread.actor = actor
        return actor

    def _timed(self, leg: dict[str, Any], costing: Costing, *, uses_private_roads: bool) -> Drive:
        shape = np.array(decode_polyline(leg["shape"]), dtype=np.float64).reshape(-1, 2)
        duration_s = float(leg["summary"]["time"])
        if len(shape) < 2 or bool((shape == shape[0]).all()):
            # Both stops snap to one point of the street: nothing is driven.
            return Drive(shape[:1], np.zeros(1), (), (), 0.0, 0.0)
        coords, edges = self._walk(leg["shape"], shape, duration_s, costing)
        return Drive(
            coords=coords,
            times_s=_vertex_times(coords, edges),
            edges=edges,
            manoeuvres=_manoeuvres(leg, shape),
            distance_m=round(float(leg["summary"]["length"]) * 1000, 1),
            duration_s=edges[-1].end_s,
            has_time_restrictions=bool(leg["summary"].get("has_time_restrictions")),
            uses_private_roads=uses_private_roads,
        )

    def _walk(
        self, encoded: str, shape: Floats, duration_s: float, costing: Costing
    ) -> tuple[Floats, tuple[DrivenEdge, ...]]:
        """The edges under a route with the time at each end, from the engine's own walk along the shape."""
        for shape_match in ("edge_walk", "walk_or_snap"):
            # The exact walk fails for about 2 % of the routes.
            request = {
                "encoded_polyline": encoded,
                **costing.as_request(),
                "shape_match": shape_match,
                "filters": {"action": "include", "attributes": _ATTRIBUTES},
            }
            try:
                traced: dict[str, Any] = self._actor.trace_attributes(request)
            except ValhallaError as error:
                if error.code == NOT_WALKABLE:
                    continue
                raise _refusal(error) from error
            coords = np.array(decode_polyline(traced["shape"]), dtype=np.float64).reshape(-1, 2)
            edges = self._edges(traced["edges"])
            if edges and _same_route(coords, edges, shape):
                # The walk starts and ends where the edge is cut, the route where the stop is: some metres apart.
                return shape if len(shape) == len(coords) else coords, _fitted(edges, duration_s)
        raise Unavailable("route-times-unknown")

    def _edges(self, traced: list[dict[str, Any]]) -> tuple[DrivenEdge, ...]:
        edges: list[DrivenEdge] = []
        clock = 0.0
        for item in traced:
            row = self.table.row_of.get(item["id"])
            elapsed = item["end_node"].get("elapsed_time")
            if row is None or elapsed is None:
                return ()
            edges.append(DrivenEdge(row, item["begin_shape_index"], item["end_shape_index"], clock, float(elapsed)))
            clock = float(elapsed)
        return tuple(edges)


_ATTRIBUTES = ["edge.id", "edge.begin_shape_index", "edge.end_shape_index", "node.elapsed_time", "shape"]


@lru_cache(maxsize=8)
def _engine(graph_dir: Path, _built_at_ns: int) -> Engine:
    return Engine(graph_dir)


def open_engine(graph_dir: Path) -> Engine:
    """The engine of a graph, kept for the life of the process and opened again when the folder was rebuilt."""
    return _engine(graph_dir.resolve(), (graph_dir / "graph.json").stat().st_mtime_ns)


def distance_m(start: tuple[float, float], end: tuple[float, float]) -> float:
    """Distance on the ground between two near points (lon, lat)."""
    return float(math.hypot(*_metres(np.array([start, end]))[0]))


def _metres(coords: Floats) -> Floats:
    scale = np.array([math.cos(math.radians(float(coords[0, 1]))), 1.0]) * _METRES_PER_DEGREE
    return np.diff(coords, axis=0) * scale


def _location(point: tuple[float, float], around_m: int) -> dict[str, Any]:
    return {
        "lon": point[0],
        "lat": point[1],
        "type": "break",
        "search_cutoff": SEARCH_CUTOFF_M,
        "radius": around_m,
    }


def _refusal(error: ValhallaError) -> Exception:
    if error.code == NO_EDGE_NEAR:
        return Invalid("stop-far-from-road", metres=SEARCH_CUTOFF_M)
    if error.code == TOO_FAR:
        return Invalid("trip-too-long")
    return Unavailable("routing-engine-failed", engine_code=error.code, reason=str(error.message)[:200])


def _refuse_warnings(*parts: dict[str, Any]) -> set[int]:
    """A warning means that the engine replaced something we asked for: its route is not the one we asked for.

    Returns the codes of the harmless ones.
    """
    warnings = [warning for part in parts for warning in part.get("warnings") or ()]
    texts = [str(warning.get("text", warning)) for warning in warnings if warning.get("code") != RELAXED]
    if texts:
        raise Unavailable("routing-engine-warned", reason="; ".join(texts)[:300])
    return {int(warning["code"]) for warning in warnings}


def _same_route(coords: Floats, edges: Sequence[DrivenEdge], shape: Floats) -> bool:
    """Tell whether a walk is the route itself: same ends, unbroken, never away from it."""
    if edges[0].first != 0 or edges[-1].last != len(coords) - 1:
        return False
    if any(one.last != following.first for one, following in pairwise(edges)):
        return False
    ends = ((coords[0], shape[0]), (coords[-1], shape[-1]))
    if any(distance_m(tuple(one), tuple(other)) > _SAME_PLACE_M for one, other in ends):
        return False
    apart = shapely.hausdorff_distance(shapely.LineString(coords), shapely.LineString(shape))
    return bool(apart * _METRES_PER_DEGREE <= _SAME_PLACE_M)


def _fitted(edges: tuple[DrivenEdge, ...], duration_s: float) -> tuple[DrivenEdge, ...]:
    """The same edges with their times stretched to the time of the route.

    The two agree to the millisecond but for the cut of the first and last edge, and for a few turns.
    """
    if edges[-1].end_s <= 0:
        return edges
    scale = duration_s / edges[-1].end_s
    return tuple(replace(edge, start_s=edge.start_s * scale, end_s=edge.end_s * scale) for edge in edges)


def _vertex_times(coords: Floats, edges: Sequence[DrivenEdge]) -> Floats:
    """Time at each vertex: at constant speed along each edge."""
    steps = np.hypot(*_metres(coords).T)
    times = np.zeros(len(coords))
    for edge in edges:
        reached = np.concatenate(([0.0], np.cumsum(steps[edge.first : edge.last])))
        share = reached / reached[-1] if reached[-1] > 0 else np.linspace(0.0, 1.0, len(reached))
        times[edge.first : edge.last + 1] = edge.start_s + share * (edge.end_s - edge.start_s)
    return times


def _manoeuvres(leg: dict[str, Any], shape: Floats) -> tuple[Manoeuvre, ...]:
    return tuple(
        Manoeuvre(
            instruction=step["instruction"],
            streets=tuple(step.get("street_names") or ()),
            distance_m=round(float(step["length"]) * 1000, 1),
            duration_s=float(step["time"]),
            lon=float(shape[step["begin_shape_index"], 0]),
            lat=float(shape[step["begin_shape_index"], 1]),
        )
        for step in leg["maneuvers"]
    )


def _heading_at(shape: Floats, fraction: float) -> int:
    """Heading of a shape around a fraction of its length, degrees clockwise from north, 0..359."""
    before = point_along(shape, max(0.0, fraction - 0.02))
    after = point_along(shape, min(1.0, fraction + 0.02))
    east, north = _metres(np.array([before, after]))[0]
    return round(math.degrees(math.atan2(east, north))) % 360
