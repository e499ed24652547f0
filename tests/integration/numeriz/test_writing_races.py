"""Two clerks at the same instant with one draft or one order, on each kind of database."""

from __future__ import annotations

from uuid import UUID

import pytest
from flask import Flask

from portal.common.errors import Conflict, NotFound
from portal.numeriz.queries import get_order
from portal.numeriz.writing import (
    amend_order,
    get_work,
    page_works,
    publish_work,
    save_work,
    start_work,
    versions_of,
    withdraw_order,
)
from portal.territories.queries import TerritoryView
from tests.factories.law import TESTER, make_territory
from tests.support.races import overtaken
from tests.support.written import judge, written


@pytest.fixture
def territory(database: Flask) -> TerritoryView:
    return make_territory()


def _ready(territory: TerritoryView, title: str = "Premier") -> UUID:
    work_id = start_work(TESTER, territory.id, document=written(title=title))
    judge(territory.id, work_id)
    return work_id


def test_the_second_save_is_told_when_two_come_at_once(database: Flask, territory: TerritoryView) -> None:
    work_id = _ready(territory)
    first, second = overtaken(
        database,
        lambda: save_work(TESTER, territory.id, work_id, 1, written(title="Le sien")),
        lambda: save_work(TESTER, territory.id, work_id, 1, written(title="Le mien")),
    )
    assert first == 2 and isinstance(second, Conflict)
    assert second.params["document"] == written(title="Le sien")
    assert get_work(territory.id, work_id).title == "Le sien"


def test_no_word_is_lost_when_a_draft_is_saved_while_it_is_published(database: Flask, territory: TerritoryView) -> None:
    work_id = _ready(territory)
    order_id, saved = overtaken(
        database,
        lambda: publish_work(TESTER, territory.id, work_id, 1),
        lambda: save_work(TESTER, territory.id, work_id, 1, written(title="Trop tard")),
    )
    # The form says that it is gone and still holds the words.
    assert isinstance(saved, NotFound)
    assert get_order(territory.id, order_id).title == "Premier"
    other = _ready(territory, "Second")
    saved_as, published = overtaken(
        database,
        lambda: save_work(TESTER, territory.id, other, 1, written(title="À temps", identifier="2")),
        lambda: publish_work(TESTER, territory.id, other, 1),
    )
    assert saved_as == 2 and isinstance(published, Conflict) and published.code == "work-changed"
    assert get_work(territory.id, other).title == "À temps"


def test_one_order_is_published_when_two_send_the_same_draft(database: Flask, territory: TerritoryView) -> None:
    work_id = _ready(territory)
    order_id, second = overtaken(
        database,
        lambda: publish_work(TESTER, territory.id, work_id, 1),
        lambda: publish_work(TESTER, territory.id, work_id, 1),
    )
    assert isinstance(second, NotFound)
    assert len(versions_of(order_id)) == 1


def test_one_amendment_is_begun_when_two_clerks_want_one(database: Flask, territory: TerritoryView) -> None:
    order_id = publish_work(TESTER, territory.id, _ready(territory), 1)
    first, second = overtaken(
        database,
        lambda: amend_order(TESTER, territory.id, order_id),
        lambda: amend_order(TESTER, territory.id, order_id),
    )
    assert first == second == page_works(territory.id).items[0].id
    gone, again = overtaken(
        database,
        lambda: withdraw_order(TESTER, territory.id, order_id, "Annulé"),
        lambda: withdraw_order(TESTER, territory.id, order_id, "Annulé aussi"),
    )
    assert gone == 2 and isinstance(again, Conflict) and again.code == "order-withdrawn"
