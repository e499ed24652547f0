"""A check of addresses, a day of stops whose process is killed: the next try ends them, and no file stays for ever."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask

from portal.common.actor import Actor, ActorKind, CompanyRole
from portal.common.clock import SYSTEM_CLOCK
from portal.config import Settings
from portal.db import session
from portal.itineriz.addresses import services as checks
from portal.itineriz.api import erase_lost_files
from portal.itineriz.models import CheckStatus, UploadState
from portal.itineriz.places import uploads
from portal.itineriz.retention import AREAS
from portal.jobs import JobState, runner
from portal.jobs.models import Job
from portal.territories.api import TerritoryView
from tests.factories.accounts import MadeCompany, make_company, make_member, make_user
from tests.support.routed import paris_graph, routed_territory

__all__ = ["paris_graph", "routed_territory"]

ROOT = Path(__file__).parents[3]
PLACES = ["2.3600, 48.8650", "2.3700, 48.8640", "2.9, 40.0", "2.3600, 48.8650"]
DAY = "Nom;Position\nA;2.360, 48.865\nB;2.361, 48.866\nC;2.362, 48.864\n"
CHILD = """
import importlib, os, signal, sys
from pathlib import Path
from portal.jobs import runner
from tests.support.database import make_settings
from portal import create_app

var, job_id, when, module, *path, name = sys.argv[1:]
holder = importlib.import_module(module)
for part in path:
    holder = getattr(holder, part)
honest = getattr(holder, name)

def last(*given, **named):
    if when == "after":
        honest(*given, **named)
    os.kill(os.getpid(), signal.SIGKILL)

setattr(holder, name, last)
app = create_app(make_settings(Path(var)))
app.extensions["job_pusher"] = lambda _job: None
with app.app_context():
    runner.run(job_id)
print("the job ended, nothing was killed")
"""


@pytest.fixture
def company(app: Flask) -> MadeCompany:
    return make_company()


@pytest.fixture
def actor(company: MadeCompany) -> Actor:
    person = make_user()
    make_member(person, company)
    return Actor(ActorKind.USER, person.full_name, person.id, companies={company.id: CompanyRole.OWNER})


def run_killed(app: Flask, job_id: UUID, *moment: str) -> None:
    """Run a job in a process of its own that is killed before or after a function."""
    settings: Settings = app.extensions["settings"]
    session().rollback()
    command = [sys.executable, "-c", CHILD, str(settings.var_dir), str(job_id), *moment]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == -signal.SIGKILL, done.stdout + done.stderr


def run_again(app: Flask, job_id: UUID, run_jobs: Callable[[Flask], int]) -> None:
    """Do as the supervisor does when a process is gone, and let the next one work."""
    app.extensions["pending_jobs"].clear()
    runner.end_lease(str(job_id))
    runner.sweep(app)
    run_jobs(app)
    session().rollback()


def ended(job_id: UUID) -> tuple[JobState, int]:
    """How a job ended, and how often it was tried."""
    job = session().get(Job, job_id, populate_existing=True)
    assert job is not None
    return job.state, job.attempts


def stored(app: Flask) -> set[str]:
    """The keys of all files of this context, made older than the sweep of files spares."""
    settings: Settings = app.extensions["settings"]
    root, before = (
        Path(settings.files_url.removeprefix("file://")),
        (SYSTEM_CLOCK.now() - timedelta(days=2)).timestamp(),
    )
    found = [path for area in AREAS for path in (root / area).glob("*")]
    for path in found:
        os.utime(path, (before, before))
    return {f"{path.parent.name}/{path.name}" for path in found}


CHECKS = "portal.itineriz.addresses.services"


@pytest.mark.parametrize(
    ("moment", "orphans"),
    [
        (("after", CHECKS, "mark_running"), 0),
        (("after", CHECKS, "store_result"), 1),
    ],
    ids=["begun", "result not yet shown"],
)
def test_a_check_is_done_once_when_its_process_was_killed(
    app: Flask,
    company: MadeCompany,
    actor: Actor,
    routed_territory: Callable[[], TerritoryView],
    run_jobs: Callable[[Flask], int],
    moment: tuple[str, ...],
    orphans: int,
):
    left_by_others = stored(app)
    asked = checks.AskCheck(
        routed_territory().id, company.id, "\n".join(PLACES).encode(), True, date(2026, 6, 1), {"gvw_t": 3.5}
    )
    check_id = checks.ask_check(actor, asked)
    job = checks.get_check(company.id, check_id).job
    assert job is not None
    run_killed(app, job.id, *moment)
    killed = checks.get_check(company.id, check_id)
    assert (killed.status, killed.result_key) == (CheckStatus.RUNNING, None)

    run_again(app, job.id, run_jobs)
    done = checks.get_check(company.id, check_id)
    assert (done.status, done.address_count, sum(done.counts.values())) == (CheckStatus.DONE, 4, 4)
    assert ended(job.id) == (JobState.DONE, 2)
    assert len(checks.get_results(done).addresses) == len(PLACES)

    mine = stored(app) - left_by_others
    assert len(mine) == 2 + orphans
    erase_lost_files()
    assert len(stored(app) & mine) == 2
    assert len(checks.get_results(done).addresses) == len(PLACES)


@pytest.mark.parametrize(
    ("moment", "attempts", "orphans"),
    [
        (("after", "portal.itineriz.places.uploads", "store_rows"), 2, 0),
        (("before", "portal.files.store", "FolderStore", "delete"), 1, 1),
    ],
    ids=["rows not yet stored", "file not yet removed"],
)
def test_a_day_of_stops_is_read_once_when_its_process_was_killed(
    app: Flask,
    company: MadeCompany,
    actor: Actor,
    routed_territory: Callable[[], TerritoryView],
    run_jobs: Callable[[Flask], int],
    moment: tuple[str, ...],
    attempts: int,
    orphans: int,
):
    left_by_others = stored(app)
    upload_id = uploads.start_upload(actor, company.id, routed_territory().id, "lundi.csv", DAY.encode())
    job = uploads.get_upload(company.id, upload_id).job
    assert job is not None
    run_killed(app, job.id, *moment)
    run_again(app, job.id, run_jobs)
    done = uploads.get_upload(company.id, upload_id)
    assert (done.state, len(done.rows)) == (UploadState.READY, 3)
    assert ended(job.id) == (JobState.DONE, attempts)

    mine = stored(app) - left_by_others
    assert len(mine) == orphans
    erase_lost_files()
    assert not stored(app) & mine
