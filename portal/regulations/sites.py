"""One shape of one regulation, and how it bears on a place: by the edges matched on the road graph, or by itself."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from portal.regulations.calendars import LocalCalendar
from portal.regulations.geometry import (
    NEAR_M,
    POINT_REACH_M,
    AreaShape,
    LineShape,
    PointsShape,
    grown,
    lines_of,
    points_of,
    polygons_of,
)
from portal.regulations.matches import EdgeMatches
from portal.regulations.measures import (
    WHOLE_EDGE,
    EdgeFacts,
    Measure,
    MeasureLocation,
    Origin,
    area_applies_to_edge,
)
from portal.regulations.perimeters import Perimeter
from portal.regulations.schedules import Interval

type Regulation = Perimeter | Measure

_WHOLE_SHARE = 0.95


@dataclass(frozen=True, slots=True)
class Hit:
    """A regulation that bears on a place, whatever the hour.

    location: the place of the measure, None for a perimeter. areal: the place lies inside a polygon. along: a path
    that runs as the line is drawn (True), against it (False), or a place without a direction (None). whole: it bears
    on nearly all of the place. doubtful: the road was not surely found on the graph. nearby: only a point is known.
    """

    regulation: Regulation
    location: MeasureLocation | None
    areal: bool
    along: bool | None = None
    whole: bool = True
    doubtful: bool = False
    nearby: bool = False

    def in_force(self, during: Interval, calendar: LocalCalendar) -> bool:
        """Tell whether the regulation is active at some moment of the interval."""
        return is_in_force(self.regulation, during, calendar)


def is_in_force(regulation: Regulation, during: Interval, calendar: LocalCalendar) -> bool:
    """Tell whether a regulation is active at some moment of the interval."""
    if isinstance(regulation, Perimeter):
        return any(during.meets(a.start, a.end) for a in regulation.activations)
    return any(period.is_active_during(during, calendar) for period in regulation.periods)


def reach_in_time(regulation: Regulation) -> tuple[float, float]:
    """The first start and the last end of a regulation, in seconds since 1970; an end that never comes is infinite."""
    spans = regulation.activations if isinstance(regulation, Perimeter) else regulation.periods
    starts = [span.start.timestamp() for span in spans]
    return min(starts, default=math.inf), max((_end(span.end) for span in spans), default=-math.inf)


def _end(at: datetime | None) -> float:
    return math.inf if at is None else at.timestamp()


class Site:
    """One shape of one regulation. What costs time is computed at the first question; doing it twice is harmless."""

    def __init__(self, regulation: Regulation, location: MeasureLocation | None, shape: BaseGeometry) -> None:
        self.regulation = regulation
        self.location = location
        self.shape = shape
        given = shape if location is None else location.shape
        self.starts_at, self.ends_at = reach_in_time(regulation)
        # A point says nothing of a road: only live events make something of it.
        is_event = location is not None and isinstance(regulation, Measure) and regulation.origin is Origin.EVENT
        self.is_point = is_event and int(shapely.get_dimensions(given)) == 0
        # It may bear on places outside the box of its shape.
        self.is_wider = self.is_point or self._matched_bounds is not None

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """The box (west, south, east, north) of all the places it bears on, but for the reach of every shape."""
        boxes = [self.shape.bounds]
        if self.is_point and self.location is not None:
            boxes.append(grown(self.location.shape, NEAR_M - POINT_REACH_M).bounds)
        if self._matched_bounds is not None:
            boxes.append(self._matched_bounds)
        west, south, east, north = zip(*boxes, strict=True)
        return min(west), min(south), max(east), max(north)

    @property
    def _matched_bounds(self) -> tuple[float, float, float, float] | None:
        source = self.regulation if isinstance(self.regulation, Perimeter) else self.location
        return None if source is None or source.matches is None else source.matches.bounds

    @cached_property
    def _area(self) -> AreaShape | None:
        polygons = polygons_of(self.shape)
        return None if polygons is None else AreaShape(polygons)

    @cached_property
    def _lines(self) -> LineShape | None:
        return self._new_lines()

    def _new_lines(self) -> LineShape | None:
        # A repaired polygon may leave stray lines: a perimeter is an area and nothing else.
        lines = None if self.location is None else lines_of(self.shape)
        return None if lines is None else LineShape(lines)

    @cached_property
    def _points(self) -> PointsShape | None:
        points = points_of(self.location.shape) if self.is_point and self.location is not None else None
        return None if points is None else PointsShape(points)

    @cached_property
    def _missing(self) -> LineShape | None:
        matches = None if self.location is None else self.location.matches
        return None if matches is None or matches.missing is None else LineShape(matches.missing)

    @cached_property
    def _matches(self) -> dict[str, EdgeMatches | None]:
        return {}

    def hit(self, place: BaseGeometry, edge: EdgeFacts | None) -> Hit | None:
        """Tell how the shape bears on a place; None when it does not."""
        matches = self._matches_of(edge)
        if edge is not None and edge.edge_id is not None and matches is not None and matches.trusted:
            hit = self._hit_on_edge(matches, edge.edge_id, edge, place) or self._hit_on_missing(matches, place)
        else:
            hit = self._hit_by_shape(place, edge)
            if hit is not None and matches is not None and not hit.areal:
                # Looked for on this very graph, and too little was found: not sure enough to close an edge.
                hit = replace(hit, doubtful=True)
        if hit is None and self._points is not None and self._points.near(place):
            return self._hit(nearby=True)
        return hit

    def hits_on_edges(self, paths: npt.NDArray[np.object_], edges: Sequence[EdgeFacts]) -> list[Hit | None]:
        """`hit` for many edges of one graph at once, whole or in part as their facts say.

        paths: one unbroken line per edge, in its direction.
        """
        matches = self._matches_of(edges[0]) if edges else None
        if matches is None or not matches.trusted:
            hits = self._hits_by_shape(paths, edges)
            if matches is not None:
                hits = [hit if hit is None or hit.areal else replace(hit, doubtful=True) for hit in hits]
        else:
            hits = self._hits_on_edges(matches, paths, edges)
        if self._points is None:
            return hits
        near = self._points
        return [
            self._hit(nearby=True) if hit is None and near.near(path) else hit
            for hit, path in zip(hits, paths, strict=True)
        ]

    def _hits_on_edges(
        self, matches: EdgeMatches, paths: npt.NDArray[np.object_], edges: Sequence[EdgeFacts]
    ) -> list[Hit | None]:
        if any(edge.driven != WHOLE_EDGE for edge in edges):
            return [
                self._hit_on_edge(matches, edge.edge_id or "", edge, path) or self._hit_on_missing(matches, path)
                for path, edge in zip(paths, edges, strict=True)
            ]
        parts = matches.on_each(np.array([int(edge.edge_id or 0) for edge in edges], dtype=np.int64))
        return [
            self._hit_on_missing(matches, path)
            if part is None
            else self._hit(areal=True, whole=part.whole)
            if self._area is not None
            else self._hit(along=part.along, whole=part.whole, doubtful=not part.sure)
            for part, path in zip(parts, paths, strict=True)
        ]

    def _hits_by_shape(self, paths: npt.NDArray[np.object_], edges: Sequence[EdgeFacts]) -> list[Hit | None]:
        hits: list[Hit | None] = [None] * len(paths)
        if self._area is not None:
            bound = np.array([self._binds(edge) for edge in edges], dtype=bool)
            held = np.flatnonzero(bound)[self._area.holds_lines(paths[bound])]
            covered = [True] * len(held) if self.location is None else self._area.covers_lines(paths[held]).tolist()
            for n, whole in zip(held.tolist(), covered, strict=True):
                hits[n] = self._hit(areal=True, whole=whole)
        # A whole law asks this once of each site: all their prepared lines would weigh hundreds of megabytes.
        lines = self.__dict__["_lines"] if "_lines" in self.__dict__ else self._new_lines()
        for n, followed in enumerate(() if lines is None else lines.followed_by_each(paths)):
            if hits[n] is None and followed is not None:
                hits[n] = self._hit(along=followed.along, whole=followed.share >= _WHOLE_SHARE)
        return hits

    def _matches_of(self, edge: EdgeFacts | None) -> EdgeMatches | None:
        if edge is None or edge.edge_id is None or edge.graph_version is None:
            return None
        source = self.regulation if isinstance(self.regulation, Perimeter) else self.location
        if isinstance(source, Perimeter):
            found = source.matches
            return found if found is not None and found.graph_version == edge.graph_version else None
        if source is None or (source.matches is None and not source.edges):
            return None
        if edge.graph_version not in self._matches:
            self._matches[edge.graph_version] = source.matches_on(edge.graph_version)
        return self._matches[edge.graph_version]

    def _hit_on_edge(self, matches: EdgeMatches, edge_id: str, edge: EdgeFacts, place: BaseGeometry) -> Hit | None:
        part = matches.on(edge_id, edge.driven)
        if self._area is not None:
            # Where an area cuts an edge its outline knows better than two fractions.
            bound = part is not None and (edge.driven == WHOLE_EDGE or self._area.holds(place))
            return self._hit(areal=True, whole=part is not None and part.whole) if bound else None
        if part is None:
            return None
        return self._hit(along=part.along, whole=part.whole, doubtful=not part.sure)

    def _hit_on_missing(self, matches: EdgeMatches, place: BaseGeometry) -> Hit | None:
        """A doubt where an edge follows a part of the drawn lines that was not found on its graph."""
        if self._missing is None or self.location is None or matches is not self.location.matches:
            return None
        return self._hit_on_lines(self._missing, place, doubtful=True)

    def _hit_by_shape(self, place: BaseGeometry, edge: EdgeFacts | None) -> Hit | None:
        if self._area is not None and self._binds(edge) and self._area.holds(place):
            # Only the law of the lowest rank asks how much of a place is held.
            return self._hit(areal=True, whole=self.location is None or self._area.covers(place))
        return None if self._lines is None else self._hit_on_lines(self._lines, place)

    def _hit_on_lines(self, lines: LineShape, place: BaseGeometry, *, doubtful: bool = False) -> Hit | None:
        if shapely.get_dimensions(place) != 1:
            return self._hit(doubtful=doubtful) if lines.reaches(place) else None
        followed = lines.followed_by(place)
        if followed is None:
            return None
        return self._hit(along=followed.along, whole=followed.share >= _WHOLE_SHARE, doubtful=doubtful)

    def _hit(
        self,
        *,
        areal: bool = False,
        along: bool | None = None,
        whole: bool = True,
        doubtful: bool = False,
        nearby: bool = False,
    ) -> Hit:
        return Hit(self.regulation, self.location, areal, along, whole, doubtful, nearby)

    def _binds(self, edge: EdgeFacts | None) -> bool:
        if edge is None:
            return True
        source = self.location if self.location is not None else self.regulation
        named_roads = source.named_roads if isinstance(source, (MeasureLocation, Perimeter)) else frozenset()
        return area_applies_to_edge(
            edge.road_class,
            layer=edge.layer,
            bridge=edge.bridge,
            tunnel=edge.tunnel,
            motor_road=edge.motor_road,
            named=bool(named_roads) and not _road_keys(edge.names).isdisjoint(_road_keys(named_roads)),
        )


def _road_keys(names: Iterable[str]) -> set[str]:
    return {"".join(name.split()).casefold() for name in names}


def sites_of(regulation: Regulation) -> tuple[Site, ...]:
    """The shapes of a regulation that are drawn."""
    if isinstance(regulation, Perimeter):
        places: list[tuple[MeasureLocation | None, BaseGeometry]] = [(None, regulation.shape)]
    else:
        places = [(location, location.drawn) for location in regulation.locations]
    return tuple(Site(regulation, location, shape) for location, shape in places if not shape.is_empty)
