"""The public answers about a law of a given size, asked in a process of its own; the figures go out as JSON."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask.testing import FlaskClient
from shapely.geometry import Point

from portal import create_app
from portal.config import load_settings
from portal.db import Base, db
from portal.numeriz.api import law_snapshot
from portal.regulations.evaluate import next_change, verdict
from portal.runtime.bench.law_alone import stored_law
from portal.runtime.bench.law_sample import NOW, invented_points
from portal.runtime.bench.line import percentile, timed_ms
from portal.visualiz.profiles import DEFAULT_PROFILE, PROFILES

POINTS = 300
_FEW = 20
_WARM_UPS = 3
_HALF_BOX = 0.004


def measure(count: int) -> dict[str, float]:
    """Return milliseconds by name, about a law of `count` measures."""
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(load_settings(environ={}, var_dir=Path(folder), demo_mode=True, rate_limits=False))
        with app.app_context():
            Base.metadata.create_all(db.engine)
            law = law_snapshot(stored_law(count))
        points = invented_points(POINTS)
        vehicle = PROFILES[DEFAULT_PROFILE][1]
        core = [
            timed_ms(lambda at=at: (verdict(law, at, NOW, vehicle), next_change(law, at, NOW, vehicle)))  # type: ignore[misc]
            for at in points
        ]
        client = app.test_client()
        here = _times(client, "ici", points)
        week = _times(client, "semaine", points[:_FEW])
        boxed = _times(client, "liste", points[:_FEW], boxed=True)
        figures = {
            "core_p50_ms": percentile(core, 50),
            "core_p95_ms": percentile(core, 95),
            "here_p50_ms": percentile(here, 50),
            "here_p95_ms": percentile(here, 95),
            "week_p95_ms": percentile(week, 95),
            "list_p95_ms": percentile(boxed, 95),
            "whole_list_ms": timed_ms(lambda: _get(client, f"liste?genre=arretes&{_moment()}")),
            "changes_ms": timed_ms(lambda: _get(client, f"changements.json?{_month()}")),
            "concerned_ms": timed_ms(lambda: _get(client, "concerne.json")),
        }
        with app.app_context():
            db.session.remove()
            db.engine.dispose()
    return figures


def _times(client: FlaskClient, page: str, points: Sequence[Point], *, boxed: bool = False) -> list[float]:
    """Ask a page about each point, places nobody asked before."""
    urls = [f"{page}?{_moment()}&{_box(at) if boxed else _place(at)}" for at in points]
    for _ in range(_WARM_UPS):
        _get(client, urls[0])
    return [timed_ms(lambda url=url: _get(client, url)) for url in urls]  # type: ignore[misc]


def _get(client: FlaskClient, path: str) -> None:
    answer = client.get(f"/carte/bench/{path}")
    if answer.status_code != 200:
        raise RuntimeError(f"{path} answered {answer.status_code}")


def _moment() -> str:
    local = NOW.astimezone(ZoneInfo("Europe/Paris"))
    return urlencode({"jour": f"{local:%Y-%m-%d}", "heure": f"{local:%H:%M}"})


def _month() -> str:
    return urlencode({"du": f"{NOW:%Y-%m-01}", "au": f"{NOW:%Y-%m-30}"})


def _place(at: Point) -> str:
    return urlencode({"lon": f"{at.x:.6f}", "lat": f"{at.y:.6f}"})


def _box(at: Point) -> str:
    bounds = (at.x - _HALF_BOX, at.y - _HALF_BOX, at.x + _HALF_BOX, at.y + _HALF_BOX)
    return urlencode({"boite": ",".join(f"{degrees:.4f}" for degrees in bounds), "genre": "arretes"})


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure(int(sys.argv[1]))))
