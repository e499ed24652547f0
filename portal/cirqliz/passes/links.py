"""The address that shows a pass without an account: sent to whoever drives.

It carries the id of one pass, signed. It ends with the pass, a day after, and not before: a driver at the roadside must
not meet a link that is older than the pass is long.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from flask import current_app
from itsdangerous import BadData, URLSafeSerializer

from portal.common.errors import NotFound
from portal.config import Settings

OPEN_AFTER = timedelta(days=1)
"""How long a link shows a pass that is over: the driver sees that it is, and not a page that is gone."""


def pass_key(pass_id: UUID) -> str:
    """Return what the link of a pass carries."""
    return str(_signer().dumps(pass_id.hex))


def read_pass_key(key: str) -> UUID:
    """Return the pass of a link; raises NotFound("link-unknown")."""
    try:
        return UUID(hex=_signer().loads(key))
    except (BadData, ValueError, TypeError, AttributeError) as error:
        raise NotFound("link-unknown") from error


def _signer() -> URLSafeSerializer:
    settings: Settings = current_app.extensions["settings"]
    return URLSafeSerializer(settings.secret_key, salt="cirqliz.pass-link")
