"""The front-end files are copied only when each is the expected one."""

from __future__ import annotations

import hashlib
import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def vendor() -> ModuleType:
    spec = importlib.util.spec_from_file_location("vendor", ROOT / "scripts" / "vendor.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def modules(tmp_path: Path) -> Path:
    package = tmp_path / "node_modules" / "thing"
    package.mkdir(parents=True)
    (package / "package.json").write_text(json.dumps({"version": "1.2.3", "license": "MIT"}))
    (package / "thing.js").write_text("thing()")
    return package.parent


def _manifest(**change: str) -> dict[str, Any]:
    file = {"from": "thing.js", "to": "thing/thing.js", "sha256": hashlib.sha256(b"thing()").hexdigest()}
    package = {"name": "thing", "version": "1.2.3", "license": "MIT"}
    for key, value in change.items():
        (file if key in file else package)[key] = value
    return {"packages": [{**package, "files": [file]}]}


def test_files_are_copied_when_all_are_expected(vendor: ModuleType, modules: Path, tmp_path: Path) -> None:
    target = tmp_path / "vendor"
    target.mkdir()
    (target / "old.js").write_text("old()")
    assert vendor.copy_all(_manifest(), modules, target) == 1
    assert (target / "thing" / "thing.js").read_text() == "thing()" and not (target / "old.js").exists()


@pytest.mark.parametrize(
    "change",
    [{"version": "1.2.4"}, {"license": "GPL-3.0"}, {"sha256": "0" * 64}, {"from": "absent.js"}, {"name": "absent"}],
)
def test_nothing_is_replaced_when_one_file_differs(
    vendor: ModuleType, modules: Path, tmp_path: Path, change: dict[str, str]
) -> None:
    target = tmp_path / "vendor"
    target.mkdir()
    (target / "old.js").write_text("old()")
    with pytest.raises(vendor.VendorError):
        vendor.copy_all(_manifest(**change), modules, target)
    assert (target / "old.js").exists()


def test_lock_loses_its_addresses_and_nothing_else(vendor: ModuleType) -> None:
    entry = {"version": "1", "integrity": "sha512-x"}
    lock = {"name": "n", "packages": {"a": {**entry, "funding": {"url": "https://example.org"}}}}
    assert vendor.without_addresses(lock) == {"name": "n", "packages": {"a": entry}}


def test_manifest_names_exact_versions_of_the_packages() -> None:
    manifest = json.loads((ROOT / "static" / "vendor-manifest.json").read_text(encoding="utf-8"))
    wanted = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))["dependencies"]
    assert {package["name"]: package["version"] for package in manifest["packages"]} == wanted
