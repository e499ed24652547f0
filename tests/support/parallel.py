"""The run on several processors: tests that share what is long to prepare stay on one of them, one after another."""

from __future__ import annotations

import pytest

from tests.support.data import ROOT

# Each of these folders has fixtures for the whole run (a territory's graph, a portal under its supervisor): elsewhere
# the tests of one file stay together.
_TOGETHER = ("browser", "faults", "integration/itineriz", "properties", "web")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Name the group of each test."""
    for item in items:
        path = item.path.relative_to(ROOT / "tests").as_posix()
        group = next((folder for folder in _TOGETHER if path.startswith(f"{folder}/")), path)
        item.add_marker(pytest.mark.xdist_group(group))
