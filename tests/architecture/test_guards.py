"""Every URL declares who may open it, says what its parameters are, and none disappears unnoticed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Blueprint, Flask

import portal
from portal.web.guards import guard_of, unguarded_endpoints
from tests.support.database import make_settings

ROUTES = Path(__file__).with_name("routes.txt")


def _listed(app: Flask) -> list[str]:
    lines = []
    for rule in app.url_map.iter_rules():
        guard = guard_of(app, rule.endpoint)
        methods = ",".join(sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}))
        lines.append(f"{rule.rule}  {methods}  {rule.endpoint}  {guard.name if guard else '-'}")
    return sorted(lines)


def test_routes_equal_the_stored_list(sqlite_application: Flask) -> None:
    """The list is reviewed like code: to change a URL or its guard, change the line in routes.txt."""
    stored = ROUTES.read_text(encoding="utf-8").splitlines()
    assert _listed(sqlite_application) == stored


def test_urls_are_kebab_case_and_ids_are_typed(sqlite_application: Flask) -> None:
    for rule in sqlite_application.url_map.iter_rules():
        fixed = re.sub(r"<[^>]+>", "", rule.rule)
        assert re.fullmatch(r"[a-z0-9/.-]*|/V/", fixed), rule.rule
        for parameter in re.findall(r"<([^>]+)>", rule.rule):
            if parameter.endswith("_id"):
                assert parameter.startswith(("uuid:", "int:")), rule.rule


def test_application_refuses_to_start_when_a_view_has_no_guard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blueprint = Blueprint("forgotten", __name__)
    blueprint.add_url_rule("/oubli", "page", lambda: "open to all by mistake")
    honest = portal.CONTEXTS[-1].register

    def register(app: Flask) -> None:
        honest(app)
        app.register_blueprint(blueprint)

    monkeypatch.setattr(portal.CONTEXTS[-1], "register", register)
    with pytest.raises(RuntimeError, match=r"forgotten\.page"):
        portal.create_app(make_settings(tmp_path))


def test_no_view_is_left_unguarded(sqlite_application: Flask) -> None:
    assert unguarded_endpoints(sqlite_application) == []
