"""Looking a pass up, and keeping for a short time that an agent did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy import select

from portal.cirqliz.law import Span, spans_of
from portal.cirqliz.models import PassCheck
from portal.cirqliz.passes.queries import PassView, find_by_token
from portal.cirqliz.passes.services import key_ring
from portal.cirqliz.states import CheckMethod
from portal.cirqliz.tokens import BadToken, open_token
from portal.cirqliz.verification.verdict import PassVerdict, Result, judge_pass
from portal.common.actor import Actor, StaffRole
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.ids import new_id
from portal.db import unit_of_work
from portal.numeriz.api import law_of
from portal.regulations.schedules import Interval
from portal.territories.api import TerritoryView, get_territory, get_territory_by_id

# A page opened twice is one look at the pass.
_SAME_LOOK = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Checked:
    """A pass looked up: the verdict, the pass if it is one of ours, the hours of its perimeters inside its dates.

    territory: of the pass; None with it.
    """

    verdict: PassVerdict
    found: PassView | None
    hours: Mapping[str, Sequence[Span]]
    territory: TerritoryView | None = None


def check_token(text: str, *, clock: Clock = SYSTEM_CLOCK) -> Checked:
    """Return what a scanned code is worth now; never raises for a code, however broken."""
    try:
        payload = open_token(key_ring(), text)
    except BadToken:
        return Checked(PassVerdict(Result.FORGED), None, {})
    found = find_by_token(payload.token_id)
    if found is None or found.token != text:
        return Checked(PassVerdict(Result.UNKNOWN), None, {})
    return judge(found, clock)


def judge(found: PassView, clock: Clock) -> Checked:
    """Return what a pass of ours is worth now: nothing of it is remembered from one look to the next."""
    territory = get_territory_by_id(found.territory_id)
    window = Interval(found.valid_from, found.valid_to)
    hours = spans_of(law_of(territory), (p.perimeter_id for p in found.perimeters), window)
    return Checked(judge_pass(found, hours, clock.now()), found, hours, territory)


def seen_from(checked: Checked, territory: str) -> Checked:
    """Return a look at a pass as it counts in a territory: a pass of another one gives no right there."""
    if checked.territory is None or checked.territory.slug == territory:
        return checked
    return replace(checked, verdict=PassVerdict(Result.ELSEWHERE))


def workplace(actor: Actor, checked: Checked) -> str | None:
    """Return where the actor checks passes: in the pass's own territory if they do, else anywhere; None if nowhere."""
    if checked.territory is not None and is_checker(actor, checked.territory.slug):
        return checked.territory.slug
    return next((slug for slug in actor.staff if is_checker(actor, slug)), None)


def is_checker(actor: Actor, territory: str) -> bool:
    """Tell whether the actor checks passes in the territory."""
    return actor.serves(territory, StaffRole.CONTROL_AGENT)


def record_check(
    actor: Actor, territory: str, checked: Checked, method: CheckMethod, *, place: str = "", clock: Clock = SYSTEM_CLOCK
) -> bool:
    """Keep that an agent of the territory looked at a pass; return whether it was kept (not within a minute twice).

    Anybody else's look leaves no trace. A pass of another territory is not named in it. place: where the agent stands,
    when they said it.
    """
    if not is_checker(actor, territory) or actor.user_id is None:
        return False
    territory_id = get_territory(territory).id
    now = clock.now()
    pass_id = checked.found.id if checked.found and checked.found.territory_id == territory_id else None
    with unit_of_work() as uow:
        again = uow.session.scalar(
            select(PassCheck.id).where(
                PassCheck.checker_id == actor.user_id,
                PassCheck.pass_id == pass_id if pass_id else PassCheck.pass_id.is_(None),
                PassCheck.at > now - _SAME_LOOK,
                PassCheck.result == checked.verdict.result.value,
            )
        )
        if again is not None:
            return False
        uow.session.add(
            PassCheck(
                id=new_id(),
                territory_id=territory_id,
                pass_id=pass_id,
                checker_id=actor.user_id,
                at=now,
                received_at=now,
                method=method,
                tone=checked.verdict.tone.value,
                result=checked.verdict.result.value,
                place=place,
            )
        )
    return True
