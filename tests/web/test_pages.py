"""The pages that belong to no context, and what every answer must carry."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from portal import pages
from portal.web.headers import CONTENT_SECURITY_POLICY
from tests.factories.accounts import make_company, make_member, make_user
from tests.factories.territories import make_territory
from tests.support.web import PageClient


def test_home_offers_the_map_of_each_open_territory(app: Flask, page_client: PageClient) -> None:
    make_territory(slug="valmarin", name="Valmarin")
    page = page_client.get("/")
    assert page.find("a", href="/carte/valmarin") is not None
    assert page.find("a", href="/carte/valmarin/liste") is not None


def test_every_answer_has_the_strict_headers(app: Flask, page_client: PageClient) -> None:
    for url, status in (("/", 200), ("/nulle-part", 404), ("/sante", 200)):
        answer = page_client.raw.get(url)
        assert answer.status_code == status
        assert answer.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert page_client.raw.get("/").headers["Cache-Control"] == "no-store"


def test_unknown_page_says_so_and_a_program_gets_json(app: Flask, page_client: PageClient) -> None:
    page = page_client.get("/nulle-part", status=404)
    assert page.h1 is not None
    assert "n’existe pas" in page.h1.get_text()
    answer = page_client.raw.get("/nulle-part", headers={"Accept": "application/json"})
    assert answer.get_json() == {"error": "http-404", "reference": None}


def test_language_is_switched_and_kept(app: Flask, page_client: PageClient) -> None:
    assert page_client.get("/?lang=en").html["lang"] == "en"
    assert page_client.get("/").html["lang"] == "en"
    assert page_client.get("/?lang=xx").html["lang"] == "en"
    assert page_client.get("/?lang=fr").html["lang"] == "fr"


def test_unexpected_failure_gives_a_reference_and_no_detail(
    app: Flask, page_client: PageClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise OperationalError("SELECT plate", {}, Exception("AB-123-CD"))

    monkeypatch.setattr(pages, "list_territories", fail)
    monkeypatch.setattr(app, "testing", False)
    answer = page_client.raw.get("/")
    text = answer.get_data(as_text=True)
    assert answer.status_code == 500
    assert "AB-123-CD" not in text
    reference = caplog.records[-1].args[0] if caplog.records[-1].args else ""
    assert str(reference) in text


def test_form_without_its_token_is_refused(
    app: Flask, page_client: PageClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    answer = page_client.raw.post("/connexion", data={"email": "a@exemple.fr", "password": "x"})
    assert answer.status_code == 400


def test_only_the_nearest_link_is_marked_current(app: Flask, page_client: PageClient) -> None:
    user, company = make_user(), make_company()
    make_member(user, company)
    page_client.sign_in(user.id)
    page = page_client.get(f"/entreprises/{company.id}/vehicules/nouveau")
    assert [link.get_text(strip=True) for link in page.select("nav a[aria-current=page]")] == ["Véhicules"]
