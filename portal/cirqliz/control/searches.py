"""What an agent types when no code can be scanned, answered by the portal."""

from __future__ import annotations

import re
from collections.abc import Sequence
from uuid import UUID

from portal.cirqliz.passes.queries import find_by_short_code, find_in_territory
from portal.cirqliz.tokens import looks_like_short_code, read_short_code
from portal.cirqliz.verification.services import Checked, judge
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.errors import Invalid
from portal.fleet.api import read_plate

MOST_SHOWN = 20
_NUMBER = re.compile(r"LP-[A-Z0-9-]+-\d{4}-\d{6,}")


def look_up(territory_id: UUID, text: str, *, clock: Clock = SYSTEM_CLOCK) -> Sequence[Checked]:
    """Return the passes of a territory by code, number or plate, the most useful first: green, orange, red.

    One more than MOST_SHOWN says that there are others.
    """
    by_code = find_by_short_code(text)
    if by_code is not None and by_code.territory_id == territory_id:
        return [judge(by_code, clock)]
    checked = [judge(found, clock) for found in find_in_territory(territory_id, text, clock.now(), MOST_SHOWN + 1)]
    return sorted(checked, key=lambda one: ("green", "orange", "red").index(one.verdict.tone.value))


def is_mistyped(text: str) -> bool:
    """Tell whether a text by which nothing was found can be neither a number, nor a code, nor a plate.

    Ten signs that contradict their check sign are taken for a code: of a plate that long, nothing is said here.
    """
    if _NUMBER.fullmatch(text.strip().upper()) or read_short_code(text) is not None:
        return False
    if looks_like_short_code(text):
        return True
    try:
        read_plate(text)
    except Invalid:
        return True
    return False
