"""Where lines and areas of the law lie on the road graph: the directed edges, how much of each, how surely."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

TRUSTED_SHARE = 0.8
"""Below this part of its length found on the graph, the match of a line is shown to the clerk and not used."""

EDGE_ROW = np.dtype(
    [("edge_id", "<i8"), ("along", "?"), ("from_fraction", "<f4"), ("to_fraction", "<f4"), ("confidence", "<f4")]
)
"""One matched edge. along: it runs as the line is drawn. The fractions are of its own length, in its own direction."""

type MatchedEdges = npt.NDArray[np.void]
"""Rows of EDGE_ROW sorted by edge_id; an edge that meets an area twice, or a loop, has several."""


@dataclass(frozen=True, slots=True)
class MatchDoubt:
    """Something a clerk has to look at: a code and its parameters."""

    code: str
    params: dict[str, str | int]


@dataclass(frozen=True, eq=False, slots=True)
class Match:
    """A place on one version of the graph. matched_share, confidence: 0 to 1; the share is of the length drawn."""

    edges: MatchedEdges
    matched_share: float
    confidence: float
    doubts: tuple[MatchDoubt, ...] = ()

    @property
    def trusted(self) -> bool:
        """Tell whether the edges may stand for the shape."""
        return self.matched_share >= TRUSTED_SHARE and len(self.edges) > 0
