"""Companies: described by their people, decided by staff; demonstration data made once."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from portal.accounts import api
from portal.accounts.commands import CompanyDetails, NewCompany
from portal.accounts.models import CompanyStatus
from portal.accounts.queries import find_session_account, get_company
from portal.accounts.services.companies import (
    add_company,
    close_company,
    refuse_company,
    reopen_company,
    update_company,
    verify_company,
)
from portal.audit.journal import list_entries
from portal.audit.tags import AuditTag
from portal.common.actor import CompanyRole, StaffRole, system_actor
from portal.common.errors import Conflict, Denied, Invalid, NotFound
from portal.common.ids import new_id
from portal.mail import list_outbox
from tests.factories.accounts import make_company, make_member, make_staff, make_user, valid_siret
from tests.factories.territories import make_territory

DETAILS = CompanyDetails("Fleurs Durand", "12 rue des Lilas", "75003", "Paris", "47.76Z")


@pytest.fixture
def clerk(database):
    make_territory("ville-a")
    user = make_user()
    make_staff(user, "ville-a", StaffRole.CLERK)
    return find_session_account(user.id).actor


@pytest.fixture
def supervisor(database):
    make_territory("ville-b")
    user = make_user()
    make_staff(user, "ville-b", StaffRole.SUPERVISOR)
    return find_session_account(user.id).actor


@pytest.fixture
def pending(database):
    company = make_company("Abeille Express", status=CompanyStatus.PENDING)
    make_member(make_user("anne@x.fr"), company, CompanyRole.OWNER)
    make_member(make_user("bruno@x.fr"), company, CompanyRole.DRIVER)
    return company


def test_company_is_verified_once_and_its_managers_are_told(clerk, pending):
    verify_company(clerk, pending.id)
    found = get_company(pending.id)
    assert found.is_verified and found.verified_at is not None
    assert [mail.recipient for mail in list_outbox()] == ["anne@x.fr"]
    with pytest.raises(Conflict, match="company-already-decided"):
        verify_company(clerk, pending.id)
    (entry,) = list_entries(company_id=pending.id).items
    assert (entry.tag, entry.data) == (AuditTag.COMPANY_VERIFIED, {"status": ["pending", "verified"]})


def test_company_is_refused_with_the_reason_in_the_mail(clerk, pending):
    refuse_company(clerk, pending.id, "Le SIRET est celui d’une autre société.")
    assert get_company(pending.id).status is CompanyStatus.REFUSED
    assert "Le SIRET est celui d’une autre société." in list_outbox()[0].body
    verify_company(clerk, pending.id)
    assert get_company(pending.id).is_verified


@pytest.mark.parametrize("status", [CompanyStatus.PENDING, CompanyStatus.VERIFIED, CompanyStatus.REFUSED])
def test_company_that_reopens_is_what_it_was_before_it_closed(supervisor, pending, status):
    decide = {CompanyStatus.VERIFIED: verify_company, CompanyStatus.REFUSED: partial(refuse_company, reason="non")}
    if status in decide:
        decide[status](system_actor("tests"), pending.id)
    for _time in range(2):
        close_company(supervisor, pending.id, "radiée")
        reopen_company(supervisor, pending.id, "erreur")
        found = get_company(pending.id)
        assert (found.status, found.verified_at is not None) == (status, status is CompanyStatus.VERIFIED)
    body = list_outbox()[0].body
    assert ("attend toujours" in body) is (status is not CompanyStatus.VERIFIED)
    tags = [entry.tag for entry in list_entries(company_id=pending.id).items]
    assert tags.count(AuditTag.COMPANY_REOPENED) == 2


def test_company_whose_closing_nobody_wrote_down_is_looked_at_again(supervisor):
    closed = make_company("Ancienne", status=CompanyStatus.CLOSED)
    reopen_company(supervisor, closed.id, "erreur")
    assert get_company(closed.id).status is CompanyStatus.PENDING


def test_company_is_not_decided_by_its_own_people(pending):
    anne = find_session_account(api.find_account_by_email("anne@x.fr").id).actor
    with pytest.raises(Denied, match="company-decision-staff-only"):
        verify_company(anne, pending.id)
    assert get_company(pending.id).status is CompanyStatus.PENDING


def test_company_is_not_found_when_it_does_not_exist(clerk):
    with pytest.raises(NotFound):
        verify_company(clerk, new_id())


def test_sheet_is_saved_and_its_changes_are_in_the_journal(pending):
    anne = find_session_account(api.find_account_by_email("anne@x.fr").id).actor
    before = get_company(pending.id)
    details = CompanyDetails("Abeille Express", "1 quai Neuf", before.postcode, before.city, before.naf_code)
    update_company(anne, pending.id, details, before.version)
    after = get_company(pending.id)
    assert (after.address, after.version) == ("1 quai Neuf", before.version + 1)
    (entry,) = list_entries(company_id=pending.id).items
    assert entry.data == {"address": ["12 rue des Lilas", "1 quai Neuf"]}
    with pytest.raises(Conflict, match="company-changed-meanwhile"):
        update_company(anne, pending.id, replace(details, address="2 quai Neuf"), before.version)


def test_sheet_is_not_journalled_when_nothing_changes(pending):
    anne = find_session_account(api.find_account_by_email("anne@x.fr").id).actor
    found = get_company(pending.id)
    same = CompanyDetails(found.name, found.address, found.postcode, found.city, found.naf_code)
    update_company(anne, pending.id, same, found.version)
    assert get_company(pending.id).version == found.version
    assert list_entries(company_id=pending.id).items == []


def test_second_company_is_owned_by_who_registers_it(database):
    user = make_user()
    actor = find_session_account(user.id).actor
    siret = valid_siret(5_000_000)
    company_id = add_company(actor, NewCompany(siret, DETAILS), None)
    assert find_session_account(user.id).actor.companies == {company_id: CompanyRole.OWNER}
    with pytest.raises(Invalid, match="siret-registered"):
        add_company(actor, NewCompany(siret, DETAILS), None)


def test_seeding_twice_makes_nothing_more(database):
    make_territory("ville-a")

    def seed():
        account = api.seed_account("Camille@Fleurs.example", "Camille Durand", "trois vélos jaunes")
        company = api.seed_company(valid_siret(6_000_000), DETAILS)
        api.seed_member(account, company)
        api.seed_staff(account, "ville-a", StaffRole.CLERK)
        return account, company

    first = seed()
    assert seed() == first
    actor = find_session_account(first[0]).actor
    assert actor.companies == {first[1]: CompanyRole.OWNER}
    assert actor.serves("ville-a", StaffRole.CLERK)
    assert [one.name for one in api.list_companies_by_status(CompanyStatus.VERIFIED).items] == ["Fleurs Durand"]


def test_seeding_refuses_a_wrong_siret(database):
    with pytest.raises(Invalid, match="siret-checksum"):
        api.seed_company("12345678901234", DETAILS)
