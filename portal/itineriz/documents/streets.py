"""The streets of a graph as small maps draw them: each once, found by a box."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import shapely

from portal.itineriz.documents.frame import Floats, Frame
from portal.territories.api import EdgeTable, load_edges

# A map with more streets than this leaves out the least of them: nobody could tell them apart.
_MOST_DRAWN = 5_000
# Points of paper a drawn line may lie beside its street.
_DETAIL = 0.35


@dataclass(frozen=True, eq=False)
class Streets:
    """The streets of one build. rows: of the table; boxes: (n, 4) west, south, east, north by street."""

    table: EdgeTable
    rows: npt.NDArray[np.int64]
    boxes: Floats

    def seen(self, frame: Frame) -> npt.NDArray[np.int64]:
        """Rows of the streets that cross the frame, the greatest classes first when there are too many."""
        west, south, east, north = frame.box
        boxes = self.boxes
        crosses = (boxes[:, 0] <= east) & (boxes[:, 2] >= west) & (boxes[:, 1] <= north) & (boxes[:, 3] >= south)
        found = self.rows[crosses]
        if len(found) > _MOST_DRAWN:
            found = found[np.argsort(self.table.road_classes[found], kind="stable")[:_MOST_DRAWN]]
        return found

    def drawn(self, frame: Frame) -> Iterator[tuple[int, list[Floats]]]:
        """The lines on the paper by class of road, the least class first."""
        rows = self.seen(frame)
        classes = self.table.road_classes[rows]
        for road_class in sorted(set(classes.tolist()), reverse=True):
            yield (
                road_class,
                _simplified([frame.place(self.table.shape_coords(row)) for row in rows[classes == road_class]]),
            )


def _simplified(lines: list[Floats]) -> list[Floats]:
    """Lines with the points that paper can show."""
    counts = [len(line) for line in lines]
    made = shapely.linestrings(np.concatenate(lines), indices=np.repeat(np.arange(len(lines)), counts))
    simple = shapely.simplify(made, _DETAIL, preserve_topology=False)
    coords, of_line = shapely.get_coordinates(simple, return_index=True)
    return np.split(coords, np.flatnonzero(np.diff(of_line)) + 1)


@lru_cache(maxsize=4)
def load_streets(graph_dir: Path) -> Streets:
    """The streets of a build, which never changes. Raises FileNotFoundError when its table is not there."""
    table = load_edges(graph_dir)
    every = np.arange(len(table))
    rows = every[(table.opposing < 0) | (every < table.opposing)]
    starts = table.offsets[:-1]
    lows, highs = np.minimum.reduceat(table.coords, starts), np.maximum.reduceat(table.coords, starts)
    return Streets(table, rows, np.hstack([lows, highs])[rows])
