"""The conditions of a regulation in the standard reading: a boolean tree that means what it says.

Our law has periods, places, one list of whom a measure is made for and one of whom it frees. A tree that says more
than that is not bent to fit: the condition becomes free text, which closes nothing, and the clerk is told.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from lxml.etree import _Element as Element

from portal.numeriz.imports.datex.national import is_when, is_where
from portal.numeriz.imports.datex.vehicles import STANDARD, Fact, facts_of
from portal.numeriz.imports.xml import children, text_of, xsi_type
from portal.numeriz.values import Issue
from portal.regulations.vehicles import Criterion, FreeText, Over, Size, VehicleRule, describe

MAX_DEPTH = 40


@dataclass(slots=True)
class Tree:
    """A condition taken apart. understood: False when it says when or where in a way our law has no words for."""

    validities: list[Element] = field(default_factory=list)
    places: list[Element] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    understood: bool = True


def read_tree(condition: Element | None, issues: list[Issue]) -> Tree:
    """Take a condition apart."""
    tree = Tree()
    if condition is not None:
        _demand(condition, tree, issues, 0)
    return tree


def rule_of(tree: Tree, issues: list[Issue]) -> VehicleRule:
    """For whom: every fact holds at once."""
    facts = _essential(tree.facts)
    bound = [fact.any_of for fact in facts if fact.holds]
    freed = [criterion for fact in facts if not fact.holds for criterion in fact.any_of]
    if len(bound) > 1:
        shown = " + ".join("/".join(describe(criterion) for criterion in facts) for facts in bound)
        issues.append(Issue("conditions-combined", {"value": shown[:80]}))
        bound = [(FreeText(shown),)]
    return VehicleRule(bound[0] if bound else (), tuple(freed))


def _demand(condition: Element, tree: Tree, issues: list[Issue], depth: int) -> None:
    """Add what must hold for the measure to apply."""
    if _is_and(condition) and depth < MAX_DEPTH:
        for part in children(condition, "conditions"):
            _demand(part, tree, issues, depth + 1)
        return
    leaves, plain = _leaves(condition, depth)
    kinds = {(is_when(leaf), is_where(leaf)) for leaf in leaves}
    if kinds == {(True, False)} or kinds == {(False, True)}:
        held = tree.validities if (True, False) in kinds else tree.places
        # Two such demands at once would mean what they have in common; a negated one, everything else.
        if not plain or held:
            tree.understood = False
        held += leaves
    elif kinds == {(False, False)}:
        tree.facts += _facts(condition, issues, depth)
    else:
        tree.understood = False


def _negated(condition: Element) -> bool:
    return text_of(condition, "negate") in {"true", "1"}


def _is_and(condition: Element) -> bool:
    return (
        xsi_type(condition) == "ConditionSet"
        and not _negated(condition)
        and (text_of(condition, "operator") == "and" or len(list(children(condition, "conditions"))) == 1)
    )


def _leaves(condition: Element, depth: int) -> tuple[list[Element], bool]:
    """The simple conditions of a tree, and whether it merely lists them as alternatives."""
    if xsi_type(condition) != "ConditionSet":
        return [condition], not _negated(condition)
    if depth >= MAX_DEPTH:
        return [], False
    found: list[Element] = []
    plain = not _negated(condition) and (
        text_of(condition, "operator") == "or" or len(list(children(condition, "conditions"))) == 1
    )
    for part in children(condition, "conditions"):
        leaves, simple = _leaves(part, depth + 1)
        found += leaves
        plain &= simple
    return found, plain


def _facts(condition: Element, issues: list[Issue], depth: int) -> list[Fact]:
    """What a condition demands of a vehicle, all of it at once."""
    negated = _negated(condition)
    if xsi_type(condition) != "ConditionSet":
        return (
            _opposite(facts_of(condition, STANDARD, issues), issues)
            if negated
            else facts_of(condition, STANDARD, issues)
        )
    operator = text_of(condition, "operator")
    members = [_facts(part, issues, depth + 1) for part in children(condition, "conditions")]
    if operator == "and" or len(members) == 1:
        everything = [fact for facts in members for fact in facts]
        return _opposite(everything, issues) if negated else everything
    if operator != "or":
        return [_lost(members, issues)]
    if negated:
        # None of them: each is denied by itself.
        return [fact for facts in members for fact in _opposite(facts, issues)]
    # A member that demands nothing is met by every vehicle, and so is the whole.
    return [_either(members, issues)] if all(members) else []


def _opposite(facts: list[Fact], issues: list[Issue]) -> list[Fact]:
    """The denial of facts that hold together: known for one, or for several that are each denied already."""
    facts = _essential(facts)
    if len(facts) == 1:
        # The denial of what is not known either frees nobody and binds nobody.
        shown = "/".join(map(describe, facts[0].any_of))
        return [Fact((FreeText(f"≠ ({shown})"),), lost=True) if facts[0].lost else facts[0].opposite()]
    if facts and all(not fact.holds for fact in facts):
        return [Fact(tuple(criterion for fact in facts for criterion in fact.any_of))]
    return [_lost([facts], issues)]


def _either(members: list[list[Fact]], issues: list[Issue]) -> Fact:
    """One of several: the criteria of all; a member that is more than a list of criteria is free text."""
    criteria: list[Criterion] = []
    lost = False
    for facts in map(_essential, members):
        found = facts[0] if len(facts) == 1 and facts[0].holds else _lost([facts], issues)
        criteria += found.any_of
        lost |= found.lost
    return Fact(tuple(criteria), lost=lost)


def _lost(members: list[list[Fact]], issues: list[Issue]) -> Fact:
    shown = " / ".join(
        " + ".join(("" if fact.holds else "≠ ") + "/".join(map(describe, fact.any_of)) for fact in facts)
        for facts in members
    )
    issues.append(Issue("conditions-combined", {"value": shown[:80]}))
    return Fact((FreeText(shown or "?"),), lost=True)


def _essential(facts: list[Fact]) -> list[Fact]:
    """Facts that hold at once, without those that follow from another: over 3.5 t says nothing beside over 12 t."""
    limits: dict[Size, int] = {}
    for fact in facts:
        match fact.any_of:
            case (Over(size, limit),) if fact.holds:
                limits[size] = max(limit, limits.get(size, limit))
    held = dict.fromkeys(fact for fact in facts if fact.holds and not _follows(fact, limits))
    return [*held, *(fact for fact in facts if not fact.holds)]


def _follows(fact: Fact, limits: dict[Size, int]) -> bool:
    """Tell whether a fact holds for whatever is over all these limits, unless it is one of them."""
    met = [c for c in fact.any_of if isinstance(c, Over) and c.limit <= limits.get(c.size, -1)]
    return any(len(fact.any_of) > 1 or c.limit < limits[c.size] for c in met)
