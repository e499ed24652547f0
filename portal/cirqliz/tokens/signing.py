"""Signing tokens and opening them again (Ed25519, RFC 8032), in letters that keep a QR code small.

Base 32 in capitals without padding stays in the alphanumeric mode of QR codes, which packs 5.5 bits per sign.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from portal.cirqliz.tokens.payload import BadToken, TokenPayload, decode_payload

_SIGNATURE_BYTES = 64
# The shortest and the longest payload, signed: what is outside is refused before any computation.
_TOKEN = re.compile(r"[A-Z2-7]{140,170}")


class KeyRing:
    """The key that signs now, and the keys whose signatures still count."""

    def __init__(self, signing_key: Ed25519PrivateKey, also_trusted: tuple[Ed25519PublicKey, ...] = ()) -> None:
        self._signing_key = signing_key
        own = signing_key.public_key()
        self._trusted = (own, *also_trusted)
        self.key_id = _key_id(own)

    @staticmethod
    def from_seed(seed_hex: str) -> KeyRing:
        """Return the ring of the setting `pass_signing_seed` (32 bytes in hexadecimal); raises ValueError."""
        return _ring(seed_hex)

    @property
    def public_key(self) -> bytes:
        """The 32 bytes by which anybody can check a token."""
        return self._signing_key.public_key().public_bytes_raw()

    def sign(self, content: bytes) -> bytes:
        """Return the 64 bytes of the signature; the same content always gives the same."""
        return self._signing_key.sign(content)

    def check(self, key_id: int, content: bytes, signature: bytes) -> None:
        """Raise BadToken unless a trusted key with this id signed the content."""
        for key in self._trusted:
            if _key_id(key) == key_id:
                try:
                    key.verify(signature, content)
                except InvalidSignature:
                    continue
                return
        raise BadToken


@lru_cache(maxsize=8)
def _ring(seed_hex: str) -> KeyRing:
    return KeyRing(Ed25519PrivateKey.from_private_bytes(bytes.fromhex(seed_hex)))


def _key_id(key: Ed25519PublicKey) -> int:
    return hashlib.sha256(key.public_bytes_raw()).digest()[0]


def seal_token(ring: KeyRing, payload: TokenPayload) -> str:
    """Return the text of a token, capitals and digits 2 to 7 only."""
    content = payload.encode(ring.key_id)
    return _letters(content + ring.sign(content))


def open_token(ring: KeyRing, text: str) -> TokenPayload:
    """Return what a token says, if it is exactly one that a trusted key signed; raises BadToken otherwise."""
    if not _TOKEN.fullmatch(text):
        raise BadToken
    try:
        sealed = base64.b32decode(text + "=" * (-len(text) % 8))
    except binascii.Error as error:
        raise BadToken from error
    # Some last letters differ in bits that carry nothing: only one spelling of a token is accepted.
    if _letters(sealed) != text:
        raise BadToken
    content, signature = sealed[:-_SIGNATURE_BYTES], sealed[-_SIGNATURE_BYTES:]
    key_id, payload = decode_payload(content)
    ring.check(key_id, content, signature)
    return payload


def _letters(content: bytes) -> str:
    return base64.b32encode(content).decode("ascii").rstrip("=")


def token_url(public_url: str, token: str) -> str:
    """Return the address that a QR code carries: all capitals, so that the code stays in alphanumeric mode."""
    return f"{public_url}/v/{token}".upper()
