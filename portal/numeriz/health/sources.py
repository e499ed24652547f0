"""How fresh each source is, and what of it was not imported: feeds, and the last file of each content and format."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from portal.numeriz.feeds.register import FeedView, list_feeds
from portal.numeriz.reports import DoubtGroup, ReportView, last_reports
from portal.numeriz.values import ImportKind, ImportState, Issue, doubt_count

MOST_FILES: Final = 30
MOST_REASONS: Final = 12
# A reading that is asked for and not done after so many of its rhythms is late.
_LATE_AFTER = 3
_LEAST_LATE = timedelta(minutes=30)


class Freshness(StrEnum):
    """How a source is. UNREAD: never read yet. IMPORTED: by a file or a program, which nobody sends again by itself."""

    FRESH = "fresh"
    LATE = "late"
    FAILING = "failing"
    PAUSED = "paused"
    UNREAD = "unread"
    IMPORTED = "imported"
    PARTIAL = "partial"
    REFUSED = "refused"

    @property
    def is_bad(self) -> bool:
        """Tell whether somebody should do something."""
        return self in {Freshness.LATE, Freshness.FAILING, Freshness.PARTIAL, Freshness.REFUSED}


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """One source. name: empty for a program. read_at: its last answer, or the import.

    error: code and params of what went wrong, empty if nothing. reasons: what its last import doubts, the most frequent
    first; doubts: how many in all; lost: records not imported.
    """

    name: str
    kind: ImportKind
    format: str
    freshness: Freshness
    read_at: datetime | None
    next_at: datetime | None
    error: Mapping[str, Any]
    feed_id: UUID | None
    report_id: UUID | None
    reasons: Sequence[DoubtGroup]
    doubts: int
    lost: int


def source_healths(territory_id: UUID, now: datetime) -> Sequence[SourceHealth]:
    """The sources of a territory: those in trouble first, then feeds by name, then files from the newest."""
    reports = last_reports(territory_id)
    by_feed = {report.feed_id: report for report in reports if report.feed_id is not None}
    feeds = [_of_feed(feed, by_feed.get(feed.id), now) for feed in list_feeds(territory_id)]
    # What a program stored without a doubt asks nothing of anybody.
    told = [report for report in reports if report.feed_id is None and (report.file_name or report.doubt_total)]
    files = [_of_file(report) for report in told[:MOST_FILES]]
    return sorted([*feeds, *files], key=lambda source: not source.freshness.is_bad)


def _of_feed(feed: FeedView, report: ReportView | None, now: datetime) -> SourceHealth:
    return SourceHealth(
        name=feed.name,
        kind=feed.kind,
        format=feed.format,
        freshness=_freshness(feed, now),
        read_at=feed.checked_at,
        next_at=feed.next_at if feed.active else None,
        error=feed.error,
        feed_id=feed.id,
        report_id=None if report is None else report.id,
        reasons=() if report is None else _reasons(report),
        doubts=0 if report is None else report.doubt_total,
        lost=0 if report is None else _lost(report),
    )


def _freshness(feed: FeedView, now: datetime) -> Freshness:
    if not feed.active:
        return Freshness.PAUSED
    if feed.error:
        return Freshness.FAILING
    if feed.checked_at is None:
        return Freshness.UNREAD
    if feed.every_s is None:
        return Freshness.FRESH
    late = max(_LEAST_LATE, _LATE_AFTER * timedelta(seconds=feed.every_s))
    return Freshness.LATE if now - feed.checked_at > late else Freshness.FRESH


_OF_FILE: Final[Mapping[ImportState, Freshness]] = {
    ImportState.REFUSED: Freshness.REFUSED,
    ImportState.PARTIAL: Freshness.PARTIAL,
}


def _of_file(report: ReportView) -> SourceHealth:
    return SourceHealth(
        name=report.file_name,
        kind=report.kind,
        format=report.format,
        freshness=_OF_FILE.get(report.state, Freshness.IMPORTED),
        read_at=report.applied_at or report.created_at,
        next_at=None,
        error=report.error,
        feed_id=None,
        report_id=report.id,
        reasons=_reasons(report),
        doubts=report.doubt_total,
        lost=_lost(report),
    )


def _reasons(report: ReportView) -> Sequence[DoubtGroup]:
    """What a clerk has to look into, without what is worth telling only."""
    doubts = [group for group in report.groups if doubt_count([Issue(group.code)])]
    return sorted(doubts, key=lambda group: -group.total)[:MOST_REASONS]


def _lost(report: ReportView) -> int:
    return int(report.counts.get("records_skipped", 0)) + int(report.counts.get("rejected", 0))
