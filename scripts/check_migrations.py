"""Check the migrations on an empty SQLite database: one head, up, equal to the models, down to nothing, up again."""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, create_engine, inspect

from portal import create_app
from portal.config import load_settings
from portal.db import Base, db, migrations


def check(database_url: str | None = None) -> list[str]:
    """Return the faults found, none when the migrations hold. database_url: an empty database (default SQLite)."""
    faults: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        more = {} if database_url is None else {"database_url": database_url}
        app = create_app(load_settings(environ={}, var_dir=Path(folder), testing=True, **more))
        with app.app_context():
            migrations.to_latest(app)
            with db.engine.connect() as connection:
                context = MigrationContext.configure(connection, opts={"compare_type": True, "render_as_batch": True})
                faults += [
                    f"models and migrations differ: {change}" for change in compare_metadata(context, Base.metadata)
                ]
            faults += _different_checks()
            migrations.to_nothing(app)
            left = set(inspect(db.engine).get_table_names()) - {"alembic_version"}
            faults += [f"downgrade leaves the table {name}" for name in sorted(left)]
            migrations.to_latest(app)
            db.engine.dispose()
    return faults


def _different_checks() -> list[str]:
    """What Alembic does not compare: the CHECK constraints, such as the values an enumeration may hold."""
    migrated = _checks(db.engine)
    with tempfile.TemporaryDirectory() as folder:
        models = create_engine(f"sqlite:///{folder}/models.sqlite")
        Base.metadata.create_all(models)
        expected = _checks(models)
        models.dispose()
    if db.engine.dialect.name != "sqlite":
        # Another database writes the same condition in its own words: compare which there are.
        migrated, expected = dict.fromkeys(migrated, ""), dict.fromkeys(expected, "")
    names = sorted(set(expected) | set(migrated))
    return [f"the constraint {name} differs" for name in names if expected.get(name) != migrated.get(name)]


def _checks(engine: Engine) -> dict[str, str]:
    found = inspect(engine)
    return {
        str(check["name"]): _in_order(" ".join(str(check["sqltext"]).split()))
        for table in found.get_table_names()
        for check in found.get_check_constraints(table)
    }


def _in_order(condition: str) -> str:
    """The condition with the values of its lists sorted: a list says the same in any order."""
    return re.sub(r"IN \((.*?)\)", lambda found: f"IN ({sorted(found[1].split(', '))})", condition)


if __name__ == "__main__":
    found = check()
    for fault in found:
        print(fault, file=sys.stderr)
    print(f"migrations: {'ok' if not found else f'{len(found)} faults'}")
    sys.exit(1 if found else 0)
