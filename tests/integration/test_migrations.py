"""The migrations, on both databases: up to the models' tables, down to nothing, up again."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text

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


def test_there_is_one_head() -> None:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    assert len(ScriptDirectory.from_config(config).get_heads()) == 1
