"""What is stored of an answer, in the language of whoever reads it now.

An answer keeps codes with their parameters, and one sentence in the language of its computation. The sentence is made
again from the codes; the stored one is shown only when the codes are not enough (an answer of an older release).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import get_locale, gettext

from portal.itineriz.messages import (
    bay_doubt,
    bay_hours,
    limit_sentence,
    missed_window,
    notice_sentence,
    unreachable,
)
from portal.itineriz.trip import Notice
from portal.numeriz.api import sentence
from portal.regulations.answers import Reason, ReasonCode, State
from portal.regulations.measures import Origin
from portal.regulations.perimeters import Colour, Motorised
from portal.regulations.vehicles import (
    Access,
    AirClass,
    AirClassIn,
    CarriesHazmat,
    Criterion,
    Fact,
    FreeText,
    HasAccess,
    IsRoadUser,
    Over,
    RoadUser,
    Size,
    Usage,
    UsedFor,
)
from portal.web import filters

_NAMED: Mapping[str, Criterion] = {
    "hazmat": CarriesHazmat(),
    **{usage.value: UsedFor(usage) for usage in Usage},
    **{access.value: HasAccess(access) for access in Access},
    **{user.value: IsRoadUser(user) for user in RoadUser},
}


def _(text: str, /, **params: object) -> str:
    return str(gettext(text, **params))


def reason_text(values: Mapping[str, Any], zone: ZoneInfo) -> str:
    """The sentence of an obstacle, a detour or a warning of a stored answer; zone: the clock of the territory."""
    if values.get("limit"):
        return limit_sentence(values["limit"])
    known = {"unreachable": unreachable, "window-missed": missed_window}.get(str(values.get("code")))
    if known is not None:
        return known()
    try:
        return sentence(_reason(values), zone)
    except (KeyError, ValueError):
        # A code or a value of an older release.
        return str(values.get("why", ""))


def caution_text(values: Mapping[str, Any], zone: ZoneInfo, names: Sequence[str] = ()) -> str:
    """The sentence of a warning of a stored answer. names: of the stops in the order given; they are named by them,
    for the page counts them in the order served."""
    reason = values.get("reason")
    params = values.get("params", {})
    try:
        if reason:
            return sentence(_reason(reason), zone)
        if values["notice"] == Notice.FAR_FROM_ROAD and names:
            return _(
                "«\u00a0%(name)s\u00a0» est à %(metres)s\u00a0m de la rue la plus proche ouverte au véhicule.",
                name=names[int(params["stop"])],
                metres=params["metres"],
            )
        if values["notice"] == Notice.NO_OTHER_ACCESS and names:
            return _(
                "«\u00a0%(title)s\u00a0»\u00a0: seul accès à «\u00a0%(name)s\u00a0», emprunté au titre de la desserte.",
                title=params["title"],
                name=names[int(params["stop"])],
            )
        if values["notice"] == Notice.AWAITS_LAW and names:
            return _(
                "«\u00a0%(title)s\u00a0»\u00a0: attendez %(time)s à «\u00a0%(name)s\u00a0», c’est fermé jusque-là.",
                title=params["title"],
                time=filters.duration(params["seconds"]),
                name=names[int(params["stop"])],
            )
        return notice_sentence(str(values["notice"]), params)
    except (KeyError, ValueError, IndexError):
        return str(values.get("text", ""))


def step_text(step: Mapping[str, Any]) -> tuple[str, str]:
    """A manoeuvre and the language it is told in: the reader's where the answer has it, French otherwise."""
    if not str(get_locale() or "fr").startswith("fr") and step.get("text_en"):
        return str(step["text_en"]), "en"
    return str(step["text"]), "fr"


def bay_hours_text(values: Mapping[str, Any], zone: ZoneInfo) -> tuple[str, bool]:
    """When a bay of a stored answer is kept for deliveries, and whether that is in the reader's language.

    An answer of an older release has the sentence of its computation alone, or nothing.
    """
    try:
        slots = [(datetime.fromisoformat(start), datetime.fromisoformat(end)) for start, end in values["slots"]]
        return bay_hours(bool(values["always"]), slots, zone), True
    except (KeyError, ValueError, TypeError):
        return str(values.get("hours") or ""), False


def bay_doubt_text(values: Mapping[str, Any]) -> str:
    """What is not known of a bay of a stored answer; empty when it is surely usable."""
    if values.get("usable") is True:
        return ""
    try:
        return bay_doubt(values["doubt"])
    except KeyError:
        return str(values.get("why") or _("à vérifier sur place"))


def _reason(values: Mapping[str, Any]) -> Reason:
    """The reason a stored answer says. Raises KeyError and ValueError for what is not one."""
    return Reason(
        code=ReasonCode(values["code"]),
        kind=values["kind"],
        id=str(values["id"]),
        title=str(values["title"]),
        state=State(values["state"]),
        starts_at=datetime.fromisoformat(values["starts_at"]),
        ends_at=datetime.fromisoformat(values["ends_at"]) if values.get("ends_at") else None,
        event=values.get("event", ""),
        colour=Colour(values["colour"]) if values.get("colour") else None,
        policy=Motorised(values["policy"]) if values.get("policy") else None,
        authority=values.get("authority", ""),
        url=values.get("url", ""),
        missing_exemptions=tuple(_criterion(word) for word in values.get("missing_exemptions", ())),
        missing_facts=tuple(Fact(word) for word in values.get("missing_facts", ())),
        params=values.get("params", {}),
        origin=Origin(values["origin"]) if values.get("origin") else Origin.ORDER,
    )


def _criterion(word: str) -> Criterion:
    """The criterion that `regulations.vehicles.describe` wrote as this word."""
    if word in _NAMED:
        return _NAMED[word]
    size, over, limit = word.partition(">")
    if over and size in set(Size) and limit.isdecimal():
        return Over(Size(size), int(limit))
    classes = word.removeprefix("air_class=")
    if classes != word and set(classes.split(",")) <= set(AirClass):
        return AirClassIn(frozenset(AirClass(name) for name in classes.split(",")))
    return FreeText(word)


def proposal_text(values: Mapping[str, Any], zone: ZoneInfo, asked: datetime) -> str:
    """What a proposal says: leave at another hour, or wait, and what it saves. asked: the departure asked for."""
    depart_at = datetime.fromisoformat(values["depart_at"]).astimezone(zone)
    saved = filters.duration(max(60, values["saves_s"]))
    if values["kind"] == "wait":
        place = int(values.get("stop") or 0)
        if place == 0:
            return _("Attendez avant de partir et gagnez %(saved)s.", saved=saved)
        return _("Attendez à l’arrêt n°\u00a0%(number)s et gagnez %(saved)s.", number=place, saved=saved)
    if depart_at.date() == asked.astimezone(zone).date():
        return _("Partez à %(hour)s et gagnez %(saved)s.", hour=f"{depart_at:%H:%M}", saved=saved)
    return _("Partez le %(when)s et gagnez %(saved)s.", when=filters.instant(depart_at, zone.key), saved=saved)
