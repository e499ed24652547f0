"""What every page needs and no context owns: guards, rendering, headers, error pages, language. Knows no context."""

from __future__ import annotations

from flask import Flask

from portal.web import errors, extensions, filters, guards, headers, inputs, locale, navigation, rendering, static_files


def init_app(app: Flask) -> None:
    """Attach the web platform to the application."""
    extensions.init_app(app)
    locale.init_app(app)
    inputs.init_app(app)
    rendering.init_app(app)
    filters.init_app(app)
    guards.init_app(app)
    navigation.init_app(app)
    static_files.init_app(app)
    headers.init_app(app)
    errors.init_app(app)
