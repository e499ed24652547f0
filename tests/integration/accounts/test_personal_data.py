"""A copy of what the portal holds about a person, and the erasure of her account."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from portal.accounts.models import Account, CompanyStatus, Membership
from portal.accounts.queries import find_session_account, get_company
from portal.accounts.services.credentials import authenticate
from portal.accounts.services.invitations import Offer, open_invitation
from portal.accounts.services.personal_data import erase_account, write_copy
from portal.accounts.traces import all_traces
from portal.audit import (
    AuditTag,
    JournalScope,
    Wanted,
    record,
    seal_entries,
    search_entries,
    verify_journal,
)
from portal.audit.models import AuditEntry
from portal.cirqliz.models import SavedView
from portal.common.actor import Actor, CompanyRole, StaffRole
from portal.common.clock import SYSTEM_CLOCK
from portal.common.errors import Conflict, Invalid, NotFound
from portal.common.ids import new_id
from portal.db import db, session, unit_of_work
from portal.fleet.models import ChangeSource, VehicleChange
from portal.mail import list_outbox, send_mail
from tests.factories.accounts import PASSWORD, MadeUser, make_company, make_member, make_staff, make_user
from tests.factories.cirqliz import make_vehicle
from tests.factories.territories import make_territory

NAME, EMAIL = "Anne Roux", "anne@abeille.example"


def actor_of(user: MadeUser) -> Actor:
    found = find_session_account(user.id)
    assert found is not None
    return found.actor


def copy_of(user: MadeUser) -> dict[str, Any]:
    target = io.BytesIO()
    write_copy(actor_of(user), PASSWORD, target)
    with zipfile.ZipFile(target) as archive:
        return {name: json.loads(archive.read(name)) for name in archive.namelist()}


def tables_with(word: str) -> set[str]:
    """The tables where some row holds a word in a column of text."""
    found = set()
    for table in db.metadata.sorted_tables:
        for row in session().execute(select(table)).mappings():
            if word in json.dumps(dict(row), default=str, ensure_ascii=False):
                found.add(table.name)
    return found


@pytest.fixture
def busy(database: Flask) -> tuple[MadeUser, UUID, UUID]:
    """Anne, who manages a company beside its owner and serves a territory; she has left something everywhere."""
    anne, colleague = make_user(EMAIL, NAME), make_user()
    company, place = make_company("Abeille"), make_territory("ville-a", "Ville A")
    make_member(colleague, company, CompanyRole.OWNER)
    make_member(anne, company, CompanyRole.MANAGER)
    make_staff(anne, "ville-a", StaffRole.CLERK)
    vehicle_id = make_vehicle(company.id)
    with unit_of_work() as uow:
        view = SavedView(id=new_id(), account_id=anne.id, territory_id=place.id, name="À moi", query={})
        view.created_at = SYSTEM_CLOCK.now()
        uow.session.add(view)
        offer = Offer("nouveau@abeille.example", "Abeille", company_id=company.id, company_role=CompanyRole.DRIVER)
        open_invitation(uow, actor_of(anne), offer, clock=SYSTEM_CLOCK)
        send_mail(EMAIL, "Bonjour", "Une lettre")
        now = SYSTEM_CLOCK.now()
        change = VehicleChange(id=new_id(), vehicle_id=vehicle_id, at=now, by_label=NAME, source=ChangeSource.FORM)
        change.before, change.after = None, {}
        uow.session.add(change)
        record(actor_of(anne), AuditTag.REQUEST_DECIDED, territory_id=place.id, company_id=company.id)
    return anne, company.id, place.id


def test_the_copy_holds_what_each_part_keeps_when_it_is_taken(busy: tuple[MadeUser, UUID, UUID]) -> None:
    anne, company_id, place_id = busy
    files = copy_of(anne)
    assert set(files) == {f"{name}.json" for name in ("compte", "journal", *(one.name for one in all_traces()))}
    assert (files["compte.json"][0]["email"], files["compte.json"][0]["full_name"]) == (EMAIL, NAME)
    assert files["entreprises.json"][0]["company_id"] == str(company_id)
    assert files["roles.json"][0]["territory_id"] == str(place_id)
    assert files["courriels.json"][0]["subject"] == "Bonjour"
    assert [view["name"] for view in files["vues_enregistrees.json"]] == ["À moi"]
    assert len(files["vehicules_modifies.json"]) == 1
    assert files["alertes.json"] == []
    assert [line["tag"] for line in files["journal.json"]] == ["cirqliz:request:decided"]
    # No secret of hers, and nothing of her colleague.
    assert "argon2" not in json.dumps(files)
    assert "Camille" not in json.dumps(files)
    line = session().scalars(select(AuditEntry).where(AuditEntry.tag == AuditTag.USER_DATA_TAKEN)).one()
    assert (line.actor_id, line.data, NAME in line.actor_label) == (anne.id, {}, False)


def test_no_table_but_the_sealed_journal_names_her_when_the_account_is_erased(
    busy: tuple[MadeUser, UUID, UUID],
) -> None:
    anne, company_id, place_id = busy
    assert {"account", "vehicle_change", "invitation", "audit_entry"} <= tables_with(NAME)
    seal_entries()
    erase_account(actor_of(anne), PASSWORD)
    assert tables_with(NAME) == {"audit_entry", "outbox_mail"}  # the letter to whom she invited
    assert tables_with(EMAIL) == set()
    assert find_session_account(anne.id) is None
    with pytest.raises(Invalid):
        authenticate(EMAIL, PASSWORD)
    assert [mail.recipient for mail in list_outbox()] == ["nouveau@abeille.example"]
    # Whoever reads the journal finds what was done, by a number.
    for scope in (JournalScope(company_id=company_id), JournalScope(territory_id=place_id)):
        shown = search_entries(scope, Wanted()).items
        assert AuditTag.REQUEST_DECIDED in {entry.tag for entry in shown}
        assert {entry.actor_label for entry in shown} == {f"Compte effacé {anne.id.hex[-8:]}"}
        assert not search_entries(scope, Wanted(who="Roux")).items
    seal_entries()
    assert verify_journal().broken is None
    lines = session().scalars(select(AuditEntry).where(AuditEntry.actor_id == anne.id).order_by(AuditEntry.id)).all()
    assert [line.tag for line in lines[-3:]] == [AuditTag.MEMBER_REMOVED, AuditTag.STAFF_REMOVED, AuditTag.USER_ERASED]
    assert not any(NAME in line.actor_label or EMAIL in json.dumps(line.data) for line in lines[-3:])


def test_the_address_is_free_again_when_its_account_is_erased(database: Flask) -> None:
    anne = make_user(EMAIL, NAME)
    actor = actor_of(anne)
    erase_account(actor, PASSWORD)
    assert make_user(EMAIL, NAME).id != anne.id
    with pytest.raises(NotFound):
        erase_account(actor, PASSWORD)


@pytest.mark.parametrize("others", [0, 1], ids=["alone", "with a driver"])
def test_a_company_is_not_left_without_owner_when_its_owner_is_erased(database: Flask, others: int) -> None:
    anne, company = make_user(EMAIL, NAME), make_company("Abeille")
    make_member(anne, company, CompanyRole.OWNER)
    for _other in range(others):
        make_member(make_user(), company, CompanyRole.DRIVER)
    if others:
        with pytest.raises(Conflict) as refused:
            erase_account(actor_of(anne), PASSWORD)
        assert refused.value.code == "erasure-last-owner"
        assert session().get_one(Account, anne.id).email == EMAIL
    else:
        erase_account(actor_of(anne), PASSWORD)
        assert get_company(company.id).status is CompanyStatus.CLOSED
        assert session().scalar(select(Membership)) is None


def test_a_territory_keeps_its_administrator_when_the_last_one_would_be_erased(app: Flask) -> None:
    anne = make_user()
    make_territory("ville-a", "Ville A")
    make_staff(anne, "ville-a", StaffRole.ADMINISTRATOR)
    with pytest.raises(Conflict) as refused:
        erase_account(actor_of(anne), PASSWORD)
    assert refused.value.code == "erasure-last-administrator"


def test_nothing_is_told_or_erased_when_the_password_is_wrong(app: Flask) -> None:
    anne = make_user(EMAIL, NAME)
    with pytest.raises(Invalid):
        write_copy(actor_of(anne), "faux", io.BytesIO())
    with pytest.raises(Invalid):
        erase_account(actor_of(anne), "faux")
    assert session().get_one(Account, anne.id).full_name == NAME


def test_every_table_that_names_an_account_is_declared(app: Flask) -> None:
    """A table with a reference to an account, or with the name of somebody, is in the copy and in the erasure."""
    declared = {one.table.__tablename__ for one in all_traces()}
    account = Account.__table__
    naming = {
        table.name
        for table in db.metadata.sorted_tables
        if any(key.column.table is account for key in table.foreign_keys)
        or any(column.name in _NAMING or column.name.endswith("by_label") for column in table.columns)
    }
    assert naming - declared == {"account", "audit_entry"}


_NAMING = {
    "email",
    "recipient",
    "actor_label",
    "actor_name",
    "author_label",
    "author_name",
    "signed_by_name",
    "added_by",
}
_NAMING |= {"driver_name", "driver_email", "invited_by"}
