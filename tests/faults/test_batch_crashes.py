"""A batch killed (-9) while it is applied: every request is decided, or none is; in the end each exactly once."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from portal import create_app
from portal.audit.models import AuditEntry
from portal.audit.tags import AuditTag
from portal.cirqliz.decisions.batches.services import prepare_batch
from portal.cirqliz.decisions.batches.tasks import ask_for_due_batches
from portal.cirqliz.decisions.commands import Answer, PrepareBatch
from portal.cirqliz.models import AccessPass, AccessRequest, DecisionBatch
from portal.cirqliz.states import BatchState, RequestState, VehicleDecision
from portal.common.clock import SYSTEM_CLOCK
from portal.db import Base, db, session, unit_of_work
from portal.jobs import JobState, runner
from portal.jobs.models import Job
from portal.mail import list_outbox
from tests.factories.cirqliz import make_world
from tests.factories.queue import many_ready
from tests.support.database import make_settings

REQUESTS = 150
# After how long within the transaction the process is killed: at its very start, then somewhere in it.
MOMENTS_S = (0.0, 0.05, 0.15)


@dataclass(frozen=True)
class Desk:
    """An installation with a batch whose hour has come."""

    app: Flask
    folder: Path
    batch_id: UUID
    ids: list[UUID]

    def start(self) -> subprocess.Popen[str]:
        """Run the batch's job in a process of its own; return once it begins."""
        with self.app.app_context():
            job_id = session().scalar(select(DecisionBatch.job_id).where(DecisionBatch.id == self.batch_id))
        command = [sys.executable, "-m", "tests.faults.applying", str(self.folder), str(job_id)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process

    def is_written(self) -> bool:
        """Tell whether somebody is writing to the database at this instant."""
        with closing(sqlite3.connect(self.folder / "joptimiz.sqlite", timeout=0)) as connection:
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return True
            return False

    def put_back(self) -> None:
        """Let the lease of the killed run end, as the sweep of an installation notices."""
        with self.app.app_context():
            with unit_of_work() as uow:
                lost = update(Job).where(Job.state == JobState.RUNNING)
                uow.session.execute(lost.values(state=JobState.PENDING, claim=None, lease_until=None, attempts=0))
            db.session.remove()

    def counts(self) -> tuple[BatchState | None, int, int, int, int]:
        """The batch's state; how many requests are approved, passes given, journal entries written, mails queued."""
        with self.app.app_context():
            ask = session().scalar
            approved = select(func.count()).where(AccessRequest.state == RequestState.APPROVED)
            told = select(func.count()).where(AuditEntry.tag == AuditTag.REQUEST_DECIDED)
            found = (
                ask(select(DecisionBatch.state).where(DecisionBatch.id == self.batch_id)),
                ask(approved) or 0,
                ask(select(func.count()).select_from(AccessPass)) or 0,
                ask(told) or 0,
                len(list_outbox(limit=10 * REQUESTS)),
            )
            db.session.remove()
        return found


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A town with a queue, and a batch for all of it."""
    app = create_app(make_settings(tmp_path))
    pending: list[UUID] = []
    app.extensions["job_pusher"] = pending.append

    def run_jobs(_app: Flask) -> int:
        for job_id in pending:
            runner.run(str(job_id))
        return len(pending)

    with app.app_context():
        Base.metadata.create_all(db.engine)
        world = make_world(app, run_jobs)
        ids = many_ready(world, REQUESTS)
        command = PrepareBatch(dict.fromkeys(ids, 1), Answer(VehicleDecision.APPROVED), "one")
        batch_id = prepare_batch(world.staff_actor(), world.territory.slug, command)
        with unit_of_work() as uow:
            uow.session.execute(update(DecisionBatch).values(apply_at=SYSTEM_CLOCK.now() - timedelta(seconds=1)))
        assert ask_for_due_batches() == 1
        db.session.remove()
    yield Desk(app, tmp_path, batch_id, ids)
    with app.app_context():
        db.engine.dispose()


def test_batch_is_applied_whole_or_not_at_all_when_killed(desk: Desk) -> None:
    before = desk.counts()
    assert before[:4] == (BatchState.WAITING, 0, 0, 0)
    draw = random.Random(5)
    killed_inside = 0
    for moment_s in MOMENTS_S:
        process = desk.start()
        while process.poll() is None and not desk.is_written():
            time.sleep(0.002)
        time.sleep(moment_s * draw.uniform(0.5, 1.5))
        alive = process.poll() is None
        process.kill()
        process.wait(10)
        assert process.stdout is not None
        process.stdout.close()
        state, *effects = desk.counts()
        if state is BatchState.WAITING:
            assert (state, *effects) == before
            killed_inside += alive
            desk.put_back()
    assert killed_inside >= 1
    last = desk.start()
    last.communicate(timeout=60)
    state, approved, passes, told, mails = desk.counts()
    assert (state, approved, passes, told) == (BatchState.APPLIED, REQUESTS, REQUESTS, REQUESTS)
    assert mails == before[4] + REQUESTS
