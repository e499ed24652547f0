"""The sentences of rules, quotas and settings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_babel.speaklater import LazyString

from portal.cirqliz.messages import ERRORS as SHARED
from portal.cirqliz.messages import POLICIES
from portal.cirqliz.rules.applying import Foretold
from portal.cirqliz.rules.conditions import Condition, Found, Kind, Rule, Truth
from portal.cirqliz.rules.trial import Trial
from portal.cirqliz.states import RuleOutcome
from portal.common.errors import PortalError
from portal.fleet.api import AIR_CLASSES, CATEGORIES, ENERGIES, Category
from portal.numeriz.api import COLOURS
from portal.regulations.perimeters import Colour

ERRORS: Mapping[str, LazyString] = {
    "rule-name-missing": _l("Donnez un nom à la règle."),
    "rule-name-too-long": _l("Ce nom est trop long : %(most)s caractères au plus."),
    "rule-name-taken": _l("Une autre règle porte déjà ce nom."),
    "rule-without-conditions": _l("Posez au moins une condition : une règle sans condition ne dit rien."),
    "rule-approves-colour": _l(
        "Seuls les périmètres bleus et blancs peuvent être approuvés sans qu’une personne décide."
    ),
    "rule-approves-policy": _l(
        "Un périmètre fermé, ou réservé aux véhicules accrédités, demande la décision d’une personne."
    ),
    "rule-outcome-missing": _l("Choisissez ce que la règle répond."),
    "naf-unreadable": _l("Écrivez des débuts de codes NAF séparés par des virgules. Exemple : 46.22, 49.4"),
    "rule-changed": _l("La règle « %(name)s » a été modifiée ou retirée entre-temps. Reprenez à partir de la liste."),
    "rules-being-applied": _l("Les règles répondent déjà aux demandes qui attendent."),
    "nothing-to-apply": _l("Aucune demande n’attend une autre réponse des règles."),
    "too-many-rules": _l("Un territoire a %(most)s règles au plus."),
    "number-unreadable": _l("Écrivez un nombre entier. Exemple : 5"),
    "number-too-small": _l("Écrivez un nombre d’au moins %(least)s."),
    "setting-out-of-range": _l("Choisissez un nombre de %(least)s à %(most)s."),
    "settings-changed": _l("Quelqu’un d’autre a changé les réglages entre-temps. Vérifiez-les et recommencez."),
    "perimeter-missing": _l("Choisissez d’abord un périmètre dans la liste."),
    "quota-hours": _l("Écrivez des heures de 00:00 à 24:00, le début avant la fin. Exemple : 07:00-09:00 = 20"),
    "quota-number": _l("Le nombre de véhicules va de 0 à %(most)s."),
    "quota-overlap": _l("Deux tranches d’heures se recouvrent : on ne saurait laquelle appliquer."),
    "quota-too-many": _l("Un périmètre a %(most)s tranches d’heures au plus."),
    "quota-line": _l("La ligne « %(line)s » n’est pas comprise. Exemple : 07:00-09:00 = 20"),
    "request-unknown": _l("Aucune demande de ce territoire ne porte ce numéro."),
}

OUTCOMES: Mapping[RuleOutcome, LazyString] = {
    RuleOutcome.APPROVE: _l("Approuver"),
    RuleOutcome.HUMAN: _l("Laisser une personne décider"),
}

LABELS: Mapping[Kind, LazyString] = {
    Kind.COLOURS: _l("Couleur des périmètres"),
    Kind.POLICIES: _l("Régime des périmètres"),
    Kind.PERIMETERS: _l("Périmètres désignés"),
    Kind.COMPANY_VERIFIED: _l("Entreprise vérifiée"),
    Kind.NAF: _l("Activité de l’entreprise (NAF)"),
    Kind.CATEGORIES: _l("Catégorie des véhicules"),
    Kind.AIR_CLASSES: _l("Vignette Crit’Air des véhicules"),
    Kind.ENERGIES: _l("Énergie des véhicules"),
    Kind.NO_HAZMAT: _l("Aucune matière dangereuse"),
    Kind.PLATES_ONCE: _l("Aucune plaque déclarée aussi par une autre entreprise"),
    Kind.MOST_VEHICLES: _l("Nombre de véhicules"),
    Kind.MOST_DAYS: _l("Durée demandée"),
    Kind.AHEAD_AT_LEAST: _l("Délai minimal avant le début"),
    Kind.AHEAD_AT_MOST: _l("Délai maximal avant le début"),
    Kind.DOCUMENTS: _l("Justificatif joint"),
}

# Of several perimeters.
_SEVERAL: Mapping[Colour, LazyString] = {
    Colour.WHITE: _l("blancs"),
    Colour.BLUE: _l("bleus"),
    Colour.RED: _l("rouges"),
    Colour.GREY: _l("gris"),
    Colour.BLACK: _l("noirs"),
}

TRUTHS: Mapping[Truth, LazyString] = {Truth.YES: _l("oui"), Truth.NO: _l("non"), Truth.UNKNOWN: _l("inconnu")}

# Why a rule that would have approved left the request to a person; the codes of a refused approval are the desk's own.
OBSTACLES: Mapping[str, LazyString] = {
    "colour-needs-person": _l("un périmètre rouge, gris ou noir, ou de couleur inconnue, demande une personne"),
    "policy-needs-person": _l("un périmètre fermé ou réservé aux accrédités demande une personne"),
    "tour-not-lawful": _l("aucun itinéraire permis n’a été trouvé pour la tournée"),
    "company-not-verified": _l("l’entreprise n’est pas vérifiée"),
    "window-over": _l("la période demandée est passée"),
    "refused-before": _l("une personne a déjà refusé un de ces véhicules à ces dates"),
    "vehicle-changed": _l("un véhicule a changé depuis la demande"),
    "quota-reached": _l("le quota d’un périmètre est atteint"),
    "accredited-without-document": _l("un périmètre réservé aux accrédités demande une personne"),
    "closed-not-exceptional": _l("un périmètre fermé demande une personne"),
    "perimeters-changed": _l("un périmètre vient de changer"),
}

FLASHES: Mapping[str, LazyString] = {
    "rule-added": _l("Règle ajoutée. Elle répond aux demandes dès maintenant."),
    "rule-changed": _l("Nouvelle version enregistrée. Les accords qu’elle changerait sont réexaminés."),
    "rule-moved": _l("Ordre des règles modifié."),
    "rule-retired": _l("Règle retirée. Les accords qu’elle seule donnait sont réexaminés."),
    "rules-applied": _l("Les règles répondent maintenant aux demandes qui attendaient."),
    "quotas-set": _l("Quotas enregistrés. Ils comptent dès la prochaine approbation."),
    "settings-set": _l("Réglages enregistrés."),
}


def rule_error(error: PortalError) -> str:
    """Return the sentence of an expected error."""
    table = ERRORS if error.code in ERRORS else SHARED
    return str(table[error.code]) % error.params


def obstacle_words(code: str) -> str:
    """Return why a person must decide, for the code of an obstacle."""
    return str(OBSTACLES[code]) if code in OBSTACLES else str(_("l’approbation a été refusée (%(code)s)", code=code))


def value_words(kind: Kind, value: object, names: Mapping[str, str]) -> str:
    """Return one value of a condition or a fact in words. names: of the perimeters, by id."""
    if value is None:
        return str(TRUTHS[Truth.UNKNOWN])
    tables: dict[Kind, Mapping[Any, Any]] = {
        Kind.COLOURS: COLOURS,
        Kind.POLICIES: POLICIES,
        Kind.CATEGORIES: CATEGORIES,
        Kind.AIR_CLASSES: AIR_CLASSES,
        Kind.ENERGIES: ENERGIES,
    }
    if kind in tables:
        words = {member.value: str(word) for member, word in tables[kind].items()}
        return words.get(str(value), str(value))
    return names.get(str(value), str(value)) if kind is Kind.PERIMETERS else str(value)


def condition_words(condition: Condition, outcome: RuleOutcome, names: Mapping[str, str]) -> str:
    """Return a condition as the middle of a sentence, as it is judged for an outcome."""
    some = outcome is RuleOutcome.HUMAN
    number = condition.number or 0
    if condition.kind in _LISTED:
        every, one = _LISTED[condition.kind]
        values = _or([_in_sentence(condition.kind, value, names, plural=not some) for value in condition.values])
        return str(one if some else every) % {"values": values}
    if condition.kind in _COUNTED:
        return _COUNTED[condition.kind](number)
    every, one = _PLAIN[condition.kind]
    return str(one if some else every)


def _in_sentence(kind: Kind, value: str, names: Mapping[str, str], *, plural: bool) -> str:
    """Return a value as it stands inside a sentence: colours in agreement, categories without their weights."""
    if kind is Kind.COLOURS and plural:
        return str(_SEVERAL[Colour(value)])
    if kind is Kind.CATEGORIES and value != Category.OTHER.value:
        return value
    word = value_words(kind, value, names)
    return word.lower() if kind in {Kind.COLOURS, Kind.CATEGORIES, Kind.ENERGIES} else word


def trial_words(result: Trial) -> list[str]:
    """Return what a draft rule would have answered to the last requests, as sentences."""
    if not result.looked_at:
        return [str(_("Aucune demande passée : rien à essayer."))]
    said = [
        ngettext(
            "Elle aurait approuvé %(num)s demande sur les %(count)s dernières.",
            "Elle aurait approuvé %(num)s demandes sur les %(count)s dernières.",
            result.approved,
            count=result.looked_at,
        )
    ]
    if result.refused:
        said.append(
            ngettext(
                "Parmi elles, %(num)s a été refusée par un agent.",
                "Parmi elles, %(num)s ont été refusées par un agent.",
                len(result.refused),
            )
        )
    if result.kept_for_person:
        said.append(
            ngettext(
                "Elle aurait laissé %(num)s demande à une personne.",
                "Elle aurait laissé %(num)s demandes à une personne.",
                result.kept_for_person,
            )
        )
    if result.blocked:
        said.append(
            ngettext(
                "%(num)s autre demande serait allée à une personne malgré la règle.",
                "%(num)s autres demandes seraient allées à une personne malgré la règle.",
                result.blocked,
            )
        )
    return [str(one) for one in said]


def foretold_words(found: Foretold) -> str:
    """Return how many of the requests that wait the rules would approve."""
    if found.looked_at < found.unasked:
        return str(
            ngettext(
                "Parmi les %(count)s plus anciennes, %(num)s serait approuvée.",
                "Parmi les %(count)s plus anciennes, %(num)s seraient approuvées.",
                found.approved,
                count=found.looked_at,
            )
        )
    return str(ngettext("%(num)s serait approuvée.", "%(num)s seraient approuvées.", found.approved))


def rule_words(conditions: Sequence[Condition], outcome: RuleOutcome, names: Mapping[str, str]) -> str:
    """Return a rule as one sentence."""
    parts = [condition_words(condition, outcome, names) for condition in conditions]
    what = _(" et ").join(parts)
    if outcome is RuleOutcome.APPROVE:
        return str(_("Si %(conditions)s, alors approuver.", conditions=what))
    return str(_("Si %(conditions)s, alors une personne décide.", conditions=what))


def rule_sentence(rule: Rule, names: Mapping[str, str]) -> str:
    """Return a rule of a territory as one sentence."""
    return rule_words(rule.conditions, rule.outcome, names)


def found_words(condition: Condition, found: Found, names: Mapping[str, str]) -> str:
    """Return what a condition found of one thing: « AA-123-AA : N3 »."""
    value = _found_value(condition.kind, found.value, names)
    if not found.of:
        return value
    return str(_("%(label)s : %(message)s", label=found.of, message=value))


def perimeter_change(before: Mapping[str, Any] | None, now: Mapping[str, Any]) -> str:
    """Return what changed of a perimeter between two readings of a request's facts; before None: it is needed anew."""
    after = _access_words(now)
    if before is None:
        return str(_("%(label)s : %(message)s", label=now["name"], message=_("nécessaire, %(access)s", access=after)))
    return str(_("%(label)s : %(message)s", label=now["name"], message=f"{_access_words(before)} → {after}"))


