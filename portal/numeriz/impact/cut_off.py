"""Streets that stay open and lead nowhere any more once others are closed."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

type Nodes = npt.NDArray[np.int64]
type Truths = npt.NDArray[np.bool_]

_HUBS_TRIED: Final = 6
_MOST: Final = 0.5


class Roads:
    """A graph of directed edges, nothing but who leads where. Turns that are forbidden are not looked at.

    starts, ends: (n,) numbers of the nodes of each edge.
    """

    def __init__(self, starts: npt.NDArray[np.integer], ends: npt.NDArray[np.integer]) -> None:
        self._starts, self._ends = starts.astype(np.int64), ends.astype(np.int64)
        self._count = int(max(self._starts.max(initial=-1), self._ends.max(initial=-1))) + 1

    def cut_off(self, usable: Truths, closed: Truths) -> Nodes | None:
        """The usable edges (rows), not closed themselves, that one could reach and leave before and cannot both after.

        None when so much is closed that most of the graph falls apart: then nothing can be said of the rest.
        """
        before = self._core(usable, np.flatnonzero(usable))
        if before is None:
            return None
        left = usable & ~closed
        touched = np.zeros(self._count, dtype=np.bool_)
        touched[self._starts[closed]] = touched[self._ends[closed]] = True
        # What lies away from the closures is where the rest of the town is.
        candidates = np.flatnonzero(left & before[self._starts] & ~touched[self._starts] & ~touched[self._ends])
        after = self._core(left, candidates, _MOST * before.sum())
        if after is None:
            return None
        was = before[self._starts] & before[self._ends]
        still = after[self._starts] & after[self._ends]
        return np.flatnonzero(left & was & ~still)

    def _core(self, usable: Truths, candidates: Nodes, least: float | None = None) -> Truths | None:
        """(nodes,) those that reach one another, of the largest such part that some candidate edges lie in."""
        if len(candidates) == 0:
            return None
        least = _MOST * len(np.unique(self._starts[usable])) if least is None else least
        best: Truths | None = None
        forward, backward = self._neighbours(usable, back=False), self._neighbours(usable, back=True)
        for place in np.linspace(0, len(candidates) - 1, min(_HUBS_TRIED, len(candidates))).astype(np.int64):
            hub = int(self._starts[candidates[place]])
            if best is not None and best[hub]:
                continue
            found = _reached(hub, forward, self._count) & _reached(hub, backward, self._count)
            if best is None or found.sum() > best.sum():
                best = found
            if best.sum() >= least:
                return best
        return None

    def _neighbours(self, usable: Truths, *, back: bool) -> tuple[Nodes, Nodes]:
        """The edges by the node they leave (or enter): where those of each node begin, and the nodes they lead to."""
        sources, targets = (self._ends, self._starts) if back else (self._starts, self._ends)
        sources, targets = sources[usable], targets[usable]
        order = np.argsort(sources, kind="stable")
        ptr = np.concatenate(([0], np.cumsum(np.bincount(sources, minlength=self._count))))
        return ptr, targets[order]


def _reached(hub: int, neighbours: tuple[Nodes, Nodes], count: int) -> Truths:
    """(nodes,) whether each is reached from the hub."""
    ptr, targets = neighbours
    seen: Truths = np.zeros(count, dtype=np.bool_)
    seen[hub] = True
    front = np.array([hub], dtype=np.int64)
    while len(front):
        sizes = ptr[front + 1] - ptr[front]
        # The places of all edges of the front, one run after the other.
        places = np.repeat(ptr[front] - np.concatenate(([0], np.cumsum(sizes)[:-1])), sizes) + np.arange(sizes.sum())
        front = np.unique(targets[places])
        front = front[~seen[front]]
        seen[front] = True
    return seen
