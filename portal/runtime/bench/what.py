"""What an answer of the public map costs in a large city: a point, its week, the list, the changes; and the sheet."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from flask.testing import FlaskClient

from portal.config import PROJECT_ROOT
from portal.runtime.bench.ground import Ground
from portal.runtime.bench.line import Line, percentile, timed_ms

MEASURES = 100_000
TARGET_MS = 30.0
_WITHIN_S = 1800
_SHEET_TARGET_S = 3.0
_DOORS = 300
_DAYS = [f"2026-11-{day}" for day in range(24, 29)]


def measure(ground: Ground) -> Iterator[Line]:
    """Yield the figures of a law of 100,000 measures without a graph, beside the core alone in the same process;
    then, of the demonstration, the answers at doors, which its graph serves from a street, and the sheet of paper."""
    yield from _of_large_law()
    yield from _doors(ground)
    yield from _sheets(ground)


def _doors(ground: Ground) -> Iterator[Line]:
    """Answers at doors that nobody asked about before."""
    client = ground.app.test_client()
    dice = random.Random(13)  # noqa: S311 the same doors each time, nothing secret
    doors = dice.sample(ground.town.addresses, _DOORS + 1)
    day = {"jour": f"{datetime.now(UTC) + timedelta(days=2):%Y-%m-%d}", "heure": "12:00"}
    urls = [
        f"/carte/{ground.territory}/ici?{urlencode({**day, 'lon': f'{at.lon:.6f}', 'lat': f'{at.lat:.6f}'})}"
        for at in doors
    ]
    _open(client, urls.pop(), "text/html")  # reads the graph and the law
    times_ms = [timed_ms(lambda url=url: _open(client, url, "text/html")) for url in urls]  # type: ignore[misc]
    yield Line("answer at a door of the demonstration, p50", percentile(times_ms, 50), "ms", "target", TARGET_MS)
    yield Line("answer at a door of the demonstration, p95", percentile(times_ms, 95), "ms", "target", TARGET_MS)


def _sheets(ground: Ground) -> Iterator[Line]:
    """The slowest of some sheets, each of another day: none is one that was kept."""
    client = ground.app.test_client()
    for paper in ("a4", "a3"):
        urls = [f"/carte/{ground.territory}/fiche.pdf?format={paper}&jour={day}" for day in _DAYS]
        slowest_ms = max(timed_ms(lambda url=url: _open(client, url, "application/pdf")) for url in urls)  # type: ignore[misc]
        yield Line(f"sheet of the demonstration, {paper.upper()}", slowest_ms / 1000, "s", "target", _SHEET_TARGET_S)


def _open(client: FlaskClient, url: str, mimetype: str) -> None:
    answer = client.get(url)
    if answer.status_code != 200 or answer.mimetype != mimetype:
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
