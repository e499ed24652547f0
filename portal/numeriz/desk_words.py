"""The words of the desk's pages: formats, sources, kinds of events, rhythms of feeds."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from portal.numeriz.translate import _
from portal.numeriz.values import EventKind, EventState, Probability

FORMATS: Mapping[str, LazyString] = {
    "auto": _l("Reconnu automatiquement"),
    "bay-sheet": _l("Tableau d’aires de livraison"),
    "dialog": _l("DATEX II de DiaLog"),
    "datex2": _l("DATEX II v3"),
    "dialog-json": _l("JSON de DiaLog"),
    "cerema": _l("CSV national «\u00a0arrêté circulation marchandises\u00a0»"),
    "jop2024": _l("GeoJSON des Jeux de 2024"),
    "geojson": _l("GeoJSON"),
    "national": _l("CSV national «\u00a0aire de livraison\u00a0»"),
    "paris": _l("CSV de Paris"),
    "hauts-de-seine": _l("Hauts-de-Seine"),
    "antibes": _l("Antibes (schéma national version 0)"),
    "grand-lyon": _l("Grand Lyon"),
    "bison-fute": _l("DATEX II de Bison Futé"),
    "cifs": _l("CIFS"),
    "program": _l("Programme"),
}
SOURCES: Mapping[str, LazyString] = {
    "numeriz": _l("Ce portail"),
    "demo": _l("Démonstration"),
    "dialog": _l("DiaLog"),
    "datex2": _l("DATEX II"),
    "cerema": _l("CSV national"),
    "bisonfute": _l("Bison Futé"),
    "bison-fute": _l("Bison Futé"),
    "cifs": _l("CIFS"),
    "national": _l("Schéma national"),
    "paris": _l("Ville de Paris"),
    "hauts-de-seine": _l("Hauts-de-Seine"),
    "antibes": _l("Antibes"),
    "grand-lyon": _l("Grand Lyon"),
}
EVENT_KINDS: Mapping[EventKind, LazyString] = {
    EventKind.CLOSURE: _l("Fermeture"),
    EventKind.LANE_CLOSURE: _l("Voie fermée"),
    EventKind.ALTERNATE: _l("Circulation alternée"),
    EventKind.ROADWORKS: _l("Travaux"),
    EventKind.ACCIDENT: _l("Accident"),
    EventKind.OBSTACLE: _l("Obstacle"),
    EventKind.CONGESTION: _l("Ralentissement"),
    EventKind.WEATHER: _l("Conditions météorologiques"),
    EventKind.RESTRICTION: _l("Restriction"),
    EventKind.REROUTING: _l("Déviation"),
}
EVENT_STATES: Mapping[EventState, LazyString] = {
    EventState.PLANNED: _l("Prévu"),
    EventState.ACTIVE: _l("En cours"),
    EventState.SUSPENDED: _l("Suspendu"),
    EventState.ENDED: _l("Terminé"),
}
PROBABILITIES: Mapping[Probability, LazyString] = {
    Probability.CERTAIN: _l("Certain"),
    Probability.PROBABLE: _l("Probable"),
    Probability.RISK: _l("Possible"),
}
FLASHES: Mapping[str, LazyString] = {
    "added": _l("Le flux est ajouté. Sa première lecture commence."),
    "added-by-hand": _l("Le flux est ajouté. Il est lu quand vous le demandez."),
    "asked": _l("La lecture est demandée."),
    "suspended": _l("Le flux est suspendu. Ce qu’il a apporté reste enregistré."),
    "resumed": _l("Le flux est repris."),
    "removed": _l("Le flux est supprimé. Ce qu’il a apporté reste enregistré."),
}

NOTHING_NEW = _l("Rien de nouveau à la source.")


def word(words: Mapping[str, LazyString], name: str) -> str:
    """A name in French; one that has no word is shown as it is."""
    return str(words.get(name, name))


def source_words(source: str) -> str:
    """A source in words; `cifs:reference` is one of several that speak the same format."""
    family, _colon, name = source.partition(":")
    return f"{word(SOURCES, family)} ({name})" if name else word(SOURCES, family)


def actor_words(label: str) -> str:
    """Who did something; a command or a job of ours is this portal."""
    return str(SOURCES["numeriz"]) if label.startswith("system:") else label


def every_words(every_s: int | None) -> str:
    """« toutes les 15 minutes », « toutes les heures », « tous les jours »."""
    if every_s is None:
        return _("à la demande")
    if every_s % 86_400 == 0:
        days = every_s // 86_400
        return _("tous les jours") if days == 1 else _("tous les %(number)s jours", number=days)
    if every_s % 3600 == 0:
        hours = every_s // 3600
        return _("toutes les heures") if hours == 1 else _("toutes les %(number)s heures", number=hours)
    minutes = round(every_s / 60)
    return _("toutes les minutes") if minutes == 1 else _("toutes les %(number)s minutes", number=minutes)
