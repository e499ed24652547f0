"""The keys by which passes are signed."""

from __future__ import annotations

from flask import current_app

from portal.cirqliz.tokens import KeyRing
from portal.config import Settings


def key_ring() -> KeyRing:
    """Return the running application's keys."""
    settings: Settings = current_app.extensions["settings"]
    return KeyRing.from_seed(settings.pass_signing_seed, settings.pass_old_keys)


def training_ring() -> KeyRing:
    """Return the keys of the passes invented to train agents."""
    settings: Settings = current_app.extensions["settings"]
    return KeyRing.for_training(settings.pass_signing_seed)
