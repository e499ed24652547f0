"""How long the check of a large fleet file takes, against merely reading it as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from portal.config import Settings
from portal.fleet.checking import check_file
from portal.runtime.bench.ground import Ground
from portal.runtime.bench.line import Line, timed_ms
from portal.runtime.demo.names import plate_of

_ROWS = 20_000
_RUNS = 3


def measure(ground: Ground) -> Iterator[Line]:
    """Yield the best of some runs, in seconds."""
    settings: Settings = ground.app.extensions["settings"]
    content = _file()

    def check() -> None:
        report = check_file(content, max_rows=settings.max_import_rows, max_columns=settings.max_import_columns)
        if report.rows_good != _ROWS:
            raise RuntimeError(f"{report.rows_good} good rows of {_ROWS}")

    def read() -> None:
        if len(list(csv.DictReader(io.StringIO(content.decode()), delimiter=";"))) != _ROWS:
            raise RuntimeError("the reader lost rows")

    yield Line(
        f"fleet file check, {_ROWS} rows",
        min(timed_ms(check) for _ in range(_RUNS)) / 1000,
        "s",
        "csv.DictReader",
        min(timed_ms(read) for _ in range(_RUNS)) / 1000,
    )


def _file() -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";")
    writer.writerow(["Immatriculation", "Nom d’usage", "PTAC", "Hauteur", "Largeur", "Longueur", "Énergie", "Crit’Air"])
    for number in range(_ROWS):
        writer.writerow([plate_of(number), f"Porteur {number}", 12000, "3,5", "2,5", "8,6", "GO", "2"])
    return out.getvalue().encode()
