"""The card for the cab: a page of PDF set by Typst, black on white, with the code as large as the page allows.

One template makes the card of one pass and the file with those of a whole fleet.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import get_locale, ngettext
from flask_babel import gettext as _

from portal.cirqliz.law import Span
from portal.cirqliz.messages import POLICIES
from portal.cirqliz.passes.queries import PassView
from portal.config import PROJECT_ROOT
from portal.territories.api import TerritoryView
from portal.web.filters import instant
from portal.web.qr import draw_qr
from portal.web.typeset import typeset

_TEMPLATE = PROJECT_ROOT / "templates" / "cirqliz" / "pass.typ"
# Paper gets scratched and folded. With a tenth of the code hidden, one in a thousand could not be read at level M;
# none at level Q, which needs this version on a host of 30 signs.
_CODE_VERSION = 10
_SHOWN_SPANS = 2
_SHOWN_PERIMETERS = 5
_SHOWN_LETTERS = 80


@dataclass(frozen=True, slots=True)
class Printed:
    """A pass to print, with its place and, inside its dates, the hours of each perimeter."""

    found: PassView
    territory: TerritoryView
    hours: Mapping[str, Sequence[Span]]


def draw_cards(printed: Sequence[Printed], drawn: Callable[[int], None] | None = None) -> bytes:
    """Return the cards as one PDF/UA-1 file, a page each, in the language of the reader.

    The same passes always give the same bytes. drawn: told how many codes are drawn.
    """
    pictures: dict[str, str] = {}
    for number, one in enumerate(printed):
        pictures[one.found.number] = draw_qr(one.found.code_url, at_least=_CODE_VERSION, level="q")
        if drawn is not None:
            drawn(number + 1)
    return typeset(_TEMPLATE, _content(printed), pictures)


def _content(printed: Sequence[Printed]) -> dict[str, Any]:
    title = (
        _card_title(printed[0].found)
        if len(printed) == 1
        else ngettext("%(num)s laissez-passer", "%(num)s laissez-passer", len(printed))
    )
    return {
        "language": str(get_locale() or "fr")[:2],
        "title": title,
        "qr_alt": _("Code à scanner par l’agent de contrôle"),
        "code_label": _("Code à saisir :"),
        "zones_title": _("Périmètres et heures d’activité"),
        "instructions": _(
            "Posez cette carte derrière le pare-brise, code visible. L’agent compare la plaque : le laissez-passer ne "
            "vaut que pour ce véhicule. Gardez le bon de livraison à bord."
        ),
        "notice": _("Informations indicatives : seuls l’arrêté signé et la signalisation font foi."),
        "cards": [_card(one.found, one.territory, one.hours) for one in printed],
    }


def _card_title(found: PassView) -> str:
    return str(_("Laissez-passer %(number)s", number=found.number))


def _card(found: PassView, territory: TerritoryView, hours: Mapping[str, Sequence[Span]]) -> dict[str, Any]:
    zone = territory.timezone
    names = {"white": _("Blanc"), "blue": _("Bleu"), "red": _("Rouge"), "grey": _("Gris"), "black": _("Noir")}
    shown = found.perimeters[:_SHOWN_PERIMETERS]
    rest = len(found.perimeters) - len(shown)
    return {
        "title": _card_title(found),
        "territory": territory.name,
        "plate": found.plate_display,
        "qr": found.number,
        "code": found.short_code,
        "driver": _("Conducteur : %(name)s", name=_short(found.driver_name)) if found.driver_name else "",
        "validity": _(
            "Valable du %(start)s au %(end)s", start=instant(found.valid_from, zone), end=instant(found.valid_to, zone)
        ),
        "zones": [
            {
                "colour": perimeter.colour.value,
                "word": names[perimeter.colour.value],
                "name": _short(perimeter.name),
                "rule": str(POLICIES[perimeter.motorised]),
                "hours": _hours(hours.get(perimeter.perimeter_id, ()), zone),
            }
            for perimeter in shown
        ],
        "more": ngettext(
            "… et %(num)s autre : scannez le code pour la liste.",
            "… et %(num)s autres : scannez le code pour la liste.",
            rest,
        )
        if rest
        else "",
    }


def _hours(spans: Sequence[Span], zone: str) -> str:
    if not spans:
        return str(_("aucune heure d’activité pendant ces dates"))
    texts = [
        f"{instant(span.start, zone)} – {instant(span.end, zone) if span.end else _('sans fin')}"
        for span in spans[:_SHOWN_SPANS]
    ]
    if len(spans) > _SHOWN_SPANS:
        texts.append("…")
    return " ; ".join(texts)


def _short(name: str) -> str:
    return name if len(name) <= _SHOWN_LETTERS else name[: _SHOWN_LETTERS - 1] + "…"
