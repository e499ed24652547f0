"""The agents' page: what it sends to a phone, what it takes from it, who may open what."""

from __future__ import annotations

import gzip
import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from portal.cirqliz.control.retention import purge_checks
from portal.cirqliz.models import CheckCount, PassCheck
from portal.cirqliz.passes.life import suspend_passes
from portal.cirqliz.passes.queries import PassView, list_passes_of_request
from portal.cirqliz.passes.services import revoke_pass
from portal.cirqliz.states import RevocationReason, SuspensionReason
from portal.cirqliz.tokens import open_token, perimeter_reference
from portal.common.actor import StaffRole, system_actor
from portal.common.clock import SYSTEM_CLOCK, FixedClock
from portal.common.ids import new_id
from portal.db import session, unit_of_work
from tests.factories.accounts import make_staff
from tests.factories.cirqliz import World
from tests.factories.territories import make_territory
from tests.support.web import PageClient

PACKAGE = "/territoires/val-essai/controle/donnees"
LOOKS = "/territoires/val-essai/controle/passages"


@pytest.fixture
def issued(world: World) -> PassView:
    """A pass for a lorry, to come in two days."""
    found = world.ready(vehicles=[world.vehicle("OI-101-CD")])
    world.approve(found)
    return list_passes_of_request(found.id)[0]


@pytest.fixture
def agent(world: World, page_client: PageClient) -> PageClient:
    """The control agent, signed in."""
    page_client.sign_in(world.agent.id)
    return page_client


def token_id(world: World, one: PassView) -> str:
    from portal.cirqliz.passes.keys import key_ring

    with world.app.test_request_context():
        return open_token(key_ring(), one.token).token_id.hex()


def look(**more: Any) -> dict[str, Any]:
    now = int(SYSTEM_CLOCK.now().timestamp() * 1000)
    return {"id": str(new_id()), "at": now, "token_id": None, "result": "forged", "place": "Pont Neuf", **more}


def send(world: World, client: PageClient, looks: object, **more: Any) -> Any:
    now = int(SYSTEM_CLOCK.now().timestamp() * 1000)
    return client.raw.post(LOOKS, json={"agent": str(world.agent.id), "sent_at": now, "looks": looks, **more})


def kept() -> list[PassCheck]:
    return list(session().scalars(select(PassCheck).order_by(PassCheck.at, PassCheck.id)))


def test_page_opens_for_agents_alone_and_may_use_camera_and_reader(world: World, page_client: PageClient) -> None:
    assert page_client.raw.get("/controle").status_code == 303
    for person, status in ((world.owner, 404), (world.clerk, 404), (world.agent, 200)):
        page_client.sign_in(person.id)
        answer = page_client.raw.get("/controle?territoire=val-essai")
        assert answer.status_code == status
    page_client.get("/controle")
    assert "'wasm-unsafe-eval'" in answer.headers["Content-Security-Policy"]
    assert "camera=(self)" in answer.headers["Permissions-Policy"]
    elsewhere = page_client.raw.get("/v/x")
    assert "wasm" not in elsewhere.headers["Content-Security-Policy"]
    assert "camera=()" in elsewhere.headers["Permissions-Policy"]


def test_page_lets_choose_a_territory_when_the_agent_serves_several(world: World, agent: PageClient) -> None:
    make_staff(world.agent, make_territory("ailleurs"), StaffRole.CONTROL_AGENT)
    page = agent.get("/controle?territoire=ailleurs")
    chosen = page.select_one("#territoire option[selected]")
    assert chosen is not None and chosen["value"] == "ailleurs"
    assert len(page.select("#territoire option")) == 2


