"""A real build, made once for the whole run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.extract import village
from tests.support.territories import village_builds, village_source

__all__ = ["larger_source", "village_builds", "village_source"]


@pytest.fixture(scope="session")
def larger_source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The extract of the same village with one more street."""
    plan = village()
    plan.way([(0, 5), (4, 5)], {"highway": "residential", "name": "Rue Nouvelle"})
    return plan.write(tmp_path_factory.mktemp("extract") / "larger.osm.pbf")
