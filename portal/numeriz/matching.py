"""The law matched to the road graph: what is stored, and what of it may stand for a drawn shape."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import select

from portal.db import session
from portal.numeriz import codec
from portal.numeriz.models import EdgeMatch
from portal.territories.api import Match


def matches_of(territory_id: UUID, graph_version: str) -> Mapping[str, Match]:
    """The matches on one version of the graph by location digest (`codec.location_digest`, `perimeter_digest`).

    All of them: those below the share that is trusted too (`Match.trusted`). Their doubts stay in the database.
    """
    rows = select(EdgeMatch.location_digest, EdgeMatch.edges, EdgeMatch.matched_share, EdgeMatch.confidence).where(
        EdgeMatch.territory_id == territory_id, EdgeMatch.graph_version == graph_version
    )
    return {
        row.location_digest: Match(codec.edges_from_bytes(row.edges), row.matched_share, row.confidence)
        for row in session().execute(rows)
    }
