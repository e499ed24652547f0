"""A set of identifiers in as few bytes as it can be told apart with: a Golomb-Rice coded set.

Each identifier of 8 random bytes is brought to a number below (size x 2^31); the sorted numbers are written as the
differences between them: 31 low bits each, the rest in unary. An identifier outside the set is taken for one inside it
once in 2^31 times (4.7e-10), so that two sets asked one after the other are wrong once in 2^30 times (9.3e-10).
32.6 bits per identifier, where no such filter can take fewer than 31.
The other half is static/js/control/idset.js; docs/adr/027 says why this one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

LOW_BITS = 31
_ID_BITS = 64


@dataclass(frozen=True, slots=True)
class IdSet:
    """A coded set: how many numbers, and their differences."""

    size: int
    coded: bytes

    def __contains__(self, identifier: bytes) -> bool:
        """Tell whether the identifier (8 bytes) is in the set, or is mistaken for one that is."""
        return self.size > 0 and place_of(identifier, self.size) in self.numbers()

    def numbers(self) -> set[int]:
        """Return the numbers the set holds."""
        bits = _Bits(self.coded)
        found, number = set(), 0
        for _ in range(self.size):
            high = 0
            while bits.take(1):
                high += 1
            number += high << LOW_BITS | bits.take(LOW_BITS)
            found.add(number)
        return found


def place_of(identifier: bytes, size: int) -> int:
    """Return the number an identifier of 8 bytes stands for in a set of this size."""
    return int.from_bytes(identifier) * size >> (_ID_BITS - LOW_BITS)


def code_ids(identifiers: Iterable[bytes]) -> IdSet:
    """Return the set of these identifiers of 8 bytes each."""
    unique = set(identifiers)
    numbers = sorted(place_of(one, len(unique)) for one in unique)
    stream, length, before = 0, 0, 0
    pieces: list[bytes] = []
    for number in numbers:
        difference, before = number - before, number
        high, low = difference >> LOW_BITS, difference & (1 << LOW_BITS) - 1
        # As many ones as the high part, a zero, then the low bits.
        stream = (stream << high + 1 | (1 << high) - 1 << 1) << LOW_BITS | low
        length += high + 1 + LOW_BITS
        whole = length // 8
        if whole:
            rest = length - whole * 8
            pieces.append((stream >> rest).to_bytes(whole))
            stream, length = stream & (1 << rest) - 1, rest
    if length:
        pieces.append((stream << 8 - length).to_bytes(1))
    return IdSet(len(unique), b"".join(pieces))


class _Bits:
    """Reads bits from the first of the first byte on."""

    def __init__(self, content: bytes) -> None:
        self._number = int.from_bytes(content)
        self._left = len(content) * 8

    def take(self, count: int) -> int:
        self._left -= count
        return self._number >> self._left & (1 << count) - 1
