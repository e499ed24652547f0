"""The code that a person types: every single slip shows, and look-alike signs are forgiven."""

from __future__ import annotations

from itertools import combinations

import pytest

from portal.cirqliz.tokens import new_short_code, read_short_code, show_short_code
from portal.cirqliz.tokens.short_code import ALPHABET, LENGTH

# Drawn anew each run. Cases are named by their number: processes that share the tests must see the same names.
CODES = ["0000000000", *(new_short_code() for _ in range(20))]


def test_alphabet_has_no_signs_that_look_alike() -> None:
    assert len(set(ALPHABET)) == 32
    assert not set("ILOU") & set(ALPHABET)


@pytest.mark.parametrize("number", range(len(CODES)))
def test_code_is_refused_when_any_one_sign_is_another(number: int) -> None:
    code = CODES[number]
    assert read_short_code(code) == code, code
    for place in range(LENGTH):
        for sign in ALPHABET:
            if sign != code[place]:
                assert read_short_code(code[:place] + sign + code[place + 1 :]) is None, code


def test_code_is_refused_when_any_two_signs_change_places() -> None:
    """The check is linear: a swap shows for all codes when it shows for the difference of each pair of signs."""
    for first, second in combinations(range(LENGTH), 2):
        for difference in ALPHABET[1:]:
            only_first = ["0"] * LENGTH
            only_first[first] = difference
            valid = _completed(only_first, keep=(first, second))
            swapped = list(valid)
            swapped[first], swapped[second] = swapped[second], swapped[first]
            assert read_short_code("".join(valid)) is not None
            assert read_short_code("".join(swapped)) is None


def _completed(signs: list[str], keep: tuple[int, int]) -> list[str]:
    """The signs with one more changed, neither of those kept, so that the code is valid."""
    free = next(place for place in reversed(range(LENGTH)) if place not in keep)
    for sign in ALPHABET:
        signs[free] = sign
        if read_short_code("".join(signs)) is not None:
            return signs
    raise AssertionError("one sign always completes a code")


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("{lower}", True),
        ("{a}-{b}", True),
        (" {a} {b} ", True),
        ("{a}\u00a0{b}", True),
        ("{a}{b}0", False),
        ("{a}", False),
        ("", False),
        ("ABCDEFGHI!", False),
        ("UUUUUUUUUU", False),
    ],
)
def test_code_is_read_in_any_typing(typed: str, read: bool) -> None:
    for code in CODES:
        text = typed.format(a=code[:5], b=code[5:], lower=code.lower())
        assert (read_short_code(text) == code) is read


def test_look_alike_signs_are_read_as_those_of_the_alphabet() -> None:
    code = next(code for code in iter(new_short_code, None) if "0" in code and "1" in code)
    for one in "iIlL":
        assert read_short_code(code.replace("1", one).replace("0", "o")) == code


def test_code_is_shown_in_two_groups() -> None:
    assert show_short_code("ABCDEFGHJK") == "ABCDE-FGHJK"
