"""The secret in the links of the mails of alerts: it confirms and leaves one subscription."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from hashlib import sha256
from uuid import UUID

from flask import current_app

from portal.config import Settings

_PURPOSE = b"visualiz.alerts."


def token_of(subscription_id: UUID) -> str:
    """The secret of a subscription, always the same: made from the key of the installation, stored nowhere."""
    settings: Settings = current_app.extensions["settings"]
    made = hmac.new(settings.secret_key.encode(), _PURPOSE + subscription_id.bytes, sha256)
    return urlsafe_b64encode(made.digest()).decode().rstrip("=")


def digest(token: str) -> str:
    """What is stored of a secret."""
    return sha256(token.encode()).hexdigest()
