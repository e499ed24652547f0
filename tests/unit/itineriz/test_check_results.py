"""The stored result of a check, read back."""

from __future__ import annotations

import pytest

from portal.itineriz.addresses.results import Results, encode


@pytest.mark.parametrize("sign", ["\u2028", "\u2029", "\x85", "\x0b", "\x1c", "\n", "\r\n"])
def test_a_result_is_read_back_whatever_its_texts_hold(sign: str):
    answers = [{"title": f"Arrêté{sign}du pont"}, {"title": "x"}]
    addresses = [{"number": 1, "name": f"A{sign}B", "answer": 0}, {"number": 2, "name": "", "answer": None}]
    results = Results.read(encode(answers, addresses))
    assert results.addresses == addresses
    assert [results.answers_by_rank(rank) for rank in (0, 1)] == answers


def test_an_empty_result_is_read_back():
    assert Results.read(encode([], [])).addresses == []
