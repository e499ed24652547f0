"""The request form: one page, usable without script, that never loses what was typed."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import (
    DateField,
    FormField,
    HiddenField,
    MultipleFileField,
    SelectField,
    StringField,
    TextAreaField,
    TimeField,
)
from wtforms.fields.choices import SelectChoice

from portal.cirqliz.messages import ERRORS, sentence
from portal.cirqliz.ports import RouteStop
from portal.cirqliz.requests.commands import Driver, SubmitRequest
from portal.cirqliz.requests.fields import LocalDate, LocalTime
from portal.cirqliz.requests.papers import MAX_BYTES, MAX_DOCUMENTS
from portal.cirqliz.requests.picking import (
    Driving,
    Offers,
    PerimeterChoice,
    offered_perimeters,
    shown_perimeters,
    shown_vehicles,
    vehicle_label,
)
from portal.cirqliz.requests.policies import (
    MAX_STOPS,
    MAX_VEHICLES,
    MIN_STOPS,
    reason_faults,
    vehicle_faults,
    window_faults,
)
from portal.cirqliz.requests.stop_form import StopForm
from portal.common.errors import Invalid, PortalError, Unavailable
from portal.common.ids import new_secret
from portal.common.text import whole_number
from portal.regulations.schedules import Interval
from portal.web.forms import CheckboxesField, Needed, RowsField

_KEPT = re.compile(
    r"territory|vehicles|starts_on|starts_time|ends_on|ends_time|perimeters|reason|driver-[0-9a-f-]{36}-(?:name|email)"
    r"|stops-\d{1,2}-(?:address|lon|lat|resolved|chosen|service_min)"
)
"""The inputs a draft keeps: all but the searches, the buttons and the files, which are kept apart."""
_AHEAD = dt.timedelta(days=366)


def kept_values(sent: MultiDict[str, str]) -> dict[str, list[str]]:
    """Return what a draft keeps of a form as it was sent."""
    return {name: sent.getlist(name) for name in sent if _KEPT.fullmatch(name)}


class RequestForm(FlaskForm):
    """What a company fills in. What it offers comes through the constructor; now: when the offers are looked at."""

    territory = SelectField(_l("Territoire"), [Needed()], validate_choice=False)
    vehicle_search = StringField(_l("Chercher un véhicule"), description=_l("Plaque ou nom"))
    vehicles = CheckboxesField(_l("Véhicules"), [Needed()], validate_choice=False)
    starts_on = LocalDate(_l("Premier jour"), validators=[Needed()])
    starts_time = LocalTime(_l("Heure de début"), validators=[Needed()])
    ends_on = LocalDate(_l("Dernier jour"), validators=[Needed()])
    ends_time = LocalTime(_l("Heure de fin"), validators=[Needed()])
    stops = RowsField(FormField(StopForm), min_entries=MIN_STOPS, max_entries=MAX_STOPS)
    perimeter_search = StringField(_l("Chercher un périmètre"), description=_l("Nom du périmètre ou de l’évènement"))
    perimeters = CheckboxesField(_l("Périmètres"), validate_choice=False)
    reason = TextAreaField(
        _l("Pourquoi devez-vous entrer ?"),
        [Needed()],
        description=_l("Une phrase suffit : ce que vous livrez, à qui, et pourquoi à ces heures."),
    )
    drivers = HiddenField(_l("Conducteurs"))
    documents = MultipleFileField(
        _l("Ajouter des justificatifs"),
        description=_l(
            "Bon de livraison, commande… PDF ou photo, %(size)s Mo par fichier, %(most)s fichiers au plus.",
            size=MAX_BYTES // 2**20,
            most=MAX_DOCUMENTS,
        ),
    )
    form_key = HiddenField()

    def __init__(
        self, offers: Offers, chosen: str, now: dt.datetime, sent: MultiDict[str, str] | None = None, **options: Any
    ) -> None:
        super().__init__(formdata=sent, **options)
        self.territory.choices = [SelectChoice(place.slug, place.name) for place in offers.territories]
        known = {place.slug: place for place in offers.territories}
        if self.territory.data not in known:
            self.territory.data = chosen
        self.place = known[self.territory.data]
        self.form_key.data = self.form_key.data or new_secret(16)
        self._sent: Mapping[str, str] = sent or {}
        self._now, self._offers = now, offers
        self._law = offers.law(self.place.id)
        self.asks_driver = offers.asks_driver(self.place.id)
        self.vehicle_count = offers.vehicles.count()
        if self.vehicle_count == 1 and sent is None:
            self.vehicles.data = [str(vehicle.id) for vehicle in offers.vehicles.find(limit=1)]
        self._show_vehicles()

    def _show_vehicles(self) -> None:
        search = (self.vehicle_search.data or "").strip()
        self._ticked = self._offers.vehicles.get(self._vehicle_ids())
        shown = shown_vehicles(self._offers.vehicles, self._ticked, search)
        self.tickable_count = min(self._offers.vehicles.count(search) if search else self.vehicle_count, MAX_VEHICLES)
        self.hidden_vehicle_count = self.vehicle_count - len(shown)
        self.vehicles.choices = [SelectChoice(str(v.id), vehicle_label(v)) for v in shown]

    @property
    def ticked_count(self) -> int:
        """How many vehicles are ticked."""
        return len(set(self.vehicles.data or ()))

    @property
    def perimeter_choices(self) -> Sequence[PerimeterChoice]:
        """The perimeters to show: active in the dates typed, or in the year to come."""
        search = self.perimeter_search.data or ""
        return shown_perimeters(self._offered(), self._law, tuple(self.perimeters.data or ()), search)

    @property
    def hidden_perimeter_count(self) -> int:
        """How many perimeters could be asked for and are not shown."""
        return max(0, len(self._offered()) - len(self.perimeter_choices))

    def _offered(self) -> Sequence[Any]:
        window = self._window() or Interval(self._now, self._now + _AHEAD)
        return offered_perimeters(self._law, window)

    def _window(self) -> Interval | None:
        """The dates typed, None until they make sense."""
        parts = (self.starts_on.data, self.starts_time.data, self.ends_on.data, self.ends_time.data)
        if any(part is None for part in parts):
            return None
        zone = ZoneInfo(self.place.timezone)
        start, end = _instant(self.starts_on, self.starts_time, zone), _instant(self.ends_on, self.ends_time, zone)
        return Interval(start, end) if start < end else None

    @property
    def driving(self) -> Sequence[Driving]:
        """The vehicles ticked, each with its driver as typed; nothing where the territory does not ask."""
        if not self.asks_driver:
            return ()
        return [
            Driving(
                str(v.id),
                v.plate_display,
                self._sent.get(f"driver-{v.id}-name", ""),
                self._sent.get(f"driver-{v.id}-email", ""),
            )
            for v in self._ticked
        ]

    def edit(self, action: str) -> None:
        """Do what a button asks: `add-stop`, `remove-stop-N`, `all-vehicles`, `no-vehicles`; others change nothing."""
        if action in ("all-vehicles", "no-vehicles"):
            found = self._offers.vehicles.find(self.vehicle_search.data or "", limit=MAX_VEHICLES)
            both = dict.fromkeys([*(self.vehicles.data or ()), *(str(v.id) for v in found)])
            self.vehicles.data = [*both][:MAX_VEHICLES] if action == "all-vehicles" else []
            self._show_vehicles()
            return
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

    def command(self, *, draft_id: UUID, renewed_from: UUID | None) -> SubmitRequest | None:
        """Return the request typed, or None once every fault stands beside its field."""
        valid = self.validate()
        stops = self._places()
        faults = [*self._faults()]
        for fault in faults:
            self.show_error(fault)
        if not valid or stops is None or faults:
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
            perimeter_ids=frozenset(self.perimeters.data or ()),
            drivers={UUID(one.vehicle_id): Driver(one.name.strip(), one.email.strip()) for one in self.driving},
            draft_id=draft_id,
            renewed_from=renewed_from,
        )

    def _faults(self) -> Iterator[Invalid]:
        """What can be told of each part whatever is wrong with the others: everything is told at once."""
        yield from vehicle_faults(self._vehicle_ids())
        dates = (self.starts_on, self.starts_time, self.ends_on, self.ends_time)
        if not any(field.errors or field.data is None for field in dates):
            zone = ZoneInfo(self.place.timezone)
            start, end = _instant(self.starts_on, self.starts_time, zone), _instant(self.ends_on, self.ends_time, zone)
            yield from window_faults(start, end, self._now)
        yield from reason_faults(self.reason.data or "")

    @property
    def untouched(self) -> bool:
        """True when nothing was filled in: nothing is lost with it. A vehicle alone in its fleet is ticked for all."""
        given = (self.starts_on, self.starts_time, self.ends_on, self.ends_time, self.perimeters, self.reason)
        ticked = self.vehicles.data and self.vehicle_count > 1
        return not (
            ticked
            or any(self._sent.get(field.name, "").strip() for field in given)
            or any(not entry.form.blank for entry in self.stops.entries)
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
        if self.perimeters.data and all(entry.form.blank for entry in self.stops.entries):
            return []
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
        for number, entry in enumerate(self.stops.entries):
            # What the summary of errors calls it: every stop has its Address.
            entry.description = _("Étape %(number)s", number=number) if number else _("Départ")
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
