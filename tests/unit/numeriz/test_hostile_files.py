"""Files nobody means well: each is refused or repaired with its reason, in bounded memory and time."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from portal.numeriz.messages import ERRORS, ISSUES
from tests.support.data import ROOT
from tests.support.hostile import CASES


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """What became of each file, read one after another by one process that may not grow nor last."""
    run = subprocess.run(
        [sys.executable, "-m", "tests.support.hostile", str(tmp_path_factory.mktemp("hostile"))],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    read = dict(json.loads(line) for line in run.stdout.splitlines())
    assert run.returncode == 0, f"it died after {list(read)[-1:]}: {run.stderr[-2000:]}"
    return read


@pytest.mark.parametrize(("name", "expected"), [(case[0], case[4]) for case in CASES], ids=[case[0] for case in CASES])
def test_a_hostile_file_is_refused_or_repaired_with_its_reason(
    found: dict[str, object], name: str, expected: str | tuple[int, list[str]]
) -> None:
    assert found[name] == (expected if isinstance(expected, str) else list(expected))


def test_every_reason_has_a_sentence() -> None:
    refused = {case[4] for case in CASES if isinstance(case[4], str)}
    told = {code for case in CASES if not isinstance(case[4], str) for code in case[4][1]}
    assert refused <= ERRORS.keys() and told <= ISSUES.keys()


def test_no_memory_is_asked_for_when_a_file_is_too_large(tmp_path: Path) -> None:
    from portal.common.errors import Invalid
    from portal.numeriz.imports.documents import read_content
    from portal.numeriz.imports.reading import SourceFile

    path = tmp_path / "hole"
    with path.open("wb") as stream:
        stream.truncate(10**12)  # a hole of a terabyte
    with pytest.raises(Invalid, match="file-too-large"):
        read_content(SourceFile("hole", path), 10**6)
