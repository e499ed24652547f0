"""The sentences of this context: refusals beside a field, names of states and reasons, words of a verdict."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from portal.cirqliz.states import (
    RefusalReason,
    RequestState,
    RevocationReason,
    SuspensionReason,
    VehicleDecision,
)
from portal.cirqliz.verification.verdict import PassVerdict, Result, Tone
from portal.common.errors import PortalError
from portal.regulations.perimeters import Motorised
from portal.web.filters import instant

ERRORS: Mapping[str, LazyString] = {
    # The company's form
    "no-vehicle": _l("Choisissez au moins un véhicule."),
    "too-many-vehicles": _l("Une demande porte sur %(most)s véhicules au plus : faites-en plusieurs."),
    "vehicle-gone": _l("L’un des véhicules choisis n’est plus dans votre flotte. Vérifiez votre choix."),
    "end-before-start": _l("La fin doit être après le début."),
    "start-in-the-past": _l("Le début est déjà passé. Choisissez une date et une heure à venir."),
    "start-too-far": _l("Le début est trop lointain. Vérifiez l’année."),
    "window-too-long": _l("Une demande porte sur %(most_days)s jours au plus."),
    "too-few-stops": _l("Indiquez le départ et au moins une étape."),
    "too-many-stops": _l("Une demande compte %(most)s étapes au plus."),
    "service-out-of-range": _l("La durée d’un arrêt va de 0 à %(most)s minutes."),
    "service-unreadable": _l("Donnez la durée en minutes, en chiffres seulement. Exemple : 15"),
    "no-reason": _l("Expliquez en une phrase pourquoi vous devez entrer."),
    "reason-too-long": _l("Ce texte est trop long : %(most)s caractères au plus."),
    "stop-outside-territory": _l("Cette étape est en dehors du territoire choisi."),
    "address-missing": _l("Indiquez une adresse, ou retirez cette étape."),
    "address-unknown": _l(
        "Nous ne trouvons pas cette adresse. Vérifiez le numéro et la rue, ou choisissez un point sur la carte."
    ),
    "address-ambiguous": _l("Plusieurs adresses ressemblent à celle-ci : choisissez la bonne ci-dessous."),
    "addresses-unavailable": _l("La recherche d’adresses ne répond pas : choisissez un point sur la carte."),
    "date-missing": _l("Indiquez une date."),
    "date-unreadable": _l("Cette date n’existe pas. Exemple : 08/09/2026."),
    "time-missing": _l("Indiquez une heure."),
    "time-unreadable": _l("Cette heure n’existe pas. Exemple : 09:30."),
    "territory-missing": _l("Choisissez le territoire."),
    "territory-not-built": _l("La carte de ce territoire n’est pas encore prête. Réessayez plus tard."),
    "company-closed": _l("D’après le registre, cette entreprise est fermée : elle ne peut pas demander d’accès."),
    "company-refused": _l(
        "L’inscription de cette entreprise n’a pas été acceptée : elle ne peut pas demander d’accès."
    ),
    "perimeter-gone": _l("L’un des périmètres choisis n’existe plus. Vérifiez votre choix."),
    "perimeter-asleep": _l("Jamais actif à ces dates, rien à demander : %(names)s."),
    "too-many-perimeters": _l("Une demande nomme %(most)s périmètres au plus : faites-en plusieurs."),
    "driver-missing": _l("Indiquez le nom du conducteur de chaque véhicule : ce territoire le demande."),
    "driver-email": _l("Cette adresse n’est pas complète : %(email)s. Exemple : nom@exemple.fr"),
    "driver-too-long": _l("Le nom d’un conducteur compte %(most)s caractères au plus."),
    "driver-not-asked": _l("Ce territoire ne demande pas le nom des conducteurs."),
    # Drafts and documents
    "too-many-drafts": _l("Votre entreprise a déjà %(most)s brouillons : jetez-en un ou déposez-le."),
    "draft-too-long": _l("Ce formulaire est trop long pour être gardé en brouillon. Raccourcissez le texte."),
    "paper-empty": _l("%(name)s est vide. Choisissez un autre fichier."),
    "paper-too-large": _l("%(name)s dépasse %(most)s Mo. Réduisez-le, ou envoyez-le en plusieurs parties."),
    "paper-type": _l("%(name)s n’est ni un PDF, ni une image PNG ou JPEG."),
    "paper-damaged": _l("%(name)s est incomplet ou abîmé. Enregistrez-le à nouveau, puis recommencez."),
    "paper-encrypted": _l("%(name)s est protégé par un mot de passe. Envoyez-le sans protection."),
    "paper-active": _l("%(name)s contient un programme. Imprimez-le en PDF simple, puis envoyez cette copie."),
    "document-gone": _l("Ce justificatif n’est plus là."),
    "too-many-papers": _l("Une demande porte %(most)s justificatifs au plus."),
    # Messages, answers and appeals
    "text-missing": _l("Écrivez quelques mots."),
    "text-too-long": _l("Ce texte est trop long : %(most)s caractères au plus."),
    "request-closed": _l("Cette demande est close : il n’y a plus rien à y ajouter."),
    "thread-full": _l("Cette demande compte déjà %(most)s messages : appelez le territoire."),
    "nothing-asked": _l("Le territoire n’attend plus de précisions sur cette demande."),
    "nothing-refused": _l("Aucun véhicule de cette demande n’est refusé."),
    "already-appealed": _l("Cette demande a déjà été contestée une fois."),
    "appeal-too-late": _l("Le délai pour contester cette décision est passé."),
    # Acts on a request
    "request-withdrawn": _l("La demande %(number)s a été retirée par l’entreprise."),
    "request-decided": _l("La demande a déjà reçu une réponse : elle ne peut plus être retirée."),
    "request-not-waiting": _l("Le calcul de cette demande est terminé."),
    "request-not-ready": _l("L’itinéraire de la demande %(number)s n’est pas encore calculé."),
    "request-changed": _l("La demande %(number)s a changé depuis que vous avez ouvert la page."),
    "request-expired": _l("La période de la demande %(number)s est passée sans réponse."),
    "in-batch": _l("La demande %(number)s fait partie d’une décision groupée qui n’est pas encore appliquée."),
    "claimed-by": _l("La demande %(number)s est chez %(by)s depuis le %(at)s."),
    "information-asked-already": _l("L’entreprise n’a pas encore répondu aux précisions demandées pour %(number)s."),
    "too-many-claimed": _l("Prenez %(most)s demandes au plus à la fois."),
    "batch-too-large": _l("Une décision groupée porte sur %(most)s demandes au plus."),
    "batch-empty": _l("Aucune des demandes choisies ne peut recevoir cette réponse."),
    "batch-ended": _l("Cette décision groupée est déjà appliquée ou annulée."),
    "view-name-missing": _l("Donnez un nom à cette vue."),
    "view-name-too-long": _l("Ce nom est trop long : %(most)s caractères au plus."),
    "view-name-taken": _l("Une autre de vos vues porte déjà ce nom."),
    "too-many-views": _l("Vous avez déjà %(most)s vues : supprimez-en une d’abord."),
    "view-not-found": _l("Cette vue n’existe plus."),
    "company-reason-missing": _l("Expliquez en une phrase pourquoi l’entreprise n’est pas acceptée."),
    "batch-not-found": _l("Cette décision groupée n’existe pas."),
    "request-not-found": _l("L’une des demandes n’existe plus."),
    "job-not-failed": _l("Le calcul est déjà relancé."),
    # The clerk's answer
    "decision-missing": _l("Choisissez d’approuver ou de refuser."),
    "refusal-without-reason": _l("Un refus demande un motif : choisissez-le dans la liste."),
    "refusal-other-unexplained": _l("Expliquez le motif « autre » en une phrase."),
    "no-vehicle-chosen": _l("Choisissez au moins un véhicule qui attend une réponse."),
    "company-not-verified": _l("L’entreprise n’est pas vérifiée : vérifiez-la avant d’approuver."),
    "window-over": _l("La période demandée est passée : elle ne peut plus être approuvée."),
    "vehicle-changed": _l(
        "Véhicule archivé ou plaque changée depuis la demande : %(plates)s. Il ne peut qu’être refusé."
    ),
    "quota-reached": _l(
        "Quota atteint : %(perimeter)s, le %(day)s de %(hours)s. Places restantes : %(left)s sur %(most)s."
    ),
    "accredited-without-document": _l(
        "Ce périmètre n’admet que des véhicules accrédités : sans justificatif joint, dites pourquoi vous approuvez."
    ),
    "perimeters-changed": _l(
        "Un périmètre de la demande %(number)s a changé depuis son dépôt : relisez ce qu’il demande avant d’approuver."
    ),
    "closed-not-exceptional": _l(
        "Ce périmètre est fermé aux véhicules : cochez la dérogation exceptionnelle, ou retirez l’approbation."
    ),
    "closed-unexplained": _l("Une dérogation exceptionnelle se motive : écrivez pourquoi en une phrase."),
    "appeal-unexplained": _l("Dites en une phrase pourquoi vous contestez la réponse."),
    "no-request-chosen": _l("Cochez au moins une demande."),
    "company-already-decided": _l("Cette entreprise vient d’être vérifiée par quelqu’un d’autre."),
    # Passes
    "pass-already-revoked": _l("Le laissez-passer %(number)s était déjà révoqué."),
    "card-revoked": _l("Le laissez-passer %(number)s n’est plus valable\u00a0: il n’a plus de carte."),
    "card-suspended": _l("Le laissez-passer %(number)s est suspendu\u00a0: sa carte ne s’imprime pas pour le moment."),
    "swap-revoked": _l("Le laissez-passer %(number)s n’est plus valable : il ne peut pas être reporté."),
    "swap-suspended": _l("Le laissez-passer %(number)s est suspendu : il ne peut pas être reporté."),
    "swap-twice": _l("Le laissez-passer %(number)s a déjà été reporté une fois : déposez une nouvelle demande."),
    "swap-outside-dates": _l("Un laissez-passer n’est reporté que pendant ses dates."),
    "swap-not-verified": _l(
        "Votre entreprise n’est pas vérifiée : le laissez-passer %(number)s ne peut pas être reporté."
    ),
    "swap-no-vehicle": _l("Choisissez un autre véhicule de votre flotte, utilisable jusqu’à la fin du laissez-passer."),
    "swap-heavier": _l("Ce véhicule est plus lourd que celui du laissez-passer, ou son poids n’est pas connu."),
    "swap-hazmat": _l("Ce véhicule transporte des matières dangereuses : il lui faut une décision."),
    "swap-has-pass": _l("Ce véhicule a déjà un laissez-passer de la même demande."),
    "swap-in-request": _l("Ce véhicule fait partie de la même demande : il a sa propre réponse."),
    "swap-refused": _l("Le territoire a refusé ce véhicule à ces heures : déposez une nouvelle demande."),
    "swap-not-by-rule": _l(
        "L’accord a été donné automatiquement et ne le serait pas pour ce véhicule\u00a0: déposez une nouvelle demande."
    ),
    "swap-held-back": _l(
        "Le territoire a révoqué un laissez-passer de ce véhicule, ou doit le réexaminer : demandez-lui son accord."
    ),
    "driver-address-missing": _l("Saisissez l’adresse e-mail du conducteur."),
    "driver-address-wrong": _l("Cette adresse n’est pas complète. Exemple : prenom.nom@exemple.fr"),
    "pass-not-living": _l("Ce laissez-passer n’est plus valable : il ne peut pas être envoyé."),
    "too-many-passes": _l("Un fichier contient %(most)s cartes au plus."),
    "no-printable-pass": _l("Aucun laissez-passer valable ou à venir : il n’y a rien à imprimer."),
    "revocation-without-reason": _l("Choisissez le motif de la révocation."),
    "revocation-other-unexplained": _l("Expliquez le motif « autre » en une phrase."),
    "search-missing": _l("Saisissez une plaque ou un numéro de laissez-passer."),
    "search-mistyped": _l("Texte mal saisi : vérifiez et recommencez."),
}

REQUEST_STATES: Mapping[RequestState, LazyString] = {
    RequestState.SUBMITTED: _l("Calcul en cours"),
    RequestState.READY: _l("En attente de décision"),
    RequestState.UNDER_REVIEW: _l("En cours d’examen"),
    RequestState.INFORMATION_ASKED: _l("Précisions demandées"),
    RequestState.NOT_NEEDED: _l("Aucun laissez-passer nécessaire"),
    RequestState.APPROVED: _l("Approuvée"),
    RequestState.PARTLY_APPROVED: _l("Approuvée en partie"),
    RequestState.REFUSED: _l("Refusée"),
    RequestState.WITHDRAWN: _l("Retirée"),
    RequestState.EXPIRED: _l("Expirée"),
}

REQUEST_TONES: Mapping[RequestState, str] = {
    RequestState.SUBMITTED: "info",
    RequestState.READY: "warning",
    RequestState.UNDER_REVIEW: "info",
    RequestState.INFORMATION_ASKED: "warning",
    RequestState.NOT_NEEDED: "neutral",
    RequestState.APPROVED: "success",
    RequestState.PARTLY_APPROVED: "success",
    RequestState.REFUSED: "danger",
    RequestState.WITHDRAWN: "neutral",
    RequestState.EXPIRED: "neutral",
}

DECISIONS: Mapping[VehicleDecision, LazyString] = {
    VehicleDecision.PENDING: _l("En attente"),
    VehicleDecision.APPROVED: _l("Approuvé"),
    VehicleDecision.REFUSED: _l("Refusé"),
}

DECISION_TONES: Mapping[VehicleDecision, str] = {
    VehicleDecision.PENDING: "warning",
    VehicleDecision.APPROVED: "success",
    VehicleDecision.REFUSED: "danger",
}

REFUSAL_REASONS: Mapping[RefusalReason, LazyString] = {
    RefusalReason.REASON_INSUFFICIENT: _l("Le motif ne justifie pas l’accès"),
    RefusalReason.VEHICLE_NOT_ALLOWED: _l("Ce type de véhicule n’est pas admis"),
    RefusalReason.PERIMETER_CLOSED: _l("Le périmètre est fermé à toute livraison"),
    RefusalReason.DATES_NOT_ALLOWED: _l("Les dates ou les heures ne conviennent pas"),
    RefusalReason.COMPANY_NOT_VERIFIED: _l("L’entreprise n’a pas pu être vérifiée"),
    RefusalReason.DUPLICATE: _l("Une autre demande couvre déjà ce besoin"),
    RefusalReason.QUOTA_REACHED: _l("Le nombre de véhicules admis à cette heure est atteint"),
    RefusalReason.DOCUMENT_MISSING: _l("Un justificatif manque"),
    RefusalReason.OTHER: _l("Autre motif (à préciser)"),
}

REVOCATION_REASONS: Mapping[RevocationReason, LazyString] = {
    RevocationReason.MISUSE: _l("Usage abusif constaté"),
    RevocationReason.DECISION_CHANGED: _l("La décision a été revue"),
    RevocationReason.PERIMETER_CHANGED: _l("Le périmètre ou ses horaires ont changé"),
    RevocationReason.COMPANY_CLOSED: _l("L’entreprise a cessé son activité"),
    RevocationReason.OTHER: _l("Autre motif (à préciser)"),
    RevocationReason.GIVEN_BACK: _l("Rendu par l’entreprise"),
    RevocationReason.PLATE_CHANGED: _l("La plaque du véhicule a changé"),
    RevocationReason.PLATE_SWAPPED: _l("Reporté sur un autre véhicule"),
    RevocationReason.VEHICLE_ARCHIVED: _l("Le véhicule a quitté la flotte"),
    RevocationReason.LOAN_ENDED: _l("Le prêt du véhicule a pris fin"),
}

SUSPENSION_REASONS: Mapping[SuspensionReason, LazyString] = {
    SuspensionReason.COMPANY_CLOSED: _l("L’entreprise est fermée ou refusée, ou celle qui lui prête le véhicule"),
    SuspensionReason.VEHICLE_CHANGED: _l("Le véhicule a changé : une décision est attendue"),
}

PASS_PHASES: Mapping[str, LazyString] = {
    "active": _l("En cours de validité"),
    "later": _l("Pas encore valable"),
    "expired": _l("Expiré"),
    "suspended": _l("Suspendu"),
    "revoked": _l("Révoqué"),
}

PASS_TONES: Mapping[str, str] = {
    "active": "success",
    "later": "info",
    "suspended": "warning",
    "expired": "neutral",
    "revoked": "danger",
}

POLICIES: Mapping[Motorised, LazyString] = {
    Motorised.FREE: _l("Circulation libre"),
    Motorised.JUSTIFIED: _l("Entrée sur justificatif de livraison"),
    Motorised.PASS_REQUIRED: _l("Laissez-passer obligatoire"),
    Motorised.ACCREDITED: _l("Véhicules accrédités seulement"),
    Motorised.CLOSED: _l("Fermé aux véhicules"),
}

NEEDS: Mapping[Motorised, LazyString] = {
    Motorised.FREE: _l("Rien à demander"),
    Motorised.JUSTIFIED: _l("Gardez le bon de livraison à bord ; le laissez-passer fait gagner du temps au contrôle"),
    Motorised.PASS_REQUIRED: _l("Une décision de l’autorité est nécessaire"),
    Motorised.ACCREDITED: _l("Une décision de l’autorité est nécessaire, au cas par cas"),
    Motorised.CLOSED: _l("Une décision exceptionnelle de l’autorité est nécessaire"),
}

TONE_WORDS: Mapping[Tone, LazyString] = {
    Tone.GREEN: _l("Valable"),
    Tone.ORANGE: _l("À vérifier"),
    Tone.RED: _l("Non valable"),
}

VERDICT_WORDS: Mapping[Result, LazyString] = {Result.NOT_YET: _l("Pas encore valable")}

VERDICT_REASONS: Mapping[Result, LazyString] = {
    Result.VALID: _l("Laissez-passer en vigueur jusqu’au %(at)s."),
    Result.NOT_YET: _l("Laissez-passer authentique, valable seulement à partir du %(at)s."),
    Result.OUTSIDE_HOURS: _l("Aucun périmètre actif en ce moment ; le prochain l’est à partir du %(at)s."),
    Result.HOURS_UNKNOWN: _l("Laissez-passer authentique, mais les horaires d’un périmètre ne sont plus connus."),
    Result.EXPIRED: _l("Expiré depuis le %(at)s."),
    Result.SUSPENDED: _l("Suspendu depuis le %(at)s : il ne donne aucun droit pour le moment."),
    Result.REVOKED: _l("Révoqué le %(at)s."),
    Result.FORGED: _l("Ce code n’est pas un laissez-passer : illisible, incomplet ou falsifié."),
    Result.UNKNOWN: _l("Aucun laissez-passer ne correspond."),
    Result.ELSEWHERE: _l("Laissez-passer d’un autre territoire : il ne donne aucun droit ici."),
}

FLASHES: Mapping[str, LazyString] = {
    "submitted": _l("Demande %(number)s déposée. Nous calculons l’itinéraire."),
    "withdrawn": _l("Demande retirée."),
    "company-needed": _l(
        "Un laissez-passer se demande pour une entreprise, par sa direction ou ses gestionnaires\u00a0: inscrivez la vôtre, "
        "ou demandez une invitation."
    ),
    "draft-saved": _l("Brouillon enregistré. Retrouvez-le dans vos demandes."),
    "draft-discarded": _l("Brouillon jeté."),
    "words-sent": _l("Message envoyé."),
    "answer-sent": _l("Réponse envoyée : votre demande reprend son cours."),
    "documents-added": _l("Justificatif ajouté."),
    "appealed": _l("Votre contestation est enregistrée : la demande est réexaminée."),
    "retried": _l("Calcul relancé."),
    "decided": _l("Décision enregistrée pour la demande %(number)s. L’entreprise est prévenue."),
    "claimed": _l("Demandes prises en charge : %(count)s."),
    "claimed-one": _l("La demande est chez vous."),
    "nothing-to-claim": _l("Aucune demande libre : tout est déjà pris en charge."),
    "released": _l("Demande remise dans la file."),
    "asked": _l("Question envoyée. La demande attend la réponse de l’entreprise."),
    "message-sent": _l("Message envoyé à l’entreprise."),
    "batch-prepared": _l(
        "Réponse prête pour %(count)s demandes : elle prend effet à %(at)s. Vous pouvez l’annuler d’ici là."
    ),
    "batch-undone": _l("Décision groupée annulée : rien n’a été envoyé."),
    "company-refused": _l("Entreprise refusée. Ses membres sont prévenus."),
    "view-saved": _l("Vue « %(view)s » enregistrée."),
    "view-deleted": _l("Vue supprimée."),
    "batch-decided": _l("Réponses enregistrées : %(count)s. Les entreprises sont prévenues."),
    "company-verified": _l("Entreprise vérifiée."),
    "revoked": _l("Laissez-passer %(number)s révoqué. Il est rouge dès le prochain contrôle."),
    "given-back": _l("Laissez-passer %(number)s rendu."),
    "swapped": _l("Laissez-passer reporté sur %(plate)s. L’ancien n’est plus valable."),
    "sent-to-driver": _l("Laissez-passer envoyé à %(address)s."),
}


def sentence(error: PortalError) -> str:
    """Return the sentence of an expected error; raises KeyError for a code this context does not know."""
    if error.code == "decided-first":
        return decided_first(error.params.get("number"), error.params.get("by"), error.params.get("at"))
    params = {name: instant(value) if isinstance(value, datetime) else value for name, value in error.params.items()}
    return str(ERRORS[error.code]) % params


def decided_first(number: object, by: object, at: object) -> str:
    """Return the sentence for the second of two clerks. at: an aware instant."""
    when = instant(at) if isinstance(at, datetime) else ""
    return str(_("%(by)s a répondu à la demande %(number)s avant vous, le %(when)s.", by=by, number=number, when=when))


def flash_text(name: str, **params: object) -> str:
    """Return the sentence shown once after an act."""
    return str(FLASHES[name]) % params


def verdict_word(verdict: PassVerdict) -> str:
    """Return the word of a verdict in large letters: of its tone, unless there is nothing to look at but the hour."""
    return str(VERDICT_WORDS.get(verdict.result) or TONE_WORDS[verdict.tone])


def verdict_reason(verdict: PassVerdict, zone: str) -> str:
    """Return the one sentence under the word of a verdict; zone: the territory's clock."""
    at = instant(verdict.at, zone)
    if verdict.result is Result.OUTSIDE_HOURS and not at:
        return str(_("Plus aucun périmètre de ce laissez-passer ne sera actif."))
    return str(VERDICT_REASONS[verdict.result]) % {"at": at}


def decision_word(value: str) -> str:
    """Return the word of a decision as the journal stores it."""
    return str(DECISIONS[VehicleDecision(value)]).lower()
