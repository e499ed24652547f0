"""A stop of the request form."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import lazy_gettext as _l
from wtforms import Form, HiddenField, StringField

from portal.cirqliz.requests.addresses import Place, find_place, read_point
from portal.cirqliz.requests.fields import Minutes
from portal.web.forms import Needed

DEFAULT_SERVICE_MIN = 15
_SEPARATOR = "|"


def mark_of(lon: str, lat: str, text: str) -> str:
    """Return what `StopForm.resolved` holds when the point stands for the text."""
    return f"{lon},{lat}{_SEPARATOR}{text}"


class StopForm(Form):
    """A stop. `resolved` remembers for which text the point stands, so that an address typed anew is looked up anew."""

    address = StringField(_l("Adresse"), [Needed()])
    lon = HiddenField()
    lat = HiddenField()
    resolved = HiddenField()
    chosen = HiddenField()
    service_min = Minutes(_l("Durée sur place (minutes)"), default=DEFAULT_SERVICE_MIN)

    candidates: Sequence[Place] = ()

    def place(self, territory: str) -> Place:
        """Return where the stop is; raises Invalid (see `find_place`)."""
        text = " ".join((self.address.data or "").split())
        picked = _read_candidate(self.chosen.data or "")
        if picked is not None:
            return picked
        point = read_point(self.lon.data or "", self.lat.data or "")
        stale = self.resolved.data and self.resolved.data.startswith(f"{self.lon.data},{self.lat.data}{_SEPARATOR}")
        if point is not None and not (stale and self.resolved.data != self._mark(text)):
            return Place((text or f"{point[1]:.5f}, {point[0]:.5f}")[:200], *point)
        return find_place(territory, text)

    @property
    def blank(self) -> bool:
        """True when nobody wrote or picked a place here."""
        texts = (self.address.data, self.lon.data, self.lat.data, self.chosen.data)
        return not any((text or "").strip() for text in texts)

    def settle(self, place: Place) -> None:
        """Show the place found in the inputs, for the next sending."""
        self.address.data = place.label
        self.lon.data, self.lat.data, self.chosen.data = str(place.lon), str(place.lat), ""
        self.resolved.data = self._mark(place.label)

    def _mark(self, text: str) -> str:
        return mark_of(self.lon.data or "", self.lat.data or "", text)


def candidate_value(place: Place) -> str:
    """Return the value of the radio button of a candidate."""
    return f"{place.lon}{_SEPARATOR}{place.lat}{_SEPARATOR}{place.label}"


def _read_candidate(value: str) -> Place | None:
    lon, _, rest = value.partition(_SEPARATOR)
    lat, _, label = rest.partition(_SEPARATOR)
    point = read_point(lon, lat)
    return Place(label[:200], *point) if point is not None and label else None
