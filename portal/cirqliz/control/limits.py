"""How often an agent may ask: each counts alone, since the agents of a town often come from one address."""

from __future__ import annotations

from flask import request

from portal.web.guards import current_actor


def agent_here() -> str:
    """Return the agent of the running request and the territory of its URL, as the key of a limit."""
    return f"agent:{current_actor().user_id}:{(request.view_args or {})['territory']}"
