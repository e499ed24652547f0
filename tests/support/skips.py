"""Tests that need a program of the machine: without it they are skipped, and the run says so loudly at its end.

With JOPTIMIZ_NOTHING_SKIPPED=1 such a run fails: it promised to prove everything.
"""

from __future__ import annotations

import os
from typing import Any, NoReturn

import pytest

_SIGN = "wants a program: "
STRICT = "JOPTIMIZ_NOTHING_SKIPPED"


def skip_for_want_of(program: str, remedy: str) -> NoReturn:
    """Skip the running test. remedy: what to do, as one sentence, such as `install Debian's package chromium`."""
    pytest.skip(f"{_SIGN}{program} ({remedy})")


def _wanted(reporter: Any) -> dict[str, int]:
    """Return how many tests each missing program cost, by the sentence of its skip."""
    wanted: dict[str, int] = {}
    for report in reporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if _SIGN in reason:
            sentence = reason.split(_SIGN, 1)[1]
            wanted[sentence] = wanted.get(sentence, 0) + 1
    return wanted


def _strict() -> bool:
    return os.environ.get(STRICT, "0") == "1"


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a strict run in which a program was missing."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if _strict() and reporter is not None and _wanted(reporter) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say which programs were missing, what that cost and what to do."""
    for sentence, count in sorted(_wanted(terminalreporter).items()):
        line = f"NOT PROVEN: {count} test{'s' if count > 1 else ''} skipped for want of {sentence}"
        ending = f"; {STRICT}=1 makes this a failure" if _strict() else ""
        terminalreporter.write_line(line + ending, red=True, bold=True)
