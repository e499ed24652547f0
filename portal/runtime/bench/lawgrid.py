"""What it costs to compile the law over a city when it grows: at first, after one live closure, and for each leg."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from portal.config import PROJECT_ROOT, Settings
from portal.runtime.bench.city import city_engine
from portal.runtime.bench.ground import Ground
from portal.runtime.bench.line import Line

SIZES = (1_000, 10_000, 100_000)
_WITHIN_S = 1800


def measure(ground: Ground) -> Iterator[Line]:
    """Yield the figures for each size; the references are measured beside them in the same process."""
    settings: Settings = ground.app.extensions["settings"]
    engine = city_engine(settings.var_dir / "city")
    for count in SIZES:
        yield from _lines(f"{count:,} measures on {len(engine.table):,} edges", _figures(count, engine.graph_dir))


def _figures(count: int, graph_dir: Path) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "portal.runtime.bench.lawgrid_alone", str(count), str(graph_dir)],
        cwd=PROJECT_ROOT,
        capture_output=True,
        check=True,
        timeout=_WITHIN_S,
        text=True,
    )
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


def _lines(law: str, seen: dict[str, Any]) -> Iterator[Line]:
    asked = "the law asked of 1,000 edges"
    yield Line(f"{law}: compiled", seen["compile_s"], "s", asked, seen["asked_s"])
    yield Line(f"{law}: again after one live closure", seen["again_s"], "s", "compiled at first", seen["compile_s"])
    yield Line(
        f"{law}: closure to the first leg that obeys it", seen["live_s"], "s", "compiled at first", seen["compile_s"]
    )
    for percent in ("p50", "p95"):
        yield Line(
            f"{law}: one leg, {percent}", seen[f"leg_{percent}_ms"], "ms", "the same leg again", seen["leg_kept_ms"]
        )
    yield Line(f"{law}: memory of the grid", seen["grid_mb"], "MB", "graph and law before", seen["before_mb"])
