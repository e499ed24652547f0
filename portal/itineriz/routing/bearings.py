"""Which regulations bear on each directed edge, whatever the hour: asked of the law once, kept as arrays.

The answers are those of `LawSnapshot.at_many` for the whole edge. When the law changes, only what is new in it is asked
again: a snapshot keeps the sites of the regulations that did not change.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from portal.itineriz.routing.engine import Engine
from portal.regulations.geometry import POINT_REACH_M
from portal.regulations.measures import EdgeFacts
from portal.regulations.perimeters import Perimeter
from portal.regulations.schedules import Interval
from portal.regulations.sites import Hit, Site
from portal.regulations.snapshot import LawSnapshot

type Numbers = npt.NDArray[np.int64]
type Codes = npt.NDArray[np.uint8]
type Pairs = tuple[Numbers, Numbers, Codes]
"""Rows, numbers of sites, and how each bears on each."""

AREAL, WHOLE, DOUBTFUL, NEARBY, WITH, AGAINST = 1, 2, 4, 8, 16, 32
"""How a site bears on an edge (see `Hit`): bits of one byte."""

_HITS_KEPT = 8192
_DAYS_KEPT = 4
_METRES_PER_DEGREE = 111_195.0
_SITES_AT_ONCE = 2000


class Bearings:
    """What bears on the edges of a graph.

    Row i is borne on by the sites `site[ptr[i]:ptr[i + 1]]` (int32, numbers in `law.sites`, rising) in the ways `how`
    tells (uint8). asked: how many sites had to be asked, those that the earlier version did not have.
    Safe to share: nothing changes once it is made.
    """

    def __init__(self, engine: Engine, law: LawSnapshot, previous: Bearings | None = None) -> None:
        """Ask the law for every edge. previous: an earlier version on the same graph; what it knows is not asked."""
        known = previous if previous is not None and previous.engine is engine else None
        self.engine: Engine = engine
        self.law = law
        self.boxes: shapely.STRtree = _boxes_of_edges(engine) if known is None else known.boxes
        numbers = _numbers_now(known, law)
        self.old_sites: Numbers = np.full(len(law.sites), -1, dtype=np.int64)
        """For each site its number in the earlier version, -1 when it was not there."""
        self.old_sites[numbers[numbers >= 0]] = np.flatnonzero(numbers >= 0)
        is_new = self.old_sites < 0
        self.asked = int(is_new.sum())
        found = [_asked(engine, law, self.boxes, np.flatnonzero(is_new))]
        if known is not None:
            found.append(_kept(known, numbers))
        rows, sites, hows = (np.concatenate(parts) for parts in zip(*found[::-1], strict=True))
        order = np.lexsort((sites, rows)) if known is None else _merged_order(rows, sites)
        self.ptr: Numbers = np.zeros(len(engine.table) + 1, dtype=np.int64)
        np.cumsum(np.bincount(rows, minlength=len(engine.table)), out=self.ptr[1:])
        self.site: npt.NDArray[np.int32] = sites[order].astype(np.int32)
        self.how: Codes = hows[order]
        self.hits = lru_cache(maxsize=_HITS_KEPT)(self._hits)
        self._awake = lru_cache(maxsize=_DAYS_KEPT)(self._find_awake)

    @property
    def rows(self) -> Numbers:
        """The row of each pair."""
        return np.repeat(np.arange(len(self.engine.table)), np.diff(self.ptr))

    def _find_awake(self, days: Interval) -> npt.NDArray[np.bool_]:
        # An area tells what a trip is for even while it sleeps.
        is_area = [isinstance(site.regulation, Perimeter) for site in self.law.sites]
        awake: npt.NDArray[np.bool_] = self.law.awake(days) | np.array(is_area, dtype=bool)
        return awake

    def _hits(self, row: int, days: Interval | None = None) -> tuple[Hit, ...]:
        """What bears on a whole edge, in the order of the law; days: without the measures surely asleep in them."""
        first, last = int(self.ptr[row]), int(self.ptr[row + 1])
        sites = self.site[first:last]
        pairs = zip(sites.tolist(), self.how[first:last].tolist(), strict=True)
        awake = [True] * len(sites) if days is None else self._awake(days)[sites].tolist()
        return tuple(
            hit_of(self.law.sites[site], how) for (site, how), is_awake in zip(pairs, awake, strict=True) if is_awake
        )


def hit_of(site: Site, how: int) -> Hit:
    """The answer of the law that a byte stands for."""
    along = None if not how & (WITH | AGAINST) else bool(how & WITH)
    areal, whole, doubtful, nearby = (bool(how & bit) for bit in (AREAL, WHOLE, DOUBTFUL, NEARBY))
    return Hit(site.regulation, site.location, areal, along, whole, doubtful, nearby)


def _how(hit: Hit) -> int:
    along = 0 if hit.along is None else WITH if hit.along else AGAINST
    bits = zip((AREAL, WHOLE, DOUBTFUL, NEARBY), (hit.areal, hit.whole, hit.doubtful, hit.nearby), strict=True)
    return along + sum(bit for bit, is_set in bits if is_set)


def facts_of_part(engine: Engine, row: int, path: BaseGeometry) -> EdgeFacts:
    """What the law must know of an edge of which this path is driven: a trip starts and ends somewhere on one."""
    facts, whole = engine.facts[row], engine.table.shapes[row]
    if abs(path.length - whole.length) <= _SAME_LENGTH * whole.length:
        return facts
    ends = shapely.get_point(path, [0, -1])
    first, last = shapely.line_locate_point(whole, ends, normalized=True).tolist()
    return facts if first >= last else replace(facts, driven=(first, last))


# Lengths in degrees: good enough to tell a part of an edge from the whole.
_SAME_LENGTH = 0.001


def _boxes_of_edges(engine: Engine) -> shapely.STRtree:
    """The boxes of the edges, as widened as those with which a law is asked."""
    west, south, east, north = shapely.bounds(engine.table.shapes).T
    d_lat = POINT_REACH_M / _METRES_PER_DEGREE
    d_lon = d_lat / np.cos(np.radians(np.maximum(np.abs(south), np.abs(north))))
    return shapely.STRtree(shapely.box(west - d_lon, south - d_lat, east + d_lon, north + d_lat))


def _numbers_now(known: Bearings | None, law: LawSnapshot) -> Numbers:
    """For each site of the earlier law its number in this one, -1 when it is gone."""
    if known is None:
        return np.empty(0, dtype=np.int64)
    now = {id(site): number for number, site in enumerate(law.sites)}
    before = known.law.sites
    return np.fromiter((now.get(id(site), -1) for site in before), dtype=np.int64, count=len(before))


def _kept(known: Bearings, numbers: Numbers) -> Pairs:
    now = numbers[known.site]
    stays = now >= 0
    return known.rows[stays], now[stays], known.how[stays]


def _merged_order(rows: Numbers, sites: Numbers) -> Numbers:
    # What stays is in order already, as long as the law keeps its own: a stable sort makes use of it.
    key = rows * (int(sites.max(initial=0)) + 1) + sites
    return np.argsort(key, kind="stable")


def _asked(engine: Engine, law: LawSnapshot, tree: shapely.STRtree, numbers: Numbers) -> Pairs:
    """Ask some sites for all the edges near them."""
    shapes, facts = engine.table.shapes, engine.facts
    rows: list[Numbers] = [np.empty(0, dtype=np.int64)]
    counts: list[int] = []
    hows: list[int] = []
    for start in range(0, len(numbers), _SITES_AT_ONCE):
        some = numbers[start : start + _SITES_AT_ONCE]
        for number, near in zip(some.tolist(), _near(tree, [law.sites[n] for n in some.tolist()]), strict=True):
            site = law.sites[number]
            found = site.hits_on_edges(shapes[near], [facts[row] for row in near.tolist()])
            hit = [place for place, one in enumerate(found) if one is not None]
            rows.append(near[hit])
            counts.append(len(hit))
            hows += [_how(one) for one in found if one is not None]
    return np.concatenate(rows), np.repeat(numbers, counts), np.array(hows, dtype=np.uint8)


def _near(tree: shapely.STRtree, sites: Sequence[Site]) -> list[Numbers]:
    """For each site the rows of the edges whose boxes meet its own."""
    boxes = shapely.box(*np.array([site.bounds for site in sites], dtype=np.float64).reshape(-1, 4).T)
    asked, rows = tree.query(boxes)
    order = np.lexsort((rows, asked))
    return np.split(rows[order].astype(np.int64), np.searchsorted(asked[order], np.arange(1, len(sites))))
