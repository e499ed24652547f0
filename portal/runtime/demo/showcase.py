"""One of each thing a visitor looks for, beside the crowd of requests: a rule at work, a draft, a question, a pass held
back, scans of the last hours.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import typst
from flask import Flask

from portal.cirqliz import api as cirqliz
from portal.cirqliz.control.looks import Look, Sent, receive_looks
from portal.cirqliz.decisions.claims import ask_information
from portal.cirqliz.decisions.commands import AskInformation
from portal.cirqliz.passes.keys import key_ring
from portal.cirqliz.passes.queries import PassView
from portal.cirqliz.requests.documents import add_to_request
from portal.cirqliz.requests.drafts import save_draft
from portal.cirqliz.rules.conditions import Condition, Kind
from portal.cirqliz.rules.policies import RuleValues
from portal.cirqliz.rules.services import add_rule
from portal.cirqliz.rules.settings import AccessValues, access_settings, change_access_settings
from portal.cirqliz.states import RuleOutcome
from portal.cirqliz.tokens import open_token
from portal.common.actor import Actor
from portal.common.clock import FixedClock
from portal.common.ids import new_id
from portal.fleet import api as fleet
from portal.fleet import services as vehicles
from portal.fleet.drafts import VehicleDraft
from portal.numeriz.api import law_snapshot
from portal.runtime.demo.jobs import run_waiting_jobs
from portal.runtime.demo.people import DemoCompany
from portal.territories.api import TerritoryView
from portal.territories.demo_town.law_event import PERMANENT_NAME, event_of
from portal.web.typeset import FONT

REGULATED = "Stade de l’Orle, circulation régulée"
_PLACES = ("Quai des urgences", "Rond-point de l’Hôpital")
_LOOKS = 36
_SCANNED = 6
_PAPER = f"""
#set document(title: "Bon de commande")
#set page(width: 148mm, height: 105mm, margin: 15mm)
#set text(font: "{FONT}", size: 11pt, lang: "fr")
= Bon de commande
Gerbes et couronnes pour la cérémonie d’ouverture. \\
À livrer au stade de l’Orle, porte C, avant 10 h. \\
Contact sur place : régie des accueils.
"""


@dataclass(frozen=True, slots=True)
class _Stage:
    app: Flask
    territory: TerritoryView
    staff: Mapping[str, Actor]
    today: date

    @property
    def clerk(self) -> Actor:
        return self.staff["agent"]

    def at(self, day: date, hour: int) -> datetime:
        return datetime.combine(day, time(hour), ZoneInfo(self.territory.timezone))

    def perimeter(self, name: str) -> str:
        """The id of a perimeter of the town, in the law."""
        return next(one.id for one in law_snapshot(self.territory.id).perimeters.values() if one.name == name)

    def ask(
        self,
        company: DemoCompany,
        chosen: Iterable[fleet.VehicleView],
        perimeter: str,
        reason: str,
        window: tuple[datetime, datetime],
        filed_at: datetime,
    ) -> UUID:
        """File a request for a perimeter by its name, without a tour, and let it become ready."""
        command = cirqliz.SubmitRequest(
            territory_id=self.territory.id,
            vehicle_ids=frozenset(vehicle.id for vehicle in chosen),
            starts_at=window[0],
            ends_at=window[1],
            stops=(),
            reason=reason,
            form_key=str(new_id()),
            perimeter_ids=frozenset({self.perimeter(perimeter)}),
        )
        request_id = cirqliz.submit_request(company.owner, company.id, command, clock=FixedClock(filed_at))
        run_waiting_jobs(self.app)
        return request_id

    def state(self, request_id: UUID) -> cirqliz.RequestState:
        return cirqliz.get_request_of_territory(self.territory.id, request_id).state


def make_showcase(
    app: Flask,
    territory: TerritoryView,
    companies: Sequence[DemoCompany],
    staff: Mapping[str, Actor],
    today: date,
    dice: random.Random,
) -> None:
    """Add them through the services; the florist and the wholesaler have the most to look at."""
    stage = _Stage(app, territory, staff, today)
    florist, wholesaler = companies[0], companies[1]
    _keep_draft(stage, florist)
    _ask_something(stage, florist)
    _rule_at_work(stage, companies)
    _scan(stage, wholesaler, dice)


def _match_day(stage: _Stage) -> tuple[datetime, datetime]:
    """The morning of the second day of the event, when the stadium's perimeters are active."""
    day = event_of(stage.today).first_day + timedelta(days=1)
    return stage.at(day, 9), stage.at(day, 15)


