"""The clerk's queue when 10,000 requests wait in it: its pages, its counts, and one answer to 500 of them.

All of it on a copy of the demonstration's database, in this process, so that time on the processor is told apart from
the clock on the wall.
"""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import batched, islice
from pathlib import Path
from typing import Any
from uuid import UUID

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert, select

from portal import create_app
from portal.accounts.api import find_account_by_email, find_session_account
from portal.cirqliz.decisions.batches.preview import preview_batch
from portal.cirqliz.decisions.batches.queries import get_batch
from portal.cirqliz.decisions.batches.services import prepare_batch
from portal.cirqliz.decisions.batches.tasks import ask_for_due_batches
from portal.cirqliz.decisions.commands import Answer, DecideRequest, PrepareBatch
from portal.cirqliz.decisions.filters import QueueFilter
from portal.cirqliz.decisions.policies import MAX_BATCH
from portal.cirqliz.decisions.queries import count_queue, list_matching
from portal.cirqliz.decisions.services import decide_request
from portal.cirqliz.models import AccessRequest, RequestPerimeter, RequestVehicle
from portal.cirqliz.states import RequestState, VehicleDecision
from portal.common.actor import Actor, system_actor
from portal.common.clock import SYSTEM_CLOCK, FixedClock
from portal.common.ids import new_id
from portal.config import Settings, load_settings
from portal.db import Base, session, unit_of_work
from portal.jobs import runner
from portal.runtime.bench.ground import Ground
from portal.runtime.bench.line import Line, percentile, timed_ms
from portal.runtime.bench.many_passes import copy_database
from portal.runtime.demo.names import DOMAIN, PASSWORD
from portal.territories.api import TerritoryView, get_territory

WAITING = 10_000
_MARK = "BENCH-"
_AT_ONCE = 500
_REPEATS, _WARM_UPS = 20, 3
_PREVIEWS = 5
_ACTOR = system_actor("bench")
_YES = Answer(VehicleDecision.APPROVED)
_PAGES = {
    "desk": "etat=a-decider",
    "desk, by company": "etat=a-decider&tri=entreprise",
    "desk, filtered": "etat=a-decider&couleur=red&categorie=N1&tri=debut",
    "desk, by rule": "etat=a-decider&regle=humain",
    "desk, searched": "q=GA-0",
}

type Times = tuple[float, float]
"""Milliseconds on the wall and on the processor."""


def measure(ground: Ground) -> Iterator[Line]:
    """Yield the pages, then the counts, then a batch: prepared, shown before, applied."""
    settings: Settings = ground.app.extensions["settings"]
    folder = settings.var_dir / "queue"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        app = _application(settings, folder / "queue.sqlite")
        clerk = app.test_client()
        _sign_in(clerk)
        desk = f"/territoires/{ground.territory}/guichet"
        few = {name: _page_times(clerk, f"{desk}?{query}") for name, query in _PAGES.items()}
        with app.app_context():
            place = get_territory(ground.territory)
            few_counted = _counting_ms(place)
            _fill()
            counted = _counting_ms(place)
        for name, query in _PAGES.items():
            yield from _page_lines(name, _page_times(clerk, f"{desk}?{query}"), few[name])
        yield Line("counts of the desk", counted, "ms", "with the demonstration's", few_counted)
        yield _preview_line(clerk, desk)
        with app.app_context():
            yield from _batch_lines(app, place)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _application(settings: Settings, database: Path) -> Flask:
    """The portal on a copy of the demonstration's database; its jobs wait to be run here."""
    copy_database(settings.var_dir / "joptimiz.sqlite", database)
    environment = {"DATABASE_URL": f"sqlite:///{database}"}
    app = create_app(load_settings(environ=environment, var_dir=settings.var_dir, demo_mode=True, rate_limits=False))
    app.extensions["job_pusher"] = app.extensions.setdefault("waiting_jobs", []).append
    return app


def _sign_in(clerk: FlaskClient) -> None:
    form = {"csrf_token": _token(clerk, "/connexion"), "email": f"agent@{DOMAIN}", "password": PASSWORD}
    if clerk.post("/connexion", data=form).status_code != 303:
        raise RuntimeError("the clerk cannot sign in")


def _token(clerk: FlaskClient, path: str) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', clerk.get(path).get_data(as_text=True))
    if found is None:
        raise RuntimeError(f"{path} has no form")
    return found[1]


def _page_times(clerk: FlaskClient, path: str) -> Sequence[Times]:
    def once() -> None:
        if clerk.get(path).status_code != 200:
            raise RuntimeError(f"{path} is no page")

    return [_times(once) for _ in range(_WARM_UPS + _REPEATS)][_WARM_UPS:]


def _times(action: Callable[[], object]) -> Times:
    processor = time.thread_time()
    wall = timed_ms(action)
    return wall, (time.thread_time() - processor) * 1000


