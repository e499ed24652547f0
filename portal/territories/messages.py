"""The sentences of this context: what a form refuses, the colours, the steps of a build."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from portal.common.errors import PortalError
from portal.regulations.holidays import HolidayRegion
from portal.territories.models import Accent

ERRORS = {
    "name-missing": _l("Indiquez le nom du territoire."),
    "name-long": _l("Ce nom est trop long : %(at_most)s caractères au plus."),
    "territory-changed": _l(
        "Quelqu’un d’autre vient de modifier ces réglages. Relisez-les ci-dessous, puis enregistrez à nouveau."
    ),
}

ACCENTS = {
    Accent.BLUE: _l("Bleu"),
    Accent.GREEN: _l("Vert"),
    Accent.PLUM: _l("Prune"),
    Accent.EARTH: _l("Terre"),
    Accent.SLATE: _l("Ardoise"),
}

HOLIDAYS = {
    HolidayRegion.METROPOLE: _l("France métropolitaine"),
    HolidayRegion.ALSACE_MOSELLE: _l("Alsace et Moselle"),
    HolidayRegion.GUADELOUPE: _l("Guadeloupe"),
    HolidayRegion.MARTINIQUE: _l("Martinique"),
    HolidayRegion.GUYANE: _l("Guyane"),
    HolidayRegion.REUNION: _l("La Réunion"),
    HolidayRegion.MAYOTTE: _l("Mayotte"),
    HolidayRegion.SAINT_BARTHELEMY: _l("Saint-Barthélemy"),
    HolidayRegion.SAINT_MARTIN: _l("Saint-Martin"),
}

SAVED = _l("Les réglages du territoire sont enregistrés.")

BUILD_ERRORS = {
    # Said by commands to whoever runs the portal: these stay in English, as the command line.
    "source-folder": "%(file)s is a folder: give the extract itself.",
    "source-missing": "The file %(file)s does not exist.",
    "source-kind": "%(file)s is not an OpenStreetMap extract: its name must end in .osm, .osm.gz, .osm.bz2 or .osm.pbf.",
    "source-empty": "%(file)s is empty: it holds no road to build a territory from.",
    "source-too-big": "%(file)s is too big (%(gigabytes)s GB): cut the extract to the territory first.",
    "source-unreadable": "The file %(file)s cannot be read.",
    "source-broken": "%(file)s cannot be read to its end, it is cut short or is another kind of file (%(detail)s).",
    "source-unsaved": "%(file)s holds objects an editor has not uploaded yet (negative ids): save and download it again.",
    "source-no-roads": "%(file)s holds no road open to vehicles.",
    "source-no-positions": "%(file)s holds roads without the positions of their points: cut the extract with complete ways.",
    "source-too-wide": "%(file)s covers more than a region: cut the extract to the territory first.",
    "basemap-failed": "The base map could not be drawn (%(detail)s).",
    "extract-unreadable": "%(file)s cannot be read by the routing engine (%(reason)s).",
    "extract-without-roads": "%(file)s holds no road open to vehicles.",
    "graph-build-timeout": "The routing graph took more than %(seconds)s s to build.",
    "graph-build-failed": "The routing graph could not be built (%(reason)s).",
    "graph-missing": "The routing graph in %(folder)s is not complete.",
    "disk-full": "The disk is full: free some space, then run the same command again.",
    "build-running": "Another command is building the territory %(territory)s: wait for its end.",
    "slug-format": "%(slug)r cannot be a slug: use 2 to 40 lower-case letters, digits and single hyphens.",
    "slug-reserved": "%(slug)r stands for all territories: choose another slug.",
    "name-missing": "The name of the territory is empty.",
    "name-long": "The name of the territory is longer than %(at_most)s characters.",
    "timezone-unknown": "%(timezone)r is not a time zone: give a name such as Europe/Paris.",
    "territory-exists": "The territory %(slug)s exists already: use `joptimiz territory rebuild %(slug)s`.",
    "territory-not-found": "There is no territory %(slug)s: see `joptimiz territory list`.",
}

STEPS = {
    "source": "Reading the extract",
    "graph": "Building the routing graph",
    "edges": "Placing a probe on each road section",
    "driving": "Timing each road section and turn",
    "basemap": "Drawing the base map",
    "addresses": "Indexing streets and addresses",
    "restrictions": "Keeping the restrictions of the roads",
}


def sentence(error: PortalError) -> str:
    """Return the French sentence a form shows; raises KeyError for a code no form of this context can meet."""
    return str(ERRORS[error.code]) % error.params


def command_sentence(error: PortalError) -> str:
    """Return the sentence a command prints."""
    known = BUILD_ERRORS.get(error.code)
    return known % error.params if known else str(error)
