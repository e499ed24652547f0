"""Where errors become pages, once, for page and partial alike."""

from __future__ import annotations

import logging
import secrets

from flask import Flask, Response, current_app, jsonify, make_response, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from portal.common.errors import PortalError
from portal.db import session
from portal.web.rendering import render_page

_log = logging.getLogger(__name__)


def error_response(status: int, code: str, reference: str | None = None) -> Response:
    """Return the error page, or JSON for a program that asks for it."""
    if request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json":
        body = jsonify(error=code, reference=reference)
    elif status >= 500:
        # What failed may be what the pages' context needs (the database): this page needs none.
        page = current_app.jinja_env.get_template("errors/error.html")
        body = make_response(page.render(status=status, code=code, reference=reference))
    else:
        body = make_response(
            render_page("errors/error.html", block="content", status=status, code=code, reference=reference)
        )
    body.status_code = status
    return body


def init_app(app: Flask) -> None:
    """Map the portal's errors, HTTP errors and the unexpected."""

    @app.errorhandler(PortalError)
    def _portal_error(error: PortalError) -> ResponseReturnValue:
        return error_response(error.status, error.code)

    @app.errorhandler(CSRFError)
    def _csrf_error(_error: CSRFError) -> ResponseReturnValue:
        return error_response(400, "form-expired")

    @app.errorhandler(HTTPException)
    def _http_error(error: HTTPException) -> ResponseReturnValue:
        status = error.code or 500
        if 300 <= status < 400 or error.response is not None:
            return error.get_response()
        answer = error_response(status, f"http-{status}")
        for name, value in error.get_headers():
            if name.lower() in {"allow", "retry-after"}:
                answer.headers[name] = value
        return answer

    @app.errorhandler(Exception)
    def _unexpected(error: Exception) -> ResponseReturnValue:
        if app.testing or app.debug:
            raise error
        session().rollback()
        reference = secrets.token_hex(4)
        _log.exception("unexpected error %s at %s", reference, request.endpoint)
        return error_response(500, "unexpected", reference)
