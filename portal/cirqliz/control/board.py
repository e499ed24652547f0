"""What an agent's phone carries of a territory: keys, what was taken back, perimeters and their hours, settings."""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import select

from portal.cirqliz.control.idset import code_ids
from portal.cirqliz.control.training import training_board
from portal.cirqliz.models import AccessPass, PassPerimeter
from portal.cirqliz.passes.keys import key_ring
from portal.cirqliz.rules.settings import access_settings
from portal.cirqliz.states import PassState
from portal.cirqliz.tokens import perimeter_reference, territory_prefix
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.db import session
from portal.numeriz.api import law_snapshot
from portal.regulations.perimeters import Activation, Perimeter
from portal.territories.api import TerritoryView

# What a phone of another format carries it forgets, and takes anew; static/js/control/sync.js names the same.
FORMAT = 2
# A pass that ended is red without any list; a day more, for clocks that differ.
_ENDED = timedelta(days=1)
# Named one by one: an index is of no use to "all but revoked" (0.9 s then instead of 0.3 for 50,000 passes).
_LIVING = tuple(state for state in PassState if state is not PassState.REVOKED)
# Besides the perimeters of living passes: those of the coming week, which passes given since may name.
_AHEAD = timedelta(days=7)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Package:
    """A board ready to be sent: the same facts give the same bytes. etag: SHA-256 of the body."""

    body: bytes
    etag: str


def make_package(territory: TerritoryView, *, clock: Clock = SYSTEM_CLOCK) -> Package:
    """Return the board of a territory as JSON. Four queries, whatever the number of passes."""
    # Whole days: two phones that ask at different minutes get the same bytes.
    today = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    board: dict[str, Any] = {
        "format": FORMAT,
        "territory": {"slug": territory.slug, "name": territory.name, "zone": territory.timezone},
        "prefix": territory_prefix(territory.id).hex(),
        "keys": [_letters(key) for key in key_ring().public_keys],
        "revoked": _taken_back(territory.id, PassState.REVOKED, today),
        "suspended": _taken_back(territory.id, PassState.SUSPENDED, today),
        "perimeters": _perimeters(territory.id, today),
        "sync_hours": access_settings(territory.id).sync_hours,
        "training": training_board(),
    }
    body = json.dumps(board, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
    return Package(body, sha256(body).hexdigest())


def _taken_back(territory_id: UUID, state: PassState, today: datetime) -> dict[str, object]:
    ids = session().scalars(
        select(AccessPass.token_id).where(
            AccessPass.territory_id == territory_id, AccessPass.state == state, AccessPass.valid_to > today - _ENDED
        )
    )
    found = code_ids(ids)
    return {"size": found.size, "coded": _letters(found.coded)}


def _perimeters(territory_id: UUID, today: datetime) -> list[list[object]]:
    """Return [reference, name, event, colour, hours], by reference; two that share a reference are left out.

    hours: second of the start since 1970 and seconds it lasts (null: no end), one after the other, in order.
    """
    used = set(
        session().scalars(
            select(PassPerimeter.perimeter_id)
            .join(AccessPass, AccessPass.id == PassPerimeter.pass_id)
            .where(
                AccessPass.territory_id == territory_id,
                AccessPass.state.in_(_LIVING),
                AccessPass.valid_to > today - _ENDED,
            )
            .distinct()
        )
    )
    law = law_snapshot(territory_id).perimeters
    week = (today - _ENDED, today + _AHEAD)
    soon = {one.id for one in law.values() if any(_meets(span, *week) for span in one.activations)}
    chosen = [law[id_] for id_ in used | soon if id_ in law]
    lines = sorted(((perimeter_reference(one.id).hex(), one) for one in chosen), key=lambda line: line[0])
    shared = {reference for reference, count in Counter(reference for reference, _one in lines).items() if count > 1}
    return [
        [reference, one.name, one.event, one.colour.value, _hours(one, today - _ENDED)]
        for reference, one in lines
        if reference not in shared
    ]


def _meets(span: Activation, start: datetime, end: datetime) -> bool:
    return span.start < end and (span.end is None or span.end > start)


def _hours(perimeter: Perimeter, since: datetime) -> list[int | None]:
    coming: Iterable[Activation] = (one for one in perimeter.activations if one.end is None or one.end > since)
    hours: list[int | None] = []
    for span in sorted(coming, key=lambda one: one.start):
        hours += [_seconds(span.start), None if span.end is None else _seconds(span.end) - _seconds(span.start)]
    return hours


def _seconds(at: datetime) -> int:
    return int((at - _EPOCH).total_seconds())


def _letters(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
