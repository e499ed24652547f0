"""Texts that paper can show."""

from __future__ import annotations

import pytest

from portal.web.typeset import _SURE, _some_font_draws, drawable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Été n° 3 – œuvre", "Été n° 3 – œuvre"),
        ("e\u0301te\u0301", "été"),
        ("Łódź Ελλάδα Москва", "Łódź Ελλάδα Москва"),
        ("🚚 Fleurs", "□ Fleurs"),
        ("日本", "□□"),
        ("a\u0001b\u200d\u202ec\ufe0f\ue000", "abc"),
        ("a\tb\r\nc", "a b  c"),
        ("12\u202f000\u00a0t", "12\u00a0000\u00a0t"),
    ],
)
def test_signs_without_a_font_become_boxes(text: str, shown: str) -> None:
    assert drawable(text) == shown


def test_every_sign_held_for_sure_is_drawn() -> None:
    assert [sign for sign in _SURE if not _some_font_draws(sign)] == []


def test_a_text_of_countless_signs_is_tried_within_bounds() -> None:
    text = "".join(map(chr, range(0x4E00, 0x4E00 + 5000)))
    assert set(drawable(text)) == {"□"}
    assert _some_font_draws.cache_info().currsize < 2000
