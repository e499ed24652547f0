"""Pushing orders to a small base on the loopback: what it holds equals what the orders say, whatever happens."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select, update

from portal import create_app
from portal.audit import AuditTag
from portal.audit.journal import list_entries
from portal.common.clock import SYSTEM_CLOCK, FixedClock
from portal.common.errors import Conflict, NotFound, Unavailable
from portal.common.ids import new_id
from portal.config import DialogAccount, load_settings
from portal.db import Base, db, session, unit_of_work
from portal.jobs import JobState
from portal.jobs.models import Job
from portal.jobs.runner import run as run_job
from portal.jobs.runner import sweep
from portal.numeriz.models import OrderPush, OrderVersion, TrafficOrder
from portal.numeriz.pushing import ask_push
from portal.numeriz.pushing.accounts import PushTarget
from portal.numeriz.pushing.asking import ask_again, ask_due_pushes
from portal.numeriz.pushing.client import DialogClient
from portal.numeriz.pushing.reading import push_panel
from portal.numeriz.pushing.state import MOST_TRIES, pushes_of, retry_delay
from portal.numeriz.queries import get_order
from portal.numeriz.values import OrderChange, OrderDraft, OrderStatus, PushState
from portal.numeriz.writing import store_version, withdraw_order
from portal.numeriz.writing.versions import version_document
from portal.territories.queries import TerritoryView
from tests.factories.law import TESTER, make_law, make_territory, measure_draft, order_draft
from tests.support.dialog_base import ACCOUNT, OUTSIDE, DialogBase, Scripted, serve_base

ROOT = Path(__file__).parents[3]
KEY = "T-2026/114#Ville d’essai"


class Cancelled(Exception):
    """Somebody changed their mind inside a transaction."""


@pytest.fixture
def base() -> Iterator[DialogBase]:
    with serve_base() as running:
        yield running


def with_account(app: Flask, base: DialogBase, account: DialogAccount = ACCOUNT) -> None:
    app.extensions["settings"] = replace(
        app.extensions["settings"],
        dialog_url=base.url,
        dialog_accounts={"paris-3e": account},
        feed_hosts=frozenset({base.host}),
    )


@pytest.fixture
def portal(database: Flask, base: DialogBase) -> Iterator[Flask]:
    """The application, on each kind of database, whose territory has an account at the base."""
    before = database.extensions["settings"]
    with_account(database, base)
    yield database
    database.extensions["settings"] = before


@pytest.fixture
def light(app: Flask, base: DialogBase) -> Iterator[Flask]:
    """The same on SQLite alone."""
    before = app.extensions["settings"]
    with_account(app, base)
    yield app
    app.extensions["settings"] = before


def draft(title: str = "Travaux", identifier: str = "T-2026/114", **changes: Any) -> OrderDraft:
    """An order that keeps its identity when its identifier changes."""
    return replace(order_draft(measure_draft(), title=title, identifier=identifier), source_id=KEY, **changes)


def store(territory: TerritoryView, order: OrderDraft, number: int) -> UUID:
    """Store a version as those who write orders do: order, version and push in one transaction."""
    with unit_of_work() as uow:
        make_law(territory, orders=[order])
        order_id = session().scalars(select(TrafficOrder.id)).one()
        uow.session.add(
            OrderVersion(
                id=new_id(),
                order_id=order_id,
                number=number,
                change=OrderChange.PUBLISHED,
                document=version_document(order, None),
                actor_id=None,
                actor_name="Essai",
                at=SYSTEM_CLOCK.now(),
            )
        )
        ask_push(uow, territory, order_id, number)
    return order_id


def states(order_id: UUID) -> list[PushState]:
    session().rollback()
    return [push.state for push in pushes_of(order_id)]


def last(order_id: UUID) -> OrderPush:
    session().rollback()
    return pushes_of(order_id)[-1]


def due(order_id: UUID) -> datetime:
    """An instant at which the push that waits may be tried again."""
    return datetime.fromisoformat(last(order_id).answer["next_at"]) + timedelta(seconds=1)


def test_an_order_is_created_replaced_and_deleted_when_its_versions_say_so(
    portal: Flask, base: DialogBase, run_jobs: Callable[[Flask], int]
) -> None:
    territory = make_territory()
    order_id = store(territory, draft("Travaux"), 1)
    assert states(order_id) == [PushState.WAITING] and not base.asked, "nothing is sent inside the transaction"
    run_jobs(portal)
    assert base.orders["T-2026/114"]["title"] == "Travaux"
    assert (last(order_id).state, last(order_id).remote_id) == (PushState.SENT, base.ids["T-2026/114"])
    store(territory, draft("Travaux prolongés"), 2)
    run_jobs(portal)
    assert base.orders["T-2026/114"]["title"] == "Travaux prolongés" and len(base.orders) == 1
    store(territory, draft("Travaux prolongés", status=OrderStatus.WITHDRAWN), 3)
    run_jobs(portal)
    assert base.orders == {} and states(order_id) == [PushState.SENT] * 3
    assert base.changes == ["POST", "PUT", "DELETE"]
    assert ("GET", "/api/regulations/T-2026/114") in base.asked
    told = [entry for entry in list_entries(territory_id=territory.id).items if entry.tag is AuditTag.ORDER_PUSHED]
    assert sorted(entry.data["version"] for entry in told) == [1, 2, 3]


def test_nothing_is_asked_when_the_territory_has_no_account(app: Flask) -> None:
    territory = make_territory()
    order_id = store(territory, draft(), 1)
    assert states(order_id) == [] and app.extensions["pending_jobs"] == []
    with pytest.raises(Conflict) as refused:
        ask_again(territory, order_id)
    assert refused.value.code == "push-no-account"


def test_a_first_push_is_sent_when_the_account_came_after_the_order(
    app: Flask, base: DialogBase, run_jobs: Callable[[Flask], int]
) -> None:
    territory = make_territory()
    order_id = store(territory, draft(), 4)
    before = app.extensions["settings"]
    with_account(app, base)
    try:
        ask_again(territory, order_id)
        ask_again(territory, order_id)
        run_jobs(app)
    finally:
        app.extensions["settings"] = before
    assert base.changes == ["POST"] and [push.version_number for push in pushes_of(order_id)] == [4]


def test_only_the_newest_version_goes_when_several_wait(
    light: Flask, base: DialogBase, run_jobs: Callable[[Flask], int]
) -> None:
    territory = make_territory()
    order_id = store(territory, draft("Un"), 1)
    store(territory, draft("Deux"), 2)
    store(territory, draft("Trois"), 3)
    assert len(light.extensions["pending_jobs"]) == 1, "one job at a time for an order"
    run_jobs(light)
    assert base.changes == ["POST"] and base.orders["T-2026/114"]["title"] == "Trois"
    assert [push.answer.get("superseded") for push in pushes_of(order_id)] == [3, 3, None]


def test_a_version_waits_for_the_running_job_when_it_is_stored_meanwhile(
    light: Flask, base: DialogBase, run_jobs: Callable[[Flask], int]
) -> None:
    territory = make_territory()

    def meanwhile() -> None:
        with light.app_context():
            store(territory, draft("Deux"), 2)
            db.session.remove()

    order_id = store(territory, draft("Un"), 1)
    base.fail("POST", Scripted(after=meanwhile, status=201, body={"uuid": "u-1"}))
    run_jobs(light)
    assert states(order_id) == [PushState.SENT, PushState.WAITING]
    assert ask_due_pushes() == 1 and ask_due_pushes() == 0
    run_jobs(light)
    assert states(order_id) == [PushState.SENT] * 2 and base.orders["T-2026/114"]["title"] == "Deux"


REFUSALS = {
    "outside-the-territory": (Scripted(400, {"status": 400, "detail": OUTSIDE}), "push-refused", [OUTSIDE]),
    "not-valid": (
        Scripted(
            422,
            {
                "status": 422,
                "detail": "Validation failed",
                "violations": [{"propertyPath": "title", "title": "Cette valeur ne doit pas être vide."}],
            },
        ),
        "push-refused",
        ["title\u00a0: Cette valeur ne doit pas être vide."],
    ),
    "forbidden-in-html": (Scripted(403, "<html>"), "push-refused", []),
    "redirected": (Scripted(302, None, {"Location": "http://127.0.0.1:1/"}), "push-refused", []),
    "secret-repeated": (
        Scripted(400, {"detail": f"secret {ACCOUNT.client_secret}\n?"}),
        "push-refused",
        ["secret … ?"],
    ),
}


@pytest.mark.parametrize(("scripted", "code", "sentences"), REFUSALS.values(), ids=REFUSALS.keys())
def test_a_refusal_is_told_in_the_words_of_the_base_when_asking_again_is_useless(
    light: Flask,
    base: DialogBase,
    run_jobs: Callable[[Flask], int],
    scripted: Scripted,
    code: str,
    sentences: list[str],
) -> None:
    base.fail("POST", scripted)
    order_id = store(make_territory(), draft(), 1)
    run_jobs(light)
    found = last(order_id)
    assert (found.state, found.answer["code"]) == (PushState.REFUSED, code)
    assert found.answer["sentences"] == sentences and found.answer["status"] == scripted.status
    assert ask_due_pushes() == 0 and base.changes == ["POST"], "a redirect is not followed either"


def test_a_refused_version_goes_when_a_person_asks_again(
    light: Flask, base: DialogBase, run_jobs: Callable[[Flask], int]
) -> None:
    territory = make_territory()
    base.fail("POST", Scripted(400, {"detail": OUTSIDE}))
    order_id = store(territory, draft(), 1)
    run_jobs(light)
    ask_again(territory, order_id)
    run_jobs(light)
    assert states(order_id) == [PushState.SENT] and list(base.orders) == ["T-2026/114"]
    with pytest.raises(NotFound):
        ask_again(make_territory("ailleurs"), order_id)


def test_a_refusal_says_so_when_the_account_is_not_known(
    light: Flask, base: DialogBase, run_jobs: Callable[[Flask], int], caplog: pytest.LogCaptureFixture
) -> None:
    with_account(light, base, DialogAccount("autre", "un-autre-secret"))
    order_id = store(make_territory(), draft(), 1)
    with caplog.at_level(logging.DEBUG):
        run_jobs(light)
    assert (last(order_id).state, last(order_id).answer["code"]) == (PushState.REFUSED, "push-unauthorised")
    assert "un-autre-secret" not in caplog.text + repr(last(order_id).answer) + repr(light.extensions["settings"])


PASSING = {
    "busy": (Scripted(503, {}, {"Retry-After": "600"}), 600),
    "broken": (Scripted(500, "<html>"), 30),
    "too-many": (Scripted(429), 30),
}


@pytest.mark.parametrize(("scripted", "wait_s"), PASSING.values(), ids=PASSING.keys())
def test_a_push_is_tried_again_later_when_the_base_cannot_answer(
    light: Flask, base: DialogBase, run_jobs: Callable[[Flask], int], scripted: Scripted, wait_s: int
) -> None:
    base.fail("POST", scripted)
    order_id = store(make_territory(), draft(), 1)
    run_jobs(light)
    found = last(order_id)
    assert (found.state, found.answer["code"], found.answer["tries"]) == (PushState.WAITING, "push-busy", 1)
    assert datetime.fromisoformat(found.answer["next_at"]) - found.updated_at == timedelta(seconds=wait_s)
    assert ask_due_pushes() == 0
    assert ask_due_pushes(FixedClock(due(order_id))) == 1
    run_jobs(light)
    assert states(order_id) == [PushState.SENT] and list(base.orders) == ["T-2026/114"]


def test_a_push_has_failed_when_the_base_never_answers(
    light: Flask, base: DialogBase, run_jobs: Callable[[Flask], int]
) -> None:
    base.fail("GET", *[Scripted(502)] * MOST_TRIES)
    territory = make_territory()
    order_id = store(territory, draft(), 1)
    run_jobs(light)
    for tries in range(2, MOST_TRIES + 1):
        assert ask_due_pushes(FixedClock(due(order_id))) == 1
        run_jobs(light)
        assert last(order_id).answer["tries"] == tries
    assert states(order_id) == [PushState.FAILED] and base.changes == []
    assert ask_due_pushes(FixedClock(datetime(2030, 1, 1, tzinfo=UTC))) == 0
    ask_again(territory, order_id)
    run_jobs(light)
    assert states(order_id) == [PushState.SENT]


def test_delays_double_when_a_base_stays_away() -> None:
    waits = [retry_delay(tries).total_seconds() for tries in range(1, MOST_TRIES)]
    assert waits[:4] == [30, 60, 120, 240] and waits[-1] == 10_800
    assert timedelta(hours=12) < timedelta(seconds=sum(waits)) < timedelta(days=1)


@pytest.mark.parametrize(
    ("scripted", "timeout_s", "code"),
    [
        (Scripted(sleep_s=1.0), 0.2, "push-timeout"),
        (Scripted(200, headers={"Content-Length": "999"}), 30.0, "push-unreachable"),
        (Scripted(200, {"identifier": "x" * 17_000_000}), 30.0, "push-unreachable"),
    ],
    ids=["silent", "cut", "endless"],
)
def test_a_call_is_given_up_when_its_answer_does_not_come(
    app: Flask, base: DialogBase, scripted: Scripted, timeout_s: float, code: str
) -> None:
    base.fail("GET", scripted)
    client = DialogClient(PushTarget(base.url, ACCOUNT, frozenset({base.host})), timeout_s=timeout_s)
    with pytest.raises(Unavailable) as given_up:
        client.has("T-2026/114")
    assert given_up.value.code == code


def test_a_push_waits_when_nobody_listens(light: Flask, run_jobs: Callable[[Flask], int]) -> None:
    with serve_base() as gone:
        with_account(light, gone)
    order_id = store(make_territory(), draft(), 1)
    run_jobs(light)
    assert (last(order_id).state, last(order_id).answer["code"]) == (PushState.WAITING, "push-unreachable")


def test_nothing_leaves_when_the_base_is_not_among_the_hosts(
    light: Flask, base: DialogBase, run_jobs: Callable[[Flask], int]
) -> None:
    light.extensions["settings"] = replace(light.extensions["settings"], feed_hosts=frozenset({"dialog.beta.gouv.fr"}))
    order_id = store(make_territory(), draft(), 1)
    run_jobs(light)
    assert (last(order_id).state, last(order_id).answer["code"]) == (PushState.FAILED, "feed-host")
    assert base.asked == []


def test_an_order_of_somebody_else_is_left_alone_until_a_clerk_says_otherwise(
    light: Flask, base: DialogBase, run_jobs: Callable[[Flask], int]
) -> None:
    territory = make_territory()
    theirs = {"identifier": "T-2026/114", "category": "permanentRegulation", "status": "published", "subject": None}
    period = {"startDate": "2026-01-01T00:00:00Z", "recurrenceType": "everyDay", "timeSlots": []}
    whom: dict[str, list[str]] = {"restrictedTypes": [], "exemptedTypes": []}
    measure = {"type": "noEntry", "vehicleSet": whom, "periods": [period], "locations": []}
    base.orders["T-2026/114"] = {**theirs, "title": "Saisi dans DiaLog", "measures": [measure]}
    order_id = store(territory, draft(), 1)
    run_jobs(light)
    assert (last(order_id).state, last(order_id).answer["code"]) == (PushState.REFUSED, "push-taken")
    store(territory, draft(status=OrderStatus.WITHDRAWN), 2)
    run_jobs(light)
    assert base.changes == [], "not deleted either"
    store(territory, draft(), 3)
    run_jobs(light)
    ask_again(territory, order_id, adopt=True)
    run_jobs(light)
    assert base.changes == ["PUT"] and base.orders["T-2026/114"]["title"] == "Travaux"


def test_the_old_object_goes_when_the_identifier_of_an_order_changes(
    light: Flask, base: DialogBase, run_jobs: Callable[[Flask], int]
) -> None:
    territory = make_territory()
    store(territory, draft(), 1)
    run_jobs(light)
    order_id = store(territory, draft(identifier="T-2026/115"), 2)
    base.fail("POST", Scripted(503))
    run_jobs(light)
    assert base.orders == {}
    ask_due_pushes(FixedClock(due(order_id)))
    run_jobs(light)
    assert list(base.orders) == ["T-2026/115"] and base.changes == ["POST", "DELETE", "POST", "POST"]


def test_an_order_is_added_again_when_somebody_deleted_it_there(
    light: Flask, base: DialogBase, run_jobs: Callable[[Flask], int]
) -> None:
    territory = make_territory()
    store(territory, draft(), 1)
    run_jobs(light)
    base.orders.clear()
    order_id = store(territory, draft("Deux"), 2)
    run_jobs(light)
    assert base.changes == ["POST", "POST"] and last(order_id).state is PushState.SENT


def test_an_order_that_cannot_be_said_is_refused_when_it_is_told(
    light: Flask, base: DialogBase, run_jobs: Callable[[Flask], int]
) -> None:
    order_id = store(make_territory(), draft(identifier="search"), 1)
    run_jobs(light)
    found = last(order_id)
    assert (found.state, found.answer["code"]) == (PushState.REFUSED, "push-identifier") and base.asked == []


def test_a_push_counts_as_tried_when_its_job_died_too_often(light: Flask, base: DialogBase) -> None:
    order_id = store(make_territory(), draft(), 1)
    with unit_of_work() as uow:
        uow.session.execute(update(Job).values(state=JobState.FAILED, error_code="lost-too-often"))
    assert ask_due_pushes() == 0
    found = last(order_id)
    assert (found.state, found.answer["tries"], found.answer["code"]) == (PushState.WAITING, 1, "lost-too-often")
    assert ask_due_pushes(FixedClock(due(order_id))) == 1


CHILD = """
import sys
from dataclasses import replace
from pathlib import Path
from portal import create_app
from portal.config import load_settings
from portal.jobs import runner
from tests.support.dialog_base import ACCOUNT

