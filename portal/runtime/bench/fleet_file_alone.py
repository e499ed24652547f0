"""A fleet file imported in a process of its own, so that its memory is its own: `python -m ... VAR FILE DATABASE`."""

from __future__ import annotations

import csv
import io
import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from uuid import UUID

from sqlalchemy import insert

from portal import create_app
from portal.accounts import api as accounts
from portal.common.actor import system_actor
from portal.common.clock import SYSTEM_CLOCK
from portal.common.ids import new_id
from portal.config import PROJECT_ROOT, load_settings
from portal.db import unit_of_work
from portal.db.migrations import to_latest
from portal.fleet.imports.applying import confirm_import
from portal.fleet.imports.judging import start_import
from portal.fleet.imports.state import get_import
from portal.fleet.imports.storing import VEHICLES
from portal.fleet.models import Category, ImportState
from portal.fleet.plates import PlateScheme, plate_key
from portal.runtime.bench.line import timed_ms
from portal.runtime.demo.jobs import jobs_in_this_process, run_waiting_jobs
from portal.runtime.demo.names import siret_of


def main(var_dir: Path, path: Path, database_url: str) -> None:
    """Send a file, have it judged and stored as the portal does, by its jobs; print what it took as JSON.

    database_url: an empty database. Raises RuntimeError unless each row of the file is a new vehicle afterwards.
    """
    app = create_app(load_settings(environ={}, var_dir=var_dir, database_url=database_url, rate_limits=False))
    content, actor = path.read_bytes(), system_actor("bench")
    rows = len(content.splitlines()) - 1
    with app.app_context(), jobs_in_this_process(app):
        to_latest(app)
        company_id, other_id = (_company(number) for number in (1, 2))
        started = time.perf_counter()
        import_id = start_import(actor, company_id, path.name, content)
        first_s = time.perf_counter() - started
        run_waiting_jobs(app)
        confirm_import(actor, company_id, import_id)
        run_waiting_jobs(app)
        stored_s = time.perf_counter() - started
        peak_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        ended = get_import(company_id, import_id)
        if ended.state is not ImportState.APPLIED or ended.added != rows:
            raise RuntimeError(f"{ended.state}: {ended.added} vehicles of {rows} rows")
        bare_s = timed_ms(lambda: _insert_bare(other_id, content)) / 1000
    figures = {"first_s": first_s, "stored_s": stored_s, "bare_s": bare_s, "peak_bytes": peak_bytes}
    sys.stdout.write(json.dumps(figures) + "\n")


def fleet_file_alone(var_dir: Path, path: Path, database_url: str) -> dict[str, float]:
    """Run `main` in a new process; return what it took.

    first_s: until the first faults were found; stored_s: until all was stored; bare_s: the same rows merely read and
    inserted; peak_bytes: the most memory of the process until it was stored.
    """
    done = subprocess.run(
        [sys.executable, "-m", __spec__.name, str(var_dir), str(path), database_url],
        cwd=PROJECT_ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _company(number: int) -> UUID:
    details = accounts.CompanyDetails(f"Mesure {number}", "1 quai de la Gare", "75013", "Paris")
    return accounts.seed_company(siret_of(number), details)


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
    with unit_of_work() as uow:
        uow.session.connection().execute(insert(VEHICLES), rows)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
