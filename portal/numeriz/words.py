"""The law in words: what a measure says, where, when and for whom, in French."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_babel.speaklater import LazyString

from portal.numeriz.translate import _
from portal.numeriz.values import (
    BayLayout,
    BayRegime,
    Category,
    DeliveryHours,
    ImportKind,
    ImportState,
    MeasureDraft,
    OrderStatus,
    Subject,
)
from portal.regulations.measures import Direction, MeasureLocation, MeasureType
from portal.regulations.perimeters import Colour, Motorised
from portal.regulations.schedules import HolidayRule, Period, TimeSlot, Weekday
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
    VehicleRule,
)
from portal.web import filters

SIGNS_PREVAIL = _l("Informations indicatives\u00a0: seuls l’arrêté signé et la signalisation font foi.")
"""What every answer about the law says of itself."""
COLOURS: Mapping[Colour, LazyString] = {
    Colour.WHITE: _l("Blanc"),
    Colour.BLUE: _l("Bleu"),
    Colour.RED: _l("Rouge"),
    Colour.GREY: _l("Gris"),
    Colour.BLACK: _l("Noir"),
}
POLICIES: Mapping[Motorised, LazyString] = {
    Motorised.FREE: _l("Circulation libre."),
    Motorised.JUSTIFIED: _l("Transit interdit ; entrée permise pour livrer, avec un document de transport."),
    Motorised.PASS_REQUIRED: _l("Entrée interdite aux véhicules à moteur sans laissez-passer."),
    Motorised.ACCREDITED: _l("Entrée réservée aux véhicules accrédités par l’organisateur."),
    Motorised.CLOSED: _l("Entrée fermée à tous les véhicules, secours exceptés."),
}
CATEGORIES: Mapping[Category, LazyString] = {Category.PERMANENT: _l("Permanent"), Category.TEMPORARY: _l("Temporaire")}
SUBJECTS: Mapping[Subject, LazyString] = {
    Subject.ROADWORKS: _l("Travaux"),
    Subject.EVENT: _l("Évènement"),
    Subject.INCIDENT: _l("Incident ou péril"),
    Subject.WINTER: _l("Viabilité hivernale"),
    Subject.OTHER: _l("Autre"),
}
STATUSES: Mapping[OrderStatus, LazyString] = {
    OrderStatus.DRAFT: _l("Brouillon"),
    OrderStatus.PUBLISHED: _l("Publié"),
    OrderStatus.WITHDRAWN: _l("Retiré"),
}
REGIMES: Mapping[BayRegime, LazyString] = {
    BayRegime.PERMANENT: _l("Permanent"),
    BayRegime.PERIODIC: _l("Périodique"),
    BayRegime.GOODS_ZONE: _l("Zone marchandises"),
    BayRegime.UNKNOWN: _l("Inconnu"),
}
LAYOUTS: Mapping[BayLayout, LazyString] = {
    BayLayout.PARALLEL: _l("Parallèle"),
    BayLayout.ANGLED: _l("En épi"),
    BayLayout.PERPENDICULAR: _l("En bataille"),
    BayLayout.UNKNOWN: _l("Inconnue"),
}
KINDS: Mapping[ImportKind, LazyString] = {
    ImportKind.PERIMETERS: _l("Périmètres"),
    ImportKind.ORDERS: _l("Arrêtés"),
    ImportKind.BAYS: _l("Aires de livraison"),
    ImportKind.EVENTS: _l("Évènements"),
}
IMPORT_STATES: Mapping[ImportState, LazyString] = {
    ImportState.WAITING: _l("En attente"),
    ImportState.APPLIED: _l("Importé"),
    ImportState.PARTIAL: _l("Importé en partie"),
    ImportState.UNCHANGED: _l("Inchangé"),
    ImportState.REFUSED: _l("Refusé"),
}
MEASURES: Mapping[MeasureType, LazyString] = {
    MeasureType.NO_ENTRY: _l("Circulation interdite"),
    MeasureType.ONE_WAY: _l("Sens unique"),
    MeasureType.SPEED_LIMIT: _l("Vitesse limitée"),
    MeasureType.ALTERNATE_TRAFFIC: _l("Circulation alternée"),
    MeasureType.NO_OVERTAKING: _l("Dépassement interdit"),
    MeasureType.NO_PARKING: _l("Stationnement interdit"),
    MeasureType.STORAGE_AREA: _l("Aire de stockage"),
    MeasureType.UNKNOWN: _l("Mesure de type inconnu, sans effet"),
}
DIRECTIONS: Mapping[Direction, LazyString] = {
    Direction.BOTH: _l("dans les deux sens"),
    Direction.FORWARD: _l("dans un seul sens"),
    Direction.BACKWARD: _l("dans un seul sens"),
    Direction.UNKNOWN: _l("sens non précisé"),
}
FACTS: Mapping[Fact, LazyString] = {
    Fact.GROSS_WEIGHT: _l("le PTAC"),
    Fact.COMBINATION_WEIGHT: _l("le PTRA"),
    Fact.AXLE_LOAD: _l("la charge à l’essieu"),
    Fact.HEIGHT: _l("la hauteur"),
    Fact.WIDTH: _l("la largeur"),
    Fact.LENGTH: _l("la longueur"),
    Fact.HAZMAT: _l("le transport de matières dangereuses"),
    Fact.AIR_CLASS: _l("la vignette Crit’Air"),
    Fact.USAGES: _l("l’usage"),
}
USAGES: Mapping[Usage, LazyString] = {
    Usage.EMERGENCY: _l("véhicules de secours"),
    Usage.POLICE: _l("forces de l’ordre"),
    Usage.PUBLIC_TRANSPORT: _l("transports en commun"),
    Usage.TAXI: _l("taxis"),
    Usage.CARPOOL: _l("véhicules en covoiturage"),
    Usage.ROADWORKS: _l("véhicules de chantier"),
    Usage.CITY_LOGISTICS: _l("véhicules de livraison"),
}
ACCESSES: Mapping[Access, LazyString] = {Access.LOCAL_ACCESS: _l("desserte locale"), Access.RESIDENT: _l("riverains")}
ROAD_USERS: Mapping[RoadUser, LazyString] = {RoadUser.PEDESTRIAN: _l("piétons"), RoadUser.BICYCLE: _l("vélos")}
DAYS: Sequence[LazyString] = (
    _l("lundi"),
    _l("mardi"),
    _l("mercredi"),
    _l("jeudi"),
    _l("vendredi"),
    _l("samedi"),
    _l("dimanche"),
)


def join_words(words: Iterable[str], last: str | None = None) -> str:
    """« a, b et c »."""
    listed = list(words)
    if len(listed) < 2:
        return "".join(listed)
    return f"{', '.join(listed[:-1])} {last or _('et')} {listed[-1]}"


def span_words(start: datetime, end: datetime | None, zone: ZoneInfo) -> str:
    """« du 8 sept. 2024 à 05:30 au 8 sept. 2024 à 14:00 », shorter on one day, open when there is no end."""
    begins = _of_clock(filters.instant(start, zone.key), start, zone)
    if end is None:
        return _("depuis le %(start)s", start=_first_day(start, zone) or begins)
    if start.astimezone(zone).date() == end.astimezone(zone).date():
        ends = _of_clock(filters.hour(end, zone.key), end, zone)
        return _("le %(start)s jusqu’à %(end)s", start=begins, end=ends)
    return _("du %(start)s au %(end)s", start=begins, end=_of_clock(filters.instant(end, zone.key), end, zone))


def _of_clock(words: str, at: datetime, zone: ZoneInfo) -> str:
    """The words of an instant; in the hour that autumn repeats they say which of the two it is."""
    local = at.astimezone(zone)
    if local.utcoffset() == local.replace(fold=1 - local.fold).utcoffset():
        return words
    return _("%(at)s (heure d’hiver)", at=words) if local.fold else _("%(at)s (heure d’été)", at=words)


def _first_day(start: datetime, zone: ZoneInfo) -> str:
    """The day since which something lasts, when its hour says nothing; else empty.

    An order is in force from a midnight. The national base wrote that midnight with the offset of winter, or of the
    day of the import, all year: an hour too early or too late is the same midnight.
    """
    near = start.astimezone(zone) + timedelta(hours=1)
    if near.minute or near.second or near.microsecond or near.hour > 2:
        return ""
    return filters.short_day(near.date())


def days_words(weekdays: Iterable[Weekday]) -> str:
    """« du lundi au samedi », « le mardi et le jeudi »; empty for every day."""
    days = sorted(weekdays)
    if not days or len(days) == 7:
        return ""
    if len(days) > 2 and days[-1] - days[0] == len(days) - 1:
        return _("du %(first)s au %(last)s", first=str(DAYS[days[0]]), last=str(DAYS[days[-1]]))
    return join_words(_("le %(day)s", day=str(DAYS[day])) for day in days)


def days_with_holidays_words(weekdays: Iterable[Weekday], holidays: HolidayRule) -> str:
    """The days as `days_words`, with what public holidays do to them; empty for every day of the year."""
    days = days_words(weekdays)
    match holidays:
        case HolidayRule.EXCEPTED:
            return _("%(days)s, sauf les jours fériés", days=days or _("tous les jours"))
        case HolidayRule.ALSO if days:
            return _("%(days)s et les jours fériés", days=days)
        case HolidayRule.ONLY:
            return _("les jours fériés")
    return days


_MIDNIGHT = time(0)


def slots_words(slots: Iterable[TimeSlot]) -> str:
    """« de 07:00 à 10:00 et de 16:30 à 19:00 »; a slot past midnight says so."""
    return join_words(
        _("de %(start)s à %(end)s (le lendemain)", start=f"{slot.start:%H:%M}", end=f"{slot.end:%H:%M}")
        if slot.ends_next_day and slot.end not in {slot.start, _MIDNIGHT}
        else _(
            "de %(start)s à %(end)s",
            start=f"{slot.start:%H:%M}",
            end="24:00" if slot.end == _MIDNIGHT else f"{slot.end:%H:%M}",
        )
        for slot in slots
    )


def period_words(period: Period, zone: ZoneInfo) -> str:
    """When a period applies: bounds, then days and hours."""
    days = days_with_holidays_words(period.weekdays, period.holidays)
    parts = [span_words(period.start, period.end, zone), days, slots_words(period.slots)]
    return ", ".join(part for part in parts if part)


def hours_words(hours: Iterable[DeliveryHours]) -> str:
    """The hours of a bay."""
    return " ; ".join(
        ", ".join(
            part
            for part in (
                days_with_holidays_words(entry.weekdays, entry.holidays) or _("tous les jours"),
                slots_words(entry.slots),
            )
            if part
        )
        for entry in hours
    )


def criterion_words(criterion: Criterion) -> str:
    """Whom a criterion designates: « véhicules de plus de 3,5 t »."""
    match criterion:
        case Over(size, limit):
            return _over_words(size, limit)
        case AirClassIn(classes):
            named = [_("sans vignette") if item is AirClass.NONE else item.value for item in sorted(classes)]
            return _("véhicules Crit’Air %(classes)s", classes=join_words(named))
        case CarriesHazmat():
            return _("transports de matières dangereuses")
        case UsedFor(usage):
            return str(USAGES[usage])
        case HasAccess(access):
            return str(ACCESSES[access])
        case IsRoadUser(road_user):
            return str(ROAD_USERS[road_user])
        case FreeText(text):
            return f"«\u00a0{text}\u00a0»"


def _over_words(size: Size, limit: int) -> str:
    match size:
        case Size.GROSS_WEIGHT:
            return _("véhicules de plus de %(limit)s de PTAC", limit=filters.tonnes(limit))
        case Size.AXLE_LOAD:
            return _("véhicules de plus de %(limit)s à l’essieu", limit=filters.tonnes(limit))
        case Size.HEIGHT:
            return _("véhicules de plus de %(limit)s de haut", limit=filters.metres(limit))
        case Size.WIDTH:
            return _("véhicules de plus de %(limit)s de large", limit=filters.metres(limit))
        case Size.LENGTH:
            return _("véhicules de plus de %(limit)s de long", limit=filters.metres(limit))
        case Size.FOOTPRINT:
            return _("véhicules de plus de %(limit)s m² au sol", limit=round(limit / 10_000))


def vehicles_words(rule: VehicleRule) -> str:
    """For whom, except for whom: « pour les véhicules de plus de 3,5 t de PTAC, sauf desserte locale »."""
    bound = join_words((criterion_words(c) for c in rule.applies_to), _("ou"))
    whom = _("pour les %(whom)s", whom=bound) if bound else _("pour tous les véhicules")
    freed = join_words((criterion_words(c) for c in rule.except_), _("et"))
    return _("%(whom)s, sauf %(exceptions)s", whom=whom, exceptions=freed) if freed else whom


def place_words(location: MeasureLocation) -> str:
    """Where a measure applies; a direction is said when it is not both."""
    label = location.label or _("emprise tracée")
    if location.direction is Direction.BOTH:
        return label
    return _("%(place)s (%(direction)s)", place=label, direction=str(DIRECTIONS[location.direction]))


def measure_words(kind: MeasureType, max_speed_kmh: int | None) -> str:
    """What is regulated."""
    if kind is MeasureType.SPEED_LIMIT and max_speed_kmh is not None:
        return _("Vitesse limitée à %(speed)s km/h", speed=max_speed_kmh)
    return str(MEASURES[kind])


def measure_sentence(measure: MeasureDraft, zone: ZoneInfo) -> str:
    """A measure in one sentence: what, where, when, for whom, except for whom."""
    shown = [place_words(location) for location in measure.locations[:3]]
    rest = len(measure.locations) - 3
    if rest > 0:
        shown.append(ngettext("%(num)d autre lieu", "%(num)d autres lieux", rest))
    where = join_words(shown) or _("lieu non précisé")
    when = " ; ".join(period_words(period, zone) for period in measure.periods) or _("période non précisée")
    return _(
        "%(what)s : %(where)s, %(when)s, %(whom)s.",
        what=measure_words(measure.type, measure.max_speed_kmh),
        where=where,
        when=when,
        whom=vehicles_words(measure.vehicles),
    )
