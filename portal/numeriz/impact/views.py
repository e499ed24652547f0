"""The effects of a draft before it is published, and the signature of a second person."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal.common.errors import Conflict, NotFound
from portal.numeriz.impact import keeping, messages
from portal.numeriz.law.memory import law_of
from portal.numeriz.views.desk import CLERK, blueprint, desk_page
from portal.numeriz.writing import WorkView, faults_of, get_work
from portal.territories.api import TerritoryView, get_territory
from portal.web.guards import current_actor, guard
from portal.web.rendering import render_page

_WORK = "/redaction/<uuid:work_id>"


def _work(territory: TerritoryView, work_id: UUID) -> WorkView:
    """A draft; a model is never law, and what was thrown away is not found."""
    work = get_work(territory.id, work_id)
    if work.is_model or work.deleted_at is not None:
        raise NotFound("work-not-found")
    return work


@blueprint.get(f"{_WORK}/effets")
@guard(CLERK)
def show_impact(territory: str, work_id: UUID) -> ResponseReturnValue:
    """Show what the draft would do, how far that is found, and who signs."""
    view = get_territory(territory)
    work = _work(view, work_id)
    kept = keeping.kept_impact(work.id)
    job = keeping.impact_job(view.id, work.id)
    return desk_page(
        "impact/effects",
        view,
        work=work,
        kept=kept,
        stale=kept is not None and kept.digest != work.digest,
        law_changed=kept is not None and kept.law_version != law_of(view).version,
        ready=not faults_of(work.document, view, work.order_id),
        job=job if job is not None and not job.state.ended else None,
        failed=job is not None and job.state.value == "failed",
        alarms=[messages.alarm_sentence(alarm) for alarm in kept.impact.alarms] if kept is not None else [],
        refused=keeping.may_sign(work, current_actor()),
        impact_words=messages,
    )


@blueprint.post(f"{_WORK}/effets")
@guard(CLERK)
def study_impact(territory: str, work_id: UUID) -> ResponseReturnValue:
    """Ask for the effects of the draft as it is now."""
    view = get_territory(territory)
    work = _work(view, work_id)
    if faults_of(work.document, view, work.order_id):
        flash(messages.refusal("order-not-ready"), "warning")
        return redirect(url_for("numeriz.review_work", territory=view.slug, work_id=work.id), 303)
    keeping.ask_impact(view.id, work.id)
    return _back(view, work.id)


@blueprint.get(f"{_WORK}/effets/avancement")
@guard(CLERK)
def impact_progress(territory: str, work_id: UUID) -> ResponseReturnValue:
    """Answer how far the effects are found, for the page that waits for them."""
    view = get_territory(territory)
    job = keeping.impact_job(view.id, _work(view, work_id).id)
    if job is None:
        return _back(view, work_id)
    return render_page("numeriz/impact/progress.html", territory=view, work_id=work_id, job=job, impact_words=messages)


@blueprint.post(f"{_WORK}/demande-de-signature")
@guard(CLERK)
def ask_signature(territory: str, work_id: UUID) -> ResponseReturnValue:
    """Tell the others that the draft waits for a second person."""
    view = get_territory(territory)
    try:
        keeping.ask_signature(view.id, _work(view, work_id).id)
    except Conflict as error:
        flash(messages.refusal(error.code), "warning")
    else:
        flash(messages.done("signature-asked"), "success")
    return _back(view, work_id)


@blueprint.post(f"{_WORK}/signature")
@guard(CLERK)
def sign_work(territory: str, work_id: UUID) -> ResponseReturnValue:
    """Sign, as a second person, the words that were read."""
    view = get_territory(territory)
    try:
        keeping.sign_work(current_actor(), view.id, _work(view, work_id).id, request.form.get("digest", ""))
    except Conflict as error:
        flash(messages.refusal(error.code), "warning")
    else:
        flash(messages.done("signed"), "success")
    return _back(view, work_id)


def _back(territory: TerritoryView, work_id: UUID) -> ResponseReturnValue:
    return redirect(url_for("numeriz.show_impact", territory=territory.slug, work_id=work_id), 303)
