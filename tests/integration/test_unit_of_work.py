"""One use case, one transaction; keyset pages."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from portal.audit import AuditTag, list_entries, record
from portal.audit.models import AuditEntry
from portal.common.actor import system_actor
from portal.common.errors import Invalid
from portal.common.ids import new_id
from portal.db import paginate, session, unit_of_work

ACTOR = system_actor("tests")


def _count() -> int:
    return session().query(AuditEntry).count()


def test_inner_units_join_the_outer_one(database: Flask) -> None:
    happened: list[str] = []
    with pytest.raises(ZeroDivisionError), unit_of_work() as outer:
        with unit_of_work() as inner:
            assert inner is outer
            inner.after_commit(lambda: happened.append("effect"))
            record(ACTOR, AuditTag.TERRITORY_ADDED)
        raise ZeroDivisionError
    assert (_count(), happened) == (0, [])


def test_effects_run_after_the_commit_and_cannot_undo_it(database: Flask, caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        assert _count() == 1
        raise RuntimeError("mail server")

    later: list[str] = []
    with unit_of_work() as uow:
        record(ACTOR, AuditTag.TERRITORY_ADDED)
        uow.after_commit(fail)
        uow.after_commit(lambda: later.append("next effect"))
    assert (_count(), later) == (1, ["next effect"])
    assert "effect after commit" in caplog.text


def test_part_that_fails_leaves_no_trace_and_the_rest_goes_on(database: Flask) -> None:
    happened: list[str] = []
    with unit_of_work() as uow:
        uow.after_commit(lambda: happened.append("before"))
        record(ACTOR, AuditTag.TERRITORY_ADDED)
        with pytest.raises(ZeroDivisionError), uow.savepoint():
            record(ACTOR, AuditTag.TERRITORY_ADDED)
            uow.after_commit(lambda: happened.append("lost"))
            raise ZeroDivisionError
        with uow.savepoint():
            record(ACTOR, AuditTag.TERRITORY_ADDED)
            uow.after_commit(lambda: happened.append("kept"))
    assert (_count(), happened) == (2, ["before", "kept"])


@pytest.mark.parametrize("descending", [False, True])
def test_pages_go_forth_and_back_over_every_row_once(database: Flask, descending: bool) -> None:
    with unit_of_work():
        for number in range(23):
            record(ACTOR, AuditTag.TERRITORY_ADDED, data={"number": number})
    expected = sorted(range(23), reverse=descending)
    seen, cursor, pages = [], None, []
    while True:
        page = paginate(select(AuditEntry), [AuditEntry.at, AuditEntry.id], cursor, 5, descending)
        pages.append([entry.data["number"] for entry in page.items])
        seen += pages[-1]
        if page.next_cursor is None:
            break
        cursor = page.next_cursor
    assert seen == expected
    back = paginate(select(AuditEntry), [AuditEntry.at, AuditEntry.id], page.previous_cursor, 5, descending)
    assert [entry.data["number"] for entry in back.items] == pages[-2]
    first = paginate(select(AuditEntry), [AuditEntry.at, AuditEntry.id], None, 5, descending)
    assert first.previous_cursor is None


@pytest.mark.parametrize("cursor", ["x", "e30", "WyJuIl0", "ù", "WyJuIiwiYSIsImIiXQ"])
def test_bad_cursor_is_refused(database: Flask, cursor: str) -> None:
    with pytest.raises(Invalid):
        paginate(select(AuditEntry), [AuditEntry.at, AuditEntry.id], cursor)


def test_journal_is_only_read_within_a_scope(database: Flask) -> None:
    with pytest.raises(ValueError, match="scope"):
        list_entries()
    assert list_entries(subject_id=new_id()).items == []
