"""What is on the screen as a file."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from urllib.parse import urljoin

from flask import Response, abort, request, url_for
from flask.typing import ResponseReturnValue

from portal.visualiz.files import MAKERS, About, FileKind
from portal.visualiz.layers import read_box
from portal.visualiz.onscreen import Screen, on_screen, read_layers
from portal.visualiz.views.asked import Asked, read_asked
from portal.visualiz.views.blueprint import FILES_PER_CALLER, blueprint
from portal.web import filters
from portal.web.extensions import limiter
from portal.web.guards import PUBLIC, guard


@blueprint.get("/<territory>/export.<file_kind>")
@guard(PUBLIC)
@limiter.limit(FILES_PER_CALLER)
def export(territory: str, file_kind: str) -> ResponseReturnValue:
    """Send what the map shows at a moment, in a box (`boite`) and with its layers (`calques`)."""
    asked = read_asked(territory)
    if file_kind not in set(FileKind):
        abort(404)
    mimetype, make = MAKERS[FileKind(file_kind)]
    response = Response(make(screen_of(asked), about(asked)), mimetype=mimetype)
    name = f"{asked.territory.slug}-{asked.moment.day}-{asked.moment.clock:%Hh%M}.{file_kind}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def screen_of(asked: Asked) -> Screen:
    """What is on the screen, with absolute addresses."""
    layers, box = read_layers(request.args.get("calques")), read_box(request.args.get("boite", ""))
    screen = on_screen(asked.territory, asked.law, asked.moment, layers, box, asked.choice)
    shown = (item if item.href is None else replace(item, href=_absolute(item.href)) for item in screen.shown)
    return replace(screen, shown=tuple(shown))


def _absolute(href: str) -> str:
    return urljoin(request.url_root, href)


def about(asked: Asked) -> About:
    """What a file says of itself."""
    at: datetime = asked.moment.at
    zone = asked.territory.timezone
    return About(
        title=f"{asked.territory.name}, {filters.instant(at, zone)}, {asked.choice.label}",
        page=page_url(asked),
        feeds=url_for("open_data.show_scope", territory=asked.territory.slug, _external=True),
        at=at,
    )


def page_url(asked: Asked) -> str:
    """The address of the map that shows the same."""
    kept = {name: request.args[name] for name in ("calques", "vue") if name in request.args}
    return url_for("visualiz.show_map", territory=asked.territory.slug, **{**asked.query, **kept}, _external=True)
