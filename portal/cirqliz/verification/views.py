"""The answer to a scan."""

from __future__ import annotations

from flask.typing import ResponseReturnValue

from portal.cirqliz import messages
from portal.cirqliz.blueprint import blueprint
from portal.cirqliz.states import CheckMethod
from portal.cirqliz.verification import services
from portal.cirqliz.verification.pages import perimeters_table
from portal.cirqliz.verification.queries import count_recent_checks
from portal.common.clock import SYSTEM_CLOCK
from portal.web.guards import PUBLIC, current_actor, guard
from portal.web.locale import DEFAULT_ZONE
from portal.web.near_limits import limit_near
from portal.web.rendering import render_bare


@blueprint.get("/v/<token>")
@blueprint.get("/V/<token>", endpoint="verify_capitals")
@guard(PUBLIC)
@limit_near(120)
def verify(token: str) -> ResponseReturnValue:
    """Say in one glance what the scanned code is worth; an agent of the territory sees more, and the look is kept.

    An agent of other territories is told what the phone says without a network: the pass gives no right there.
    """
    checked = services.check_token(token)
    territory = checked.territory
    actor = current_actor()
    at_work = services.workplace(actor, checked)
    if at_work is not None:
        checked = services.seen_from(checked, at_work)
    recorded = at_work is not None and services.record_check(actor, at_work, checked, CheckMethod.SCAN)
    is_agent = territory is not None and territory.slug == at_work
    zone = territory.timezone if territory else DEFAULT_ZONE
    return render_bare(
        "cirqliz/verify.html",
        words=messages,
        checked=checked,
        perimeters=perimeters_table(checked, zone),
        zone=zone,
        reason=messages.verdict_reason(checked.verdict, zone),
        now=SYSTEM_CLOCK.now(),
        is_agent=is_agent,
        recorded=recorded,
        recent=count_recent_checks(checked.found.id) if is_agent and checked.found else 0,
        control=at_work,
    )
