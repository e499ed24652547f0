"""Mails: the row is committed with the use case, a job hands it to SMTP, or the local outbox keeps it."""

from __future__ import annotations

from flask import Flask

from portal.config import Settings
from portal.mail.links import public_link
from portal.mail.outbox import list_outbox, send_mail

__all__ = ["list_outbox", "public_link", "register", "send_mail"]


def register(app: Flask) -> None:
    """Attach the outbox page, in demonstration mode only: elsewhere the URL does not exist."""
    from portal.mail.views import blueprint

    settings: Settings = app.extensions["settings"]
    if settings.demo_mode:
        app.register_blueprint(blueprint)
