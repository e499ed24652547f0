"""What an agent types when no code can be scanned, answered by the portal."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from portal.cirqliz.passes.queries import find_by_short_code, find_in_territory
from portal.cirqliz.verification.services import Checked, judge
from portal.common.clock import SYSTEM_CLOCK, Clock

MOST_SHOWN = 20


def look_up(territory_id: UUID, text: str, *, clock: Clock = SYSTEM_CLOCK) -> Sequence[Checked]:
    """Return the passes of a territory by code, number or plate, the most useful first: green, orange, red.

    One more than MOST_SHOWN says that there are others.
    """
    by_code = find_by_short_code(text)
    if by_code is not None and by_code.territory_id == territory_id:
        return [judge(by_code, clock)]
    checked = [judge(found, clock) for found in find_in_territory(territory_id, text, clock.now(), MOST_SHOWN + 1)]
    return sorted(checked, key=lambda one: ("green", "orange", "red").index(one.verdict.tone.value))
