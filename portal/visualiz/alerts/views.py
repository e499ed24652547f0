"""The pages of alerts: asking for one, confirming it from the mail, leaving it. No account needed."""

from __future__ import annotations

from typing import Any

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale

from portal.common.clock import SYSTEM_CLOCK
from portal.common.errors import Invalid, NotFound, Unavailable
from portal.numeriz.api import geojson, law_of
from portal.territories.api import TerritoryView, geocode, get_territory
from portal.visualiz.alerts import services
from portal.visualiz.alerts.areas import Area, around_area, drawn_area, find_street_name, streets_area
from portal.visualiz.alerts.forms import AROUND, STREETS, AlertForm
from portal.visualiz.alerts.mails import MOST_TOLD, told_of
from portal.visualiz.alerts.news import coming_in
from portal.visualiz.answers import place_label
from portal.visualiz.views.blueprint import blueprint
from portal.web.extensions import csrf, limiter
from portal.web.guards import PUBLIC, guard
from portal.web.rendering import render_page

# Each may send a mail to somebody, and looks addresses up.
_ASKED_PER_CALLER = "10 per minute; 60 per hour"
_LINKS_PER_CALLER = "60 per minute"


@blueprint.get("/<territory>/alertes")
@guard(PUBLIC)
@limiter.limit(_LINKS_PER_CALLER)
def new_alert(territory: str) -> ResponseReturnValue:
    """Show the form, filled in with the place the visitor looked at."""
    view = get_territory(territory)
    form = AlertForm(formdata=None)
    form.adresse.data = request.args.get("adresse", "")[:200]
    form.lon.data, form.lat.data = request.args.get("lon", ""), request.args.get("lat", "")
    if form.point is None:
        form.lon.data = form.lat.data = ""
    elif not form.adresse.data:
        form.adresse.data = place_label(view.slug, form.point)
    if form.adresse.data:
        form.quoi.data = AROUND
    return _form_page(view, form)


@blueprint.post("/<territory>/alertes")
@guard(PUBLIC)
@limiter.limit(_ASKED_PER_CALLER)
def create_alert(territory: str) -> ResponseReturnValue:
    """Keep an alert and ask for its confirmation by mail, or add a street to the form."""
    view = get_territory(territory)
    form = AlertForm()
    try:
        if request.form.get("act") == "add":
            _add_street(view, form)
            return _form_page(view, form)
        if form.validate():
            area = _area(view, form)
            services.ask_alert(view, form.courriel.data, area, str(get_locale() or "fr")[:2])
            return redirect(url_for("visualiz.alert_asked", territory=view.slug), 303)
    except Invalid as error:
        form.refuse(error)
    except Unavailable:
        form.refuse(Invalid("addresses-unavailable", "rue" if form.quoi.data == STREETS else "adresse"))
    return _form_page(view, form), 422


def _add_street(view: TerritoryView, form: AlertForm) -> None:
    if not form.typed_street:
        raise Invalid("street-missing", "rue")
    form.keep_streets([*(form.rues.data or []), find_street_name(view, form.typed_street)])
    form.rue.data = form.rue_lon.data = form.rue_lat.data = ""


def _area(view: TerritoryView, form: AlertForm) -> Area:
    """The area the form describes. Raises Invalid, or Unavailable when addresses cannot be searched."""
    if form.quoi.data == STREETS:
        if form.typed_street:
            _add_street(view, form)
        return streets_area(view, form.rues.data or [])
    if form.quoi.data == AROUND:
        return _around(view, form)
    return drawn_area(view, form.zone.data or "")


def _around(view: TerritoryView, form: AlertForm) -> Area:
    if form.point is not None:
        # Not what was typed beside it: a mail may reach a stranger, in words that are ours.
        return around_area(view, form.point, place_label(view.slug, form.point), form.radius_m)
    if not form.typed_place:
        raise Invalid("place-missing", "adresse")
    hit = geocode(view.slug, form.typed_place)
    if hit is None:
        raise Invalid("place-unknown", "adresse")
    return around_area(view, (hit.lon, hit.lat), hit.label, form.radius_m)


def _form_page(view: TerritoryView, form: AlertForm) -> str:
    return render_page("visualiz/alerts/new.html", **_context(view), form=form)


def _context(view: TerritoryView) -> dict[str, Any]:
    return {"territory": view, "territory_name": view.name, "accent": view.accent.value, "zone": view.timezone}


@blueprint.get("/<territory>/alertes/demandee")
@guard(PUBLIC)
def alert_asked(territory: str) -> ResponseReturnValue:
    """Say that a mail waits, whatever the portal knows of the address."""
    return render_page("visualiz/alerts/asked.html", **_context(get_territory(territory)))


@blueprint.get("/<territory>/alertes/<token>")
@guard(PUBLIC)
@limiter.limit(_LINKS_PER_CALLER)
def show_alert(territory: str, token: str) -> ResponseReturnValue:
    """Show one alert to whoever holds its link: confirm it, see what it covers, leave it."""
    view = get_territory(territory)
    try:
        found = services.get_subscription(view, token)
    except NotFound:
        return render_page("visualiz/alerts/over.html", **_context(view)), 404
    coming = coming_in(law_of(view), found.shape, SYSTEM_CLOCK.now()) if found.confirmed_at else []
    feature = {"type": "Feature", "properties": {}, "geometry": geojson(found.shape)}
    return render_page(
        "visualiz/alerts/show.html",
        **_context(view),
        alert=found,
        token=token,
        told=[told_of(each, view) for each in coming[:MOST_TOLD]],
        more=max(0, len(coming) - MOST_TOLD),
        layer={"type": "FeatureCollection", "features": [feature]},
    )


@blueprint.post("/<territory>/alertes/<token>/confirmer")
@guard(PUBLIC)
@limiter.limit(_LINKS_PER_CALLER)
def confirm_alert(territory: str, token: str) -> ResponseReturnValue:
    """Confirm an alert: programs that open the links of mails do not press buttons."""
    view = get_territory(territory)
    services.confirm_alert(view, token)
    return redirect(url_for("visualiz.show_alert", territory=view.slug, token=token), 303)


@blueprint.get("/<territory>/alertes/<token>/quitter")
@guard(PUBLIC)
def ask_to_leave(territory: str, token: str) -> ResponseReturnValue:
    """Lead a person, who came by the address meant for programs, to the page with the button."""
    return redirect(url_for("visualiz.show_alert", territory=territory, token=token), 303)


@blueprint.post("/<territory>/alertes/<token>/quitter")
@guard(PUBLIC)
@csrf.exempt  # type: ignore[untyped-decorator] # RFC 8058: a mail program sends this alone; the secret allows it
@limiter.limit(_LINKS_PER_CALLER)
def leave_alert(territory: str, token: str) -> ResponseReturnValue:
    """Leave an alert at once, from the page or from the button of a mail program, which follows no redirection."""
    view = get_territory(territory)
    services.leave_alert(view, token)
    return render_page("visualiz/alerts/left.html", **_context(view))
