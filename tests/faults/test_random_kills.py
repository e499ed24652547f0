"""Parts of the portal die at random moments under a mixed load: nothing accepted is lost, nothing is applied twice.

Meanwhile a person sends files of her fleet through the pages, batches of decisions are applied and files of cards
drawn. The suite runs a few deaths; JOPTIMIZ_KILLS=50 runs as many as wanted. The schedule is drawn from a seed:
JOPTIMIZ_SEED.
"""

from __future__ import annotations

import logging
import os
import random
import re
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import cycle
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, insert, select

from portal.accounts.api import find_account_by_email, find_session_account
from portal.audit import verify_journal
from portal.audit.models import AuditEntry
from portal.audit.tags import AuditTag
from portal.cirqliz.api import ask_for_due_batches
from portal.cirqliz.decisions.batches.services import prepare_batch
from portal.cirqliz.decisions.commands import Answer, PrepareBatch
from portal.cirqliz.models import (
    AccessPass,
    AccessRequest,
    BatchItem,
    DecisionBatch,
    PassSheet,
    RequestPerimeter,
    RequestVehicle,
)
from portal.cirqliz.passes.sheets import ask_sheet
from portal.cirqliz.states import BatchState, PassState, RequestState, SheetState, VehicleDecision
from portal.common.actor import Actor, ActorKind, CompanyRole
from portal.common.clock import SYSTEM_CLOCK, FixedClock
from portal.common.ids import new_id
from portal.db import Base, session, unit_of_work
from portal.files import file_store
from portal.jobs import JobState, retry
from portal.jobs.models import Job
from portal.runtime.demo.names import DOMAIN
from portal.runtime.demo.prepare import SLUG
from tests.faults.person import Sender
from tests.faults.processes import child_of, kill, run_of, warm_of
from tests.faults.work import Company, wait_for
from tests.support.installation import RunningPortal

_log = logging.getLogger(__name__)

KILLS = int(os.environ.get("JOPTIMIZ_KILLS", "3"))
SEED = int(os.environ.get("JOPTIMIZ_SEED", "2024"))
_PARTS = ("web", "worker", "urgent worker", "queue", "run", "warm run")
_LONGEST_PAUSE_S = 0.8
_RECOVERED_WITHIN_S = 240
_LOST = "lost-too-often"
_BATCH = 12
# The pages take 30 files an hour from one person.
_MOST_FILES = 20


class Load:
    """Batches of decisions and files of cards, asked for one after the other."""

    def __init__(self, company: Company) -> None:
        self._company = company
        self.batches: list[UUID] = []
        self.sheets: list[UUID] = []
        with company.app.app_context():
            account = find_account_by_email(f"agent@{DOMAIN}")
            known = None if account is None else find_session_account(account.id)
            assert known is not None
            self._clerk = known.actor
            valid = (AccessPass.state == PassState.ACTIVE, AccessPass.valid_to > SYSTEM_CLOCK.now())
            holders = session().scalars(select(AccessPass.company_id).where(*valid).distinct())
            self._holders = cycle(sorted(holders))

    def ask(self) -> None:
        """Approve requests in a batch whose hour has come, and ask for the cards of a company."""
        with self._company.app.app_context():
            command = PrepareBatch(_waiting_requests(), Answer(VehicleDecision.APPROVED), str(uuid4()))
            earlier = FixedClock(SYSTEM_CLOCK.now() - timedelta(days=1))
            self.batches.append(prepare_batch(self._clerk, SLUG, command, clock=earlier))
            ask_for_due_batches()
            holder = next(self._holders)
            actor = Actor(ActorKind.USER, "Essai", companies={holder: CompanyRole.OWNER})
            self.sheets.append(ask_sheet(actor, holder, "fr"))

    def kinds_of(self, *states: JobState) -> Sequence[str]:
        """The kinds of the jobs that are in one of these states now."""
        with self._company.app.app_context():
            return session().scalars(select(Job.kind).where(Job.state.in_(states)).order_by(Job.started_at)).all()

    def runs_since(self, instant: datetime) -> bool:
        """Tell whether a job was begun after an instant."""
        with self._company.app.app_context():
            return bool(session().scalar(select(func.count()).where(Job.started_at > instant)))

    def ask_again(self) -> None:
        """Ask again for what was given up because it died three times: the portal says so and leaves it to people."""
        with self._company.app.app_context():
            for job_id in session().scalars(select(Job.id).where(Job.error_code == _LOST)).all():
                retry(job_id)

    def all_ended(self) -> bool:
        """Tell whether no job waits or runs any more."""
        self.ask_again()
        return not self.kinds_of(JobState.PENDING, JobState.RUNNING)

    def check_done_once(self) -> None:
        """Fail unless every batch counts once and every file of cards is there. Inside a context."""
        for batch_id in self.batches:
            _check_batch(batch_id)
        for sheet_id in self.sheets:
            _check_sheet(sheet_id)


