"""What the repository must never hold: addresses in lock files, large files, paths of a machine."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from portal.audit.messages import SENTENCES
from portal.audit.tags import AuditTag

ROOT = Path(__file__).resolve().parents[2]


def _tracked() -> list[Path]:
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout: nothing is tracked here")
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    return [ROOT / name for name in names.split("\0") if name]


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock", "package-lock.json", ".npmrc"])
def test_lock_files_hold_no_address(name: str) -> None:
    assert not re.search(r"https?://", (ROOT / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_every_requirement_is_pinned_and_hashed(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ")
    for line in text.splitlines():
        if line and not line.startswith("#"):
            assert re.match(r"^[A-Za-z0-9._\[\],-]+==\S+", line), line
            assert "--hash=sha256:" in line, line


def test_no_tracked_file_is_large_or_names_a_machine() -> None:
    faults = []
    for path in _tracked():
        if not path.is_file():
            continue
        content = path.read_bytes()
        if len(content) > 700_000:
            faults.append(f"{path.relative_to(ROOT)}: {len(content)} bytes")
        if re.search(rb"/(?:home|Users)/[a-z]+/", content):
            faults.append(f"{path.relative_to(ROOT)}: path of a machine")
    assert not faults, "\n".join(faults)


def test_every_audit_tag_has_a_sentence() -> None:
    assert set(SENTENCES) == set(AuditTag)
