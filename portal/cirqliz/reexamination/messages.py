"""The sentences of re-examinations."""

from __future__ import annotations

from collections.abc import Mapping

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
        "Un périmètre de la demande a changé depuis l’accord, donné automatiquement : un agent doit réexaminer la demande."
    ),
    ReexaminationCause.VEHICLE_CHANGED: _l(
        "Un véhicule a changé depuis l’accord (poids, catégorie, énergie ou matières dangereuses) : un agent doit réexaminer la demande."
    ),
}