def test_package_is_sent_once_when_nothing_changed(world: World, issued: PassView, agent: PageClient) -> None:
    first = agent.raw.get(PACKAGE, headers={"Accept-Encoding": "gzip"})
    board = json.loads(gzip.decompress(first.data))
    assert board["revoked"]["size"] == 0
    references = {perimeter_reference(line.perimeter_id).hex() for line in issued.perimeters}
    assert references <= {line[0] for line in board["perimeters"]}
    again = agent.raw.get(PACKAGE, headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304 and again.data == b"" and again.headers["X-CSRFToken"]
    revoke_pass(world.staff_actor(), "val-essai", issued.id, RevocationReason.MISUSE)
    changed = agent.raw.get(PACKAGE, headers={"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200 and changed.get_json()["revoked"]["size"] == 1


def test_look_is_kept_once_when_it_is_sent_twice(world: World, issued: PassView, agent: PageClient) -> None:
    sent = [look(), look(token_id=token_id(world, issued), result="not_yet")]
    for _time in range(2):
        answer = send(world, agent, sent)
        assert answer.get_json()["kept"] == [one["id"] for one in sent]
    rows = {str(row.id): row for row in kept()}
    assert set(rows) == {one["id"] for one in sent}
    mine = rows[sent[1]["id"]]
    assert (mine.pass_id, mine.tone, mine.place, mine.offline) == (issued.id, "orange", "Pont Neuf", True)


def test_hours_are_corrected_when_the_clock_of_the_phone_is_wrong(world: World, agent: PageClient) -> None:
    ahead = 3 * 3600 * 1000
    now = int(SYSTEM_CLOCK.now().timestamp() * 1000)
    answer = send(world, agent, [look(at=now + ahead - 60_000)], sent_at=now + ahead)
    assert 3 * 3600 - 5 <= answer.get_json()["skew_s"] <= 3 * 3600 + 5
    assert abs((SYSTEM_CLOCK.now() - kept()[0].at) - timedelta(minutes=1)) < timedelta(seconds=5)


def test_look_is_told_too_old_when_it_is_beyond_the_retention(world: World, agent: PageClient) -> None:
    now = int(SYSTEM_CLOCK.now().timestamp() * 1000)
    answer = send(world, agent, [look(at=now - 31 * 86_400_000)]).get_json()
    assert answer["kept"] == [] and len(answer["too_old"]) == 1 and kept() == []


@pytest.mark.parametrize(
    "fault",
    [
        {"result": "invented"},
        {"token_id": "00"},
        {"id": "no"},
        {"at": "now"},
        {"at": 10**30},
        {"at": True},
        {"at": 253_402_300_799_000},
        {"at": -62_135_596_800_000},
        {"result": "valid"},
        {"result": "unknown"},
        {"place": "x" * 121},
        {"place": "\ud83d"},
        {"place": "a\0b"},
        {"token_id": 7},
    ],
)
def test_list_is_refused_whole_when_one_look_is_unreadable(
    world: World, agent: PageClient, fault: dict[str, Any]
) -> None:
    assert send(world, agent, [look(), look(**fault)]).status_code == 422
    assert kept() == []


@pytest.mark.parametrize(
    "more",
    [
        {"looks": "x"},
        {"looks": [1]},
        {"looks": None},
        {"sent_at": None},
        {"sent_at": -62_135_596_800_000},
        {"agent": 7},
        {"agent": "x"},
    ],
)
def test_message_is_refused_when_it_is_no_list(world: World, agent: PageClient, more: dict[str, object]) -> None:
    assert send(world, agent, **({"looks": []} | more)).status_code == 422
    bodies: list[object] = [None, [], {}]
    for body in bodies:
        assert agent.raw.post(LOOKS, json=body).status_code == 422


def test_looks_are_refused_when_another_agent_made_them_on_the_same_phone(world: World, agent: PageClient) -> None:
    assert send(world, agent, [look()], agent=str(world.supervisor.id)).status_code == 403
    assert kept() == []


def test_search_is_kept_with_the_place_that_the_agent_told(world: World, issued: PassView, agent: PageClient) -> None:
    search = {"wanted": issued.plate, "lieu": " Pont Neuf "}
    assert issued.number in agent.raw.post("/territoires/val-essai/controle", data=search).get_data(as_text=True)
    assert [(row.pass_id, row.place, row.offline) for row in kept()] == [(issued.id, "Pont Neuf", False)]


def test_search_says_that_there_are_others_when_its_list_is_cut(
    world: World, issued: PassView, agent: PageClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.approve(world.ready(vehicles=[issued.vehicle_id]))
    told = []
    for most in (2, 1):
        for place in ("searches", "views"):
            monkeypatch.setattr(f"portal.cirqliz.control.{place}.MOST_SHOWN", most)
        answer = agent.raw.post("/territoires/val-essai/controle", data={"wanted": issued.plate})
        told.append("a d’autres laissez-passer" in answer.get_data(as_text=True))
    assert told == [False, True]


def test_list_is_refused_when_it_is_too_long(world: World, agent: PageClient) -> None:
    assert send(world, agent, [look() for _ in range(501)]).status_code == 422


def test_looks_become_counts_when_the_retention_ends(world: World, agent: PageClient) -> None:
    send(world, agent, [look(), look(), look(result="expired", token_id="00" * 8)])
    later = FixedClock(SYSTEM_CLOCK.now() + timedelta(days=31))
    assert purge_checks(clock=later) == 3
    assert purge_checks(clock=later) == 0
    send(world, agent, [look()])
    assert purge_checks(clock=later) == 1
    counts = {row.result: row.looks for row in session().scalars(select(CheckCount))}
    assert counts == {"forged": 3, "expired": 1} and kept() == []


def test_supervisor_sees_counts_of_looks_kept_and_erased(world: World, agent: PageClient) -> None:
    send(world, agent, [look(), look(result="expired", token_id="00" * 8)])
    purge_checks(clock=FixedClock(SYSTEM_CLOCK.now() + timedelta(days=31)))
    send(world, agent, [look(result="forged")])
    assert agent.raw.get("/territoires/val-essai/controle/tableau").status_code == 403
    agent.sign_in(world.supervisor.id)
    text = agent.get("/territoires/val-essai/controle/tableau").get_text(" ", strip=True)
    assert "3 contrôles" in text and "Code falsifié ou illisible 2" in text and "Fermer ses sessions" in text
    sheet = agent.raw.get("/territoires/val-essai/controle/tableau.csv").get_data(as_text=True)
    assert "Pont Neuf;red;forged;2" in sheet and "Pont Neuf;red;expired;1" in sheet


def test_receipt_is_checked_by_anybody_and_refused_when_it_is_altered(
    world: World, issued: PassView, agent: PageClient
) -> None:
    one = look(token_id=token_id(world, issued), result="revoked")
    send(world, agent, [one])
    address = agent.raw.get(f"{LOOKS}/{one['id']}/recu").headers["Location"]
    agent.sign_out()
    text = agent.get(address).get_text(" ", strip=True)
    assert issued.number in text and "Révoqué" in text and "Pont Neuf" in text and world.company.name not in text
    token = address.rpartition("/")[2]
    altered = token[:30] + ("A" if token[30] != "A" else "B") + token[31:]
    for wrong in (altered, token[:-4], issued.token, "é", "A" * 3000):
        assert agent.raw.get(f"/controle/recu/{wrong}").status_code == 404


@pytest.mark.parametrize(
    ("held", "result", "said"),
    [
        ("active", "valid", ""),
        ("revoked", "valid", "pour révoqué"),
        ("revoked", "stale", "pour révoqué"),
        ("revoked", "revoked", ""),
        ("suspended", "valid", "pour suspendu"),
        ("never given", "valid", "ne connaît aucun laissez-passer"),
        ("never given", "elsewhere", ""),
    ],
)
def test_receipt_says_what_the_portal_knew_when_the_phone_said_otherwise(
    world: World, issued: PassView, agent: PageClient, held: str, result: str, said: str
) -> None:
    if held == "revoked":
        revoke_pass(world.staff_actor(), "val-essai", issued.id, RevocationReason.MISUSE)
    elif held == "suspended":
        with unit_of_work() as uow:
            suspend_passes(uow, system_actor("test"), SuspensionReason.VEHICLE_CHANGED, pass_ids=[issued.id])
    scanned = "00" * 8 if held == "never given" else token_id(world, issued)
    one = look(token_id=scanned, result=result)
    send(world, agent, [one])
    text = agent.get(agent.raw.get(f"{LOOKS}/{one['id']}/recu").headers["Location"]).get_text(" ", strip=True)
    assert "hors ligne" in text and (issued.number in text) == (held != "never given")
    assert said in text and ("ne vaut pas" in text) == bool(said)


def test_receipt_names_the_portal_when_it_answered(world: World, issued: PassView, agent: PageClient) -> None:
    agent.get(f"/V/{issued.token}")
    text = agent.get(agent.raw.get(f"{LOOKS}/{kept()[0].id}/recu").headers["Location"]).get_text(" ", strip=True)
    assert "le portail" in text and "hors ligne" not in text and "ne vaut pas" not in text


def test_code_taken_back_is_confirmed_by_the_portal(world: World, issued: PassView, agent: PageClient) -> None:
    revoke_pass(world.staff_actor(), "val-essai", issued.id, RevocationReason.MISUSE)
    answer = agent.raw.post("/territoires/val-essai/controle/confirmation", json={"token": issued.token}).get_json()
    assert answer["result"] == "revoked" and "Révoqué" in answer["reason"]
    broken: list[object] = [{}, [], {"token": 7}, {"token": "x"}]
    for wrong in broken:
        answer = agent.raw.post("/territoires/val-essai/controle/confirmation", json=wrong).get_json()
        assert answer["result"] == "forged"


def test_training_codes_are_worth_nothing_to_the_portal(world: World, agent: PageClient) -> None:
    from portal.cirqliz.control.training import samples
    from portal.cirqliz.verification.services import check_token

    assert len(agent.get("/controle/exercice").select("[data-lesson]")) == 8
    with world.app.test_request_context():
        assert {check_token(one.token).verdict.result.value for one in samples()} == {"forged"}


def _given(client: PageClient, address: str) -> bool:
    answer = client.raw.get(address)
    answer.close()
    return answer.status_code == 200


def test_worker_and_manifest_are_public_and_name_what_exists(world: World, page_client: PageClient) -> None:
    worker = page_client.raw.get("/controle/ouvrier.js")
    assert worker.headers["Service-Worker-Allowed"] == "/controle"
    _version, parts, reader = worker.get_data(as_text=True).splitlines()[:3]
    listed = json.loads(parts.removeprefix("const PARTS = ").rstrip(";"))
    assert all(_given(page_client, address) for address in listed)
    needed = json.loads(reader.removeprefix("const READER = ").rstrip(";"))
    assert len(needed) == 3 and all(_given(page_client, address) for address in needed)
    manifest = json.loads(page_client.raw.get("/controle/manifest.webmanifest").data)
    assert manifest["scope"] == "/controle"
    assert all(_given(page_client, icon["src"]) for icon in manifest["icons"])


def test_agent_signs_in_again_when_a_day_has_passed(world: World, agent: PageClient) -> None:
    agent.get("/controle")
    for since, status in ((23 * 3600, 200), (25 * 3600, 303)):
        with agent.raw.session_transaction() as kept_session:
            kept_session["since"] = int(SYSTEM_CLOCK.now().timestamp()) - since
        assert agent.raw.get("/controle").status_code == status


@pytest.mark.parametrize("typed", ["bonjour les amis", "AAAAA-AAAAA", "12345-6789A", "!"])
def test_search_asks_to_type_again_and_keeps_no_look_when_the_text_can_be_no_pass(
    world: World, issued: PassView, agent: PageClient, typed: str
) -> None:
    page = agent.post("/territoires/val-essai/controle", {"wanted": typed})
    assert "mal saisi" in page.get_text()
    assert page.select_one(".j-verdict") is None
    assert kept() == []


@pytest.mark.parametrize("typed", ["ZZ-987-ZZ", "LP-VAL-2026-999999", "00000-00000"])
def test_search_is_red_and_kept_when_the_text_is_well_formed_and_unknown(
    world: World, issued: PassView, agent: PageClient, typed: str
) -> None:
    page = agent.post("/territoires/val-essai/controle", {"wanted": typed}, status=200)
    assert page.select_one(".j-verdict--red") is not None
    assert [row.result for row in kept()] == ["unknown"]
