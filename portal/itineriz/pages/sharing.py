"""Links for the driver's phone: giving and ending them, and the page they open, without an account."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from flask import Response, current_app, flash, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.common.clock import SYSTEM_CLOCK
from portal.common.errors import Conflict, Invalid, NotFound
from portal.common.text import whole_number
from portal.config import Settings
from portal.itineriz import queries
from portal.itineriz.pages.blueprint import MEMBER, ROUTES, blueprint
from portal.itineriz.pages.context import tour_context
from portal.itineriz.pages.display import Answer
from portal.itineriz.pages.routes import send_layer
from portal.itineriz.sharing import (
    MOST_DAYS,
    LinkEnded,
    SharedRoute,
    days_until_after,
    read_link,
    share_route,
    withdraw_links,
)
from portal.web.extensions import limiter
from portal.web.guards import PUBLIC, current_actor, guard
from portal.web.qr import draw_qr
from portal.web.rendering import render_page


@blueprint.get(f"{ROUTES}/<uuid:route_id>/partager")
@guard(MEMBER)
def share_page(company_id: UUID, route_id: UUID) -> ResponseReturnValue:
    """Show how a tour is shared and, just after, the link: it stands in the address of this page alone."""
    return _share_page(company_id, route_id, request.args.get("lien", ""))


@blueprint.post(f"{ROUTES}/<uuid:route_id>/partager")
@guard(MEMBER)
@limiter.limit("60 per hour")
def share(company_id: UUID, route_id: UUID) -> ResponseReturnValue:
    """Give a link to a tour."""
    days = whole_number(request.form.get("days", ""))
    try:
        token = share_route(current_actor(), company_id, route_id, days or 0)
    except Invalid:
        fault = _("Indiquez un nombre de jours, de 1 à %(most)s.", most=MOST_DAYS)
        return _share_page(company_id, route_id, "", typed=request.form.get("days", ""), fault=fault), 422
    except Conflict:
        flash(_("Cette tournée n’est pas encore calculée\u00a0: elle ne peut pas être partagée."), "warning")
        return redirect(url_for("itineriz.show_route", company_id=company_id, route_id=route_id), 303)
    here = url_for("itineriz.share_page", company_id=company_id, route_id=route_id, lien=token)
    return redirect(here, 303)


@blueprint.post(f"{ROUTES}/<uuid:route_id>/retirer-liens")
@guard(MEMBER)
def unshare(company_id: UUID, route_id: UUID) -> ResponseReturnValue:
    """End every link given to a tour so far."""
    withdraw_links(current_actor(), company_id, route_id)
    flash(_("Les liens donnés jusqu’ici n’ouvrent plus rien."), "success")
    return redirect(url_for("itineriz.share_page", company_id=company_id, route_id=route_id), 303)


@blueprint.get("/t/<token>")
@guard(PUBLIC)
@limiter.limit("60 per minute; 1000 per hour")
def shared_route(token: str) -> ResponseReturnValue:
    """Show a tour to its driver: the next stop first."""
    try:
        shared = read_link(token)
    except LinkEnded:
        return _private(make_response(render_page("itineriz/shared_ended.html"), 410))
    context = tour_context(shared.route, lambda kind: url_for("itineriz.shared_layer", token=token, kind=kind))
    answer: Answer = context["answer"]
    page = render_page(
        "itineriz/shared.html",
        **context,
        token=token,
        until=shared.until,
        here=_here(answer, request.args.get("etape", ""), SYSTEM_CLOCK.now()),
    )
    return _private(make_response(page))


@blueprint.get("/t/<token>/carte/<kind>.geojson")
@guard(PUBLIC)
@limiter.limit("120 per minute")
def shared_layer(token: str, kind: str) -> ResponseReturnValue:
    """One layer of the map of a shared tour."""
    return _private(make_response(send_layer(open_link(token).route, kind)))


def open_link(token: str) -> SharedRoute:
    """The tour of a link, for what its page fetches. Raises NotFound, for a link that is over too."""
    try:
        return read_link(token)
    except LinkEnded as error:
        raise NotFound("link-unknown") from error


def _share_page(company_id: UUID, route_id: UUID, token: str, *, typed: str = "", fault: str = "") -> str:
    route = queries.get_route(company_id, route_id)
    link = until = None
    if token:
        shared = open_link(token)
        if shared.route.id != route_id:
            raise NotFound("link-unknown")
        settings: Settings = current_app.extensions["settings"]
        link, until = settings.public_url + url_for("itineriz.shared_route", token=token), shared.until
    context = tour_context(route, lambda kind: url_for("itineriz.map_layer", route_id=route.id, kind=kind))
    return render_page(
        "itineriz/share.html",
        **context
        | {
            "company_id": company_id,
            "link": link,
            "until": until,
            "qr": draw_qr(link) if link else "",
            "days": typed or days_until_after(route),
            "most_days": MOST_DAYS,
            "fault": fault,
            "page_invalid": bool(fault),
        },
    )


def _here(answer: Answer, asked: str, now: datetime) -> int:
    """The leg to show, from 0: the one asked for, else the first whose stop is not left yet, else the last."""
    number = whole_number(asked)
    if number is not None and 1 <= number <= len(answer.legs):
        return number - 1
    ahead = (index for index, leg in enumerate(answer.legs) if (leg.end.leave_at or leg.arrive_at) > now)
    return next(ahead, max(0, len(answer.legs) - 1))


def _private(answer: Response) -> Response:
    """Nobody indexes, keeps or tells further where the link leads."""
    answer.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.headers["Cache-Control"] = "private, no-store"
    return answer
