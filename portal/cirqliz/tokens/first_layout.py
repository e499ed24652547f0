"""The bytes of the first tokens, which are still in circulation: read, never written again.

Layout, big-endian: version (1), key id (1), token id (8), start in minutes since 1970 (4), length in minutes (3),
colours, one bit each (1), first bytes of the territory's id (4), plate length (1), plate in ASCII.
"""

from __future__ import annotations

import struct

from portal.cirqliz.tokens.content import (
    EPOCH,
    MINUTE,
    TERRITORY_BYTES,
    TOKEN_ID_BYTES,
    BadToken,
    TokenPayload,
    colours_of,
)

VERSION = 1

_HEAD = struct.Struct(f">BB{TOKEN_ID_BYTES}sI3sB{TERRITORY_BYTES}sB")


def is_first_layout(content: bytes) -> bool:
    """Tell whether the bytes claim to be of this layout."""
    return len(content) > _HEAD.size and content[0] == VERSION


def key_of_first_layout(content: bytes) -> int:
    """Return the id of the key that is said to have signed."""
    return content[1]


def decode_first_layout(content: bytes) -> TokenPayload:
    """Return what bytes of this layout say; raises BadToken."""
    try:
        version, _key, token_id, start, span, bits, territory, size = _HEAD.unpack_from(content)
        plate = content[_HEAD.size :].decode("ascii")
        if version != VERSION or len(plate) != size:
            raise ValueError("not this layout")
        starts_at = EPOCH + start * MINUTE
        ends_at = starts_at + int.from_bytes(span) * MINUTE
        return TokenPayload(token_id, starts_at, ends_at, colours_of(bits), territory, plate)
    except (struct.error, ValueError, OverflowError) as error:
        raise BadToken from error
