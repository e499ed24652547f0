"""A client that reads each page as a person would, and checks on every page what must hold everywhere."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

FORBIDDEN_ATTRIBUTES = ("style", "onclick", "onchange", "onsubmit", "hx-on")


def check_page(html: str) -> BeautifulSoup:
    """Return the parsed page after checking what every page must keep: one h1, labels, unique ids, no inline code."""
    page = BeautifulSoup(html, "html.parser")
    assert page.html is not None and page.html.get("lang") in {"fr", "en"}
    headings = page.find_all("h1")
    assert len(headings) == 1, f"{len(headings)} h1 on the page"
    assert page.title is not None and page.title.get_text(strip=True)
    ids = [str(tag["id"]) for tag in page.find_all(id=True)]
    assert len(ids) == len(set(ids)), f"ids used twice: {sorted({i for i in ids if ids.count(i) > 1})}"
    for tag in page.find_all(True):
        assert not set(tag.attrs) & set(FORBIDDEN_ATTRIBUTES), f"inline code on {tag.name}: {tag.attrs}"
    for script in page.find_all("script"):
        assert script.get("src") or script.get("type") == "application/json", "inline script"
    labelled = {str(label.get("for")) for label in page.find_all("label")}
    for field in page.find_all(["input", "select", "textarea"]):
        if field.get("type") in {"hidden", "submit", "button"}:
            continue
        named = field.get("aria-label") or field.get("aria-labelledby") or field.find_parent("label")
        assert named or field.get("id") in labelled, f"field without a label: {field}"
    for form in page.find_all("form"):
        assert form.get("action") is not None and form.get("method"), f"form without action or method: {form}"
    return page


class PageClient:
    """A browser without a screen: `get` and `post` check the status, parse the page and its general rules."""

    def __init__(self, client: FlaskClient) -> None:
        self.raw = client

    def sign_in(self, user_id: UUID) -> None:
        """Open a session for a user without the form."""
        with self.raw.session_transaction() as kept:
            kept["_user_id"] = f"{user_id}.0"  # the epoch of an account whose password was never changed
            kept["_fresh"] = True

    def sign_out(self) -> None:
        """Forget the session."""
        self.raw.delete_cookie("joptimiz")

    def get(self, url: str, status: int = 200, **options: Any) -> BeautifulSoup:
        """Open a page; fails unless it answers with the status."""
        return self._read(self.raw.get(url, **options), status)

    def post(self, url: str, data: dict[str, Any] | None = None, status: int = 422, **options: Any) -> BeautifulSoup:
        """Send a form that is expected to be shown again (422 unless told)."""
        return self._read(self.raw.post(url, data=data or {}, **options), status)

    def submit(self, url: str, data: dict[str, Any] | None = None, **options: Any) -> str:
        """Send a form that is expected to succeed; return where it leads (303)."""
        answer = self.raw.post(url, data=data or {}, **options)
        assert answer.status_code == 303, f"{answer.status_code}: {_text(answer)}"
        return str(answer.headers["Location"])

    def _read(self, answer: TestResponse, status: int) -> BeautifulSoup:
        assert answer.status_code == status, f"{answer.status_code}: {_text(answer)}"
        html = answer.get_data(as_text=True)
        return check_page(html) if "<html" in html else BeautifulSoup(html, "html.parser")


def _text(answer: TestResponse) -> str:
    return BeautifulSoup(answer.get_data(as_text=True), "html.parser").get_text(" ", strip=True)[:600]


@pytest.fixture
def page_client(app: Flask) -> PageClient:
    """A client of the application on SQLite, nobody signed in."""
    return PageClient(app.test_client())
