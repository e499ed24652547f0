"""The looks at passes that a phone made by itself, sent when it has a network: each is kept once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table, select

from portal.cirqliz.models import AccessPass, PassCheck
from portal.cirqliz.rules.settings import access_settings
from portal.cirqliz.states import CheckMethod
from portal.cirqliz.tokens.content import TOKEN_ID_BYTES
from portal.common.actor import Actor, StaffRole
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.errors import Denied, Invalid
from portal.db import Upsert, unit_of_work
from portal.territories.api import get_territory

MOST = 500
LONGEST_PLACE = 120
# From 1970, where a clock that lost its battery starts again, to 2100: what corrects one such instant by another stays
# within the years that exist.
_FIRST_MS, _LAST_MS = 0, 4_102_444_800_000
# What was answered to a code that says nothing.
_UNREAD = "forged"
# Beyond this the phone's clock is wrong enough to be told.
TOLD_SKEW = timedelta(minutes=2)

TONE_OF: Mapping[str, str] = {
    "valid": "green",
    **dict.fromkeys(("stale", "not_yet", "outside_hours", "hours_unknown"), "orange"),
    **dict.fromkeys(("expired", "revoked", "suspended", "elsewhere", "forged", "unknown"), "red"),
}
"""What a phone may have answered, and the tone that goes with it; the same table is in static/js/control/verdict.js.

`unknown` is the portal's own word, where it corrected the phone.
"""


@dataclass(frozen=True, slots=True)
class Look:
    """One look as the phone tells it. at: by the phone's own clock; token_id: None for a code that is not ours."""

    id: UUID
    at: datetime
    token_id: bytes | None
    result: str
    place: str


@dataclass(frozen=True, slots=True)
class Sent:
    """A list of looks: who made them, and when it leaves by the phone's own clock."""

    agent_id: UUID
    at: datetime
    looks: Sequence[Look]


@dataclass(frozen=True, slots=True)
class Received:
    """What became of a list: the ids that are safe here, those older than the retention, the phone's clock error.

    skew: positive when the phone is ahead; zero when too small to be told.
    """

    kept: Sequence[UUID]
    too_old: Sequence[UUID]
    skew: timedelta


def receive_looks(actor: Actor, territory: str, sent: Sent, *, clock: Clock = SYSTEM_CLOCK) -> Received:
    """Keep the looks of an agent's phone, in one transaction; one that is known already is left as it is.

    The instant of sending is by the same clock as the looks: what it differs from ours corrects them all. A look is
    never later than now. Raises Denied (also for the looks of another agent: phones are shared), Invalid (too many).
    """
    looks = sent.looks
    if actor.user_id is None or not actor.serves(territory, StaffRole.CONTROL_AGENT):
        raise Denied("staff-role-needed", roles=[StaffRole.CONTROL_AGENT.value])
    if actor.user_id != sent.agent_id:
        raise Denied("looks-of-another")
    if len(looks) > MOST:
        raise Invalid("too-many-looks", most=MOST)
    place = get_territory(territory)
    now = clock.now()
    skew = sent.at - now
    oldest = now - timedelta(days=access_settings(place.id).scan_retention_days)
    dated = [(look, min(look.at - skew, now)) for look in looks]
    fresh = [(look, at) for look, at in dated if at >= oldest]
    with unit_of_work() as uow:
        ids = [look.token_id for look, _at in fresh if look.token_id is not None]
        found = uow.session.execute(
            select(AccessPass.token_id, AccessPass.id).where(
                AccessPass.territory_id == place.id, AccessPass.token_id.in_(ids)
            )
        )
        passes = {token_id: pass_id for token_id, pass_id in found.all()}  # noqa: C416 rows are no pairs for dict()
        rows = [
            {
                "id": look.id,
                "territory_id": place.id,
                "pass_id": passes.get(look.token_id) if look.token_id else None,
                "checker_id": actor.user_id,
                "at": at,
                "received_at": now,
                "method": CheckMethod.SCAN,
                "tone": TONE_OF[look.result],
                "result": look.result,
                "place": look.place,
                "offline": True,
            }
            for look, at in fresh
        ]
        if rows:
            uow.session.execute(_SAVE.of(uow), rows)
    return Received(
        kept=[look.id for look, _at in fresh],
        too_old=[look.id for look, at in dated if at < oldest],
        skew=skew if abs(skew) > TOLD_SKEW else timedelta(),
    )


def _save(insert: Callable[..., Any]) -> Any:
    return insert(cast("Table", PassCheck.__table__)).on_conflict_do_nothing(index_elements=["id"])


_SAVE = Upsert(_save)


def read_looks(sent: object) -> Sent:
    """Return the list that a phone's message (JSON values) is; raises Invalid.

    {"agent", "sent_at": ms, "looks": [{"id", "at": ms, "token_id": hex or null, "result", "place"}]}
    """
    try:
        if not isinstance(sent, dict) or not isinstance(sent["looks"], list) or len(sent["looks"]) > MOST:
            raise ValueError("not a list of looks")
        return Sent(UUID(sent["agent"]), _instant(sent["sent_at"]), [_look(one) for one in sent["looks"]])
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError) as error:
        raise Invalid("looks-unreadable") from error


def _look(one: Mapping[str, Any]) -> Look:
    token_id = None if one["token_id"] is None else bytes.fromhex(one["token_id"])
    place = str(one["place"]).strip()
    if (token_id is not None and len(token_id) != TOKEN_ID_BYTES) or one["result"] not in TONE_OF:
        raise ValueError("not a look")
    if token_id is None and one["result"] != _UNREAD:
        raise ValueError("an answer to a pass that is not named")
    # Half of a pair of signs is no text: encoding it fails as the other faults do.
    if len(place) > LONGEST_PLACE or b"\0" in place.encode():
        raise ValueError("not a place")
    return Look(UUID(one["id"]), _instant(one["at"]), token_id, one["result"], place)


def _instant(milliseconds: object) -> datetime:
    if not isinstance(milliseconds, int) or isinstance(milliseconds, bool):
        raise TypeError("not an instant")
    if not _FIRST_MS <= milliseconds <= _LAST_MS:
        raise ValueError("not an instant of a phone")
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
