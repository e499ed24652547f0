"""Words found as people type them, the same on both databases."""

from __future__ import annotations

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import literal, select

from portal.db import holds_text, session
from portal.db.matching import folded_text

_WORDS = (
    "ÉLÉGANCE FLEURS",
    "Œuvres du Château d’Ô",
    "Étape 1 – arrivée",
    "100 % bio_local",
    "Ça \\ là",
    "ŁÓDŹ Trans",
    "Søren Straße",
    "Μεταφορές",
)


def _found(text: str) -> list[str]:
    return [word for word in _WORDS if session().scalar(select(holds_text(literal(word), text)))]


@pytest.mark.parametrize(
    ("typed", "held"),
    [
        ("élégance", _WORDS[0]),
        ("elegance FLEURS", _WORDS[0]),
        ("oeuvres du chateau", _WORDS[1]),
        ("ŒUVRES", _WORDS[1]),
        ("ETAPE 1", _WORDS[2]),
        ("% BIO_L", _WORDS[3]),
        ("ca \\ LÀ", _WORDS[4]),
        ("łódź", _WORDS[5]),
        ("Lodz TRANS", _WORDS[5]),
        ("SOREN STRASSE", _WORDS[6]),
        ("søren straẞe", _WORDS[6]),
        ("ΜΕΤΑΦΟΡΈΣ", _WORDS[7]),
    ],
)
def test_words_are_found_whatever_the_case_and_the_accents(database: Flask, typed: str, held: str):
    assert _found(typed) == [held]


@pytest.mark.parametrize("typed", ["100_", "élégence", "b%o", "oe uvres"])
def test_nothing_is_found_when_a_sign_only_looks_like_a_joker(database: Flask, typed: str):
    assert _found(typed) == []


def test_both_databases_fold_as_the_portal_does(database: Flask):
    letters = "".join(map(chr, (*range(0x20, 0x530), *range(0x1E00, 0x1F00))))
    assert session().scalar(select(holds_text(literal(letters), letters)))
    assert session().scalar(select(holds_text(literal(None), "a"))) is None


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0")), st.text("àÀéÉœŒæz ", min_size=1))
def test_folding_a_part_gives_a_part_of_the_whole(around: str, part: str):
    assert folded_text(part) in folded_text(around + part + around)
    assert folded_text(folded_text(part)) == folded_text(part)
