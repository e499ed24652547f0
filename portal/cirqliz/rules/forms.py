"""What a supervisor types: a rule, facts to try the rules on, quotas, settings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice

from portal.cirqliz.messages import POLICIES
from portal.cirqliz.rules.conditions import LISTS, NUMBERS, Condition, Kind
from portal.cirqliz.rules.hours import QuotaHours
from portal.cirqliz.rules.messages import LABELS, OUTCOMES, rule_error
from portal.cirqliz.rules.policies import RuleValues
from portal.cirqliz.rules.settings import AccessSettingsView, AccessValues
from portal.cirqliz.states import RuleOutcome
from portal.common.errors import Invalid, PortalError
from portal.common.text import whole_number
from portal.fleet.api import AIR_CLASSES, CATEGORIES, ENERGIES
from portal.numeriz.api import COLOURS
from portal.web.forms import CheckboxesField, Needed

_SMALLEST = {Kind.MOST_VEHICLES: 1, Kind.MOST_DAYS: 1, Kind.AHEAD_AT_LEAST: 0, Kind.AHEAD_AT_MOST: 0}
_NAF = re.compile(r"[0-9]{2}(\.?[0-9]{1,2}[A-Za-z]?)?")
_QUOTA = re.compile(r"([0-9]{1,2})[:h]([0-9]{2})?\s*[-–]\s*([0-9]{1,2})[:h]([0-9]{2})?\s*[=:]\s*([0-9]{1,9})")


def _choices(words: Mapping[Any, Any]) -> list[SelectChoice]:
    return [SelectChoice(member.value, word) for member, word in words.items()]


class _Errors:
    """Puts the refusal of a service beside its field."""

    def show_error(self, error: PortalError) -> None:
        """Put the sentence beside the field it names, or above the form."""
        fields: dict[str, object] = self._fields  # type: ignore[attr-defined]
        if error.field in fields:
            field = self[error.field]  # type: ignore[index]
            field.errors = [*field.errors, rule_error(error)]
        else:
            self.form_errors.append(rule_error(error))  # type: ignore[attr-defined]


class RuleForm(_Errors, FlaskForm):
    """A rule: each condition has a field of the name of its kind; what is left empty asks nothing."""

    name = StringField(_l("Nom de la règle"), [Needed()], description=_l("Le journal et le guichet le montrent."))
    outcome = RadioField(
        _l("Quand toutes les conditions sont remplies"), [Needed()], choices=_choices(OUTCOMES), validate_choice=False
    )
    colours = CheckboxesField(LABELS[Kind.COLOURS], choices=_choices(COLOURS), validate_choice=False)
    policies = CheckboxesField(LABELS[Kind.POLICIES], choices=_choices(POLICIES), validate_choice=False)
    perimeters = CheckboxesField(LABELS[Kind.PERIMETERS], choices=[], validate_choice=False)
    company_verified = BooleanField(LABELS[Kind.COMPANY_VERIFIED])
    naf = StringField(
        LABELS[Kind.NAF], description=_l("Début de codes séparés par des virgules. Exemple : 46.22, 47.76Z, 49.4")
    )
    categories = CheckboxesField(LABELS[Kind.CATEGORIES], choices=_choices(CATEGORIES), validate_choice=False)
    air_classes = CheckboxesField(LABELS[Kind.AIR_CLASSES], choices=_choices(AIR_CLASSES), validate_choice=False)
    energies = CheckboxesField(LABELS[Kind.ENERGIES], choices=_choices(ENERGIES), validate_choice=False)
    no_hazmat = BooleanField(LABELS[Kind.NO_HAZMAT])
    plates_once = BooleanField(LABELS[Kind.PLATES_ONCE])
    most_vehicles = StringField(LABELS[Kind.MOST_VEHICLES], description=_l("Au plus, en véhicules"))
    most_days = StringField(LABELS[Kind.MOST_DAYS], description=_l("Au plus, en jours"))
    ahead_at_least = StringField(LABELS[Kind.AHEAD_AT_LEAST], description=_l("En jours"))
    ahead_at_most = StringField(LABELS[Kind.AHEAD_AT_MOST], description=_l("En jours"))
    documents = BooleanField(LABELS[Kind.DOCUMENTS])

    def offer(self, perimeters: Mapping[str, str]) -> None:
        """Offer the perimeters of the territory, by id and name; those of the rule that the law no longer has too."""
        gone = {id_: id_ for id_ in self.perimeters.data or () if id_ not in perimeters}
        self.perimeters.choices = [SelectChoice(id_, name) for id_, name in {**perimeters, **gone}.items()]

    def show(self, values: RuleValues) -> None:
        """Fill the form with a rule."""
        self.name.data, self.outcome.data = values.name, values.outcome.value
        for condition in values.conditions:
            field = self[condition.kind.value]
            if condition.kind is Kind.NAF:
                field.data = ", ".join(condition.values)
            elif condition.kind in LISTS:
                field.data = list(condition.values)
            else:
                field.data = str(condition.number) if condition.kind in NUMBERS else True

    def values(self) -> RuleValues:
        """Return the rule typed. Raises Invalid with the field at fault."""
        outcome = next((one for one in RuleOutcome if one.value == self.outcome.data), None)
        if outcome is None:
            raise Invalid("rule-outcome-missing", field="outcome")
        found = (self._condition(kind) for kind in Kind)
        return RuleValues(self.name.data or "", tuple(one for one in found if one is not None), outcome)

    def _condition(self, kind: Kind) -> Condition | None:
        data = self[kind.value].data
        if kind is Kind.NAF:
            codes = _naf_codes(data or "")
            return Condition(kind, codes) if codes else None
        if kind in LISTS:
            offered = [choice.value for choice in self[kind.value].choices]
            chosen = tuple(value for value in offered if value in (data or ()))
            return Condition(kind, chosen) if chosen else None
        if kind in NUMBERS:
            text = (data or "").strip()
            return Condition(kind, number=_number(text, kind)) if text else None
        return Condition(kind) if data else None


def _naf_codes(text: str) -> tuple[str, ...]:
    codes = dict.fromkeys(code.strip().upper() for code in re.split(r"[,;]", text) if code.strip())
    if any(not _NAF.fullmatch(code) for code in codes):
        raise Invalid("naf-unreadable", field=Kind.NAF.value)
    return tuple(codes)


def _number(text: str, kind: Kind) -> int:
    number = whole_number(text)
    if number is None:
        raise Invalid("number-unreadable", field=kind.value)
    if number < _SMALLEST[kind]:
        raise Invalid("number-too-small", field=kind.value, least=_SMALLEST[kind])
    return number


class FactsForm(FlaskForm):
    """Facts typed by hand, or the number of a request, to see which rule answers. Sent by GET: nothing is written."""

    class Meta:
        csrf = False

    request = StringField(_l("Numéro d’une demande"), description=_l("Exemple : VAL-2026-000012"))
    status = BooleanField(_l("Entreprise vérifiée"))
    naf = StringField(_l("Activité (NAF)"))
    colour = SelectField(_l("Couleur du périmètre"), choices=[], validate_choice=False)
    policy = SelectField(_l("Régime du périmètre"), choices=[], validate_choice=False)
    category = SelectField(_l("Catégorie du véhicule"), choices=[], validate_choice=False)
    energy = SelectField(_l("Énergie du véhicule"), choices=[], validate_choice=False)
    air_class = SelectField(_l("Vignette du véhicule"), choices=[], validate_choice=False)
    hazmat = BooleanField(_l("Matières dangereuses"))
    elsewhere = BooleanField(_l("Plaque déclarée aussi par une autre entreprise"))
    vehicles = StringField(_l("Nombre de véhicules"), default="1")
    days = StringField(_l("Durée demandée, en jours"), default="1")
    ahead = StringField(_l("Délai avant le début, en jours"), default="3")
    documents = BooleanField(_l("Justificatif joint"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        unknown = SelectChoice("", _l("Inconnu"))
        for name, words in {
            "colour": COLOURS,
            "policy": POLICIES,
            "category": CATEGORIES,
            "energy": ENERGIES,
            "air_class": AIR_CLASSES,
        }.items():
            self[name].choices = [unknown, *_choices(words)]  # type: ignore[arg-type]
            if self[name].data is None:
                self[name].data = ""

    def facts(self) -> dict[str, Any]:
        """Return the facts typed; what is not understood is unknown."""
        count = min(whole_number(self.vehicles.data) or 0, 500)
        vehicle = {
            "category": self.category.data or None,
            "energy": self.energy.data or None,
            "air_class": self.air_class.data or None,
            "hazmat": bool(self.hazmat.data),
            "elsewhere": 1 if self.elsewhere.data else 0,
        }
        perimeter = {"id": "", "colour": self.colour.data or None, "motorised": self.policy.data or None}
        return {
            "company": {
                "status": "verified" if self.status.data else "pending",
                "naf": (self.naf.data or "").strip() or None,
            },
            "vehicles": [{"plate": f"n° {number}", **vehicle} for number in range(1, count + 1)],
            "perimeters": [{"name": str(_("Périmètre")), **perimeter}],
            "documents": 1 if self.documents.data else 0,
            "window_s": _seconds(self.days.data),
            "ahead_s": _seconds(self.ahead.data),
            "tour": None,
            "obstacle": None,
        }


def _seconds(days: str | None) -> int | None:
    number = whole_number((days or "").strip())
    return None if number is None else number * 86_400


class QuotaForm(_Errors, FlaskForm):
    """The quotas of one perimeter, one line for each part of the day."""

    perimeter_id = HiddenField()
    rows = TextAreaField(
        _l("Véhicules admis par tranche d’heures"),
        description=_l("Une ligne par tranche : 07:00-09:00 = 20. Une tranche absente n’a pas de limite."),
    )

    def show(self, perimeter_id: str, rows: Iterable[QuotaHours]) -> None:
        """Fill the form with the quotas of a perimeter."""
        self.perimeter_id.data = perimeter_id
        self.rows.data = "\n".join(quota_line(row) for row in rows)

    def values(self) -> list[QuotaHours]:
        """Return the quotas typed. Raises Invalid naming the first line not understood."""
        found = []
        for line in (self.rows.data or "").splitlines():
            if not line.strip():
                continue
            read = _QUOTA.fullmatch(line.strip())
            if read is None:
                raise Invalid("quota-line", field="rows", line=line.strip()[:40])
            from_h, from_m, to_h, to_m, most = (int(part or 0) for part in read.groups())
            if from_m > 59 or to_m > 59:
                raise Invalid("quota-line", field="rows", line=line.strip()[:40])
            found.append(QuotaHours(from_h * 60 + from_m, to_h * 60 + to_m, most))
        return found


def quota_line(row: QuotaHours) -> str:
    """Return a quota as it is typed: « 07:00-09:00 = 20 »."""
    hours = (f"{minute // 60:02d}:{minute % 60:02d}" for minute in (row.from_min, row.to_min))
    return f"{'-'.join(hours)} = {row.most}"


class SettingsForm(_Errors, FlaskForm):
    """How the territory handles access."""

    sample_percent = StringField(
        _l("Accords automatiques contrôlés, en %"),
        [Needed()],
        description=_l(
            "Part des demandes qu’une règle approuverait et qu’une personne examine d’abord, tirées au sort."
        ),
    )
    appeal_days = StringField(
        _l("Délai de recours, en jours"),
        [Needed()],
        description=_l("Après un refus, l’entreprise peut le contester pendant ce temps. 0 : aucun recours en ligne."),
    )
    undo_min = StringField(
        _l("Délai d’annulation d’une réponse groupée, en minutes"),
        [Needed()],
        description=_l("0 : la réponse prend effet aussitôt."),
    )
    asks_driver_name = BooleanField(
        _l("Demander le nom du conducteur"),
        description=_l("Il figure alors sur le laissez-passer. Ne le demandez que si le contrôle en a besoin."),
    )
    sync_hours = StringField(
        _l("Validité d’une synchronisation de contrôle, en heures"),
        [Needed()],
        description=_l("Au-delà, un contrôle sans réseau affiche orange au lieu de vert."),
    )
    scan_retention_days = StringField(
        _l("Conservation des contrôles, en jours"),
        [Needed()],
        description=_l("Ensuite, seuls les nombres par heure et par lieu sont gardés."),
    )
    version = HiddenField()

    def show(self, settings: AccessSettingsView) -> None:
        """Fill the form with the settings in force."""
        for name in _NUMBERS_OF_SETTINGS:
            self[name].data = str(getattr(settings, name))
        self.asks_driver_name.data = settings.asks_driver_name
        self.version.data = str(settings.version)

    def values(self) -> tuple[AccessValues, int]:
        """Return the settings typed and the version they replace. Raises Invalid with the field at fault."""
        numbers: dict[str, int] = {}
        for name in _NUMBERS_OF_SETTINGS:
            number = whole_number((self[name].data or "").strip())
            if number is None:
                raise Invalid("number-unreadable", field=name)
            numbers[name] = number
        values = AccessValues(asks_driver_name=bool(self.asks_driver_name.data), **numbers)
        return values, whole_number(self.version.data) or 0


_NUMBERS_OF_SETTINGS: Sequence[str] = ("sample_percent", "appeal_days", "undo_min", "sync_hours", "scan_retention_days")
