"""What the page of an order says of its way to the national base, and what a clerk does about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from portal.common.clock import SYSTEM_CLOCK
from portal.common.ids import new_id
from portal.db import session, unit_of_work
from portal.numeriz.models import OrderVersion, TrafficOrder
from portal.numeriz.pushing import ask_push
from portal.numeriz.values import OrderChange
from portal.territories.queries import TerritoryView
from tests.factories.law import make_law, order_draft
from tests.support.dialog_base import ACCOUNT, OUTSIDE, DialogBase, Scripted, serve_base
from tests.support.web import PageClient

BASE = "/territoires/paris-3e/numeriz"


@pytest.fixture
def base(app: Flask) -> Iterator[DialogBase]:
    before = app.extensions["settings"]
    with serve_base() as running:
        app.extensions["settings"] = replace(
            before,
            dialog_url=running.url,
            dialog_accounts={"paris-3e": ACCOUNT},
            feed_hosts=frozenset({running.host}),
        )
        yield running
    app.extensions["settings"] = before


def published(territory: TerritoryView) -> UUID:
    with unit_of_work() as uow:
        make_law(territory, orders=[order_draft(identifier="T-1")])
        order_id = session().scalars(select(TrafficOrder.id)).one()
        uow.session.add(
            OrderVersion(
                id=new_id(),
                order_id=order_id,
                number=1,
                change=OrderChange.PUBLISHED,
                document={},
                actor_id=None,
                actor_name="Essai",
                at=SYSTEM_CLOCK.now(),
            )
        )
        ask_push(uow, territory, order_id, 1)
    return order_id


def text_of(clerk: PageClient, path: str) -> str:
    return clerk.get(f"{BASE}{path}").get_text(" ", strip=True)


def test_the_page_says_that_our_own_feeds_publish_when_there_is_no_account(
    clerk: PageClient, territory: TerritoryView
) -> None:
    order_id = published(territory)
    page = clerk.get(f"{BASE}/arretes/{order_id}")
    assert "n’a pas de compte DiaLog" in page.get_text(" ")
    assert not page.select(f"form[action$='{order_id}/dialog']")
    assert "DiaLog" not in text_of(clerk, "/sante")


def test_a_refusal_is_shown_and_sent_again_when_a_clerk_asks(
    clerk: PageClient, territory: TerritoryView, base: DialogBase, app: Flask, run_jobs: Callable[[Flask], int]
) -> None:
    base.fail("POST", Scripted(400, {"detail": OUTSIDE}))
    order_id = published(territory)
    path = f"/arretes/{order_id}"
    assert "L’envoi commence dans quelques secondes" in text_of(clerk, path)
    run_jobs(app)
    text = text_of(clerk, path)
    assert "DiaLog refuse l’arrêté (réponse 400)" in text and OUTSIDE in text
    assert OUTSIDE in text_of(clerk, "/sante")
    clerk.submit(f"{BASE}{path}/dialog")
    assert "est demandé" in text_of(clerk, path)
    run_jobs(app)
    page = clerk.get(f"{BASE}{path}")
    assert "L’arrêté est dans DiaLog" in page.get_text(" ") and not page.select("form[action$=dialog]")
    assert "absents de DiaLog" not in text_of(clerk, "/sante")


def test_an_order_of_somebody_else_is_replaced_only_when_a_clerk_ticks_it(
    clerk: PageClient, territory: TerritoryView, base: DialogBase, app: Flask, run_jobs: Callable[[Flask], int]
) -> None:
    order_id = published(territory)
    base.fail("GET", Scripted(200, {"identifier": "T-1"}), Scripted(200, {"identifier": "T-1"}))
    base.fail("PUT", Scripted(200, {"uuid": "leur"}))
    run_jobs(app)
    path = f"{BASE}/arretes/{order_id}"
    page = clerk.get(path)
    assert "n’a pas été envoyé d’ici" in page.get_text(" ") and page.select("input[name=remplacer]")
    clerk.submit(f"{path}/dialog", {"remplacer": "1"})
    run_jobs(app)
    assert base.changes == ["PUT"] and "L’arrêté est dans DiaLog" in clerk.get(path).get_text(" ")


def test_the_page_says_when_it_tries_again_when_the_base_is_away(
    clerk: PageClient, territory: TerritoryView, base: DialogBase, app: Flask, run_jobs: Callable[[Flask], int]
) -> None:
    base.fail("GET", Scripted(503))
    order_id = published(territory)
    run_jobs(app)
    text = text_of(clerk, f"/arretes/{order_id}")
    assert "ne peut pas répondre pour l’instant (réponse 503)" in text and "Prochain essai" in text


def test_an_imported_order_says_nothing_of_the_base_when_it_is_shown(
    clerk: PageClient, territory: TerritoryView, base: DialogBase
) -> None:
    make_law(territory, orders=[replace(order_draft(), source="datex2")])
    order_id = session().scalars(select(TrafficOrder.id)).one()
    assert "DiaLog" not in text_of(clerk, f"/arretes/{order_id}")
    clerk.submit(f"{BASE}/arretes/{order_id}/dialog")
    assert "Seuls les arrêtés écrits dans ce portail" in text_of(clerk, f"/arretes/{order_id}")
