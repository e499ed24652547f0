"""The command `bench`."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext

from portal.config import Settings
from portal.runtime.bench.ground import prepared_ground
from portal.runtime.bench.line import Line, table
from portal.runtime.bench.themes import THEMES
from portal.runtime.supervisor import StartError, check_disk

_NEEDED_BYTES = 200 * 10**6


@click.command("bench")
@click.option("--only", "only", multiple=True, type=click.Choice(list(THEMES)), help="Measure this theme; repeatable.")
@with_appcontext
def bench(only: tuple[str, ...]) -> None:
    """Measure the portal, print a table and write var/bench.json.

    It runs a demonstration of its own under var/bench, prepared at the first run; a running portal is left alone.

    Example: joptimiz bench --only routes
    """
    settings: Settings = current_app.extensions["settings"]
    chosen = only or tuple(THEMES)
    lines: list[Line] = []
    try:
        check_disk(settings.var_dir, _NEEDED_BYTES)
        with prepared_ground(settings.var_dir / "bench", _say) as ground:
            for name in chosen:
                _say(f"Measuring {name}…")
                lines += THEMES[name](ground)
    except StartError as error:
        _say(f"Error: {error}")
        sys.exit(1)
    path = settings.var_dir / "bench.json"
    write(path, lines)
    click.echo(table(lines))
    _say(f"Written to {path.parent.name}/{path.name}")


def write(path: Path, lines: Sequence[Line]) -> None:
    """Write the lines as a JSON list, whole or not at all."""
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps([line.to_json() for line in lines], indent=2, ensure_ascii=False), encoding="utf-8")
    partial.rename(path)


def _say(sentence: str) -> None:
    click.echo(sentence, err=True)
