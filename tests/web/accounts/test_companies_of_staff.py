"""A supervisor declares a company closed or open again, and ends the sessions of a lost phone."""

from __future__ import annotations

from datetime import timedelta

import pytest

from portal.accounts.models import CompanyStatus
from portal.accounts.queries import get_company
from portal.audit import AuditTag, list_entries
from portal.cirqliz.models import AccessRequest
from portal.cirqliz.states import RequestState
from portal.common.actor import StaffRole
from portal.common.clock import SYSTEM_CLOCK
from portal.common.ids import new_id
from portal.db import unit_of_work
from portal.jobs import enqueue
from portal.mail import list_outbox
from tests.factories.accounts import make_staff, make_user
from tests.factories.territories import make_territory


@pytest.fixture
def territory(app):
    return make_territory("ville-a", "Ville A")


@pytest.fixture
def supervisor(territory):
    user = make_user("claire@ville.example", "Claire Lys")
    make_staff(user, territory, StaffRole.SUPERVISOR)
    return user


def page_of(company):
    return f"/territoires/ville-a/entreprises/{company.id}"


def ask_access(territory, company):
    """Let the company have a request in the territory."""
    now = SYSTEM_CLOCK.now()
    with unit_of_work() as uow:
        uow.session.add(
            AccessRequest(
                id=new_id(),
                territory_id=territory.id,
                company_id=company.id,
                company_name="Abeille Express",
                number="VILLE-1",
                reason="Livrer le marché",
                starts_at=now,
                ends_at=now + timedelta(hours=4),
                state=RequestState.SUBMITTED,
                job_id=enqueue("mail.send", {"mail_id": str(new_id())}),
                submission_key="1",
                submitted_at=now,
            )
        )


def test_company_of_elsewhere_is_not_known_here(page_client, supervisor, territory, company):
    elsewhere = make_territory("ville-b", "Ville B")
    ask_access(elsewhere, company)
    page_client.sign_in(supervisor.id)
    page_client.get(page_of(company), status=404)
    page_client.post(f"{page_of(company)}/existence", {"to": "closed", "reason": "Radiée."}, status=404)
    assert get_company(company.id).status is CompanyStatus.VERIFIED


def test_company_is_closed_and_opened_again_with_a_reason_it_reads(page_client, supervisor, territory, company):
    ask_access(territory, company)
    page_client.sign_in(supervisor.id)
    here = page_of(company)
    page_client.get(here)
    refused = page_client.post(f"{here}/existence", {"to": "closed", "reason": " "}, status=422)
    assert "Expliquez" in refused.get_text()
    assert page_client.submit(f"{here}/existence", {"to": "closed", "reason": "Radiée du registre."}) == here
    assert get_company(company.id).status is CompanyStatus.CLOSED
    assert "Radiée du registre." in list_outbox()[0].body
    page_client.post(f"{here}/existence", {"to": "closed", "reason": "Encore."}, status=409)
    assert page_client.submit(f"{here}/existence", {"to": "verified", "reason": "Erreur du registre."}) == here
    assert get_company(company.id).status is CompanyStatus.VERIFIED
    told = [entry.tag for entry in list_entries(company_id=company.id).items]
    assert told[:2] == [AuditTag.COMPANY_REOPENED, AuditTag.COMPANY_CLOSED]


@pytest.mark.parametrize("role", [StaffRole.CLERK, StaffRole.CONTROL_AGENT])
def test_others_of_the_staff_may_not_close_a_company(page_client, territory, company, role):
    user = make_user()
    make_staff(user, territory, role)
    page_client.sign_in(user.id)
    page_client.get(page_of(company), status=403)
    page_client.post(f"{page_of(company)}/existence", {"to": "closed", "reason": "Non."}, status=403)
    assert get_company(company.id).status is CompanyStatus.VERIFIED


def test_sessions_of_a_lost_phone_end_at_once(app, page_client, supervisor, territory):
    agent = make_user("denis@ville.example", "Denis Bois")
    make_staff(agent, territory, StaffRole.CONTROL_AGENT)
    phone = type(page_client)(app.test_client())
    phone.sign_in(agent.id)
    phone.get("/mon-compte")
    page_client.sign_in(supervisor.id)
    page_client.submit(f"/territoires/ville-a/agents/{agent.id}/sessions/fermer")
    assert "/connexion" in phone.get("/mon-compte", status=303).get_text()
    told = list_entries(territory_id=territory.id).items[0]
    assert (told.tag, told.subject_id) == (AuditTag.STAFF_SESSIONS_ENDED, agent.id)
    stranger = make_user()
    page_client.post(f"/territoires/ville-a/agents/{stranger.id}/sessions/fermer", status=404)
