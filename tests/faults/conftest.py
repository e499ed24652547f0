"""One real portal, run by its supervisor, for every fault of this folder."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from tests.faults.work import Company
from tests.support.installation import DemoInstallation, RunningPortal, running

LEASE_S = 4


@pytest.fixture(scope="package")
def portal(demo_installation: DemoInstallation) -> Iterator[RunningPortal]:
    """A running copy of the demonstration whose lost runs are noticed after LEASE_S seconds."""
    if sys.platform != "linux":
        pytest.skip("the processes of the portal are found through /proc: Linux only")
    with running(demo_installation, command="up", JOB_LEASE_S=str(LEASE_S), DEMO="1", RATE_LIMITS="1") as found:
        yield found


@pytest.fixture(scope="package")
def company(portal: RunningPortal) -> Iterator[Company]:
    """A program that submits work to that portal through its services."""
    made = Company(portal.var_dir)
    yield made
    made.close()
