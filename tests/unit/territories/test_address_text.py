"""How addresses are read."""

from __future__ import annotations

import pytest

from portal.territories.address_text import HouseNumber, name_words, read_house_numbers, read_query


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Rue de Bretagne", ["rue", "bretagne"]),
        ("Bd. St-Martin", ["boulevard", "saint", "martin"]),
        ("Rue de l’Île-d'Œuvre", ["rue", "ile", "oeuvre"]),
        ("Pl Ste Opportune", ["place", "sainte", "opportune"]),
        ("Le La", ["le", "la"]),
    ],
)
def test_name_becomes_its_long_words_when_abbreviated_or_accented(name: str, words: list[str]) -> None:
    assert name_words(name) == words


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("12", [HouseNumber(12)]),
        ("12bis", [HouseNumber(12, "bis")]),
        ("12 B", [HouseNumber(12, "bis")]),
        ("12 ter", [HouseNumber(12, "ter")]),
        ("7C", [HouseNumber(7, "c")]),
        ("12;14", [HouseNumber(12), HouseNumber(14)]),
        ("12-16", [HouseNumber(12), HouseNumber(16)]),
        ("Bâtiment A", []),
        ("0", []),
        ("", []),
    ],
)
def test_house_numbers_are_read_when_written_in_any_usual_way(value: str, expected: list[HouseNumber]) -> None:
    assert read_house_numbers(value) == expected


@pytest.mark.parametrize(
    ("text", "number", "words", "postcode"),
    [
        ("12 rue de Bretagne", HouseNumber(12), ["rue", "bretagne"], None),
        ("12 bis, r. de Bretagne 75003 Paris", HouseNumber(12, "bis"), ["r", "bretagne", "paris"], "75003"),
        ("12B rue Charlot", HouseNumber(12, "bis"), ["rue", "charlot"], None),
        ("12 b rue Charlot", HouseNumber(12, "bis"), ["rue", "charlot"], None),
        ("12 r Charlot", HouseNumber(12), ["r", "charlot"], None),
        ("rue du 4 septembre", None, ["rue", "4", "septembre"], None),
        ("3", None, ["3"], None),
        ("75003", None, [], "75003"),
        ("   ", None, [], None),
    ],
)
def test_query_is_split_when_typed(
    text: str, number: HouseNumber | None, words: list[str], postcode: str | None
) -> None:
    query = read_query(text)
    assert (query.house_number, [forms[0] for forms in query.words], query.postcode) == (number, words, postcode)


def test_abbreviation_keeps_what_was_typed_when_written_out() -> None:
    assert read_query("av victor").words[0] == ("av", "avenue")


@pytest.mark.parametrize(("number", "text"), [(HouseNumber(7, "c"), "7C"), (HouseNumber(12, "bis"), "12 bis")])
def test_house_number_is_written_as_on_the_door_when_shown(number: HouseNumber, text: str) -> None:
    assert str(number) == text
