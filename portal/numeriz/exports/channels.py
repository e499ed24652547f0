"""The closed list of open-data files: what each is called, who uses it, and what it cannot say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from portal.numeriz.exports.about import AboutWriter
from portal.numeriz.exports.bays_csv import BaysCsvWriter
from portal.numeriz.exports.bearings import Bearing
from portal.numeriz.exports.cifs import CifsWriter
from portal.numeriz.exports.curbs import MEDIA_TYPE, PoliciesWriter, ZonesWriter
from portal.numeriz.exports.datex2 import Datex2Writer
from portal.numeriz.exports.edition import Edition, Place, Writer
from portal.numeriz.exports.geojson import GeojsonWriter
from portal.numeriz.exports.national_csv import OrdersCsvWriter

type BearingOf = Callable[[Place], Bearing]


@dataclass(frozen=True, slots=True)
class Channel:
    """One file of a scope. file_name: the end of its address; media_type: as it is sent.

    title, used_by, cannot_say: for the page, in words.
    """

    name: str
    file_name: str
    media_type: str
    title: LazyString
    used_by: LazyString
    cannot_say: tuple[LazyString, ...]
    open: Callable[[BinaryIO, Edition, BearingOf], Writer]

    @property
    def saved_as(self) -> str:
        """The name a browser saves it under."""
        return self.file_name.replace("/", "-") + ("" if "." in self.file_name else ".json")


_NO_EVENT = _l("les évènements en cours")
_NO_EDGES = _l("le rattachement aux tronçons du graphe routier, propre à ce portail")

CHANNELS = (
    Channel(
        "datex2",
        "reglementation.datex2.xml",
        "application/xml",
        _l("Arrêtés et périmètres, DATEX II v3"),
        _l("Gestionnaires de voirie, calculateurs d’itinéraires, base nationale de la réglementation."),
        (
            _l("en mots du schéma\u00a0: circulation alternée, aire de stockage, surface au sol (en extension)"),
            _l("en mots du schéma\u00a0: police, transports en commun, covoiturage (en extension)"),
            _l("l’obligation d’un document de transport dans un périmètre bleu (seul le transit y est interdit)"),
            _l("les arrêtés sans mesure, et les mesures sans période ou sans lieu (sans effet sur ce portail)"),
            _NO_EVENT,
            _NO_EDGES,
        ),
        lambda stream, edition, _bearing: Datex2Writer(stream, edition),
    ),
    Channel(
        "cifs",
        "fermetures.cifs.xml",
        "application/xml",
        _l("Fermetures et alternats, CIFS v2"),
        _l("Services de navigation grand public."),
        (
            _l("les interdictions propres à certains véhicules (poids, gabarit, Crit’Air, matières dangereuses)"),
            _l(
                "les fermetures dont des conducteurs ordinaires sont dispensés (riverains, desserte locale, livraisons)"
            ),
            _l("les arrêtés permanents, les zones et les périmètres"),
            _l("les vitesses, les sens uniques, le dépassement et le stationnement"),
            _l("les règles propres aux jours fériés, quand la période en contient"),
        ),
        lambda stream, edition, _bearing: CifsWriter(stream, edition),
    ),
    Channel(
        "geojson",
        "reglementation.geojson",
        "application/geo+json",
        _l("Tout en une carte, GeoJSON"),
        _l("Systèmes d’information géographique, tableurs, cartes en ligne."),
        (
            _l("une sémantique normalisée\u00a0: les propriétés sont celles de ce portail"),
            _l("les positions à mieux que onze centimètres"),
            _NO_EDGES,
        ),
        lambda stream, edition, _bearing: GeojsonWriter(stream, edition),
    ),
    Channel(
        "orders-csv",
        "arretes.csv",
        "text/csv; charset=utf-8",
        _l("Arrêtés permanents de circulation des marchandises, CSV du schéma national 0.8.0"),
        _l("Collectivités, data.gouv.fr, opérateurs logistiques."),
        (
            _l("les arrêtés temporaires, et toute mesure autre qu’une interdiction de circuler"),
            _l("la charge à l’essieu, la surface au sol et les autres limites que le schéma n’a pas"),
            _l("les interdictions qui commencent (à l’avenir) ou finissent à une autre heure que minuit"),
            _l("le code INSEE quand la source ne le donne pas"),
            _l("les périmètres et les évènements en cours"),
            _l("sa licence, sa date et ses sources\u00a0: voir informations.json"),
        ),
        lambda stream, edition, _bearing: OrdersCsvWriter(stream, edition),
    ),
    Channel(
        "bays-csv",
        "aires-livraison.csv",
        "text/csv; charset=utf-8",
        _l("Aires de livraison, CSV du schéma national 1.0.0"),
        _l("Collectivités, data.gouv.fr, opérateurs logistiques."),
        (
            _l("le nombre de places et le poids maximal"),
            _l("un contour en plusieurs morceaux"),
            _l("sa licence, sa date et ses sources\u00a0: voir informations.json"),
        ),
        lambda stream, edition, _bearing: BaysCsvWriter(stream, edition),
    ),
    Channel(
        "curb-zones",
        "curbs/zones",
        f"{MEDIA_TYPE};version=1.0",
        _l("Aires de livraison, zones CDS 1.0.1"),
        _l("Applications de stationnement et de livraison."),
        (
            _l("le contour des aires données par un point\u00a0: un rectangle est construit et signalé"),
            _l("les aires réglées sur un autre fuseau horaire que la première"),
            _l("une partie d’elle-même\u00a0: les filtres de requête de la norme ne sont pas servis"),
            _l("le poids maximal"),
        ),
        ZonesWriter,
    ),
    Channel(
        "curb-policies",
        "curbs/policies",
        f"{MEDIA_TYPE};version=1.0",
        _l("Aires de livraison, règles CDS 1.0.1"),
        _l("Applications de stationnement et de livraison."),
        (
            _l("ce que permet une aire dont les horaires sont inconnus"),
            _l("si une nuit qui commence un jour férié reste fériée après minuit"),
            _l("le poids maximal"),
        ),
        lambda stream, edition, _bearing: PoliciesWriter(stream, edition),
    ),
    Channel(
        "about",
        "informations.json",
        "application/json",
        _l("Date, sources et licences, JSON"),
        _l("Qui réutilise un fichier CSV, où ces indications n’ont pas de place."),
        (),
        lambda stream, edition, _bearing: AboutWriter(stream, edition),
    ),
)
BY_FILE_NAME: Mapping[str, Channel] = {channel.file_name: channel for channel in CHANNELS}
