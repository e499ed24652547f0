"""A job that tells followers what is new, killed (-9) before each of its writes in turn: `python -m … FOLDER`.

Prints one line of JSON per death: what is found afterwards. The last two lines are those of the run that lives, and of
one more.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import shapely
from flask import Flask
from sqlalchemy import event, func, select

from portal import create_app
from portal.common.clock import SYSTEM_CLOCK
from portal.db import Base, db, session, unit_of_work
from portal.jobs import JobState, enqueue, runner
from portal.jobs.models import Job
from portal.mail.models import OutboxMail
from portal.regulations.schedules import Period
from portal.visualiz.alerts import services
from portal.visualiz.alerts.areas import Area
from portal.visualiz.alerts.links import token_of
from portal.visualiz.alerts.models import AlertSubscription
from portal.visualiz.alerts.telling import TELL
from tests.factories.law import make_law, make_territory, measure_draft, order_draft
from tests.support.database import make_settings

MOST_DEATHS = 60
FOLLOWERS = 2
STREET = Area("Rue des Tanneurs", shapely.MultiLineString([[(2.3700, 48.862), (2.3721, 48.862)]]))


def main(folder: str) -> None:
    """Tell the same news again and again, each time one write further before death."""
    app = create_app(make_settings(Path(folder)))
    app.extensions["job_pusher"] = lambda _job_id: None
    with app.app_context():
        Base.metadata.create_all(db.engine)
        territory = make_territory()
        for number in range(FOLLOWERS):
            services.ask_alert(territory, f"suit{number}@exemple.fr", STREET, "fr")
        for subscription_id in session().scalars(select(AlertSubscription.id)).all():
            services.confirm_alert(territory, token_of(subscription_id))
        start = SYSTEM_CLOCK.now() + timedelta(days=2)
        period = Period(start, start + timedelta(days=1))
        make_law(territory, orders=[order_draft(measure_draft(periods=[period]))])
        _tell(None)
        for deadly in range(MOST_DEATHS):
            if not _die(app, territory.id, deadly):
                _die(app, territory.id, MOST_DEATHS)
                return


def _die(app: Flask, territory_id: UUID, deadly: int) -> bool:
    """Run a job in a process of its own and tell what is found; return whether it was killed."""
    with unit_of_work():
        job_id = enqueue(TELL, {"territory_id": str(territory_id)})
    db.session.remove()
    db.engine.dispose()
    child = os.fork()
    if child:
        _pid, status = os.waitpid(child, 0)
        _tell(job_id)
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
        runner.run(str(job_id))
    os._exit(0)


def _tell(job_id: UUID | None) -> None:
    db.session.remove()
    sent = select(func.count()).select_from(OutboxMail).where(OutboxMail.subject.startswith("Du nouveau"))
    told = [len(marks) for marks in session().scalars(select(AlertSubscription.told))]
    job = None if job_id is None else session().get(Job, job_id)
    found = {"sent": session().scalar(sent), "told": told, "done": job is not None and job.state is JobState.DONE}
    sys.stdout.write(json.dumps(found) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
