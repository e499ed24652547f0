"""Where a place of the law lies on the road graph, as found once: directed edges, how much of each, how surely."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt
from shapely.geometry.base import BaseGeometry

TRUSTED_CONFIDENCE: Final = 0.5
"""An edge matched less surely than this is a doubt, never a closure."""
_WHOLE_SHARE: Final = 0.95
_LEAST_SHARE: Final = 1e-6

EDGE_ROW: Final = np.dtype(
    [("edge_id", "<i8"), ("along", "?"), ("from_fraction", "<f4"), ("to_fraction", "<f4"), ("confidence", "<f4")]
)
"""One matched edge. along: it runs as the shape is drawn. Fractions of its own length, in its own direction."""


@dataclass(frozen=True, slots=True)
class EdgePart:
    """What is matched of the driven part of an edge. whole: nearly all of it. sure: enough to close it."""

    along: bool
    whole: bool
    sure: bool


@dataclass(frozen=True, eq=False, slots=True)
class EdgeMatches:
    """The edges of one place on one version of the graph. rows: EDGE_ROW, sorted by edge_id; several per edge at will.

    trusted False: too little of the place was found; the rows stand for nothing, and what its shape says of an edge of
    that graph is a doubt. bounds: of the edges (west, south, east, north), which may lie beside the shape.
    missing: the drawn lines of which no row was found. path: the way that was found between two points.
    """

    graph_version: str
    rows: npt.NDArray[np.void]
    trusted: bool = True
    bounds: tuple[float, float, float, float] | None = None
    missing: BaseGeometry | None = None
    path: BaseGeometry | None = None

    @classmethod
    def of(cls, graph_version: str, rows: Iterable[tuple[int, bool, float, float, float]]) -> Self:
        """Matches from rows of EDGE_ROW in any order."""
        return cls(graph_version, np.sort(np.array([*rows], dtype=EDGE_ROW), order="edge_id"))

    def on(self, edge_id: str, driven: tuple[float, float]) -> EdgePart | None:
        """What is matched of the part of an edge that is driven (fractions of its length); None when nothing is."""
        ids = self.rows["edge_id"]
        first, last = np.searchsorted(ids, int(edge_id), "left"), np.searchsorted(ids, int(edge_id), "right")
        met = [(row, share) for row in self.rows[first:last] if (share := _share_of(driven, row)) > _LEAST_SHARE]
        if not met:
            return None
        # A loop may be matched both ways: what is surest decides.
        best, _ = max(met, key=lambda found: (float(found[0]["confidence"]), found[1]))
        return EdgePart(
            along=bool(best["along"]),
            whole=sum(share for _, share in met) >= _WHOLE_SHARE,
            sure=float(best["confidence"]) >= TRUSTED_CONFIDENCE,
        )

    def on_each(self, edge_ids: npt.NDArray[np.int64]) -> list[EdgePart | None]:
        """`on` for many edges at once, each driven from end to end."""
        rows = self.rows
        firsts = np.searchsorted(rows["edge_id"], edge_ids, "left")
        counts = np.searchsorted(rows["edge_id"], edge_ids, "right") - firsts
        found: list[EdgePart | None] = [None] * len(edge_ids)
        for place in np.flatnonzero(counts > 1).tolist():
            found[place] = self.on(str(edge_ids[place]), (0.0, 1.0))
        alone = np.flatnonzero(counts == 1)
        met = rows[firsts[alone]]
        starts, ends = met["from_fraction"].astype(np.float64), met["to_fraction"].astype(np.float64)
        shares = np.maximum(np.minimum(1.0, ends) - np.maximum(0.0, starts), 0.0)
        whole, sure = shares >= _WHOLE_SHARE, met["confidence"].astype(np.float64) >= TRUSTED_CONFIDENCE
        for n in np.flatnonzero(shares > _LEAST_SHARE).tolist():
            found[int(alone[n])] = EdgePart(bool(met["along"][n]), bool(whole[n]), bool(sure[n]))
        return found


def _share_of(driven: tuple[float, float], row: Any) -> float:
    """The part of what is driven that a row covers, 0 to 1."""
    start, end = max(driven[0], float(row["from_fraction"])), min(driven[1], float(row["to_fraction"]))
    return max(end - start, 0.0) / max(driven[1] - driven[0], _LEAST_SHARE)
