"""The last step of an order at work: everything it would say, and what still stands before its publishing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from portal.common.errors import NotFound
from portal.numeriz import words
from portal.numeriz.drawing import measures_layer
from portal.numeriz.impact.messages import CLASHES, alarm_sentence
from portal.numeriz.values import MeasureDraft
from portal.numeriz.views.desk import desk_page
from portal.numeriz.writing.differences import differences
from portal.numeriz.writing.document import read_measure
from portal.numeriz.writing.form.links import fault_url
from portal.numeriz.writing.form.steps import is_missing, steps_of
from portal.numeriz.writing.messages import fault_sentence
from portal.numeriz.writing.publishing import publishing_state
from portal.numeriz.writing.reading import MOST_MEASURES
from portal.numeriz.writing.values import PublishingState, WorkView
from portal.numeriz.writing.versions import current_order
from portal.territories.api import TerritoryView


def review_page(territory: TerritoryView, work: WorkView) -> str:
    """Render the last reading of a work. Raises NotFound(`work-not-found`) for one that was thrown away."""
    if work.deleted_at is not None:
        raise NotFound("work-not-found")
    zone = ZoneInfo(territory.timezone)
    state = publishing_state(territory, work)
    measures = _readable(territory, work) if state.draft is None else state.draft.measures
    sentences = [words.measure_sentence(measure, zone) for measure in measures]
    return desk_page(
        "writing/review",
        territory,
        work=work,
        state=state,
        groups=steps_of(territory.slug, work.id, work.document, state.faults, None),
        sentences=sentences,
        layer=measures_layer(zip(measures, sentences, strict=True), work.title),
        faults=[(fault_url(territory.slug, work.id, fault.field), fault_sentence(fault)) for fault in state.faults],
        wrong=any(not is_missing(fault) for fault in state.faults),
        clash_words=CLASHES,
        alarms=[alarm_sentence(alarm) for alarm in state.alarms],
        changed=_changed(territory, work, state, zone),
    )


def _readable(territory: TerritoryView, work: WorkView) -> Sequence[MeasureDraft]:
    listed = work.document.get("measures")
    found: Sequence[Any] = listed if isinstance(listed, list) else []
    read = (
        read_measure(measure, f"measures.{at}", territory)[0]
        for at, measure in enumerate(found[:MOST_MEASURES])
        if isinstance(measure, Mapping)
    )
    return [measure for measure in read if measure is not None]


def _changed(
    territory: TerritoryView, work: WorkView, state: PublishingState, zone: ZoneInfo
) -> Sequence[object] | None:
    """What an amendment changes in the order in force; None for a new order, or one that cannot be read yet."""
    if work.order_id is None or state.draft is None:
        return None
    return differences(current_order(territory.id, work.order_id), state.draft, zone)
