"""What several forms ask for alike: a territory, an address, minutes and hours on the spot."""

from __future__ import annotations

from dataclasses import dataclass

from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import Form, HiddenField, StringField

from portal.common.errors import Invalid, NotFound, Unavailable
from portal.common.text import whole_number
from portal.common.units import decimal_number
from portal.itineriz.pages.local_time import add_fault
from portal.itineriz.places.hours import MOST_SERVICE_MIN, MOST_WINDOWS, ClockSpan, read_hours
from portal.territories.api import TerritoryView, geocode, list_territories

_SEPARATOR = "|"


def built_territories() -> list[TerritoryView]:
    """The territories where a way can be computed."""
    return [place for place in list_territories() if place.graph_dir is not None]


def chosen_territory() -> TerritoryView:
    """The territory named in the request (`territory`, `territoire`), else the first. Raises NotFound without any."""
    places = built_territories()
    if not places:
        raise NotFound("territory-not-found")
    wanted = request.values.get("territory", request.args.get("territoire", ""))
    return next((place for place in places if place.slug == wanted), places[0])


@dataclass(frozen=True, slots=True)
class Picked:
    """An address found, (lon, lat) WGS84. score: of the search, 0 to 1; 1 for a point that was chosen."""

    address: str
    lon: float
    lat: float
    score: float = 1.0


class AddressFields(Form):
    """An address and its point, for forms that ask for one. `resolved` remembers for which text the point stands."""

    address = StringField(_l("Adresse"))
    lon = HiddenField()
    lat = HiddenField()
    resolved = HiddenField()

    def settle(self, picked: Picked) -> None:
        """Show an address that was found."""
        self.address.data, self.lon.data, self.lat.data = picked.address, str(picked.lon), str(picked.lat)
        self.resolved.data = self._mark(picked.address)

    def pick(self, place: TerritoryView, *, required: bool = True) -> Picked | None:
        """The point chosen, else where the text is found; None once the fault stands beside the field, or when nothing
        was given and nothing is required."""
        written = " ".join((self.address.data or "").split())[:200]
        point = self._point(written)
        if point is not None:
            return Picked(written or _("Point sur la carte"), *point)
        if not written:
            if required:
                add_fault(self.address, _("Indiquez une adresse."))
            return None
        try:
            found = geocode(place.slug, written)
        except Unavailable:
            add_fault(self.address, _("La recherche d’adresses ne répond pas\u00a0: choisissez le point sur la carte."))
            return None
        if found is None:
            add_fault(self.address, _("Cette adresse n’a pas été trouvée."))
            return None
        picked = Picked(found.label, found.lon, found.lat, found.score)
        self.settle(picked)
        return picked

    def _mark(self, text: str) -> str:
        return f"{self.lon.data},{self.lat.data}{_SEPARATOR}{text}"

    def _point(self, text: str) -> tuple[float, float] | None:
        resolved = self.resolved.data or ""
        # Without script the point of the last answer comes back beside another address.
        if resolved.startswith(f"{self.lon.data},{self.lat.data}{_SEPARATOR}") and resolved != self._mark(text):
            return None
        try:
            return float(decimal_number(self.lon.data or "")), float(decimal_number(self.lat.data or ""))
        except Invalid:
            return None


def read_service_min(field: StringField) -> int | None:
    """Whole minutes on the spot, 0 for an empty field; None once the fault stands beside it."""
    minutes = whole_number((field.data or "").strip() or "0")
    if minutes is not None and minutes <= MOST_SERVICE_MIN:
        return minutes
    add_fault(field, _("Indiquez un nombre entier de minutes, %(most)s au plus.", most=MOST_SERVICE_MIN))
    return None


def read_hours_of(field: StringField) -> tuple[ClockSpan, ...] | None:
    """The spans of hours written in a field; None once the fault stands beside it."""
    try:
        return read_hours(field.data or "")
    except Invalid as error:
        if error.code == "too-many-windows":
            add_fault(field, _("Donnez au plus %(most)s plages d’heures.", most=MOST_WINDOWS))
        else:
            add_fault(field, _("Écrivez les heures comme 08:00-12:00, 14:00-18:00."))
        return None
