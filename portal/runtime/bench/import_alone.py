"""An import in a process of its own, so that its memory is its own: `python -m ... VAR KIND FILE...`."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from flask import Flask

from portal import create_app
from portal.common.actor import system_actor
from portal.common.clock import SYSTEM_CLOCK
from portal.common.ids import new_id
from portal.config import PROJECT_ROOT, load_settings
from portal.db import unit_of_work
from portal.db.migrations import to_latest
from portal.numeriz.importing import run_import
from portal.numeriz.imports.reading import SourceFile
from portal.numeriz.values import ImportKind
from portal.territories.models import Territory
from portal.territories.queries import get_territory

SLUG = "mesure"


def main(var_dir: Path, kind: ImportKind, paths: Sequence[Path]) -> None:
    """Import files into the territory of a folder, made at the first time; print what it took as JSON."""
    app = create_app(load_settings(environ={}, var_dir=var_dir, rate_limits=False))
    with app.app_context():
        if not (var_dir / "joptimiz.sqlite").exists():
            _prepare(app)
        before = _peak_bytes()
        started, busy = time.perf_counter(), time.process_time()
        files = [SourceFile(path.name, path) for path in paths]
        outcome = run_import(system_actor("bench"), get_territory(SLUG), kind, files)
        taken, busy = time.perf_counter() - started, time.process_time() - busy
    figures = {
        "seconds": taken,
        "cpu_seconds": busy,
        "peak_bytes": _peak_bytes(),
        "before_bytes": before,
        "counts": dict(outcome.counts),
    }
    sys.stdout.write(json.dumps(figures) + "\n")


def import_alone(var_dir: Path, kind: ImportKind, paths: Sequence[Path]) -> dict[str, Any]:
    """Run `main` in a new process; return what it took: seconds, cpu_seconds, peak_bytes, before_bytes, counts."""
    done = subprocess.run(
        [sys.executable, "-m", __spec__.name, str(var_dir), kind.value, *map(str, paths)],
        cwd=PROJECT_ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _prepare(app: Flask) -> None:
    """A database of its own, with a territory that has no bounds: every order is kept."""
    to_latest(app)
    with unit_of_work() as uow:
        uow.session.add(Territory(id=new_id(), slug=SLUG, name="Mesure", created_at=SYSTEM_CLOCK.now()))


def _peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    main(Path(sys.argv[1]), ImportKind(sys.argv[2]), [Path(name) for name in sys.argv[3:]])
