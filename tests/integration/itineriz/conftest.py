"""One graph of the real Paris extract for all tests of the planner."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask_babel import Babel

from portal.itineriz.routing.engine import Engine, open_engine
from portal.regulations.snapshot import LawSnapshot
from tests.support.paris import law_of_2024
from tests.support.routed import paris_graph, routed_territory

__all__ = ["paris_graph", "routed_territory"]


@pytest.fixture(scope="session")
def paris(paris_graph: Path) -> Engine:
    """The engine over the Paris extract."""
    return open_engine(paris_graph)


@pytest.fixture(scope="session")
def law_2024(shared_data: Path) -> LawSnapshot:
    """The perimeters of 2024."""
    return law_of_2024(shared_data)


@pytest.fixture
def sentences() -> Iterator[None]:
    """A context in which sentences can be written."""
    app = Flask("sentences")
    Babel(app, default_locale="fr")
    with app.app_context():
        yield
