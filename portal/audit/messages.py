"""One sentence per tag of the journal."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from portal.audit.tags import AuditTag

SENTENCES = {
    AuditTag.TERRITORY_ADDED: _l("Territoire créé"),
    AuditTag.TERRITORY_BUILT: _l("Carte et graphe du territoire reconstruits"),
    AuditTag.TERRITORY_UPDATED: _l("Réglages du territoire modifiés"),
    AuditTag.TERRITORY_REMOVED: _l("Territoire supprimé"),
    AuditTag.USER_REGISTERED: _l("Compte créé"),
    AuditTag.USER_CONFIRMED: _l("Adresse électronique confirmée"),
    AuditTag.USER_PASSWORD_CHANGED: _l("Mot de passe changé"),
    AuditTag.COMPANY_REGISTERED: _l("Entreprise inscrite"),
    AuditTag.COMPANY_UPDATED: _l("Fiche de l’entreprise modifiée"),
    AuditTag.COMPANY_VERIFIED: _l("Entreprise vérifiée"),
    AuditTag.COMPANY_REFUSED: _l("Entreprise refusée"),
    AuditTag.MEMBER_INVITED: _l("Collègue invité"),
    AuditTag.MEMBER_JOINED: _l("Collègue arrivé dans l’entreprise"),
    AuditTag.MEMBER_REMOVED: _l("Collègue retiré de l’entreprise"),
    AuditTag.MEMBER_CHANGED: _l("Rôle d’un collègue modifié"),
    AuditTag.STAFF_ADDED: _l("Rôle donné à un agent du territoire"),
    AuditTag.STAFF_REMOVED: _l("Rôle retiré à un agent du territoire"),
    AuditTag.VEHICLE_ADDED: _l("Véhicule ajouté"),
    AuditTag.VEHICLE_UPDATED: _l("Véhicule modifié"),
    AuditTag.VEHICLE_ARCHIVED: _l("Véhicule archivé"),
    AuditTag.VEHICLE_RESTORED: _l("Véhicule rétabli"),
    AuditTag.ROUTE_SHARED: _l("Tournée partagée par un lien"),
    AuditTag.ROUTE_UNSHARED: _l("Liens d’une tournée retirés"),
    AuditTag.FLEET_IMPORTED: _l("Fichier de flotte enregistré"),
    AuditTag.PERIMETERS_IMPORTED: _l("Périmètres importés"),
    AuditTag.ORDERS_IMPORTED: _l("Arrêtés importés"),
    AuditTag.BAYS_IMPORTED: _l("Aires de livraison importées"),
    AuditTag.EVENTS_IMPORTED: _l("Évènements importés"),
    AuditTag.FEED_ADDED: _l("Flux ajouté"),
    AuditTag.FEED_CHANGED: _l("Flux modifié"),
    AuditTag.FEED_REMOVED: _l("Flux supprimé"),
    AuditTag.REQUEST_SUBMITTED: _l("Demande déposée"),
    AuditTag.REQUEST_WITHDRAWN: _l("Demande retirée"),
    AuditTag.REQUEST_DECIDED: _l("Décision prise sur une demande"),
    AuditTag.PASS_ISSUED: _l("Laissez-passer délivré"),
    AuditTag.PASS_REVOKED: _l("Laissez-passer révoqué"),
}
