"""How a push ended, in French: what the base answered, and what it cannot be told."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from portal.numeriz.messages import error_sentence
from portal.numeriz.values import PushState

STATES: Mapping[PushState, LazyString] = {
    PushState.WAITING: _l("Envoi en attente"),
    PushState.SENT: _l("Transmis"),
    PushState.REFUSED: _l("Non transmis"),
    PushState.FAILED: _l("Échec de l’envoi"),
}
PROBLEMS: Mapping[str, LazyString] = {
    "push-unauthorised": _l(
        "DiaLog ne reconnaît pas le compte de ce territoire\u00a0: l’exploitant du portail doit vérifier son "
        "identifiant et son secret."
    ),
    "push-refused": _l("DiaLog refuse l’arrêté (réponse %(status)s)."),
    "push-answer": _l("DiaLog ne répond pas ce qu’il devrait (réponse %(status)s)."),
    "push-busy": _l("DiaLog ne peut pas répondre pour l’instant (réponse %(status)s)."),
    "push-timeout": _l("DiaLog n’a pas répondu à temps."),
    "push-unreachable": _l("DiaLog est injoignable."),
    "push-gone": _l("L’arrêté a disparu de DiaLog pendant l’envoi."),
    "push-taken": _l(
        "DiaLog a déjà un arrêté «\u00a0%(identifier)s\u00a0» qui n’a pas été envoyé d’ici\u00a0: il n’est ni modifié "
        "ni supprimé sans votre accord."
    ),
    "push-no-account": _l("Ce territoire n’a pas de compte DiaLog."),
    "push-not-ours": _l("Seuls les arrêtés écrits dans ce portail sont envoyés à DiaLog."),
    "push-identifier": _l(
        "L’identifiant «\u00a0%(identifier)s\u00a0» ne peut pas figurer dans une adresse de DiaLog\u00a0: changez-le."
    ),
    "push-type": _l("Mesure %(measure)s\u00a0: DiaLog n’a pas ce type de mesure."),
    "push-speed": _l("Mesure %(measure)s\u00a0: la vitesse manque."),
    "push-place": _l("Mesure %(measure)s\u00a0: un lieu n’a pas de tracé."),
    "push-direction": _l(
        "Mesure %(measure)s\u00a0: elle vaut dans un seul sens d’une rue à double sens, et DiaLog ne garde pas le "
        "sens d’un tracé."
    ),
    "push-holidays": _l("Mesure %(measure)s\u00a0: DiaLog ne connaît pas les jours fériés."),
    "push-hour": _l("Mesure %(measure)s\u00a0: un début ou une fin tombe dans l’heure que l’automne répète."),
    "push-text-too-long": _l(
        "Mesure %(measure)s\u00a0: les conditions en toutes lettres dépassent les %(most)s signes que DiaLog accepte."
    ),
    "lost-too-often": _l("L’envoi s’est interrompu plusieurs fois."),
    "unexpected": _l("L’envoi s’est interrompu à cause d’une erreur du portail."),
}


def problem_sentence(code: str, params: Mapping[str, object]) -> str:
    """Why a push was not taken, in one sentence."""
    known = PROBLEMS.get(code)
    return error_sentence(code, params) if known is None else str(known) % {**_UNKNOWN, **params}


# Of answers stored before a parameter existed.
_UNKNOWN: Mapping[str, object] = {"status": "–", "identifier": "–", "measure": "–", "most": "–"}
