"""An import in a process of its own, to be killed: `python -m tests.support.feed_import DATABASE_URL VAR SLUG FILE`."""

from __future__ import annotations

import sys
from pathlib import Path

from portal import create_app
from portal.common.actor import system_actor
from portal.numeriz.importing import run_import
from portal.numeriz.imports.reading import SourceFile
from portal.numeriz.values import ImportKind
from portal.territories.queries import get_territory
from tests.support.database import make_settings


def main(url: str, var_dir: Path, slug: str, path: Path) -> None:
    """Import a file of orders; say when the reading starts."""
    app = create_app(make_settings(var_dir, url))
    with app.app_context():
        sys.stdout.write("started\n")
        sys.stdout.flush()
        run_import(system_actor("test"), get_territory(slug), ImportKind.ORDERS, [SourceFile(path.name, path)])


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3], Path(sys.argv[4]))
