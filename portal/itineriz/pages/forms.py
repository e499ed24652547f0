"""The form of a tour: a vehicle, an hour, and stops. Nothing typed is lost when something is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, FormField, HiddenField, RadioField, StringField
from wtforms.fields.choices import SelectChoice

from portal.common.errors import Invalid
from portal.common.text import whole_number
from portal.fleet.api import OfferedFleet
from portal.itineriz import asking
from portal.itineriz.messages import fault
from portal.itineriz.pages.local_time import read_day, read_hour
from portal.itineriz.pages.stop_form import StopForm
from portal.itineriz.pages.vehicles import VehicleForm, chosen_label
from portal.itineriz.places.queries import PlaceView
from portal.itineriz.ports import passes_of
from portal.itineriz.services import CreateRoute
from portal.regulations.vehicles import Fact
from portal.territories.api import TerritoryView
from portal.web.forms import RowsField

FEWEST_STOPS, MOST_STOPS = 2, 20
"""As many as are added by hand; a tour taken as a model keeps all of its own."""
LABEL_LENGTH = 120
LEAVE, ARRIVE = "partir", "arriver"


class RouteForm(VehicleForm):
    """What a company fills in. The territory, the vehicles and the saved places come through the constructor."""

    territory = HiddenField()
    label = StringField(_l("Nom de la tournée"), description=_l("Pour la retrouver, par exemple Tournée du lundi."))
    when = RadioField(
        _l("Quand\u00a0?"),
        choices=[SelectChoice(LEAVE, _l("Partir à")), SelectChoice(ARRIVE, _l("Arriver au dernier arrêt avant"))],
        default=LEAVE,
        validate_choice=False,
    )
    day = StringField(_l("Jour"))
    hour = StringField(_l("Heure"))
    stops = RowsField(FormField(StopForm), min_entries=FEWEST_STOPS, max_entries=asking.MOST_STOPS)
    free_order = BooleanField(_l("Laisser le site choisir l’ordre des arrêts"))
    return_to_start = BooleanField(_l("Revenir au départ à la fin"))

    def __init__(
        self,
        place: TerritoryView,
        fleet: OfferedFleet,
        places: Sequence[PlaceView] = (),
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.place = place
        self.zone = ZoneInfo(place.timezone)
        self._places = {str(saved.id): saved for saved in places}
        self.territory.data = place.slug
        self.offer_vehicles(fleet)
        self._dress_stops()

    @property
    def has_places(self) -> bool:
        """True when there is a saved place to choose; not beside each stop of a long tour, whose page would swell."""
        return bool(self._places) and len(self.stops.entries) <= MOST_STOPS

    def edit(self, action: str) -> None:
        """Change the list of stops: `ajouter`, `retirer-N`, `monter-N`, `descendre-N`, `lieu-N`; others do nothing."""
        verb, _dash, tail = action.partition("-")
        if verb == "lieu":
            for entry in self.stops.entries:
                entry.form.use_place(self._places)
            return
        rows = [entry.data for entry in self.stops.entries]
        number = whole_number(tail)
        known = number is not None and number < len(rows)
        if verb == "ajouter" and len(rows) < MOST_STOPS:
            rows.append({})
        elif known and verb == "retirer" and len(rows) > FEWEST_STOPS:
            del rows[number or 0]
        elif known and verb in {"monter", "descendre"}:
            other = (number or 0) + (-1 if verb == "monter" else 1)
            if 0 <= other < len(rows):
                rows[number or 0], rows[other] = rows[other], rows[number or 0]
        self.stops.process(None, rows)
        self._dress_stops()

    def _dress_stops(self) -> None:
        """Offer the saved places in each stop, and mark what must be filled in; the rules stand in `command`."""
        choices = [SelectChoice("", _("Choisir…"))]
        choices += [SelectChoice(key, f"{saved.label} ({saved.address})") for key, saved in self._places.items()]
        for entry in self.stops.entries:
            entry.form.place.choices = choices
        needed = (entry.form.address for entry in self.stops.entries)
        for field in (self.vehicle, self.when, self.day, self.hour, *needed):
            field.flags.required = True

    def _gather(self) -> None:
        """Let the form know what is wrong inside its stops: a list of forms does not ask again by itself."""
        self.stops.errors = [entry.form.errors for entry in self.stops.entries if entry.form.errors]

    def command(self, company_id: UUID) -> CreateRoute | None:
        """The route typed, or None once every fault stands beside its field."""
        day = read_day(self.day)
        at = read_hour(self.hour, day, self.zone) if day is not None else None
        for entry in self.stops.entries:
            entry.form.use_place(self._places)
        arrival = self.when.data == ARRIVE
        stops = [entry.form.stop(self.place.slug, at, self.zone, arrival=arrival) for entry in self.stops.entries]
        vehicle = self.read_vehicle()
        self._gather()
        if at is None or vehicle is None or None in stops:
            return None
        public, chosen = vehicle
        return CreateRoute(
            territory_id=self.place.id,
            company_id=company_id,
            stops=tuple(stop for stop in stops if stop is not None),
            depart_at=at,
            arrive_by=at if arrival else None,
            vehicle=public,
            vehicle_id=chosen.id if chosen else None,
            vehicle_label=chosen_label(chosen),
            passes=tuple(passes_of(self.place.id, chosen.id)) if chosen else (),
            free_order=bool(self.free_order.data),
            return_to_start=bool(self.return_to_start.data),
            label=" ".join((self.label.data or "").split())[:LABEL_LENGTH],
        )

    def refuse(self, error: Invalid) -> None:
        """Put the sentence of a refusal beside the field it is about."""
        number = error.params.get("stop")
        if isinstance(number, int) and number < len(self.stops.entries):
            address = self.stops.entries[number].form.address
            address.errors = [*address.errors, fault(error)]
            self._gather()
        elif error.field in {fact.value for fact in Fact}:
            self.blame(error, fault(error))
        else:
            self.form_errors.append(fault(error))

    def show(self, at: datetime) -> None:
        """Propose an instant."""
        local = at.astimezone(self.zone)
        self.day.data, self.hour.data = f"{local:%Y-%m-%d}", f"{local:%H:%M}"
