"""One use case, one transaction. The only place of the portal that commits."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.db.base import db

_log = logging.getLogger(__name__)


class UnitOfWork:
    """The transaction of the running use case: its session and what must happen once it is durable."""

    def __init__(self, session_: Session) -> None:
        self.session = session_
        self._effects: list[Callable[[], None]] = []

    def after_commit(self, effect: Callable[[], None]) -> None:
        """Run effect once the commit is durable: queue pushes, mails, files to delete."""
        self._effects.append(effect)

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Let a part of the use case fail alone: an exception undoes what it wrote and forgets its effects, and the
        rest goes on. The exception goes on too.
        """
        known = len(self._effects)
        try:
            with self.session.begin_nested():
                yield
        except BaseException:
            del self._effects[known:]
            raise

    def run_effects(self) -> None:
        """Run the effects in order; a failing one is logged and never undoes what is committed."""
        for effect in self._effects:
            try:
                effect()
            except Exception:  # noqa: BLE001 whatever an effect raises, the commit stands
                _log.exception("an effect after commit failed; the sweep or the next run makes up for it")


_current: ContextVar[UnitOfWork | None] = ContextVar("unit_of_work", default=None)


def session() -> Session:
    """Return the session of the running request, job or command, for reads."""
    return db.session()


@contextmanager
def unit_of_work() -> Iterator[UnitOfWork]:
    """Open the transaction of a use case, or join the one already open.

    The outermost call commits, then runs the effects; any exception rolls the whole use case back. On SQLite the
    write lock is taken first, so that what the use case reads is still true when it writes.
    """
    joined = _current.get()
    if joined is not None:
        yield joined
        return
    own = UnitOfWork(session())
    # Reads made before belong to an older snapshot: begin afresh.
    own.session.rollback()
    if own.session.get_bind().dialect.name == "sqlite":
        own.session.execute(text("BEGIN IMMEDIATE"))
    token = _current.set(own)
    try:
        yield own
        own.session.commit()
    except BaseException:
        own.session.rollback()
        raise
    finally:
        _current.reset(token)
    own.run_effects()
