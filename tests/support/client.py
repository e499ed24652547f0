"""The test client of every application made for tests."""

from __future__ import annotations

from contextvars import Context
from typing import Any

from flask import has_app_context
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal.db import db


class FreshContextClient(FlaskClient):
    """Each request runs in contexts of its own, as on a server.

    Inside the test's application context two requests would share `flask.g`: the second would still be the first's
    person, in the first's language.
    """

    def open(self, *args: Any, **options: Any) -> TestResponse:
        answer = Context().run(super().open, *args, **options)
        if has_app_context():
            db.session.rollback()  # what the test read before the request belongs to an older snapshot
        return answer
