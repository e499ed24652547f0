"""Copy the few front-end files the portal serves from node_modules into static/vendor, and check each of them.

    python scripts/vendor.py            copy and check; stops at the first file that is not the expected one
    python scripts/vendor.py --update   after a change of package.json: write versions and sums into the manifest,
                                        and take the addresses out of the npm lock

The manifest (static/vendor-manifest.json) names each package with its version, its licence and its files with their
SHA-256. The copies are git-ignored: `npm ci` and this script make them again.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


class VendorError(Exception):
    """A front-end file is missing or is not the expected one; the message is one sentence for a person."""


def installed(modules: Path, name: str) -> dict[str, Any]:
    """Return the package.json of an installed package. Raises VendorError when it is not there."""
    path = modules / name / "package.json"
    if not path.is_file():
        raise VendorError(f"{name} is not in node_modules: run npm ci first.")
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def digest(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    if not path.is_file():
        raise VendorError(f"{path} is missing: run npm ci again.")
    return hashlib.sha256(path.read_bytes()).hexdigest()


def copy_all(manifest: dict[str, Any], modules: Path, target: Path) -> int:
    """Copy every file of the manifest to target and return how many; the old folder is replaced only if all are right.

    Raises VendorError at the first version, licence or sum that differs from the manifest.
    """
    fresh = target.with_name(target.name + ".partial")
    shutil.rmtree(fresh, ignore_errors=True)
    count = 0
    for package in manifest["packages"]:
        found = installed(modules, package["name"])
        for key in ("version", "license"):
            if found[key] != package[key]:
                raise VendorError(f"{package['name']}: {key} is {found[key]}, the manifest says {package[key]}.")
        for file in package["files"]:
            source = modules / package["name"] / file["from"]
            if digest(source) != file["sha256"]:
                raise VendorError(f"{package['name']}: {file['from']} is not the expected file (its SHA-256 differs).")
            destination = fresh / file["to"]
            destination.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, destination)
            count += 1
    shutil.rmtree(target, ignore_errors=True)
    fresh.rename(target)
    return count


def update(manifest: dict[str, Any], modules: Path) -> None:
    """Write the installed versions, licences and sums into the manifest, in place."""
    for package in manifest["packages"]:
        found = installed(modules, package["name"])
        package["version"], package["license"] = found["version"], found["license"]
        for file in package["files"]:
            file["sha256"] = digest(modules / package["name"] / file["from"])


def without_addresses(lock: dict[str, Any]) -> dict[str, Any]:
    """Return the npm lock without its funding pages: a lock holds names, versions and sums, no address."""
    packages = {name: {k: v for k, v in entry.items() if k != "funding"} for name, entry in lock["packages"].items()}
    return {**lock, "packages": packages}


def write_json(path: Path, value: dict[str, Any]) -> None:
    """Write a JSON file as npm writes it: two spaces, one line feed at the end."""
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def main(arguments: list[str]) -> int:
    """Run the command; return its exit status."""
    path = ROOT / "static" / "vendor-manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    try:
        if arguments == ["--update"]:
            update(manifest, ROOT / "node_modules")
            write_json(path, manifest)
            lock = ROOT / "package-lock.json"
            write_json(lock, without_addresses(json.loads(lock.read_text(encoding="utf-8"))))
        elif arguments:
            raise VendorError("usage: vendor.py [--update]")
        count = copy_all(manifest, ROOT / "node_modules", ROOT / "static" / "vendor")
    except VendorError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 2
    print(f"{count} front-end files checked and copied to static/vendor.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