host = sys.argv[3]
app = create_app(load_settings(environ={}, var_dir=Path(sys.argv[1]), testing=True, dialog_url=f"http://{host}",
                               dialog_accounts={"paris-3e": ACCOUNT}, feed_hosts=frozenset({host})))
with app.app_context():
    runner.run(sys.argv[2])
"""


def test_one_object_is_made_when_the_worker_is_killed_before_it_knows(tmp_path: Path, base: DialogBase) -> None:
    settings = load_settings(
        environ={},
        var_dir=tmp_path / "var",
        testing=True,
        dialog_url=base.url,
        dialog_accounts={"paris-3e": ACCOUNT},
        feed_hosts=frozenset({base.host}),
        job_lease_s=1,
    )
    app = create_app(settings)
    pushed: list[UUID] = []
    app.extensions["job_pusher"] = pushed.append
    running: list[subprocess.Popen[bytes]] = []
    with app.app_context():
        Base.metadata.create_all(db.engine)
        order_id = store(make_territory(), draft(), 1)
        base.fail("POST", Scripted(after=lambda: running[0].send_signal(signal.SIGKILL)))
        command = [sys.executable, "-c", CHILD, str(settings.var_dir), str(pushed[0]), base.host]
        running.append(subprocess.Popen(command, cwd=ROOT, env=dict(os.environ)))
        assert running[0].wait(timeout=180) == -signal.SIGKILL
        assert list(base.orders) == ["T-2026/114"], "the base has done it"
        assert last(order_id).state is PushState.WAITING and last(order_id).remote_id == ""
        with unit_of_work() as uow:
            uow.session.execute(update(Job).values(lease_until=datetime(2020, 1, 1, tzinfo=UTC)))
        assert sweep(app) == 1
        run_job(str(pushed[-1]))
        assert base.changes == ["POST", "PUT"] and len(base.orders) == 1
        assert (last(order_id).state, last(order_id).remote_id) == (PushState.SENT, base.ids["T-2026/114"])
        db.session.remove()
        db.engine.dispose()


def test_nothing_is_asked_of_the_base_when_an_order_is_withdrawn_before_it_was_sent(
    light: Flask, base: DialogBase, run_jobs: Callable[[Flask], int]
) -> None:
    territory = make_territory()
    store(territory, draft(), 1)
    order_id = store(territory, draft(status=OrderStatus.WITHDRAWN), 2)
    run_jobs(light)
    assert base.asked == [] and last(order_id).state is PushState.SENT
    panel = push_panel(territory, get_order(territory.id, order_id))
    assert panel is not None and not panel.lines[0].present and panel.lines[1].superseded == 2


def test_a_version_is_pushed_when_those_who_write_store_it(
    light: Flask, base: DialogBase, run_jobs: Callable[[Flask], int]
) -> None:
    territory = make_territory()
    order_id = store(territory, draft("Travaux"), 1)
    with unit_of_work() as uow:
        store_version(uow, territory.id, order_id, OrderChange.AMENDED, draft("Travaux prolongés"), TESTER)
    with pytest.raises(Cancelled), unit_of_work() as uow:
        store_version(uow, territory.id, order_id, OrderChange.AMENDED, draft("Jamais dit"), TESTER)
        raise Cancelled
    run_jobs(light)
    assert base.orders["T-2026/114"]["title"] == "Travaux prolongés"
    withdraw_order(TESTER, territory.id, order_id, "Travaux finis")
    run_jobs(light)
    assert base.orders == {} and [push.version_number for push in pushes_of(order_id)] == [1, 2, 3]
