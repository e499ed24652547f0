"""The translation function with a type."""

from __future__ import annotations

from flask_babel import gettext


def _(text: str, /, **params: object) -> str:
    """Return the text in the language of the page, its parameters filled in."""
    return str(gettext(text, **params))
