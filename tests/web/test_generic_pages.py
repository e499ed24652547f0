"""The home page and the error pages, for each kind of person and each status."""

from __future__ import annotations

import pytest
from flask import Flask, render_template
from werkzeug.exceptions import default_exceptions

from portal.web.locale import switch_url
from tests.support.web import PageClient, check_page

POST_ONLY = "/territoires/a/guichet/lots/apercu"
STATUSES = (400, 401, 403, 404, 405, 409, 410, 413, 422, 429, 500, 503)


def test_home_asks_what_one_comes_to_do_when_nobody_is_signed_in(page_client: PageClient) -> None:
    page = page_client.get("/")
    assert page.h1 is not None and page.title is not None
    assert page.title.get_text(strip=True).startswith(page.h1.get_text(strip=True))
    assert len(page.select(".j-doors > li")) == 4
    hrefs = {str(link["href"]) for link in page.select(".j-doors a")}
    assert {"/inscription", "/connexion"} <= hrefs


def test_every_page_has_skip_link_language_and_legal_sentence(page_client: PageClient) -> None:
    page = page_client.get("/")
    assert page.select_one('a.j-skip[href="#contenu"]') and page.select_one("main#contenu")
    assert "seuls l’arrêté signé et la signalisation font foi" in page.footer.get_text()  # type: ignore[union-attr]
    other = page.select_one(".j-nav__language")
    assert other is not None and other["lang"] == "en" and "lang=en" in str(other["href"])


@pytest.mark.parametrize(
    ("path", "before", "leads_to"),
    [
        ("/territoires/a/regles/nouvelle", "http://localhost/", "/territoires/a/regles/nouvelle?lang=en"),
        (
            POST_ONLY,
            "http://localhost/territoires/a/guichet?q=%C3%A9&q=b",
            "/territoires/a/guichet?q=%C3%A9&q=b&lang=en",
        ),
        (POST_ONLY, f"http://localhost{POST_ONLY}", ""),
        (POST_ONLY, "http://evil.example/territoires/a/guichet", ""),
        (POST_ONLY, None, ""),
    ],
)
def test_language_switch_leads_to_a_page_that_exists_when_a_form_was_sent(
    app: Flask, path: str, before: str | None, leads_to: str
) -> None:
    headers = {} if before is None else {"Referer": before}
    with app.test_request_context(path, method="POST", headers=headers):
        assert switch_url("en") == leads_to


@pytest.mark.parametrize("status", STATUSES)
def test_error_page_says_what_to_do_next(app: Flask, status: int) -> None:
    with app.test_request_context("/"):
        html = render_template("errors/error.html", status=status, code="x", reference="a1b2c3d4")
    page = check_page(html)
    assert page.h1 is not None and page.h1.get_text(strip=True)
    assert page.select_one(".j-lead") is not None and "a1b2c3d4" in page.get_text()
    assert page.select_one('a.j-button[href="/"]') is not None


def test_error_titles_differ_by_status(app: Flask) -> None:
    with app.test_request_context("/"):
        titles = {
            status: check_page(render_template("errors/error.html", status=status, code="x", reference=None)).h1
            for status in STATUSES
        }
    assert len({title.get_text(strip=True) for title in titles.values() if title}) == len(STATUSES)


@pytest.mark.parametrize("status", sorted(set(default_exceptions) - {*STATUSES}))
def test_error_page_renders_for_any_other_status(app: Flask, status: int) -> None:
    with app.test_request_context("/"):
        check_page(render_template("errors/error.html", status=status, code="x", reference=None))


def test_failure_page_has_no_navigation(app: Flask) -> None:
    with app.test_request_context("/"):
        page = check_page(render_template("errors/error.html", status=500, code="x", reference="a1b2c3d4"))
    assert page.nav is None


def test_unknown_address_is_told_in_french(page_client: PageClient) -> None:
    assert "n’existe pas" in page_client.get("/nulle-part", status=404).h1.get_text()  # type: ignore[union-attr]
