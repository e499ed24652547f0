"""From degrees to points of paper: the part of the world a small map shows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

type Floats = npt.NDArray[np.float64]

# Metres in a degree of latitude on the sphere that the lengths of the graph use.
_DEGREE_M = 111_195.08
_NICE = (1, 2, 5)


@dataclass(frozen=True, slots=True)
class Frame:
    """A map of width by height points (1/72 inch), north up. centre: (lon, lat); scale: points to the metre."""

    width: float
    height: float
    centre: tuple[float, float]
    scale: float

    @property
    def box(self) -> tuple[float, float, float, float]:
        """West, south, east, north of what is seen, degrees."""
        lon, lat = self.centre
        across, up = self.width / 2 / self.scale / self._lon_m, self.height / 2 / self.scale / _DEGREE_M
        return lon - across, lat - up, lon + across, lat + up

    @property
    def _lon_m(self) -> float:
        return _DEGREE_M * math.cos(math.radians(self.centre[1]))

    def place(self, coords: Sequence[Sequence[float]] | Floats) -> Floats:
        """Where positions fall on the paper. coords: (n, 2) lon, lat. Returns (n, 2) points from the top left."""
        given = np.asarray(coords, dtype=np.float64).reshape(-1, 2)
        turned = np.array([self._lon_m, -_DEGREE_M]) * self.scale
        placed: Floats = (given - np.array(self.centre)) * turned + np.array([self.width, self.height]) / 2
        return placed

    def holds(self, point: Sequence[float], margin: float = 0.0) -> bool:
        """Tell whether a point of the paper is inside, at least so far from the edges."""
        return margin <= point[0] <= self.width - margin and margin <= point[1] <= self.height - margin

    def round_length(self) -> tuple[int, float]:
        """A round number of metres for the scale bar, at most a quarter of the width, and its points."""
        most_m = self.width / 4 / self.scale
        tens = 10 ** math.floor(math.log10(most_m))
        metres = max(nice * tens for nice in _NICE if nice * tens <= most_m)
        return round(metres), metres * self.scale


def frame_around(coords: Sequence[Sequence[float]] | Floats, width: float, height: float, least_m: float) -> Frame:
    """The frame that shows all positions with a margin, and at least so many metres in its smaller direction.

    coords: (n, 2) lon, lat, n >= 1.
    """
    given = np.asarray(coords, dtype=np.float64).reshape(-1, 2)
    (west, south), (east, north) = given.min(axis=0), given.max(axis=0)
    lat = float(south + north) / 2
    lon_m = _DEGREE_M * math.cos(math.radians(lat))
    margin = 0.88  # of the paper is for the positions, the rest for what stands around them
    across_m, up_m = float(east - west) * lon_m, float(north - south) * _DEGREE_M
    scale = min(width * margin / max(across_m, 1e-3), height * margin / max(up_m, 1e-3), min(width, height) / least_m)
    return Frame(width, height, (float(west + east) / 2, lat), scale)
