"""The clerk whom the pages of the desk are for, and a town with streets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest
from bs4 import BeautifulSoup
from flask import Flask

from portal.common.actor import StaffRole
from portal.territories.queries import TerritoryView
from tests.factories import territories
from tests.factories.accounts import make_staff, make_user
from tests.factories.law import make_territory
from tests.support.matching_town import build_town, put_graph
from tests.support.web import PageClient


@pytest.fixture
def territory(app: Flask) -> TerritoryView:
    """A territory without law; files that need one have their own."""
    return make_territory()


@pytest.fixture
def clerk(page_client: PageClient, territory: TerritoryView) -> PageClient:
    """The browser of a clerk of the territory."""
    return signed_in(page_client, territory)


def signed_in(page_client: PageClient, territory: TerritoryView, role: StaffRole = StaffRole.CLERK) -> PageClient:
    """Sign somebody new in who serves a territory."""
    user = make_user()
    make_staff(user, territory.slug, role)
    page_client.sign_in(user.id)
    return page_client


@pytest.fixture(scope="session")
def town_graph(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_town(tmp_path_factory.mktemp("town"))


@pytest.fixture
def town(app: Flask, town_graph: Path) -> TerritoryView:
    """A town whose law is found on its road graph."""
    made = territories.make_territory("bourg", build_version=f"essai-{uuid4().hex[:8]}")
    put_graph(made, town_graph)
    return made


@pytest.fixture
def look(page_client: PageClient, town: TerritoryView) -> Callable[[str], BeautifulSoup]:
    """Open a page of the desk of that town."""
    clerk = signed_in(page_client, town)
    return lambda path: clerk.get(f"/territoires/{town.slug}/numeriz{path}")
