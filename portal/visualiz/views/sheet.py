"""The sheet of paper of what the map shows."""

from __future__ import annotations

from flask import Response, abort, request
from flask.typing import ResponseReturnValue
from flask_babel import get_locale

from portal.common.clock import SYSTEM_CLOCK
from portal.common.errors import NotFound
from portal.visualiz.bodies import Shelf
from portal.visualiz.layers import Box, read_box
from portal.visualiz.onscreen import read_layers
from portal.visualiz.sheet import Paper, SheetOrder, make_sheet
from portal.visualiz.views.asked import Asked, read_asked
from portal.visualiz.views.blueprint import SHEETS_PER_CALLER, blueprint
from portal.visualiz.views.exports import page_url
from portal.web.extensions import limiter
from portal.web.guards import PUBLIC, guard

_KEPT_SHEETS = 24
_FIELDS = 0.12
_sheets: Shelf[bytes] = Shelf(_KEPT_SHEETS)


@blueprint.get("/<territory>/fiche.pdf")
@guard(PUBLIC)
@limiter.limit(SHEETS_PER_CALLER)
def sheet(territory: str) -> ResponseReturnValue:
    """Send the sheet of a day: `format` a4 or a3, what is in the box `boite` or the whole territory."""
    asked = read_asked(territory)
    wanted = request.args.get("format", Paper.A4.value)
    if wanted not in set(Paper):
        abort(404)
    box = read_box(request.args.get("boite", "")) or _middle(asked.territory.bounds)
    if box is None:
        raise NotFound("territory-has-no-bounds")
    pdf = _made(asked, Paper(wanted), box)
    response = Response(pdf, mimetype="application/pdf")
    name = f"{asked.territory.slug}-{asked.moment.day}-{wanted}.pdf"
    response.headers["Content-Disposition"] = f'inline; filename="{name}"'
    return response


def _middle(bounds: Box | None) -> Box | None:
    """A territory without the last fields around its town, as the map opens on it."""
    if bounds is None:
        return None
    west, south, east, north = bounds
    across, up = (east - west) * _FIELDS, (north - south) * _FIELDS
    return west + across, south + up, east - across, north - up


def _made(asked: Asked, paper: Paper, box: Box) -> bytes:
    """The sheet, from those made last when the same one was asked for; that of one's own vehicle is never kept."""
    layers = read_layers(request.args.get("calques"))
    url = page_url(asked)
    order = SheetOrder(asked.territory, asked.moment, asked.choice, layers, box, asked.answer, url, SYSTEM_CLOCK.now())
    if asked.choice.is_own:
        return make_sheet(asked.law, order, paper)
    key = (
        asked.territory.id,
        asked.territory.law_notice,
        asked.law.version,
        str(get_locale()),
        paper,
        box,
        layers,
        url,
    )
    return _sheets.get(key, lambda: make_sheet(asked.law, order, paper))
