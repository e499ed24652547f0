"""Requests nobody's browser would send get a sentence, never a failure, and lead nowhere else."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator
from datetime import datetime
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient

from portal.accounts.identity import local_path
from portal.common.actor import system_actor
from portal.common.errors import Invalid
from portal.fleet import services
from portal.fleet.drafts import judge
from portal.itineriz.asking import local_instant
from tests.factories.accounts import make_company, make_member, make_user
from tests.factories.cirqliz import RunJobs, make_world
from tests.factories.law import make_territory
from tests.support.web import PageClient


def cursor(*values: object) -> str:
    """A cursor as the lists write it, with these values."""
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


CURSORS = {
    "naive": cursor("n", "2024-01-01T00:00:00", str(uuid4())),
    "out-of-calendar": cursor("n", "0001-01-01T00:00:00+23:59", str(uuid4())),
    "numbers": cursor("n", 5, 5),
    "object": cursor({"n": 1}),
    "sign-zero": cursor("n", "A\x00", str(uuid4())),
    "half-a-sign": cursor("n", "\ud800", str(uuid4())),
    "huge-number": cursor("n", "9" * 30),
    "thousands-of-digits": cursor("n", "9" * 6000),
    "deep": base64.urlsafe_b64encode(b"[" * 3000).decode(),
    "not-base64": "é*",
}


@pytest.fixture
def anywhere(database: Flask) -> Iterator[PageClient]:
    """A client of the application on each kind of database; failures answer 500 as in production."""
    database.testing = False
    yield PageClient(database.test_client())
    database.testing = True


@pytest.fixture
def company_id(anywhere: PageClient) -> UUID:
    """A company whose owner is signed in."""
    user, company = make_user(), make_company()
    make_member(user, company)
    anywhere.sign_in(user.id)
    return company.id


@pytest.mark.parametrize("text", CURSORS.values(), ids=CURSORS.keys())
@pytest.mark.parametrize("page", ["demandes", "laissez-passer", "itineraires", "vehicules"])
def test_list_is_refused_when_its_cursor_is_not_ours(
    anywhere: PageClient, company_id: UUID, page: str, text: str
) -> None:
    answer = anywhere.raw.get(f"/entreprises/{company_id}/{page}", query_string={"cursor": text})
    assert answer.status_code in {200, 422}


def test_request_is_refused_when_a_text_holds_the_sign_zero(anywhere: PageClient, company_id: UUID) -> None:
    client, fleet = anywhere.raw, f"/entreprises/{company_id}/vehicules"
    file = {"file": (io.BytesIO(b"Plaque;PTAC\nAB-123-CD;3500\n"), "a\x00.csv")}
    answers = [
        client.get("/carte/a%00b"),
        client.get("/territoires/a%00b/adresses?q=rue"),
        client.get(f"{fleet}?q=a%00b"),
        client.post(f"{fleet}/nouveau", data={"plate": "AB-123-CD", "label": "a\x00b"}),
        client.post("/connexion", data={"email": "a\x00b", "password": "c"}),
    ]
    assert [answer.status_code for answer in answers] == [400] * 5
    assert client.post(f"{fleet}/fichier", data=file).status_code in {303, 400}
    assert client.get("/v/%00").status_code == 200


@pytest.mark.parametrize("version", ["²", "٣", "9" * 5000, "-1", ""])
def test_form_is_told_outdated_when_its_version_is_no_number(
    anywhere: PageClient, company_id: UUID, version: str
) -> None:
    draft = judge({"plate": "AB-123-CD", "gross_weight_kg": "3500"}).draft
    assert draft is not None
    vehicle_id = services.add_vehicle(system_actor("test"), company_id, draft)
    page = f"/entreprises/{company_id}"
    sheet = {"name": "a", "address": "b", "postcode": "75001", "city": "c", "version": version}
    assert anywhere.raw.post(f"{page}/fiche", data=sheet).status_code == 409
    changed = {"plate": "AB-123-CD", "country": "FR", "gross_weight_kg": "3000", "version": version}
    assert anywhere.raw.post(f"{page}/vehicules/{vehicle_id}", data=changed).status_code in {409, 422}


@pytest.mark.parametrize("text", CURSORS.values(), ids=CURSORS.keys())
def test_open_list_is_refused_when_its_cursor_is_not_ours(anywhere: PageClient, text: str) -> None:
    make_territory("paris-3e")
    answer = anywhere.raw.get("/carte/paris-3e/liste", query_string={"genre": "aires", "cursor": text})
    assert answer.status_code in {200, 422}


def test_error_is_told_when_the_page_before_is_no_address(page_client: PageClient) -> None:
    assert page_client.raw.post("/inscription/renvoyer/x", headers={"Referer": "http://["}).status_code == 404


@pytest.mark.parametrize("path", ["//evil.example/x", "/\\evil.example/x", "///evil.example", "/\\/evil.example"])
def test_page_that_does_not_exist_links_to_this_site_only(page_client: PageClient, path: str) -> None:
    answer = page_client.raw.get("/", environ_overrides={"PATH_INFO": path})
    assert answer.status_code == 404
    links = [str(link["href"]) for link in BeautifulSoup(answer.text, "html.parser").select("a[href]")]
    assert any("lang=en" in link for link in links)
    for link in links:
        assert link.startswith(("/", "#")) and not link.startswith("//") and "\\" not in link


def test_map_is_not_found_when_its_name_holds_a_new_line(anywhere: PageClient) -> None:
    assert anywhere.raw.get("/carte/a%0Ab", headers={"HX-Request": "true"}).status_code == 404


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}], ids=["browser", "script"])
def test_map_leads_to_its_own_territory_when_asked_for_another(
    page_client: PageClient, headers: dict[str, str]
) -> None:
    place = make_territory()
    asked = "?jour=2024-09-08&_external=1&_scheme=javascript&territory=ailleurs"
    answer = page_client.raw.get(f"/carte/{place.slug}{asked}", headers=headers)
    assert answer.status_code == 200
    page = BeautifulSoup(answer.text, "html.parser")
    targets = [str(tag[name]) for name in ("href", "action") for tag in page.select(f"[{name}]")]
    assert any(target.startswith(f"/carte/{place.slug}/liste?") for target in targets)
    for target in targets:
        assert target.startswith(("/", "#")) and not target.startswith("//") and "/ailleurs" not in target


def test_desk_keeps_its_filters_and_no_other_parameter(
    app: Flask, page_client: PageClient, run_jobs: RunJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.extensions, "tour_planner", app.extensions["tour_planner"])  # the world has its own
    world = make_world(app, run_jobs)
    world.ready()
    place = world.territory
    page_client.sign_in(world.clerk.id)
    asked = "_external=1&_scheme=javascript&territory=ailleurs&endpoint=x&page=2&etat=toutes"
    page = page_client.get(f"/territoires/{place.slug}/guichet?{asked}")
    actions = [str(form["action"]) for form in page.select("form[method=post]")]
    actions += [str(button["formaction"]) for button in page.select("[formaction]")]
    desk = f"/territoires/{place.slug}/guichet"
    assert {f"{desk}/lots/apercu?etat=toutes", f"{desk}/prises?etat=toutes"} <= set(actions)
    assert not any(action.startswith("javascript") or "ailleurs" in action for action in actions)


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "https://evil.example/",
        "http://localhost/mon-compte",
        "/\t/evil.example",
        "/\r\nLocation: https://evil.example",
        " /mon-compte",
        "javascript:alert(1)",
        "///evil.example",
        "",
        None,
    ],
)
def test_sign_in_leads_to_this_site_only(target: str | None) -> None:
    assert local_path(target) is None


def test_sign_in_leads_back_when_the_page_is_ours() -> None:
    assert local_path("/entreprises/x?cursor=a#b") == "/entreprises/x?cursor=a#b"


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_route_is_refused_when_nobody_drives_that_year(day: str) -> None:
    with pytest.raises(Invalid, match="departure-unreadable"):
        local_instant(datetime.fromisoformat(f"{day}T23:59"), ZoneInfo("Europe/Paris"))


def _client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.mark.parametrize(
    ("url", "data"),
    [
        ("/connexion", {"email": "a@b.fr", "password": "c"}),
        ("/deconnexion", {}),
        ("/mot-de-passe-oublie", {"email": "a@b.fr"}),
        ("/mon-compte/mot-de-passe", {"current_password": "a", "password": "b"}),
    ],
)
def test_form_is_refused_when_it_comes_from_elsewhere(app: Flask, url: str, data: dict[str, str]) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        for headers in ({}, {"HX-Request": "true"}):
            answer = _client(app).post(url, data=data, headers=headers)
            assert answer.status_code == 400, url
    finally:
        app.config["WTF_CSRF_ENABLED"] = False
