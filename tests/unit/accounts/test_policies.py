"""Who may change whom."""

from __future__ import annotations

from uuid import UUID

import pytest

from portal.accounts.models import CompanyStatus
from portal.accounts.policies import (
    refuses_administrator_loss,
    refuses_company_decision,
    refuses_owner_loss,
    refuses_role,
)
from portal.common.actor import Actor, ActorKind, CompanyRole, StaffRole, system_actor

HERE, ELSEWHERE = UUID(int=1), UUID(int=2)
ANNE, BRUNO = UUID(int=11), UUID(int=12)
OWNER, MANAGER, DRIVER = CompanyRole.OWNER, CompanyRole.MANAGER, CompanyRole.DRIVER


def _member(role: CompanyRole) -> Actor:
    return Actor(ActorKind.USER, "Anne", ANNE, companies={HERE: role})


@pytest.mark.parametrize(
    ("held", "given", "refusal"),
    [
        (OWNER, OWNER, None),
        (OWNER, DRIVER, None),
        (MANAGER, OWNER, "team-role-above"),
        (MANAGER, MANAGER, None),
        (MANAGER, DRIVER, None),
        (DRIVER, DRIVER, "team-role-needed"),
    ],
)
def test_role_is_given_only_when_the_giver_holds_as_much(held, given, refusal):
    assert refuses_role(_member(held), HERE, given) == refusal
    assert refuses_role(_member(held), ELSEWHERE, given) == "team-role-needed"


@pytest.mark.parametrize(
    ("roles", "to", "refusal"),
    [
        ({ANNE: OWNER}, None, "last-owner"),
        ({ANNE: OWNER, BRUNO: MANAGER}, MANAGER, "last-owner"),
        ({ANNE: OWNER}, OWNER, None),
        ({ANNE: OWNER, BRUNO: OWNER}, None, None),
        ({ANNE: DRIVER, BRUNO: OWNER}, None, None),
    ],
)
def test_company_keeps_an_owner_when_a_member_changes(roles, to, refusal):
    assert refuses_owner_loss(roles, ANNE, to) == refusal


@pytest.mark.parametrize(
    ("administrators", "role", "refusal"),
    [
        ({ANNE}, StaffRole.ADMINISTRATOR, "last-administrator"),
        ({ANNE}, StaffRole.CLERK, None),
        ({ANNE, BRUNO}, StaffRole.ADMINISTRATOR, None),
    ],
)
def test_territory_keeps_an_administrator_when_a_role_is_removed(administrators, role, refusal):
    assert refuses_administrator_loss(administrators, ANNE, role) == refusal


def _agent(role: StaffRole) -> Actor:
    return Actor(ActorKind.USER, "Anne", ANNE, staff={"villeneuve": frozenset({role})})


@pytest.mark.parametrize(
    ("actor", "now", "to", "refusal"),
    [
        (_agent(StaffRole.CLERK), CompanyStatus.PENDING, CompanyStatus.VERIFIED, None),
        (_agent(StaffRole.SUPERVISOR), CompanyStatus.PENDING, CompanyStatus.REFUSED, None),
        (_agent(StaffRole.ADMINISTRATOR), CompanyStatus.REFUSED, CompanyStatus.VERIFIED, None),
        (system_actor("seed"), CompanyStatus.PENDING, CompanyStatus.VERIFIED, None),
        (_agent(StaffRole.CLERK), CompanyStatus.VERIFIED, CompanyStatus.VERIFIED, "company-already-decided"),
        (_agent(StaffRole.CLERK), CompanyStatus.CLOSED, CompanyStatus.VERIFIED, "company-closed"),
        (
            _agent(StaffRole.CONTROL_AGENT),
            CompanyStatus.PENDING,
            CompanyStatus.VERIFIED,
            "company-decision-staff-only",
        ),
        (_member(OWNER), CompanyStatus.PENDING, CompanyStatus.VERIFIED, "company-decision-staff-only"),
    ],
)
def test_company_is_decided_by_staff_only(actor, now, to, refusal):
    assert refuses_company_decision(actor, now, to) == refusal
