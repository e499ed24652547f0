"""The headers of every answer: a strict content policy, no sniffing, no framing, nothing personal in a shared cache."""

from __future__ import annotations

from flask import Flask, Response, request

from portal.config import Settings

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data: blob:",
        "style-src 'self'",
        "script-src 'self'",
        "connect-src 'self'",
        "worker-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)

_HTML_VARIES_BY = ("HX-Request", "HX-Request-Type", "Cookie", "Accept-Language")


def init_app(app: Flask) -> None:
    """Add the headers after every request."""
    settings: Settings = app.extensions["settings"]

    of_all = {
        "Content-Security-Policy": CONTENT_SECURITY_POLICY,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Permissions-Policy": "geolocation=(self), camera=(), microphone=()",
        "Cross-Origin-Opener-Policy": "same-origin",
    }
    if settings.secure_cookies:
        of_all["Strict-Transport-Security"] = "max-age=31536000"

    @app.after_request
    def _add(response: Response) -> Response:
        # Looked through once: asking for a header that is not there costs an exception each time.
        present = {name.lower() for name, _ in response.headers}
        response.headers.extend({name: value for name, value in of_all.items() if name.lower() not in present})
        if response.mimetype == "text/html":
            response.vary.update(_HTML_VARIES_BY)
        if "cache-control" not in present and request.endpoint != "static":
            response.headers["Cache-Control"] = "no-store"
        return response
