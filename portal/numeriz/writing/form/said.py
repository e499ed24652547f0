"""What a part of an order says, in a few lines of words: to show two clerks' versions side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from portal.numeriz import words
from portal.numeriz.translate import _
from portal.numeriz.values import Category, MeasureDraft, Subject
from portal.numeriz.writing.document import read_measure
from portal.numeriz.writing.form.parts import Part, empty_measure
from portal.territories.api import TerritoryView

type Lines = Sequence[tuple[str, str]]


def part_lines(part: Part, values: Mapping[str, Any], territory: TerritoryView) -> Lines:
    """Pairs of a label and what is written there."""
    if part is Part.WHO:
        return _who_lines(values)
    measure, _faults = read_measure({**empty_measure(), "type": "noEntry", **values}, "", territory)
    return [] if measure is None else _measure_lines(part, values, measure, ZoneInfo(territory.timezone))


def _who_lines(values: Mapping[str, Any]) -> Lines:
    category, subject = values.get("category"), values.get("subject")
    found = [
        (_("Autorité"), values.get("authority")),
        (_("Numéro de l’arrêté"), values.get("identifier")),
        (_("Titre"), values.get("title")),
        (_("Durée"), words.CATEGORIES[Category(category)] if category in set(Category) else ""),
        (_("Objet"), words.SUBJECTS[Subject(subject)] if subject in set(Subject) else ""),
        (_("Précisions"), values.get("subject_text")),
        (_("Adresse de l’arrêté signé"), values.get("url")),
    ]
    return [(label, str(text or "–")) for label, text in found]


def _measure_lines(part: Part, values: Mapping[str, Any], measure: MeasureDraft, zone: ZoneInfo) -> Lines:
    match part:
        case Part.WHAT:
            return [(_("Ce que la mesure règle"), words.measure_words(measure.type, measure.max_speed_kmh))]
        case Part.WHERE:
            places = [words.place_words(location) for location in measure.locations]
            return [(_("Lieu %(number)s", number=at), text) for at, text in enumerate(places, 1)] or [(_("Lieu"), "–")]
        case Part.WHEN:
            event = (values.get("event") or {}).get("name")
            periods = [words.period_words(period, zone) for period in measure.periods]
            told = [(_("Période %(number)s", number=at), text) for at, text in enumerate(periods, 1)]
            return [*told, *([(_("Évènement"), str(event))] if event else [])] or [(_("Période"), "–")]
        case _:
            return [(_("Pour qui"), words.vehicles_words(measure.vehicles))]
