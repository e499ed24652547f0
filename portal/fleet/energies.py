"""What people write of the energy of a vehicle: a table beside this module, over which an operator lays another."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from flask import Flask, current_app, has_app_context

from portal.common.text import fold
from portal.config import ConfigurationError
from portal.fleet.models import Energy

type Energies = Mapping[str, Energy]
"""Our energy by what was written, folded."""

_SHIPPED: Final = Path(__file__).with_name("energies.toml")
_UNKNOWN: Final = "unknown"
_EXTENSION: Final = "fleet_energies"


def use_energies(app: Flask, path: Path | None) -> None:
    """Let an application understand the energies of a file before those of the product; raises ConfigurationError."""
    app.extensions[_EXTENSION] = shipped_energies() if path is None else _laid_over(path)


def energy_named(text: str) -> Energy | None:
    """Return the energy that a text names, in one way or in two that agree (« Gazole (GO) »); None when it does not."""
    energies: Energies = current_app.extensions[_EXTENSION] if has_app_context() else shipped_energies()
    written = fold(text)
    if written in energies:
        return energies[written]
    words = written.split()
    for cut in range(1, len(words)):
        first, second = (energies.get(" ".join(part)) for part in (words[:cut], words[cut:]))
        if first is not None and first is second:
            return first
    return None


@cache
def shipped_energies() -> Energies:
    """Return the table of the product."""
    return _known(_read(_SHIPPED))


def _laid_over(path: Path) -> Energies:
    try:
        said = _read(path)
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"JOPTIMIZ_ENERGIES: {path} cannot be used: {error}.") from error
    return _known({**shipped_energies(), **said})


def _known(table: Mapping[str, Energy | None]) -> Energies:
    # What the forms send means what it says, whatever a table holds.
    ours = {energy.value.replace("_", " "): energy for energy in Energy}
    return {text: energy for text, energy in table.items() if energy is not None} | ours


def _read(path: Path) -> dict[str, Energy | None]:
    """Return a table as it is written; None: an entry that is no longer read. Raises OSError, ValueError."""
    found: dict[str, Energy | None] = {}
    for name, texts in tomllib.loads(path.read_text(encoding="utf-8")).items():
        energy = None if name == _UNKNOWN else Energy(name)
        if not isinstance(texts, list) or not all(isinstance(text, str) and fold(text) for text in texts):
            raise ValueError(f"{name} is no list of texts")
        twice = sorted(text for text in texts if found.get(fold(text), energy) is not energy)
        if twice:
            raise ValueError(f"{twice[0]!r} has two energies")
        found.update(dict.fromkeys(map(fold, texts), energy))
    return found
