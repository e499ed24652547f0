"""An invented city of more than 50,000 directed edges, drawn and built once under the folder of the measures."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from portal.itineriz.routing.engine import Engine, open_engine
from portal.territories.demo_town import generate, write_osm_pbf
from portal.territories.pipeline import build
from portal.territories.queries import GRAPH_NAME

_SEED: Final = 1
_SIZE_KM: Final = 13.0
_EXTRACT: Final = f"city-{_SEED}-{_SIZE_KM:g}km.osm.pbf"


def city_engine(folder: Path) -> Engine:
    """The engine over the city. folder: where it is kept; drawing and building it takes some minutes the first time.

    Raises BuildError when it cannot be built.
    """
    folder.mkdir(parents=True, exist_ok=True)
    extract = folder / _EXTRACT
    if not extract.exists():
        partial = extract.with_name(f"partial-{_EXTRACT}")
        write_osm_pbf(generate(_SEED, _SIZE_KM), partial)
        partial.rename(extract)
    return open_engine(build(extract, folder / "builds").folder / GRAPH_NAME)
