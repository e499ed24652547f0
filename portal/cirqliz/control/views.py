"""The agent's search, answered by the portal: a plate, a number."""

from __future__ import annotations

from flask import redirect, url_for
from flask.typing import ResponseReturnValue

from portal.cirqliz.blueprint import blueprint
from portal.cirqliz.control.forms import SearchForm
from portal.cirqliz.control.limits import agent_here
from portal.cirqliz.control.looks import LONGEST_PLACE
from portal.cirqliz.control.searches import MOST_SHOWN, is_mistyped
from portal.cirqliz.control.searches import look_up as look_up_passes
from portal.cirqliz.decisions.frame import desk_frame
from portal.cirqliz.messages import ERRORS, verdict_reason
from portal.cirqliz.pages import show
from portal.cirqliz.states import CheckMethod
from portal.cirqliz.tokens import read_short_code
from portal.cirqliz.verification.services import Checked, record_check
from portal.cirqliz.verification.verdict import PassVerdict, Result
from portal.common.actor import StaffRole
from portal.common.clock import SYSTEM_CLOCK
from portal.territories.api import get_territory
from portal.web.extensions import limiter
from portal.web.guards import current_actor, guard, staff


@blueprint.get("/territoires/<territory>/controle")
@guard(staff(StaffRole.CONTROL_AGENT))
def control(territory: str) -> ResponseReturnValue:
    """Lead to the agents' page, which is one for all territories: a phone installs it once."""
    return redirect(url_for("cirqliz.control_app", territoire=territory), 303)


@blueprint.post("/territoires/<territory>/controle")
@guard(staff(StaffRole.CONTROL_AGENT))
@limiter.limit("60 per minute", key_func=agent_here)
def look_up(territory: str) -> ResponseReturnValue:
    """Answer a search. A POST shows its answer directly: a plate has no place in an address or in a log."""
    form = SearchForm()
    wanted = (form.wanted.data or "").strip()
    if not wanted:
        form.wanted.errors = [str(ERRORS["search-missing"])]
        return _control_page(territory, form, None), 422
    found = look_up_passes(get_territory(territory).id, wanted)
    if not found and is_mistyped(wanted):
        # Says nothing of a pass: a slip of the finger is no red answer, and is not kept among the looks.
        form.wanted.errors = [str(ERRORS["search-mistyped"])]
        return _control_page(territory, form, None), 422
    typed_code = read_short_code(wanted) is not None
    answers = list(found) or [Checked(PassVerdict(Result.UNKNOWN), None, {})]
    by_number = answers[0].found is not None and answers[0].found.number == wanted.upper()
    method = CheckMethod.NUMBER if by_number else CheckMethod.CODE if typed_code else CheckMethod.PLATE
    record_check(current_actor(), territory, answers[0], method, place=(form.lieu.data or "").strip()[:LONGEST_PLACE])
    return _control_page(territory, form, answers)


def _control_page(territory: str, form: SearchForm, answers: list[Checked] | None) -> str:
    place = get_territory(territory)
    zone = place.timezone
    return show(
        "control/search.html",
        block="answers",
        territory=place,
        zone=zone,
        form=form,
        wanted=form.wanted.data or "",
        answers=[(one, verdict_reason(one.verdict, zone)) for one in (answers or ())[:MOST_SHOWN]],
        others=len(answers or ()) > MOST_SHOWN,
        now=SYSTEM_CLOCK.now(),
        **desk_frame(place),
    )
