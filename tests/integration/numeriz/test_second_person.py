"""Whoever wrote in a draft is no second person, however many wrote in it after them."""

from __future__ import annotations

from uuid import UUID

import pytest
from flask import Flask

from portal.common.actor import Actor, ActorKind
from portal.common.errors import Conflict
from portal.numeriz.impact.keeping import sign_work
from portal.numeriz.writing import (
    copy_of_work,
    get_work,
    publish_work,
    save_as_model,
    save_work,
    start_from_work,
    start_work,
    versions_of,
)
from portal.territories.queries import TerritoryView
from tests.factories.accounts import make_user
from tests.factories.law import make_territory
from tests.support.written import judge, written

ALARM = {"code": "motorway", "params": {"metres": 120, "road": "A 99"}}


@pytest.fixture
def territory(app: Flask) -> TerritoryView:
    return make_territory()


def clerk(name: str) -> Actor:
    return Actor(ActorKind.USER, name, user_id=make_user().id)


def refused(actor: Actor, territory: TerritoryView, work_id: UUID) -> str:
    """Why a person may not sign the draft as it is now, with an alarm; empty when they just did."""
    judge(territory.id, work_id, [ALARM])
    try:
        sign_work(actor, territory.id, work_id, get_work(territory.id, work_id).digest)
    except Conflict as error:
        return error.code
    return ""


def test_an_earlier_author_is_refused_when_another_wrote_last(territory: TerritoryView) -> None:
    first, second, third = clerk("Camille"), clerk("Dominique"), clerk("Alix")
    work_id = start_work(first, territory.id, document=written())
    assert save_work(second, territory.id, work_id, 1, written(title="Autre titre")) == 2
    assert [refused(one, territory, work_id) for one in (first, second, third)] == ["own-work", "own-work", ""]
    assert get_work(territory.id, work_id).is_signed
    order_id = publish_work(second, territory.id, work_id, 2)
    kept = versions_of(order_id)[0].document
    assert kept is not None and "authors" not in kept


def test_an_author_stays_one_when_a_form_claims_otherwise(territory: TerritoryView) -> None:
    first, second = clerk("Camille"), clerk("Dominique")
    work_id = start_work(first, territory.id, document=written())
    save_work(second, territory.id, work_id, 1, {**written(title="Autre titre"), "authors": []})
    assert refused(first, territory, work_id) == "own-work"
    copy_id = copy_of_work(second, territory.id, work_id, {**written(title="Ma saisie"), "authors": []})
    assert refused(first, territory, copy_id) == "own-work"


def test_nobody_but_who_began_is_an_author_when_an_order_begins_like_another(territory: TerritoryView) -> None:
    first, second = clerk("Camille"), clerk("Dominique")
    work_id = start_work(first, territory.id, document=written())
    model_id = save_as_model(first, territory.id, work_id, "Travaux")
    for like in (work_id, model_id):
        new_id = start_from_work(second, territory.id, like)
        assert [refused(one, territory, new_id) for one in (second, first)] == ["own-work", ""]
