"""Plates: the schemes of the field, and what two typings of one plate have in common."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.common.errors import Invalid
from portal.fleet.plates import PlateScheme, plate_key, read_plate

SIV_LETTERS = "ABCDEFGHJKLMNPQRSTVWXYZ"


@pytest.mark.parametrize(
    ("text", "bare", "scheme"),
    [
        ("AB-123-CD", "AB123CD", PlateScheme.SIV),
        (" ab 123 cd ", "AB123CD", PlateScheme.SIV),
        ("AB–123–CD", "AB123CD", PlateScheme.SIV),
        ("ＡＢ-123-CD", "AB123CD", PlateScheme.SIV),
        ("WW-123-AB", "WW123AB", PlateScheme.WW),
        ("W-123-AB", "W123AB", PlateScheme.W_GARAGE),
        ("1234 AB 75", "1234AB75", PlateScheme.FNI),
        ("12 ABC 2A", "12ABC2A", PlateScheme.FNI),
        ("123 AB 971", "123AB971", PlateScheme.FNI),
        # outside the civil series: kept, and looked at by a person
        ("AI-123-CD", "AI123CD", PlateScheme.SPECIAL),
        ("AB-000-CD", "AB000CD", PlateScheme.SPECIAL),
        ("SS-123-CD", "SS123CD", PlateScheme.SPECIAL),
        ("AB-123-SS", "AB123SS", PlateScheme.SPECIAL),
        ("1234 AB 96", "1234AB96", PlateScheme.SPECIAL),
        ("6401 0042", "64010042", PlateScheme.SPECIAL),
    ],
)
def test_french_plate_is_read_with_its_scheme(text: str, bare: str, scheme: PlateScheme) -> None:
    plate = read_plate(text)
    assert (plate.bare, plate.country, plate.scheme) == (bare, "FR", scheme)


@pytest.mark.parametrize(
    ("text", "country", "code"),
    [
        ("", "FR", "plate-missing"),
        (" - ", "FR", "plate-missing"),
        ("A", "FR", "plate-malformed"),
        ("ABCDEFG", "FR", "plate-malformed"),
        ("AB-123-CD-456-EF-789", "FR", "plate-malformed"),
        ("AB 123 CÉ!", "FR", "plate-malformed"),
        ("=1+1", "FR", "plate-malformed"),
        ("1-ABC-234", "Belgique", "country-malformed"),
        ("1-ABC-234", "", "country-malformed"),
    ],
)
def test_plate_is_refused_with_a_code(text: str, country: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_plate(text, country)
    assert refused.value.code == code


def test_foreign_plate_keeps_its_country_and_has_no_format() -> None:
    plate = read_plate("1-abc-234", "be")
    assert (plate.bare, plate.country, plate.scheme, plate.display) == ("1ABC234", "BE", PlateScheme.FOREIGN, "1ABC234")


@given(st.text(SIV_LETTERS, min_size=2, max_size=2), st.integers(1, 999), st.text(SIV_LETTERS, min_size=2, max_size=2))
def test_displayed_plate_reads_back_the_same(left: str, number: int, right: str) -> None:
    plate = read_plate(f"{left}{number:03d}{right}")
    assert read_plate(plate.display) == plate
    assert read_plate(plate.display.lower().replace("-", " ")) == plate


@given(st.text("ABCDIO01 -.", min_size=2, max_size=12))
def test_key_ignores_separators_case_and_similar_glyphs(text: str) -> None:
    assert plate_key(text) == plate_key(text.lower())
    assert plate_key(text) == plate_key(text.replace("O", "0").replace("I", "1"))
    assert plate_key(text) == plate_key(text.replace(" ", "-"))
    assert plate_key(plate_key(text)) == plate_key(text)
