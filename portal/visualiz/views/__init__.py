"""The public pages and what the map fetches; importing them puts them on the blueprint."""

from __future__ import annotations

from portal.visualiz.views import bays, exports, layer_data, pages, records, sheet, state, week

__all__ = ["bays", "exports", "layer_data", "pages", "records", "sheet", "state", "week"]
