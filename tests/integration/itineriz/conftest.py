"""One graph of the real Paris extract for all tests of the planner."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask_babel import Babel

from portal.itineriz.engine import Engine, open_engine
from portal.regulations.snapshot import LawSnapshot
from portal.territories.build.edges import build_edges
from portal.territories.build.graph import build_graph
from tests.support.paris import EXTRACT, law_of_2024


@pytest.fixture(scope="session")
def paris_graph(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a built graph, renamed after its build as a switch of territory does."""
    built = tmp_path_factory.mktemp("graph") / "building"
    built.mkdir()
    build_graph(shared_data / EXTRACT, built)
    build_edges(built, shared_data / EXTRACT)
    return built.rename(built.with_name("present"))


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
