"""One stop of the form of a tour: where, how long, at what hours."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import Form, HiddenField, SelectField, StringField

from portal.common.errors import Invalid, Unavailable
from portal.common.text import whole_number
from portal.common.units import decimal_number
from portal.itineriz.places.hours import MOST_WINDOWS, ClockSpan, hours_text, read_hours, windows_near
from portal.itineriz.places.queries import PlaceView
from portal.itineriz.trip import Stop
from portal.territories.api import AddressHit, geocode

SERVICE_MOST_MIN = 24 * 60
_SEPARATOR = "|"


class StopForm(Form):
    """A stop. `resolved` remembers for which text the point stands: an address typed anew is looked up anew."""

    place = SelectField(_l("Lieu enregistré"), validate_choice=False)
    address = StringField(_l("Adresse"))
    lon = HiddenField()
    lat = HiddenField()
    resolved = HiddenField()
    service_min = StringField(_l("Minutes sur place"), default="0")
    hours = StringField(_l("Horaires de livraison"))

    def use_place(self, places: Mapping[str, PlaceView]) -> None:
        """Fill in the stop from the saved place chosen for it; what was typed beside stays."""
        place = places.get(self.place.data or "")
        self.place.data = ""
        if place is None:
            return
        self._settle(place.label, place.lon, place.lat)
        if (self.service_min.data or "0").strip() in {"", "0"}:
            self.service_min.data = str(place.service_min)
        if not (self.hours.data or "").strip():
            self.hours.data = hours_text(place.windows)

    def stop(self, territory: str, at: datetime | None, zone: ZoneInfo, *, arrival: bool) -> Stop | None:
        """The stop meant, or None once every fault stands beside its field. at: when the tour leaves, or (arrival) by
        when it has to end."""
        text = " ".join((self.address.data or "").split())[:200]
        service_s, spans = self._service_s(), self._spans()
        point = self._point(text)
        if point is None:
            found = self._find(territory, text)
            if found is None:
                return None
            text, point = found.label, (found.lon, found.lat)
            self._settle(*(text, *point))
        if service_s is None or spans is None:
            return None
        windows = windows_near(at, zone, spans, arrival=arrival) if at is not None else ()
        return Stop(point[0], point[1], text or _("Point sur la carte"), service_s, windows)

    def _settle(self, label: str, lon: float, lat: float) -> None:
        self.address.data, self.lon.data, self.lat.data = label, str(lon), str(lat)
        self.resolved.data = self._mark(label)

    def _mark(self, text: str) -> str:
        return f"{self.lon.data},{self.lat.data}{_SEPARATOR}{text}"

    def _find(self, territory: str, text: str) -> AddressHit | None:
        sentence = _("Cette adresse n’a pas été trouvée.") if text else _("Indiquez une adresse.")
        try:
            found = geocode(territory, text) if text else None
        except Unavailable:
            found, sentence = None, _("La recherche d’adresses ne répond pas\u00a0: choisissez le point sur la carte.")
        if found is None:
            self.address.errors = [*self.address.errors, sentence]
        return found

    def _point(self, text: str) -> tuple[float, float] | None:
        resolved = self.resolved.data or ""
        # Without script the point of the last answer comes back beside another address.
        if resolved.startswith(f"{self.lon.data},{self.lat.data}{_SEPARATOR}") and resolved != self._mark(text):
            return None
        try:
            return float(decimal_number(self.lon.data or "")), float(decimal_number(self.lat.data or ""))
        except Invalid:
            return None

    def _service_s(self) -> int | None:
        text = (self.service_min.data or "").strip() or "0"
        minutes = whole_number(text)
        if minutes is not None and minutes <= SERVICE_MOST_MIN:
            return minutes * 60
        self.service_min.errors = [
            *self.service_min.errors,
            _("Indiquez un nombre entier de minutes, %(most)s au plus.", most=SERVICE_MOST_MIN),
        ]
        return None

    def _spans(self) -> tuple[ClockSpan, ...] | None:
        try:
            return read_hours(self.hours.data or "")
        except Invalid as error:
            self.hours.errors = [
                *self.hours.errors,
                _("Donnez %(most)s horaires au plus.", most=MOST_WINDOWS)
                if error.code == "too-many-windows"
                else _("Ces horaires ne se lisent pas\u00a0: écrivez par exemple 08:00-12:00."),
            ]
            return None
