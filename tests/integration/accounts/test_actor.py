"""Who acts: roles read in a bounded number of queries."""

from __future__ import annotations

import pytest
from sqlalchemy import event

from portal.accounts.queries import company_recipients, find_session_account, list_companies, staff_recipients
from portal.common.actor import CompanyRole, StaffRole
from portal.db import db
from tests.factories.accounts import make_company, make_member, make_staff, make_user
from tests.factories.territories import make_territory


@pytest.fixture
def count_queries(database):
    seen: list[str] = []

    def note(_connection, _cursor, statement, *_rest):
        seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    yield seen
    event.remove(db.engine, "before_cursor_execute", note)


@pytest.mark.parametrize("companies", [0, 1, 20])
def test_actor_is_read_in_two_queries_whatever_the_roles(count_queries, companies):
    user = make_user()
    for number in range(companies):
        make_member(user, make_company(f"Société {number:02d}"), CompanyRole.DRIVER)
    for slug in ("ville-a", "ville-b", "ville-c"):
        make_territory(slug)
        make_staff(user, slug, StaffRole.CLERK)
        make_staff(user, slug, StaffRole.ADMINISTRATOR)
    count_queries.clear()
    found = find_session_account(user.id)
    assert len(count_queries) == 2
    assert found is not None
    assert (found.actor.label, found.actor.email) == (user.full_name, user.email)
    assert set(found.actor.companies.values()) == ({CompanyRole.DRIVER} if companies else set())
    assert len(found.actor.companies) == companies
    assert found.actor.staff["ville-b"] == {StaffRole.CLERK, StaffRole.ADMINISTRATOR}


def test_companies_of_an_actor_come_in_order_of_name(database):
    user = make_user()
    made = {name: make_company(name) for name in ("Zoé Fleurs", "Abeille Express", "Midi Transports")}
    for company in made.values():
        make_member(user, company)
    found = find_session_account(user.id)
    assert found is not None
    assert [view.name for view in list_companies(found.actor.companies).values()] == sorted(made)
    assert list(found.actor.companies) == [made[name].id for name in sorted(made)]


def test_nobody_acts_when_the_account_is_disabled(database):
    assert find_session_account(make_user(disabled=True).id) is None


def test_recipients_of_a_company_hold_at_least_the_role(database):
    company, other = make_company(), make_company()
    for email, role in (("c@x.fr", CompanyRole.DRIVER), ("b@x.fr", CompanyRole.MANAGER), ("a@x.fr", CompanyRole.OWNER)):
        make_member(make_user(email), company, role)
    make_member(make_user("d@x.fr", disabled=True), company)
    make_member(make_user("e@x.fr"), other)
    assert company_recipients(company.id) == ["a@x.fr", "b@x.fr"]
    assert company_recipients(company.id, CompanyRole.OWNER) == ["a@x.fr"]
    assert company_recipients(company.id, CompanyRole.DRIVER) == ["a@x.fr", "b@x.fr", "c@x.fr"]


def test_recipients_of_a_territory_hold_the_role_there(database):
    for slug in ("ville-a", "ville-b"):
        make_territory(slug)
    make_staff(make_user("a@x.fr"), "ville-a", StaffRole.CLERK)
    make_staff(make_user("b@x.fr"), "ville-b", StaffRole.CLERK)
    make_staff(make_user("c@x.fr"), "ville-a", StaffRole.CONTROL_AGENT)
    assert staff_recipients("ville-a", StaffRole.CLERK) == ["a@x.fr"]
