"""What the pages of the form share: what is loaded, the frame around a step, and what a refused save shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

from flask import request, url_for

from portal.common.clock import SYSTEM_CLOCK
from portal.common.errors import NotFound
from portal.numeriz.views.desk import desk_page
from portal.numeriz.writing.document import faults_of, read_measure
from portal.numeriz.writing.form.links import CHECK, spot_url
from portal.numeriz.writing.form.parts import Spot, measures_of
from portal.numeriz.writing.form.preview import Preview, preview_of
from portal.numeriz.writing.form.steps import PART_WORDS, is_missing, measure_title, neighbours, steps_of
from portal.numeriz.writing.messages import fault_sentence
from portal.numeriz.writing.values import Fault, WorkView
from portal.numeriz.writing.works import get_work
from portal.territories.api import TerritoryView, get_territory

LEAST_FIRST = 1


@dataclass(frozen=True)
class Opened:
    """An order at work with its territory."""

    territory: TerritoryView
    work: WorkView

    @cached_property
    def faults(self) -> Sequence[Fault]:
        """Everything that keeps it from being published by itself."""
        return faults_of(self.work.document, self.territory, self.work.order_id)

    def with_work(self, work: WorkView) -> Opened:
        """The same territory with what the order has become."""
        return Opened(self.territory, work)


def open_work(slug: str, work_id: UUID) -> Opened:
    """Load an order at work within its territory. Raises NotFound, for one that was thrown away too."""
    territory = get_territory(slug)
    work = get_work(territory.id, work_id)
    if work.deleted_at is not None:
        raise NotFound("work-not-found")
    return Opened(territory, work)


def measure_at(opened: Opened, number: int) -> int:
    """The place from 0 of the measure that the address counts from 1. Raises NotFound(`measure-not-found`)."""
    if not LEAST_FIRST <= number <= len(measures_of(opened.work.document)):
        raise NotFound("measure-not-found")
    return number - 1


def part_faults(opened: Opened, spot: Spot, *, missing: bool) -> list[tuple[str, str]]:
    """The faults of a part as (path within it, sentence). missing: also what is only still to be filled in."""
    prefix = f"{spot.path}." if spot.path else ""
    return [
        (fault.field.removeprefix(prefix), fault_sentence(fault))
        for fault in opened.faults
        if spot.holds(fault.field) and (missing or not is_missing(fault))
    ]


def wants_all_faults() -> bool:
    """Tell whether the address asks for what is not filled in yet as well."""
    return CHECK in request.args


def form_page(template: str, opened: Opened, spot: Spot, **context: Any) -> str:
    """Render a step within its frame: the list of steps, the preview, the way on."""
    territory, work = opened.territory, opened.work
    before, after = neighbours(work.document, spot)
    previews = _previews(opened, spot)
    features = [feature for preview in previews for feature in preview.features]
    return desk_page(
        f"writing/form/{template}",
        territory,
        work=work,
        spot=spot,
        step_word=str(PART_WORDS[spot.part]),
        measure_title=None if spot.at is None else measure_title(work.document, spot.at),
        groups=steps_of(territory.slug, work.id, work.document, opened.faults, spot),
        previews=previews,
        layer={"type": "FeatureCollection", "features": features} if features else None,
        here_url=spot_url(territory.slug, work.id, spot),
        is_first=before is None,
        is_last=after is None,
        **{"clash": None, **context},
    )


def next_url(opened: Opened, spot: Spot, act: str) -> str:
    """Where a button leads: the part before, the part after, or the last step."""
    before, after = neighbours(opened.work.document, spot)
    slug, work_id = opened.territory.slug, opened.work.id
    if act == "back":
        return spot_url(slug, work_id, before or spot)
    if act == "next":
        return (
            url_for("numeriz.review_work", territory=slug, work_id=work_id)
            if after is None
            else spot_url(slug, work_id, after)
        )
    return spot_url(slug, work_id, spot)


def _previews(opened: Opened, spot: Spot) -> Sequence[Preview]:
    """The measure of the part, or all of them beside the first step."""
    now = SYSTEM_CLOCK.now()
    measures: Sequence[Mapping[str, Any]] = measures_of(opened.work.document)
    shown = measures if spot.at is None else measures[spot.at : spot.at + 1]
    drafts = (read_measure(measure, "", opened.territory)[0] for measure in shown)
    found = (preview_of(draft, opened.territory, now) for draft in drafts)
    return [preview for preview in found if preview is not None]
