"""What one takes home of a check: CSV in one line per address, CSV in one line per interval, points for the map."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _

from portal.itineriz.addresses.finding import Doubt
from portal.itineriz.addresses.results import Results
from portal.itineriz.addresses.verdicts import WeekVerdict
from portal.itineriz.addresses.words import (
    STATES,
    VERDICTS,
    letter,
    open_by_day,
    passes_text,
    spans_shown,
    titles,
    weekday,
)
from portal.itineriz.places.messages import doubt_sentence
from portal.numeriz.api import SIGNS_PREVAIL
from portal.sheets import CsvText

type Values = Mapping[str, Any]


def week_csv(results: Results, first_day: date, zone: ZoneInfo) -> str:
    """One line per address: where it is, its verdict, and when it is open on each day."""
    days = [weekday(first_day + timedelta(days=number)) for number in range(7)]
    out = CsvText([*_place_titles(), _("Verdict"), *days, _("Laissez-passer"), _("En cause"), _("Remarque")])
    told: dict[int, list[str]] = {}
    for address in results.addresses:
        rank = address["answer"]
        if rank is None:
            said = [""] * 9
        elif rank in told:
            said = told[rank]
        else:
            answer = results.answers_by_rank(rank)
            said = told[rank] = [*open_by_day(answer, first_day, zone), passes_text(answer), ", ".join(titles(answer))]
        verdict = str(VERDICTS[WeekVerdict(address["verdict"])])
        out.add([*_place(address), verdict, *said, _remark(address)])
    out.add([str(SIGNS_PREVAIL)])
    return out.text


def spans_csv(results: Results, zone: ZoneInfo) -> str:
    """One line per address and interval, with the reasons."""
    out = CsvText([*_place_titles(), _("Du"), _("Au"), _("État"), _("Raisons"), _("Remarque")])
    told: dict[int, list[list[str]]] = {}
    for address in results.addresses:
        rank = address["answer"]
        if rank is None:
            out.add([*_place(address), "", "", "", "", _remark(address)])
            continue
        if rank not in told:
            told[rank] = [
                [
                    f"{span.start:%Y-%m-%d %H:%M}",
                    f"{span.end:%Y-%m-%d %H:%M}",
                    str(STATES[span.state]),
                    " ".join(span.reasons),
                ]
                for span in spans_shown(results.answers_by_rank(rank), zone)
            ]
        for said in told[rank]:
            out.add([*_place(address), *said, ""])
    out.add([str(SIGNS_PREVAIL)])
    return out.text


def points(addresses: Iterable[Values]) -> dict[str, Any]:
    """The located addresses as GeoJSON points, their verdict as a code and a letter."""
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [address["lon"], address["lat"]]},
            "properties": {
                "title": address["name"] or address["label"],
                "lines": [address["label"], str(VERDICTS[WeekVerdict(address["verdict"])])],
                "verdict": address["verdict"],
                "letter": letter(address["verdict"]),
            },
        }
        for address in addresses
        if address["lon"] is not None
    ]
    return {"type": "FeatureCollection", "features": features}


def _place_titles() -> Sequence[str]:
    return [
        _("Ligne"),
        _("Nom"),
        _("Adresse donnée"),
        _("Adresse trouvée"),
        _("Longitude"),
        _("Latitude"),
        _("Ressemblance"),
    ]


def _place(address: Values) -> list[str | int | float]:
    given = [address["number"], address["name"], address["text"]]
    if address["lon"] is None:
        return [*given, "", "", "", ""]
    return [*given, address["label"], address["lon"], address["lat"], address["score"]]


def _remark(address: Values) -> str:
    return doubt_sentence(Doubt(address["doubt"])) if address["doubt"] else ""
