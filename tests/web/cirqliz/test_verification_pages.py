"""What a scan shows to anybody, and to an agent."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select

from portal.cirqliz.models import PassCheck
from portal.cirqliz.passes.life import resume_passes, suspend_passes
from portal.cirqliz.passes.queries import PassView, list_passes_of_request
from portal.cirqliz.passes.services import revoke_pass
from portal.cirqliz.states import RevocationReason, SuspensionReason
from portal.common.actor import StaffRole, system_actor
from portal.common.clock import SYSTEM_CLOCK
from portal.db import session, unit_of_work
from tests.factories.accounts import make_staff, make_user
from tests.factories.cirqliz import World
from tests.factories.territories import make_territory
from tests.properties.test_cirqliz_tokens import FORGERS
from tests.support.web import PageClient

CONTROL = "/territoires/val-essai/controle"


@pytest.fixture
def issued(world: World) -> PassView:
    """A pass for a lorry, to come in two days."""
    found = world.ready(vehicles=[world.vehicle("OI-101-CD")])
    world.approve(found)
    return list_passes_of_request(found.id)[0]


def checks() -> int:
    """How many looks are kept."""
    return session().scalar(select(func.count()).select_from(PassCheck)) or 0


def kept() -> Sequence[PassCheck]:
    """The looks that are kept."""
    return session().scalars(select(PassCheck)).all()


def test_anybody_sees_state_plate_and_hours_and_no_company(
    world: World, issued: PassView, page_client: PageClient
) -> None:
    for way in ("v", "V"):
        page = page_client.get(f"/{way}/{issued.token}")
        assert page.select_one(".j-verdict--orange") is not None
        text = page.get_text(" ", strip=True)
        assert "OI101CD" in text
        assert "Course du canal" in text
        assert world.company.name not in text
        assert issued.number not in text
    assert checks() == 0


def test_agent_sees_more_and_the_look_is_kept(world: World, issued: PassView, page_client: PageClient) -> None:
    page_client.sign_in(world.agent.id)
    text = page_client.get(f"/V/{issued.token}").get_text(" ", strip=True)
    assert world.company.name in text
    assert "Contrôle enregistré" in text
    assert "Déjà enregistré" in page_client.get(f"/V/{issued.token}").get_text()
    assert checks() == 1


def test_territory_is_named_and_green_is_for_its_own_agents_when_a_pass_is_scanned(
    world: World, issued: PassView, page_client: PageClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = world.day + timedelta(hours=8)
    visitor = make_user(full_name="Alix Voisin")
    make_staff(visitor, make_territory("ailleurs"), StaffRole.CONTROL_AGENT)
    monkeypatch.setattr(type(SYSTEM_CLOCK), "now", lambda _clock: at)
    address = f"/V/{issued.token}"

    def seen(person_id: UUID | None) -> tuple[str, bool]:
        if person_id is not None:
            page_client.sign_in(person_id)
        page = page_client.get(address)
        text = page.get_text(" ", strip=True)
        assert world.territory.name in text and "OI101CD" in text
        tones = [name for name in ("green", "orange", "red") if page.select_one(f".j-verdict--{name}") is not None]
        return tones[0], world.company.name in text

    assert seen(None) == ("green", False)
    assert seen(visitor.id) == ("red", False)
    assert [(row.territory_id == world.territory.id, row.pass_id, row.result) for row in kept()] == [
        (False, None, "elsewhere")
    ]
    asked = page_client.raw.post("/territoires/ailleurs/controle/confirmation", json={"token": issued.token})
    assert asked.get_json()["result"] == "elsewhere" and "autre territoire" in asked.get_json()["reason"]
    make_staff(visitor, world.territory, StaffRole.CONTROL_AGENT)
    assert seen(visitor.id) == ("green", True)
    assert seen(world.agent.id) == ("green", True)


@pytest.mark.parametrize("token", ["A", "A" * 151, "%00", "é", "x" * 5000, "AB CD", "<script>"])
def test_any_other_code_is_red_and_never_a_failure(world: World, page_client: PageClient, token: str) -> None:
    page = page_client.get(f"/v/{token}")
    assert page.select_one(".j-verdict--red") is not None
    page_client.sign_in(world.agent.id)
    assert "Contrôle enregistré" in page_client.get(f"/V/{token}").get_text()


def test_forged_code_is_red_and_never_a_failure(issued: PassView, page_client: PageClient) -> None:
    dice = random.Random(7)
    for forge in FORGERS * 2:
        page = page_client.get(f"/v/{forge(dice, issued.token)}")
        assert page.select_one(".j-verdict--red") is not None
        assert page.select_one(".j-verdict--green, .j-verdict--orange") is None


@pytest.mark.parametrize("typed", ["oi 101 cd", "01-1O1-CD", "LP"])
def test_agent_finds_a_pass_by_plate_or_number(
    world: World, issued: PassView, page_client: PageClient, typed: str
) -> None:
    page_client.sign_in(world.agent.id)
    page_client.get("/controle?territoire=val-essai")
    wanted = issued.number.lower() if typed == "LP" else typed
    page = page_client.post(CONTROL, {"wanted": wanted}, status=200)
    assert page.select_one(".j-verdict--orange") is not None
    assert "OI101CD" in page.get_text()
    assert checks() == 1


def test_agent_is_told_when_no_pass_answers(world: World, page_client: PageClient) -> None:
    page_client.sign_in(world.agent.id)
    page = page_client.post(CONTROL, {"wanted": "ZZ-999-ZZ"}, status=200)
    assert page.select_one(".j-verdict--red") is not None
    assert "ZZ-999-ZZ" in page.get_text()
    page = page_client.post(CONTROL, {"wanted": " "})
    assert [str(link["href"]) for link in page.select("#erreurs a")] == ["#wanted"]


def test_scan_is_green_while_the_perimeter_is_active(
    world: World, issued: PassView, page_client: PageClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = world.day + timedelta(hours=8)
    monkeypatch.setattr(type(SYSTEM_CLOCK), "now", lambda _clock: at)
    page = page_client.get(f"/v/{issued.token}")
    assert page.select_one(".j-verdict--green") is not None
    assert page.title is not None
    assert "Valable" in page.title.get_text()


def test_scan_follows_the_state_at_once_when_a_pass_is_held_back_given_back_and_revoked(
    world: World, issued: PassView, page_client: PageClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = world.day + timedelta(hours=8)
    monkeypatch.setattr(type(SYSTEM_CLOCK), "now", lambda _clock: at)
    system, why = system_actor("test"), SuspensionReason.VEHICLE_CHANGED

    def tone() -> str:
        page = page_client.get(f"/V/{issued.token}")
        shown = [name for name in ("green", "orange", "red") if page.select_one(f".j-verdict--{name}") is not None]
        assert len(shown) == 1
        return shown[0]

    assert tone() == "green"
    with unit_of_work() as uow:
        suspend_passes(uow, system, why, pass_ids=[issued.id])
    assert tone() == "red"
    assert "Suspendu depuis" in page_client.get(f"/v/{issued.token}").get_text()
    with unit_of_work() as uow:
        resume_passes(uow, system, why, pass_ids=[issued.id])
    assert tone() == "green"
    revoke_pass(system, world.territory.slug, issued.id, RevocationReason.MISUSE)
    assert tone() == "red"


def test_table_of_perimeters_is_in_the_language_of_each_reader(
    world: World, issued: PassView, page_client: PageClient
) -> None:
    for language, word in (("fr", "Périmètre"), ("en", "Perimeter"), ("fr", "Périmètre")):
        page = page_client.get(f"/v/{issued.token}?lang={language}")
        assert page.select_one("details th") is not None
        assert word in str(page.select_one("details th"))
