"""From the values of one kind of tag to the rules they make: specific over general, conditional over plain.

The values of a road are a list from the strongest to the weakest; for a vehicle at an instant the first one that holds
is the answer. The law knows only bans that add up, so each value gives a ban for the vehicles and hours that no
stronger value has taken. A value that is not understood, or that no ban can say, takes nothing: a weaker one that it
would make stricter holds, one that it might lift is said and closes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final, TypeGuard

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
    lighter: list[list[OsmRule]] = []
    for low, high in pairwise(edges):
        rules = list(_rules_between(clauses, low, high))
        for rule in rules:
            found = bands.setdefault(rule, [])
            if found and found[-1][1] == low:
                found[-1] = (found[-1][0], high)
            else:
                found.append((0 if _holds_below(rule, lighter) else low, high))
        lighter.append(rules)
    return [
        banded
        for rule, spans in bands.items()
        for low, high in spans
        for banded in _banded(replace(rule, except_=(*rule.except_, *exempt)), low, high)
    ]


def _holds_below(rule: OsmRule, lighter: Iterable[Sequence[OsmRule]]) -> bool:
    """Tell whether a limit other than of weight is true of the vehicles of all bands below as well: their own bans
    close the road to them at least as much. Of heavy ones alone it could not be said."""
    return not all(map(_is_weight, rule.applies_to)) and all(_is_included(rule, rules) for rules in lighter)


def _is_included(rule: OsmRule, others: Iterable[OsmRule]) -> bool:
    """Tell whether bans close the road whenever, and to all to whom, another one does."""
    left, narrow = rule.hours, Ruling(closed=True, applies_to=rule.applies_to, exempt=rule.except_)
    for other in others:
        wide = Ruling(closed=True, applies_to=other.applies_to, exempt=other.except_)
        if left and other.season in (None, rule.season) and _covers(wide, narrow):
            try:
                left = () if other.hours in (ALWAYS, left) else _without(left, other.hours)
            except Invalid:
                continue
    return not left


def _banded(rule: OsmRule, low: int, high: int) -> Iterator[OsmRule]:
    """The rule for vehicles over `low` and not over `high` kilograms."""
    if any(isinstance(criterion, FreeText) for criterion in rule.applies_to):
        yield rule
        return
    heavier = () if high == _NO_BOUND else (Over(Size.GROSS_WEIGHT, high),)
    applies_to = rule.applies_to
    if low:
        weights = [c.limit for c in applies_to if _is_weight(c)]
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
    doubts: list[Clause] = []
    for clause in clauses:
        when, ruling = clause.condition, clause.ruling
        if when is not None and not (when.over_kg <= low and (when.up_to_kg is None or high <= when.up_to_kg)):
            continue
        if when is None or ruling is None or (ruling.closed and not _can_be_said(ruling, when)):
            yield warning(clause.text)
            doubts.append(clause)
            continue
        try:
            left = _without(when.hours, taken)
            if ruling.closed and left:
                lifting = [doubt.text for doubt in doubts if doubt.ruling is None or not _covers(doubt.ruling, ruling)]
                if lifting:
                    yield _doubted(lifting, clause)
                    doubts.append(clause)
                    continue
                yield from _bans(clause, ruling, when, left, freed)
            if when.who is not None:
                freed.append((when.who, when.hours))
            elif when.season is not None or when.binds:
                # What is left outside the season, or to other vehicles, cannot be said: only a plain ban adds up.
                doubts.append(clause)
            elif when.hours == ALWAYS:
                return
            else:
                taken = (*taken, *when.hours)
            if taken and not closed_hours(taken):
                return
        except Invalid:
            # A night beside a rule for holidays cannot be cut out of a week.
            yield warning(clause.text)
            doubts.append(clause)


def _can_be_said(ruling: Ruling, when: Condition) -> bool:
    """Tell whether the ban of a value fits into one rule, which binds vehicles that match any of its criteria: not two
    of them at once (heavy and high, long and high), nor only those whom a condition names."""
    if when.who is not None or (when.binds and ruling.applies_to):
        return False
    return not when.over_kg or all(map(_is_weight, when.binds or ruling.applies_to))


def _is_weight(criterion: Criterion) -> TypeGuard[Over]:
    return isinstance(criterion, Over) and criterion.size is Size.GROSS_WEIGHT


def _covers(stronger: Ruling, weaker: Ruling) -> bool:
    """Tell whether the stronger value closes the road to all whom the weaker one closes it to: a limit that is lower,
    a ban with fewer exemptions. Then the weaker one holds, whether or not the stronger one does."""
    if not stronger.closed or not set(stronger.exempt) <= set(weaker.exempt):
        return False
    if not stronger.applies_to:
        return True
    named = weaker.applies_to
    return bool(named) and all(any(_reaches(wide, narrow) for wide in stronger.applies_to) for narrow in named)


def _reaches(wide: Criterion, narrow: Criterion) -> bool:
    """Tell whether whoever matches the narrow criterion matches the wide one."""
    if isinstance(wide, Over) and isinstance(narrow, Over):
        return wide.size is narrow.size and wide.limit <= narrow.limit
    return wide == narrow


def _doubted(doubts: Sequence[str], clause: Clause) -> OsmRule:
    """The warning that stands for a ban which a value that binds nobody by itself may lift."""
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
