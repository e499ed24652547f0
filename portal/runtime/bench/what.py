"""What an answer of the public map costs in a large city: the page at a point, its week, the list and the changes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from portal.config import PROJECT_ROOT
from portal.runtime.bench.ground import Ground
from portal.runtime.bench.line import Line

MEASURES = 100_000
TARGET_MS = 30.0
_WITHIN_S = 1800


def measure(_ground: Ground) -> Iterator[Line]:
    """Yield the figures of a law of 100,000 measures; the core alone is asked in the same process."""
    done = subprocess.run(
        [sys.executable, "-m", "portal.runtime.bench.what_alone", str(MEASURES)],
        cwd=PROJECT_ROOT,
        capture_output=True,
        check=True,
        timeout=_WITHIN_S,
        text=True,
    )
    seen: dict[str, Any] = json.loads(done.stdout)
    law = f"{MEASURES:,} measures"
    yield Line(f"{law}: answer at a point, p50", seen["here_p50_ms"], "ms", "core alone, p50", seen["core_p50_ms"])
    yield Line(f"{law}: answer at a point, p95", seen["here_p95_ms"], "ms", "core alone, p95", seen["core_p95_ms"])
    yield Line(f"{law}: answer at a point against its target", seen["here_p95_ms"], "ms", "target", TARGET_MS)
    yield Line(f"{law}: week of a point, p95", seen["week_p95_ms"], "ms", "answer, p95", seen["here_p95_ms"])
    yield Line(f"{law}: list of a box, p95", seen["list_p95_ms"], "ms", "answer, p95", seen["here_p95_ms"])
    yield Line(f"{law}: whole list", seen["whole_list_ms"], "ms", "answer, p95", seen["here_p95_ms"])
    yield Line(f"{law}: changes of 31 days", seen["changes_ms"], "ms", "answer, p95", seen["here_p95_ms"])
    yield Line(f"{law}: whom they concern", seen["concerned_ms"], "ms", "answer, p95", seen["here_p95_ms"])
