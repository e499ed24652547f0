"""How long a large fleet file takes: judged and stored, and until its first faults, against its targets and against
merely reading and inserting its rows. On SQLite, and on PostgreSQL where JOPTIMIZ_BENCH_POSTGRESQL names a database
of a server (`postgresql+psycopg://…`): a new one is made beside it for each run, and dropped.
"""

from __future__ import annotations

import csv
import io
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, make_url, text

from portal.config import Settings
from portal.runtime.bench.fleet_file_alone import fleet_file_alone
from portal.runtime.bench.ground import Ground
from portal.runtime.bench.line import Line
from portal.runtime.demo.names import plate_of

_ROWS = 50_000
_RUNS = 3
_TARGET_S, _TARGET_FIRST_S, _TARGET_BYTES = 6.0, 1.0, 300 * 10**6
_MEGABYTE = 10**6
_SERVER = "JOPTIMIZ_BENCH_POSTGRESQL"


def measure(ground: Ground) -> Iterator[Line]:
    """Yield the best seconds of some runs and their highest memory; each run in a process and a database of its own."""
    settings: Settings = ground.app.extensions["settings"]
    folder = settings.var_dir / "fleet-file"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    path = folder / "flotte.csv"
    path.write_bytes(_file())
    server = os.environ.get(_SERVER)
    try:
        yield from _lines("SQLite", [_run_on_sqlite(folder / f"run-{number}", path) for number in range(_RUNS)])
        if server:
            yield from _lines("PostgreSQL", [_run_on_server(folder, path, server) for _ in range(_RUNS)])
    finally:
        shutil.rmtree(folder)


def _lines(database: str, runs: Sequence[Mapping[str, float]]) -> Iterator[Line]:
    name = f"fleet file of {_ROWS} rows on {database}"
    best = {figure: min(run[figure] for run in runs) for figure in ("stored_s", "first_s", "bare_s")}
    peak = max(run["peak_bytes"] for run in runs)
    yield Line(f"{name}: judged and stored", best["stored_s"], "s", "csv.DictReader + executemany", best["bare_s"])
    yield Line(f"{name}: judged and stored against its target", best["stored_s"], "s", "target", _TARGET_S)
    yield Line(f"{name}: peak memory", peak / _MEGABYTE, "MB", "target", _TARGET_BYTES / _MEGABYTE)
    yield Line(f"{name}: first faults", best["first_s"], "s", "target", _TARGET_FIRST_S)


def _run_on_sqlite(folder: Path, path: Path) -> dict[str, float]:
    folder.mkdir()
    return fleet_file_alone(folder, path, f"sqlite:///{folder / 'joptimiz.sqlite'}")


def _run_on_server(folder: Path, path: Path, server: str) -> dict[str, float]:
    with _new_database(server) as url:
        return fleet_file_alone(folder, path, url)


@contextmanager
def _new_database(server: str) -> Iterator[str]:
    """The URL of a new database beside the one that a URL names; it is dropped afterwards."""
    name = f"joptimiz_bench_{secrets.token_hex(4)}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
            try:
                yield make_url(server).set(database=name).render_as_string(hide_password=False)
            finally:
                connection.execute(text(f"DROP DATABASE {name}"))
    finally:
        engine.dispose()


def _file() -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";")
    writer.writerow(["Immatriculation", "Nom d’usage", "PTAC", "Hauteur", "Largeur", "Longueur", "Énergie", "Crit’Air"])
    for number in range(_ROWS):
        writer.writerow([plate_of(number), f"Porteur {number}", 12000, "3,5", "2,5", "8,6", "GO", "2"])
    return out.getvalue().encode()
