"""One answer to many requests: the preview, the batch, taking it back."""

from __future__ import annotations

from uuid import UUID, uuid4

from flask import Response, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal.cirqliz.blueprint import blueprint
from portal.cirqliz.decisions import messages, queries
from portal.cirqliz.decisions.batches import queries as batch_queries
from portal.cirqliz.decisions.batches import services
from portal.cirqliz.decisions.batches.preview import preview_batch
from portal.cirqliz.decisions.batches.queries import BatchView
from portal.cirqliz.decisions.forms import BatchForm, kept_filters, read_filter
from portal.cirqliz.decisions.frame import CLERK, PREFIX, desk_frame
from portal.cirqliz.decisions.policies import MAX_BATCH, refuses_undo
from portal.cirqliz.decisions.views.queue import queue_page
from portal.cirqliz.messages import flash_text, sentence
from portal.cirqliz.pages import show
from portal.cirqliz.rules.settings import access_settings
from portal.cirqliz.states import BatchState
from portal.common.clock import SYSTEM_CLOCK
from portal.common.errors import Conflict, Invalid
from portal.territories.api import TerritoryView, get_territory
from portal.web.filters import hour
from portal.web.guards import current_actor, guard
from portal.web.rendering import wants_partial


@blueprint.post(f"{PREFIX}/guichet/lots/apercu")
@guard(CLERK)
def preview_decisions(territory: str) -> ResponseReturnValue:
    """Show what the answer would do to each request ticked, or to all that the filters show. Writes nothing.

    From there `retour` goes back to the queue with what was ticked and typed.
    """
    form = BatchForm()
    if "retour" in request.form:
        # What could not have the answer that was looked at may have another one.
        form.chosen.data = [*(form.chosen.data or ()), *request.form.getlist("aside")]
        return queue_page(territory, form)
    actor, place = current_actor(), get_territory(territory)
    versions, more = form.versions(), False
    if form.everything.data:
        chosen = read_filter(request.args)
        found = queries.list_matching(place.id, chosen, SYSTEM_CLOCK.now(), MAX_BATCH + 1, actor.user_id)
        more, versions = len(found) > MAX_BATCH, dict(found[:MAX_BATCH])
    try:
        lines = preview_batch(actor, territory, versions, form.answer())
    except Invalid as error:
        form.show_error(error)
        return queue_page(territory, form), 422
    return show(
        "desk_preview.html",
        territory=place,
        form=form,
        answer=form.answer(),
        good=[line for line in lines if line.refusal is None],
        left_out=[(line, sentence(line.refusal)) for line in lines if line.refusal is not None],
        more=more,
        most=MAX_BATCH,
        undo_min=access_settings(place.id).undo_min,
        form_key=form.form_key.data or str(uuid4()),
        kept=kept_filters(request.args),
        **desk_frame(place),
    )


@blueprint.post(f"{PREFIX}/guichet/lots")
@guard(CLERK)
def prepare_decisions(territory: str) -> ResponseReturnValue:
    """Hold the requests of the preview for the answer, until it counts."""
    form = BatchForm()
    try:
        batch_id = services.prepare_batch(current_actor(), territory, form.command())
    except Invalid as error:
        form.show_error(error)
        return queue_page(territory, form), 422
    place = get_territory(territory)
    made = batch_queries.get_batch(place.id, batch_id)
    if made.waiting:
        at = hour(made.apply_at, place.timezone)
        flash(flash_text("batch-prepared", count=made.waiting, at=at), "success")
    kept = kept_filters(request.args)
    return redirect(url_for("cirqliz.show_decisions", territory=territory, batch_id=batch_id, **kept), 303)


@blueprint.get(f"{PREFIX}/guichet/lots/<uuid:batch_id>")
@guard(CLERK)
def show_decisions(territory: str, batch_id: UUID) -> ResponseReturnValue:
    """Show a batch: when it counts, what became of each request.

    While it waits its page asks for the state alone; once it is over it is told to load itself again.
    """
    place = get_territory(territory)
    batch = batch_queries.get_batch(place.id, batch_id)
    if wants_partial() and batch.state is not BatchState.WAITING:
        return Response(headers={"HX-Refresh": "true"})
    return _batch_page(place, batch)


def _batch_page(place: TerritoryView, batch: BatchView, conflict: str | None = None) -> str:
    return show(
        "desk_batch.html",
        block="state" if conflict is None else None,
        territory=place,
        batch=batch,
        lines=batch_queries.list_batch_lines(batch.id),
        conflict=conflict,
        may_undo=refuses_undo(batch.state) is None,
        desk_words=messages,
        kept=kept_filters(request.args),
        **desk_frame(place),
    )


@blueprint.post(f"{PREFIX}/guichet/lots/<uuid:batch_id>/annulation")
@guard(CLERK)
def undo_decisions(territory: str, batch_id: UUID) -> ResponseReturnValue:
    """Take a batch back before it counts."""
    try:
        services.undo_batch(current_actor(), territory, batch_id)
    except Conflict as error:
        place = get_territory(territory)
        return _batch_page(place, batch_queries.get_batch(place.id, batch_id), sentence(error)), 409
    flash(flash_text("batch-undone"), "success")
    return redirect(url_for("cirqliz.show_decisions", territory=territory, batch_id=batch_id), 303)
