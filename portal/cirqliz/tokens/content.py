"""What a token says, whatever the layout of its bytes."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from uuid import UUID

from portal.regulations.perimeters import Colour

TOKEN_ID_BYTES = 8
TERRITORY_BYTES = 4
REFERENCE_BYTES = 4
MOST_REFERENCES = 6
"""With more perimeters the token names none: the code would outgrow version 9 on a host of 30 signs."""
MAX_MINUTES = 2**24 - 1
MAX_START = 2**32 - 1

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)

_PLATE = re.compile(r"[A-Z0-9]{2,12}")


class BadToken(Exception):
    """The text is no token of ours: malformed, altered, cut short or signed by somebody else."""


class TokenKind(IntEnum):
    """A pass of somebody, or one invented to train agents, signed by a key that no pass is signed with."""

    REAL = 0
    TRAINING = 1


@dataclass(frozen=True, slots=True)
class TokenPayload:
    """What a token says. Instants are whole minutes, UTC; the plate is bare; territory is a prefix of its id.

    perimeters: the first bytes of the SHA-256 of each perimeter's id, in order; empty: only the portal knows them.
    Raises ValueError when a field does not fit a token.
    """

    token_id: bytes
    starts_at: datetime
    ends_at: datetime
    colours: frozenset[Colour]
    territory: bytes
    plate: str
    perimeters: tuple[bytes, ...] = ()
    kind: TokenKind = TokenKind.REAL

    def __post_init__(self) -> None:
        if len(self.token_id) != TOKEN_ID_BYTES or len(self.territory) != TERRITORY_BYTES:
            raise ValueError("a token id has 8 bytes, a territory prefix 4")
        if not _PLATE.fullmatch(self.plate):
            raise ValueError("a plate is 2 to 12 letters and digits")
        if not 0 <= self.start_min <= MAX_START or not 0 < self.length_min <= MAX_MINUTES:
            raise ValueError("a token starts after 1969 and lasts at least a minute and at most 31 years")
        if len(self.perimeters) > MOST_REFERENCES or list(self.perimeters) != sorted(set(self.perimeters)):
            raise ValueError("a token names few perimeters, each once, in order")
        if any(len(reference) != REFERENCE_BYTES for reference in self.perimeters):
            raise ValueError("the reference of a perimeter has 4 bytes")

    @property
    def start_min(self) -> int:
        """Minutes from 1970 to the start; seconds are cut."""
        return (self.starts_at - EPOCH) // MINUTE

    @property
    def length_min(self) -> int:
        """Minutes from the start to the end, which is rounded up."""
        return -((EPOCH - self.ends_at) // MINUTE) - self.start_min

    @property
    def colour_bits(self) -> int:
        """One bit for each colour, the least strict first."""
        return sum(1 << colour.strictness for colour in self.colours)


def colours_of(bits: int) -> frozenset[Colour]:
    """Return the colours of the bits; raises ValueError for a bit that stands for none."""
    if not 0 <= bits < 1 << len(Colour):
        raise ValueError("a bit that stands for no colour")
    return frozenset(colour for colour in Colour if bits >> colour.strictness & 1)


def territory_prefix(territory_id: UUID) -> bytes:
    """Return the bytes that stand for a territory in its tokens."""
    return territory_id.bytes[:TERRITORY_BYTES]


def perimeter_references(perimeter_ids: set[str]) -> tuple[bytes, ...]:
    """Return what a token says of its perimeters: their references in order, none when they are too many."""
    references = sorted({perimeter_reference(id_) for id_ in perimeter_ids})
    return tuple(references) if len(perimeter_ids) <= MOST_REFERENCES else ()


def perimeter_reference(perimeter_id: str) -> bytes:
    """Return the bytes that stand for a perimeter in tokens."""
    return hashlib.sha256(perimeter_id.encode()).digest()[:REFERENCE_BYTES]
