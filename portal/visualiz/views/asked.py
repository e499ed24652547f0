"""What a URL of the map asks: when, for which vehicle, where. All pages read it here, so they answer the same."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from flask import request
from flask_babel import gettext as _

from portal.common.clock import SYSTEM_CLOCK
from portal.common.errors import NotFound, Unavailable
from portal.itineriz.api import Standing, standing_at
from portal.numeriz.api import law_of
from portal.regulations.snapshot import LawSnapshot
from portal.territories.api import AddressHit, TerritoryView, geocode, get_territory
from portal.visualiz.answers import PlaceAnswer, answer_at, next_activation, place_label, typed_label
from portal.visualiz.choices import Choice, offered_vehicles, own_choice, profile_choice
from portal.visualiz.forms import WhenWhereForm, vehicle_id_of
from portal.visualiz.layers import is_in_force
from portal.visualiz.moments import Moment, moment_at
from portal.web.guards import current_actor

_MOST_ADDRESS_LETTERS = 200
_SAME_PLACE_DEG = 2e-6


def asks_for_a_place() -> bool:
    """Tell whether the running request asks about a place, which may cost a search of addresses."""
    return any(request.args.get(name) for name in ("adresse", "lon", "lat"))


def read_moment(form: WhenWhereForm, territory: TerritoryView) -> Moment:
    """The moment of the form; what is missing or wrong there is now."""
    moment = moment_at(SYSTEM_CLOCK.now(), ZoneInfo(territory.timezone))
    if form.jour.data is not None:
        moment = replace(moment, day=form.jour.data)
    if form.heure.data is not None:
        moment = replace(moment, clock=form.heure.data)
    form.jour.data, form.heure.data = moment.day, moment.clock
    return moment


def read_choice(since: datetime) -> Choice:
    """The vehicle of the URL: `vehicule`, one's own, before `profil`. Raises NotFound for a vehicle of others.

    since: passes that ended before it do not count.
    """
    asked = request.args.get("vehicule", "")
    profile = request.args.get("profil", "")
    vehicle_id = vehicle_id_of(asked or profile)
    if vehicle_id is not None:
        return own_choice(current_actor(), vehicle_id, since, SYSTEM_CLOCK.now())
    if asked:
        raise NotFound("vehicle-not-found")
    return profile_choice(profile)


@dataclass(frozen=True)
class Asked:
    """A request for a page: its territory, form, moment and vehicle."""

    territory: TerritoryView
    form: WhenWhereForm
    moment: Moment
    choice: Choice

    @cached_property
    def law(self) -> LawSnapshot:
        """The law that answers, as committed."""
        return law_of(self.territory)

    @cached_property
    def point(self) -> tuple[float, float] | None:
        """The place (lon, lat); None, with the reason beside the field when one was asked for and there is none."""
        form = self.form
        if form.point is not None:
            return form.point
        if form.lon.data or form.lat.data:
            form.adresse.errors = [_("Le point doit être donné par une longitude et une latitude en degrés.")]
            return None
        return None if self._found is None else (self._found.lon, self._found.lat)

    @cached_property
    def _found(self) -> AddressHit | None:
        """The address that stands there without its point; None, with the reason as above."""
        if not self._address:
            return None
        try:
            found = geocode(self.territory.slug, self._address)
        except Unavailable:
            self.form.adresse.errors = [_("La recherche d’adresses ne répond pas. Choisissez un point sur la carte.")]
            return None
        if found is None:
            self.form.adresse.errors = [_("Adresse introuvable dans ce territoire. Vérifiez le nom de la rue.")]
        return found

    @cached_property
    def answer(self) -> PlaceAnswer | None:
        """What the law says of the place; None when there is none."""
        if self.point is None:
            return None
        return answer_at(self.territory, self.law, self.point, self.standing, self.moment, self.choice, self.label)

    @cached_property
    def standing(self) -> Standing:
        """What bears on who delivers at the place. There must be one."""
        assert self.point is not None
        label = "" if self._hit is None else self._hit.label
        return standing_at(self.territory.graph_dir, self.law, self.point, label)

    @cached_property
    def _hit(self) -> AddressHit | None:
        """The address that was typed for the place; None when there is none, or the point is elsewhere."""
        point = self.form.point
        if point is None:
            return self._found
        try:
            typed = geocode(self.territory.slug, self._address) if self._address else None
        except Unavailable:
            return None
        return typed if typed is not None and _is_there(typed, point) else None

    @cached_property
    def label(self) -> str:
        """What the place is called; empty when there is none."""
        if self.point is None:
            return ""
        return place_label(self.territory.slug, self.point) if self._hit is None else typed_label(self._hit)

    @property
    def _address(self) -> str:
        return (self.form.adresse.data or "").strip()[:_MOST_ADDRESS_LETTERS]

    @property
    def query(self) -> dict[str, Any]:
        """What is asked, as it stands in a URL: it gives the same answer to whoever opens it."""
        place: dict[str, str] = {}
        if self.point is not None:
            place = {"lon": f"{self.point[0]:.6f}", "lat": f"{self.point[1]:.6f}"}
            if self._hit is not None:
                # Its own street answers for an address, as the nearest one does for a point.
                place["adresse"] = self._address
        return {**self.moment.query, **self.choice.query, **place}

    @property
    def status(self) -> int:
        """The HTTP status of the page."""
        return 422 if self.form.errors else 200

    def activity(self) -> dict[str, Any]:
        """How many perimeters are active; when none is, the moment of the next one."""
        active = sum(is_in_force(perimeter, self.law, self.moment.at) for perimeter in self.law.perimeters.values())
        upcoming = None if active else next_activation(self.law, self.moment.at)
        return {"active": active, "upcoming": upcoming and moment_at(upcoming, self.moment.zone)}

    def context(self) -> dict[str, Any]:
        """What every template about this request needs."""
        return {
            **base_context(self.territory, self.moment),
            "form": self.form,
            "chosen": self.choice,
            "query": self.query,
        }


def read_asked(slug: str) -> Asked:
    """Read the running request. Raises NotFound for an unknown territory or a vehicle of others."""
    territory = get_territory(slug)
    form = WhenWhereForm(request.args)
    form.validate()
    moment = read_moment(form, territory)
    choice = read_choice(moment.at)
    form.offer(offered_vehicles(current_actor(), SYSTEM_CLOCK.now()), choice)
    return Asked(territory, form, moment, choice)


def _is_there(hit: AddressHit, point: tuple[float, float]) -> bool:
    # Addresses of pages are written with six decimals.
    return abs(hit.lon - point[0]) < _SAME_PLACE_DEG and abs(hit.lat - point[1]) < _SAME_PLACE_DEG


def base_context(territory: TerritoryView, moment: Moment) -> dict[str, Any]:
    """What every public page of a territory needs."""
    return {
        "territory": territory,
        "territory_name": territory.name,
        "accent": territory.accent.value,
        "zone": territory.timezone,
        "moment": moment,
        "law_notice": territory.law_notice,
    }
