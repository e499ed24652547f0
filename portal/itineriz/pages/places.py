"""The pages of saved places: the list, one place."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import HiddenField, StringField

from portal.common.errors import Conflict, Invalid
from portal.itineriz.messages import fault
from portal.itineriz.pages.blueprint import MEMBER, blueprint
from portal.itineriz.pages.local_time import add_fault
from portal.itineriz.pages.picking import (
    AddressFields,
    Picked,
    built_territories,
    chosen_territory,
    read_hours_of,
    read_service_min,
)
from portal.itineriz.places import queries, services
from portal.itineriz.places.hours import hours_text
from portal.itineriz.places.services import PlaceDraft
from portal.territories.api import TerritoryView, get_territory_by_id, list_territories
from portal.web.extensions import limiter
from portal.web.guards import guard
from portal.web.rendering import render_page

PLACES = "/entreprises/<uuid:company_id>/adresses-enregistrees"
_LONGEST_NAME = 120


class PlaceForm(AddressFields, FlaskForm):
    """A place: its name, where it is, how long one stays and when it may be served."""

    territory = HiddenField()
    label = StringField(
        _l("Nom"),
        description=_l("Celui que vous lui donnez\u00a0: «\u00a0Dépôt\u00a0», «\u00a0Boulangerie Martin\u00a0»."),
    )
    service_min = StringField(_l("Durée sur place (minutes)"), default="0")
    hours = StringField(
        _l("Heures de livraison"), description=_l("Par exemple 08:00-12:00, 14:00-18:00. Vide\u00a0: à toute heure.")
    )

    def __init__(self, place: TerritoryView, **options: Any) -> None:
        super().__init__(**options)
        self.place = place
        self.territory.data = place.slug
        for field in (self.label, self.address):
            field.flags.required = True

    def draft(self) -> PlaceDraft | None:
        """The place typed, None once every fault stands beside its field."""
        label = " ".join((self.label.data or "").split())
        if not label:
            add_fault(self.label, _("Donnez un nom à ce lieu."))
        elif len(label) > _LONGEST_NAME:
            add_fault(self.label, _("Ce nom est trop long (%(most)s signes au plus).", most=_LONGEST_NAME))
        found = self.pick(self.place)
        minutes = read_service_min(self.service_min)
        hours = read_hours_of(self.hours)
        if self.errors or found is None or minutes is None or hours is None:
            return None
        return PlaceDraft(self.place.id, label, found.address, found.lon, found.lat, minutes, hours)

    def show(self, place: queries.PlaceView) -> None:
        """Fill the form with a stored place."""
        self.label.data = place.label
        self.settle(Picked(place.address, place.lon, place.lat))
        self.service_min.data, self.hours.data = str(place.service_min), hours_text(place.windows)

    def fail(self, error: Invalid | Conflict) -> None:
        """Put the sentence of a refusal beside the field it is about."""
        if error.code == "place-name-taken":
            add_fault(self.label, _("Un autre lieu enregistré porte déjà ce nom."))
        elif error.code == "too-many-places":
            self.form_errors.append(
                _("Vous avez déjà %(most)s lieux enregistrés\u00a0: retirez-en un.", most=error.params["most"])
            )
        else:
            add_fault(self.address, fault(error))


@blueprint.get(PLACES)
@guard(MEMBER)
def list_saved_places(company_id: UUID) -> ResponseReturnValue:
    """Show the company's places, searched and paged."""
    search = request.args.get("q", "").strip()[:80]
    page = queries.page_places(company_id, search, request.args.get("cursor"))
    territories = {place.id: place for place in list_territories()}
    return render_page(
        "itineriz/places/list.html",
        block="places",
        company_id=company_id,
        page=page,
        search=search,
        territories=territories,
        hours_text=hours_text,
    )


@blueprint.route(f"{PLACES}/nouvelle", methods=["GET", "POST"])
@guard(MEMBER)
@limiter.limit("60 per minute; 1000 per hour", methods=["POST"])
def add_saved_place(company_id: UUID) -> ResponseReturnValue:
    """Keep a place."""
    form = PlaceForm(chosen_territory())
    if form.validate_on_submit() and (draft := form.draft()) is not None:
        try:
            services.save_place(company_id, draft)
        except (Invalid, Conflict) as error:
            form.fail(error)
        else:
            flash(_("«\u00a0%(name)s\u00a0» est enregistré.", name=draft.label), "success")
            return redirect(url_for("itineriz.list_saved_places", company_id=company_id), 303)
    return _page(company_id, form, None)


@blueprint.route(f"{PLACES}/<uuid:place_id>", methods=["GET", "POST"])
@guard(MEMBER)
@limiter.limit("60 per minute; 1000 per hour", methods=["POST"])
def edit_saved_place(company_id: UUID, place_id: UUID) -> ResponseReturnValue:
    """Show a place and change it."""
    place = queries.get_place(company_id, place_id)
    form = PlaceForm(get_territory_by_id(place.territory_id))
    if request.method == "GET":
        form.show(place)
    elif form.validate() and (draft := form.draft()) is not None:
        try:
            services.change_place(company_id, place_id, draft)
        except (Invalid, Conflict) as error:
            form.fail(error)
        else:
            flash(_("Les changements de «\u00a0%(name)s\u00a0» sont enregistrés.", name=draft.label), "success")
            return redirect(url_for("itineriz.list_saved_places", company_id=company_id), 303)
    return _page(company_id, form, place)


@blueprint.post(f"{PLACES}/<uuid:place_id>/retirer")
@guard(MEMBER)
def remove_saved_place(company_id: UUID, place_id: UUID) -> ResponseReturnValue:
    """Forget a place."""
    services.remove_place(company_id, place_id)
    flash(_("Le lieu est retiré. Vos itinéraires déjà calculés ne changent pas."), "success")
    return redirect(url_for("itineriz.list_saved_places", company_id=company_id), 303)


def _page(company_id: UUID, form: PlaceForm, place: queries.PlaceView | None) -> ResponseReturnValue:
    page = render_page(
        "itineriz/places/place.html",
        company_id=company_id,
        form=form,
        place=place,
        territory=form.place,
        territories=built_territories(),
    )
    return page, 422 if form.errors else 200
