"""How long a large fleet file takes: judged and stored, and until its first faults, against merely reading and
inserting its rows.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from uuid import UUID

from sqlalchemy import insert, select

from portal.common.clock import SYSTEM_CLOCK
from portal.common.ids import new_id
from portal.config import Settings
from portal.db import session, unit_of_work
from portal.files import file_store
from portal.fleet.checking import FIRST_ROWS, FleetFile, read_file
from portal.fleet.imports.corrections import good_rows
from portal.fleet.imports.judging import judge_content
from portal.fleet.imports.storing import VEHICLES, Author, store
from portal.fleet.models import Category, ChangeSource, FleetImport
from portal.fleet.plates import PlateScheme, plate_key
from portal.runtime.bench.ground import Ground
from portal.runtime.bench.line import Line, timed_ms
from portal.runtime.demo.names import plate_of

_ROWS = 50_000
_RUNS = 3


class _NothingKept(Exception):
    """Raised to leave nothing of a measure in the database."""


def measure(ground: Ground) -> Iterator[Line]:
    """Yield the best of some runs, in seconds. What is stored is taken back."""
    settings: Settings = ground.app.extensions["settings"]
    content = _file()
    with ground.app.app_context():
        # Any company: what is written in its name is never kept.
        company_id = session().scalars(select(VEHICLES.c.company_id)).first()
        if company_id is None:
            raise RuntimeError("the demonstration has no company with a vehicle")
        bare_s = _best_s(lambda: _insert_bare(company_id, content))
        stored_s = _best_s(lambda: _judge_and_store(company_id, content, settings))
        first_s = _best_s(lambda: _first_faults(content, settings))
    reference = "csv.DictReader + executemany"
    yield Line(f"fleet file judged and stored, {_ROWS} rows", stored_s, "s", reference, bare_s)
    yield Line(f"fleet file of {_ROWS} rows, first faults", first_s, "s", reference, bare_s)


def _best_s(action: Callable[[], None]) -> float:
    return min(timed_ms(action) for _ in range(_RUNS)) / 1000


def _judge_and_store(company_id: UUID, content: bytes, settings: Settings) -> None:
    """What the two jobs of an import do: judge the file and keep its rows, then store them with their history."""
    outcome = judge_content(company_id, content, settings)
    if outcome.rows_good != _ROWS:
        raise RuntimeError(f"{outcome.rows_good} good rows of {_ROWS}")
    now = SYSTEM_CLOCK.now()
    row = FleetImport(
        id=new_id(),
        company_id=company_id,
        file_name="mesure.csv",
        file_key="",
        file_digest="",
        fixes={},
        created_at=now,
    )
    outcome.write_on(row)
    try:
        rows = good_rows(row)
        if rows is None:
            raise RuntimeError("the rows were not kept")
        with unit_of_work() as uow:
            uow.session.add(row)
            uow.session.flush()  # the lines of history refer to it
            stored = store(uow, company_id, rows, Author("bench", now, ChangeSource.IMPORT, row.id))
            if stored.added + stored.updated > _ROWS:
                raise RuntimeError("more was stored than the file holds")
            raise _NothingKept
    except _NothingKept:
        return
    finally:
        file_store().delete(outcome.report["rows_key"])


def _insert_bare(company_id: UUID, content: bytes) -> None:
    """The same rows into the same table, nothing looked at."""
    now = SYSTEM_CLOCK.now()
    same = {"company_id": company_id, "country": "FR", "plate_scheme": PlateScheme.SIV, "category": Category.N2}
    same |= {"label": "", "usages": [], "hazmat": False, "version": 1, "created_at": now, "updated_at": now}
    rows = [
        {**same, "id": new_id(), "plate": plate, "plate_key": f"-{number}"}
        for number, read in enumerate(csv.DictReader(io.StringIO(content.decode()), delimiter=";"))
        if (plate := plate_key(read["Immatriculation"]))
    ]
    if len(rows) != _ROWS:
        raise RuntimeError("the reader lost rows")
    try:
        with unit_of_work() as uow:
            uow.session.connection().execute(insert(VEHICLES), rows)
            raise _NothingKept
    except _NothingKept:
        return


def _first_faults(content: bytes, settings: Settings) -> None:
    """What the request that sends the file does before it answers."""
    read = read_file(
        content,
        max_rows=settings.max_import_rows,
        max_columns=settings.max_import_columns,
        only_first=FIRST_ROWS,
    )
    if sum(1 for _row in FleetFile(read.mapping, read.lines).judged()) != FIRST_ROWS:
        raise RuntimeError("the first rows were not judged")


def _file() -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";")
    writer.writerow(["Immatriculation", "Nom d’usage", "PTAC", "Hauteur", "Largeur", "Longueur", "Énergie", "Crit’Air"])
    for number in range(_ROWS):
        writer.writerow([plate_of(number), f"Porteur {number}", 12000, "3,5", "2,5", "8,6", "GO", "2"])
    return out.getvalue().encode()
