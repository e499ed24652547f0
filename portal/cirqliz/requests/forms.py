"""The request form: one page, usable without script, that never loses what was typed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    DateField,
    FieldList,
    Form,
    FormField,
    HiddenField,
    IntegerField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    TimeField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.widgets import CheckboxInput, ListWidget

from portal.cirqliz.messages import ERRORS, sentence
from portal.cirqliz.ports import RouteStop
from portal.cirqliz.requests.addresses import Place, find_place, read_point
from portal.cirqliz.requests.commands import SubmitRequest
from portal.cirqliz.requests.policies import MAX_STOPS, MIN_STOPS
from portal.common.errors import Invalid, PortalError, Unavailable
from portal.common.ids import new_secret
from portal.common.text import fold, whole_number
from portal.fleet.api import VehicleView, plate_key
from portal.territories.api import TerritoryView
from portal.web.filters import tonnes
from portal.web.forms import Needed

SHOWN_VEHICLES = 30
DEFAULT_SERVICE_MIN = 15
_SEPARATOR = "|"


class LocalDate(DateField):
    """A date as browsers send it, or typed by hand where they do not know dates."""

    def __init__(self, label: object, **options: Any) -> None:
        super().__init__(label, format=["%Y-%m-%d", "%d/%m/%Y", "%d/%m/%y"], **options)

    def process_formdata(self, valuelist: list[str]) -> None:
        if not valuelist or not valuelist[0].strip():
            self.data = None
            raise ValueError(str(ERRORS["date-missing"]))
        try:
            super().process_formdata([valuelist[0].strip()])
        except ValueError as error:
            raise ValueError(str(ERRORS["date-unreadable"])) from error


class LocalTime(TimeField):
    """An hour of the clock: 09:30, 9h30."""

    def __init__(self, label: object, **options: Any) -> None:
        super().__init__(label, format=["%H:%M", "%H:%M:%S", "%Hh%M"], **options)

    def process_formdata(self, valuelist: list[str]) -> None:
        if not valuelist or not valuelist[0].strip():
            self.data = None
            raise ValueError(str(ERRORS["time-missing"]))
        try:
            super().process_formdata([valuelist[0].strip()])
        except ValueError as error:
            raise ValueError(str(ERRORS["time-unreadable"])) from error


class Minutes(IntegerField):
    """A whole number of minutes; nothing typed is none."""

    def process_formdata(self, valuelist: list[str]) -> None:
        text = valuelist[0].strip() if valuelist else ""
        if not (text or "0").isdecimal():
            self.data = None
            raise ValueError(str(ERRORS["service-unreadable"]))
        self.data = int(text or "0")


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

    def settle(self, place: Place) -> None:
        """Show the place found in the inputs, for the next sending."""
        self.address.data = place.label
        self.lon.data, self.lat.data, self.chosen.data = str(place.lon), str(place.lat), ""
        self.resolved.data = self._mark(place.label)

    def _mark(self, text: str) -> str:
        return f"{self.lon.data},{self.lat.data}{_SEPARATOR}{text}"


def candidate_value(place: Place) -> str:
    """Return the value of the radio button of a candidate."""
    return f"{place.lon}{_SEPARATOR}{place.lat}{_SEPARATOR}{place.label}"


def _read_candidate(value: str) -> Place | None:
    lon, _, rest = value.partition(_SEPARATOR)
    lat, _, label = rest.partition(_SEPARATOR)
    point = read_point(lon, lat)
    return Place(label[:200], *point) if point is not None and label else None


class CheckboxesField(SelectMultipleField):
    """Several choices as check boxes."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class RequestForm(FlaskForm):
    """What a company fills in. Territories and vehicles come through the constructor."""

    territory = SelectField(_l("Territoire"), [Needed()], validate_choice=False)
    vehicle_search = StringField(_l("Chercher un véhicule"), description=_l("Plaque ou nom"))
    vehicles = CheckboxesField(_l("Véhicules"), [Needed()], validate_choice=False)
    starts_on = LocalDate(_l("Premier jour"), validators=[Needed()])
    starts_time = LocalTime(_l("Heure de début"), validators=[Needed()])
    ends_on = LocalDate(_l("Dernier jour"), validators=[Needed()])
    ends_time = LocalTime(_l("Heure de fin"), validators=[Needed()])
    stops = FieldList(FormField(StopForm), min_entries=MIN_STOPS, max_entries=MAX_STOPS)
    reason = TextAreaField(
        _l("Pourquoi devez-vous entrer ?"),
        [Needed()],
        description=_l("Une phrase suffit : ce que vous livrez, à qui, et pourquoi à ces heures."),
    )
    form_key = HiddenField()

    def __init__(
        self, territories: Sequence[TerritoryView], vehicles: Sequence[VehicleView], chosen: str, **options: Any
    ) -> None:
        super().__init__(**options)
        self.territory.choices = [SelectChoice(place.slug, place.name) for place in territories]
        known = {place.slug: place for place in territories}
        if self.territory.data not in known:
            self.territory.data = chosen
        self.place = known[self.territory.data]
        self.form_key.data = self.form_key.data or new_secret(16)
        self._show_vehicles(vehicles)

    def _show_vehicles(self, vehicles: Sequence[VehicleView]) -> None:
        """Offer the vehicles already ticked, then those that answer the search, a screenful in all."""
        ticked = set(self.vehicles.data or ())
        search = (self.vehicle_search.data or "").strip()
        matching = [v for v in vehicles if str(v.id) in ticked or _answers(v, search)]
        matching.sort(key=lambda v: str(v.id) not in ticked)
        shown = matching[: max(SHOWN_VEHICLES, len(ticked))]
        self.hidden_vehicle_count = len(vehicles) - len(shown)
        self.vehicle_count = len(vehicles)
        self.vehicles.choices = [SelectChoice(str(v.id), _vehicle_label(v)) for v in shown]
        if len(vehicles) == 1 and not self.is_submitted():
            self.vehicles.data = [str(vehicles[0].id)]

    def edit(self, action: str) -> None:
        """Add or remove a stop, as one of the buttons `add-stop`, `remove-stop-N` asks; others change nothing."""
        rows = [entry.data for entry in self.stops.entries]
        if action == "add-stop" and len(rows) < MAX_STOPS:
            rows.append({})
        elif action.startswith("remove-stop-"):
            number = whole_number(action.removeprefix("remove-stop-"))
            if number is not None and number < len(rows) > MIN_STOPS:
                del rows[number]
        else:
            return
        self.stops.process(None, rows)

    def command(self) -> SubmitRequest | None:
        """Return the request typed, or None once every fault stands beside its field."""
        valid = self.validate()
        stops = self._places()
        if not valid or stops is None:
            return None
        zone = ZoneInfo(self.place.timezone)
        return SubmitRequest(
            territory_id=self.place.id,
            vehicle_ids=frozenset(self._vehicle_ids()),
            starts_at=_instant(self.starts_on, self.starts_time, zone),
            ends_at=_instant(self.ends_on, self.ends_time, zone),
            stops=tuple(stops),
            reason=self.reason.data or "",
            form_key=self.form_key.data or "",
        )

    def _vehicle_ids(self) -> list[UUID]:
        found = []
        for text in self.vehicles.data or ():
            try:
                found.append(UUID(text))
            except ValueError:
                continue
        return found

    def _places(self) -> list[RouteStop] | None:
        """Look every stop up, so that all faults are told at once; None when one has a fault."""
        found: list[RouteStop] = []
        faulty = False
        for entry in self.stops.entries:
            stop: StopForm = entry.form
            faulty = faulty or bool(stop.service_min.errors)
            try:
                place = stop.place(self.place.slug)
            except (Invalid, Unavailable) as error:
                faulty = True
                stop.candidates = error.params.get("candidates", ())  # type: ignore[assignment]
                code = error.code if isinstance(error, Invalid) else "addresses-unavailable"
                stop.address.errors = [str(ERRORS[code])]
                continue
            stop.settle(place)
            found.append(RouteStop(place.label, place.lon, place.lat, stop.service_min.data or 0))
        self._gather_stop_errors()
        return None if faulty else found

    def _gather_stop_errors(self) -> None:
        """Let the list of stops show that one of them has a fault, for the summary of errors."""
        errors = [entry.errors for entry in self.stops.entries]
        self.stops.errors = errors if any(errors) else []

    def show_error(self, error: PortalError) -> None:
        """Put the sentence of a refusal beside its field, or above the form when it names none."""
        number = error.params.get("stop")
        if isinstance(number, int):
            self.stops.entries[number].form.address.errors = [sentence(error)]
            self._gather_stop_errors()
        elif error.field in self._fields:
            field = self[error.field]
            field.errors = [*field.errors, sentence(error)]
        else:
            self.form_errors.append(sentence(error))


def _instant(day: DateField, hour: TimeField, zone: ZoneInfo) -> dt.datetime:
    """Return the instant of two fields found valid, on the local clock."""
    assert isinstance(day.data, dt.date)
    assert isinstance(hour.data, dt.time)
    return dt.datetime.combine(day.data, hour.data, zone)


def _answers(vehicle: VehicleView, search: str) -> bool:
    return not search or plate_key(search) in plate_key(vehicle.plate) or fold(search) in fold(vehicle.label)


def _vehicle_label(vehicle: VehicleView) -> str:
    facts = [vehicle.plate_display, vehicle.label, vehicle.category.value.upper()]
    if vehicle.gross_weight_kg is not None:
        facts.append(tonnes(vehicle.gross_weight_kg))
    return " · ".join(fact for fact in facts if fact)
