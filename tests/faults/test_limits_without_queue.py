"""Rate limits are counted beside the queue: when it is gone, nobody at the door may be turned away for it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from portal.config import PROJECT_ROOT

_WITHIN_S = 60


def test_every_visit_is_answered_when_the_queue_is_gone_under_a_crowd(tmp_path: Path) -> None:
    crowd = [sys.executable, "-m", "tests.faults.crowd_without_queue", str(tmp_path)]
    ran = subprocess.run(crowd, cwd=PROJECT_ROOT, capture_output=True, text=True, timeout=_WITHIN_S, check=True)
    assert ran.stdout.split() == ["404"] * 8, "a link that leads nowhere, and no failure"
