"""The signed token of a pass: a few bytes that say which vehicle, where and until when, and that nobody can forge."""

from portal.cirqliz.tokens.content import (
    BadToken,
    TokenKind,
    TokenPayload,
    perimeter_reference,
    perimeter_references,
    territory_prefix,
)
from portal.cirqliz.tokens.short_code import looks_like_short_code, new_short_code, read_short_code, show_short_code
from portal.cirqliz.tokens.signing import KeyRing, key_id_of, open_token, seal_token, token_url

__all__ = [
    "BadToken",
    "KeyRing",
    "TokenKind",
    "TokenPayload",
    "key_id_of",
    "looks_like_short_code",
    "new_short_code",
    "open_token",
    "perimeter_reference",
    "perimeter_references",
    "read_short_code",
    "seal_token",
    "show_short_code",
    "territory_prefix",
    "token_url",
]