def _keep_draft(stage: _Stage, company: DemoCompany) -> None:
    start, end = _match_day(stage)
    typed = {
        "territory": [stage.territory.slug],
        "vehicles": [str(fleet.list_vehicles(company.id)[0].id)],
        "starts_on": [start.date().isoformat()],
        "starts_time": [start.strftime("%H:%M")],
        "ends_on": [end.date().isoformat()],
        "ends_time": [end.strftime("%H:%M")],
        "perimeters": [stage.perimeter(REGULATED)],
        "reason": ["Bouquets du vin d’honneur : l’heure reste à confirmer par la mairie."],
    }
    save_draft(company.owner, company.id, stage.territory.id, "demo", typed)


def _ask_something(stage: _Stage, company: DemoCompany) -> None:
    """A request with a document, about which the clerk asks something."""
    filed_at = datetime.now(UTC) - timedelta(hours=5)
    reason = "Livrer les gerbes de la cérémonie d’ouverture."
    chosen = fleet.list_vehicles(company.id)[:1]
    request_id = stage.ask(company, chosen, "Stade de l’Orle, abords", reason, _match_day(stage), filed_at)
    at = FixedClock(filed_at + timedelta(minutes=3))
    add_to_request(company.owner, company.id, request_id, "bon-de-commande.pdf", order_form_pdf(), clock=at)
    seen = cirqliz.get_request_of_territory(stage.territory.id, request_id)
    question = AskInformation(request_id, seen.version, "À quelle porte du stade déchargez-vous, et combien de temps ?")
    later = FixedClock(filed_at + timedelta(hours=2))
    ask_information(stage.clerk, stage.territory.slug, question, clock=later)


def order_form_pdf() -> bytes:
    """Return a small document as a company would attach it."""
    made = typst.Compiler(ignore_system_fonts=True).compile(input=_PAPER.encode(), format="pdf", timestamp=0)
    if not isinstance(made, bytes):
        raise TypeError("one document makes one file")
    return made


def _rule_at_work(stage: _Stage, companies: Sequence[DemoCompany]) -> None:
    """A rule, its first approval held for a person to look at, then two it gives by itself, one of them held back."""
    conditions = (
        Condition(Kind.COLOURS, ("blue",)),
        Condition(Kind.COMPANY_VERIFIED),
        Condition(Kind.CATEGORIES, ("N1", "N2")),
    )
    supervisor, slug = stage.staff["superviseur"], stage.territory.slug
    values = RuleValues("Bleu, entreprise vérifiée, N1 ou N2", conditions, RuleOutcome.APPROVE)
    add_rule(supervisor, slug, values)
    usual = access_settings(stage.territory.id).sample_percent
    _set_sample(stage, 100)
    _regulated(stage, companies[0], _vans(companies[0])[0])
    # The draw follows the number of the request, which no two demonstrations share.
    _set_sample(stage, 0)
    _approved_by_rule(stage, companies)
    _hold_back(stage, companies[1])
    _set_sample(stage, usual)


def _set_sample(stage: _Stage, percent: int) -> None:
    now = access_settings(stage.territory.id)
    wanted = AccessValues(
        sample_percent=percent,
        appeal_days=now.appeal_days,
        undo_min=now.undo_min,
        asks_driver_name=now.asks_driver_name,
        sync_hours=now.sync_hours,
        scan_retention_days=now.scan_retention_days,
    )
    change_access_settings(stage.staff["superviseur"], stage.territory.slug, wanted, now.version)


def _regulated(stage: _Stage, company: DemoCompany, van: fleet.VehicleView) -> UUID:
    reason = "Livrer les commerces du quartier du stade."
    return stage.ask(company, [van], REGULATED, reason, _match_day(stage), datetime.now(UTC))


