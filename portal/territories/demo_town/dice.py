"""Repeatable random numbers: each part of the town has its own stream, so that one part never disturbs another."""

from __future__ import annotations

import random


def dice(part: str, seed: int) -> random.Random:
    """Return the stream of a part of the town for a seed; the same on every machine and Python release."""
    return random.Random(f"{part}:{seed}")  # noqa: S311 - nothing secret is drawn
