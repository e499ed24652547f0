"""The code of ten signs that a person types when the QR code cannot be scanned.

Nine random signs and one that checks them. The alphabet is Crockford's base 32: digits and capitals without I, L, O, U,
so that no two signs look alike; the signs left out are read as the one they are mistaken for.
The check is a sum over the field of 32 elements in which each place has a weight of its own: one wrong sign, or two
signs that changed places, always shows, which no sum modulo 32 can promise.
"""

from __future__ import annotations

import secrets

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 10

_VALUES = {sign: value for value, sign in enumerate(ALPHABET)} | {"O": 0, "I": 1, "L": 1}
_GROUP = 5
# x^5 + x^2 + 1 is primitive over the field of two elements: the powers of x are all the elements but zero.
_POLYNOMIAL = 0b100101
_OVERFLOW = 0b100000


def new_short_code() -> str:
    """Return a code drawn at random, in capitals without separators; 45 bits, so two alike are hardly ever drawn."""
    body = [secrets.randbelow(len(ALPHABET)) for _ in range(LENGTH - 1)]
    return "".join(ALPHABET[value] for value in (*body, _check(body)))


def read_short_code(text: str) -> str | None:
    """Return the code as it is stored, from any typing (case, spaces, dashes, O for 0, I or L for 1).

    None when the text has not ten signs of the alphabet, or when they contradict their check sign.
    """
    values = _values(text)
    if values is None or _check(values[:-1]) != values[-1]:
        return None
    return "".join(ALPHABET[value] for value in values)


def looks_like_short_code(text: str) -> bool:
    """Tell whether a text has the ten signs of a code, rightly typed or not."""
    return _values(text) is not None


def show_short_code(code: str) -> str:
    """Return the code in two groups of five, as it is printed and read aloud."""
    return f"{code[:_GROUP]}-{code[_GROUP:]}"


def _values(text: str) -> list[int] | None:
    signs = [sign for sign in text.upper() if not sign.isspace() and sign not in "-.·"]
    if len(signs) != LENGTH or any(sign not in _VALUES for sign in signs):
        return None
    return [_VALUES[sign] for sign in signs]


def _check(body: list[int]) -> int:
    """Sum of each value times x to the power of its place, from 1; the check sign itself has the weight 1."""
    total = 0
    # Horner's way: the last place is multiplied by x once, the first nine times.
    for value in body:
        total = _times_x(total ^ value)
    return total


def _times_x(value: int) -> int:
    doubled = value << 1
    return doubled ^ _POLYNOMIAL if doubled & _OVERFLOW else doubled
