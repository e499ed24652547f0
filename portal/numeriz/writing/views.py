"""The pages of writing beside the form: drafts and models, the last reading, publishing, withdrawing, versions."""

from __future__ import annotations

from uuid import UUID
from zoneinfo import ZoneInfo

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal.common.errors import Conflict, Invalid, NotFound, PortalError
from portal.common.text import whole_number
from portal.numeriz import queries, words
from portal.numeriz.values import NUMERIZ
from portal.numeriz.views.desk import CLERK, blueprint, desk_page
from portal.numeriz.writing import messages, works
from portal.numeriz.writing.differences import differences
from portal.numeriz.writing.forms import WithdrawForm
from portal.numeriz.writing.publishing import publish_work as publish
from portal.numeriz.writing.publishing import published_from
from portal.numeriz.writing.publishing import withdraw_order as withdraw
from portal.numeriz.writing.review import review_page
from portal.numeriz.writing.versions import versions_of
from portal.territories.api import TerritoryView, get_territory
from portal.web.guards import current_actor, guard

_WORK = "/redaction/<uuid:work_id>"


@blueprint.get("/redaction")
@guard(CLERK)
def list_works(territory: str) -> ResponseReturnValue:
    """List what is being written, the models, and what was thrown away."""
    view = get_territory(territory)
    return desk_page(
        "writing/works",
        view,
        works=works.page_works(view.id, request.args.get("cursor")),
        models=works.page_works(view.id, request.args.get("modeles"), models=True),
        deleted=works.page_works(view.id, request.args.get("corbeille"), deleted=True),
    )


@blueprint.post("/redaction")
@guard(CLERK)
def new_work(territory: str) -> ResponseReturnValue:
    """Begin an order: an empty one, or with the words of a draft, of a model, of an order."""
    view, actor = get_territory(territory), current_actor()
    work_id, order_id = _asked_id("work"), _asked_id("order")
    if work_id is not None:
        begun = works.start_from_work(actor, view.id, work_id)
    elif order_id is not None:
        begun = works.start_from_order(actor, view.id, order_id)
    else:
        begun = works.start_work(actor, view.id)
    return _to_form(view, begun)


@blueprint.get(f"{_WORK}/relire")
@guard(CLERK)
def review_work(territory: str, work_id: UUID) -> ResponseReturnValue:
    """Show the whole order as it would be published, and what still stands before that."""
    view = get_territory(territory)
    return review_page(view, works.get_work(view.id, work_id))


@blueprint.post(f"{_WORK}/publier")
@guard(CLERK)
def publish_work(territory: str, work_id: UUID) -> ResponseReturnValue:
    """Make it law; a refusal leads back to the last reading, which says what is missing."""
    view = get_territory(territory)
    amended = False
    try:
        amended = works.get_work(view.id, work_id).order_id is not None
        revision, seen = whole_number(request.form.get("revision")) or 0, request.form.get("seen", "")
        order_id = publish(current_actor(), view.id, work_id, revision, seen=seen)
    except NotFound:
        # The same form sent twice: the first time, the draft became the order.
        found = published_from(view.id, work_id)
        if found is None:
            raise
        order_id = found
        flash(str(messages.DONE["already-published"]), "info")
    except (Conflict, Invalid) as error:
        _tell(error)
        return redirect(url_for("numeriz.review_work", territory=view.slug, work_id=work_id), 303)
    else:
        flash(str(messages.DONE["amended" if amended else "published"]), "success")
    return redirect(url_for("numeriz.show_order", territory=view.slug, order_id=order_id), 303)


@blueprint.post(f"{_WORK}/reprendre-la-version")
@guard(CLERK)
def rebase_work(territory: str, work_id: UUID) -> ResponseReturnValue:
    """Let an amendment replace the version that was stored after it began."""
    view = get_territory(territory)
    try:
        works.rebase_work(view.id, work_id)
    except Conflict as error:
        _tell(error)
    else:
        flash(str(messages.DONE["rebased"]), "success")
    return redirect(url_for("numeriz.review_work", territory=view.slug, work_id=work_id), 303)


@blueprint.post(f"{_WORK}/dupliquer")
@guard(CLERK)
def duplicate_work(territory: str, work_id: UUID) -> ResponseReturnValue:
    """Begin another order with the same words."""
    view = get_territory(territory)
    return _to_form(view, works.start_from_work(current_actor(), view.id, work_id))


