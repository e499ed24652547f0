"""The sentences of re-examinations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask_babel import force_locale, ngettext
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from portal.cirqliz.states import ReexaminationCause

CAUSES: Mapping[ReexaminationCause, LazyString] = {
    ReexaminationCause.APPEAL: _l("Recours de l’entreprise"),
    ReexaminationCause.RULE_CHANGED: _l("Les règles du territoire ont changé"),
    ReexaminationCause.CALENDAR_CHANGED: _l("Un périmètre a changé"),
    ReexaminationCause.VEHICLE_CHANGED: _l("Un véhicule a changé"),
}

# What the company reads when its request comes back.
TOLD: Mapping[ReexaminationCause, LazyString] = {
    ReexaminationCause.APPEAL: _l("Votre recours est enregistré : un agent réexamine les véhicules refusés."),
    ReexaminationCause.RULE_CHANGED: _l(
        "Les règles du territoire ont changé depuis l’accord, donné automatiquement : un agent doit réexaminer la demande."
    ),
    ReexaminationCause.CALENDAR_CHANGED: _l(
        "Un périmètre de la demande a changé depuis la réponse\u00a0: un agent doit réexaminer la demande."
    ),
    ReexaminationCause.VEHICLE_CHANGED: _l(
        "Un véhicule a changé depuis l’accord (poids, catégorie, énergie ou matières dangereuses) : un agent doit réexaminer la demande."
    ),
}

# What a clerk can take in beside a request, in characters.
MOST_LISTED = 2000
# Room for the words that say how many more there are.
_ROOM = 40


def fewer_hours(perimeter: str) -> str:
    """Return that a perimeter is active at fewer hours than it was."""
    return str(_("%(label)s\u00a0: %(message)s", label=perimeter, message=_("moins d’heures")))


def listed(lines: Sequence[str], separator: str) -> str:
    """Return what changed, as many lines as a clerk can take in, and how many more there are.

    In French, as the rest of the journal. However many vehicles or perimeters change, it is never too long.
    """
    kept: list[str] = []
    left = MOST_LISTED - _ROOM
    for line in lines:
        left -= len(line) + len(separator)
        if left < 0:
            break
        kept.append(line)
    if len(kept) == len(lines):
        return separator.join(kept)
    count = len(lines) - len(kept)
    with force_locale("fr"):
        return separator.join([*kept, ngettext("… et %(num)s autre", "… et %(num)s autres", count)])
