"""The card for the cab: one page of PDF set by Typst, black on white, with the code as large as the page allows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import get_locale, ngettext
from flask_babel import gettext as _

from portal.cirqliz.law import Span
from portal.cirqliz.messages import POLICIES
from portal.cirqliz.passes.queries import PassView
from portal.config import PROJECT_ROOT
from portal.territories.api import TerritoryView
from portal.web.filters import instant
from portal.web.typeset import typeset

_TEMPLATE = PROJECT_ROOT / "templates" / "cirqliz" / "pass.typ"
_SHOWN_SPANS = 2
_SHOWN_PERIMETERS = 5
_SHOWN_LETTERS = 80


def draw_card(found: PassView, territory: TerritoryView, hours: Mapping[str, Sequence[Span]]) -> bytes:
    """Return the card as PDF/UA-1 in the language of the reader. The same pass always gives the same bytes.

    hours: of each perimeter, inside the dates of the pass.
    """
    return typeset(_TEMPLATE, _content(found, territory, hours), {"qr": found.qr_svg})


def _content(found: PassView, territory: TerritoryView, hours: Mapping[str, Sequence[Span]]) -> dict[str, Any]:
    zone = territory.timezone
    names = {"white": _("Blanc"), "blue": _("Bleu"), "red": _("Rouge"), "grey": _("Gris"), "black": _("Noir")}
    shown = found.perimeters[:_SHOWN_PERIMETERS]
    rest = len(found.perimeters) - len(shown)
    return {
        "language": str(get_locale() or "fr")[:2],
        "title": _("Laissez-passer %(number)s", number=found.number),
        "territory": territory.name,
        "plate": found.plate_display,
        "qr_alt": _("Code à scanner par l’agent de contrôle"),
        "validity": _(
            "Valable du %(start)s au %(end)s", start=instant(found.valid_from, zone), end=instant(found.valid_to, zone)
        ),
        "zones_title": _("Périmètres et heures d’activité"),
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
            "… et %(num)s autre : scannez le code pour la liste.",
            "… et %(num)s autres : scannez le code pour la liste.",
            rest,
        )
        if rest
        else "",
        "instructions": _(
            "Posez cette carte derrière le pare-brise, code visible. L’agent compare la plaque : le laissez-passer ne "
            "vaut que pour ce véhicule. Gardez le bon de livraison à bord."
        ),
        "notice": _("Informations indicatives : seuls l’arrêté signé et la signalisation font foi."),
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
