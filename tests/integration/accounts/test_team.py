"""Invitations, roles and departures, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from portal.accounts.queries import find_session_account, list_invitations, list_members, list_staff
from portal.accounts.services import invitations, staff, team
from portal.audit.journal import list_entries
from portal.audit.tags import AuditTag
from portal.common.actor import Actor, CompanyRole, StaffRole, system_actor
from portal.common.clock import FixedClock
from portal.common.errors import Conflict, Denied, Invalid, NotFound
from portal.mail import list_outbox
from tests.factories.accounts import PASSWORD, MadeUser, make_company, make_member, make_staff, make_user
from tests.factories.territories import make_territory

NOW = datetime(2024, 9, 2, 12, tzinfo=UTC)
CLOCK = FixedClock(NOW)


def _actor(user: MadeUser) -> Actor:
    found = find_session_account(user.id)
    assert found is not None
    return found.actor


def _last_token() -> str:
    line = next(line for line in list_outbox()[0].body.splitlines() if "/invitation/" in line)
    return line.rsplit("/", 1)[1]


@pytest.fixture
def owner(database):
    return make_user("anne@x.fr", "Anne Roux")


@pytest.fixture
def company(owner):
    made = make_company("Abeille Express")
    make_member(owner, made, CompanyRole.OWNER)
    return made


def _roles(company_id):
    return {member.email: member.role for member in list_members(company_id)}


def test_colleague_joins_with_the_role_offered_when_the_address_has_an_account(owner, company):
    bruno = make_user("bruno@x.fr")
    team.invite_colleague(_actor(owner), company.id, "bruno@x.fr", CompanyRole.MANAGER, clock=CLOCK)
    mail = list_outbox()[0]
    assert mail.subject == "Anne Roux vous invite à rejoindre Abeille Express sur Joptimiz"
    assert "gestionnaire" in mail.body
    invitations.accept(_actor(bruno), _last_token(), clock=CLOCK)
    assert _roles(company.id) == {"anne@x.fr": CompanyRole.OWNER, "bruno@x.fr": CompanyRole.MANAGER}
    assert list_invitations(NOW, company_id=company.id) == []
    tags = [entry.tag for entry in list_entries(company_id=company.id).items]
    assert tags == [AuditTag.MEMBER_JOINED, AuditTag.MEMBER_INVITED]


def test_account_is_made_when_the_invited_address_has_none(owner, company):
    team.invite_colleague(_actor(owner), company.id, "bruno@x.fr", CompanyRole.DRIVER, clock=CLOCK)
    account_id, _ = invitations.accept_as_new(_last_token(), "Bruno Petit", PASSWORD, "fr", clock=CLOCK)
    found = find_session_account(account_id)
    assert found is not None and found.actor.companies == {company.id: CompanyRole.DRIVER}


def test_invitation_is_refused_to_another_address(owner, company):
    stranger = make_user("claire@x.fr")
    team.invite_colleague(_actor(owner), company.id, "bruno@x.fr", CompanyRole.DRIVER, clock=CLOCK)
    with pytest.raises(Denied, match="invitation-for-another"):
        invitations.accept(_actor(stranger), _last_token(), clock=CLOCK)
    assert "claire@x.fr" not in _roles(company.id)


def test_invitation_ends_when_it_is_used_expired_renewed_or_withdrawn(owner, company):
    bruno = make_user("bruno@x.fr")

    def invite(at=NOW):
        team.invite_colleague(_actor(owner), company.id, "bruno@x.fr", CompanyRole.DRIVER, clock=FixedClock(at))
        return _last_token()

    first = invite()
    second = invite(NOW + timedelta(minutes=1))
    assert len(list_invitations(NOW, company_id=company.id)) == 1
    with pytest.raises(NotFound, match="link-unknown"):
        invitations.accept(_actor(bruno), first, clock=CLOCK)
    with pytest.raises(Invalid, match="link-expired"):
        invitations.accept(_actor(bruno), second, clock=FixedClock(NOW + timedelta(days=7, minutes=1)))
    (waiting,) = list_invitations(NOW, company_id=company.id)
    team.cancel_invitation(_actor(owner), company.id, waiting.id)
    with pytest.raises(NotFound, match="link-unknown"):
        invitations.accept(_actor(bruno), second, clock=CLOCK)
    third = invite(NOW + timedelta(minutes=2))
    invitations.accept(_actor(bruno), third, clock=CLOCK)
    with pytest.raises(NotFound, match="link-unknown"):
        invitations.accept(_actor(bruno), third, clock=CLOCK)


def test_invitation_is_refused_when_the_person_is_there_already(owner, company):
    make_member(make_user("bruno@x.fr"), company, CompanyRole.DRIVER)
    with pytest.raises(Invalid) as refusal:
        team.invite_colleague(_actor(owner), company.id, "bruno@x.fr", CompanyRole.DRIVER)
    assert (refusal.value.code, refusal.value.field) == ("already-member", "email")


def test_role_held_is_kept_when_an_invitation_is_accepted_after_joining_otherwise(owner, company):
    bruno = make_user("bruno@x.fr")
    team.invite_colleague(_actor(owner), company.id, "bruno@x.fr", CompanyRole.DRIVER, clock=CLOCK)
    make_member(bruno, company, CompanyRole.MANAGER)
    invitations.accept(_actor(bruno), _last_token(), clock=CLOCK)
    assert _roles(company.id)["bruno@x.fr"] is CompanyRole.MANAGER


def test_invitation_of_another_company_is_not_found_when_withdrawn_from_here(owner, company):
    stranger, other = make_user("zoe@x.fr"), make_company()
    make_member(stranger, other)
    team.invite_colleague(_actor(owner), company.id, "bruno@x.fr", CompanyRole.DRIVER, clock=CLOCK)
    (waiting,) = list_invitations(NOW, company_id=company.id)
    with pytest.raises(NotFound):
        team.cancel_invitation(_actor(stranger), other.id, waiting.id)


def test_invitations_are_bounded_when_somebody_sends_too_many(owner, company, monkeypatch):
    monkeypatch.setattr(invitations, "MAX_OPEN", 2)
    actor = _actor(owner)
    for number in range(2):
        team.invite_colleague(actor, company.id, f"n{number}@x.fr", CompanyRole.DRIVER, clock=CLOCK)
    with pytest.raises(Invalid, match="too-many-invitations"):
        team.invite_colleague(actor, company.id, "n3@x.fr", CompanyRole.DRIVER, clock=CLOCK)


def test_last_owner_stays_when_leaving_or_stepping_down(owner, company):
    make_member(make_user("bruno@x.fr"), company, CompanyRole.MANAGER)
    actor = _actor(owner)
    with pytest.raises(Conflict, match="last-owner"):
        team.remove_member(actor, company.id, owner.id)
    with pytest.raises(Conflict, match="last-owner"):
        team.change_role(actor, company.id, owner.id, CompanyRole.DRIVER)
    assert _roles(company.id)["anne@x.fr"] is CompanyRole.OWNER


def test_owner_leaves_when_another_owner_stays(owner, company):
    bruno = make_user("bruno@x.fr")
    make_member(bruno, company, CompanyRole.DRIVER)
    team.change_role(_actor(owner), company.id, bruno.id, CompanyRole.OWNER)
    team.remove_member(_actor(owner), company.id, owner.id)
    assert _roles(company.id) == {"bruno@x.fr": CompanyRole.OWNER}


def test_manager_may_not_touch_an_owner(owner, company):
    bruno = make_user("bruno@x.fr")
    make_member(bruno, company, CompanyRole.MANAGER)
    make_member(make_user("zoe@x.fr"), company, CompanyRole.OWNER)
    actor = _actor(bruno)
    with pytest.raises(Denied, match="team-role-above"):
        team.remove_member(actor, company.id, owner.id)
    with pytest.raises(Denied, match="team-role-above"):
        team.invite_colleague(actor, company.id, "n@x.fr", CompanyRole.OWNER)
    with pytest.raises(Denied, match="team-role-above"):
        team.change_role(actor, company.id, bruno.id, CompanyRole.OWNER)


def test_driver_may_leave_but_change_nobody(owner, company):
    bruno = make_user("bruno@x.fr")
    make_member(bruno, company, CompanyRole.DRIVER)
    zoe = make_user("zoe@x.fr")
    make_member(zoe, company, CompanyRole.DRIVER)
    with pytest.raises(Denied, match="team-role-needed"):
        team.remove_member(_actor(bruno), company.id, zoe.id)
    team.remove_member(_actor(bruno), company.id, bruno.id)
    assert set(_roles(company.id)) == {"anne@x.fr", "zoe@x.fr"}


def test_stranger_is_not_found_in_a_team(owner, company):
    with pytest.raises(NotFound, match="member-not-found"):
        team.remove_member(_actor(owner), company.id, make_user().id)


def test_staff_role_is_given_at_once_when_the_address_has_an_account(database):
    place = make_territory("ville-a")
    user = make_user("claire@x.fr")
    assert staff.add_staff(system_actor("cli"), "ville-a", "claire@x.fr", StaffRole.ADMINISTRATOR) is None
    assert staff.add_staff(system_actor("cli"), "ville-a", "claire@x.fr", StaffRole.ADMINISTRATOR) is None
    assert _actor(user).staff == {"ville-a": {StaffRole.ADMINISTRATOR}}
    assert [entry.tag for entry in list_entries(territory_id=place.id).items] == [AuditTag.STAFF_ADDED]


def test_staff_is_invited_when_the_address_has_no_account(database):
    place = make_territory("ville-a", "Ville A")
    link = staff.add_staff(system_actor("cli"), "ville-a", "claire@x.fr", StaffRole.CLERK, clock=CLOCK)
    assert link is not None and link.startswith("http://localhost/invitation/")
    account_id, found = invitations.accept_as_new(link.rsplit("/", 1)[1], "Claire Lys", PASSWORD, "fr", clock=CLOCK)
    assert (found.place_name, found.role) == ("Ville A", StaffRole.CLERK)
    assert [(one.account_id, one.role) for _, one in list_staff(place.id)] == [(account_id, StaffRole.CLERK)]


def test_one_person_is_invited_to_two_roles_of_a_territory(database):
    place = make_territory("ville-a")
    for role in (StaffRole.CLERK, StaffRole.CONTROL_AGENT):
        staff.invite_staff(system_actor("cli"), "ville-a", "claire@x.fr", role, clock=CLOCK)
    assert len(list_invitations(NOW, territory_id=place.id)) == 2


def test_last_administrator_stays_when_the_role_is_taken_back(database):
    make_territory("ville-a")
    anne, bruno = make_user(), make_user()
    make_staff(anne, "ville-a", StaffRole.ADMINISTRATOR)
    make_staff(bruno, "ville-a", StaffRole.ADMINISTRATOR)
    staff.remove_staff(_actor(anne), "ville-a", bruno.id, StaffRole.ADMINISTRATOR)
    with pytest.raises(Conflict, match="last-administrator"):
        staff.remove_staff(_actor(anne), "ville-a", anne.id, StaffRole.ADMINISTRATOR)
    with pytest.raises(NotFound, match="staff-not-found"):
        staff.remove_staff(_actor(anne), "ville-a", bruno.id, StaffRole.ADMINISTRATOR)


def test_roles_of_an_unknown_territory_are_refused(database):
    make_user("claire@x.fr")
    with pytest.raises(NotFound, match="territory-not-found"):
        staff.add_staff(system_actor("cli"), "nulle-part", "claire@x.fr", StaffRole.CLERK)