def _page_lines(name: str, many: Sequence[Times], few: Sequence[Times]) -> Iterator[Line]:
    """p50 and p95 of a page, then the p95 of the processor alone: another program on the machine does not change it."""
    for what, place, percent in (("p50", 0, 50), ("p95", 0, 95), ("p95 of processor", 1, 95)):
        figure = percentile([one[place] for one in many], percent)
        reference = percentile([one[place] for one in few], percent)
        yield Line(f"{name}, {WAITING} waiting, {what}", figure, "ms", "with the demonstration's", reference)


def _counting_ms(place: TerritoryView) -> float:
    return percentile([timed_ms(lambda: count_queue(place.id, SYSTEM_CLOCK.now())) for _ in range(_REPEATS)], 50)


def _preview_line(clerk: FlaskClient, desk: str) -> Line:
    """The page of all that the filters show, as the clerk opens it, against the page of the queue."""
    path = f"{desk}?{_PAGES['desk']}"
    form = {"csrf_token": _token(clerk, path), "decision": "approved", "everything": "y"}

    def preview() -> None:
        answer = clerk.post(f"{desk}/lots/apercu?{_PAGES['desk']}", data=form)
        if answer.status_code != 200:
            raise RuntimeError("there is no preview")

    preview()
    taken = percentile([timed_ms(preview) for _ in range(_PREVIEWS)], 50)
    queue = percentile([wall for wall, _processor in _page_times(clerk, path)], 50)
    return Line(f"preview of {MAX_BATCH}, p50", taken, "ms", "a page of the queue, p50", queue)


def _batch_lines(app: Flask, place: TerritoryView) -> Iterator[Line]:
    """A batch of approvals against as many decisions one by one; each makes passes."""
    chosen = _approvable(place, 2 * MAX_BATCH)
    batch, single = dict(chosen[:MAX_BATCH]), chosen[MAX_BATCH:]
    asked_at = FixedClock(SYSTEM_CLOCK.now() - timedelta(hours=1))
    # A batch counts in the name of somebody who serves the territory.
    clerk = _clerk()
    made: list[UUID] = []
    prepared = timed_ms(
        lambda: made.append(prepare_batch(clerk, place.slug, PrepareBatch(batch, _YES, "bench"), clock=asked_at))
    )
    ask_for_due_batches()
    applied = timed_ms(lambda: runner.run(str(app.extensions["waiting_jobs"].pop())))
    if get_batch(place.id, made[0]).decided != MAX_BATCH:
        raise RuntimeError("the batch left requests out")

    def one_by_one() -> None:
        for request_id, version in single:
            decide_request(_ACTOR, place.slug, DecideRequest(request_id, version, _YES))

    reference = timed_ms(one_by_one) / 1000
    yield Line(f"batch of {MAX_BATCH} prepared", prepared / 1000, "s", "decided one by one", reference)
    yield Line(f"batch of {MAX_BATCH} applied", applied / 1000, "s", "decided one by one", reference)


def _clerk() -> Actor:
    account = find_account_by_email(f"agent@{DOMAIN}")
    known = None if account is None else find_session_account(account.id)
    if known is None:
        raise RuntimeError("there is no clerk")
    return known.actor


def _approvable(place: TerritoryView, wanted: int) -> Sequence[tuple[UUID, int]]:
    """Return as many waiting requests, with their versions, that may be approved without a word."""
    found: list[tuple[UUID, int]] = []
    waiting = iter(list_matching(place.id, QueueFilter(), SYSTEM_CLOCK.now(), WAITING))
    while len(found) < wanted and (part := dict(islice(waiting, MAX_BATCH))):
        lines = preview_batch(_ACTOR, place.slug, part, _YES)
        found += [(line.request_id, line.version) for line in lines if line.refusal is None]
    if len(found) < wanted:
        raise RuntimeError("too few requests can be approved")
    return found[:wanted]


def _fill() -> None:
    """Copy the requests that wait, with their vehicles and perimeters, until there are WAITING of them."""
    waiting = select(AccessRequest).where(AccessRequest.state == RequestState.READY)
    models = session().scalars(waiting.order_by(AccessRequest.id).limit(50)).unique().all()
    if not models:
        raise RuntimeError("no request of the demonstration waits")
    for numbers in batched(range(WAITING), _AT_ONCE):
        requests, vehicles, perimeters = [], [], []
        for number in numbers:
            model = models[number % len(models)]
            id_ = new_id()
            mark = f"{_MARK}{number}"
            requests.append({**_columns(model), "id": id_, "number": mark, "submission_key": mark})
            vehicles += [{**_columns(line), "id": new_id(), "request_id": id_} for line in model.vehicles]
            perimeters += [{**_columns(line), "id": new_id(), "request_id": id_} for line in model.perimeters]
        with unit_of_work() as uow:
            uow.session.execute(insert(AccessRequest), requests)
            uow.session.execute(insert(RequestVehicle), vehicles)
            uow.session.execute(insert(RequestPerimeter), perimeters)


def _columns(row: Base) -> Mapping[str, Any]:
    return {column.key: getattr(row, column.key) for column in row.__mapper__.column_attrs}
