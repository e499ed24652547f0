"""Signing tokens and opening them again (Ed25519, RFC 8032), in letters that keep a QR code small.

Base 32 in capitals without padding stays in the alphanumeric mode of QR codes, which packs 5.5 bits per sign.
"""

from __future__ import annotations

import base64
import hashlib
import re
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from portal.cirqliz.tokens.content import BadToken, TokenKind, TokenPayload
from portal.cirqliz.tokens.payload import decode_payload, encode_payload, key_of

_SIGNATURE_BYTES = 64
# The shortest and the longest payload, signed: what is outside is refused before any computation.
_TOKEN = re.compile(r"[A-Z2-7]{140,220}")
_TRAINING = b"joptimiz training passes"
_BITS = 5
# The same 32 values in the letters that int() reads.
_AS_DIGITS = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "0123456789ABCDEFGHIJKLMNOPQRSTUV")


class KeyRing:
    """The key that signs now, and the keys whose signatures still count.

    A token names its key by one byte; keys that share it are all tried.
    """

    def __init__(self, signing_key: Ed25519PrivateKey, also_trusted: tuple[Ed25519PublicKey, ...] = ()) -> None:
        self._signing_key = signing_key
        own = signing_key.public_key()
        self.key_id = key_id_of(own.public_bytes_raw())
        self._trusted: dict[int, list[Ed25519PublicKey]] = {}
        for key in (own, *also_trusted):
            self._trusted.setdefault(key_id_of(key.public_bytes_raw()), []).append(key)

    @staticmethod
    def from_seed(seed_hex: str, old_keys: tuple[str, ...] = ()) -> KeyRing:
        """Return the ring of the settings `pass_signing_seed` and `pass_old_keys`, both hexadecimal.

        Raises ValueError when one is not 32 bytes.
        """
        return _ring(seed_hex, old_keys)

    @staticmethod
    def for_training(seed_hex: str) -> KeyRing:
        """Return the ring that signs and opens invented passes; its key follows from the seed of the real one."""
        return _training_ring(seed_hex)

    @property
    def public_key(self) -> bytes:
        """The 32 bytes by which anybody can check a token signed now."""
        return self._signing_key.public_key().public_bytes_raw()

    @property
    def public_keys(self) -> tuple[bytes, ...]:
        """The public keys whose signatures count, the present one first, 32 bytes each."""
        own = self.public_key
        trusted = (key.public_bytes_raw() for keys in self._trusted.values() for key in keys)
        return (own, *(key for key in trusted if key != own))

    def sign(self, content: bytes) -> bytes:
        """Return the 64 bytes of the signature; the same content always gives the same."""
        return self._signing_key.sign(content)

    def check(self, key_id: int, content: bytes, signature: bytes) -> None:
        """Raise BadToken unless a trusted key with this id signed the content."""
        for key in self._trusted.get(key_id, ()):
            try:
                key.verify(signature, content)
            except InvalidSignature:
                continue
            return
        raise BadToken


@lru_cache(maxsize=8)
def _ring(seed_hex: str, old_keys: tuple[str, ...]) -> KeyRing:
    old = tuple(Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)) for key in old_keys)
    return KeyRing(Ed25519PrivateKey.from_private_bytes(bytes.fromhex(seed_hex)), old)


@lru_cache(maxsize=8)
def _training_ring(seed_hex: str) -> KeyRing:
    seed = hashlib.sha256(_TRAINING + bytes.fromhex(seed_hex)).digest()
    return KeyRing(Ed25519PrivateKey.from_private_bytes(seed))


def key_id_of(public_key: bytes) -> int:
    """Return the byte that stands for a public key in tokens."""
    return hashlib.sha256(public_key).digest()[0]


def seal_token(ring: KeyRing, payload: TokenPayload) -> str:
    """Return the text of a token, capitals and digits 2 to 7 only."""
    content = encode_payload(payload, ring.key_id)
    return _letters(content + ring.sign(content))


def open_token(ring: KeyRing, text: str, kind: TokenKind = TokenKind.REAL) -> TokenPayload:
    """Return what a token of this kind says, if it is exactly one that a trusted key signed; raises BadToken."""
    if not _TOKEN.fullmatch(text):
        raise BadToken
    sealed = _bytes(text)
    content, signature = sealed[:-_SIGNATURE_BYTES], sealed[-_SIGNATURE_BYTES:]
    ring.check(key_of(content), content, signature)
    payload = decode_payload(content)
    if payload.kind is not kind:
        raise BadToken
    return payload


def _letters(content: bytes) -> str:
    return base64.b32encode(content).decode("ascii").rstrip("=")


def _bytes(text: str) -> bytes:
    """The inverse of `_letters`; raises BadToken for the spellings of the same bytes that it does not give.

    text: letters of the alphabet only. Read as one number: five times as fast as the library's way.
    """
    size, unused = divmod(len(text) * _BITS, 8)
    number = int(text.translate(_AS_DIGITS), 1 << _BITS)
    # The last letter may hold bits that carry nothing: they are zero, and there is no letter beyond it.
    if unused >= _BITS or number & ((1 << unused) - 1):
        raise BadToken
    return (number >> unused).to_bytes(size)


def token_url(public_url: str, token: str) -> str:
    """Return the address that a QR code carries: all capitals, so that the code stays in alphanumeric mode."""
    return f"{public_url}/v/{token}".upper()
