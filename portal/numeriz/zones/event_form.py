"""The form of an event: its name, its programme, the margins around it, and who enters, by colour."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _l
from wtforms import Form, FormField, RadioField, SelectField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.widgets import CheckboxInput, ListWidget

from portal.common.errors import Invalid
from portal.numeriz.words import POLICIES, USAGES
from portal.numeriz.zones import calendar
from portal.numeriz.zones.dates import minutes_text, read_minutes
from portal.numeriz.zones.queries import EventView
from portal.numeriz.zones.stepped import DatedForm, complain, read_name
from portal.regulations.perimeters import AccessPolicy, Activation, Colour, Motorised, default_policy
from portal.regulations.vehicles import Usage, UsedFor
from portal.web.forms import Needed

NOTICE_LENGTH = 300
_USUAL, _RACE, _OWN = "usual", "race", "own"
_EXEMPTED = (
    Usage.EMERGENCY,
    Usage.POLICE,
    Usage.PUBLIC_TRANSPORT,
    Usage.TAXI,
    Usage.ROADWORKS,
    Usage.CITY_LOGISTICS,
)


class PolicyForm(Form):
    """Who enters the zones of one colour."""

    motorised = SelectField(_l("Véhicules à moteur"), [Needed()], validate_choice=False)
    allowed = SelectMultipleField(
        _l("Véhicules que la règle ne concerne pas"),
        choices=[SelectChoice(usage.value, USAGES[usage]) for usage in _EXEMPTED],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
        validate_choice=False,
    )
    notice = StringField(
        _l("Consigne affichée"), description=_l("Par exemple l’entrée à prendre, le contact sur place.")
    )

    def dress(self, colour: Colour) -> None:
        """Offer the rules, the usual one of the colour first."""
        usual = default_policy(colour).motorised
        self.motorised.choices = [
            SelectChoice(usual.value, _l("Règle usuelle\u00a0: %(rule)s", rule=POLICIES[usual])),
            *(SelectChoice(rule.value, POLICIES[rule]) for rule in Motorised if rule is not usual),
        ]

    def show(self, policy: AccessPolicy) -> None:
        """Fill in a policy."""
        self.motorised.data = policy.motorised.value
        self.allowed.data = [c.usage.value for c in policy.vehicles_allowed if isinstance(c, UsedFor)]
        self.notice.data = policy.notice

    def read(self, before: AccessPolicy) -> AccessPolicy:
        """The policy; criteria that this form does not offer stay. Raises Invalid(`notice-too-long`)."""
        notice = " ".join((self.notice.data or "").split())
        if len(notice) > NOTICE_LENGTH:
            raise Invalid("notice-too-long", "notice", most=NOTICE_LENGTH)
        offered = {UsedFor(usage) for usage in _EXEMPTED}
        ticked = set(self.allowed.data or ())
        kept = tuple(c for c in before.vehicles_allowed if c not in offered or c.usage.value in ticked)
        added = tuple(UsedFor(u) for u in _EXEMPTED if u.value in ticked and UsedFor(u) not in kept)
        rule = self.motorised.data
        motorised = Motorised(rule) if rule in set(Motorised) else before.motorised
        return AccessPolicy(motorised, (*kept, *added), notice)


class EventForm(DatedForm):
    """An event: its name, what takes place when, the margins around it, and who enters, by colour."""

    name = StringField(_l("Nom de la manifestation"), [Needed()])
    margins = RadioField(
        _l("Les zones sont actives"),
        [Needed()],
        choices=[
            SelectChoice(_USUAL, _l("de 2 h 30 avant la première séance du jour à 1 h après la dernière")),
            SelectChoice(_RACE, _l("de 3 h avant à 1 h après (course sur route)")),
            SelectChoice(_OWN, _l("avec d’autres marges\u00a0:")),
        ],
        default=_USUAL,
        validate_choice=False,
    )
    before = StringField(_l("Avant la première séance"), description=_l("Par exemple 2 h 30."))
    after = StringField(_l("Après la dernière séance"), description=_l("Par exemple 1 h."))
    blue = FormField(PolicyForm)
    red = FormField(PolicyForm)
    grey = FormField(PolicyForm)
    black = FormField(PolicyForm)
    white = FormField(PolicyForm)

    def __init__(self, event: EventView | None, zone: ZoneInfo, **options: Any) -> None:
        super().__init__(**options)
        self.event = event
        self.zone = zone
        for colour in Colour:
            self[colour.value].form.dress(colour)
        if not self.is_submitted():
            self._show(event)

    def _show(self, event: EventView | None) -> None:
        self.revision.data = str(event.revision if event else 0)
        margins = (
            (event.before_min, event.after_min) if event else (calendar.USUAL_BEFORE_MIN, calendar.USUAL_AFTER_MIN)
        )
        known = {
            (calendar.USUAL_BEFORE_MIN, calendar.USUAL_AFTER_MIN): _USUAL,
            (calendar.RACE_BEFORE_MIN, calendar.USUAL_AFTER_MIN): _RACE,
        }
        self.margins.data = known.get(margins, _OWN)
        self.before.data, self.after.data = (minutes_text(minutes) for minutes in margins)
        for colour in Colour:
            self[colour.value].form.show(self._policy(colour))
        sessions = event.sessions if event else ()
        self.show_spans([Activation(session.start, session.end) for session in sessions], self.zone)
        if event:
            self.name.data = event.name

    def _policy(self, colour: Colour) -> AccessPolicy:
        own = self.event.policies.get(colour) if self.event else None
        return own or default_policy(colour)

    def is_own(self, colour: Colour) -> bool:
        """Tell whether a colour has another policy than the usual one, or is at fault: its panel is then open."""
        form = self[colour.value].form
        return bool(form.errors) or self._policy(colour) != default_policy(colour)

    def read(self) -> tuple[str, list[calendar.Session], int, int, dict[Colour, AccessPolicy]] | None:
        """What the form says; None when something is at fault, which then says so."""
        spans = self.read_spans(self.zone, endless=False)
        policies: dict[Colour, AccessPolicy] = {}
        found: list[Any] = []
        for read in (lambda: read_name(self.name.data), self._margins):
            try:
                found.append(read())
            except Invalid as error:
                self.refuse(error)
        for colour in Colour:
            form = self[colour.value].form
            try:
                policies[colour] = form.read(self._policy(colour))
            except Invalid as error:
                complain(form[error.field or "motorised"], error)
        if spans is None or len(found) < 2 or len(policies) < len(Colour):
            return None
        sessions = [calendar.Session(span.start, span.end) for span in spans if span.end is not None]
        return found[0], sessions, *found[1], policies

    def _margins(self) -> tuple[int, int]:
        if self.margins.data == _RACE:
            return calendar.RACE_BEFORE_MIN, calendar.USUAL_AFTER_MIN
        if self.margins.data == _OWN:
            return read_minutes(self.before.data or "", "before"), read_minutes(self.after.data or "", "after")
        return calendar.USUAL_BEFORE_MIN, calendar.USUAL_AFTER_MIN
