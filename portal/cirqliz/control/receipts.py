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
from portal.cirqliz.states import PassState
from portal.cirqliz.tokens import BadToken, key_id_of
from portal.cirqliz.verification.verdict import Result, Tone
from portal.common.errors import NotFound
from portal.db import session

_VERSION = 2
_SIGNATURE_BYTES = 64
_LONGEST = 1200
_WORDS = b"joptimiz receipt of a look at a pass\0"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was answered to an agent. number: of the pass, empty when the code was none of ours.

    by_phone: the agent's phone judged, from the list it carried. known: what the portal held the pass for at that
    moment, where the answer says otherwise: revoked, suspended, unknown (no pass of the territory); empty elsewhere.
    """

    check_id: UUID
    number: str
    at: datetime
    tone: str
    result: str
    place: str
    territory_id: UUID
    by_phone: bool
    known: str


def make_receipt(territory_id: UUID, check_id: UUID) -> str:
    """Return the receipt of a look of the territory; raises NotFound, also once the look was erased."""
    lines = session().execute(
        select(PassCheck, AccessPass)
        .outerjoin(AccessPass, AccessPass.id == PassCheck.pass_id)
        .where(PassCheck.id == check_id, PassCheck.territory_id == territory_id)
    )
    line = lines.one_or_none()
    if line is None:
        raise NotFound("look-unknown")
    check, found = line
    ring = key_ring()
    fields = (
        _VERSION,
        ring.key_id,
        check.id.bytes,
        found.number if found else "",
        int(check.at.timestamp()),
        check.tone,
        check.result,
        check.place,
        territory_id.bytes,
        check.offline,
        _known(check, found),
    )
    content = cbor2.dumps(fields, canonical=True)
    return base64.urlsafe_b64encode(content + ring.sign(_WORDS + content)).decode("ascii").rstrip("=")


def _known(check: PassCheck, found: AccessPass | None) -> str:
    """Return what the portal held the pass for when a phone gave it some right: the list it carried was older."""
    if check.tone == Tone.RED.value:
        return ""
    if found is None:
        return Result.UNKNOWN.value
    if found.revoked_at is not None and found.revoked_at <= check.at:
        return Result.REVOKED.value
    if found.state is PassState.SUSPENDED and found.changed_at <= check.at:
        return Result.SUSPENDED.value
    return ""


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
    version, _key, check_id, number, at_s, tone, result, place, territory_id, *rest = cbor2.loads(content)
    if version != _VERSION:
        return None
    at = datetime.fromtimestamp(at_s, UTC)
    return Receipt(UUID(bytes=check_id), number, at, tone, result, place, UUID(bytes=territory_id), *rest)


def _ours(content: bytes, signature: bytes) -> bool:
    ring = key_ring()
    for key_id in {key_id_of(key) for key in ring.public_keys}:
        try:
            ring.check(key_id, _WORDS + content, signature)
        except BadToken:
            continue
        return True
    return False
