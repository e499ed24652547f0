"""How long the perimeters of Paris 2024 take to import, from the real files beside the repository."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from portal.config import PROJECT_ROOT, Settings
from portal.numeriz.values import ImportKind
from portal.runtime.bench.ground import Ground
from portal.runtime.bench.import_alone import import_alone
from portal.runtime.bench.line import Line, timed_ms

_RECORDS = 882
_TARGET_S = 5.0


def measure(ground: Ground) -> Iterator[Line]:
    """Yield the seconds of the import beside a bare reading of the same JSON; nothing when the files are not there."""
    folder = Path(os.environ.get("JOPTIMIZ_SHARED_DATA", PROJECT_ROOT.parent / "shared" / "data")) / "jop2024"
    files = sorted(folder.glob("*.geojson"))
    if not files:
        sys.stderr.write("The real perimeters are not beside the repository: not measured.\n")
        return
    settings: Settings = ground.app.extensions["settings"]
    var_dir = settings.var_dir / "perimeters"
    shutil.rmtree(var_dir, ignore_errors=True)
    var_dir.mkdir(parents=True)
    try:
        bare = timed_ms(lambda: [json.loads(path.read_bytes()) for path in files]) / 1000
        found = import_alone(var_dir, ImportKind.PERIMETERS, files)
    finally:
        shutil.rmtree(var_dir)
    if found["counts"].get("records") != _RECORDS:
        raise RuntimeError(f"the files hold other records: {found['counts']}")
    yield Line(f"{_RECORDS} perimeter records: import", found["seconds"], "s", "bare reading of the JSON", bare)
    yield Line(f"{_RECORDS} perimeter records: import against its target", found["seconds"], "s", "target", _TARGET_S)
