"""Fixtures of this folder."""

from tests.support.territories import village_builds, village_source

__all__ = ["village_builds", "village_source"]
