"""The queue of the desk."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal.cirqliz.blueprint import blueprint
from portal.cirqliz.decisions import messages, queries
from portal.cirqliz.decisions.batches.queries import list_recent_batches
from portal.cirqliz.decisions.claims import Skipped
from portal.cirqliz.decisions.filters import Age
from portal.cirqliz.decisions.forms import BatchForm, ViewForm, kept_filters, read_filter
from portal.cirqliz.decisions.frame import CLERK, PREFIX, desk_frame
from portal.cirqliz.decisions.saved_views import list_views
from portal.cirqliz.messages import sentence
from portal.cirqliz.pages import show
from portal.cirqliz.reexamination.messages import CAUSES
from portal.common.clock import SYSTEM_CLOCK
from portal.fleet.api import Category
from portal.territories.api import get_territory
from portal.web.guards import current_actor, guard


@blueprint.get(f"{PREFIX}/guichet")
@guard(CLERK)
def desk(territory: str) -> ResponseReturnValue:
    """Show the queue as the query string narrows it; without any, as the clerk's first saved view does."""
    clerk_id = current_actor().user_id
    if not request.args and clerk_id is not None:
        views = list_views(clerk_id, get_territory(territory).id)
        if views and views[0].query:
            return redirect(url_for("cirqliz.desk", territory=territory, **kept_filters(views[0].query)), 302)
    return queue_page(territory, BatchForm(formdata=None))


def queue_page(
    territory: str, form: BatchForm, skipped: list[Skipped] | None = None, view_form: ViewForm | None = None
) -> str:
    """Return the page of the queue; skipped: requests that an act left as they were."""
    place = get_territory(territory)
    now = SYSTEM_CLOCK.now()
    clerk_id = current_actor().user_id
    chosen = read_filter(request.args)
    kept = kept_filters(request.args)
    page = queries.list_queue(place.id, chosen, now, request.args.get("cursor"), clerk_id=clerk_id)
    context: dict[str, Any] = {
        "territory": place,
        "page": page,
        "counts": queries.count_queue(place.id, now, clerk_id),
        "views": list_views(clerk_id, place.id) if clerk_id is not None else [],
        "batches": list_recent_batches(place.id, now),
        "chosen": chosen,
        "kept": kept,
        "form": form,
        "view_form": view_form or ViewForm(formdata=None),
        "ticked": set(form.chosen.data or ()),
        "ticked_elsewhere": _ticked_elsewhere(form, {str(one.id) for one in page.items}),
        "skipped": [sentence(one.error) for one in skipped or []],
        "age_of": lambda at: Age.of(at, now),
        "now": now,
        "desk_words": messages,
        "causes": CAUSES,
        "choices": {"categories": [(category, category) for category in Category]},
    }
    return show("desk.html", **context, **desk_frame(place))


def _ticked_elsewhere(form: BatchForm, shown: Collection[str]) -> list[str]:
    """Return what was ticked (`id:version`) of requests that this page of the queue does not show."""
    return [f"{id_}:{version}" for id_, version in form.versions().items() if str(id_) not in shown]
