"""The small world of requests behind real pages, with the address index of a village."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from portal.territories.build.addresses import build_addresses
from tests.factories.cirqliz import RunJobs, World, make_world
from tests.support.extract import village


@pytest.fixture(scope="session")
def village_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The address index of the village, whose houses stand in the red perimeter."""
    folder = tmp_path_factory.mktemp("village")
    build_addresses(village().write(folder / "village.osm"), folder / "addresses.sqlite")
    return folder / "addresses.sqlite"


@pytest.fixture
def world(app: Flask, run_jobs: RunJobs, village_index: Path) -> Iterator[World]:
    """A town with addresses, a company and its clerk; the planner is put back afterwards."""
    planner = app.extensions["tour_planner"]
    made = make_world(app, run_jobs)
    assert made.territory.addresses_path is not None
    made.territory.addresses_path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(village_index, made.territory.addresses_path)
    yield made
    app.extensions["tour_planner"] = planner
