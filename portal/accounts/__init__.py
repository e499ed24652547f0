"""People, companies, memberships and staff roles: who acts, and for whom."""

from __future__ import annotations

from flask import Flask

from portal.accounts import models  # noqa: F401 the tables must be known before the first query


def register(app: Flask) -> None:
    """Attach the context to the application: its pages, its links, its commands, and who is behind each request."""
    from portal.accounts import hashing, identity, registry
    from portal.accounts.cli import group
    from portal.accounts.navigation import account_links
    from portal.accounts.own_traces import TRACES
    from portal.accounts.traces import declare_traces
    from portal.accounts.views import blueprint
    from portal.web.navigation import add_navigation

    hashing.init_app(app)
    registry.init_app(app)
    identity.init_app(app)
    app.register_blueprint(blueprint)
    add_navigation(app, account_links)
    declare_traces(*TRACES)
    app.cli.add_command(group)
