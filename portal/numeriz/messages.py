"""The sentences of the context: why a file is refused, what is doubtful, what an import counted, in French."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_babel.speaklater import LazyString

from portal.common.errors import PortalError

ERRORS: Mapping[str, LazyString] = {
    "file-missing": _l("Choisissez un fichier."),
    "file-empty": _l("Le fichier est vide."),
    "file-too-large": _l("Le fichier dépasse %(most)s Mo."),
    "file-unreadable": _l("Le fichier ne peut pas être lu sur ce disque."),
    "not-utf8": _l("Le fichier n’est pas écrit en UTF-8 (octet %(position)s) : enregistrez-le dans cet encodage."),
    "not-json": _l("Le fichier n’est pas du JSON valide (ligne %(line)s, colonne %(column)s)."),
    "not-finite": _l("Le fichier contient un nombre impossible (%(value)s)."),
    "too-deep": _l("Le fichier est trop imbriqué pour être un GeoJSON."),
    "not-a-collection": _l("Le fichier n’est pas un GeoJSON « FeatureCollection »."),
    "no-feature": _l("Le fichier ne contient aucun périmètre."),
    "bad-feature": _l("L’enregistrement %(where)s n’a pas de propriétés."),
    "other-crs": _l("Le système de coordonnées « %(name)s » n’est pas accepté : il faut du WGS 84."),
    "unknown-layout": _l("Les colonnes ou propriétés du fichier ne correspondent à aucun format connu."),
    "bad-geometry": _l("La géométrie de l’enregistrement %(where)s est illisible."),
    "coordinates-swapped": _l("Longitude et latitude sont inversées à l’enregistrement %(where)s."),
    "out-of-world": _l("L’enregistrement %(where)s sort du globe : les coordonnées attendues sont des degrés WGS 84."),
    "not-text": _l("Le fichier n’est pas un fichier texte CSV."),
    "no-header": _l("La première ligne du fichier ne contient pas les noms de colonnes."),
    "no-row": _l("Le fichier ne contient aucune ligne sous l’en-tête."),
    "too-many-rows": _l("Le fichier dépasse %(most)s lignes."),
    "not-csv": _l("Le fichier CSV est mal formé à la ligne %(line)s."),
    "territory-not-found": _l("Aucun territoire ne porte ce nom."),
    "identifier-missing": _l("L’arrêté « %(title)s » n’a pas d’identifiant."),
    "identifier-too-long": _l("L’identifiant « %(identifier)s… » dépasse 60 caractères."),
    "title-missing": _l("L’arrêté %(identifier)s n’a pas de titre."),
    "speed-out-of-range": _l("La vitesse %(speed)s km/h de l’arrêté %(identifier)s n’est pas comprise entre 1 et 130."),
    "not-an-object": _l("Le véhicule doit être un objet JSON."),
    "bad-date": _l("La date ou l’heure ne peut pas être lue."),
    "bad-point": _l("Le point doit être donné par une longitude et une latitude en degrés."),
    "feed-url": _l("Cette adresse n’est pas celle d’une source\u00a0: elle commence par https:// et nomme un hôte."),
    "feed-not-https": _l("L’adresse doit commencer par https://."),
    "feed-url-credentials": _l("L’adresse ne doit contenir ni nom d’utilisateur ni mot de passe."),
    "feed-host": _l("L’hôte %(host)s n’est pas dans la liste des sources de cette installation."),
    "feed-redirects": _l("%(host)s renvoie plus de %(most)s fois d’une adresse à une autre."),
    "feed-missing": _l("%(host)s n’a rien à cette adresse (réponse %(status)s)."),
    "feed-status": _l("%(host)s refuse de répondre (réponse %(status)s)."),
    "feed-too-large": _l("Le fichier de %(host)s dépasse %(most)s Mo."),
    "feed-encoding": _l("%(host)s envoie une compression inconnue (%(encoding)s)."),
    "feed-unreachable": _l("%(host)s est injoignable."),
    "feed-timeout": _l("%(host)s n’a pas répondu à temps."),
    "feed-cut": _l("La réponse de %(host)s s’est interrompue."),
    "feed-busy": _l("%(host)s demande de revenir plus tard (réponse %(status)s)."),
    "feed-number-missing": _l("Le relevé complet ne dit pas quel numéro suit (feedType)."),
    "feed-not-found": _l("Aucun flux de ce territoire ne porte ce numéro."),
    "feed-name-missing": _l("Donnez un nom au flux."),
    "feed-name-too-long": _l("Le nom du flux dépasse %(most)s caractères."),
    "feed-format": _l("Ce contenu ne se lit pas dans le format %(format)s."),
    "feed-every": _l("Un flux se lit au plus une fois par minute et au moins une fois par mois."),
    "feed-known": _l("Ce territoire a déjà un flux à cette adresse."),
    "format-of-another-kind": _l("Ce contenu ne se lit pas dans le format «\u00a0%(format)s\u00a0»."),
    "option-unreadable": _l("Le réglage «\u00a0%(line)s\u00a0» n’est pas de la forme nom=valeur."),
    "lost-too-often": _l("La lecture s’est arrêtée plusieurs fois sans finir."),
    "unexpected": _l("Le traitement s’est interrompu à cause d’une erreur du portail. Réessayez."),
    "not-xml": _l("Le fichier n’est pas du XML bien formé (ligne %(line)s, colonne %(column)s)."),
    "xml-doctype": _l("Le fichier XML déclare un type de document (DOCTYPE) : ces fichiers ne sont pas acceptés."),
    "xml-record-too-large": _l("Un enregistrement du fichier XML dépasse %(most)s Mo."),
    "not-situations": _l("Le fichier n’est pas une publication d’évènements DATEX\u00a0II (SituationPublication)."),
    "not-incidents": _l("Le fichier n’est pas une liste d’incidents CIFS."),
    "bad-option": _l("La valeur de l’option %(name)s n’est pas connue."),
    "file-packed": _l(
        "Le fichier est une archive, un classeur ou un document (%(kind)s) : enregistrez son contenu en CSV, GeoJSON ou XML."
    ),
    "too-many-columns": _l("Le fichier dépasse %(most)s colonnes."),
    "row-too-wide": _l("La ligne %(where)s a plus de cellules que l’en-tête."),
    "shape-too-complex": _l("La géométrie de l’enregistrement %(where)s est trop complexe (sommets ou croisements)."),
    "column-missing": _l("Le fichier n’a pas de colonne ou de propriété « %(column)s »."),
    "option-unknown-colour": _l("« %(value)s » n’est pas une couleur de périmètre : bleu, rouge, gris, noir ou blanc."),
    "not-regulations": _l("Le fichier n’est pas une réponse de la recherche DiaLog («\u00a0regulations\u00a0»)."),
    "option-unknown": _l("L’option « %(option)s » ne peut pas valoir « %(value)s »."),
    "bad-hours": _l("Les heures « %(value)s » ne peuvent pas être lues."),
    "cell-too-long": _l("La ligne %(line)s contient une cellule de plus de %(most)s ko."),
    "too-many-features": _l("Le fichier dépasse %(most)s enregistrements."),
}

ISSUES: Mapping[str, LazyString] = {
    "weakly-matched": _l(
        "Retrouvé à %(percent)s\u00a0%% seulement sur le réseau routier\u00a0: signalé aux conducteurs, sans fermer de rue."
    ),
    "partly-matched": _l(
        "%(metres)s\u00a0m du tracé n’ont pas été retrouvés sur le réseau routier\u00a0: signalés aux conducteurs, sans y fermer de rue."
    ),
    "unmatched": _l("Aucune rue du réseau routier n’a été retrouvée ici\u00a0: sans effet sur les itinéraires."),
    "against-one-way": _l(
        "Tracé à contresens d’un sens unique sur %(metres)s\u00a0m, sens de la mesure inconnu\u00a0: signalé, sans y fermer de rue."
    ),
    "motorway-inside": _l(
        "La zone contient %(metres)s\u00a0m d’autoroute ou de voie rapide (%(road)s)\u00a0: laissés libres, faute d’être nommés."
    ),
    "path-uncertain": _l(
        "La route entre les deux points n’a pas été retrouvée avec certitude\u00a0: évènement signalé seulement."
    ),
    "no-geometry": _l("Sans géométrie : conservé, sans effet."),
    "not-an-area": _l("La géométrie (%(type)s) n’entoure aucune surface : conservé, sans effet."),
    "third-ordinate-dropped": _l("Altitude ignorée."),
    "shape-repaired": _l("Contour réparé (%(reason)s)."),
    "outside-territory": _l("Hors de l’emprise du territoire : conservé."),
    "unknown-colour": _l("Couleur inconnue « %(value)s » : conservé, sans effet."),
    "bad-date": _l("Dates illisibles (%(value)s) : activation sans effet."),
    "end-before-start": _l("Fin avant le début (%(value)s) : activation sans effet."),
    "clock-change": _l("Heure douteuse à cause du changement d’heure (%(value)s)."),
    "ends-at-59": _l("Fin à la minute 59 (%(value)s) : prise telle quelle, la minute suivante est libre."),
    "event-missing": _l("Évènement sans nom."),
    "no-activation": _l("Aucune activation : sans effet."),
    "duplicate-record": _l("Enregistrement en double (%(name)s) : compté une fois."),
    "overlapping-spans": _l("%(count)s activations se chevauchent sur la même emprise (%(name)s)."),
    "activations-not-in-source": _l("%(name)s : activations absentes du fichier et conservées : %(count)s."),
    "speed-missing": _l("Mesure %(measure)s : limitation sans vitesse, sans effet."),
    "bay-without-id": _l("Aire sans identifiant : ligne écartée."),
    "bay-without-place": _l("Aire %(name)s sans position : ligne écartée."),
    "not-a-delivery-bay": _l("Emplacement qui n’est pas une aire de livraison (%(value)s) : ligne écartée."),
    "unbelievable-size": _l("Dimension invraisemblable (%(column)s : %(value)s) : laissée inconnue."),
    "unknown-value": _l("Valeur inconnue dans %(column)s : « %(value)s »."),
    "bad-hours": _l("Horaires illisibles : « %(value)s »."),
    "too-far": _l("Position éloignée du territoire."),
    "outside-not-kept": _l("Hors de l’emprise du territoire : non conservé."),
    "most-vanished": _l(
        "%(gone)s des %(known)s enregistrements connus de la source ont disparu du fichier\u00a0: aucun n’est "
        "retiré. Vérifiez la source."
    ),
    "most-events-vanished": _l(
        "%(gone)s des %(known)s évènements connus de la source ont disparu du fichier\u00a0: aucun n’est terminé, "
        "sauf si le prochain relevé complet ne les contient pas non plus."
    ),
    "own-export": _l("Publié par ce portail : non repris."),
    "perimeter-held-here": _l("%(name)s\u00a0: modifié dans ce portail depuis son import, le fichier n’y change rien."),
    "event-without-id": _l("Évènement sans identifiant\u00a0: écarté."),
    "event-without-start": _l("Évènement sans date de début lisible\u00a0: écarté."),
    "event-without-place": _l("Évènement sans position lisible\u00a0: conservé, sans effet."),
    "event-places-left": _l(
        "Évènement à plusieurs endroits\u00a0: seul le premier est retenu, autres laissés\u00a0: %(count)s."
    ),
    "event-ends-before-start": _l("Évènement qui finit avant de commencer\u00a0: conservé, sans effet."),
    "event-outlives-its-end": _l(
        "La source dit l’évènement en cours après sa fin annoncée (%(value)s)\u00a0: pris sans fin."
    ),
    "event-confidential": _l("Évènement que la source ne destine pas au public\u00a0: écarté."),
    "event-not-real": _l("Exercice ou essai de la source\u00a0: écarté."),
    "event-not-traffic": _l("Message qui n’est pas un évènement de circulation (%(value)s)\u00a0: écarté."),
    "event-kind-unknown": _l("Nature d’évènement inconnue («\u00a0%(value)s\u00a0»)\u00a0: avertissement seul."),
    "event-speed-unreadable": _l("Vitesse illisible (%(value)s)\u00a0: ignorée."),
    "axes-exchanged": _l("Longitude et latitude semblent inversées\u00a0: écarté."),
    "period-in-words": _l("Horaires donnés en toutes lettres («\u00a0%(value)s\u00a0»)\u00a0: avertissement seul."),
    "vehicles-not-understood": _l(
        "Véhicules concernés non compris («\u00a0%(value)s\u00a0»)\u00a0: avertissement seul pour eux."
    ),
    "closure-advisory": _l("Fermeture conseillée et non imposée\u00a0: avertissement seul."),
    "closure-in-places": _l("Fermeture de certains endroits seulement (%(value)s)\u00a0: avertissement seul."),
    "closure-beside-road": _l(
        "Fermeture qui ne porte pas sur la chaussée principale (%(value)s)\u00a0: avertissement seul."
    ),
    "closure-of-slip-road": _l("Le texte parle d’une bretelle\u00a0: avertissement seul."),
    "closure-of-lanes": _l("Fermeture annoncée, mais de certaines voies seulement\u00a0: prise comme telle."),
    "polyline-unreadable": _l("Tracé illisible\u00a0: conservé, sans effet."),
    "polyline-long-steps": _l(
        "Tracé avec des segments de plus de 100 m (%(count)s)\u00a0: chacun est rapproché à part du réseau."
    ),
    "direction-doubtful": _l("Sens unique annoncé sans que l’ordre du tracé le prouve\u00a0: sens inconnu."),
    "bad-feature": _l("Enregistrement sans propriétés : écarté."),
    "bad-geometry": _l("Géométrie illisible : écarté."),
    "out-of-world": _l("Hors du globe : écarté."),
    "shape-too-complex": _l("Géométrie trop complexe (sommets ou croisements) : écarté."),
    "encoding-guessed": _l("Encodage non déclaré, lu comme du %(encoding)s : vérifiez les accents."),
    "column-guessed": _l("Colonne « %(column)s » prise pour « %(role)s » : indiquez la correspondance si c’est faux."),
    "outline-dropped": _l("Contour de l’aire inutilisable (%(reason)s) : la position est gardée seule."),
    "hours-differ": _l(
        "Les deux colonnes d’horaires ne disent pas la même chose (« %(value)s ») : la première est retenue."
    ),
    "limits-by-hours": _l("%(name)s : le tonnage dépend de l’heure (%(value)s) ; le plus petit est retenu."),
    "date-missing": _l("Date de l’arrêté inconnue : en vigueur depuis toujours."),
    "not-located": _l("%(place)s : emprise sans géométrie, sans effet sur la carte ni sur les itinéraires."),
    "direction-in-words": _l("%(place)s : sens de circulation en toutes lettres (« %(value)s »), laissé inconnu."),
    "condition-in-words": _l("Condition en toutes lettres (« %(value)s ») : affichée, sans effet sur le résultat."),
    "ban-in-words": _l(
        "%(place)s : interdiction que le modèle ne sait pas exprimer (« %(value)s ») : affichée, ne ferme rien."
    ),
    "ban-hours-read": _l(
        "%(place)s : heures (« %(value)s ») lues comme celles de l’interdiction ; le schéma parle d’heures autorisées."
    ),
    "permission-alone": _l("%(place)s : autorisation sans interdiction dans le même arrêté : conservée, sans effet."),
    "permission-without-effect": _l("%(place)s : autorisation générale qui ne lève aucune interdiction de l’arrêté."),
    "permission-in-words": _l(
        "%(place)s : autorisation (« %(value)s ») que le modèle ne sait pas exprimer : affichée, n’ouvre rien."
    ),
    "permission-not-located": _l(
        "%(place)s : autorisation d’une partie seulement du lieu interdit : l’interdiction est affichée, ne ferme rien."
    ),
    "unknown-modality": _l("%(place)s : modalité inconnue (« %(value)s ») : ligne sans effet."),
    "place-not-drawn": _l("Mesure %(measure)s : lieu sans géométrie, conservé sans effet."),
    "place-unreadable": _l("Mesure %(measure)s : géométrie illisible, lieu conservé sans effet."),
    "place-out-of-world": _l("Mesure %(measure)s : coordonnées hors du globe, lieu conservé sans effet."),
    "place-axes-swapped": _l("Mesure %(measure)s : longitude et latitude inversées, lieu conservé sans effet."),
    "place-is-a-point": _l("Mesure %(measure)s : lieu réduit à un point, conservé sans effet."),
    "place-too-complex": _l(
        "Mesure %(measure)s : géométrie de %(count)s sommets, trop complexe : lieu conservé sans effet."
    ),
    "place-simplified": _l("Mesure %(measure)s : géométrie de %(count)s sommets ramenée à %(kept)s."),
    "period-unreadable": _l("Mesure %(measure)s : dates ou heures illisibles (%(value)s), période sans effet."),
    "period-ends-first": _l("Mesure %(measure)s : fin avant le début (%(value)s), période sans effet."),
    "period-not-understood": _l(
        "Mesure %(measure)s : période que le portail ne sait pas lire (%(value)s), sans effet."
    ),
    "no-period": _l("Mesure %(measure)s : aucune période, sans effet."),
    "period-outside-order": _l("Mesure %(measure)s : période (%(value)s) hors de la validité de l’arrêté, sans effet."),
    "slot-clock-uncertain": _l(
        "Horaires à une heure près : la source (%(value)s) ne dit pas sur quelle horloge elle les écrit."
    ),
    "vehicle-not-understood": _l(
        "Mesure %(measure)s : condition que le portail ne sait pas lire (%(value)s), gardée en texte."
    ),
    "conditions-combined": _l(
        "Mesure %(measure)s : conditions combinées que le portail ne sait pas appliquer (%(value)s), gardées en texte."
    ),
    "condition-not-understood": _l(
        "Mesure %(measure)s : lieux ou périodes combinés d’une façon que le portail ne sait pas appliquer, sans effet."
    ),
    "actual-weight": _l("Mesure %(measure)s : poids réel limité à %(value)s t, lu comme le poids autorisé."),
    "exempt-size-unclear": _l(
        "Mesure %(measure)s : exemption selon une dimension (%(value)s) au sens incertain, gardée en texte."
    ),
    "maybe-local-access": _l("Mesure %(measure)s : « %(value)s » ressemble à la desserte locale ; à confirmer."),
    "maybe-one-way": _l(
        "Le titre parle de sens interdit ou de sens unique, la mesure d’une interdiction de circuler dans les "
        "deux sens : à vérifier."
    ),
    "read-as-one-way": _l(
        "Mesure %(measure)s : interdiction lue comme un sens unique dont le sens n’est pas écrit, sans fermeture."
    ),
    "games-zones": _l(
        "Arrêté des périmètres de 2024, où des zones de couleurs différentes sont confondues : à vérifier."
    ),
    "order-not-in-force": _l(
        "L’arrêté ou la mesure n’est pas en vigueur selon la source (%(value)s) : conservé sans effet."
    ),
    "unknown-measure": _l("Mesure %(measure)s de type inconnu (%(value)s) : conservée sans effet."),
    "speed-not-understood": _l("Mesure %(measure)s : vitesse illisible (%(value)s)."),
    "no-measure": _l("Arrêté sans mesure : sans effet."),
    "perimeter-not-order": _l("Périmètre publié comme arrêté : non repris ici."),
    "direction-never-written": _l("La source ne dit jamais dans quel sens une mesure s’applique."),
    "end-day-included": _l("Fin donnée sans heure (%(value)s) : jour compris."),
    "heavy-never-written": _l(
        "La recherche DiaLog ne dit pas qu’une mesure vise les poids lourds quand elle n’a pas de tonnage\u00a0: elle vaut alors pour tous."
    ),
    "order-dates-unreadable": _l("Dates de l’arrêté illisibles (%(value)s)."),
    "storage-area-not-drawn": _l("Mesure %(measure)s\u00a0: aire de stockage citée sans emprise (%(value)s)."),
    "coordinates-swapped": _l("Longitude et latitude inversées : écarté."),
    "bay-row-unread": _l(
        "Écartée\u00a0: «\u00a0%(value)s\u00a0» n’est pas compris dans la colonne «\u00a0%(column)s\u00a0»."
    ),
    "bay-row-unplaced": _l("Aire %(name)s écartée\u00a0: ni coordonnées lisibles, ni adresse connue du territoire."),
    "bay-row-outside": _l("Aire %(name)s écartée\u00a0: elle est hors du territoire."),
    "bay-row-twice": _l("Aire %(name)s écartée\u00a0: une ligne plus haut la décrit déjà."),
    "bay-row-hours": _l(
        "Aire %(name)s écartée\u00a0: une aire périodique a des horaires, une aire permanente n’en a pas."
    ),
    "bay-row-located": _l("Aire %(name)s placée d’après son adresse\u00a0: vérifiez l’endroit."),
    "bay-known-elsewhere": _l("Aire %(name)s déjà connue par une autre source (%(source)s) : laissée telle quelle."),
    "not-a-perimeter": _l("Ce n’est pas un périmètre : écarté."),
}

COUNTS: Mapping[str, LazyString] = {
    "records": _l("Enregistrements lus"),
    "shapes": _l("Emprises distinctes"),
    "perimeters": _l("Périmètres"),
    "activations": _l("Activations"),
    "duplicates": _l("Doublons"),
    "without_geometry": _l("Sans géométrie"),
    "repaired": _l("Contours réparés"),
    "outside": _l("Hors du territoire"),
    "rejected": _l("Lignes écartées"),
    "bays": _l("Aires de livraison"),
    "shapes_added": _l("Emprises ajoutées"),
    "perimeters_added": _l("Périmètres ajoutés"),
    "perimeters_changed": _l("Périmètres modifiés"),
    "perimeters_unchanged": _l("Périmètres inchangés"),
    "activations_added": _l("Activations ajoutées"),
    "orders_added": _l("Arrêtés ajoutés"),
    "orders_changed": _l("Arrêtés modifiés"),
    "orders_unchanged": _l("Arrêtés inchangés"),
    "bays_added": _l("Aires ajoutées"),
    "bays_changed": _l("Aires modifiées"),
    "bays_unchanged": _l("Aires inchangées"),
    "bays_restored": _l("Aires remises comme avant"),
    "bays_removed": _l("Aires retirées en annulant"),
    "bays_kept": _l("Aires modifiées depuis, laissées telles quelles"),
    "records_unchanged": _l("Enregistrements inchangés"),
    "records_skipped": _l("Enregistrements illisibles, écartés"),
    "records_not_kept": _l("Enregistrements sans effet ici, non conservés"),
    "orders_withdrawn": _l("Arrêtés retirés"),
    "orders_awaited": _l("Arrêtés gardés jusqu’à la lecture de l’autre flux"),
    "doubts": _l("Remarques à examiner"),
    "situations": _l("Situations lues"),
    "events_added": _l("Évènements ajoutés"),
    "events_changed": _l("Évènements modifiés"),
    "events_unchanged": _l("Évènements inchangés"),
    "events_ended": _l("Évènements terminés"),
    "events_older": _l("Versions plus anciennes laissées"),
    "events_superseded": _l("Versions remplacées dans le fichier"),
    "lines": _l("Lignes lues"),
    "measures": _l("Mesures"),
    "permissions": _l("Autorisations lues"),
    "orders_named": _l("Arrêtés aux lieux nommés"),
    "orders_unknown": _l("Arrêtés que le territoire n’a pas"),
    "events_long_over": _l("Évènements finis depuis longtemps, laissés"),
}

NOTHING_STORED = _l("Essai à blanc\u00a0: rien n’a été enregistré.")


def error_sentence(code: str, params: Mapping[str, object]) -> str:
    """Why a file or a command cannot be used, in one sentence; the file is named when it is known."""
    sentence = _filled(ERRORS.get(code, ERRORS["unexpected"]), params)
    return f"{params['file']}\u00a0: {sentence}" if params.get("file") else sentence


def sentence_of(error: PortalError) -> str:
    """`error_sentence` of an error."""
    return error_sentence(error.code, error.params)


def issue_sentence(item: Mapping[str, object]) -> str:
    """A stored doubt, or why a record was skipped, as a sentence; a code that is no longer known is shown itself."""
    code, params = str(item["code"]), item.get("params")
    known = ISSUES.get(code) or ERRORS.get(code)
    return code if known is None else _filled(known, params if isinstance(params, Mapping) else {})


def more_issues(count: int) -> str:
    """What a command says of the doubts it does not list."""
    return str(ngettext("  … et %(num)d autre remarque.", "  … et %(num)d autres remarques.", count))


def _filled(sentence: LazyString, params: Mapping[str, object]) -> str:
    """The sentence with its parameters; a missing one shows as a dash instead of failing the page."""

    class _Known(dict[str, object]):
        def __missing__(self, _key: str) -> str:
            return "–"

    return str(sentence) % _Known(params)
