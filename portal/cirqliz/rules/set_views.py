"""The supervisor's pages of quotas and of settings."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal.cirqliz.blueprint import blueprint
from portal.cirqliz.rules import messages, quotas
from portal.cirqliz.rules.forms import QuotaForm, SettingsForm
from portal.cirqliz.rules.hours import clock_words
from portal.cirqliz.rules.settings import access_settings, change_access_settings
from portal.cirqliz.rules.views import PREFIX, SUPERVISOR, perimeter_names, rules_page
from portal.common.errors import Conflict, Invalid, NotFound
from portal.territories.api import TerritoryView, get_territory
from portal.web.guards import current_actor, guard


@blueprint.get(f"{PREFIX}/quotas")
@guard(SUPERVISOR)
def list_quotas(territory: str) -> ResponseReturnValue:
    """Show the quotas of the territory, and the form of one perimeter (`perimetre` in the query string)."""
    place = get_territory(territory)
    chosen = request.args.get("perimetre", "")
    form = QuotaForm(formdata=None)
    if chosen:
        form.show(chosen, quotas.list_quotas(place.id).get(chosen, []))
    return _quotas_page(place, chosen, form)


@blueprint.post(f"{PREFIX}/quotas")
@guard(SUPERVISOR)
def set_quotas(territory: str) -> ResponseReturnValue:
    """Set the quotas of one perimeter."""
    place = get_territory(territory)
    form = QuotaForm()
    chosen = form.perimeter_id.data or ""
    try:
        if not chosen:
            raise Invalid("perimeter-missing", field="rows")
        quotas.set_quotas(current_actor(), territory, chosen, form.values())
    except Invalid as error:
        form.show_error(error)
        return _quotas_page(place, chosen, form), 422
    flash(str(messages.FLASHES["quotas-set"]), "success")
    return redirect(url_for("cirqliz.list_quotas", territory=territory), 303)


def _quotas_page(place: TerritoryView, chosen: str, form: QuotaForm) -> str:
    names, present = perimeter_names(place), quotas.list_quotas(place.id)
    if chosen and chosen not in names and chosen not in present:
        raise NotFound("perimeter-not-found")
    return rules_page(
        "quotas.html",
        place,
        form=form,
        chosen=chosen,
        names=names,
        quotas={id_: [(clock_words(row), row.most) for row in rows] for id_, rows in present.items()},
    )


@blueprint.route(f"{PREFIX}/reglages", methods=["GET", "POST"])
@guard(SUPERVISOR)
def access_settings_page(territory: str) -> ResponseReturnValue:
    """Show and set how the territory handles access."""
    place = get_territory(territory)
    form = SettingsForm()
    if request.method == "GET":
        form.show(access_settings(place.id))
        return rules_page("settings.html", place, form=form)
    try:
        values, version = form.values()
        change_access_settings(current_actor(), territory, values, version)
    except Invalid as error:
        form.show_error(error)
        return rules_page("settings.html", place, form=form), 422
    except Conflict as error:
        form.show_error(error)
        return rules_page("settings.html", place, form=form), 409
    flash(str(messages.FLASHES["settings-set"]), "success")
    return redirect(url_for("cirqliz.access_settings_page", territory=territory), 303)
