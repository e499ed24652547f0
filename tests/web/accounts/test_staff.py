"""The agents of a territory."""

from __future__ import annotations

import pytest

from portal.accounts.queries import list_staff
from portal.common.actor import StaffRole
from tests.factories.accounts import make_staff, make_user
from tests.factories.territories import make_territory

AGENTS = "/territoires/ville-a/agents"


@pytest.fixture
def territory(app):
    return make_territory("ville-a", "Ville A")


@pytest.fixture
def administrator(territory):
    user = make_user("claire@ville.example", "Claire Lys")
    make_staff(user, territory, StaffRole.ADMINISTRATOR)
    return user


def test_agent_is_invited_and_joins(page_client, administrator, territory, mailed_link):
    page_client.sign_in(administrator.id)
    page_client.get(AGENTS)
    assert page_client.submit(AGENTS, {"email": "agent@ville.example", "role": "control_agent"}) == AGENTS
    assert "agent@ville.example" in page_client.get(AGENTS).get_text()
    page_client.sign_out()
    link = mailed_link("/invitation/")
    page_client.get(link)
    page_client.submit(link, {"full_name": "Denis Bois", "password": "quatre ânes verts"})
    assert [(one.email, one.role) for _, one in list_staff(territory.id)] == [
        ("claire@ville.example", StaffRole.ADMINISTRATOR),
        ("agent@ville.example", StaffRole.CONTROL_AGENT),
    ]


@pytest.mark.parametrize(
    ("role", "place", "status"),
    [
        (StaffRole.CLERK, "ville-a", 403),
        (StaffRole.SUPERVISOR, "ville-a", 403),
        (StaffRole.CONTROL_AGENT, "ville-a", 403),
        (StaffRole.ADMINISTRATOR, "ville-b", 404),
        (None, None, 404),
    ],
)
def test_agents_are_shown_to_administrators_of_the_territory_only(page_client, territory, role, place, status):
    make_territory("ville-b")
    user = make_user()
    if role:
        make_staff(user, place, role)
    page_client.sign_in(user.id)
    page_client.get(AGENTS, status=status)
    page_client.post(f"{AGENTS}/{user.id}/retirer", {"role": "clerk"}, status=status)
    page_client.post(f"{AGENTS}/invitations/{user.id}/annuler", status=status)


def test_role_is_taken_back_and_the_last_administrator_kept(page_client, administrator, territory):
    clerk = make_user()
    make_staff(clerk, territory, StaffRole.CLERK)
    page_client.sign_in(administrator.id)
    page_client.submit(f"{AGENTS}/{clerk.id}/retirer", {"role": "clerk"})
    assert len(list_staff(territory.id)) == 1
    page = page_client.post(f"{AGENTS}/{administrator.id}/retirer", {"role": "administrator"}, status=409)
    assert "seul administrateur" in page.select_one(".j-banner--danger").get_text()
    page_client.post(f"{AGENTS}/{clerk.id}/retirer", {"role": "emperor"}, status=422)
    page_client.post(f"{AGENTS}/{clerk.id}/retirer", {"role": "clerk"}, status=404)


def test_administrator_who_leaves_is_sent_elsewhere(page_client, administrator, territory):
    make_staff(make_user(), territory, StaffRole.ADMINISTRATOR)
    page_client.sign_in(administrator.id)
    assert page_client.submit(f"{AGENTS}/{administrator.id}/retirer", {"role": "administrator"}) == "/accueil"


def test_invitation_is_refused_when_the_role_is_held_and_withdrawn_on_demand(page_client, administrator, territory):
    page_client.sign_in(administrator.id)
    page = page_client.post(AGENTS, {"email": administrator.email, "role": "administrator"})
    assert [tag["id"] for tag in page.select(".j-field__error")] == ["email-error"]
    page_client.submit(AGENTS, {"email": "agent@ville.example", "role": "clerk"})
    cancel = page_client.get(AGENTS).find("section", attrs={"aria-labelledby": "invitations"}).form["action"]
    page_client.submit(cancel)
    assert "agent@ville.example" not in page_client.get(AGENTS).get_text()
