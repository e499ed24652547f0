"""The routing graph of a territory: Valhalla tiles and their configuration, from one OpenStreetMap extract.

Layout of the folder: `valhalla.json` (configuration without any path), `tiles/`, `graph.json` (what was built). The
folder may be renamed after the build: whoever opens it gives the engine the present path (`open_config`).
"""

from __future__ import annotations

import copy
import hashlib
import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from valhalla import PYVALHALLA_DIR, get_config
from valhalla.baldr import GraphTileHeader

from portal.territories.build.errors import BuildError

Progress = Callable[[str, int, int], None]
"""Told of each step: its name, how many units are done, how many there are."""

CONFIG_NAME = "valhalla.json"
TILES_NAME = "tiles"
INFO_NAME = "graph.json"
BUILD_TIMEOUT_S = 3600
EDGES_VERSION = 2
"""Raised whenever the same tiles would give another table of edges."""
READABLE = (".osm.pbf", ".pbf", ".osm")

# The defaults (50 excluded locations, 20 stops) are below one day of events in a city.
MAX_EXCLUDE_LOCATIONS = 5000
MAX_STOPS = 200
MAX_MATRIX_PAIRS = MAX_STOPS * MAX_STOPS
MAX_STRAIGHT_M = 200_000
"""Farthest that two points of a shape to walk along may be apart: some roads and ferries exceed the engine's 2 km.
At 440 km its own lengths disagree, and the edge after a long one gets a wrong time."""


@dataclass(frozen=True, slots=True)
class GraphInfo:
    """What was built. version: digest of the tiles and of the way their edges are listed.

    It changes whenever edge ids, or the edges that have a row, may have changed: what was matched is matched again.
    """

    version: str
    tile_count: int
    node_count: int
    directed_edge_count: int


def build_graph(
    pbf: Path, out_dir: Path, progress: Progress | None = None, timeout_s: float = BUILD_TIMEOUT_S
) -> GraphInfo:
    """Build the tiles of an extract (.osm.pbf or .osm) in out_dir, which must not hold tiles yet.

    Raises BuildError: "extract-unreadable" (broken, empty, compressed XML), "extract-without-roads",
    "graph-build-timeout", "graph-build-failed" (with the reason of the builder).
    """
    tell = progress or _silent
    if not pbf.name.endswith(READABLE):
        # The builder aborts on compressed XML ("gzip not compiled") and on anything else it does not know.
        raise BuildError("extract-unreadable", file=pbf.name, reason="only .osm.pbf and .osm can be read")
    if not pbf.is_file() or pbf.stat().st_size == 0:
        raise BuildError("extract-unreadable", file=pbf.name, reason="the file is missing or empty")
    tiles = out_dir / TILES_NAME
    tiles.mkdir(parents=True, exist_ok=True)
    if any(tiles.iterdir()):
        raise BuildError("graph-build-failed", reason="the target folder already holds tiles")
    (out_dir / CONFIG_NAME).write_text(json.dumps(_configuration(tiles), indent=1, sort_keys=True), encoding="utf-8")
    tell("graph", 0, 1)
    _run_builder(pbf, out_dir, timeout_s)
    info = _inspect(tiles)
    if info.directed_edge_count == 0:
        raise BuildError("extract-without-roads", file=pbf.name)
    (out_dir / INFO_NAME).write_text(json.dumps(asdict(info)), encoding="utf-8")
    tell("graph", 1, 1)
    return info


def read_graph_info(graph_dir: Path) -> GraphInfo:
    """Return what a built graph says of itself. Raises BuildError when the folder holds no complete graph."""
    try:
        return GraphInfo(**json.loads((graph_dir / INFO_NAME).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise BuildError("graph-missing", folder=graph_dir.name) from error


@contextmanager
def open_config(graph_dir: Path) -> Iterator[Path]:
    """Give the path of a configuration that points to where the tiles are now, for the time of a constructor call.

    It lets the engine walk along long straight roads, in graphs of any age; in a request, `trace_options` would raise
    what is accepted, but not what is matched. The engine reads the file once, when it is created. A path is needed: a
    dict would leave a file behind each time.
    """
    config = json.loads((graph_dir / CONFIG_NAME).read_text(encoding="utf-8"))
    config["mjolnir"]["tile_dir"] = str((graph_dir / TILES_NAME).resolve())
    config["meili"]["default"]["breakage_distance"] = MAX_STRAIGHT_M
    descriptor, name = tempfile.mkstemp(prefix="joptimiz-graph-", suffix=".json")
    path = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            json.dump(config, stream)
        yield path
    finally:
        path.unlink()


def _configuration(tiles: Path) -> dict[str, Any]:
    # get_config shares its nested dicts between calls: a second call would rewrite the first result.
    config: dict[str, Any] = copy.deepcopy(get_config(tile_extract="", tile_dir=str(tiles)))
    mjolnir = config["mjolnir"]
    mjolnir["tile_dir"] = ""
    for absent in ("admin", "landmarks", "timezone", "traffic_extract", "transit_dir", "transit_feeds_dir"):
        mjolnir[absent] = ""
    # One level and no shortcuts: with a hierarchy the search leaves small streets far from the ends, and would call
    # unreachable a place that only a detour through them reaches. At the size of a city the speed is the same.
    mjolnir["hierarchy"] = False
    mjolnir["shortcuts"] = False
    limits = config["service_limits"]
    limits["max_exclude_locations"] = MAX_EXCLUDE_LOCATIONS
    limits["status"]["allow_verbose"] = True
    for costing in ("auto", "truck"):
        limits[costing]["max_locations"] = MAX_STOPS
        limits[costing]["max_matrix_location_pairs"] = MAX_MATRIX_PAIRS
    return config


def _run_builder(pbf: Path, out_dir: Path, timeout_s: float) -> None:
    program = PYVALHALLA_DIR / "bin" / "valhalla_build_tiles"
    with open_config(out_dir) as config:
        try:
            done = subprocess.run(  # noqa: S603 - our own wheel's program, no shell, paths only
                [str(program), "-c", str(config), str(pbf.resolve())],
                capture_output=True,
                text=True,
                errors="replace",
                timeout=timeout_s,
                check=False,
                stdin=subprocess.DEVNULL,
            )
        except subprocess.TimeoutExpired as error:
            raise BuildError("graph-build-timeout", seconds=int(timeout_s)) from error
        except OSError as error:
            raise BuildError("graph-build-failed", reason=str(error)) from error
    if done.returncode == 0:
        return
    reason = _last_sentence(done.stderr + done.stdout)
    if done.returncode == -signal.SIGABRT:
        # The builder has no other way to refuse what it cannot read.
        raise BuildError("extract-unreadable", file=pbf.name, reason=reason)
    raise BuildError("graph-build-failed", file=pbf.name, reason=reason, status=done.returncode)


def _last_sentence(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return lines[-1][:200].removeprefix("what():").strip() if lines else "no message"


def _inspect(tiles: Path) -> GraphInfo:
    digest = hashlib.sha256(f"edges {EDGES_VERSION}".encode())
    nodes = edges = count = 0
    for path in sorted(tiles.rglob("*.gph")):
        header = GraphTileHeader.from_file(path)
        nodes += header.nodecount
        edges += header.directededgecount
        count += 1
        digest.update(str(path.relative_to(tiles)).encode())
        with path.open("rb") as stream:
            while chunk := stream.read(1 << 20):
                digest.update(chunk)
    return GraphInfo(digest.hexdigest()[:16], count, nodes, edges)


def _silent(_step: str, _done: int, _total: int) -> None:
    return None
