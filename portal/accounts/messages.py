"""The sentences of this context: errors beside a field, subjects of mails, names of roles and states."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from portal.accounts.models import CompanyStatus
from portal.accounts.registry import Answer
from portal.common.actor import CompanyRole, StaffRole
from portal.common.errors import PortalError

ERRORS = {
    "siret-format": _l("Un SIRET compte 14 chiffres. Il figure sur vos factures et sur votre avis de situation INSEE."),
    "siret-checksum": _l("Ce SIRET n’existe pas : un chiffre est faux ou deux chiffres sont inversés."),
    "siret-registered": _l(
        "Cette entreprise est déjà inscrite : demandez une invitation à la personne qui gère ses laissez-passer."
    ),
    "siret-closed": _l("D’après le registre, cet établissement est fermé. Donnez le SIRET d’un établissement ouvert."),
    "email-format": _l("Cette adresse électronique est incomplète. Exemple : nom@entreprise.fr"),
    "password-short": _l("Ce mot de passe est trop court : il en faut au moins %(at_least)s caractères."),
    "password-long": _l("Ce mot de passe est trop long : %(at_most)s caractères au plus."),
    "password-common": _l(
        "Ce mot de passe est parmi les premiers qu’on essaierait. Prenez quatre mots sans rapport entre eux."
    ),
    "password-personal": _l(
        "Ce mot de passe ressemble à votre nom, à votre adresse ou à votre entreprise. Choisissez-en un autre."
    ),
    "password-wrong": _l("Ce mot de passe n’est pas le bon."),
    "sign-in-refused": _l("L’adresse électronique ou le mot de passe est faux."),
    "already-member": _l("Cette personne fait déjà partie de l’entreprise."),
    "already-staff": _l("Cette personne a déjà ce rôle sur le territoire."),
    "too-many-invitations": _l(
        "%(at_most)s invitations attendent déjà une réponse : annulez-en avant d’en envoyer d’autres."
    ),
    "team-role-needed": _l("Seuls les responsables de l’entreprise peuvent changer son équipe."),
    "team-role-above": _l("Seul un propriétaire peut donner, changer ou retirer le rôle de propriétaire."),
    "last-owner": _l("C’est le seul propriétaire de l’entreprise : donnez d’abord ce rôle à quelqu’un d’autre."),
    "last-administrator": _l(
        "C’est le seul administrateur du territoire : donnez d’abord ce rôle à quelqu’un d’autre."
    ),
    "erasure-last-owner": _l(
        "Vous êtes le seul propriétaire de %(company)s\u00a0: donnez d’abord ce rôle à quelqu’un d’autre de l’entreprise."
    ),
    "erasure-last-administrator": _l(
        "Vous êtes le seul administrateur de %(place)s\u00a0: donnez d’abord ce rôle à quelqu’un d’autre."
    ),
    "closing-without-reason": _l("Expliquez en une phrase pourquoi : l’entreprise le lit."),
    "company-closed-already": _l("Cette entreprise est déjà déclarée fermée."),
    "company-not-closed": _l("Cette entreprise n’est pas fermée."),
    "company-changed-meanwhile": _l(
        "Quelqu’un a modifié cette fiche entre-temps. Vérifiez ce que vous avez saisi et enregistrez à nouveau."
    ),
}

LOOK_UPS = {
    Answer.UNREACHABLE: _l("Le registre des entreprises ne répond pas : saisissez le nom et l’adresse à la main."),
    Answer.UNKNOWN: _l("Le registre ne connaît pas ce SIRET. Vérifiez-le, ou saisissez le nom et l’adresse à la main."),
    Answer.CLOSED: ERRORS["siret-closed"],
    Answer.FOUND: _l("Nom et adresse trouvés dans le registre. Vérifiez-les."),
}

MAIL_SUBJECTS = {
    "confirm": _l("Confirmez votre inscription à Joptimiz"),
    "already_registered": _l("Vous avez déjà un compte Joptimiz"),
    "password_reset": _l("Choisissez un nouveau mot de passe Joptimiz"),
    "invitation": _l("%(invited_by)s vous invite à rejoindre %(place_name)s sur Joptimiz"),
    "company_verified": _l("%(company_name)s est vérifiée sur Joptimiz"),
    "company_closed": _l("%(company_name)s est déclarée fermée sur Joptimiz"),
    "company_reopened": _l("%(company_name)s n’est plus déclarée fermée sur Joptimiz"),
    "company_refused": _l("L’inscription de %(company_name)s sur Joptimiz n’est pas acceptée"),
}

ROLE_NAMES: dict[CompanyRole | StaffRole, str] = {
    CompanyRole.OWNER: _l("propriétaire"),
    CompanyRole.MANAGER: _l("gestionnaire"),
    CompanyRole.DRIVER: _l("conducteur"),
    StaffRole.CLERK: _l("instructeur"),
    StaffRole.SUPERVISOR: _l("superviseur"),
    StaffRole.CONTROL_AGENT: _l("agent de contrôle"),
    StaffRole.ADMINISTRATOR: _l("administrateur"),
}

COMPANY_ROLE_CHOICES = {
    CompanyRole.OWNER: _l("Propriétaire : tout, et l’équipe"),
    CompanyRole.MANAGER: _l("Gestionnaire : véhicules, demandes, équipe"),
    CompanyRole.DRIVER: _l("Conducteur : consulte laissez-passer et itinéraires"),
}

STAFF_ROLE_CHOICES = {
    StaffRole.CLERK: _l("Instructeur : décide des demandes"),
    StaffRole.SUPERVISOR: _l("Superviseur : instructeur, et contrôle des décisions"),
    StaffRole.CONTROL_AGENT: _l("Agent de contrôle : vérifie les laissez-passer sur la voie publique"),
    StaffRole.ADMINISTRATOR: _l("Administrateur : agents et réglages du territoire"),
}

STATUS_NAMES = {
    CompanyStatus.PENDING: _l("En attente de vérification"),
    CompanyStatus.VERIFIED: _l("Vérifiée"),
    CompanyStatus.REFUSED: _l("Refusée"),
    CompanyStatus.CLOSED: _l("Fermée"),
}

FLASHES = {
    "signed-out": _l("Vous êtes déconnecté."),
    "confirmed": _l("Bienvenue ! Votre inscription est confirmée."),
    "confirmed-without-company": _l(
        "Votre compte est confirmé, mais l’entreprise a été inscrite entre-temps par quelqu’un d’autre : demandez-lui "
        "une invitation."
    ),
    "password-changed": _l("Mot de passe changé. Vos autres appareils sont déconnectés."),
    "profile-changed": _l("Modifications enregistrées."),
    "company-added": _l("Entreprise inscrite. Un agent va la vérifier."),
    "company-changed": _l("Fiche enregistrée."),
    "invited": _l("Invitation envoyée à %(email)s, valable sept jours."),
    "invitation-cancelled": _l("Invitation annulée."),
    "role-changed": _l("Rôle modifié."),
    "member-removed": _l("Cette personne ne fait plus partie de l’entreprise."),
    "left": _l("Vous ne faites plus partie de l’entreprise."),
    "joined": _l("Vous avez rejoint %(place_name)s."),
    "staff-removed": _l("Rôle retiré."),
    "sessions-ended": _l("Ses sessions sont fermées sur tous ses appareils."),
    "company-closed": _l("Entreprise déclarée fermée. Ses laissez-passer sont suspendus."),
    "company-reopened": _l("Entreprise rouverte, dans l’état d’avant sa fermeture."),
    "erased": _l("Votre compte est effacé."),
    "link-sent": _l("Un nouveau lien vient de partir. Le précédent reste utilisable lui aussi."),
}


def sentence(error: PortalError) -> str:
    """Return the sentence of an expected error; raises KeyError for a code this context does not know."""
    return str(ERRORS[error.code]) % error.params


def flash_text(name: str, **params: object) -> str:
    """Return the sentence shown once after an act."""
    return str(FLASHES[name]) % params