@blueprint.post(f"{_WORK}/modele")
@guard(CLERK)
def model_work(territory: str, work_id: UUID) -> ResponseReturnValue:
    """Keep the words as a model of the territory."""
    view = get_territory(territory)
    try:
        works.save_as_model(current_actor(), view.id, work_id, request.form.get("title", ""))
    except Invalid as error:
        _tell(error)
    else:
        flash(str(messages.DONE["model-kept"]), "success")
    return _to_list(view)


@blueprint.post(f"{_WORK}/supprimer")
@guard(CLERK)
def delete_work(territory: str, work_id: UUID) -> ResponseReturnValue:
    """Throw a draft or a model away."""
    view = get_territory(territory)
    works.delete_work(current_actor(), view.id, work_id)
    flash(str(messages.DONE["deleted"]), "success")
    return _to_list(view)


@blueprint.post(f"{_WORK}/reprendre")
@guard(CLERK)
def restore_work(territory: str, work_id: UUID) -> ResponseReturnValue:
    """Take back what was thrown away."""
    view = get_territory(territory)
    works.restore_work(view.id, work_id)
    flash(str(messages.DONE["restored"]), "success")
    return _to_list(view)


@blueprint.post("/arretes/<uuid:order_id>/modifier")
@guard(CLERK)
def amend_order(territory: str, order_id: UUID) -> ResponseReturnValue:
    """Begin the next version of an order, or go on with it."""
    view = get_territory(territory)
    try:
        return _to_form(view, works.amend_order(current_actor(), view.id, order_id))
    except Conflict as error:
        _tell(error)
        return _to_order(view, order_id)


@blueprint.post("/arretes/<uuid:order_id>/dupliquer")
@guard(CLERK)
def duplicate_order(territory: str, order_id: UUID) -> ResponseReturnValue:
    """Begin an order of our own with the words of this one."""
    view = get_territory(territory)
    return _to_form(view, works.start_from_order(current_actor(), view.id, order_id))


@blueprint.route("/arretes/<uuid:order_id>/retirer", methods=["GET", "POST"])
@guard(CLERK)
def withdraw_order(territory: str, order_id: UUID) -> ResponseReturnValue:
    """Ask why, then withdraw a published order."""
    view = get_territory(territory)
    order = queries.get_order(view.id, order_id)
    form = WithdrawForm()
    status = 200
    if request.method == "POST":
        try:
            withdraw(current_actor(), view.id, order_id, form.reason.data or "")
        except Invalid as error:
            form.refuse(error)
            status = 422
        except Conflict as error:
            _tell(error)
            return _to_order(view, order_id)
        else:
            flash(str(messages.DONE["withdrawn"]), "success")
            return _to_order(view, order_id)
    zone = ZoneInfo(view.timezone)
    sentences = [words.measure_sentence(measure, zone) for _id, measure in order.measures]
    return desk_page("writing/withdraw", view, order=order, form=form, sentences=sentences), status


@blueprint.get("/arretes/<uuid:order_id>/versions")
@guard(CLERK)
def show_versions(territory: str, order_id: UUID) -> ResponseReturnValue:
    """Show what an order said, version after version, and what each one changed."""
    view = get_territory(territory)
    order = queries.get_order(view.id, order_id)
    zone = ZoneInfo(view.timezone)
    versions = versions_of(order_id)
    told = [
        (
            version,
            differences(before[0].order, version.order, zone) if before else None,
            [words.measure_sentence(measure, zone) for measure in version.order.measures],
        )
        for version, before in ((version, versions[at : at + 1]) for at, version in enumerate(versions, 1))
    ]
    return desk_page(
        "writing/versions", view, order=order, versions=told, changes=messages.CHANGES, ours=order.source == NUMERIZ
    )


def _asked_id(name: str) -> UUID | None:
    try:
        return UUID(request.form.get(name, ""))
    except ValueError:
        return None


def _tell(error: PortalError) -> None:
    """Say why an act is refused on the next page. Raises the error when its sentence belongs to another package."""
    sentence = messages.refusal_sentence(error)
    if sentence is None:
        raise error
    flash(sentence, "danger")


def _to_form(view: TerritoryView, work_id: UUID) -> ResponseReturnValue:
    return redirect(url_for("numeriz.edit_work", territory=view.slug, work_id=work_id), 303)


def _to_list(view: TerritoryView) -> ResponseReturnValue:
    return redirect(url_for("numeriz.list_works", territory=view.slug), 303)


def _to_order(view: TerritoryView, order_id: UUID) -> ResponseReturnValue:
    return redirect(url_for("numeriz.show_order", territory=view.slug, order_id=order_id), 303)
