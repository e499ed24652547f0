"""The forms of a bay: all its fields, its photo, a span out of use."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import BooleanField, Field, HiddenField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice

from portal.common.errors import Invalid
from portal.common.units import cm_to_metres, kg_to_tonnes
from portal.numeriz.bays import fields
from portal.numeriz.bays.fields import BayFields, Bounds
from portal.numeriz.bays.messages import bay_sentence
from portal.numeriz.bays.plain_hours import plain_text_of, read_plain_hours
from portal.numeriz.bays.queries import BayView
from portal.numeriz.bays.suspending import OrderChoice, Suspending
from portal.numeriz.imports.bays.national import COMMENT
from portal.numeriz.imports.local_time import HourSkipped, bound_to_utc
from portal.numeriz.values import BayLayout, BayRegime
from portal.numeriz.words import LAYOUTS, REGIMES
from portal.web.forms import Needed

_FIELD_OF = {"length_cm": "length_m", "width_cm": "width_m", "max_gross_weight_kg": "max_gross_weight_t"}
"""Where a value that is kept in one unit is typed in another."""
_YEARS = range(2000, 2101)


class _Refusing(FlaskForm):
    """A form that shows why the portal refuses, beside the field at fault."""

    def refuse(self, error: Invalid) -> None:
        """Put the sentence of a refusal beside its field, above the form when it has none."""
        name = _FIELD_OF.get(error.field or "", error.field or "")
        if name in self:
            self[name].errors = [*self[name].errors, bay_sentence(error)]
        else:
            self.form_errors.append(bay_sentence(error))


class BayForm(_Refusing):
    """Everything a clerk may say of a bay. seen: the digest of what was shown, to notice that somebody changed it."""

    lat = StringField(_l("Latitude"), [Needed()])
    lon = StringField(_l("Longitude"), [Needed()])
    address = StringField(_l("Adresse"), description=_l("Laissez vide\u00a0: celle de l’endroit sera prise."))
    regime = SelectField(
        _l("Régime"), [Needed()], choices=[SelectChoice(regime.value, REGIMES[regime]) for regime in BayRegime]
    )
    hours = TextAreaField(
        _l("Horaires des livraisons"),
        description=_l(
            "Par exemple\u00a0: du lundi au samedi de 6\u00a0h à 11\u00a0h\u00a030 et de 14\u00a0h à 16\u00a0h, "
            "sauf les jours fériés. Une ligne par groupe de jours."
        ),
    )
    layout = SelectField(_l("Disposition"), choices=[SelectChoice(each.value, LAYOUTS[each]) for each in BayLayout])
    length_m = StringField(_l("Longueur (m)"))
    width_m = StringField(_l("Largeur (m)"))
    places = StringField(_l("Places"))
    max_stay_min = StringField(_l("Arrêt maximal (min)"))
    max_gross_weight_t = StringField(_l("PTAC maximal (t)"))
    local_id = StringField(_l("Identifiant"), description=_l("Laissez vide\u00a0: il sera donné."))
    name = StringField(_l("Nom"))
    insee_code = StringField(_l("Code INSEE de la commune"))
    comment = StringField(_l("Commentaire"))
    active = BooleanField(_l("En service"), default=True)
    seen = HiddenField()

    @classmethod
    def of(cls, bay: BayView) -> BayForm:
        """The form as it shows a stored bay."""
        return cls(data=shown_values(bay))

    def bay(self, bounds: Bounds | None) -> BayFields | None:
        """What the form says; None when something cannot be read, and then each fault stands beside its field."""
        place = self._read(self.lat, lambda text: fields.read_place(text, self.lon.data or "", bounds))
        sizes = {
            "length_cm": self._read(self.length_m, lambda text: fields.read_metres(text, "length_cm")),
            "width_cm": self._read(self.width_m, lambda text: fields.read_metres(text, "width_cm")),
            "places": self._read(self.places, lambda text: fields.read_whole(text, "places")),
            "max_stay_min": self._read(self.max_stay_min, lambda text: fields.read_whole(text, "max_stay_min")),
            "max_gross_weight_kg": self._read(
                self.max_gross_weight_t, lambda text: fields.read_tonnes(text, "max_gross_weight_kg")
            ),
        }
        hours = self._read(self.hours, read_plain_hours)
        if self.errors or place is None:
            return None
        return BayFields(
            place[0],
            place[1],
            local_id=fields.read_text(self.local_id.data or "", fields.LOCAL_ID_LENGTH),
            name=fields.read_text(self.name.data or "", fields.NAME_LENGTH),
            address=fields.read_text(self.address.data or "", fields.ADDRESS_LENGTH),
            insee_code=(self.insee_code.data or "").strip().upper(),
            regime=BayRegime(self.regime.data),
            layout=BayLayout(self.layout.data),
            hours=hours or (),
            active=bool(self.active.data),
            comment=fields.read_text(self.comment.data or "", fields.COMMENT_LENGTH),
            **sizes,
        )

    def _read[T](self, field: Field, read: Callable[[str], T]) -> T | None:
        try:
            return read(field.data or "")
        except Invalid as error:
            self.refuse(error)
            return None


def shown_values(bay: BayView) -> dict[str, Any]:
    """A stored bay as the texts of the form."""
    return {
        "lat": f"{bay.lat:.7f}",
        "lon": f"{bay.lon:.7f}",
        "address": bay.address,
        "regime": bay.regime.value,
        "hours": plain_text_of(bay.hours),
        "layout": bay.layout.value,
        "length_m": _metres(bay.length_cm),
        "width_m": _metres(bay.width_cm),
        "places": _whole(bay.places),
        "max_stay_min": _whole(bay.max_stay_min),
        "max_gross_weight_t": ""
        if bay.max_gross_weight_kg is None
        else _decimal(kg_to_tonnes(bay.max_gross_weight_kg)),
        "local_id": bay.local_id,
        "name": bay.name,
        "insee_code": bay.insee_code,
        "comment": bay.details.get(COMMENT, ""),
        "active": bay.active,
        "seen": bay.digest,
    }


def _metres(size_cm: int | None) -> str:
    return "" if size_cm is None else _decimal(cm_to_metres(size_cm))


def _tonnes(weight_kg: int | None) -> str:
    return "" if weight_kg is None else _decimal(kg_to_tonnes(weight_kg))


def _decimal(value: float) -> str:
    return f"{value:g}".replace(".", ",")


def _whole(value: int | None) -> str:
    return "" if value is None else str(value)


class PhotoForm(_Refusing):
    """A photo of a bay."""

    photo = FileField(
        _l("Photo"),
        description=_l("JPEG ou PNG, 5\u00a0Mo au plus. Ce que l’appareil y a écrit (lieu, heure) est effacé."),
    )


class SuspensionForm(_Refusing):
    """A span during which a bay cannot be used. orders: those in force around the bay."""

    starts_on = StringField(_l("Premier jour"), [Needed()])
    starts_time = StringField(_l("à"), [Needed()])
    ends_on = StringField(_l("Dernier jour"), [Needed()])
    ends_time = StringField(_l("à"), [Needed()])
    order = SelectField(_l("Arrêté"), validate_choice=False)
    reason = StringField(_l("Raison"), description=_l("Par exemple\u00a0: travaux de voirie."))

    offered: Sequence[OrderChoice] = ()

    def offer(self, orders: Sequence[OrderChoice]) -> None:
        """Show the orders to choose from."""
        self.offered = orders
        self.order.choices = [
            SelectChoice("", _l("Aucun")),
            *(SelectChoice(str(order.id), order.words) for order in orders),
        ]

    def suspending(self, zone: ZoneInfo) -> Suspending | None:
        """What the form says; None when something cannot be read, and then each fault stands beside its field."""
        start = self._instant(self.starts_on, self.starts_time, zone, is_end=False)
        end = self._instant(self.ends_on, self.ends_time, zone, is_end=True)
        known = {str(order.id): order.id for order in self.offered}
        order_id = known.get(self.order.data or "")
        if self.order.data and order_id is None:
            self.refuse(Invalid("order-not-in-force", field="order"))
        if self.errors or start is None or end is None:
            return None
        return Suspending(start, end, " ".join((self.reason.data or "").split()), order_id)

    def _instant(self, day: StringField, clock: StringField, zone: ZoneInfo, *, is_end: bool) -> datetime | None:
        try:
            return _instant_of(day.data or "", clock.data or "", zone, is_end=is_end)
        except Invalid as error:
            day.errors = [*day.errors, bay_sentence(error)]
            return None


def _instant_of(day: str, clock: str, zone: ZoneInfo, *, is_end: bool) -> datetime:
    """Raises Invalid: instant-unread, instant-skipped."""
    try:
        given = datetime.fromisoformat(f"{day.strip()}T{clock.strip()}")
    except ValueError as error:
        raise Invalid("instant-unread") from error
    if given.tzinfo is not None or given.year not in _YEARS:
        raise Invalid("instant-unread")
    try:
        return bound_to_utc(given, zone, is_end=is_end)
    except HourSkipped as error:
        raise Invalid("instant-skipped") from error
