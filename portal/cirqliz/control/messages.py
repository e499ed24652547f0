"""The sentences of control: what the phone says by itself, the names of its answers, the lessons."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from portal.cirqliz.control.training import Lesson
from portal.cirqliz.messages import TONE_WORDS, VERDICT_REASONS, VERDICT_WORDS
from portal.cirqliz.verification.verdict import Result, Tone


def phone_words() -> dict[str, object]:
    """Return the words the page's script needs, in the language of the page; `%(at)s` stands for an instant."""
    reasons = {
        result.value: str(VERDICT_REASONS[result])
        for result in (
            *(Result.VALID, Result.NOT_YET, Result.OUTSIDE_HOURS),
            *(Result.EXPIRED, Result.FORGED, Result.ELSEWHERE),
        )
    }
    return {
        "results": {result.value: str(word) for result, word in VERDICT_WORDS.items()},
        "tones": {tone.value: str(TONE_WORDS[tone]) for tone in Tone},
        "reasons": {
            **reasons,
            "never_again": _("Plus aucun périmètre de ce laissez-passer ne sera actif."),
            "hours_unknown": _(
                "Laissez-passer authentique, mais ses périmètres ne sont pas sur ce téléphone : vérifiez avec le réseau."
            ),
            "stale": _(
                "Laissez-passer authentique, mais la liste du téléphone est ancienne : il a pu être retiré depuis."
            ),
            "revoked": _("Révoqué, d’après la liste du %(list)s."),
            "suspended": _("Suspendu, d’après la liste du %(list)s."),
            "exercise": _(
                "Code d’exercice : il ne donne aucun droit. Pour vous exercer, passez la page en mode exercice."
            ),
        },
        "plate": _("Plaque à comparer"),
        "clock": _("Heure du contrôle"),
        "dates": _("Valable du %(from)s au %(to)s."),
        "active_now": _("actif maintenant"),
        "inactive_now": _("pas actif maintenant"),
        "perimeter_unknown": _("Périmètre inconnu de ce téléphone"),
        "list_of": _("Liste du %(at)s."),
        "list_old": _("Liste du %(at)s : trop ancienne, le vert devient orange. Trouvez du réseau."),
        "list_none": _("Aucune liste sur ce téléphone : il faut du réseau une première fois."),
        "waiting": _("Contrôles à envoyer : %(count)s."),
        "waiting_others": _("Contrôles d’un autre agent, envoyés quand il se connectera : %(count)s."),
        "all_sent": _("Tous les contrôles sont envoyés."),
        "too_old": _("Contrôles trop anciens, non conservés : %(count)s."),
        "signed_out": _("Session terminée : connectez-vous pour mettre la liste à jour et envoyer les contrôles."),
        "clock_wrong": _("L’horloge de ce téléphone se trompe de %(minutes)s min : les heures sont corrigées."),
        "search_offline": _("La recherche demande le réseau. Sans réseau, scannez le code."),
        "camera_refused": _("L’appareil photo n’est pas accessible. Autorisez-le, ou saisissez le code ou la plaque."),
        "reader_missing": _(
            "Le lecteur de codes n’est pas encore sur ce téléphone : il faut du réseau une première fois."
        ),
        "cannot_check": _("Ce navigateur ne sait pas vérifier une signature : mettez-le à jour."),
        "confirmed": _("Confirmé par le portail : %(reason)s"),
        "corrected": _("Le portail corrige la liste du téléphone : %(reason)s"),
        "portal_failed": _(
            "Le portail a répondu par une erreur : les contrôles restent sur ce téléphone et repartiront."
        ),
        "outdated": _(
            "Cette page n’est plus à jour : rechargez-la avec du réseau. D’ici là, elle garde la liste qu’elle avait."
        ),
        "receipt": _("Reçu signé de ce contrôle"),
        "sound_on": _("Couper le son"),
        "sound_off": _("Remettre le son"),
    }


RESULT_WORDS: Mapping[str, LazyString] = {
    "valid": _l("En vigueur"),
    "stale": _l("Liste ancienne"),
    "not_yet": _l("Pas encore valable"),
    "outside_hours": _l("Hors des heures"),
    "hours_unknown": _l("Heures inconnues"),
    "expired": _l("Expiré"),
    "revoked": _l("Révoqué"),
    "suspended": _l("Suspendu"),
    "elsewhere": _l("Autre territoire"),
    "forged": _l("Code falsifié ou illisible"),
    "unknown": _l("Code ou plaque inconnus"),
}

RECEIPT_WARNINGS: Mapping[str, LazyString] = {
    "revoked": _l(
        "À cette heure, le portail tenait ce laissez-passer pour révoqué : la réponse du téléphone ne vaut pas."
    ),
    "suspended": _l(
        "À cette heure, le portail tenait ce laissez-passer pour suspendu : la réponse du téléphone ne vaut pas."
    ),
    "unknown": _l("Le portail ne connaît aucun laissez-passer pour ce code : la réponse du téléphone ne vaut pas."),
}
"""What a receipt says beside an answer that the portal would not have given."""

LESSONS: Mapping[Lesson, LazyString] = {
    Lesson.VALID: _l("Tout est en ordre : vert, et la plaque est celle du véhicule."),
    Lesson.OTHER_PLATE: _l("Vert, mais la plaque n’est pas celle du véhicule : le code a été copié, il ne donne rien."),
    Lesson.NOT_YET: _l("Trop tôt : orange."),
    Lesson.OUTSIDE_HOURS: _l("Hors des heures du périmètre : orange."),
    Lesson.EXPIRED: _l("Expiré : rouge."),
    Lesson.REVOKED: _l("Révoqué : rouge."),
    Lesson.SUSPENDED: _l("Suspendu : rouge."),
    Lesson.FORGED: _l("Falsifié : rouge."),
}
