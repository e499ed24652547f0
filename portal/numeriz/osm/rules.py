"""From the values of one kind of tag to the rules they make: specific over general, conditional over plain.

The values of a road are a list from the strongest to the weakest; for a vehicle at an instant the first one that holds
is the answer. The law knows only bans that add up, so each value gives a ban for the vehicles and hours that no
stronger value has taken. A value that is not understood takes nothing: what it might have freed is said, never closed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from portal.common.errors import Invalid
from portal.numeriz.imports.opening_hours import closed_hours
from portal.numeriz.osm.values import ALWAYS, Condition, Hours, Ruling, Season
from portal.regulations.vehicles import Criterion, FreeText, Over, Size

_NO_BOUND: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Clause:
    """One value with its condition, as the tag has them in `text`. None: not understood."""

    text: str
    ruling: Ruling | None
    condition: Condition | None


@dataclass(frozen=True, slots=True)
class OsmRule:
    """A ban for vehicles that match `applies_to` (empty: all) but `except_`, in these hours, in this season of each
    year. texts: the tags it comes from. A rule for a FreeText alone is a mere warning."""

    texts: tuple[str, ...]
    applies_to: tuple[Criterion, ...] = ()
    except_: tuple[Criterion, ...] = ()
    hours: Hours = ALWAYS
    season: Season | None = None


def warning(text: str) -> OsmRule:
    """The rule that only shows a tag."""
    return OsmRule((text,), (FreeText(text),))


def rules_of(clauses: Sequence[Clause], exempt: tuple[Criterion, ...] = ()) -> list[OsmRule]:
    """The bans that values make, from the strongest value to the weakest; exempt: vehicles that none binds."""
    known = [clause for clause in clauses if clause.condition is not None]
    edges = sorted(
        {0, _NO_BOUND}
        | {clause.condition.over_kg for clause in known if clause.condition}
        | {clause.condition.up_to_kg for clause in known if clause.condition and clause.condition.up_to_kg}
    )
    bands: dict[OsmRule, list[tuple[int, int]]] = {}
    for low, high in pairwise(edges):
        for rule in _rules_between(clauses, low, high):
            found = bands.setdefault(rule, [])
            if found and found[-1][1] == low:
                found[-1] = (found[-1][0], high)
            else:
                found.append((low, high))
    return [
        banded
        for rule, spans in bands.items()
        for low, high in spans
        for banded in _banded(replace(rule, except_=(*rule.except_, *exempt)), low, high)
    ]


def _banded(rule: OsmRule, low: int, high: int) -> Iterator[OsmRule]:
    """The rule for vehicles over `low` and not over `high` kilograms."""
    if any(isinstance(criterion, FreeText) for criterion in rule.applies_to):
        yield rule
        return
    heavier = () if high == _NO_BOUND else (Over(Size.GROSS_WEIGHT, high),)
    applies_to = rule.applies_to
    if low:
        weights = [c.limit for c in applies_to if isinstance(c, Over) and c.size is Size.GROSS_WEIGHT]
        if len(weights) != len(applies_to):
            # Heavy and long at once: a ban binds vehicles that match any of its conditions, it cannot say both.
            yield from (warning(text) for text in rule.texts)
            return
        applies_to = (Over(Size.GROSS_WEIGHT, max(low, *weights) if weights else low),)
    yield replace(rule, applies_to=applies_to, except_=(*rule.except_, *heavier))


def _rules_between(clauses: Iterable[Clause], low: int, high: int) -> Iterator[OsmRule]:
    """The bans for vehicles of one band of weights, no condition of which has an edge inside the band."""
    taken: Hours = ()
    freed: list[tuple[Criterion, Hours]] = []
    doubts: list[str] = []
    for clause in clauses:
        when, ruling = clause.condition, clause.ruling
        if when is not None and not (when.over_kg <= low and (when.up_to_kg is None or high <= when.up_to_kg)):
            continue
        if when is None or ruling is None or (when.who is not None and ruling.closed):
            yield warning(clause.text)
            if ruling is None or _may_free(ruling):
                doubts.append(clause.text)
            continue
        try:
            left = _without(when.hours, taken)
            if ruling.closed and left:
                yield from [_doubted(doubts, clause)] if doubts else _bans(clause, ruling, when, left, freed)
            if when.who is not None:
                freed.append((when.who, when.hours))
            elif when.season is not None or when.binds:
                # What is left outside the season, or to other vehicles, cannot be said: only a plain ban adds up.
                doubts += [clause.text] if _may_free(ruling) else []
            elif when.hours == ALWAYS:
                return
            else:
                taken = (*taken, *when.hours)
            if taken and not closed_hours(taken):
                return
        except Invalid:
            # A night beside a rule for holidays cannot be cut out of a week.
            yield warning(clause.text)
            doubts.append(clause.text)


def _may_free(ruling: Ruling) -> bool:
    """Tell whether a value leaves more vehicles free than a plain ban."""
    return not ruling.closed or bool(ruling.exempt or ruling.applies_to)


def _doubted(doubts: Sequence[str], clause: Clause) -> OsmRule:
    """The warning that stands for a ban which a value that is not understood may lift."""
    texts = (*doubts, clause.text)
    return OsmRule(texts, (FreeText("; ".join(texts)),))


def _bans(
    clause: Clause, ruling: Ruling, when: Condition, left: Hours, freed: Iterable[tuple[Criterion, Hours]]
) -> Iterator[OsmRule]:
    """The ban of a value in the hours left to it, cut where stronger values free somebody for a time."""
    pieces: list[tuple[Hours, tuple[Criterion, ...]]] = [(left, ruling.exempt)]
    for who, hours in freed:
        pieces = [
            piece
            for held, exempt in pieces
            for piece in ((_within(held, hours), (*exempt, who)), (_without(held, hours), exempt))
            if piece[0]
        ]
    for held, exempt in pieces:
        applies_to = when.binds or ruling.applies_to
        yield OsmRule((clause.text,), applies_to, tuple(dict.fromkeys(exempt)), held, when.season)


def _without(hours: Hours, others: Hours) -> Hours:
    """The part of the hours that lies outside the others; empty when nothing is left. Raises Invalid."""
    if not others:
        return hours
    if hours == ALWAYS:
        return closed_hours(others)
    return closed_hours((*closed_hours(hours), *others))


def _within(hours: Hours, others: Hours) -> Hours:
    """The part of the hours that lies inside the others. Raises Invalid."""
    return others if hours == ALWAYS else _without(hours, closed_hours(others))
