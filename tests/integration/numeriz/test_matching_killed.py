"""Matching killed with -9 at any moment: what is stored is whole, and the next run ends where none would have died."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal import create_app
from portal.config import load_settings
from portal.db import Base, db, session
from portal.numeriz.law.memory import law_version
from portal.numeriz.matching.places import count_waiting
from portal.numeriz.models import EdgeMatch
from portal.territories.api import TerritoryView, get_graph_version
from tests.factories.law import make_law, measure_draft, order_draft
from tests.factories.territories import make_territory
from tests.support.matching_town import build_town, draw, match_all, put_graph

ORDERS = 120
ROOT = Path(__file__).parents[3]
CHILD = """
import sys
from pathlib import Path
from portal import create_app
from portal.config import load_settings
from portal.numeriz.matching import tasks as match_tasks
from portal.territories.api import get_territory
from tests.support.matching_town import match_all

match_tasks._AT_ONCE = 2
app = create_app(load_settings(environ={}, var_dir=Path(sys.argv[1]), testing=True))
with app.app_context():
    print("ready", flush=True)
    match_all(get_territory(sys.argv[2]))
"""


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[Flask]:
    """A portal of its own, whose database two processes may open."""
    app = create_app(load_settings(environ={}, var_dir=tmp_path / "var", testing=True))
    app.extensions["job_pusher"] = lambda _job_id: None
    with app.app_context():
        Base.metadata.create_all(db.engine)
        yield app
        db.session.remove()
        db.engine.dispose()


def stored(territory: TerritoryView) -> int:
    session().rollback()
    return session().scalar(select(func.count()).select_from(EdgeMatch)) or 0


def test_the_next_run_ends_the_work_when_others_were_killed(portal: Flask, tmp_path: Path) -> None:
    territory = make_territory("bourg")
    put_graph(territory, build_town(tmp_path))
    lines = [draw([(0.05 * k, 0), (8, 0)]) for k in range(ORDERS)]
    make_law(territory, orders=[order_draft(measure_draft(line=[(x, y) for x, y in line.coords])) for line in lines])
    version = get_graph_version(territory)
    assert version is not None
    chosen = random.Random(3)
    var = str(load_settings(environ={}, var_dir=tmp_path / "var", testing=True).var_dir)
    seen = [(0, law_version(territory.id))]
    for _ in range(2):
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, var, territory.slug], cwd=ROOT, stdout=subprocess.PIPE, env=dict(os.environ)
        )
        assert child.stdout is not None and child.stdout.readline() == b"ready\n"
        until = time.monotonic() + 30
        while stored(territory) == seen[-1][0] and time.monotonic() < until:
            time.sleep(0.002)
        time.sleep(chosen.uniform(0.0, 0.05))
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        child.stdout.close()
        matched = stored(territory)
        assert count_waiting(territory.id, version) == ORDERS - matched, "an order is told of its match with it"
        assert matched > seen[-1][0]
        assert law_version(territory.id) != seen[-1][1], "new matches are a new law"
        seen.append((matched, law_version(territory.id)))
    assert seen[-1][0] < ORDERS, "all of them were killed at work"
    assert match_all(territory) == ORDERS - seen[-1][0]
    assert (stored(territory), count_waiting(territory.id, version)) == (ORDERS, 0)
