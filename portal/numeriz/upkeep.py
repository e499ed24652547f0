"""What the law asks for at regular times: sources to read again, places to find on the graph, files to publish."""

from __future__ import annotations

from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.numeriz.bays.orphans import erase_orphans
from portal.numeriz.exports.publishing import publish_due
from portal.numeriz.feeds.register import feeds_due
from portal.numeriz.matching.tasks import ensure_matching
from portal.numeriz.pushing.asking import ask_due_pushes
from portal.numeriz.storing.events import purge_events
from portal.numeriz.writing import erase_old_works
from portal.territories.api import list_territories


def ask_for_due_work(clock: Clock = SYSTEM_CLOCK) -> int:
    """Ask for every job that is due; return how many. Cheap enough to be called every few seconds."""
    asked = feeds_due(clock.now())
    asked += sum(ensure_matching(territory, clock) is not None for territory in list_territories())
    return asked + len(publish_due(clock)) + ask_due_pushes(clock)


def erase_old_law(clock: Clock = SYSTEM_CLOCK) -> int:
    """Erase what was kept long enough: events that ended weeks ago, drafts thrown away, files that no bay and no report
    names.

    Returns how many.
    """
    return purge_events(clock) + erase_old_works(clock) + erase_orphans(clock)
