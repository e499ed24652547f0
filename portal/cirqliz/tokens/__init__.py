"""The signed token of a pass: a few bytes that say which vehicle, where and until when, and that nobody can forge."""

from portal.cirqliz.tokens.payload import BadToken, TokenPayload
from portal.cirqliz.tokens.signing import KeyRing, open_token, seal_token, token_url

__all__ = ["BadToken", "KeyRing", "TokenPayload", "open_token", "seal_token", "token_url"]
