"""One-way streets that the national base writes as a ban without a direction, told by the title of their order."""

from __future__ import annotations

import re
from typing import Final

from portal.common.text import fold

_ONE_WAY: Final = re.compile(r"\bsens (?:interdit|unique)s?\b(?! alterne)")
# Bans that the title may name beside, which are written as another type of measure.
_NO_PARKING: Final = re.compile(
    r"\binterdiction (?:de|du) (?:stationner|stationnement)\b|\bstationnement (?:(?:est|sera) )?interdit\b"
)
_ANOTHER: Final = re.compile(
    r"\b(?:interdi|ferme|barre|coupe|coupure|suppression|supprim|abrog|annul|levee|double sens)"
)


def speaks_of_one_way(title: str) -> bool:
    """Tell whether a title speaks of a one-way street at all."""
    return _ONE_WAY.search(fold(title)) is not None


def is_one_way(title: str) -> bool:
    """Tell whether a title speaks of a one-way street and of nothing else that would close a street or open it again.

    With another ban in the title nobody can tell which of the two a measure stands for.
    """
    words = fold(title)
    return (
        _ONE_WAY.search(words) is not None and _ANOTHER.search(_NO_PARKING.sub(" ", _ONE_WAY.sub(" ", words))) is None
    )
