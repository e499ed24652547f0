"""The forms of the check of addresses: the list with its vehicle and week, and one address to correct."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import HiddenField, StringField, TextAreaField

from portal.common.errors import Invalid
from portal.fleet.api import OfferedFleet
from portal.itineriz.addresses.finding import Candidate
from portal.itineriz.messages import fault
from portal.itineriz.pages.local_time import add_fault
from portal.itineriz.pages.picking import AddressFields
from portal.itineriz.pages.vehicles import VehicleForm
from portal.itineriz.places.messages import FILE_FAULTS, file_sentence
from portal.regulations.vehicles import Fact
from portal.territories.api import TerritoryView


class CheckForm(VehicleForm):
    """A list of addresses, pasted or in a file, a vehicle and a week."""

    territory = HiddenField()
    addresses = TextAreaField(
        _l("Adresses"),
        description=_l("Une par ligne\u00a0: adresse, position, ou nom d’un lieu enregistré."),
        render_kw={"rows": 8, "spellcheck": "false"},
    )
    file = FileField(_l("Ou un fichier"))
    week = StringField(_l("Premier jour de la semaine"))

    def __init__(self, place: TerritoryView, fleet: OfferedFleet, **options: Any) -> None:
        super().__init__(**options)
        self.place = place
        self.territory.data = place.slug
        self.offer_vehicles(fleet)
        for field in (self.vehicle, self.week):
            field.flags.required = True

    def propose(self, today: date) -> None:
        """Propose the week that begins next Monday, or today when it is one."""
        self.week.data = f"{today + timedelta(days=-today.weekday() % 7):%Y-%m-%d}"

    def content(self) -> tuple[bytes, bool] | None:
        """The list given and whether it is a text; None once the fault stands beside its field."""
        text, sent = (self.addresses.data or "").strip(), self.file.data
        has_file = bool(sent and sent.filename)
        if bool(text) == has_file:
            add_fault(
                self.addresses,
                _("Donnez soit des adresses, soit un fichier.")
                if text
                else _("Collez des adresses ou choisissez un fichier."),
            )
            return None
        if text:
            return text.encode(), True
        with sent.stream as stream:
            return stream.read(), False

    def refuse(self, error: Invalid) -> None:
        """Put the sentence of a refusal beside the field it is about."""
        if error.code in FILE_FAULTS:
            field = self.addresses if (self.addresses.data or "").strip() else self.file
            field.errors = [*field.errors, file_sentence(error.code, error.params)]
        elif error.field in {fact.value for fact in Fact}:
            self.blame(error, fault(error))
        else:
            self.form_errors.append(fault(error))


class CorrectForm(AddressFields, FlaskForm):
    """The place of one address."""

    def candidate(self, place: TerritoryView) -> Candidate | None:
        """The place given, None once the fault stands beside its field."""
        picked = self.pick(place)
        return None if picked is None else Candidate(picked.address, picked.lon, picked.lat, picked.score)
