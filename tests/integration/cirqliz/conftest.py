"""The small world of requests, on each kind of database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.factories.cirqliz import RunJobs, World, make_world


@pytest.fixture
def world(database: Flask, run_jobs: RunJobs) -> Iterator[World]:
    """A town, a company and its clerk; the planner of the application is put back afterwards."""
    planner = database.extensions["tour_planner"]
    yield make_world(database, run_jobs)
    database.extensions["tour_planner"] = planner
