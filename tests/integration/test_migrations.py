"""The migrations, on both databases: up to the models' tables, down to nothing, up again."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from uuid import uuid4

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from flask_migrate import downgrade, upgrade
from sqlalchemy import create_engine, text

from portal import create_app
from portal.db import db, migrations
from tests.support.database import make_settings

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """The check that `make check` runs on SQLite."""
    spec = importlib.util.spec_from_file_location("check_migrations", ROOT / "scripts" / "check_migrations.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_migrations_go_up_and_down_on_sqlite(script: ModuleType) -> None:
    assert script.check() == []


def test_migrations_go_up_and_down_on_postgresql(script: ModuleType, postgresql_url: str) -> None:
    admin = create_engine(postgresql_url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text("CREATE DATABASE migrations"))
    admin.dispose()
    assert script.check(postgresql_url.replace("/postgres?", "/migrations?", 1)) == []


DAY = "2026-01-01"
COMMON = {"provenance": "{}", "issues": "[]", "issue_count": 0, "content_digest": "", "updated_at": DAY}


def rows_of_the_first_release(new: Callable[[], str]) -> Iterator[tuple[str, dict[str, object]]]:
    """One row of each table that the second migration changes, and a child that must survive it."""
    territory, order = new(), new()
    town = {"slug": "ville", "name": "Ville", "timezone": "Europe/Paris", "accent": "bleu", "contact_email": ""}
    yield "territory", {"id": territory, **town, "law_notice": "", "is_demo": False, "created_at": DAY, "version": 1}
    said = {"identifier": "A/1", "title": "Un", "authority_name": "Ville", "category": "permanent", "url": ""}
    row = {"id": order, "territory_id": territory, **said, "status": "published", "created_at": DAY}
    yield "traffic_order", row | COMMON
    yield "measure", {"id": new(), "order_id": order, "position": 0, "type": "noEntry", "document": "{}"}
    bay = {"local_id": "b1", "lon": 2, "lat": 48, "address": "", "regime": "permanent", "layout": "parallel"}
    yield "delivery_bay", {"id": new(), "territory_id": territory, **bay, "hours": "[]", "active": True} | COMMON
    report = {"kind": "orders", "state": "applied", "file_name": "f", "format": "", "counts": "{}", "items": "[]"}
    more = {"issue_counts": "{}", "error": "{}", "actor_label": "x", "created_at": DAY}
    yield "import_report", {"id": new(), "territory_id": territory, **report, **more}


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_what_is_stored_survives_when_the_first_release_is_upgraded(
    engine: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = None
    if engine == "postgresql":
        server = request.getfixturevalue("postgresql_url")
        admin = create_engine(server, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text("CREATE DATABASE upgraded"))
        admin.dispose()
        url = server.replace("/postgres?", "/upgraded?", 1)
    app = create_app(make_settings(tmp_path, url))
    with app.app_context():
        migrations.attach(app)
        upgrade(revision="0001")
        with db.engine.begin() as connection:
            for table, row in rows_of_the_first_release(lambda: uuid4().hex):
                values = ", ".join(f":{name}" for name in row)
                connection.execute(text(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({values})"), row)
        upgrade()
        with db.engine.connect() as connection:
            order = connection.execute(text("SELECT source, source_id, title FROM traffic_order")).one()
            counts = {
                table: connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()
                for table in ("territory", "measure", "delivery_bay", "import_report")
            }
            calendar = connection.execute(text("SELECT holidays FROM territory")).scalar_one()
        downgrade(revision="0001")
        with db.engine.connect() as connection:
            left = connection.execute(text("SELECT count(*) FROM measure")).scalar_one()
        db.engine.dispose()
    assert tuple(order) == ("numeriz", "A/1#Ville", "Un")
    assert counts == {"territory": 1, "measure": 1, "delivery_bay": 1, "import_report": 1}
    assert calendar == "metropole"
    assert left == 1


def test_there_is_one_head() -> None:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    assert len(ScriptDirectory.from_config(config).get_heads()) == 1
