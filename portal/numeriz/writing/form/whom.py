"""For whom a measure is made, and whom it spares: closed lists in the words of the Highway Code, and free text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, Field, Form, FormField, RadioField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice

from portal.common.errors import Invalid
from portal.common.units import decimal_number
from portal.numeriz.words import ACCESSES, ROAD_USERS, USAGES
from portal.numeriz.writing.form.fields import CheckboxesField, StepForm, choices, numbers_in, typed
from portal.regulations.vehicles import AirClass, Size
from portal.web.forms import Needed

ALL, SOME = "all", "some"
_FREE_TEXT_FLAG = _l("Une ligne par condition. Ce texte ne sera lu ni par les GPS ni par le calculateur d’itinéraire.")
_PER_UNIT: Final[Mapping[Size, int]] = {
    Size.GROSS_WEIGHT: 1000,
    Size.AXLE_LOAD: 1000,
    Size.HEIGHT: 100,
    Size.WIDTH: 100,
    Size.LENGTH: 100,
    Size.FOOTPRINT: 10_000,
}
_MOST_TYPED: Final = 20
# "Some vehicles" without a condition must not become all of them: a limit still to be typed keeps it unfinished.
_NOT_SAID: Final[Mapping[str, Any]] = {"is": "over", "size": Size.GROSS_WEIGHT.value, "limit": ""}


def _air_choices() -> list[SelectChoice]:
    words = {AirClass.E: _l("Crit’Air E (zéro émission)"), AirClass.NONE: _l("Sans vignette")}
    return [SelectChoice(one.value, words.get(one) or f"Crit’Air {one.value}") for one in AirClass]


def read_limit(text: str, size: Size) -> int | str:
    """A limit typed in tonnes, metres or square metres, in the unit of its size; as it was typed when it is no number.

    A limit finer than a kilogram or a centimetre is none that a sign can show: it stays as it was typed too.
    """
    try:
        number = decimal_number(text) * _PER_UNIT[size]
    except Invalid:
        return text
    return int(number) if number == number.to_integral_value() else text


def limit_text(limit: object, size: Size) -> str:
    """A limit as a clerk types it: 3,5 for 3500 kg."""
    if not isinstance(limit, int):
        return str(limit or "")
    number = Decimal(limit) / _PER_UNIT[size]
    return f"{number.normalize():f}".replace(".", ",")


class CriteriaForm(Form):
    """One list of criteria; any of them is enough."""

    gross_weight_kg = StringField(_l("Poids total (PTAC), plus de"))
    axle_load_kg = StringField(_l("Charge à l’essieu, plus de"))
    height_cm = StringField(_l("Hauteur, plus de"))
    width_cm = StringField(_l("Largeur, plus de"))
    length_cm = StringField(_l("Longueur, plus de"))
    footprint_cm2 = StringField(_l("Surface au sol, plus de"))
    hazmat = BooleanField(_l("Transports de matières dangereuses"))
    usages = CheckboxesField(_l("Usages"), choices=choices(USAGES))
    accesses = CheckboxesField(_l("Accès"), choices=choices(ACCESSES))
    road_users = CheckboxesField(_l("Autres usagers"), choices=choices(ROAD_USERS))
    air_classes = CheckboxesField(_l("Vignette Crit’Air"), choices=_air_choices)
    free_text = TextAreaField(_l("Autre condition, en texte libre"), description=_FREE_TEXT_FLAG)

    def show_criteria(self, found: Iterable[Mapping[str, Any]]) -> None:
        """Fill the inputs. Any of the criteria is enough, so of two limits of one size the lower one says both."""
        lists: dict[str, list[str]] = {"usages": [], "accesses": [], "road_users": [], "air_classes": [], "texts": []}
        limits: dict[Size, list[object]] = {}
        self.hazmat.data = False
        for criterion in found:
            match criterion:
                case {"is": "over", "size": size, "limit": limit} if size in set(Size):
                    limits.setdefault(Size(size), []).append(limit)
                case {"is": "airClassIn", "classes": classes}:
                    lists["air_classes"] += classes
                case {"is": "hazmat"}:
                    self.hazmat.data = True
                case {"is": "usage", "usage": usage}:
                    lists["usages"].append(usage)
                case {"is": "access", "access": access}:
                    lists["accesses"].append(access)
                case {"is": "roadUser", "roadUser": road_user}:
                    lists["road_users"].append(road_user)
                case {"is": "freeText", "text": text}:
                    lists["texts"].append(str(text))
        for size in Size:
            known = [limit for limit in limits.get(size, ()) if isinstance(limit, int)]
            shown = min(known) if known else next(iter(limits.get(size, ())), "")
            self[size.value].data = limit_text(shown, size)
        self.free_text.data = "\n".join(lists.pop("texts"))
        for name, values in lists.items():
            self[name].data = values

    def criteria(self) -> list[tuple[str, dict[str, Any]]]:
        """Each criterion with the name of its input, in the order of the inputs."""
        found: list[tuple[str, dict[str, Any]]] = []
        for size in Size:
            text = typed(self[size.value], _MOST_TYPED)
            if text:
                found.append((size.value, {"is": "over", "size": size.value, "limit": read_limit(text, size)}))
        if self.hazmat.data:
            found.append(("hazmat", {"is": "hazmat"}))
        found += [("usages", {"is": "usage", "usage": value}) for value in self.usages.chosen()]
        found += [("accesses", {"is": "access", "access": value}) for value in self.accesses.chosen()]
        found += [("road_users", {"is": "roadUser", "roadUser": value}) for value in self.road_users.chosen()]
        classes = self.air_classes.chosen()
        if classes:
            found.append(("air_classes", {"is": "airClassIn", "classes": sorted(classes)}))
        lines = [line.strip() for line in typed(self.free_text).splitlines() if line.strip()]
        return found + [("free_text", {"is": "freeText", "text": line}) for line in lines]


class WhomForm(StepForm):
    """Whom the measure binds, and whom it spares."""

    whom = RadioField(
        _l("La mesure s’applique"),
        [Needed()],
        choices=[
            SelectChoice(ALL, _l("à tous les véhicules")),
            SelectChoice(SOME, _l("à certains véhicules seulement")),
        ],
        validate_choice=False,
    )
    bound = FormField(CriteriaForm)
    freed = FormField(CriteriaForm)

    def show(self, values: Mapping[str, Any]) -> None:
        """Fill the inputs."""
        rule = values.get("vehicles") or {}
        applies_to: Sequence[Mapping[str, Any]] = rule.get("appliesTo") or []
        self.whom.data = SOME if applies_to else ALL
        self.bound.form.show_criteria(applies_to)
        self.freed.form.show_criteria(rule.get("except") or [])

    def values(self, before: Mapping[str, Any], act: str = "") -> dict[str, Any]:
        """What the inputs say; the conditions count when the measure is for some vehicles only."""
        bound = [one for _name, one in self.bound.form.criteria()] if self.whom.data == SOME else []
        if self.whom.data == SOME and not bound:
            bound = [_NOT_SAID]
        freed = [one for _name, one in self.freed.form.criteria()]
        return {"vehicles": {"appliesTo": bound, "except": freed}}

    def field_at(self, path: str) -> Field:
        """The input that made the criterion, counted from 0; the first choice for the rule as a whole."""
        for name, part in (("appliesTo", self.bound), ("except", self.freed)):
            places = numbers_in(path)
            if f".{name}" not in path or not places:
                continue
            made = part.form.criteria()
            if places[0] < len(made):
                return part.form[made[places[0]][0]]
        return self.whom
