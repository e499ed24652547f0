"""What differs between two versions of an order, in the sentences that people read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from portal.numeriz import codec
from portal.numeriz.translate import _
from portal.numeriz.values import MeasureDraft, OrderDraft
from portal.numeriz.words import CATEGORIES, SUBJECTS, measure_sentence
from portal.numeriz.writing.reading import SUBJECT_TEXT

# Words without the comma that follows them, so that a longer list changes one word and not two.
_WORDS: Final = re.compile(r"[^\s,;.()]+(?:[,.][^\s,;.()]+)*|\s+|[,;.()]")
# How many places the sentence of a measure names.
_SHOWN: Final = 3


class Mark(StrEnum):
    """What became of some words."""

    KEPT = "kept"
    REMOVED = "removed"
    ADDED = "added"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that differs: what it is, and its words before and after as pieces in reading order."""

    label: str
    pieces: Sequence[tuple[Mark, str]]


def differences(before: OrderDraft, after: OrderDraft, zone: ZoneInfo) -> list[Difference]:
    """What the later version says otherwise; empty when a reader would see no difference."""
    return [*_fields(before, after), *_measures(before.measures, after.measures, zone)]


def _fields(before: OrderDraft, after: OrderDraft) -> Iterator[Difference]:
    old, new = _said(before), _said(after)
    for label, text in new.items():
        if old[label] != text:
            yield Difference(label, _pieces(old[label], text))


def _said(order: OrderDraft) -> dict[str, str]:
    return {
        _("Identifiant"): order.identifier,
        _("Titre"): order.title,
        _("Autorité"): order.authority_name,
        _("Durée"): str(CATEGORIES[order.category]),
        _("Objet"): str(SUBJECTS[order.subject]) if order.subject else "",
        _("Précision de l’objet"): str(order.provenance.get(SUBJECT_TEXT, "")),
        _("Adresse de l’acte"): order.url,
    }


def _measures(before: Sequence[MeasureDraft], after: Sequence[MeasureDraft], zone: ZoneInfo) -> Iterator[Difference]:
    old = [measure_sentence(measure, zone) for measure in before]
    new = [measure_sentence(measure, zone) for measure in after]
    for kind, first, last, start, end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            for was, now in zip(before[first:last], after[start:end], strict=True):
                yield from _places(was, now)
            continue
        both = min(last - first, end - start)
        for offset in range(both):
            yield Difference(_("Mesure modifiée"), _pieces(old[first + offset], new[start + offset]))
            yield from _places(before[first + offset], after[start + offset])
        for sentence in old[first + both : last]:
            yield Difference(_("Mesure retirée"), [(Mark.REMOVED, sentence)])
        for sentence in new[start + both : end]:
            yield Difference(_("Mesure ajoutée"), [(Mark.ADDED, sentence)])


def _places(before: MeasureDraft, after: MeasureDraft) -> Iterator[Difference]:
    """Places that the sentence leaves out, and those whose label hides that they are drawn otherwise."""
    old = {place.label: codec.location_digest(place) for place in before.locations}
    new = {place.label: codec.location_digest(place) for place in after.locations}
    gone, come = [label for label in old if label not in new], [label for label in new if label not in old]
    if (gone or come) and max(len(before.locations), len(after.locations)) > _SHOWN:
        yield Difference(
            _("Lieux"),
            [*((Mark.REMOVED, f"{label} ") for label in gone), *((Mark.ADDED, f"{label} ") for label in come)],
        )
    redrawn = [label for label in old if label in new and old[label] != new[label]]
    for label in redrawn:
        yield Difference(_("Tracé modifié"), [(Mark.KEPT, label or _("emprise tracée"))])


def _pieces(before: str, after: str) -> list[tuple[Mark, str]]:
    """The words of both texts, marked; those that did not change come once.

    A lone space or comma between two changes is part of them: what is read are phrases, not crumbs.
    """
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    blocks: list[tuple[bool, str, str]] = []
    for kind, first, last, start, end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        was, now = "".join(old[first:last]), "".join(new[start:end])
        same = kind == "equal" and not (blocks and last < len(old) and _is_crumb(was))
        if blocks and blocks[-1][0] == same:
            _same, left, right = blocks.pop()
            was, now = left + was, right + now
        blocks.append((same, was, now))
    pieces: list[tuple[Mark, str]] = []
    for same, was, now in blocks:
        if same:
            pieces.append((Mark.KEPT, was))
            continue
        # The space before a word that comes or goes alone is drawn without a mark.
        alone = now or was if not (was and now) else ""
        space = alone[: len(alone) - len(alone.lstrip())]
        pieces += [(Mark.KEPT, space), (Mark.REMOVED, was.removeprefix(space)), (Mark.ADDED, now.removeprefix(space))]
    return [piece for piece in pieces if piece[1]]


def _is_crumb(text: str) -> bool:
    return not any(sign.isalnum() for sign in text)
