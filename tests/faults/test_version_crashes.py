"""A version of an order killed (-9) before any of its writes: all of it is stored, or nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path


def test_a_version_is_stored_whole_or_not_at_all_when_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.faults.publishing", str(tmp_path)]
    told = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    first, *deaths, last = (json.loads(line) for line in told.stdout.splitlines())
    # The lock, the order, its measures, the version, the journal, the law, two jobs, the commit.
    assert len(deaths) >= 9
    assert all({**found, "dead": False} == first for found in deaths)
    assert not last["dead"] and last["title"] == "Autre titre" and last["law"] != first["law"]
    versions, entries, jobs = last["counts"]
    assert [versions - first["counts"][0], entries - first["counts"][1]] == [1, 1]
    assert jobs == first["counts"][2]  # the publication that waits since the first version says this one too
