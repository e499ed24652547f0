"""An entry of the journal in words: on what, what changed from what to what, by which rule and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_babel.speaklater import LazyString

from portal.audit import JournalEntry
from portal.cirqliz.messages import (
    DECISIONS,
    REFUSAL_REASONS,
    REQUEST_STATES,
    REVOCATION_REASONS,
    SUSPENSION_REASONS,
)
from portal.cirqliz.reexamination.messages import CAUSES

GROUP_WORDS: Mapping[str, LazyString] = {
    "demandes": _l("Demandes et décisions"),
    "laissez-passer": _l("Laissez-passer"),
    "regles": _l("Règles, quotas et réglages"),
    "personnes": _l("Personnes et entreprises"),
    "flotte": _l("Véhicules"),
    "territoire": _l("Territoire et arrêtés"),
}

_FIELDS: Mapping[str, LazyString] = {
    "state": _l("État"),
    "status": _l("État"),
    "role": _l("Rôle"),
    "name": _l("Nom"),
    "plate": _l("Plaque"),
    "plates": _l("Plaques"),
    "quotas": _l("Quotas"),
    "position": _l("Rang"),
    "outcome": _l("Réponse de la règle"),
    "conditions": _l("Conditions"),
    "active": _l("En service"),
    "build_version": _l("Carte"),
    "sample_percent": _l("Part vérifiée par une personne (pour cent)"),
    "appeal_days": _l("Délai de contestation (jours)"),
    "undo_min": _l("Délai d’annulation (minutes)"),
    "asks_driver_name": _l("Nom du conducteur demandé"),
    "sync_hours": _l("Synchronisation des contrôles (heures)"),
    "scan_retention_days": _l("Conservation des contrôles (jours)"),
    "gvw_kg": _l("PTAC (kg)"),
    "height_cm": _l("Hauteur (cm)"),
    "width_cm": _l("Largeur (cm)"),
    "length_cm": _l("Longueur (cm)"),
    "archived": _l("Archivé"),
    "claimed_by": _l("Chargé de la demande"),
}


def _by_code(*tables: Mapping[Any, LazyString]) -> Mapping[str, LazyString]:
    return {member.value: word for table in tables for member, word in table.items()}


# The words of what the journal stores as a code: of a field, else of any.
_STATES = _by_code(REQUEST_STATES)
_CODES = _by_code(SUSPENSION_REASONS, REVOCATION_REASONS, REFUSAL_REASONS, DECISIONS, CAUSES)
_TOLD_APART = frozenset({"number", "name", "company", "slug", "file", "perimeter", "rule", "rule_number", "rule_id"})
_LONGEST_LIST = 12


def subject_words(entry: JournalEntry) -> str:
    """Return what the entry is about: a number or a name, then the company, or how many requests; empty otherwise."""
    data = entry.data
    if isinstance(data.get("number"), int) and data.get("name"):
        # The number of a rule is that of its version; those of requests and passes name them.
        return f"{data['name']}, {_('version %(number)s', number=data['number'])}"
    names = (data.get("number"), data.get("name"), data.get("perimeter"), data.get("file"), data.get("slug"))
    first = next((str(name) for name in names if name), "")
    if not first and isinstance(data.get("requests"), int):
        first = str(ngettext("%(num)s demande", "%(num)s demandes", data["requests"]))
    return ", ".join(part for part in (first, str(data.get("company") or "")) if part)


def change_words(entry: JournalEntry) -> list[str]:
    """Return one sentence for each field that the entry changed: its name, its value before and after."""
    return [
        _(
            "%(field)s : %(before)s → %(after)s",
            field=_name(field),
            before=_value(before, field),
            after=_value(after, field),
        )
        for field, before, after in _changes(entry.data)
    ]


def detail_words(entry: JournalEntry) -> list[str]:
    """Return what else the entry says: plates, answer, reason, rule."""
    data = entry.data
    said = []
    if data.get("plates"):
        said.append(_value(data["plates"]))
    elif data.get("plate"):
        said.append(_value(data["plate"]))
    said += [_value(data[key]) for key in ("decision", "cause", "reason_code") if data.get(key)]
    if data.get("rule"):
        number = data.get("rule_number") or "–"
        said.append(_("Par la règle « %(name)s », n° %(number)s", name=data["rule"], number=number))
    if isinstance(data.get("left_out"), int) and data["left_out"]:
        said.append(str(ngettext("%(num)s laissée de côté", "%(num)s laissées de côté", data["left_out"])))
    if data.get("exceptional"):
        said.append(_("À titre exceptionnel"))
    if data.get("role") and not isinstance(data["role"], list):
        said.append(str(data["role"]))
    said += [
        str(data[key]) for key in ("reason", "reason_text", "text") if data.get(key) and isinstance(data[key], str)
    ]
    return said


def _changes(data: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    nested = data.get("changes")
    for name, value in (*data.items(), *(nested.items() if isinstance(nested, Mapping) else ())):
        if name in _TOLD_APART or name == "plates":
            continue
        if isinstance(value, list) and len(value) == 2 and value[0] != value[1]:
            yield name, value[0], value[1]


def _name(field: str) -> str:
    return str(_FIELDS.get(field, field))


def _value(value: Any, field: str = "") -> str:
    if value is None or value == "" or value == []:
        return "–"
    if isinstance(value, bool):
        return str(_("oui")) if value else str(_("non"))
    if isinstance(value, list):
        shown = ", ".join(_value(one) for one in value[:_LONGEST_LIST])
        return f"{shown}…" if len(value) > _LONGEST_LIST else shown
    if isinstance(value, Mapping):
        return ", ".join(f"{_name(str(name))} {_value(one)}" for name, one in value.items())
    if not isinstance(value, str):
        return str(value)
    word = (_STATES.get(value) if field == "state" else None) or _CODES.get(value)
    return str(word).lower() if word is not None else value
