"""Which link of the main navigation is where one is."""

from __future__ import annotations

import pytest
from flask import Flask

from portal.common.actor import ANONYMOUS
from portal.web.navigation import NavItem, add_navigation, navigation

LINKS = (
    NavItem("Accueil", "/", "main"),
    NavItem("Entreprise", "/entreprises/1", "company"),
    NavItem("Demandes", "/entreprises/1/demandes", "company"),
)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/entreprises/1", ["Entreprise"]),
        ("/entreprises/1/fiche", ["Entreprise"]),
        ("/entreprises/1/demandes", ["Demandes"]),
        ("/entreprises/1/demandes/7", ["Demandes"]),
        ("/entreprises/12", []),
        ("/", []),
    ],
)
def test_nearest_link_alone_is_current_when_pages_stand_below_each_other(path: str, expected: list[str]) -> None:
    app = Flask("navigation")
    add_navigation(app, lambda _actor: LINKS)
    with app.test_request_context(path):
        groups = navigation(app, ANONYMOUS)
    assert [item.label for items in groups.values() for item in items if item.current] == expected
