"""The feeds of a territory: what is read again and again, how fresh it is, and what a supervisor changes about it."""

from __future__ import annotations

from uuid import UUID

from flask import current_app, flash, redirect, url_for
from flask.typing import ResponseReturnValue

from portal.common.actor import StaffRole
from portal.common.errors import Invalid
from portal.config import Settings
from portal.numeriz.desk_words import FLASHES
from portal.numeriz.feeds import register as feeds
from portal.numeriz.feeds.presets import PRESETS
from portal.numeriz.forms import FeedForm
from portal.numeriz.reports import last_report_ids
from portal.numeriz.views.desk import CLERK, SUPERVISOR, blueprint, desk_page
from portal.territories.api import TerritoryView, get_territory
from portal.web.guards import current_actor, guard


@blueprint.get("/flux")
@guard(CLERK)
def feed_list(territory: str) -> ResponseReturnValue:
    """List the feeds, with their freshness and their last failure."""
    return _list_page(get_territory(territory), FeedForm())


@blueprint.post("/flux")
@guard(SUPERVISOR)
def add_feed(territory: str) -> ResponseReturnValue:
    """Add a known source or any other; it is read at once when it has a rhythm."""
    view = get_territory(territory)
    form = FeedForm()
    if form.validate():
        try:
            new = form.command()
            feed_id = feeds.add_feed(current_actor(), view.id, new, hosts=_hosts())
            if new.every_s is not None:
                feeds.ask_reading(view.id, feed_id)
        except Invalid as error:
            form.refuse(error)
        else:
            return _done(view, "added" if new.every_s is not None else "added-by-hand")
    return _list_page(view, form), 422


@blueprint.post("/flux/<uuid:feed_id>/lire")
@guard(SUPERVISOR)
def read_feed_now(territory: str, feed_id: UUID) -> ResponseReturnValue:
    """Ask for a reading now."""
    view = get_territory(territory)
    feeds.ask_reading(view.id, feed_id)
    return _done(view, "asked")


@blueprint.post("/flux/<uuid:feed_id>/suspendre")
@guard(SUPERVISOR)
def suspend_feed(territory: str, feed_id: UUID) -> ResponseReturnValue:
    """Stop reading a feed by itself."""
    view = get_territory(territory)
    feeds.set_feed_active(current_actor(), view.id, feed_id, active=False)
    return _done(view, "suspended")


@blueprint.post("/flux/<uuid:feed_id>/reprendre")
@guard(SUPERVISOR)
def resume_feed(territory: str, feed_id: UUID) -> ResponseReturnValue:
    """Read a feed by itself again."""
    view = get_territory(territory)
    feeds.set_feed_active(current_actor(), view.id, feed_id, active=True)
    return _done(view, "resumed")


@blueprint.post("/flux/<uuid:feed_id>/supprimer")
@guard(SUPERVISOR)
def remove_feed(territory: str, feed_id: UUID) -> ResponseReturnValue:
    """Forget a feed; what it brought stays."""
    view = get_territory(territory)
    feeds.remove_feed(current_actor(), view.id, feed_id)
    return _done(view, "removed")


def _list_page(view: TerritoryView, form: FeedForm) -> str:
    listed = feeds.list_feeds(view.id)
    known = {(feed.kind, feed.url) for feed in listed}
    return desk_page(
        "feeds",
        view,
        feeds=listed,
        reports=last_report_ids(view.id, [feed.id for feed in listed]),
        form=form,
        presets=[preset for preset in PRESETS if (preset.kind, preset.url) not in known],
        hosts=sorted(_hosts()),
        may_change=current_actor().serves(view.slug, StaffRole.SUPERVISOR),
    )


def _done(view: TerritoryView, name: str) -> ResponseReturnValue:
    flash(str(FLASHES[name]), "success")
    return redirect(url_for("numeriz.feed_list", territory=view.slug), 303)


def _hosts() -> frozenset[str]:
    settings: Settings = current_app.extensions["settings"]
    return settings.feed_hosts
