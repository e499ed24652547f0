"""Which property of a GeoJSON says what: told by options, else found by usual names and reported.

Options: `event`, `name`, `colour`, `start`, `end` name a property each; `colour.<value>` maps a value of the file to a
colour (`colour.zone 1=red`; `colour.*` for all others).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from portal.common.errors import Invalid
from portal.common.text import fold
from portal.numeriz.imports.documents import clean_text
from portal.numeriz.values import Issue
from portal.regulations.perimeters import Colour

ROLES: Final = ("event", "name", "colour", "start", "end")
OWN_COLUMNS: Final = frozenset({*ROLES, "activations"})
"""The names of our own layout: found without a guess."""

_WORDS: Final = {
    "bleu": Colour.BLUE,
    "bleue": Colour.BLUE,
    "rouge": Colour.RED,
    "gris": Colour.GREY,
    "grise": Colour.GREY,
    "gray": Colour.GREY,
    "noir": Colour.BLACK,
    "noire": Colour.BLACK,
    "blanc": Colour.WHITE,
    "blanche": Colour.WHITE,
    **{colour.value: colour for colour in Colour},
}
_USUAL: Final[Mapping[str, tuple[str, ...]]] = {
    "event": ("event", "evenement", "evt", "manifestation", "nom evenement", "event name", "titre", "title"),
    "name": ("name", "nom", "libelle", "label", "designation"),
    "colour": ("colour", "color", "couleur", "type peri", "type perimetre", "zone", "perimetre", "type", "categorie"),
    "start": ("start", "date debut", "debut", "start date", "date start", "starts at", "from", "begin"),
    "end": ("end", "date fin", "fin", "end date", "date end", "ends at", "to"),
}
_FEATURES_LOOKED_AT: Final = 200


@dataclass(frozen=True, slots=True)
class Columns:
    """The property of each role; a role that is absent is not in the file. colours: of the values of the file."""

    properties: Mapping[str, str]
    colours: Mapping[str, Colour]
    issues: tuple[Issue, ...] = field(default=())

    def value(self, properties: Mapping[str, Any], role: str) -> Any:
        """What a feature says in a role; None when it says nothing."""
        name = self.properties.get(role)
        return None if name is None else properties.get(name)

    def colour(self, value: object) -> Colour | None:
        """The colour of a value of the file; None when it is not known."""
        text = fold(clean_text(value, 200))
        return self.colours.get(text) or colour_of(text) or self.colours.get("*")


def colour_of(text: str) -> Colour | None:
    """The one colour that a text names, in French or English; None when it names none, or several."""
    found = {_WORDS[word] for word in fold(text).split() if word in _WORDS}
    return found.pop() if len(found) == 1 else None


def columns_of(features: Sequence[Mapping[str, Any]], options: Mapping[str, str]) -> Columns:
    """Find the property of each role.

    Raises Invalid(`unknown-layout`) when no property gives a colour, `column-missing` when one that was named is not
    there, `option-unknown-colour`.
    """
    colours = _colours(options)
    sample = [properties for feature in features[:_FEATURES_LOOKED_AT] if (properties := _properties(feature))]
    names = list(dict.fromkeys(name for properties in sample for name in properties))
    found: dict[str, str] = {}
    issues: list[Issue] = []
    for role in ROLES:
        told = options.get(role)
        if told:
            if told not in names:
                raise Invalid("column-missing", column=clean_text(told, 80))
            found[role] = told
            continue
        guess = _guess(role, names, set(found.values()), sample, colours)
        if guess is not None:
            found[role] = guess
            if guess != role:
                issues.append(Issue("column-guessed", {"role": role, "column": clean_text(guess, 80)}))
    if "colour" not in found and "*" not in colours:
        raise Invalid("unknown-layout")
    return Columns(found, colours, tuple(issues))


def _guess(
    role: str,
    names: Sequence[str],
    taken: set[str],
    sample: Sequence[Mapping[str, Any]],
    colours: Mapping[str, Colour],
) -> str | None:
    for usual in _USUAL[role]:
        for name in names:
            if name in taken or fold(name) != usual:
                continue
            # A property of that name may be about something else: some value must be a colour.
            values = {fold(clean_text(properties.get(name), 200)) for properties in sample}
            if role != "colour" or any(value in colours or colour_of(value) for value in values):
                return name
    return None


def _colours(options: Mapping[str, str]) -> dict[str, Colour]:
    found: dict[str, Colour] = {}
    for option, value in options.items():
        role, dot, word = option.partition(".")
        if role != "colour" or not dot:
            continue
        colour = colour_of(value)
        if colour is None:
            raise Invalid("option-unknown-colour", value=clean_text(value, 40))
        found["*" if word == "*" else fold(word)] = colour
    return found


def _properties(feature: Mapping[str, Any]) -> Mapping[str, Any]:
    found = feature.get("properties")
    return found if isinstance(found, dict) else {}
