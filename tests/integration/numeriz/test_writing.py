"""Orders at work, their publishing, their versions."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select, update

from portal.audit import AuditTag, list_entries
from portal.common.actor import Actor, ActorKind
from portal.common.clock import SYSTEM_CLOCK
from portal.common.errors import Conflict, Invalid, NotFound, PortalError
from portal.db import session, unit_of_work
from portal.jobs.models import Job
from portal.numeriz.law.memory import law_snapshot, law_version
from portal.numeriz.models import OrderVersion, OrderWork
from portal.numeriz.queries import get_order, page_orders
from portal.numeriz.values import OrderChange, OrderStatus
from portal.numeriz.writing import (
    amend_order,
    copy_of_work,
    current_order,
    delete_work,
    draft_of,
    erase_old_works,
    faults_of,
    get_work,
    page_works,
    publish_work,
    publishing_state,
    rebase_work,
    restore_work,
    save_as_model,
    save_work,
    start_from_order,
    start_from_work,
    start_work,
    store_version,
    versions_of,
    withdraw_order,
)
from portal.territories.queries import TerritoryView
from tests.factories.accounts import make_user
from tests.factories.law import make_law, make_territory, order_draft
from tests.support.written import judge, written, written_measure, written_period


@pytest.fixture
def territory(app: Flask) -> TerritoryView:
    return make_territory()


@pytest.fixture
def anywhere(database: Flask) -> TerritoryView:
    """The territory on each kind of database."""
    return make_territory()


@pytest.fixture
def clerk(app: Flask) -> Actor:
    return _person("Camille Martin")


def _person(name: str) -> Actor:
    return Actor(ActorKind.USER, name, user_id=make_user().id)


def _published(clerk: Actor, territory: TerritoryView, document: dict[str, Any] | None = None) -> UUID:
    work_id = start_work(clerk, territory.id, document=document or written())
    judge(territory.id, work_id)
    return publish_work(clerk, territory.id, work_id, 1)


def _sign(work_id: UUID, signer: Actor, digest: str) -> None:
    with unit_of_work() as uow:
        signed = {"signed_digest": digest, "signed_by_id": signer.user_id, "signed_by_name": signer.label}
        uow.session.execute(update(OrderWork).where(OrderWork.id == work_id).values(signed))


def test_an_order_is_law_when_it_is_published(clerk: Actor, territory: TerritoryView) -> None:
    before = law_version(territory.id)
    order_id = _published(clerk, territory)
    found = get_order(territory.id, order_id, published_only=True)
    assert [measure for _id, measure in found.measures] == list(draft_of(written(), territory).measures)
    assert law_version(territory.id) != before
    assert len(law_snapshot(territory.id).measures) == 1
    assert page_works(territory.id).items == []
    (version,) = versions_of(order_id)
    assert (version.number, version.change, version.actor_name) == (1, OrderChange.PUBLISHED, clerk.label)
    assert version.document == written()
    (entry,) = list_entries(subject_id=order_id).items
    assert entry.tag is AuditTag.ORDER_PUBLISHED and entry.data["version"] == 1
    assert set(session().scalars(select(Job.kind))) == {"numeriz.publish"}


def test_the_next_version_replaces_the_order_when_it_is_amended(anywhere: TerritoryView) -> None:
    clerk, territory = _person("Camille Martin"), anywhere
    order_id = _published(clerk, territory)
    work_id = amend_order(clerk, territory.id, order_id)
    assert amend_order(_person("Autre"), territory.id, order_id) == work_id
    later = written(written_measure(periods=[written_period(end="2027-03-09T18:00")]), identifier="2027-T-12 bis")
    revision = save_work(clerk, territory.id, work_id, 1, later)
    judge(territory.id, work_id)
    assert publish_work(clerk, territory.id, work_id, revision) == order_id
    assert [line.identifier for line in page_orders(territory.id).items] == ["2027-T-12 bis"]
    assert [version.change for version in versions_of(order_id)] == [OrderChange.AMENDED, OrderChange.PUBLISHED]
    # The first identifier is free again, and its order is another one.
    assert _published(clerk, territory) != order_id


def test_nothing_is_lost_when_two_clerks_save_the_same_order(clerk: Actor, territory: TerritoryView) -> None:
    work_id = start_work(clerk, territory.id, document=written())
    other = _person("Dominique Petit")
    assert save_work(other, territory.id, work_id, 1, written(title="Le sien")) == 2
    with pytest.raises(Conflict) as told:
        save_work(clerk, territory.id, work_id, 1, written(title="Le mien"))
    assert told.value.code == "work-changed"
    assert (told.value.params["revision"], told.value.params["author"]) == (2, "Dominique Petit")
    assert told.value.params["document"] == written(title="Le sien")
    kept = get_work(territory.id, copy_of_work(clerk, territory.id, work_id, written(title="Le mien")))
    assert kept.title == "Le mien" and get_work(territory.id, work_id).title == "Le sien"
    assert save_work(clerk, territory.id, work_id, 2, written(title="Le mien")) == 3


def test_nothing_changes_when_the_same_words_are_saved_again(clerk: Actor, territory: TerritoryView) -> None:
    work_id = start_work(clerk, territory.id, document=written())
    assert save_work(clerk, territory.id, work_id, 1, written(title="Neuf")) == 2
    assert save_work(clerk, territory.id, work_id, 1, written(title="Neuf")) == 2
    assert save_work(clerk, territory.id, work_id, 2, written(title="Neuf")) == 2


def test_publishing_asks_for_the_impact_when_it_was_not_seen(clerk: Actor, territory: TerritoryView) -> None:
    work_id = start_work(clerk, territory.id, document=written())
    _refused("impact-not-seen", clerk, territory, work_id, 1)
    judge(territory.id, work_id)
    revision = save_work(clerk, territory.id, work_id, 1, written(title="Autre chose"))
    _refused("impact-not-seen", clerk, territory, work_id, revision)


def test_publishing_asks_for_a_second_person_when_an_alarm_is_on(clerk: Actor, territory: TerritoryView) -> None:
    work_id = start_work(clerk, territory.id, document=written())
    judge(territory.id, work_id, [{"code": "motorway"}])
    digest = get_work(territory.id, work_id).digest
    _refused("signature-missing", clerk, territory, work_id, 1)
    _sign(work_id, clerk, digest)
    _refused("signature-missing", clerk, territory, work_id, 1)
    _sign(work_id, _person("Second"), "0" * 64)
    _refused("signature-missing", clerk, territory, work_id, 1)
    _sign(work_id, _person("Second"), digest)
    (version,) = versions_of(publish_work(clerk, territory.id, work_id, 1))
    assert version.signed_by_name == "Second"


def _refused(code: str, actor: Actor, territory: TerritoryView, work_id: UUID, revision: int) -> None:
    before = law_version(territory.id)
    with pytest.raises(PortalError) as told:
        publish_work(actor, territory.id, work_id, revision)
    assert told.value.code == code
    assert law_version(territory.id) == before and get_work(territory.id, work_id)


def test_publishing_is_refused_when_the_words_are_no_order(clerk: Actor, territory: TerritoryView) -> None:
    _refused("order-not-ready", clerk, territory, start_work(clerk, territory.id), 1)
    changed = start_work(clerk, territory.id, document=written())
    judge(territory.id, changed)
    _refused("work-changed", clerk, territory, changed, 7)
    model = save_as_model(clerk, territory.id, changed, "Chantier de rue")
    _refused("is-model", clerk, territory, model, 1)
    delete_work(clerk, territory.id, changed)
    _refused("work-deleted", clerk, territory, changed, 2)


def test_an_identifier_is_taken_when_an_order_of_the_authority_has_it(clerk: Actor, territory: TerritoryView) -> None:
    order_id = _published(clerk, territory)
    assert [fault.code for fault in faults_of(written(), territory)] == ["identifier-taken"]
    assert not faults_of(written(), territory, order_id)
    assert not faults_of(written(authority="Métropole"), territory)
    _refused("order-not-ready", clerk, territory, start_work(clerk, territory.id, document=written()), 1)


def test_an_amendment_is_told_when_the_order_changed_meanwhile(clerk: Actor, territory: TerritoryView) -> None:
    order_id = _published(clerk, territory)
    work_id = amend_order(clerk, territory.id, order_id)
    save_work(clerk, territory.id, work_id, 1, written(title="Modifié"))
    with unit_of_work() as uow:
        order = current_order(territory.id, order_id)
        store_version(uow, territory.id, order_id, OrderChange.LIFTED, order, clerk, "Rue rouverte")
    judge(territory.id, work_id)
    _refused("order-changed", clerk, territory, work_id, 2)
    state = publishing_state(territory, get_work(territory.id, work_id))
    assert state.switched and state.replaced_by is not None and state.replaced_by.number == 2
    rebase_work(territory.id, work_id)
    judge(territory.id, work_id)
    assert publish_work(clerk, territory.id, work_id, 3) == order_id
    assert [version.number for version in versions_of(order_id)] == [3, 2, 1]


def test_an_order_is_no_law_any_more_when_it_is_withdrawn(clerk: Actor, territory: TerritoryView) -> None:
    order_id = _published(clerk, territory)
    with pytest.raises(Invalid):
        withdraw_order(clerk, territory.id, order_id, "  ")
    assert withdraw_order(clerk, territory.id, order_id, "Chantier annulé") == 2
    assert get_order(territory.id, order_id).status is OrderStatus.WITHDRAWN
    assert not law_snapshot(territory.id).measures
    version = versions_of(order_id)[0]
    assert (version.change, version.reason) == (OrderChange.WITHDRAWN, "Chantier annulé")
    for attempt in (
        lambda: withdraw_order(clerk, territory.id, order_id, "Encore"),
        lambda: amend_order(clerk, territory.id, order_id),
    ):
        with pytest.raises(Conflict) as told:
            attempt()
        assert told.value.code == "order-withdrawn"


def test_what_it_said_before_is_kept_when_an_order_has_no_version_yet(clerk: Actor, territory: TerritoryView) -> None:
    make_law(territory, orders=[order_draft(title="Stocké par un programme")])
    (line,) = page_orders(territory.id).items
    work_id = amend_order(clerk, territory.id, line.id)
    document = get_work(territory.id, work_id).document
    judge(territory.id, work_id)
    publish_work(clerk, territory.id, work_id, 1)
    second, first = versions_of(line.id)
    assert (first.number, first.actor_name, first.document) == (1, "", None)
    assert first.order == replace(second.order, issues=first.order.issues)
    assert second.document == document


def test_an_order_of_another_source_is_only_duplicated_when_a_clerk_wants_to_change_it(
    clerk: Actor, territory: TerritoryView
) -> None:
    make_law(territory, orders=[replace(order_draft(), source="dialog")])
    (line,) = page_orders(territory.id).items
    with pytest.raises(Conflict) as told:
        amend_order(clerk, territory.id, line.id)
    assert told.value.code == "not-ours"
    with pytest.raises(Conflict), unit_of_work() as uow:
        store_version(uow, territory.id, line.id, OrderChange.LIFTED, current_order(territory.id, line.id), clerk)
    work = get_work(territory.id, start_from_order(clerk, territory.id, line.id))
    assert work.order_id is None
    assert publishing_state(territory, work).also_from == "dialog"


def test_a_model_starts_orders_when_it_was_kept(clerk: Actor, territory: TerritoryView) -> None:
    work_id = start_work(clerk, territory.id, document=written())
    model_id = save_as_model(clerk, territory.id, work_id, " Chantier de rue ")
    (model,) = page_works(territory.id, models=True).items
    assert (model.id, model.title) == (model_id, "Chantier de rue")
    begun = get_work(territory.id, start_from_work(clerk, territory.id, model_id))
    assert not begun.is_model and begun.document == written(identifier="")
    with pytest.raises(Invalid):
        save_as_model(clerk, territory.id, work_id, " ")


def test_a_draft_comes_back_when_it_was_thrown_away_less_than_a_month_ago(anywhere: TerritoryView) -> None:
    clerk, territory = _person("Camille Martin"), anywhere

    class Later:
        def __init__(self, days: int) -> None:
            self.days = days

        def now(self) -> Any:
            return SYSTEM_CLOCK.now() + timedelta(days=self.days)

    work_id = start_work(clerk, territory.id, document=written())
    digest = get_work(territory.id, work_id).digest
    delete_work(clerk, territory.id, work_id)
    assert page_works(territory.id).items == []
    assert [work.deleted_by for work in page_works(territory.id, deleted=True).items] == [clerk.label]
    assert erase_old_works(Later(29)) == 0
    restore_work(territory.id, work_id)
    assert get_work(territory.id, work_id).digest == digest
    delete_work(clerk, territory.id, work_id)
    assert erase_old_works(Later(31)) == 1
    with pytest.raises(NotFound):
        get_work(territory.id, work_id)


def test_nothing_is_found_when_it_belongs_to_another_territory(clerk: Actor, territory: TerritoryView) -> None:
    other = make_territory("ailleurs", name="Ailleurs")
    work_id = start_work(clerk, other.id, document=written())
    order_id = _published(clerk, other)
    for attempt in (
        lambda: get_work(territory.id, work_id),
        lambda: save_work(clerk, territory.id, work_id, 1, written()),
        lambda: publish_work(clerk, territory.id, work_id, 1),
        lambda: amend_order(clerk, territory.id, order_id),
        lambda: withdraw_order(clerk, territory.id, order_id, "Non"),
        lambda: start_from_order(clerk, territory.id, order_id),
    ):
        with pytest.raises(NotFound):
            attempt()


def test_nothing_is_stored_when_the_transaction_of_a_version_fails(clerk: Actor, territory: TerritoryView) -> None:
    order_id = _published(clerk, territory)
    before = (
        law_version(territory.id),
        get_order(territory.id, order_id).title,
        len(list(session().scalars(select(Job.id)))),
    )

    class Broken(Exception):
        pass

    with pytest.raises(Broken), unit_of_work() as uow:
        order = replace(current_order(territory.id, order_id), title="Perdu")
        store_version(uow, territory.id, order_id, OrderChange.AMENDED, order, clerk)
        raise Broken
    assert len(session().scalars(select(OrderVersion.id)).all()) == 1
    assert before == (
        law_version(territory.id),
        get_order(territory.id, order_id).title,
        len(list(session().scalars(select(Job.id)))),
    )
