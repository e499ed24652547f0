"""Telling the base: which calls make what it holds equal to what the order says, whatever was done before.

An order is one object there, found by its identifier. What bears the identifier without having been sent from here is
left alone unless a clerk said otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from portal.common.errors import Invalid, Unavailable
from portal.numeriz.pushing.body import order_body
from portal.numeriz.pushing.client import DialogClient, Refused
from portal.numeriz.pushing.state import PushPlan
from portal.numeriz.values import PushState

type Step = Callable[[], None]
_MISSING, _INVALID = 404, 422


@dataclass
class Told:
    """How a telling ended. WAITING: to be tried again, after wanted_s at least. answer: for the row."""

    state: PushState
    answer: dict[str, Any]
    remote_id: str = ""
    wanted_s: float = 0.0


@dataclass
class _Held:
    """What the base holds of the order for us, as the calls go on."""

    identifier: str | None
    deleted: bool = False
    marks: dict[str, Any] = field(default_factory=dict)

    def forget(self) -> None:
        self.identifier, self.deleted = None, True

    def as_answer(self) -> dict[str, Any]:
        claimed = {} if self.identifier is None else {"identifier": self.identifier, "claimed": True}
        return {**({"deleted": True} if self.deleted else {}), **claimed}


def tell(plan: PushPlan, client: DialogClient, *, claim: Step, still_ours: Step) -> Told:
    """Make the base hold the order as it is.

    claim: called before an order is created there, to remember durably that what bears its identifier is ours.
    still_ours: called before each change; raises when another run owns the job.
    """
    held = _Held(plan.held)
    try:
        remote_id = _tell(plan, client, held, claim, still_ours)
    except Unavailable as error:
        answer = {"code": error.code, "params": dict(error.params), **held.as_answer()}
        wanted = error.params.get("retry_after_s")
        return Told(PushState.WAITING, answer, wanted_s=float(wanted) if isinstance(wanted, int) else 0.0)
    except Refused as error:
        said = {"code": error.code, "status": error.answer, "sentences": list(error.sentences)}
        return Told(PushState.REFUSED, {**said, **held.as_answer()})
    except Invalid as error:
        # An address that is not among those of this installation is a fault of its operator, not of the order.
        state = PushState.REFUSED if error.code.startswith("push-") else PushState.FAILED
        return Told(state, {"code": error.code, "params": dict(error.params), **held.as_answer()})
    return Told(PushState.SENT, held.as_answer(), remote_id)


def _tell(plan: PushPlan, client: DialogClient, held: _Held, claim: Step, still_ours: Step) -> str:
    body = None if plan.withdrawn else order_body(plan.order)
    wanted = None if body is None else plan.order.identifier
    if held.identifier is not None and held.identifier != wanted:
        still_ours()
        client.delete(held.identifier)
        held.forget()
    if body is None or wanted is None:
        return ""
    there = client.has(wanted)
    if there and held.identifier is None and not plan.adopt:
        raise Invalid("push-taken", identifier=wanted)
    still_ours()
    if there:
        held.identifier = wanted
        return _replace(client, body)
    claim()
    held.identifier = wanted
    try:
        return client.create(body)
    except Refused as refused:
        # Its checks come before it writes anything; a place that it cannot find may leave a draft behind.
        if refused.answer in {401, 403, _INVALID}:
            held.identifier = None
        raise


def _replace(client: DialogClient, body: dict[str, Any]) -> str:
    try:
        return client.replace(body)
    except Refused as refused:
        if refused.answer == _MISSING:
            raise Unavailable("push-gone") from refused
        raise
