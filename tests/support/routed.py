"""A territory of the tests with the real Paris graph under it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from portal.territories.api import TerritoryView
from portal.territories.build.edges import build_edges
from portal.territories.build.graph import build_graph
from tests.factories.territories import make_territory
from tests.support.paris import EXTRACT


@pytest.fixture(scope="session")
def paris_graph(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a built graph, renamed after its build as a switch of territory does."""
    built = tmp_path_factory.mktemp("graph") / "building"
    built.mkdir()
    build_graph(shared_data / EXTRACT, built)
    build_edges(built, shared_data / EXTRACT)
    return built.rename(built.with_name("present"))


@pytest.fixture
def routed_territory(paris_graph: Path) -> Callable[[], TerritoryView]:
    """A function that makes the territory of the extract in the present application, with its graph."""

    def make() -> TerritoryView:
        territory = make_territory("paris-3e", "Paris 3e")
        assert territory.graph_dir is not None
        territory.graph_dir.parent.mkdir(parents=True, exist_ok=True)
        if not territory.graph_dir.exists():
            territory.graph_dir.symlink_to(paris_graph, target_is_directory=True)
        return territory

    return make
