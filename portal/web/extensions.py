"""The Flask extensions shared by the contexts, configured once."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_wtf.csrf import CSRFProtect
from htmx_flask import Htmx
from itsdangerous import URLSafeTimedSerializer

from portal.config import Settings


class _Sessions(SecureCookieSessionInterface):
    """Cookies signed as Flask signs them, by a signer that is made once."""

    def __init__(self) -> None:
        self._signer: URLSafeTimedSerializer | None = None

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        if self._signer is None:
            self._signer = super().get_signing_serializer(app)
        return self._signer


csrf = CSRFProtect()
htmx = Htmx()
limiter = Limiter(key_func=get_remote_address, default_limits=[], headers_enabled=False)


def init_app(app: Flask) -> None:
    """Configure sessions, CSRF, htmx and rate limits from the settings."""
    settings: Settings = app.extensions["settings"]
    app.config.update(
        SECRET_KEY=settings.secret_key,
        MOST_SENT_BYTES=settings.max_upload_bytes,
        MAX_CONTENT_LENGTH=settings.max_upload_bytes + 1024 * 1024,
        MAX_FORM_MEMORY_SIZE=2 * 1024 * 1024,
        SESSION_COOKIE_NAME="joptimiz",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        REMEMBER_COOKIE_HTTPONLY=True,
        REMEMBER_COOKIE_SAMESITE="Lax",
        REMEMBER_COOKIE_SECURE=settings.secure_cookies,
        PERMANENT_SESSION_LIFETIME=timedelta(days=14),
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=settings.secure_cookies,
        RATELIMIT_ENABLED=settings.rate_limits,
        RATELIMIT_STORAGE_URI=_limits_storage(settings),
        # A queue that is down must not close the site: the limit falls back to this process's own count.
        RATELIMIT_IN_MEMORY_FALLBACK_ENABLED=True,
        # Flask-Limiter lets one request fall back; those under way beside it would fail with the queue.
        RATELIMIT_SWALLOW_ERRORS=True,
    )
    app.session_interface = _Sessions()
    csrf.init_app(app)
    htmx.init_app(app)
    limiter.init_app(app)


def _limits_storage(settings: Settings) -> str:
    if settings.testing:
        return "memory://"
    return settings.redis_url.replace("unix://", "redis+unix://", 1)
