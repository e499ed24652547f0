"""Joptimiz: the application factory. It registers, nothing else."""

from __future__ import annotations

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from portal import (
    accounts,
    audit,
    cirqliz,
    db,
    fleet,
    itineriz,
    mail,
    numeriz,
    pages,
    territories,
    visualiz,
    web,
    wiring,
)
from portal.config import PROJECT_ROOT, Settings, load_settings
from portal.files.store import open_store
from portal.web.guards import unguarded_endpoints

CONTEXTS = (territories, accounts, fleet, numeriz, itineriz, cirqliz, visualiz)


def create_app(settings: Settings | None = None) -> Flask:
    """Return the portal as a WSGI application; raises RuntimeError when a view declares no guard."""
    settings = settings or load_settings()
    app = Flask(__name__, template_folder=str(PROJECT_ROOT / "templates"), static_folder=str(PROJECT_ROOT / "static"))
    app.testing = settings.testing
    app.extensions["settings"] = settings
    app.extensions["settings_root"] = PROJECT_ROOT
    app.config["SQLALCHEMY_DATABASE_URI"] = settings.database_url
    if settings.trusted_proxies:
        proxied = ProxyFix(app.wsgi_app, x_for=settings.trusted_proxies, x_proto=settings.trusted_proxies)
        app.wsgi_app = proxied  # type: ignore[method-assign]

    db.base.init_app(app)
    app.extensions["file_store"] = open_store(settings)
    web.init_app(app)
    mail.register(app)
    audit.register(app)
    pages.register(app)
    for context in CONTEXTS:
        context.register(app)
    wiring.connect(app)

    unguarded = unguarded_endpoints(app)
    if unguarded:
        raise RuntimeError(f"views without a guard: {', '.join(unguarded)}")
    return app
