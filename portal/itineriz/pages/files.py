"""The files of a tour: for the device of the driver, for a spreadsheet, for paper."""

from __future__ import annotations

from uuid import UUID

from flask import Response, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale

from portal.common.errors import Conflict
from portal.itineriz import queries
from portal.itineriz.documents.files import FileKind, make_file
from portal.itineriz.pages.blueprint import MEMBER, ROUTES, blueprint
from portal.itineriz.pages.sharing import open_link
from portal.itineriz.queries import RouteView
from portal.territories.api import get_territory_by_id
from portal.web.extensions import limiter
from portal.web.guards import PUBLIC, guard
from portal.web.rendering import render_page

_KINDS = ",".join(FileKind)


@blueprint.get(f"{ROUTES}/<uuid:route_id>/fichiers/<any({_KINDS}):file_kind>")
@guard(MEMBER)
@limiter.limit("60 per minute; 600 per hour")
def route_file(company_id: UUID, route_id: UUID, file_kind: str) -> ResponseReturnValue:
    """Send one file of a tour to a member of its company."""
    route = queries.get_route(company_id, route_id)
    return _file(route, file_kind, url_for("itineriz.show_route", company_id=company_id, route_id=route_id))


@blueprint.get(f"/t/<token>/fichiers/<any({_KINDS}):file_kind>")
@guard(PUBLIC)
@limiter.limit("30 per minute; 300 per hour")
def shared_file(token: str, file_kind: str) -> ResponseReturnValue:
    """Send one file of a shared tour to whoever holds its link."""
    answer = _file(open_link(token).route, file_kind, url_for("itineriz.shared_route", token=token))
    if isinstance(answer, Response):
        answer.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    return answer


def _file(route: RouteView, kind: str, back: str) -> ResponseReturnValue:
    """The file, or the page that says why there is none. The road book is shown, the others are kept."""
    place = get_territory_by_id(route.territory_id)
    try:
        made = make_file(route, FileKind(kind), place=place, language=str(get_locale() or "fr")[:2])
    except Conflict as error:
        return render_page("itineriz/no_file.html", code=error.code, status=route.status, back=back), 409
    how = "inline" if kind == FileKind.PDF else "attachment"
    answer = Response(made.content, mimetype=made.mimetype)
    answer.headers["Content-Disposition"] = f'{how}; filename="{made.name}"'
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.add_etag()
    answer.make_conditional(request)
    return answer
