"""The law of one territory at one version: immutable, indexed, shared by the threads of a process."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from types import MappingProxyType
from typing import Any, Self
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from portal.regulations.calendars import LocalCalendar
from portal.regulations.geometry import POINT_REACH_M, grown
from portal.regulations.holidays import HolidayRegion
from portal.regulations.measures import EdgeFacts, Measure
from portal.regulations.perimeters import Perimeter
from portal.regulations.schedules import Interval
from portal.regulations.sites import Hit, Regulation, Site, is_in_force, sites_of

__all__ = ["Hit", "LawSnapshot", "Regulation", "is_in_force"]

type Floats = npt.NDArray[np.float64]
type Rows = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class LawSnapshot:
    """All perimeters and measures of a territory with their index. Build it with `LawSnapshot.build`.

    The index has one row per drawn shape, in the order of the law: its box in a tree, and when its regulation first
    starts and last ends, so that most of what sleeps is left out before any Python object is touched.
    """

    version: str
    calendar: LocalCalendar
    perimeters: Mapping[str, Perimeter]
    measures: Mapping[str, Measure]
    sites: tuple[Site, ...] = field(repr=False)
    _shapes: npt.NDArray[Any] = field(repr=False)
    _tree: shapely.STRtree = field(repr=False)
    _starts: Floats = field(repr=False)
    _ends: Floats = field(repr=False)

    @property
    def zone(self) -> ZoneInfo:
        """The local clock."""
        return self.calendar.zone

    @classmethod
    def build(
        cls,
        perimeters: Iterable[Perimeter],
        measures: Iterable[Measure],
        *,
        zone: ZoneInfo,
        version: str,
        region: HolidayRegion = HolidayRegion.METROPOLE,
        previous: LawSnapshot | None = None,
    ) -> Self:
        """Index the law. zone: local clock of the slots; region: its public holidays.

        previous: an earlier version; what was prepared for regulations that are the same objects is taken from it.
        Raises ValueError on a repeated id or a shape not finite.
        """
        by_id = _by_id(perimeters)
        measures_by_id = _by_id(measures)
        known: defaultdict[int, list[Site]] = defaultdict(list)
        for site in () if previous is None else previous.sites:
            known[id(site.regulation)].append(site)
        sites: list[Site] = []
        regulations: list[Regulation] = [*by_id.values(), *measures_by_id.values()]
        for regulation in regulations:
            found = known.get(id(regulation))
            sites += sites_of(regulation) if found is None else found
        return cls._indexed(version, LocalCalendar(zone, region), by_id, measures_by_id, sites)

    @classmethod
    def _indexed(
        cls,
        version: str,
        calendar: LocalCalendar,
        perimeters: dict[str, Perimeter],
        measures: dict[str, Measure],
        sites: Sequence[Site],
    ) -> Self:
        shapes = np.array([site.shape for site in sites], dtype=object)
        finite = np.isfinite(shapely.bounds(shapes).reshape(-1, 4)).all(axis=1)
        if not finite.all():
            raise ValueError(f"shape of {sites[int(np.argmin(finite))].regulation.id} is not finite")
        boxes = shapes.copy()
        for row, site in enumerate(sites):
            if site.is_wider:
                boxes[row] = shapely.box(*site.bounds)
        return cls(
            version=version,
            calendar=calendar,
            perimeters=MappingProxyType(perimeters),
            measures=MappingProxyType(measures),
            sites=tuple(sites),
            _shapes=shapes,
            _tree=shapely.STRtree(boxes),
            _starts=np.fromiter((site.starts_at for site in sites), dtype=float, count=len(sites)),
            _ends=np.fromiter((site.ends_at for site in sites), dtype=float, count=len(sites)),
        )

    def candidates(self, place: BaseGeometry) -> tuple[Regulation, ...]:
        """Regulations whose bounding box meets that of the place: cheap, and never too few. In the order of the law."""
        return self._regulations(self._tree.query(grown(place, POINT_REACH_M)))

    def in_box(
        self, bounds: tuple[float, float, float, float], during: Interval | None = None
    ) -> tuple[Regulation, ...]:
        """Regulations whose shape meets a box (west, south, east, north), in the order of the law.

        during: only those active at some moment of it.
        """
        box = shapely.box(*bounds)
        rows = self._tree.query(box)
        if during is not None:
            rows = rows[self._may_be_active(rows, during)]
        shapely.prepare(box)
        found = self._regulations(rows[shapely.intersects(box, self._shapes[rows])])
        if during is None:
            return found
        return tuple(regulation for regulation in found if is_in_force(regulation, during, self.calendar))

    def at(self, place: BaseGeometry, edge: EdgeFacts | None = None) -> tuple[Hit, ...]:
        """Regulations that bear on a place, whatever the hour. place: non-empty, (lon, lat); a line is a path driven
        in the order of its points. edge: facts that spare motorways, directions of the road, matched edges."""
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
        found: list[list[Hit]] = [[] for _ in places]
        if not places:
            return ()
        boxes = np.array([grown(place, POINT_REACH_M) for place in places], dtype=object)
        asked, rows = self._tree.query(boxes)
        if during is not None:
            starts = np.array([span.start.timestamp() for span in during])
            ends = np.array([span.end.timestamp() for span in during])
            awake = (self._starts[rows] <= ends[asked]) & (self._ends[rows] >= starts[asked])
            asked, rows = asked[awake], rows[awake]
        order = np.lexsort((rows, asked))
        for place_index, row in zip(asked[order].tolist(), rows[order].tolist(), strict=True):
            site = self.sites[row]
            if during is not None and not is_in_force(site.regulation, during[place_index], self.calendar):
                continue
            hit = site.hit(places[place_index], None if edges is None else edges[place_index])
            if hit is not None:
                found[place_index].append(hit)
        return tuple(tuple(hits) for hits in found)

    def on_edges(self, paths: npt.NDArray[Any], edges: Sequence[EdgeFacts]) -> tuple[tuple[Hit, ...], ...]:
        """`at_many` for edges of one graph, whole or in part: each shape is asked once for all of those around it.

        paths: one unbroken line per edge, in its direction. Raises ValueError when the lengths differ.
        """
        if len(paths) != len(edges):
            raise ValueError("as many edges as paths are needed")
        found: list[list[Hit]] = [[] for _ in paths]
        boxes = np.array([grown(path, POINT_REACH_M) for path in paths], dtype=object)
        asked, rows = self._tree.query(boxes)
        order = np.lexsort((asked, rows))
        asked, rows = asked[order], rows[order]
        for start, end in pairwise([*np.flatnonzero(np.diff(rows, prepend=-1)).tolist(), len(rows)]):
            places = asked[start:end]
            hits = self.sites[rows[start]].hits_on_edges(paths[places], [edges[place] for place in places])
            for place, hit in zip(places.tolist(), hits, strict=True):
                if hit is not None:
                    found[place].append(hit)
        return tuple(tuple(hits) for hits in found)

    def in_force(self, place: BaseGeometry, during: Interval, edge: EdgeFacts | None = None) -> tuple[Hit, ...]:
        """Regulations that bear on a place and are active at some moment of the interval."""
        return self.at_many([place], [edge], [during])[0]

    def awake(self, during: Interval) -> npt.NDArray[np.bool_]:
        """For each of `sites`, whether it is not surely asleep during the whole interval."""
        return self._may_be_active(np.arange(len(self.sites)), during)

    def around(self, during: Interval) -> LawSnapshot:
        """The part of the law whose bounds meet an interval: all that is active in it, and some that only sleeps."""
        return self._part(np.flatnonzero(self._may_be_active(np.arange(len(self.sites)), during)))

    def only(self, regulation: Regulation) -> LawSnapshot:
        """The law of one regulation alone."""
        perimeters = {regulation.id: regulation} if isinstance(regulation, Perimeter) else {}
        measures = {regulation.id: regulation} if isinstance(regulation, Measure) else {}
        return self._indexed(self.version, self.calendar, perimeters, measures, sites_of(regulation))

    def _part(self, rows: Rows) -> LawSnapshot:
        kept = self._regulations(rows)
        return self._indexed(
            self.version,
            self.calendar,
            {r.id: r for r in kept if isinstance(r, Perimeter)},
            {r.id: r for r in kept if isinstance(r, Measure)},
            [self.sites[row] for row in rows],
        )

    def _may_be_active(self, rows: Rows, during: Interval) -> npt.NDArray[np.bool_]:
        """Which rows are not surely asleep during the whole interval."""
        awake: npt.NDArray[np.bool_] = (self._starts[rows] <= during.end.timestamp()) & (
            self._ends[rows] >= during.start.timestamp()
        )
        return awake

    def _regulations(self, rows: Rows) -> tuple[Regulation, ...]:
        return tuple({id(r): r for r in (self.sites[row].regulation for row in np.sort(rows))}.values())


def _by_id[R: (Perimeter, Measure)](regulations: Iterable[R]) -> dict[str, R]:
    given = list(regulations)
    found = {regulation.id: regulation for regulation in given}
    if len(found) < len(given):
        twice = next(regulation.id for regulation in given if found[regulation.id] is not regulation)
        raise ValueError(f"two regulations have the id {twice}")
    return found
