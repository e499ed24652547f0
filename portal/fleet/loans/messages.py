"""The sentences of loans."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from portal.fleet.loans.queries import LoanPhase

ERRORS = {
    "siret-format": _l("Un SIRET compte 14 chiffres."),
    "siret-checksum": _l("Ce SIRET n’existe pas\u00a0: un chiffre est faux ou deux chiffres sont inversés."),
    "loan-to-yourself": _l("C’est le SIRET de votre propre entreprise."),
    "loan-dates": _l("Le dernier jour ne peut pas précéder le premier."),
    "loan-too-long": _l("Un prêt dure au plus %(days)s jours\u00a0: il peut être renouvelé."),
    "loan-over": _l("Ce prêt est déjà terminé à cette date."),
    "loan-overlaps": _l("Ce véhicule est déjà prêté ou proposé à ces dates\u00a0: mettez d’abord fin à ce prêt."),
    "loan-answered": _l("Ce prêt a déjà reçu une réponse."),
    "vehicle-is-archived": _l("Ce véhicule est archivé\u00a0: rétablissez-le d’abord."),
    "lender-closed": _l("L’entreprise qui prête est fermée ou n’est pas admise\u00a0: aucun prêt ne peut commencer."),
    "lender-has-passes": _l(
        "Ce véhicule a des laissez-passer de votre entreprise à ces dates (%(numbers)s)\u00a0: rendez-les d’abord."
    ),
    "lender-still-has-passes": _l(
        "L’entreprise qui prête a encore des laissez-passer de ce véhicule à ces dates\u00a0: elle doit d’abord les rendre."
    ),
    "too-many-offers": _l("%(most)s prêts attendent déjà une réponse\u00a0: retirez ceux qui ne servent plus."),
    "not-a-day": _l("Indiquez un jour, par exemple 31/12/2026."),
}

PHASES = {
    LoanPhase.WAITING: _l("en attente de réponse"),
    LoanPhase.UNANSWERED: _l("resté sans réponse"),
    LoanPhase.DECLINED: _l("décliné"),
    LoanPhase.COMING: _l("à venir"),
    LoanPhase.RUNNING: _l("en cours"),
    LoanPhase.HELD: _l("suspendu\u00a0: une des deux entreprises est fermée ou n’est pas admise"),
    LoanPhase.OVER: _l("terminé"),
    LoanPhase.ENDED: _l("terminé avant la date"),
    LoanPhase.TAKEN_BACK: _l("retiré"),
}

TONES = {
    LoanPhase.WAITING: "warning",
    LoanPhase.COMING: "info",
    LoanPhase.RUNNING: "success",
    LoanPhase.HELD: "danger",
}
"""The tone of a phase's badge; neutral for the others."""


def loan_error(code: str, params: dict[str, object]) -> str:
    """Return the sentence of a refusal."""
    return str(ERRORS[code]) % params
