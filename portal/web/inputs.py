"""What no request may hold, whatever its page: refused once, before any page looks at it."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Flask, abort, request


def init_app(app: Flask) -> None:
    """Refuse the sign zero in every text sent: no form asks for it, and PostgreSQL cannot hold it."""

    @app.before_request
    def _refuse_zero() -> None:
        if any("\x00" in text for text in _texts()):
            request.view_args = {}  # the error page must not look for it either
            abort(400)


def _texts() -> Iterator[str]:
    """Every text of the running request that may reach the database: path, query, form, names of files.

    Tokens are read or digested before anything is looked up: a wrong one gets the answer of its own page.
    """
    yield from (str(value) for name, value in (request.view_args or {}).items() if name != "token")
    for values in (request.args, request.form):
        for name, sent in values.items(multi=True):
            yield name
            yield sent
    for file in request.files.values():
        yield file.filename or ""
