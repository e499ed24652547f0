"""Reading the reports of imports, and handing them out as files."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from portal.common.errors import NotFound
from portal.db import Page, paginate, session
from portal.numeriz.messages import issue_sentence
from portal.numeriz.models import ImportReport
from portal.numeriz.translate import _
from portal.numeriz.values import ImportKind, ImportState, Issue, doubt_count
from portal.sheets import CsvText


@dataclass(frozen=True, slots=True)
class DoubtGroup:
    """The doubts of one code. total: how many there are; items: those that were kept."""

    code: str
    total: int
    items: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class ReportView:
    """What an import did. items: the rarest doubts first, bounded; issue_counts: all of them by code.

    error: code and parameters of what refused the file, or broke its reading off.
    """

    id: UUID
    kind: ImportKind
    state: ImportState
    file_name: str
    format: str
    options: Mapping[str, str]
    counts: Mapping[str, int]
    issue_counts: Mapping[str, int]
    items: Sequence[Mapping[str, Any]]
    error: Mapping[str, Any]
    actor_label: str
    job_id: UUID | None
    feed_id: UUID | None
    created_at: datetime
    applied_at: datetime | None

    @property
    def issue_total(self) -> int:
        """How many remarks there are in all."""
        return sum(self.issue_counts.values())

    @property
    def doubt_total(self) -> int:
        """How many of the remarks a clerk should look into."""
        return sum(total for code, total in self.issue_counts.items() if doubt_count([Issue(code)]))

    @property
    def groups(self) -> Sequence[DoubtGroup]:
        """The doubts by code, the rarest code first."""
        ordered = sorted(self.issue_counts, key=lambda code: (self.issue_counts[code], code))
        return [
            DoubtGroup(code, self.issue_counts[code], [item for item in self.items if item["code"] == code])
            for code in ordered
        ]

    @property
    def ended(self) -> bool:
        """True once something was stored, or nothing was to be."""
        return self.state in {ImportState.APPLIED, ImportState.PARTIAL, ImportState.UNCHANGED}


def page_reports(territory_id: UUID, cursor: str | None = None, size: int = 20) -> Page[ReportView]:
    """Return a page of import reports, newest first."""
    statement = select(ImportReport).where(ImportReport.territory_id == territory_id)
    keys = [ImportReport.created_at, ImportReport.id]
    return paginate(statement, keys, cursor, size, descending=True).map(_view)


def get_report(territory_id: UUID, report_id: UUID) -> ReportView:
    """Return one import report; raises NotFound("report-not-found")."""
    row = session().scalar(
        select(ImportReport)
        .where(ImportReport.territory_id == territory_id, ImportReport.id == report_id)
        .execution_options(populate_existing=True)
    )
    if row is None:
        raise NotFound("report-not-found")
    return _view(row)


def last_report_ids(territory_id: UUID, feed_ids: Sequence[UUID]) -> Mapping[UUID, UUID]:
    """Return the newest report of each feed that has one."""
    rows = session().execute(
        select(ImportReport.feed_id, ImportReport.id)
        .where(ImportReport.territory_id == territory_id, ImportReport.feed_id.in_(feed_ids))
        .order_by(ImportReport.created_at)
    )
    return {feed_id: report_id for feed_id, report_id in rows if feed_id is not None}


def last_reports(territory_id: UUID) -> Sequence[ReportView]:
    """Return the last report of each feed, and the last of each content and format read from a file; newest first."""
    alike = (ImportReport.feed_id, ImportReport.kind, ImportReport.format)
    rank = func.row_number().over(partition_by=alike, order_by=(ImportReport.created_at.desc(), ImportReport.id.desc()))
    ended = select(ImportReport.id, rank.label("rank")).where(
        ImportReport.territory_id == territory_id, ImportReport.state != ImportState.WAITING
    )
    ranked = ended.subquery()
    wanted = select(ImportReport).join(ranked, ranked.c.id == ImportReport.id).where(ranked.c.rank == 1)
    rows = session().scalars(wanted.order_by(ImportReport.created_at.desc(), ImportReport.id))
    return [_view(row) for row in rows]


def report_csv(report: ReportView) -> str:
    """The doubts of a report for a spreadsheet: place in the file, code, sentence."""
    written = CsvText([_("Enregistrement"), _("Code"), _("Doute")])
    for item in report.items:
        written.add([item.get("where", ""), item["code"], issue_sentence(item)])
    return written.text


def report_json(report: ReportView) -> str:
    """A report as JSON, for a program."""
    shown = {
        "id": str(report.id),
        "kind": report.kind.value,
        "state": report.state.value,
        "file": report.file_name,
        "format": report.format,
        "options": dict(report.options),
        "created_at": report.created_at.isoformat(),
        "applied_at": report.applied_at and report.applied_at.isoformat(),
        "counts": dict(report.counts),
        "issue_counts": dict(report.issue_counts),
        "issues": [{**item, "sentence": issue_sentence(item)} for item in report.items],
        "error": dict(report.error),
    }
    return json.dumps(shown, ensure_ascii=False, indent=1)


def _view(row: ImportReport) -> ReportView:
    return ReportView(
        row.id,
        row.kind,
        row.state,
        row.file_name,
        row.format,
        row.options,
        row.counts,
        row.issue_counts,
        row.items,
        row.error,
        row.actor_label,
        row.job_id,
        row.feed_id,
        row.created_at,
        row.applied_at,
    )
