"""A process that runs one job of an installation and ends: `python -m tests.faults.applying FOLDER JOB`."""

from __future__ import annotations

import sys
from pathlib import Path

from portal import create_app
from portal.jobs import runner
from tests.support.database import make_settings


def main(folder: str, job_id: str) -> None:
    """Say that it is ready, then run the job."""
    app = create_app(make_settings(Path(folder)))
    with app.app_context():
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        runner.run(job_id)


if __name__ == "__main__":
    main(*sys.argv[1:])
