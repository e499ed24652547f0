"""The territory of the Paris extract with its graph and its addresses."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from portal.territories.api import TerritoryView
from portal.territories.build.addresses import build_addresses
from tests.support.paris import EXTRACT
from tests.support.routed import paris_graph, routed_territory

__all__ = ["located_territory", "paris_addresses", "paris_graph", "routed_territory"]


@pytest.fixture(scope="session")
def paris_addresses(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The index of the addresses of the extract."""
    built = tmp_path_factory.mktemp("addresses") / "addresses.sqlite"
    build_addresses(shared_data / EXTRACT, built)
    return built


@pytest.fixture
def located_territory(
    routed_territory: Callable[[], TerritoryView], paris_addresses: Path
) -> Callable[[], TerritoryView]:
    """A function that makes the territory of the extract in the present application, with graph and addresses."""

    def make() -> TerritoryView:
        territory = routed_territory()
        assert territory.addresses_path is not None
        if not territory.addresses_path.exists():
            shutil.copy(paris_addresses, territory.addresses_path)
        return territory

    return make