def _vans(company: DemoCompany) -> list[fleet.VehicleView]:
    return [one for one in fleet.list_vehicles(company.id) if one.category is fleet.Category.N1]


def _approved_by_rule(stage: _Stage, companies: Sequence[DemoCompany]) -> UUID:
    """A request that the rule approves: one refused by a person before waits instead."""
    for company in companies:
        for van in _vans(company):
            request_id = _regulated(stage, company, van)
            if stage.state(request_id) is cirqliz.RequestState.APPROVED:
                return request_id
    raise RuntimeError("the rule of the demonstration approves nothing")


def _hold_back(stage: _Stage, company: DemoCompany) -> None:
    """A vehicle that turns out heavier than its pass was given for."""
    request_id = _approved_by_rule(stage, [company])
    (given,) = cirqliz.list_passes_of_request(request_id)
    van = fleet.get_vehicle(company.id, given.vehicle_id)
    draft = VehicleDraft(
        plate=fleet.read_plate(van.plate_display),
        category=van.category,
        label=van.label,
        gross_weight_kg=van.gross_weight_kg,
        height_cm=van.height_cm,
        width_cm=van.width_cm,
        length_cm=van.length_cm,
        energy=van.energy,
        air_class=van.air_class,
    )
    heavier = replace(draft, category=fleet.Category.N2, gross_weight_kg=7500)
    vehicles.update_vehicle(company.owner, company.id, van.id, heavier, van.version)


def _scan(stage: _Stage, company: DemoCompany, dice: random.Random) -> None:
    """Passes valid since yesterday, one of them taken back this morning, and what an agent's phone saw of them."""
    now = datetime.now(UTC)
    window = stage.at(stage.today - timedelta(days=1), 5), stage.at(stage.today + timedelta(days=1), 20)
    filed_at = window[0] - timedelta(days=2)
    reason = "Tournée des cuisines de l’hôpital."
    chosen = [one for one in fleet.list_vehicles(company.id) if one.category is fleet.Category.N1][1 : 1 + _SCANNED]
    request_id = stage.ask(company, chosen, PERMANENT_NAME, reason, window, filed_at)
    seen = cirqliz.get_request_of_territory(stage.territory.id, request_id)
    yes = cirqliz.Answer(cirqliz.VehicleDecision.APPROVED)
    decided = FixedClock(filed_at + timedelta(hours=6))
    cirqliz.decide_request(
        stage.clerk, stage.territory.slug, cirqliz.DecideRequest(request_id, seen.version, yes), clock=decided
    )
    given = cirqliz.list_passes_of_request(request_id)
    taken_back, revoked_at = given[0], now - timedelta(hours=3)
    cirqliz.revoke_pass(
        stage.clerk,
        stage.territory.slug,
        taken_back.id,
        cirqliz.RevocationReason.MISUSE,
        clock=FixedClock(revoked_at),
    )
    agent = stage.staff["controle"]
    assert agent.user_id is not None
    looks = [_look(one, now, taken_back.id, revoked_at, dice) for one in _seen(given, dice)]
    receive_looks(agent, stage.territory.slug, Sent(agent.user_id, now, looks))


def _seen(given: Sequence[PassView], dice: random.Random) -> Iterable[PassView | None]:
    """What was shown at the roadside: mostly real passes, now and then a code that nobody signed (None)."""
    return [dice.choice(given) if dice.random() < 0.92 else None for _ in range(_LOOKS)]


def _look(one: PassView | None, now: datetime, taken_back: UUID, revoked_at: datetime, dice: random.Random) -> Look:
    at = now - timedelta(minutes=dice.uniform(5, 11 * 60))
    place = dice.choice(_PLACES)
    if one is None:
        return Look(new_id(), at, None, "forged", place)
    token_id = open_token(key_ring(), one.token).token_id
    revoked = one.id == taken_back and at >= revoked_at
    begun = at >= one.valid_from
    return Look(new_id(), at, token_id, "revoked" if revoked else "valid" if begun else "not_yet", place)
