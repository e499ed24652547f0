"""The bytes of a token, before they are signed.

Layout, big-endian: version (1), key id (1), token id (8), start in minutes since 1970 (4), length in minutes (3),
colours, one bit each (1), first bytes of the territory's id (4), plate length (1), plate in ASCII.
About 30 bytes: with the signature the code stays at QR version 8, level M, for a host of 30 signs.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from portal.regulations.perimeters import Colour

FORMAT_VERSION = 1
TOKEN_ID_BYTES = 8
TERRITORY_BYTES = 4

_HEAD = struct.Struct(f">BB{TOKEN_ID_BYTES}sI3sB{TERRITORY_BYTES}sB")
_PLATE = re.compile(r"[A-Z0-9]{2,12}")
_MAX_MINUTES = 2**24 - 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTE = timedelta(minutes=1)


class BadToken(Exception):
    """The text is no token of ours: malformed, altered, cut short or signed by somebody else."""


@dataclass(frozen=True, slots=True)
class TokenPayload:
    """What a token says. Instants are whole minutes, UTC; the plate is bare; territory is a prefix of its id.

    Raises ValueError when a field does not fit the layout.
    """

    token_id: bytes
    starts_at: datetime
    ends_at: datetime
    colours: frozenset[Colour]
    territory: bytes
    plate: str

    def __post_init__(self) -> None:
        if len(self.token_id) != TOKEN_ID_BYTES or len(self.territory) != TERRITORY_BYTES:
            raise ValueError("a token id has 8 bytes, a territory prefix 4")
        if not _PLATE.fullmatch(self.plate):
            raise ValueError("a plate is 2 to 12 letters and digits")
        if not 0 < (self.ends_at - self.starts_at) // _MINUTE <= _MAX_MINUTES:
            raise ValueError("a token lasts at least a minute and at most 31 years")

    def encode(self, key_id: int) -> bytes:
        """Return the bytes to sign. Seconds are cut from the start and rounded up at the end."""
        start = (self.starts_at - _EPOCH) // _MINUTE
        end = -((_EPOCH - self.ends_at) // _MINUTE)
        bits = sum(1 << colour.strictness for colour in self.colours)
        plate = self.plate.encode("ascii")
        span = (end - start).to_bytes(3)
        head = _HEAD.pack(FORMAT_VERSION, key_id, self.token_id, start, span, bits, self.territory, len(plate))
        return head + plate


def decode_payload(content: bytes) -> tuple[int, TokenPayload]:
    """Return the key id and the payload of bytes made by `encode`; raises BadToken for anything else."""
    try:
        version, key_id, token_id, start, span, bits, territory, size = _HEAD.unpack_from(content)
        plate = content[_HEAD.size :].decode("ascii")
        if version != FORMAT_VERSION or len(plate) != size or bits >= 1 << len(Colour):
            raise ValueError("not this layout")
        starts_at = _EPOCH + start * _MINUTE
        payload = TokenPayload(
            token_id=token_id,
            starts_at=starts_at,
            ends_at=starts_at + int.from_bytes(span) * _MINUTE,
            colours=frozenset(colour for colour in Colour if bits >> colour.strictness & 1),
            territory=territory,
            plate=plate,
        )
    except (struct.error, ValueError, OverflowError) as error:
        raise BadToken from error
    return key_id, payload


def territory_prefix(territory_id: UUID) -> bytes:
    """Return the bytes that stand for a territory in its tokens."""
    return territory_id.bytes[:TERRITORY_BYTES]
