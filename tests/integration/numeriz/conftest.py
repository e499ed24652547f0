"""Fixtures of the tests that need a plan of streets with its addresses."""

from tests.support.places_town import plan_build, plan_town

__all__ = ["plan_build", "plan_town"]
