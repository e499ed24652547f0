"""The run on several processors: tests that share what is long to prepare stay on one of them, one after another."""

from __future__ import annotations

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

# Each of these folders has fixtures for the whole run (a territory's graph, a portal under its supervisor): elsewhere
# the tests of one file stay together.
_TOGETHER = ("browser", "faults", "integration/itineriz", "properties", "web")


class ByPreparation(LoadScopeScheduling):
    """Hand out groups in the order of their folders: the browser and the faults, which wait much, come early."""

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.partition("::")[0].removeprefix("tests/")
        return next((folder for folder in _TOGETHER if path.startswith(f"{folder}/")), path)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByPreparation:
    """Group by preparation, whatever distribution is asked for."""
    return ByPreparation(config, log)
