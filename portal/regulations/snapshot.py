"""The law of one territory at one version: immutable, indexed, shared by the threads of a process."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Self
from zoneinfo import ZoneInfo

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from portal.regulations.geometry import POINT_REACH_M, AreaShape, LineShape, grown, lines_of, polygons_of
from portal.regulations.measures import EdgeFacts, Measure, MeasureLocation, area_applies_to_edge
from portal.regulations.perimeters import Perimeter
from portal.regulations.schedules import Interval

type Regulation = Perimeter | Measure


@dataclass(frozen=True, slots=True)
class Hit:
    """A regulation that bears on a place, whatever the hour.

    location: the place of the measure, None for a perimeter. areal: the place lies inside a polygon. along: a path
    that runs as the line is drawn (True), against it (False), or a place without a direction (None).
    """

    regulation: Regulation
    location: MeasureLocation | None
    areal: bool
    along: bool | None = None

    def in_force(self, during: Interval, zone: ZoneInfo) -> bool:
        """Tell whether the regulation is active at some moment of the interval."""
        return is_in_force(self.regulation, during, zone)


def is_in_force(regulation: Regulation, during: Interval, zone: ZoneInfo) -> bool:
    """Tell whether a regulation is active at some moment of the interval."""
    if isinstance(regulation, Perimeter):
        return any(during.meets(a.start, a.end) for a in regulation.activations)
    return any(period.is_active_during(during, zone) for period in regulation.periods)


class _Site:
    """One shape of one regulation. What costs time is computed at the first question; doing it twice is harmless."""

    def __init__(self, regulation: Regulation, location: MeasureLocation | None, shape: BaseGeometry) -> None:
        self.regulation = regulation
        self.location = location
        self.shape = shape

    @cached_property
    def _area(self) -> AreaShape | None:
        polygons = polygons_of(self.shape)
        return None if polygons is None else AreaShape(polygons)

    @cached_property
    def _lines(self) -> LineShape | None:
        # A repaired polygon may leave stray lines: a perimeter is an area and nothing else.
        lines = None if self.location is None else lines_of(self.shape)
        return None if lines is None else LineShape(lines)

    def hit(self, place: BaseGeometry, edge: EdgeFacts | None) -> Hit | None:
        """Tell how the shape bears on a place; None when it does not."""
        if self.location is not None and edge is not None and edge.edge_id is not None:
            matched = [m for m in self.location.edges if m.graph_version == edge.graph_version]
            if matched:
                along = next((m.along for m in matched if m.edge_id == edge.edge_id), None)
                return None if along is None else Hit(self.regulation, self.location, areal=False, along=along)
        if self._area is not None and self._binds(edge) and self._area.holds(place):
            return Hit(self.regulation, self.location, areal=True)
        return None if self._lines is None else self._hit_on_lines(self._lines, place)

    def _hit_on_lines(self, lines: LineShape, place: BaseGeometry) -> Hit | None:
        if shapely.get_dimensions(place) != 1:
            return Hit(self.regulation, self.location, areal=False) if lines.reaches(place) else None
        along = lines.followed_by(place)
        return None if along is None else Hit(self.regulation, self.location, areal=False, along=along)

    def _binds(self, edge: EdgeFacts | None) -> bool:
        if edge is None:
            return True
        source = self.location if self.location is not None else self.regulation
        named_roads = source.named_roads if isinstance(source, (MeasureLocation, Perimeter)) else frozenset()
        named = not {_road_key(n) for n in edge.names}.isdisjoint(_road_key(n) for n in named_roads)
        return area_applies_to_edge(
            edge.road_class,
            layer=edge.layer,
            bridge=edge.bridge,
            tunnel=edge.tunnel,
            motor_road=edge.motor_road,
            named=named,
        )


def _road_key(name: str) -> str:
    return "".join(name.split()).casefold()


@dataclass(frozen=True, slots=True, eq=False)
class LawSnapshot:
    """All perimeters and measures of a territory with their index. Build it with `LawSnapshot.build`."""

    version: str
    zone: ZoneInfo
    perimeters: Mapping[str, Perimeter]
    measures: Mapping[str, Measure]
    _sites: tuple[_Site, ...] = field(repr=False)
    _tree: shapely.STRtree = field(repr=False)

    @classmethod
    def build(
        cls, perimeters: Iterable[Perimeter], measures: Iterable[Measure], *, zone: ZoneInfo, version: str
    ) -> Self:
        """Index the law. zone: local clock of the slots. Raises ValueError on a repeated id or a shape not finite."""
        by_id = _by_id(perimeters)
        measures_by_id = _by_id(measures)
        sites = [_Site(p, None, p.shape) for p in by_id.values()]
        sites += [_Site(m, location, location.shape) for m in measures_by_id.values() for location in m.locations]
        drawn = tuple(site for site in sites if not site.shape.is_empty)
        shapes = np.array([site.shape for site in drawn], dtype=object)
        for index in np.flatnonzero(~np.isfinite(shapely.bounds(shapes)).all(axis=-1)) if drawn else ():
            raise ValueError(f"shape of {drawn[index].regulation.id} is not finite")
        return cls(
            version=version,
            zone=zone,
            perimeters=MappingProxyType(by_id),
            measures=MappingProxyType(measures_by_id),
            _sites=drawn,
            _tree=shapely.STRtree(shapes),
        )

    def candidates(self, place: BaseGeometry) -> tuple[Regulation, ...]:
        """Regulations whose bounding box meets that of the place: cheap, and never too few. In the order of the law."""
        near = np.sort(self._tree.query(grown(place, POINT_REACH_M)))
        return tuple({id(r): r for r in (self._sites[index].regulation for index in near)}.values())

    def at(self, place: BaseGeometry, edge: EdgeFacts | None = None) -> tuple[Hit, ...]:
        """Regulations that bear on a place, whatever the hour. place: non-empty, (lon, lat); a line is a path driven
        in the order of its points. edge: facts that spare motorways, and directions of the road."""
        return self.at_many([place], [edge])[0]

    def at_many(
        self,
        places: Sequence[BaseGeometry],
        edges: Sequence[EdgeFacts | None] | None = None,
        during: Sequence[Interval] | None = None,
    ) -> tuple[tuple[Hit, ...], ...]:
        """`at` for many places with one look at the index.

        edges, during: one per place when given; with `during` only what is active then is looked at, which is cheaper
        than looking at shapes. Raises ValueError when the lengths differ.
        """
        if any(given is not None and len(given) != len(places) for given in (edges, during)):
            raise ValueError("as many edges and intervals as places are needed")
        boxes = np.array([grown(place, POINT_REACH_M) for place in places], dtype=object)
        found: dict[int, list[Hit]] = defaultdict(list)
        pairs = self._tree.query(boxes).T.tolist() if len(places) else []
        for place_index, site_index in sorted(pairs):
            site = self._sites[site_index]
            if during is not None and not is_in_force(site.regulation, during[place_index], self.zone):
                continue
            hit = site.hit(places[place_index], None if edges is None else edges[place_index])
            if hit is not None:
                found[place_index].append(hit)
        return tuple(tuple(found[index]) for index in range(len(places)))

    def in_force(self, place: BaseGeometry, during: Interval, edge: EdgeFacts | None = None) -> tuple[Hit, ...]:
        """Regulations that bear on a place and are active at some moment of the interval."""
        return self.at_many([place], [edge], [during])[0]


def _by_id[R: (Perimeter, Measure)](regulations: Iterable[R]) -> dict[str, R]:
    found: dict[str, R] = {}
    for regulation in regulations:
        if regulation.id in found:
            raise ValueError(f"two regulations have the id {regulation.id}")
        found[regulation.id] = regulation
    return found
