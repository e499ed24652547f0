"""The journal of a territory for its supervisors, of a company for those who manage it; both go home as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from flask import Flask, Response, current_app, request
from flask.typing import ResponseReturnValue
from flask_babel import force_locale, get_locale
from flask_babel import gettext as _

from portal import audit
from portal.audit.messages import SENTENCES
from portal.cirqliz.blueprint import blueprint
from portal.cirqliz.decisions.frame import PREFIX, desk_frame
from portal.cirqliz.journal import words
from portal.cirqliz.journal.filters import JournalFilter
from portal.cirqliz.journal.readers import Reader, of_company, of_territory
from portal.cirqliz.pages import show
from portal.common.actor import CompanyRole, StaffRole
from portal.sheets import harmless
from portal.territories.api import get_territory
from portal.web.guards import guard, member, staff
from portal.web.locale import DEFAULT_ZONE

_OF_TERRITORY = staff(StaffRole.SUPERVISOR, StaffRole.ADMINISTRATOR)
_OF_COMPANY = member(CompanyRole.MANAGER)
_COMPANY = "/entreprises/<uuid:company_id>/journal"
_LINES_AT_ONCE = 500


@blueprint.get(f"{PREFIX}/journal")
@guard(_OF_TERRITORY)
def journal(territory: str) -> ResponseReturnValue:
    """Show who decided what, when, by which rule, before and after."""
    place = get_territory(territory)
    parts = _parts(of_territory(place.id), place.timezone)
    return show("journal.html", territory=place, seal=audit.last_seal(), **parts, **desk_frame(place))


@blueprint.get(f"{PREFIX}/journal.csv")
@guard(_OF_TERRITORY)
def journal_file(territory: str) -> ResponseReturnValue:
    """Send what the filters show, whole."""
    place = get_territory(territory)
    return _file(of_territory(place.id), place.timezone, f"journal-{place.slug}.csv")


@blueprint.get(_COMPANY)
@guard(_OF_COMPANY)
def company_journal(company_id: UUID) -> ResponseReturnValue:
    """Show what was done with the company, its vehicles, requests and passes."""
    parts = _parts(of_company(company_id), DEFAULT_ZONE)
    return show("company_journal.html", company_id=company_id, **parts)


@blueprint.get(f"{_COMPANY}.csv")
@guard(_OF_COMPANY)
def company_journal_file(company_id: UUID) -> ResponseReturnValue:
    """Send what the filters show, whole."""
    return _file(of_company(company_id), DEFAULT_ZONE, "journal.csv")


def _parts(reader: Reader, zone: str) -> dict[str, Any]:
    chosen = JournalFilter.read(request.args)
    return {
        "page": audit.search_entries(reader.scope, reader.narrowed(chosen.wanted(zone)), request.args.get("cursor")),
        "chosen": chosen,
        "zone": zone,
        "who": reader.who,
        "sentences": SENTENCES,
        "journal_words": words,
    }


def _file(reader: Reader, zone: str, name: str) -> Response:
    wanted = reader.narrowed(JournalFilter.read(request.args).wanted(zone))
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    return Response(_parts_of_file(app, str(get_locale()), reader, wanted), mimetype="text/csv", headers=headers)


def _parts_of_file(app: Flask, language: str, reader: Reader, wanted: audit.Wanted) -> Iterator[str]:
    """The file part by part, as French spreadsheets open it; memory is bounded whatever the length of the journal.

    Each part has a context and a transaction of its own: the caller may be slow, or gone.
    """
    last = 0
    while True:
        with app.app_context(), force_locale(language):
            head = [] if last else [_header()]
            entries = audit.entries_after(reader.scope, wanted, last, _LINES_AT_ONCE)
            text = _csv([*head, *(_line(entry, reader.who(entry)) for entry in entries)])
        yield text if last else f"\ufeff{text}"
        if len(entries) < _LINES_AT_ONCE:
            return
        last = entries[-1].id


def _header() -> list[str]:
    return [
        _("Numéro"),
        _("Quand (UTC)"),
        _("Qui"),
        _("Code"),
        _("Quoi"),
        _("Sur quoi"),
        _("Avant et après"),
        _("Détail"),
    ]


def _line(entry: audit.JournalEntry, who: str) -> list[str]:
    return [
        str(entry.id),
        entry.at.isoformat(timespec="seconds"),
        who,
        entry.tag.value,
        str(SENTENCES[entry.tag]),
        words.subject_words(entry),
        "\n".join(words.change_words(entry)),
        "\n".join(words.detail_words(entry)),
    ]


def _csv(lines: Sequence[Sequence[str]]) -> str:
    """No cell runs as a formula."""
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=";").writerows([harmless(cell) for cell in line] for line in lines)
    return out.getvalue()
