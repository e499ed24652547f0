"""A GeoJSON of zones of any layout: kept, looked into, its columns told on the screen, seen on a map, then imported."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy import select

from portal.common.actor import Actor
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.errors import Conflict, Invalid, NotFound
from portal.config import Settings
from portal.db import session, unit_of_work
from portal.files import file_store
from portal.jobs import enqueue
from portal.numeriz.imports.documents import check_plain, check_size, clean_text, read_content, read_features
from portal.numeriz.imports.formats import formats_of, recognise
from portal.numeriz.imports.perimeter_columns import ROLES, colour_of, columns_of
from portal.numeriz.imports.reading import ReadingContext
from portal.numeriz.models import ImportReport
from portal.numeriz.uploads import AREA, IMPORT_JOB, Upload, keep_sent, kept_file
from portal.numeriz.values import ImportKind, ImportState, Issue, PerimeterDraft
from portal.regulations.perimeters import Colour
from portal.territories.api import TerritoryView

MOST_BYTES: Final = 2 * 1024 * 1024
"""What is looked into while somebody waits; larger files are imported by a job, without their map."""

_LAYOUT = "geojson"
_MOST_COLUMNS: Final = 60
_MOST_VALUES: Final = 30
_SAMPLES: Final = 3


@dataclass(frozen=True, slots=True)
class Column:
    """A property of the file, with some of its values."""

    name: str
    samples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FileLook:
    """What a file holds. guesses: the property of each role; values: those of the colour's property, with their colour.

    is_known: its layout says by itself which property is which.
    """

    features: int
    columns: tuple[Column, ...]
    guesses: Mapping[str, str]
    values: tuple[tuple[str, Colour | None], ...]
    is_known: bool


@dataclass(frozen=True, slots=True)
class FilePreview:
    """What an import would bring. skipped: why some records are left out."""

    drafts: tuple[PerimeterDraft, ...]
    issues: tuple[tuple[Issue, int], ...]
    skipped: tuple[tuple[Issue, int], ...]


def keep_file(actor: Actor, territory: TerritoryView, name: str, content: bytes, clock: Clock = SYSTEM_CLOCK) -> UUID:
    """Keep a file until its columns are told; return the id of its waiting report.

    Raises Invalid(`file-empty`, `import-too-large`, `file-packed`, and as `read_features` does), field file.
    """
    try:
        if len(content) > MOST_BYTES:
            raise Invalid("import-too-large", "file", most=MOST_BYTES // 1024 // 1024)
        check_size(content, MOST_BYTES)
        check_plain(content[:16])
        read_features(content)
    except Invalid as error:
        raise Invalid(error.code, "file", **error.params) from error
    return keep_sent(actor, territory, Upload(ImportKind.PERIMETERS, name, content, format=""), AREA, clock=clock)


def waiting_file(territory_id: UUID, report_id: UUID) -> ImportReport:
    """The report of a file whose columns are still to be told.

    Raises NotFound("report-not-found"), Conflict("import-under-way") once its import was asked for.
    """
    row = session().scalar(
        select(ImportReport).where(ImportReport.territory_id == territory_id, ImportReport.id == report_id)
    )
    if row is None:
        raise NotFound("report-not-found")
    is_asked = row.state is not ImportState.WAITING or row.job_id is not None or row.file_key is None
    if is_asked or row.kind is not ImportKind.PERIMETERS:
        raise Conflict("import-under-way")
    return row


def look_into(report: ImportReport, options: Mapping[str, str]) -> FileLook:
    """Say what a kept file holds, read with some options."""
    with kept_file(report) as file:
        features, _about = read_features(read_content(file, MOST_BYTES))
        found = recognise(ImportKind.PERIMETERS, file.head(), file.name)
    rows = [properties for feature in features if isinstance(properties := feature.get("properties"), dict)]
    names = [name for name in dict.fromkeys(str(name) for row in rows for name in row) if _can_be_shown(name)]
    names = names[:_MOST_COLUMNS]
    columns = tuple(Column(name, _samples(rows, name)) for name in names)
    try:
        found_columns = columns_of(features, options).properties
        guesses = {role: name for role, name in found_columns.items() if _can_be_shown(name)}
    except Invalid:
        guesses = {role: options[role] for role in ROLES if options.get(role) in names}
    told = [clean_text(row.get(guesses["colour"]), 80) for row in rows] if "colour" in guesses else []
    usual = [value for value, _count in Counter(value for value in told if value).most_common(_MOST_VALUES)]
    values = tuple((value, colour_of(value)) for value in usual)
    return FileLook(len(features), columns, guesses, values, found is not None and found.name != _LAYOUT)


def preview_file(report: ImportReport, territory: TerritoryView, options: Mapping[str, str]) -> FilePreview:
    """Read a kept file as an import would, and store nothing. Raises Invalid as the import would."""
    settings: Settings = current_app.extensions["settings"]
    drafts: list[PerimeterDraft] = []
    skipped: Counter[Issue] = Counter()
    with kept_file(report) as file:
        found = recognise(ImportKind.PERIMETERS, file.head(), file.name) or formats_of(ImportKind.PERIMETERS)[_LAYOUT]
        context = ReadingContext(
            zone=ZoneInfo(territory.timezone),
            bounds=territory.bounds,
            now=SYSTEM_CLOCK.now(),
            most_bytes=MOST_BYTES,
            most_rows=settings.max_import_rows,
            own_url=settings.public_url,
            options=options,
        )
        reading = found.open([file], context)
        for record in reading.records:
            try:
                understood = record.read()
            except Invalid as error:
                params = {name: str(value) for name, value in error.params.items() if name != "where"}
                skipped[Issue(error.code, params)] += 1
                continue
            skipped.update(Issue(issue.code, issue.params) for issue in understood.issues)
            drafts += understood.drafts
    doubts = Counter(Issue(issue.code, issue.params) for draft in drafts for issue in draft.issues)
    doubts.update(issue for issue in reading.issues if issue.code != "column-guessed")
    return FilePreview(tuple(drafts), tuple(doubts.most_common()), tuple(skipped.most_common()))


def import_kept(territory_id: UUID, report_id: UUID, options: Mapping[str, str]) -> None:
    """Ask for the import of a kept file with these options. Raises as `waiting_file`."""
    with unit_of_work() as uow:
        row = waiting_file(territory_id, report_id)
        row.options = dict(options)
        row.format = "auto"
        row.job_id = enqueue(IMPORT_JOB, {"report_id": str(report_id)})
        uow.session.flush()  # the job it names must be there


def drop_file(territory_id: UUID, report_id: UUID) -> None:
    """Forget a kept file. Raises as `waiting_file`."""
    with unit_of_work() as uow:
        row = waiting_file(territory_id, report_id)
        key = row.file_key
        assert key is not None, "a waiting file is kept"
        uow.session.delete(row)
        uow.after_commit(lambda: file_store().delete(key))


def _can_be_shown(name: str) -> bool:
    """Tell whether a page can show a name and send it back: no half pair, no sign zero."""
    return not any(sign == "\x00" or 0xD800 <= ord(sign) <= 0xDFFF for sign in name)


def _samples(rows: Sequence[Mapping[str, Any]], name: str) -> tuple[str, ...]:
    told = (clean_text(row.get(name), 40) for row in rows[:500])
    return tuple(list(dict.fromkeys(text for text in told if text))[:_SAMPLES])
