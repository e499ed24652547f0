"""The forms of zones: one of them, the dates of several, their withdrawal, the copy of all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from wtforms import BooleanField, RadioField, SelectMultipleField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.widgets import CheckboxInput, ListWidget

from portal.common.errors import Invalid
from portal.numeriz.queries import PerimeterView
from portal.numeriz.translate import _
from portal.numeriz.words import COLOURS
from portal.numeriz.zones import calendar
from portal.numeriz.zones.dates import read_day
from portal.numeriz.zones.queries import EventView
from portal.numeriz.zones.stepped import DatedForm, SteppedForm
from portal.regulations.perimeters import Colour
from portal.web.forms import Needed

CALENDAR, TABLE = "calendar", "table"
NO_DATES, SHIFTED = "none", "shifted"


class ZoneForm(SteppedForm):
    """A zone: its name, its colour, its outline."""

    name = StringField(_l("Nom de la zone"), [Needed()])
    colour = RadioField(
        _l("Couleur"),
        [Needed()],
        choices=[SelectChoice(colour.value, COLOURS[colour]) for colour in reversed(Colour)],
        validate_choice=False,
    )
    shape = TextAreaField(
        _l("Contour (GeoJSON)"),
        [Needed()],
        description=_l("Dessiné sur la carte, ou collé ici\u00a0: Polygon ou MultiPolygon, longitude puis latitude."),
    )

    def read_colour(self) -> Colour:
        """The colour. Raises Invalid(`colour-missing`)."""
        if self.colour.data not in set(Colour):
            raise Invalid("colour-missing", "colour")
        return Colour(self.colour.data)


class DatesForm(DatedForm):
    """The dates of zones: those of the programme, or a table."""

    zones = SelectMultipleField(
        _l("Zones"),
        [Needed()],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
        validate_choice=False,
    )
    source = RadioField(
        _l("Dates"),
        [Needed()],
        choices=[
            SelectChoice(CALENDAR, _l("Celles du programme de la manifestation")),
            SelectChoice(TABLE, _l("Le tableau ci-dessous")),
        ],
        validate_choice=False,
    )

    def __init__(self, event: EventView, zone: ZoneInfo, chosen: Sequence[UUID], **options: Any) -> None:
        super().__init__(**options)
        usable = self.offer(event)
        if self.is_submitted():
            return
        self.revision.data = str(event.revision)
        self.zones.data = [str(found.id) for found in usable if not chosen or found.id in chosen]
        self.source.data = CALENDAR if event.sessions else TABLE
        shown = [found for found in usable if str(found.id) in self.zones.data]
        dated = shown[0].activations if shown and len({found.activations for found in shown}) == 1 else ()
        programme = calendar.day_spans(event.sessions, event.before_min, event.after_min, zone)
        if dated and dated != programme:
            self.source.data = TABLE
        self.show_spans(dated, zone)

    def offer(self, event: EventView) -> list[PerimeterView]:
        """Offer the zones of an event that may have an effect; return them."""
        usable = [found for found in event.zones if found.shape is not None and found.colour is not None]
        self.zones.choices = [SelectChoice(str(found.id), zone_words(found)) for found in usable]
        return usable

    @property
    def zone_ids(self) -> list[UUID]:
        """The zones that were ticked, among those that were offered."""
        offered = {str(choice.value) for choice in self.zones.choices}
        return [UUID(zone_id) for zone_id in self.zones.data or () if zone_id in offered]


class CopyForm(SteppedForm):
    """A copy of an event: its name, and what becomes of the dates."""

    name = StringField(_l("Nom de la nouvelle manifestation"), [Needed()])
    dates = RadioField(
        _l("Dates"),
        [Needed()],
        choices=[
            SelectChoice(SHIFTED, _l("Les mêmes heures, à partir d’un autre jour")),
            SelectChoice(NO_DATES, _l("Aucune pour l’instant\u00a0: les zones sont sans effet")),
        ],
        default=SHIFTED,
        validate_choice=False,
    )
    first_day = StringField(_l("Premier jour"), description=_l("Le jour où commence la première date."))

    def read_first_day(self) -> date:
        """The first day. Raises Invalid(`first-day-missing`, `date-unreadable`)."""
        if not (self.first_day.data or "").strip():
            raise Invalid("first-day-missing", "first_day")
        return read_day(self.first_day.data or "", "first_day")


class WithdrawForm(SteppedForm):
    """Zones to take out of the law."""

    zones = SelectMultipleField(
        _l("Zones à retirer"),
        [Needed()],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
        validate_choice=False,
    )
    erase = BooleanField(
        _l("Effacer aussi celles que rien ne nomme"),
        description=_l("Sinon elles restent sur cette page, sans date et sans effet."),
    )

    def offer(self, event: EventView, passes: Mapping[UUID, int], asked: Sequence[UUID] = ()) -> None:
        """Offer the zones of an event, each with how many passes open it; tick those asked for."""
        self.zones.choices = [
            SelectChoice(str(found.id), _pass_words(zone_words(found), passes.get(found.id, 0)))
            for found in event.zones
        ]
        if not self.is_submitted():
            self.revision.data = str(event.revision)
            self.zones.data = [str(found.id) for found in event.zones if not asked or found.id in asked]

    @property
    def zone_ids(self) -> list[UUID]:
        """The zones that were ticked, among those that were offered."""
        offered = {str(choice.value) for choice in self.zones.choices}
        return [UUID(zone_id) for zone_id in self.zones.data or () if zone_id in offered]


def zone_words(zone: PerimeterView) -> str:
    """« Autour du stade (rouge) »."""
    if zone.colour is None:
        return zone.name
    return f"{zone.name} ({str(COLOURS[zone.colour]).lower()})"


def _pass_words(zone: str, count: int) -> str:
    if not count:
        return zone
    return _(
        "%(zone)s\u00a0: %(passes)s",
        zone=zone,
        passes=ngettext("%(num)s laissez-passer en cours", "%(num)s laissez-passer en cours", count),
    )
