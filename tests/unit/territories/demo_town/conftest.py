"""The town most tests look at, drawn once."""

from __future__ import annotations

import pytest

from portal.territories.demo_town import Town, generate


@pytest.fixture(scope="package")
def town() -> Town:
    """Return the town of the demo: seed 1, three kilometres."""
    return generate(1, 3.0)
