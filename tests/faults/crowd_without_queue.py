"""Run alone: eight callers at the same instant, limits on, and nothing listens where the queue should be."""

from __future__ import annotations

import sys
from pathlib import Path
from threading import Barrier, Thread

from portal import create_app
from portal.db import Base, db
from tests.support.database import make_settings

_CALLERS = 8


def main(folder: Path) -> None:
    """Print what each caller was answered, a status per line."""
    queue = f"unix://{folder / 'nothing-here.sock'}"
    app = create_app(make_settings(folder, testing=False, rate_limits=True, redis_url=queue))
    with app.app_context():
        Base.metadata.create_all(db.engine)
    together = Barrier(_CALLERS)
    statuses = []

    def call() -> None:
        client = app.test_client()
        together.wait()
        statuses.append(client.get("/p/NOTAPASS").status_code)

    callers = [Thread(target=call) for _ in range(_CALLERS)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    sys.stdout.write("\n".join(map(str, statuses)))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
