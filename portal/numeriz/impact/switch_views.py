"""The hot switch on a phone: the territory's own orders of today, lifted, activated or resumed with two taps."""

from __future__ import annotations

from uuid import UUID
from zoneinfo import ZoneInfo

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal.common.clock import SYSTEM_CLOCK
from portal.common.errors import Conflict, Invalid
from portal.common.text import whole_number
from portal.numeriz.impact import hot_switch, messages
from portal.numeriz.impact.confirming import confirm_activation, list_unconfirmed
from portal.numeriz.impact.hot_switch import Lasting
from portal.numeriz.values import OrderChange
from portal.numeriz.views.desk import CLERK, blueprint, desk_page
from portal.numeriz.writing import current_order, newest_version
from portal.regulations.calendars import LocalCalendar
from portal.territories.api import TerritoryView, get_territory
from portal.web.guards import current_actor, guard

_ACTS = {change.value: change for change in (OrderChange.LIFTED, OrderChange.ACTIVATED, OrderChange.RESUMED)}
CONFIRM = "confirmed"
"""What the button of a second person sends instead of a change."""


@blueprint.get("/fermetures")
@guard(CLERK)
def show_switches(territory: str) -> ResponseReturnValue:
    """List the orders of today with their switches, or those that are looked for."""
    view, now = get_territory(territory), SYSTEM_CLOCK.now()
    text = request.args.get("q", "").strip()[:100]
    only = request.args.get("arrete", type=UUID)
    return desk_page(
        "impact/switches",
        view,
        orders=hot_switch.list_switchable(view, _calendar(view), now, text, only),
        unconfirmed=list_unconfirmed(current_actor(), view.id),
        text=text,
        only=only,
        now=now,
        most_listed=hot_switch.MOST_LISTED,
        reason_length=hot_switch.REASON_LENGTH,
        lasting=[(one.value, words) for one, words in messages.LASTING.items()],
        impact_words=messages,
    )


@blueprint.post("/fermetures/<uuid:order_id>")
@guard(CLERK)
def switch_order(territory: str, order_id: UUID) -> ResponseReturnValue:
    """Lift, activate or resume an order at once, or confirm as a second person that it was activated."""
    view, now = get_territory(territory), SYSTEM_CLOCK.now()
    current_order(view.id, order_id)  # an order of elsewhere is not found, whatever is asked of it
    act = request.form.get("change", "")
    change = _ACTS.get(act)
    chosen = request.form.get("until", "")
    try:
        if act == CONFIRM:
            confirm_activation(current_actor(), view.id, order_id)
            flash(messages.done("confirmed"), "success")
            return _back(view, order_id)
        if change is None:
            raise Invalid("act-unknown", "change")
        if change is not OrderChange.RESUMED and chosen not in set(Lasting):
            raise Invalid("until-missing", "until")
        resumes = change is OrderChange.RESUMED
        hot_switch.switch_order(
            current_actor(),
            view,
            order_id,
            change,
            until=None if resumes else hot_switch.instant_of(Lasting(chosen), now, _calendar(view)),
            seen=whole_number(request.form.get("seen")) or 0,
            reason=request.form.get("reason", ""),
        )
    except (Conflict, Invalid) as error:
        flash(messages.refusal(error.code), "warning")
        return _back(view, order_id, only=True)
    else:
        flash(messages.done(change.value), "success")
        stored = newest_version(order_id)
        if stored is not None and stored.awaits:
            flash(messages.done("to-confirm"), "warning")
    return _back(view, order_id)


def _back(territory: TerritoryView, order_id: UUID, *, only: bool = False) -> ResponseReturnValue:
    """Lead back to the list of today, or to this order alone, which may not be on it."""
    alone, anchor = order_id if only else None, f"arrete-{order_id}"
    return redirect(url_for("numeriz.show_switches", territory=territory.slug, arrete=alone, _anchor=anchor), 303)


def _calendar(territory: TerritoryView) -> LocalCalendar:
    return LocalCalendar(ZoneInfo(territory.timezone), territory.holidays)
