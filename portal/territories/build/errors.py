"""The failure of a territory's build."""

from __future__ import annotations

from portal.common.errors import Invalid


class BuildError(Invalid):
    """The extract cannot become a territory. `code` names why; `portal.territories.messages` says it in a sentence."""
