"""The national sources that a territory can read with one click. Source of the addresses: formats, sections 1, 3, 7."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from portal.numeriz.feeds.register import NewFeed
from portal.numeriz.values import ImportKind

_DIALOG = "https://dialog.beta.gouv.fr/api"
_OPEN_LICENCE = "Licence Ouverte 2.0"


@dataclass(frozen=True, slots=True)
class FeedPreset:
    """A known source: what it is called, what it brings, and how it is read."""

    name: str
    label: str
    about: LazyString
    kind: ImportKind
    format: str
    url: str
    every_s: int
    options: tuple[tuple[str, str], ...] = ()
    licence: str = _OPEN_LICENCE

    def feed(self) -> NewFeed:
        """The feed to add."""
        return NewFeed(
            self.kind, self.label, self.url, self.format, self.every_s, dict(self.options), licence=self.licence
        )


PRESETS: Sequence[FeedPreset] = (
    FeedPreset(
        "dialog-temporary",
        "DiaLog, arrêtés temporaires",
        _l("Base nationale\u00a0: les arrêtés temporaires publiés, toutes les 15 minutes."),
        ImportKind.ORDERS,
        "dialog",
        f"{_DIALOG}/regulations.xml?includePermanent=false",
        900,
        (("scope", "temporary"),),
    ),
    FeedPreset(
        "dialog-permanent",
        "DiaLog, arrêtés permanents",
        _l("Base nationale\u00a0: les arrêtés permanents publiés, une fois par jour."),
        ImportKind.ORDERS,
        "dialog",
        f"{_DIALOG}/regulations.xml?includeTemporary=false",
        86_400,
        (("scope", "permanent"),),
    ),
    FeedPreset(
        "bison-fute",
        "Bison Futé, réseau national",
        _l("Évènements du réseau routier national\u00a0: tout chaque heure, les nouveautés toutes les 5 minutes."),
        ImportKind.EVENTS,
        "bison-fute",
        "https://tipi.bison-fute.gouv.fr/bison-fute-ouvert/publicationsDIR/Evenementiel-DIR/grt/RRN/content.xml",
        300,
        (("increments", "1"),),
    ),
    FeedPreset(
        "dialog-cifs",
        "DiaLog, fermetures (CIFS)",
        _l("Fermetures pour tous les véhicules, au format des services de navigation, toutes les 15 minutes."),
        ImportKind.EVENTS,
        "cifs",
        f"{_DIALOG}/regulations/cifs.xml",
        900,
    ),
)


def find_preset(name: str) -> FeedPreset | None:
    """Return the preset of a name."""
    return next((preset for preset in PRESETS if preset.name == name), None)
