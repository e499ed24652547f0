"""The bytes of a token, before they are signed: a CBOR array (RFC 8949) in its one deterministic form.

[version 2, key id, token id (8 bytes), start in minutes since 1970, length in minutes, colours (one bit each), first
bytes of the territory's id (4), plate, references of the perimeters one after the other (4 bytes each), kind].
About 42 bytes with one perimeter: signed, the code is a QR version 8, level M, on a host of 30 signs.
"""

from __future__ import annotations

import cbor2

from portal.cirqliz.tokens.content import (
    EPOCH,
    MINUTE,
    REFERENCE_BYTES,
    BadToken,
    TokenKind,
    TokenPayload,
    colours_of,
)
from portal.cirqliz.tokens.first_layout import decode_first_layout, is_first_layout, key_of_first_layout

VERSION = 2

_FIELDS = 10
# An array of ten whose first item is the version: with these two bytes a content claims this layout.
_START = bytes((0x80 + _FIELDS, VERSION))
_ONE_BYTE_FOLLOWS = 0x18
_LARGEST_INSIDE = 0x17


def encode_payload(payload: TokenPayload, key_id: int) -> bytes:
    """Return the bytes to sign; key_id: 0 to 255."""
    fields = (
        VERSION,
        key_id,
        payload.token_id,
        payload.start_min,
        payload.length_min,
        payload.colour_bits,
        payload.territory,
        payload.plate,
        b"".join(payload.perimeters),
        payload.kind.value,
    )
    return cbor2.dumps(fields, canonical=True)


def key_of(content: bytes) -> int:
    """Return the id of the key that is said to have signed these bytes; raises BadToken for another layout.

    It is read without decoding the rest: nothing unsigned reaches the decoder.
    """
    if is_first_layout(content):
        return key_of_first_layout(content)
    if content[:2] == _START and len(content) > len(_START) + 1:
        first, second = content[2], content[3]
        if first <= _LARGEST_INSIDE:
            return first
        if first == _ONE_BYTE_FOLLOWS and second > _LARGEST_INSIDE:
            return second
    raise BadToken


def decode_payload(content: bytes) -> TokenPayload:
    """Return what signed bytes of either layout say; raises BadToken for anything else that the key signed."""
    if is_first_layout(content):
        return decode_first_layout(content)
    try:
        version, key_id, token_id, start, length, bits, territory, plate, references, kind = cbor2.loads(content)
        if not all(isinstance(field, bytes) for field in (token_id, territory, references)):
            raise TypeError("these are bytes, not text")
        starts_at = EPOCH + start * MINUTE
        payload = TokenPayload(
            token_id=token_id,
            starts_at=starts_at,
            ends_at=starts_at + length * MINUTE,
            colours=colours_of(bits),
            territory=territory,
            plate=plate,
            perimeters=tuple(
                references[at : at + REFERENCE_BYTES] for at in range(0, len(references), REFERENCE_BYTES)
            ),
            kind=TokenKind(kind),
        )
        if version != VERSION or encode_payload(payload, key_id) != content:
            raise ValueError("not the one form of this layout")
    except (cbor2.CBORError, ValueError, TypeError, OverflowError) as error:
        raise BadToken from error
    return payload
