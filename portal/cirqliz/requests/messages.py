"""The sentences of the company's side that need more than a look-up."""

from __future__ import annotations

import math
from datetime import timedelta

from flask_babel import gettext as _
from flask_babel import ngettext

from portal.cirqliz.requests.delays import UsualDelay

_LONGEST_IN_MINUTES = timedelta(minutes=50)
_LONGEST_IN_HOURS = timedelta(hours=47)


def delay_sentences(usual: UsualDelay) -> list[str]:
    """Return what to expect, nothing when too little is known."""
    said = []
    if usual.by_people is not None:
        within = duration_words(usual.by_people)
        said.append(_("90 %% des demandes reçoivent une réponse en moins de %(within)s.", within=within))
    if usual.by_rule is not None:
        within = duration_words(usual.by_rule)
        said.append(_("Celles qu’une règle du territoire accepte sont traitées en moins de %(within)s.", within=within))
    return said


def duration_words(wait: timedelta) -> str:
    """Return a wait rounded up, so that « less than » is true: minutes, then hours, then days."""
    if wait < _LONGEST_IN_MINUTES:
        minutes = 10 * (int(wait / timedelta(minutes=10)) + 1)
        return str(ngettext("%(num)s minute", "%(num)s minutes", minutes))
    if wait < _LONGEST_IN_HOURS:
        hours = math.floor(wait / timedelta(hours=1)) + 1
        return str(ngettext("%(num)s heure", "%(num)s heures", hours))
    days = math.floor(wait / timedelta(days=1)) + 1
    return str(ngettext("%(num)s jour", "%(num)s jours", days))
