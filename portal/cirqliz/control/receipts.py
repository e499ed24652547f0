"""The signed receipt of a look at a pass: who doubts what was answered can check it, without an account.

A receipt is a text: base 64 (for addresses) of a CBOR array and its Ed25519 signature by the key of the passes. What
is signed starts with words of its own: a receipt can never be taken for a pass, nor a pass for a receipt.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import cbor2
from sqlalchemy import select

from portal.cirqliz.models import AccessPass, PassCheck
from portal.cirqliz.passes.keys import key_ring
from portal.cirqliz.tokens import BadToken, key_id_of
from portal.common.errors import NotFound
from portal.db import session

_VERSION = 1
_SIGNATURE_BYTES = 64
_LONGEST = 1200
_WORDS = b"joptimiz receipt of a look at a pass\0"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was answered to an agent. number: of the pass, empty when the code was none of ours."""

    check_id: UUID
    number: str
    at: datetime
    tone: str
    result: str
    place: str
    territory_id: UUID


def make_receipt(territory_id: UUID, check_id: UUID) -> str:
    """Return the receipt of a look of the territory; raises NotFound, also once the look was erased."""
    found = session().execute(
        select(PassCheck, AccessPass.number)
        .outerjoin(AccessPass, AccessPass.id == PassCheck.pass_id)
        .where(PassCheck.id == check_id, PassCheck.territory_id == territory_id)
    )
    line = found.one_or_none()
    if line is None:
        raise NotFound("look-unknown")
    check, number = line
    ring = key_ring()
    fields = (
        _VERSION,
        ring.key_id,
        check.id.bytes,
        number or "",
        int(check.at.timestamp()),
        check.tone,
        check.result,
        check.place,
        territory_id.bytes,
    )
    content = cbor2.dumps(fields, canonical=True)
    return base64.urlsafe_b64encode(content + ring.sign(_WORDS + content)).decode("ascii").rstrip("=")


def read_receipt(text: str) -> Receipt | None:
    """Return what a receipt says when a key of ours signed it, None for any other text."""
    if len(text) > _LONGEST:
        return None
    try:
        sealed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        content, signature = sealed[:-_SIGNATURE_BYTES], sealed[-_SIGNATURE_BYTES:]
        # The key is named inside; each of ours is tried instead: nothing unsigned reaches the decoder.
        if not _ours(content, signature):
            return None
    except (binascii.Error, ValueError):
        return None
    _version, _key, check_id, number, at_s, tone, result, place, territory_id = cbor2.loads(content)
    at = datetime.fromtimestamp(at_s, UTC)
    return Receipt(UUID(bytes=check_id), number, at, tone, result, place, UUID(bytes=territory_id))


def _ours(content: bytes, signature: bytes) -> bool:
    ring = key_ring()
    for key_id in {key_id_of(key) for key in ring.public_keys}:
        try:
            ring.check(key_id, _WORDS + content, signature)
        except BadToken:
            continue
        return True
    return False
