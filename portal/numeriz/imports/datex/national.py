"""The conditions of a regulation as the national base writes them.

Its tree is not boolean logic: one set holds whom the measure is made for (negate false) and whom it frees (negate
true). So the tree is read flat: any of the former, none of the latter; none of the former means every vehicle.
"""

from __future__ import annotations

from collections.abc import Iterable

from lxml.etree import _Element as Element

from portal.common.text import fold
from portal.numeriz.imports.datex.vehicles import NATIONAL, facts_of
from portal.numeriz.imports.xml import descendants, text_of, xsi_type
from portal.numeriz.values import Issue
from portal.regulations.vehicles import AirClass, AirClassIn, Criterion, FreeText, Over, VehicleRule

_VALIDITY, _LOCATION = "ValidityCondition", "LocationCondition"


def leaves_of(condition: Element | None) -> list[Element]:
    """The simple conditions of a tree, in the order of the document."""
    if condition is None:
        return []
    if xsi_type(condition) != "ConditionSet":
        return [condition]
    return [leaf for leaf in descendants(condition, "conditions") if xsi_type(leaf) != "ConditionSet"]


def denies(condition: Element | None) -> bool:
    """Tell whether a tree denies a time, a place or a set: the base does so of whom it frees alone."""
    if condition is None:
        return False
    return any(
        text_of(part, "negate") in {"true", "1"} and xsi_type(part) in {_VALIDITY, _LOCATION, "ConditionSet"}
        for part in (condition, *descendants(condition, "conditions"))
    )


def is_when(condition: Element) -> bool:
    """Tell whether a condition says when."""
    return xsi_type(condition) == _VALIDITY


def is_where(condition: Element) -> bool:
    """Tell whether a condition says where."""
    return xsi_type(condition) == _LOCATION


def rule_of(leaves: Iterable[Element], issues: list[Issue]) -> VehicleRule:
    """For whom, from the simple conditions that say neither when nor where."""
    bound: list[Criterion] = []
    freed: list[Criterion] = []
    for leaf in leaves:
        exempted = text_of(leaf, "negate") in {"true", "1"}
        facts = facts_of(leaf, NATIONAL, issues)
        criteria = [criterion for fact in facts for criterion in fact.any_of]
        if len(facts) > 1:
            criteria = [FreeText(" + ".join(_shown(c) for c in criteria))]
            issues.append(Issue("conditions-combined", {"value": _shown(criteria[0])}))
        if exempted:
            freed += (_exemption(criterion, issues) for criterion in criteria)
        else:
            bound += criteria
    return VehicleRule(_one_air_class(bound), _one_air_class(freed))


def _shown(criterion: Criterion) -> str:
    return criterion.text if isinstance(criterion, FreeText) else str(criterion)


def _exemption(criterion: Criterion, issues: list[Issue]) -> Criterion:
    """An exemption by size can be meant both ways; one in words may be local access, misspelt."""
    if isinstance(criterion, Over):
        issues.append(Issue("exempt-size-unclear", {"value": f"{criterion.size.value} {criterion.limit}"}))
        return FreeText(f"{criterion.size.value} {criterion.limit}")
    if isinstance(criterion, FreeText) and sounds_local(criterion.text):
        issues.append(Issue("maybe-local-access", {"value": criterion.text[:60]}))
    return criterion


def sounds_local(text: str) -> bool:
    """Tell whether words may mean local access, misspelt."""
    words = fold(text).split()
    return any(word.startswith(("dess", "dese")) for word in words) and any(w.startswith("loca") for w in words)


def _one_air_class(criteria: Iterable[Criterion]) -> tuple[Criterion, ...]:
    """The criteria with the air classes, written one by one, as one list in the place of the first."""
    kept: list[Criterion] = []
    classes: set[AirClass] = set()
    place: int | None = None
    for criterion in criteria:
        if isinstance(criterion, AirClassIn):
            classes |= criterion.classes
            if place is None:
                place = len(kept)
        elif criterion not in kept:
            kept.append(criterion)
    if place is not None:
        kept.insert(place, AirClassIn(frozenset(classes)))
    return tuple(kept)
