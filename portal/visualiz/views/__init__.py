"""The public pages and what the map fetches; importing them puts them on the blueprint."""

from __future__ import annotations

from portal.visualiz.views import layer_data, pages, records, state, week

__all__ = ["layer_data", "pages", "records", "state", "week"]
