"""The health of a territory's data: what needs somebody, and where to mend it."""

from __future__ import annotations

from flask import request
from flask.typing import ResponseReturnValue

from portal.common.clock import SYSTEM_CLOCK
from portal.common.errors import NotFound
from portal.db import Page
from portal.numeriz.health import words as health_words
from portal.numeriz.health.doubts import count_doubtful
from portal.numeriz.health.measures import Fault, law_health
from portal.numeriz.health.sources import source_healths
from portal.numeriz.pushing.reading import list_stuck
from portal.numeriz.values import NUMERIZ
from portal.numeriz.views.desk import CLERK, blueprint, desk_page
from portal.territories.api import get_territory
from portal.web.guards import guard

_SIZE = 50


@blueprint.get("/sante")
@guard(CLERK)
def health(territory: str) -> ResponseReturnValue:
    """Show how fresh the sources are, what they could not bring, and what the measures in force lack."""
    view = get_territory(territory)
    return desk_page(
        "health/overview",
        view,
        sources=source_healths(view.id, SYSTEM_CLOCK.now()),
        law=law_health(view),
        faults=Fault,
        doubtful=count_doubtful(view.id),
        stuck=list_stuck(view.id),
        health_words=health_words,
        ours=NUMERIZ,
    )


@blueprint.get("/sante/<fault>")
@guard(CLERK)
def list_faults(territory: str, fault: str) -> ResponseReturnValue:
    """List the measures that lack something, of one source when asked."""
    if fault not in set(Fault):
        raise NotFound("page-not-found")
    view = get_territory(territory)
    law = law_health(view)
    asked = request.args.get("source", "")
    source = asked if asked in law.sources else None
    lines = law.listed(Fault(fault), source)
    cursor = request.args.get("cursor", "")
    first = min(int(cursor), len(lines)) if cursor.isdecimal() and len(cursor) < 9 else 0
    page = Page(
        lines[first : first + _SIZE],
        str(first + _SIZE) if first + _SIZE < len(lines) else None,
        str(max(0, first - _SIZE)) if first else None,
    )
    return desk_page(
        "health/measures",
        view,
        page=page,
        total=len(lines),
        fault=Fault(fault),
        faults=Fault,
        source=source,
        law=law,
        health_words=health_words,
        ours=NUMERIZ,
    )
