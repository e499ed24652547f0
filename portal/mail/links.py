"""The links of mails: full addresses of pages."""

from __future__ import annotations

from flask import current_app

from portal.config import Settings


def public_link(endpoint: str, **values: object) -> str:
    """Return the full URL of a page, from a request, a job or a command alike."""
    settings: Settings = current_app.extensions["settings"]
    return settings.public_url + current_app.url_map.bind("portal").build(endpoint, values)
