"""The real graph for the pages."""

from __future__ import annotations

from tests.support.routed import paris_graph, routed_territory

__all__ = ["paris_graph", "routed_territory"]
