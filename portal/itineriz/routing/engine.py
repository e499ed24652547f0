"""The routing engine over one built graph: its own routes, its instructions, and the same network to search.

The engine alone knows nothing of the law. It silently replaces what it does not understand, so everything sent to it
is checked here and any warning it gives is an error. Ways are searched on our network at the engine's own times and
costs; the engine is asked to put them into words.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from valhalla import Actor, ValhallaError
from valhalla.midgard.utils import decode_polyline

from portal.common.errors import Invalid, Unavailable
from portal.itineriz.routing.costing import Costing
from portal.itineriz.routing.drives import (
    Drive,
    DrivenEdge,
    Floats,
    Manoeuvre,
    distance_m,
    drive_along,
    vertex_times,
)
from portal.itineriz.routing.limits import RoadLimits
from portal.itineriz.routing.ways import End, Way
from portal.regulations.measures import EdgeFacts
from portal.territories.api import EdgeFlag, EdgeTable, encode_line, ensure_driving, load_edges, open_config

if TYPE_CHECKING:
    # The compiled search is only loaded where routes are computed: it takes a second and some memory.
    from portal.itineriz.routing.network import Network
    from portal.itineriz.routing.snapping import Place, Snapper

__all__ = ["Drive", "DrivenEdge", "Engine", "Manoeuvre", "distance_m", "open_engine"]

NO_PATH = 442
NO_EDGE_NEAR = 171
NOT_WALKABLE = 443
TOO_FAR = 154

SEARCH_CUTOFF_M = 500
"""A stop farther than this from any street open to the vehicle is not reachable by it."""
RELAXED = 401
"""The one warning that replaces nothing we asked: the only way goes through streets for residents or deliveries."""
FRENCH = "fr-FR"
JOINT_M = 6.0
"""A vehicle leaves from where it stands: a street farther than this is another one."""
_SAME_PLACE_M = 15.0
_WAYS_KEPT = 1024
_ROUTES_KEPT = 64
_METRES_PER_DEGREE = 111_195.0
_SAME_VERTEX_DEGREES = 5e-6
_SAME_END_DEGREES = 4e-5


@dataclass(frozen=True, eq=False, slots=True)
class PlainWay:
    """A way without law with the places it was chosen among: at the start, at the end."""

    way: Way
    drive: Drive


def edge_facts(table: EdgeTable, row: int) -> EdgeFacts:
    """What the law needs to know of an edge."""
    return EdgeFacts(
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


class Engine:
    """One graph for all threads of the process: each thread gets its own actor, because sharing one crashes it."""

    def __init__(self, graph_dir: Path) -> None:
        self.graph_dir = graph_dir
        self.table: EdgeTable = load_edges(graph_dir)
        self.limits = RoadLimits(self.table)
        self._of_thread = threading.local()
        self._opening = threading.Lock()
        self._networks: dict[str, tuple[Network, Snapper]] = {}
        # A tour tried with other passes, or at another hour, asks for the same ways.
        self.plain_way = lru_cache(maxsize=_WAYS_KEPT)(self._plain_way)
        self.route = lru_cache(maxsize=_ROUTES_KEPT)(self._route)

    @property
    def version(self) -> str:
        """Version of the graph; edge rows are only meaningful within it."""
        return self.table.version

    @cached_property
    def facts(self) -> tuple[EdgeFacts, ...]:
        """What the law needs to know of each edge, by row."""
        return tuple(edge_facts(self.table, row) for row in range(len(self.table)))

    def network(self, mode: str) -> Network:
        """The network of cars (`auto`) or lorries (`truck`)."""
        return self._network(mode)[0]

    def places(
        self,
        point: tuple[float, float],
        costing: Costing,
        *,
        leaving: bool,
        around_m: float = 0.0,
        on_street: bool = False,
    ) -> tuple[Place, ...]:
        """Where a way may begin (leaving) or end near a point. Raises Invalid("stop-far-from-road").

        on_street: the vehicle stands at the point: no other street than this one, or those of its junction; empty when
        no way leads on from there.
        """
        found = self._network(costing.name)[1].places(point, leaving, 0.0 if on_street else around_m)
        if not found:
            raise Invalid("stop-far-from-road", metres=SEARCH_CUTOFF_M)
        return tuple(place for place in found if place.away_m <= JOINT_M) if on_street else found

    def drive(
        self,
        start: tuple[float, float],
        end: tuple[float, float],
        costing: Costing,
        around_m: int = 0,
        on_street: tuple[bool, bool] = (False, False),
    ) -> Drive | None:
        """The way the engine prefers between two points (lon, lat), without law nor instructions; None when none.

        It begins and ends on the nearest street, or on any street within around_m metres of the point; on_street: at
        the start, at the end, the point is itself the place. Raises Invalid("stop-far-from-road").
        """
        found = self.plain_way(start, end, costing, around_m, on_street)
        return None if found is None else found.drive

    def _plain_way(
        self,
        start: tuple[float, float],
        end: tuple[float, float],
        costing: Costing,
        around_m: int = 0,
        on_street: tuple[bool, bool] = (False, False),
    ) -> PlainWay | None:
        closed = self.limits.closed_to_engine(costing)
        starts, ends = (
            [
                End(place.row, place.at, place.extra_cost)
                for place in self.places(point, costing, leaving=leaving, around_m=around_m, on_street=there)
                # A street is only looked for farther away to find one that the vehicle may use.
                if there or not around_m or not closed[place.row]
            ]
            for point, leaving, there in ((start, True, on_street[0]), (end, False, on_street[1]))
        )
        if not starts or not ends:
            return None
        way = self.network(costing.name).way(starts, ends, closed=closed)
        return None if way is None else PlainWay(way, self.drive_of(way))

    def drive_of(self, way: Way) -> Drive:
        """The drive along a way, without instructions."""
        times_s, at = (way.begin_s, way.end_s), (way.first_at, way.last_at)
        return drive_along(self.table, way.rows, times_s, at, relaxed=way.relaxed)

    def narrated(self, drive: Drive, costing: Costing, language: str = FRENCH) -> Drive:
        """The same drive with the engine's instructions in a language (`fr-FR`, `en-US`).

        Where the engine cannot walk along the drive, the streets themselves are told, one after the other.
        """
        if not drive.edges:
            return drive
        for shape_match in ("edge_walk", "walk_or_snap"):
            request = {
                "encoded_polyline": encode_line(drive.coords),
                **costing.as_request(),
                "shape_match": shape_match,
                "language": language,
                "units": "kilometers",
            }
            try:
                answer: dict[str, Any] = self._actor.trace_route(request)
            except ValhallaError as error:
                if error.code in _NOT_TRACED:
                    continue
                raise _refusal(error) from error
            legs = answer["trip"]["legs"]
            length_m = float(legs[0]["summary"]["length"]) * 1000 / _ENGINE_METRES
            if len(legs) == 1 and abs(length_m - drive.distance_m) <= _SAME_LENGTH_M:
                (leg,) = legs
                return replace(drive, manoeuvres=_manoeuvres(leg, _decoded(leg["shape"])))
        return replace(drive, manoeuvres=self._streets_of(drive))

    def _streets_of(self, drive: Drive) -> tuple[Manoeuvre, ...]:
        """One instruction for each street of a drive: its name, which is the same in every language."""
        steps: list[Manoeuvre] = []
        for edge in drive.edges:
            streets = self.table.names_of(edge.row)
            lon, lat = drive.coords[edge.first].tolist()
            steps_m = np.hypot(*(np.diff(drive.coords[edge.first : edge.last + 1], axis=0) * _scale(lat)).T)
            length_m, duration_s = round(float(steps_m.sum()), 1), edge.end_s - edge.start_s
            if steps and steps[-1].streets == streets:
                before = steps.pop()
                length_m, duration_s = before.distance_m + length_m, before.duration_s + duration_s
                lon, lat = before.lon, before.lat
            steps.append(Manoeuvre(" / ".join(streets), streets, length_m, duration_s, lon, lat))
        return tuple(step for step in steps if step.instruction)

    def _route(
        self, start: tuple[float, float], end: tuple[float, float], costing: Costing, like: PlainWay | None = None
    ) -> Drive | None:
        """The engine's own route between two points, with its instructions in French; None when there is none, or none
        along which the engine can walk.

        like: a way which it probably is; then its edges and times are known. Raises Invalid("stop-far-from-road") or
        Invalid("trip-too-long"), Unavailable when the engine misbehaves.
        """
        answer = self.ask_route(start, end, costing)
        if answer is None:
            return None
        trip = answer["trip"]
        codes = _refuse_warnings(answer, trip)
        (leg,) = trip["legs"]
        return self._timed(leg, costing, like, uses_private_roads=RELAXED in codes)

    def ask_route(
        self, start: tuple[float, float], end: tuple[float, float], costing: Costing
    ) -> dict[str, Any] | None:
        """The bare answer of the engine for a route; None when there is none. Raises as `route`."""
        request: dict[str, Any] = {
            "locations": [_location(start), _location(end)],
            **costing.as_request(),
            "language": FRENCH,
            "units": "kilometers",
        }
        try:
            answer: dict[str, Any] = self._actor.route(request)
        except ValhallaError as error:
            if error.code == NO_PATH:
                return None
            raise _refusal(error) from error
        return answer

    def _timed(
        self, leg: dict[str, Any], costing: Costing, like: PlainWay | None, *, uses_private_roads: bool
    ) -> Drive | None:
        shape = _decoded(leg["shape"])
        duration_s = float(leg["summary"]["time"])
        if len(shape) < 2 or bool((shape == shape[0]).all()):
            # Both stops snap to one point of the street: nothing is driven.
            return Drive(shape[:1], np.zeros(1), (), (), 0.0, 0.0)
        if like is not None and _same_vertices(shape, like.drive.coords):
            coords, edges = like.drive.coords, like.drive.edges
        elif (walked := self._walk(leg["shape"], shape, duration_s, costing)) is not None:
            coords, edges = walked
        else:
            return None
        return Drive(
            coords=coords,
            times_s=vertex_times(coords, edges),
            edges=edges,
            manoeuvres=_manoeuvres(leg, shape),
            distance_m=round(float(leg["summary"]["length"]) * 1000, 1),
            duration_s=edges[-1].end_s,
            has_time_restrictions=bool(leg["summary"].get("has_time_restrictions")),
            uses_private_roads=uses_private_roads,
        )

    def _walk(
        self, encoded: str, shape: Floats, duration_s: float, costing: Costing
    ) -> tuple[Floats, tuple[DrivenEdge, ...]] | None:
        """The edges under a route with the time at each end, from the engine's own walk along the shape; None when it
        walks elsewhere, or not at all."""
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
            coords = _decoded(traced["shape"])
            edges = self._edges(traced["edges"])
            if edges and _same_route(coords, edges, shape):
                # The walk starts and ends where the edge is cut, the route where the stop is: some metres apart.
                return shape if len(shape) == len(coords) else coords, _fitted(edges, duration_s)
        return None

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

    def _network(self, mode: str) -> tuple[Network, Snapper]:
        from portal.itineriz.routing.network import Network
        from portal.itineriz.routing.snapping import Snapper

        with self._opening:
            if mode not in self._networks:
                driving = ensure_driving(self.graph_dir, self.table)
                network = Network(self.table, driving, mode, cache=self.graph_dir)
                self._networks[mode] = network, Snapper(network)
            return self._networks[mode]

    @property
    def _actor(self) -> Actor:
        actor: Actor | None = getattr(self._of_thread, "actor", None)
        if actor is None:
            with open_config(self.graph_dir) as config:
                actor = Actor(str(config))
            self._of_thread.actor = actor
        return actor


_NOT_TRACED = frozenset({NOT_WALKABLE, NO_EDGE_NEAR, NO_PATH, 444})
_SAME_LENGTH_M = 25.0
_ENGINE_METRES = 111_319.49 / _METRES_PER_DEGREE
"""The engine measures on a sphere of the radius of the equator: over 22 km the difference is more than 25 m."""
_ATTRIBUTES = ["edge.id", "edge.begin_shape_index", "edge.end_shape_index", "node.elapsed_time", "shape"]


@lru_cache(maxsize=8)
def _engine(graph_dir: Path, _built_at_ns: int) -> Engine:
    return Engine(graph_dir)


def open_engine(graph_dir: Path) -> Engine:
    """The engine of a graph, kept for the life of the process and opened again when the folder was rebuilt."""
    return _engine(graph_dir.resolve(), (graph_dir / "graph.json").stat().st_mtime_ns)


def _decoded(encoded: str) -> Floats:
    return np.array(decode_polyline(encoded), dtype=np.float64).reshape(-1, 2)


def _scale(lat: float) -> Floats:
    return np.array([np.cos(np.radians(lat)), 1.0]) * _METRES_PER_DEGREE


def _same_vertices(shape: Floats, coords: Floats) -> bool:
    """Tell whether two shapes are one but for the rounding of where the ends are cut."""
    if len(shape) != len(coords):
        return False
    apart = np.abs(shape - coords).max(axis=1)
    return bool(apart[1:-1].max(initial=0.0) <= _SAME_VERTEX_DEGREES and apart.max() <= _SAME_END_DEGREES)


def _location(point: tuple[float, float]) -> dict[str, Any]:
    return {"lon": point[0], "lat": point[1], "type": "break", "search_cutoff": SEARCH_CUTOFF_M, "radius": 0}


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
    if len(coords) < 2 or edges[0].first != 0 or edges[-1].last != len(coords) - 1:
        # Along a few metres the walk may find a single point.
        return False
    if any(one.last != following.first for one, following in pairwise(edges)):
        return False
    ends = ((coords[0], shape[0]), (coords[-1], shape[-1]))
    if any(distance_m(tuple(one), tuple(other)) > _SAME_PLACE_M for one, other in ends):
        return False
    if len(coords) == len(shape) and float(np.hypot(*(coords - shape).T).max()) * _METRES_PER_DEGREE <= _SAME_PLACE_M:
        # Vertex by vertex they are nearer than the farthest that is measured below.
        return True
    apart = shapely.hausdorff_distance(shapely.LineString(coords), shapely.LineString(shape))
    return bool(apart * _METRES_PER_DEGREE <= _SAME_PLACE_M)


def _fitted(edges: tuple[DrivenEdge, ...], duration_s: float) -> tuple[DrivenEdge, ...]:
    """The same edges with their times stretched to the time of the route.

    The two agree to the millisecond but for the cut of the first and last edge, and for a few turns.
    """
    if edges[-1].end_s <= 0:
        return edges
    scale = duration_s / edges[-1].end_s
    return tuple(
        DrivenEdge(edge.row, edge.first, edge.last, edge.start_s * scale, edge.end_s * scale) for edge in edges
    )


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
