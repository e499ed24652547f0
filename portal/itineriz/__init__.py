"""The itineriz context."""

from __future__ import annotations

from flask import Flask


def register(app: Flask) -> None:
    """Attach the context to the application."""
