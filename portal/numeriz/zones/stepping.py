"""One way of every form of this package: plan, show, save what was shown, say who saved meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from flask import request

from portal.common.actor import Actor
from portal.common.errors import Conflict, Invalid
from portal.db import session
from portal.numeriz.zones.messages import changed_meanwhile, refusal_sentence
from portal.numeriz.zones.plans import Plan, carry_out, last_change
from portal.numeriz.zones.preview import Preview, preview_of
from portal.numeriz.zones.queries import EventView, get_city_event
from portal.numeriz.zones.states import zone_states
from portal.numeriz.zones.stepped import SAVE, SteppedForm
from portal.territories.api import TerritoryView
from portal.web import filters

type Build = Callable[[EventView | None], tuple[Plan, Sequence[str]] | None]
"""The plan of a form over the event as it is now, and what to tell of what was typed; None when a field is at fault."""


@dataclass(slots=True)
class Stepping:
    """What became of a form. saved: the action done, `unchanged` when nothing differs, empty while it is not saved."""

    event: EventView | None
    saved: str = ""
    preview: Preview | None = None
    conflict: str = ""
    status: int = 200


def step(actor: Actor, territory: TerritoryView, event: EventView | None, form: SteppedForm, build: Build) -> Stepping:
    """Do what the form asks: show its plan, or save it when it was shown (or when it touches nothing in force)."""
    zone = ZoneInfo(territory.timezone)
    found = Stepping(event)
    revision = event.revision if event else 0
    if form.seen_revision != revision:
        _tell_conflict(found, territory, form)
    try:
        built = build(found.event)
        if built is None:
            found.status = 422
            return found
        plan, told = built
        wanted = request.form.get("act") == SAVE and not found.conflict
        if wanted and (form.previewed.data == plan.digest or not _touches_law(territory, plan)):
            changed = carry_out(actor, territory.id, plan)
            found.saved = plan.action if changed else "unchanged"
            return found
    except Invalid as error:
        form.refuse(error)
        found.status = 422
        return found
    except Conflict as error:
        found.status = 409
        if error.code != "city-event-changed":
            form.form_errors.append(refusal_sentence(error))
            return found
        _tell_conflict(found, territory, form)
        return found
    found.preview = preview_of(territory.id, found.event, plan, zone, told=told)
    form.previewed.data = plan.digest
    return found


def _tell_conflict(found: Stepping, territory: TerritoryView, form: SteppedForm) -> None:
    """Go on from what somebody saved meanwhile; what was typed stays in the form."""
    found.status = 409
    if found.event is None:
        return
    session().rollback()
    found.event = get_city_event(territory.id, found.event.id)
    form.revision.data = str(found.event.revision)
    entry = last_change(found.event.id)
    who = entry.actor_label if entry else ""
    found.conflict = changed_meanwhile(who, filters.instant(found.event.updated_at, territory.timezone))


def _touches_law(territory: TerritoryView, plan: Plan) -> bool:
    """Tell whether a zone that is or will be in force changes."""
    held = zone_states(session(), territory.id, list(plan.zones))
    return any(
        state != held[zone_id] and any(said and said["activations"] for said in (held[zone_id], state))
        for zone_id, state in plan.zones.items()
    )
