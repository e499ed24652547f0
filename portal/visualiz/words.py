"""The names of layers and looks, for files and sheets."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from portal.numeriz.api import COLOURS, REGIMES
from portal.visualiz.layers import SUSPENDED
from portal.visualiz.onscreen import Layer, Shown

LAYER_NAMES = {
    Layer.PERIMETERS: _l("Périmètres"),
    Layer.ORDERS: _l("Arrêtés"),
    Layer.EVENTS: _l("Évènements en cours"),
    Layer.SIGNS: _l("Panneaux (OpenStreetMap)"),
    Layer.BAYS: _l("Aires de livraison"),
}
EFFECTS = {
    "closed": _l("Circulation interdite"),
    "limited": _l("Circulation limitée"),
    "other": _l("Autre mesure"),
}
_LOOKS = {
    **{colour.value: name for colour, name in COLOURS.items()},
    **{regime.value: name for regime, name in REGIMES.items()},
    **EFFECTS,
    SUSPENDED: _l("Hors d’usage"),
}


def look_words(item: Shown) -> str:
    """What a thing on the map is: the colour of a perimeter, the effect of a measure, the regime of a bay."""
    return str(_LOOKS[item.look])
