"""Why the answer is what it is, in words: the one place that turns a reason of the law into a sentence.

Map, route, pass and command line all call `sentence`, so that they say the same thing with the same words.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from portal.numeriz.translate import _
from portal.numeriz.words import COLOURS, FACTS, USAGES, criterion_words, join_words, span_words
from portal.regulations.evaluate import Reason, ReasonCode, State
from portal.regulations.measures import Origin
from portal.regulations.vehicles import Over, Size, Usage

STATES: Mapping[State, LazyString] = {
    State.ALLOWED: _l("Circulation permise"),
    State.UNKNOWN: _l("Réponse incertaine"),
    State.PASS_REQUIRED: _l("Laissez-passer nécessaire"),
    State.FORBIDDEN: _l("Circulation interdite"),
}


def state_words(state: State) -> str:
    """The answer in two or three words."""
    return str(STATES[state])


def sentence(reason: Reason, zone: ZoneInfo) -> str:
    """The sentence of a reason or a warning; zone: the local clock of the territory."""
    said = _SENTENCES[reason.code](reason)
    if reason.origin is Origin.OSM and reason.ends_at is None:
        # A sign does not say since when it stands.
        return _("%(who)s\u00a0: %(what)s", who=_who(reason), what=said)
    when = span_words(reason.starts_at, reason.ends_at, zone)
    return _("%(who)s, %(when)s : %(what)s", who=_who(reason), when=when, what=said)


def _who(reason: Reason) -> str:
    if reason.colour is not None:
        return _("Périmètre %(colour)s « %(name)s »", colour=str(COLOURS[reason.colour]).lower(), name=reason.title)
    place = reason.params.get("place")
    order = _ORIGINS[reason.origin](reason.title)
    return _("%(order)s (%(place)s)", order=order, place=place) if place and place != reason.title else order


_ORIGINS: Mapping[Origin, Callable[[str], str]] = {
    Origin.ORDER: lambda title: _("Arrêté « %(title)s »", title=title),
    Origin.EVENT: lambda title: _("Évènement en cours « %(title)s »", title=title),
    Origin.OSM: lambda title: _("Selon OpenStreetMap, « %(title)s »", title=title),
}


def _exemptions(reason: Reason) -> str:
    if not reason.missing_exemptions:
        return ""
    return " " + _("Exceptions : %(whom)s.", whom=join_words(criterion_words(c) for c in reason.missing_exemptions))


def _exempt(reason: Reason) -> str:
    by = str(reason.params.get("by", ""))
    size, over, limit = by.partition(">")
    if over:
        by = criterion_words(Over(Size(size), int(limit)))
    known = {usage.value: str(USAGES[usage]) for usage in Usage} | {"localAccess": _("desserte locale")}
    return _("vous en êtes dispensé (%(why)s).", why=known.get(by, by)) if by else _("vous en êtes dispensé.")


def _fact_unknown(reason: Reason) -> str:
    return _("indiquez %(facts)s pour une réponse sûre.", facts=join_words(str(FACTS[f]) for f in reason.missing_facts))


_SENTENCES: Mapping[ReasonCode, Callable[[Reason], str]] = {
    ReasonCode.PASS_NEEDED: lambda r: _("un laissez-passer est nécessaire.") + _exemptions(r),
    ReasonCode.TRANSIT_NEEDS_PASS: lambda _r: _("transit interdit sans laissez-passer, livraison permise."),
    ReasonCode.ACCREDITATION_NEEDED: lambda r: _("seuls les véhicules accrédités entrent.") + _exemptions(r),
    ReasonCode.PERIMETER_CLOSED: lambda r: _("l’entrée est fermée.") + _exemptions(r),
    ReasonCode.DOCUMENT_NEEDED: lambda _r: _("entrée permise pour livrer, avec un document de transport à bord."),
    ReasonCode.PERIMETER_FREE: lambda _r: _("circulation libre."),
    ReasonCode.PASS_HELD: lambda _r: _("votre laissez-passer vous y autorise."),
    ReasonCode.PERIMETER_EXEMPT: _exempt,
    ReasonCode.NO_ENTRY: lambda r: _("circulation interdite à ce véhicule.") + _exemptions(r),
    ReasonCode.WRONG_WAY: lambda r: _("sens interdit.") + _exemptions(r),
    ReasonCode.MEASURE_EXEMPT: _exempt,
    ReasonCode.FACT_UNKNOWN: _fact_unknown,
    ReasonCode.FREE_TEXT: lambda r: _("une condition est à lire : « %(text)s ».", text=r.params.get("text", "")),
    ReasonCode.ONE_DIRECTION: lambda _r: _("un seul sens est concerné : suivez la signalisation."),
    ReasonCode.DIRECTION_DOUBTFUL: lambda _r: _("le sens n’est pas connu : suivez la signalisation."),
    ReasonCode.MATCH_DOUBTFUL: lambda _r: _("la rue n’a pas été retrouvée avec certitude : suivez la signalisation."),
    ReasonCode.OSM_SUPERSEDED: lambda r: _(
        "ne s’applique pas : l’arrêté en vigueur « %(order)s » permet le passage.", order=r.params.get("order", "")
    ),
    ReasonCode.EVENT_NEAR: lambda _r: _("se trouve près d’ici : soyez prudent et suivez la signalisation."),
    ReasonCode.ALTERNATE_TRAFFIC: lambda _r: _("circulation alternée, prévoyez du retard."),
    ReasonCode.SPEED_LIMIT: lambda r: _("vitesse limitée à %(speed)s km/h.", speed=r.params.get("max_speed_kmh", "–")),
}
