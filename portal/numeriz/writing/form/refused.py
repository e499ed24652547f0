"""What a clerk sees when another one wrote the same part meanwhile: both texts, and nothing lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import redirect, request
from flask.typing import ResponseReturnValue

from portal.numeriz.views.desk import desk_page
from portal.numeriz.writing.form.links import spot_url
from portal.numeriz.writing.form.pages import Opened
from portal.numeriz.writing.form.parts import MEASURE_PARTS, Spot, empty_measure, measures_of, with_measure
from portal.numeriz.writing.form.said import Lines, part_lines
from portal.numeriz.writing.form.saving import save_document
from portal.web.guards import current_actor


@dataclass(frozen=True, slots=True)
class Clash:
    """Two versions of one part, in words. author: who saved the other one, at `at`."""

    author: str
    at: datetime
    mine: Lines
    theirs: Lines


def shown_clash(now: Opened, spot: Spot, values: Mapping[str, Any]) -> Clash:
    """What is stored now beside what was typed."""
    work, territory = now.work, now.territory
    theirs = part_lines(spot.part, spot.values(work.document), territory)
    return Clash(work.author_name, work.updated_at, part_lines(spot.part, values, territory), theirs)


def gone_page(opened: Opened, spot: Spot, values: Mapping[str, Any]) -> str:
    """Say that another clerk deleted the measure; what was typed can become a new one."""
    return desk_page(
        "writing/form/gone",
        opened.territory,
        work=opened.work,
        lines=part_lines(spot.part, values, opened.territory),
        typed=[pair for pair in request.form.items(multi=True) if pair[0] not in {"csrf_token", "act"}],
        here_url=request.path,
    )


def save_as_new_measure(opened: Opened, spot: Spot, values: Mapping[str, Any]) -> ResponseReturnValue:
    """Make a new measure of one part of a measure that is not there any more."""
    assert spot.part in MEASURE_PARTS
    document = with_measure(opened.work.document, {**empty_measure(), **values})
    save_document(current_actor(), opened.territory.id, opened.work, document)
    new = Spot(spot.part, len(measures_of(document)) - 1)
    return redirect(spot_url(opened.territory.slug, opened.work.id, new), 303)