def _access_words(perimeter: Mapping[str, Any]) -> str:
    words = [
        value_words(Kind.COLOURS, perimeter.get("colour"), {}),
        value_words(Kind.POLICIES, perimeter.get("motorised"), {}),
    ]
    return ", ".join(word.lower() for word in words)


def _found_value(kind: Kind, value: Any, names: Mapping[str, str]) -> str:
    if value is None:
        return str(TRUTHS[Truth.UNKNOWN])
    if kind in {Kind.MOST_DAYS, Kind.AHEAD_AT_LEAST, Kind.AHEAD_AT_MOST}:
        hours = round(value / 3600)
        return str(ngettext("%(num)s heure", "%(num)s heures", hours)) if hours < 48 else _days(hours // 24)
    if kind is Kind.NO_HAZMAT:
        return str(_("matières dangereuses")) if value else str(_("aucune matière dangereuse"))
    if kind is Kind.COMPANY_VERIFIED:
        return str(_("vérifiée")) if value == "verified" else str(_("non vérifiée"))
    if kind is Kind.PLATES_ONCE:
        return str(ngettext("%(num)s autre entreprise", "%(num)s autres entreprises", value))
    return value_words(kind, value, names)


def _or(words: Iterable[str]) -> str:
    listed = list(words)
    return listed[0] if len(listed) == 1 else _(" ou ").join([", ".join(listed[:-1]), listed[-1]])


def _days(count: int) -> str:
    return str(ngettext("%(num)s jour", "%(num)s jours", count))


# For every thing looked at, and for one of them at least: a rule that approves, and one that keeps for a person.
_LISTED: Mapping[Kind, tuple[LazyString, LazyString]] = {
    Kind.COLOURS: (
        _l("tous les périmètres sont %(values)s"),
        _l("un périmètre est %(values)s, ou de couleur inconnue"),
    ),
    Kind.POLICIES: (
        _l("tous les périmètres ont pour régime « %(values)s »"),
        _l("un périmètre a pour régime « %(values)s », ou inconnu"),
    ),
    Kind.PERIMETERS: (
        _l("tous les périmètres sont parmi %(values)s"),
        _l("un périmètre est parmi %(values)s"),
    ),
    Kind.NAF: (
        _l("l’activité de l’entreprise commence par %(values)s"),
        _l("l’activité de l’entreprise commence par %(values)s, ou est inconnue"),
    ),
    Kind.CATEGORIES: (
        _l("tous les véhicules sont de catégorie %(values)s"),
        _l("un véhicule est de catégorie %(values)s, ou inconnue"),
    ),
    Kind.AIR_CLASSES: (
        _l("tous les véhicules ont la vignette %(values)s"),
        _l("un véhicule a la vignette %(values)s, ou inconnue"),
    ),
    Kind.ENERGIES: (
        _l("tous les véhicules roulent à l’énergie %(values)s"),
        _l("un véhicule roule à l’énergie %(values)s, ou inconnue"),
    ),
}

_PLAIN: Mapping[Kind, tuple[LazyString, LazyString]] = {
    Kind.COMPANY_VERIFIED: (_l("l’entreprise est vérifiée"), _l("l’entreprise est vérifiée")),
    Kind.NO_HAZMAT: (
        _l("aucun véhicule ne transporte de matières dangereuses"),
        _l("un véhicule ne transporte pas de matières dangereuses"),
    ),
    Kind.PLATES_ONCE: (
        _l("aucune plaque n’est déclarée aussi par une autre entreprise"),
        _l("une plaque n’est déclarée par aucune autre entreprise"),
    ),
    Kind.DOCUMENTS: (_l("un justificatif est joint"), _l("un justificatif est joint")),
}

_COUNTED: Mapping[Kind, Callable[[int], str]] = {
    Kind.MOST_VEHICLES: lambda n: str(
        ngettext("la demande a %(num)s véhicule", "la demande a au plus %(num)s véhicules", n)
    ),
    Kind.MOST_DAYS: lambda n: str(_("la période demandée dure au plus %(days)s", days=_days(n))),
    Kind.AHEAD_AT_LEAST: lambda n: str(_("la demande est faite au moins %(days)s avant le début", days=_days(n))),
    Kind.AHEAD_AT_MOST: lambda n: str(_("la demande est faite au plus %(days)s avant le début", days=_days(n))),
}
