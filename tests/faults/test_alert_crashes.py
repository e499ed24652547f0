"""A job that tells followers what is new, killed (-9) before any of its writes: all are told once, or nobody yet."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path


def test_followers_are_told_once_when_the_job_is_killed_at_any_write(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.faults.alerting", str(tmp_path)]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    first, *deaths, lived, after = (json.loads(line) for line in answer.stdout.splitlines())
    # The claim, the end of the job, two alerts, two mails, the commit of each transaction.
    assert len(deaths) >= 6
    assert all(found == first for found in deaths)
    assert (lived["sent"], lived["told"], lived["done"]) == (2, [1, 1], True)
    assert after == lived
