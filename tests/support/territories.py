"""The village's build, made once for the run and laid where an application looks for builds."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from flask import Flask

from portal.config import Settings
from portal.territories import pipeline
from tests.support.extract import village


@pytest.fixture(scope="session")
def village_source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The extract of a village."""
    return village().write(tmp_path_factory.mktemp("extract") / "village.osm")


@pytest.fixture(scope="session")
def village_builds(village_source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of builds that holds the village's."""
    folder = tmp_path_factory.mktemp("builds")
    pipeline.build(village_source, folder)
    return folder


def lay_builds(app: Flask, builds: Path, slug: str) -> None:
    """Copy a folder of builds to where the application keeps those of a territory: adding it then builds nothing."""
    settings: Settings = app.extensions["settings"]
    shutil.copytree(builds, settings.territories_dir / slug, dirs_exist_ok=True)
