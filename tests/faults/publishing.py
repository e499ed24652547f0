"""An order whose next version is stored, killed (-9) before each of its writes in turn: `python -m … FOLDER`.

Prints one line of JSON per death: what a reader finds afterwards. The last line is that of the run that lives.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path
from uuid import UUID

from flask import Flask
from sqlalchemy import event, func, select

from portal import create_app
from portal.audit.models import AuditEntry
from portal.common.actor import system_actor
from portal.db import Base, db, session, unit_of_work
from portal.jobs.models import Job
from portal.numeriz.law.memory import law_version
from portal.numeriz.models import OrderVersion
from portal.numeriz.queries import get_order
from portal.numeriz.values import OrderChange
from portal.numeriz.writing import current_order, publish_work, start_work, store_version
from tests.factories.law import make_territory
from tests.support.database import make_settings
from tests.support.written import judge, written

CLERK = system_actor("test")
MOST_DEATHS = 60


def main(folder: str) -> None:
    """Store the same version again and again, each time one write further before death."""
    app = create_app(make_settings(Path(folder)))
    app.extensions["job_pusher"] = lambda _job_id: None
    with app.app_context():
        Base.metadata.create_all(db.engine)
        territory = make_territory()
        work_id = start_work(CLERK, territory.id, document=written())
        judge(territory.id, work_id)
        order_id = publish_work(CLERK, territory.id, work_id, 1)
        _tell(territory.id, order_id, dead=False)
        for deadly in range(MOST_DEATHS):
            db.session.remove()
            db.engine.dispose()
            if not _die(app, territory.id, order_id, deadly):
                _tell(territory.id, order_id, dead=False)
                return
            _tell(territory.id, order_id, dead=True)


def _die(app: Flask, territory_id: UUID, order_id: UUID, deadly: int) -> bool:
    """Run in a process of its own; tell whether it was killed."""
    child = os.fork()
    if child:
        _pid, status = os.waitpid(child, 0)
        return os.WIFSIGNALED(status)
    writes = 0

    def count(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        nonlocal writes
        if not statement.startswith(("SELECT", "PRAGMA")):
            if writes == deadly:
                os.kill(os.getpid(), signal.SIGKILL)
            writes += 1

    def commit(_connection: object) -> None:
        count(None, None, "COMMIT")

    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", count)
        event.listen(db.engine, "commit", commit)
        with unit_of_work() as uow:
            order = replace(current_order(territory_id, order_id), title="Autre titre")
            store_version(uow, territory_id, order_id, OrderChange.AMENDED, order, CLERK)
    os._exit(0)


def _tell(territory_id: UUID, order_id: UUID, *, dead: bool) -> None:
    db.session.remove()

    def count(model: type[Base]) -> int:
        return session().scalar(select(func.count()).select_from(model)) or 0

    found = {
        "dead": dead,
        "title": get_order(territory_id, order_id).title,
        "law": law_version(territory_id),
        "counts": [count(OrderVersion), count(AuditEntry), count(Job)],
    }
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