def test_nothing_is_lost_or_done_twice_when_parts_die_at_random(portal: RunningPortal, company: Company) -> None:
    draw = random.Random(SEED)
    sender, load = Sender(portal, company), Load(company)
    enough = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(sender.keep_sending, enough, _MOST_FILES)
        try:
            for _ in range(KILLS):
                last_death = SYSTEM_CLOCK.now()
                load.ask_again()
                load.ask()
                # A portal that only starts again has nothing to lose.
                wait_for(lambda since=last_death: load.runs_since(since), _RECOVERED_WITHIN_S, "work goes on")  # type: ignore[misc]
                time.sleep(draw.uniform(0, _LONGEST_PAUSE_S))
                running = load.kinds_of(JobState.RUNNING)
                _log.info("%s killed during %s", _kill_one(portal, draw), running)
        finally:
            enough.set()
        sending.result(timeout=_RECOVERED_WITHIN_S)
    wait_for(portal.answers, _RECOVERED_WITHIN_S, "the portal answers")
    company.wait_until(lambda: _all_count(load.batches), _RECOVERED_WITHIN_S, "every batch counts")
    wait_for(load.all_ended, _RECOVERED_WITHIN_S, "every job ends")
    with company.app.app_context():
        sender.check_stored_once()
        load.check_done_once()
        failed = session().execute(select(Job.kind, Job.error_code).where(Job.state == JobState.FAILED)).all()
        assert not failed, _complaints(portal)
        assert verify_journal().broken is None


def _complaints(portal: RunningPortal) -> str:
    """The last line of every traceback that the workers wrote: why jobs failed."""
    said = "\n".join(log.read_text(errors="replace") for log in sorted((portal.var_dir / "log").glob("*worker.log")))
    return "\n".join(re.findall(r"^[\w.]*(?:Error|Exception)\b.*", said, re.MULTILINE))


def _kill_one(portal: RunningPortal, draw: random.Random) -> str:
    """Kill a part that runs now, drawn among all of them; return which."""
    for _ in range(1000):
        part = draw.choice(_PARTS)
        victim = _process_of(portal, part)
        if victim is not None:
            try:
                kill(victim)
            except ProcessLookupError:  # it ended meanwhile
                continue
            return part
        time.sleep(0.01)
    pytest.fail("no part of the portal runs any more")


def _process_of(portal: RunningPortal, part: str) -> int | None:
    assert portal.process is not None
    if not part.endswith("run"):
        return child_of(portal.process.pid, part)
    worker = child_of(portal.process.pid, "worker")
    if worker is None:
        return None
    return run_of(worker) if part == "run" else warm_of(worker)


def _waiting_requests() -> dict[UUID, int]:
    """Copy a request that waits for a clerk _BATCH times; return the copies with their versions. Inside a context."""
    model = (
        session()
        .scalars(
            select(AccessRequest)
            .where(AccessRequest.state == RequestState.READY, AccessRequest.batch_id.is_(None))
            .where(AccessRequest.starts_at > SYSTEM_CLOCK.now() + timedelta(days=1))
            .order_by(AccessRequest.number)
            .limit(1)
        )
        .one()
    )
    made: dict[UUID, int] = {}
    with unit_of_work() as uow:
        for _ in range(_BATCH):
            id_ = new_id()
            mark = f"ESSAI-{id_}"[:32]
            row = {**_columns(model), "id": id_, "number": mark, "submission_key": str(id_)}
            uow.session.execute(insert(AccessRequest).values(row))
            vehicles = [{**_columns(line), "id": new_id(), "request_id": id_} for line in model.vehicles]
            perimeters = [{**_columns(line), "id": new_id(), "request_id": id_} for line in model.perimeters]
            uow.session.execute(insert(RequestVehicle), vehicles)
            uow.session.execute(insert(RequestPerimeter), perimeters)
            made[id_] = model.version
    return made


def _columns(row: Base) -> dict[str, object]:
    return {column.key: getattr(row, column.key) for column in row.__mapper__.column_attrs}


def _all_count(batches: Sequence[UUID]) -> bool:
    waiting = select(func.count()).where(DecisionBatch.id.in_(batches), DecisionBatch.state == BatchState.WAITING)
    return session().scalar(waiting) == 0


def _check_batch(batch_id: UUID) -> None:
    batch = session().scalars(select(DecisionBatch).where(DecisionBatch.id == batch_id)).one()
    assert batch.state is BatchState.APPLIED
    told = select(func.count()).where(AuditEntry.tag == AuditTag.BATCH_APPLIED, AuditEntry.subject_id == batch_id)
    assert session().scalar(told) == 1
    items = session().scalars(select(BatchItem).where(BatchItem.batch_id == batch_id)).all()
    assert [item.outcome for item in items] == ["decided"] * _BATCH
    for item in items:
        request = session().scalars(select(AccessRequest).where(AccessRequest.id == item.request_id)).one()
        assert request.state is RequestState.APPROVED
        decided = select(func.count()).where(
            AuditEntry.tag == AuditTag.REQUEST_DECIDED, AuditEntry.subject_id == request.id
        )
        assert session().scalar(decided) == 1
        holders = session().scalars(select(AccessPass.vehicle_id).where(AccessPass.request_id == request.id)).all()
        assert sorted(holders) == sorted(vehicle.vehicle_id for vehicle in request.vehicles)


def _check_sheet(sheet_id: UUID) -> None:
    sheet = session().scalars(select(PassSheet).where(PassSheet.id == sheet_id)).one()
    assert sheet.state is SheetState.DONE
    assert sheet.file_key is not None
    with file_store().open(sheet.file_key) as file:
        assert file.read(5) == b"%PDF-"
