"""The chain of the journal: whoever alters a line is told of, wherever the line stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import create_engine, delete, insert, select, text, update
from sqlalchemy.exc import DatabaseError

from portal import create_app
from portal.audit import AuditTag, record, seal_entries, verify_journal
from portal.audit.chain import SEALED_WITHIN, Break
from portal.audit.models import AuditEntry, AuditSeal
from portal.common.actor import system_actor
from portal.common.clock import SYSTEM_CLOCK, FixedClock
from portal.db import db, migrations, session
from tests.support.database import make_settings
from tests.support.races import overtaken

WHO = system_actor("test")
LINES = 6


def write_lines(count: int = LINES) -> list[int]:
    for number in range(count):
        record(WHO, AuditTag.PASS_ISSUED, subject_id=uuid4(), data={"number": f"LP-{number}", "weight": 1.5})
    return list(session().scalars(select(AuditEntry.id).order_by(AuditEntry.id)))


def sealed_journal() -> list[int]:
    ids = write_lines()
    assert seal_entries() == len(ids)
    return ids


def test_journal_is_intact_when_nobody_touched_it(database: Flask) -> None:
    ids = sealed_journal()
    found = verify_journal()
    assert (found.broken, found.number, found.unsealed) == (None, len(ids), 0)
    assert seal_entries() == 0
    write_lines(2)
    assert verify_journal().unsealed == 2
    assert seal_entries(everything=True) == 2
    assert verify_journal(noted=(found.number, found.digest)).broken is None


def change(ids: list[int]) -> None:
    session().execute(update(AuditEntry).where(AuditEntry.id == ids[2]).values(data={"number": "LP-9"}))


def change_who(ids: list[int]) -> None:
    session().execute(update(AuditEntry).where(AuditEntry.id == ids[2]).values(actor_label="somebody else"))


def change_when(ids: list[int]) -> None:
    at = SYSTEM_CLOCK.now() - timedelta(days=1)
    session().execute(update(AuditEntry).where(AuditEntry.id == ids[2]).values(at=at))


def remove(ids: list[int]) -> None:
    session().execute(delete(AuditEntry).where(AuditEntry.id == ids[2]))


def remove_with_its_seal(ids: list[int]) -> None:
    remove(ids)
    session().execute(delete(AuditSeal).where(AuditSeal.entry_id == ids[2]))


def exchange(ids: list[int]) -> None:
    session().execute(update(AuditSeal).where(AuditSeal.entry_id == ids[2]).values(entry_id=-1))
    session().execute(update(AuditSeal).where(AuditSeal.entry_id == ids[3]).values(entry_id=ids[2]))
    session().execute(update(AuditSeal).where(AuditSeal.entry_id == -1).values(entry_id=ids[3]))


@pytest.mark.parametrize(
    ("harm", "expected"),
    [
        (change, Break.CHANGED),
        (change_who, Break.CHANGED),
        (change_when, Break.CHANGED),
        (remove, Break.MISSING),
        (remove_with_its_seal, Break.RENUMBERED),
        (exchange, Break.CHANGED),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_journal_is_broken_when_a_line_was_altered(
    database: Flask, harm: Callable[[list[int]], None], expected: Break
) -> None:
    ids = sealed_journal()
    harm(ids)
    session().commit()
    found = verify_journal()
    assert (found.broken, found.number) == (expected, 2)


def test_end_that_was_cut_is_seen_when_a_link_was_noted(database: Flask) -> None:
    ids = sealed_journal()
    noted = verify_journal()
    for entry_id in ids[-2:]:
        session().execute(delete(AuditSeal).where(AuditSeal.entry_id == entry_id))
        session().execute(delete(AuditEntry).where(AuditEntry.id == entry_id))
    session().commit()
    assert verify_journal().broken is None
    assert verify_journal(noted=(noted.number, noted.digest)).broken is Break.CUT_SHORT


def test_chain_made_again_is_seen_when_a_link_was_noted(database: Flask) -> None:
    ids = sealed_journal()
    noted = verify_journal()
    change(ids)
    session().execute(delete(AuditSeal))
    session().commit()
    assert seal_entries() == len(ids)
    assert verify_journal().broken is None
    assert verify_journal(noted=(noted.number, noted.digest)).broken is Break.NOT_AS_NOTED


def test_old_line_without_a_seal_is_told(database: Flask) -> None:
    sealed_journal()
    write_lines(1)
    later = FixedClock(SYSTEM_CLOCK.now() + SEALED_WITHIN + timedelta(minutes=1))
    assert verify_journal().broken is None
    assert verify_journal(clock=later).broken is Break.NEVER_SEALED


def test_line_that_appears_late_is_sealed_after_those_numbered_later(database: Flask) -> None:
    ids = write_lines(3)
    session().execute(insert(AuditSeal).values(number=1, entry_id=10**6, digest=bytes(32), sealed_at=datetime.now(UTC)))
    session().commit()
    assert seal_entries() == 0  # far below the newest: left to the search through all
    assert seal_entries(everything=True) == len(ids)


def test_two_sealers_do_not_fork_the_chain(database: Flask) -> None:
    ids = write_lines(40)
    session().commit()
    first, second = overtaken(database, seal_entries, seal_entries)
    assert (first, second) == (len(ids), 0)
    found = verify_journal()
    assert (found.broken, found.number) == (None, len(ids))


@pytest.fixture(params=["sqlite", "postgresql"])
def migrated(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    """An application whose database the migrations made, with the guards they set."""
    url = None
    if request.param == "postgresql":
        server = request.getfixturevalue("postgresql_url")
        name = f"journal_{uuid4().hex}"
        admin = create_engine(server, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        admin.dispose()
        url = server.replace("/postgres?", f"/{name}?", 1)
    app = create_app(make_settings(tmp_path, url))
    with app.app_context():
        migrations.attach(app)
        migrations.to_latest(app)
        yield app
        db.session.remove()
        db.engine.dispose()


@pytest.mark.parametrize("harm", [change, remove], ids=lambda harm: harm.__name__)
def test_database_refuses_to_alter_a_line(migrated: Flask, harm: Callable[[list[int]], None]) -> None:
    ids = sealed_journal()
    with pytest.raises(DatabaseError, match="append-only"):
        harm(ids)
    session().rollback()
    with pytest.raises(DatabaseError, match="append-only"):
        session().execute(delete(AuditSeal))
    session().rollback()
    assert verify_journal().broken is None


def verify(app: Flask, *more: str) -> Result:
    return app.test_cli_runner().invoke(args=["audit", "verify", *more])


def test_command_prints_the_last_link_and_takes_it_back(app: Flask) -> None:
    sealed_journal()
    first = verify(app)
    assert first.exit_code == 0, first.output
    link = first.stdout.strip()
    assert link.startswith(f"{LINES}:")
    assert verify(app, "--expect", link).exit_code == 0
    assert verify(app, "--expect", f"{LINES}:{'00' * 32}").exit_code == 1
    assert verify(app, "--expect", "nothing").exit_code == 2


def test_command_calls_nothing_altered_when_the_portal_stopped_before_its_next_seal(app: Flask) -> None:
    sealed_journal()
    night = FixedClock(SYSTEM_CLOCK.now() - timedelta(hours=10))
    record(system_actor("essai"), AuditTag.RULE_ADDED, data={"name": "last of the evening"}, clock=night)
    found = verify(app)
    assert found.exit_code == 3, found.output
    assert found.stdout.startswith(f"{LINES}:")
    assert "Nothing that is sealed was altered" in found.stderr
    assert app.test_cli_runner().invoke(args=["audit", "seal"]).exit_code == 0
    assert verify(app).exit_code == 0
