"""Write a migration from what differs between the models and the migrations: new_migration.py NUMBER "what changes"."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from flask_migrate import revision

from portal import create_app
from portal.config import load_settings
from portal.db import migrations

if __name__ == "__main__":
    number, message = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(load_settings(environ={}, var_dir=Path(folder), testing=True))
        with app.app_context():
            migrations.attach(app)
            if list(Path(app.extensions["migrate"].directory, "versions").glob("*.py")):
                migrations.to_latest(app)
            revision(message=message, autogenerate=True, rev_id=number)
