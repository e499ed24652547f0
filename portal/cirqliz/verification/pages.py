"""The answer to a scan as a page, made fast: hundreds of agents scan at the same minute."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from flask import current_app
from markupsafe import Markup

from portal.cirqliz import messages
from portal.cirqliz.law import Span
from portal.cirqliz.requests.queries import PerimeterLine
from portal.cirqliz.verification.services import Checked
from portal.web.locale import language

_REMEMBERED = 2048


@dataclass(frozen=True, slots=True)
class _Lines:
    perimeters: tuple[PerimeterLine, ...]


def perimeters_table(checked: Checked, zone: str) -> Markup:
    """Return the table of a pass's perimeters and hours. zone: the territory's clock.

    Passes of one event share it: it depends on what it shows alone, never on which pass or what became of it.
    """
    if checked.found is None:
        return Markup()
    lines = checked.found.perimeters
    hours = tuple((id_, tuple(spans)) for id_, spans in checked.hours.items())
    return _table(language(), zone, lines, hours)


@lru_cache(maxsize=_REMEMBERED)
def _table(
    _language: str, zone: str, lines: tuple[PerimeterLine, ...], hours: tuple[tuple[str, Sequence[Span]], ...]
) -> Markup:
    parts = current_app.jinja_env.get_template("cirqliz/parts.html").module
    made: Markup = parts.perimeters(_Lines(lines), dict(hours), messages, zone)  # type: ignore[attr-defined]
    return made
