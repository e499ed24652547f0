"""What an answer of the public map costs in a large city: a point, its week, the list, the changes; and the sheet."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from flask.testing import FlaskClient

from portal.config import PROJECT_ROOT
from portal.runtime.bench.ground import Ground
from portal.runtime.bench.line import Line, timed_ms

MEASURES = 100_000
TARGET_MS = 30.0
_WITHIN_S = 1800
_SHEET_TARGET_S = 3.0
_DAYS = [f"2026-11-{day}" for day in range(24, 29)]


def measure(ground: Ground) -> Iterator[Line]:
    """Yield the figures of a law of 100,000 measures, where the core alone is asked in the same process, and the sheet
    of paper of the demonstration."""
    yield from _of_large_law()
    yield from _sheets(ground)


def _sheets(ground: Ground) -> Iterator[Line]:
    """The slowest of some sheets, each of another day: none is one that was kept."""
    client = ground.app.test_client()
    for paper in ("a4", "a3"):
        urls = [f"/carte/{ground.territory}/fiche.pdf?format={paper}&jour={day}" for day in _DAYS]
        slowest_ms = max(timed_ms(lambda url=url: _open(client, url)) for url in urls)  # type: ignore[misc]
        yield Line(f"sheet of the demonstration, {paper.upper()}", slowest_ms / 1000, "s", "target", _SHEET_TARGET_S)


def _open(client: FlaskClient, url: str) -> None:
    answer = client.get(url)
    if answer.mimetype != "application/pdf":
        raise RuntimeError(f"{url} answered {answer.status_code}")


def _of_large_law() -> Iterator[Line]:
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
