"""What the law costs when it grows: to build it, to keep it, to ask it for a point and for a box of the map."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from portal.config import PROJECT_ROOT
from portal.runtime.bench.ground import Ground
from portal.runtime.bench.line import Line

SIZES = (1_000, 10_000, 100_000)
_WITHIN_S = 1800


def measure(_ground: Ground) -> Iterator[Line]:
    """Yield the figures for each size; the references are measured beside them in the same process."""
    for count in SIZES:
        yield from _lines(f"{count:,} measures", _figures(count))


def _figures(count: int) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "portal.runtime.bench.law_alone", str(count)],
        cwd=PROJECT_ROOT,
        capture_output=True,
        check=True,
        timeout=_WITHIN_S,
        text=True,
    )
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


def _lines(law: str, seen: dict[str, Any]) -> Iterator[Line]:
    read = "read and parse the rows alone"
    yield Line(f"law of {law}: built", seen["build_s"], "s", read, seen["bare_s"])
    yield Line(f"law of {law}: built again after one order", seen["again_s"], "s", "built at first", seen["build_s"])
    yield Line(f"law of {law}: memory", seen["build_mb"], "MB", "process before", seen["mb"])
    for percent in ("p50", "p99"):
        bare = seen[f"bare_point_{percent}_ms"]
        yield Line(f"{law}: point, {percent}", seen[f"point_{percent}_ms"], "ms", f"bare STRtree, {percent}", bare)
    box, bare = f"{law}: box of {seen['box_results']}", seen["bare_box_p50_ms"]
    yield Line(f"{box}, p50", seen["box_p50_ms"], "ms", "bare STRtree, p50", bare)
    yield Line(f"{box} now, p50", seen["box_now_p50_ms"], "ms", "bare STRtree, p50", bare)
