"""What the pages of a pass share: the pass with its hours, and the page for the phone."""

from __future__ import annotations

from datetime import datetime

from portal.cirqliz.law import Span, spans_of
from portal.cirqliz.pages import show
from portal.cirqliz.passes.queries import PassView
from portal.numeriz.api import law_snapshot
from portal.regulations.schedules import Interval
from portal.territories.api import get_territory_by_id


def hours_of(found: PassView) -> dict[str, tuple[Span, ...]]:
    """Return the hours of each perimeter inside the dates of the pass, those the law still knows."""
    ids = [perimeter.perimeter_id for perimeter in found.perimeters]
    return spans_of(law_snapshot(found.territory_id), ids, Interval(found.valid_from, found.valid_to))


def pass_page(found: PassView, now: datetime, *, may_write: bool = False, key: str | None = None) -> str:
    """Render the page to hold under an agent's eyes. key: of the link it was opened by, where no account was needed."""
    return show(
        "pass.html",
        found=found,
        territory=get_territory_by_id(found.territory_id),
        hours=hours_of(found),
        phase=found.phase(now),
        now=now,
        may_write=may_write,
        key=key,
    )
