"""Two people at the same instant: what the second one does while the first one's transaction is still open."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from flask import Flask

from portal.db import db, unit_of_work

# Long enough for the second one to reach the first one's lock; no outcome depends on it.
_HEAD_START_S = 0.3


def overtaken[A, B](
    app: Flask, first: Callable[[], A], second: Callable[[], B], *, then: Callable[[], object] | None = None
) -> tuple[A, B | BaseException]:
    """Run `first`, start `second` in a thread before it is committed, commit, and return what both gave or raised.

    then: what the first one does besides, in the same transaction, once the second has begun.
    """

    def other() -> B:
        with app.app_context():
            try:
                return second()
            finally:
                db.session.remove()

    with ThreadPoolExecutor(1) as pool:
        with unit_of_work():
            gave = first()
            db.session.flush()
            running: Future[B] = pool.submit(other)
            time.sleep(_HEAD_START_S)
            if then is not None:
                then()
        error = running.exception(timeout=20)
        answer: B | BaseException = running.result() if error is None else error
    db.session.rollback()
    return gave, answer
