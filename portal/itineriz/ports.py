"""What the planner asks of a sibling: the passes a vehicle holds. The factory passes the implementation in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

from flask import Flask, current_app

from portal.regulations.passes import PassRight

PassBook = Callable[[UUID, UUID], Sequence[PassRight]]
"""(territory id, vehicle id) -> the rights of the passes in force or to come."""

_KEY = "itineriz_pass_book"


def set_pass_book(app: Flask, book: PassBook) -> None:
    """Let the factory say where the passes of a vehicle are found."""
    app.extensions[_KEY] = book


def passes_of(territory_id: UUID, vehicle_id: UUID) -> Sequence[PassRight]:
    """The passes of a vehicle; none when the application has no pass book."""
    book: PassBook | None = current_app.extensions.get(_KEY)
    return book(territory_id, vehicle_id) if book is not None else ()
