"""Building all of a territory from one extract, beside the build in force.

Everything is made in `<version>.partial/`, which is renamed when it is complete: a folder named after a version is
whole, whatever happened to the machine. The version is the content of the extract and the version of this builder, so
that the same extract is never built twice.
"""

from __future__ import annotations

import errno
import fcntl
import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.errors import Conflict
from portal.territories.build.addresses import build_addresses
from portal.territories.build.basemap import build_basemap
from portal.territories.build.driving import build_driving
from portal.territories.build.edges import build_edges
from portal.territories.build.errors import BuildError
from portal.territories.build.graph import build_graph
from portal.territories.build.restrictions import build_restrictions
from portal.territories.build.source import Bounds, check_file, prepare_source, source_digest
from portal.territories.queries import (
    ADDRESSES_NAME,
    BASEMAP_NAME,
    BUILD_NAME,
    GRAPH_NAME,
    RESTRICTIONS_NAME,
    BuildFacts,
)

Progress = Callable[[str, int, int], None]
"""Told of each step: its name (see STEPS), how many units are done, how many there are."""

STEPS = ("source", "graph", "edges", "driving", "basemap", "addresses", "restrictions")
BUILDER_VERSION = 4
"""Raised whenever the same extract would give another build."""

_EXTRACT_NAME = "extract.osm.pbf"
_BOUNDS_NAME = "bounds.json"
_PARTIAL = ".partial"
_LEAST_FREE_BYTES = 100 * 1024**2
_GROWTH = 12
"""A build needs at most about this many times the size of its extract while it runs."""


@dataclass(frozen=True, slots=True)
class Built:
    """A complete build: its version, folder, bounds and facts. reused: it was there already."""

    version: str
    folder: Path
    bounds: Bounds
    facts: BuildFacts
    reused: bool


def build(source: Path, builds_dir: Path, progress: Progress | None = None, clock: Clock = SYSTEM_CLOCK) -> Built:
    """Return the build of an extract under builds_dir, made unless it is there already.

    Raises BuildError when the extract cannot be used or the disk is full, Conflict("build-running") when another
    process builds the same territory; both leave every other build as it was.
    """
    tell = progress or _silent
    check_file(source)
    with _one_at_a_time(builds_dir):
        tell("source", 0, 1)
        version = f"{source_digest(source)[:16]}-{BUILDER_VERSION}"
        folder = builds_dir / version
        if folder.is_dir():
            return _read(folder, reused=True)
        _check_disk(builds_dir, source)
        partial = builds_dir / (version + _PARTIAL)
        try:
            partial.mkdir()
            _fill(partial, source, version, tell, clock)
            partial.rename(folder)
        except (OSError, sqlite3.OperationalError) as error:
            if _is_disk_full(error):
                raise BuildError("disk-full", file=source.name) from error
            raise
        finally:
            shutil.rmtree(partial, ignore_errors=True)
        return _read(folder, reused=False)


def remove_old_builds(builds_dir: Path, keep: set[str]) -> None:
    """Remove the builds of a territory but those named; a process may still read the one before the present one."""
    for folder in builds_dir.iterdir():
        if folder.is_dir() and folder.name not in keep and not folder.name.endswith(_PARTIAL):
            shutil.rmtree(folder, ignore_errors=True)


def _fill(partial: Path, source: Path, version: str, tell: Progress, clock: Clock) -> None:
    pbf = partial / _EXTRACT_NAME
    info = prepare_source(source, pbf)
    tell("source", 1, 1)
    graph_dir = partial / GRAPH_NAME
    graph_dir.mkdir()
    build_graph(pbf, graph_dir, tell)
    edges = build_edges(graph_dir, pbf, tell)
    build_driving(graph_dir, edges, tell)
    tell("basemap", 0, 1)
    basemap = build_basemap(pbf, partial / BASEMAP_NAME, info.bounds, work_dir=partial)
    tell("basemap", 1, 1)
    tell("addresses", 0, 1)
    addresses = build_addresses(pbf, partial / ADDRESSES_NAME)
    tell("addresses", 1, 1)
    tell("restrictions", 0, 1)
    restrictions = build_restrictions(pbf, partial / RESTRICTIONS_NAME)
    tell("restrictions", 1, 1)
    pbf.unlink()
    facts = BuildFacts(
        version=version,
        built_at=clock.now(),
        source_name=source.name,
        size_bytes=sum(path.stat().st_size for path in partial.rglob("*") if path.is_file()),
        directed_edge_count=len(edges.edge_ids),
        street_count=addresses.street_count,
        address_count=addresses.address_count,
        place_count=addresses.place_count,
        incomplete_objects=basemap.incomplete_objects,
        restriction_count=restrictions,
        missing_edge_count=len(edges.missing),
    )
    (partial / _BOUNDS_NAME).write_text(json.dumps(asdict(info.bounds)), encoding="utf-8")
    (partial / BUILD_NAME).write_text(facts.as_json(), encoding="utf-8")


def _read(folder: Path, *, reused: bool) -> Built:
    bounds = Bounds(**json.loads((folder / _BOUNDS_NAME).read_text(encoding="utf-8")))
    facts = BuildFacts.from_json((folder / BUILD_NAME).read_text(encoding="utf-8"))
    return Built(folder.name, folder, bounds, facts, reused)


@contextmanager
def _one_at_a_time(builds_dir: Path) -> Iterator[None]:
    """Hold the lock of a territory's builds; the kernel frees it with the process, so that none is left behind."""
    fresh = not builds_dir.exists()
    builds_dir.mkdir(parents=True, exist_ok=True)
    lock_path = builds_dir / ".lock"
    with lock_path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Conflict("build-running", territory=builds_dir.name) from error
        for leftover in builds_dir.glob("*" + _PARTIAL):
            shutil.rmtree(leftover)
        try:
            yield
        except BaseException:
            if fresh:
                shutil.rmtree(builds_dir, ignore_errors=True)
            raise


def _check_disk(builds_dir: Path, source: Path) -> None:
    needed = _LEAST_FREE_BYTES + _GROWTH * source.stat().st_size
    free = shutil.disk_usage(builds_dir).free
    if free < needed:
        raise BuildError("disk-full", file=source.name, needed_mb=needed // 1024**2, free_mb=free // 1024**2)


def _is_disk_full(error: OSError | sqlite3.OperationalError) -> bool:
    if isinstance(error, OSError):
        return error.errno in {errno.ENOSPC, errno.EDQUOT}
    return "full" in str(error)


def _silent(_step: str, _done: int, _total: int) -> None:
    return None
