"""One small world with two of everything, for the matrix of every route, every role, own and foreign objects."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Flask
from sqlalchemy import select

from portal.accounts.commands import CompanyDetails, NewCompany, NewPerson
from portal.accounts.models import Invitation, Registration
from portal.accounts.services.invitations import Offer, open_invitation
from portal.accounts.services.registration import register
from portal.accounts.tokens import registration_token, reset_token
from portal.cirqliz.control.looks import Look, Sent, receive_looks
from portal.cirqliz.control.receipts import make_receipt
from portal.cirqliz.decisions.batches.services import prepare_batch
from portal.cirqliz.decisions.commands import Answer, DecideRequest, PrepareBatch
from portal.cirqliz.decisions.saved_views import save_view
from portal.cirqliz.decisions.services import decide_request
from portal.cirqliz.models import AccessPass
from portal.cirqliz.passes.links import pass_key
from portal.cirqliz.passes.queries import get_pass
from portal.cirqliz.passes.sheets import ask_sheet
from portal.cirqliz.ports import PlannedTour
from portal.cirqliz.requests.commands import SubmitRequest
from portal.cirqliz.requests.documents import add_to_request
from portal.cirqliz.requests.drafts import save_draft
from portal.cirqliz.requests.queries import get_request
from portal.cirqliz.requests.services import submit_request
from portal.cirqliz.rules.conditions import Condition, Kind
from portal.cirqliz.rules.policies import RuleValues
from portal.cirqliz.rules.services import add_rule
from portal.cirqliz.states import RuleOutcome, VehicleDecision
from portal.common.actor import Actor, ActorKind, CompanyRole, StaffRole
from portal.common.clock import SYSTEM_CLOCK
from portal.common.ids import new_id
from portal.db import session, unit_of_work
from portal.files import file_store
from portal.fleet.api import start_import
from portal.fleet.bulk import BulkChange, Choice, chosen_vehicles, plan_change
from portal.fleet.bulk_services import change_vehicles, last_edit
from portal.fleet.loans.services import offer_loan
from portal.itineriz.addresses.results import encode
from portal.itineriz.models import AddressCheck, CheckStatus
from portal.itineriz.places.services import PlaceDraft, save_place
from portal.itineriz.places.uploads import start_upload
from portal.itineriz.services import CreateRoute, create_route
from portal.itineriz.sharing import write_link
from portal.itineriz.trip import Stop
from portal.numeriz.bays.photos import set_photo
from portal.numeriz.bays.suspending import Suspending, suspend_bay
from portal.numeriz.feeds.presets import PRESETS
from portal.numeriz.feeds.register import add_feed
from portal.numeriz.models import DeliveryBay, ImportReport, PerimeterRow, TrafficOrder
from portal.numeriz.writing import start_work
from portal.numeriz.zones.edits import plan_adoption
from portal.numeriz.zones.plans import carry_out
from portal.regulations.perimeters import Colour
from portal.territories.api import get_territory
from portal.territories.queries import TerritoryView
from portal.visualiz.alerts.areas import Area
from portal.visualiz.alerts.links import token_of
from portal.visualiz.alerts.models import AlertSubscription
from portal.visualiz.alerts.services import ask_alert
from portal.wiring import LawfulTours
from tests.factories.accounts import MadeUser, make_company, make_member, make_staff, make_user, valid_siret
from tests.factories.cirqliz import INSIDE_RED, OUTSIDE, make_vehicle
from tests.factories.law import bay_draft, make_law, order_draft, perimeter_draft, square
from tests.factories.papers import png_paper
from tests.factories.territories import make_territory
from tests.support.written import written

RunJobs = Callable[[Flask], int]


class ToursWithoutGraph(LawfulTours):
    """The real planner where nothing needs a graph; this world has none, so its tours are said to be lawful."""

    def compute(self, route_id: UUID) -> PlannedTour:
        return PlannedTour("ok", (), 4200.0, 900.0)

    def store(self, route_id: UUID, tour: PlannedTour) -> None:
        """Leave the route as it was filed."""


@dataclass(frozen=True, slots=True)
class Side:
    """A company and a territory with everything that hangs on them; ids by the name of the URL parameter.

    of_company and of_territory hold what both have (invitations, accounts), objects the rest.
    """

    company_id: UUID
    territory: str
    objects: Mapping[str, Any]
    of_company: Mapping[str, Any]
    of_territory: Mapping[str, Any]
    ready_version: int


@dataclass
class MatrixWorld:
    """own: the company and territory of the people; foreign: another company in another territory."""

    own: Side
    foreign: Side
    people: dict[str, MadeUser] = field(default_factory=dict)
    company_roles: dict[str, CompanyRole] = field(default_factory=dict)
    staff_roles: dict[str, StaffRole] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)


def make_matrix_world(app: Flask, run_jobs: RunJobs) -> MatrixWorld:
    """Make the world by factories and real services; its people are in `people`, by role."""
    app.extensions["tour_planner"] = ToursWithoutGraph()
    world = MatrixWorld(_make_side(app, run_jobs, "ici"), _make_side(app, run_jobs, "ailleurs"))
    for role in CompanyRole:
        _member(world, role.value, world.own.company_id, role)
    _member(world, "stranger", world.foreign.company_id, CompanyRole.OWNER)
    for staff_role in StaffRole:
        _staff(world, staff_role.value, world.own.territory, staff_role)
    _staff(world, "clerk elsewhere", world.foreign.territory, StaffRole.CLERK)
    world.people["platform admin"] = make_user(platform_admin=True)
    world.people["nobody"] = make_user()
    world.tokens = _tokens(world)
    return world


def _member(world: MatrixWorld, name: str, company_id: UUID, role: CompanyRole) -> None:
    world.people[name] = user = make_user()
    make_member(user, _Identified(company_id), role)
    world.company_roles[name] = role


def _staff(world: MatrixWorld, name: str, slug: str, role: StaffRole) -> None:
    world.people[name] = user = make_user()
    make_staff(user, slug, role)
    world.staff_roles[name] = role


@dataclass(frozen=True, slots=True)
class _Identified:
    id: UUID


def _make_side(app: Flask, run_jobs: RunJobs, slug: str) -> Side:
    territory = make_territory(slug)
    day = (SYSTEM_CLOCK.now() + timedelta(days=2)).replace(hour=0, minute=0, second=0, microsecond=0)
    spans = [((day + timedelta(hours=5)).isoformat(), (day + timedelta(hours=14)).isoformat())]
    make_law(
        territory,
        perimeters=[perimeter_draft("Course du canal", Colour.RED, square(2.360, 48.860), spans)],
        orders=[order_draft()],
        bays=[bay_draft()],
    )
    company, owner, colleague, agent = make_company(), make_user(), make_user(), make_user()
    make_member(owner, company)
    make_member(colleague, company, CompanyRole.DRIVER)
    make_staff(agent, territory, StaffRole.CONTROL_AGENT)
    make_staff(make_user(), territory, StaffRole.ADMINISTRATOR)
    vehicle_id = make_vehicle(company.id)
    actor = Actor(ActorKind.USER, owner.full_name, owner.id, companies={company.id: CompanyRole.OWNER})
    clerk = Actor(ActorKind.USER, "Colette", agent.id, staff={slug: frozenset({StaffRole.CLERK})})
    import_id = start_import(actor, company.id, "flotte.csv", b"Immatriculation;PTAC\nAA-111-BB;3500\nnon;3500\n")
    approved = _request(app, run_jobs, actor, company.id, territory, vehicle_id, day)
    version = get_request(company.id, approved).version
    decide_request(clerk, slug, DecideRequest(approved, version, Answer(VehicleDecision.APPROVED), None))
    held = _request(app, run_jobs, actor, company.id, territory, vehicle_id, day)
    batch = PrepareBatch({held: get_request(company.id, held).version}, Answer(VehicleDecision.APPROVED), "a preview")
    ready = _request(app, run_jobs, actor, company.id, territory, vehicle_id, day)
    seen = get_request(company.id, ready)
    offers = (
        Offer("invitee@exemple.fr", company.name, company.id, CompanyRole.DRIVER),
        Offer("agent@exemple.fr", territory.name, territory_id=territory.id, staff_role=StaffRole.CLERK),
    )
    return Side(
        company.id,
        slug,
        objects={
            "request_id": ready,
            "pass_id": _pass_of(approved),
            "look_id": _look(agent.id, slug),
            "batch_id": prepare_batch(clerk, slug, batch),
            "view_id": save_view(clerk, slug, "Les rouges", {"couleur": "red"}),
            "sheet_id": ask_sheet(actor, company.id, "fr"),
            "vehicle_id": vehicle_id,
            "import_id": import_id,
            "row_number": 3,
            **_of_requests(actor, company.id, territory.id, ready),
            **_of_fleet(actor, company.id, vehicle_id),
            **_of_bays(clerk, territory.id),
            **_of_itineriz(app, run_jobs, actor, company.id, territory),
            "rule_id": _rule(slug),
            "order_id": _one_of(TrafficOrder, territory.id),
            "city_event_id": _city_event(clerk, territory.id),
            "work_id": start_work(clerk, territory.id, document=written()),
            "at": 1,
            "place": 1,
            "perimeter_id": _one_of(PerimeterRow, territory.id),
            "report_id": _one_of(ImportReport, territory.id),
            "feed_id": add_feed(clerk, territory.id, PRESETS[0].feed(), hosts=frozenset({"dialog.beta.gouv.fr"})),
        },
        of_company={"account_id": colleague.id, "invitation_id": _invite(offers[0], actor)},
        of_territory={"account_id": agent.id, "invitation_id": _invite(offers[1], clerk)},
        ready_version=seen.version,
    )


def _of_bays(clerk: Actor, territory_id: UUID) -> dict[str, UUID]:
    """A bay with a photo, out of use from tomorrow on."""
    bay_id = _one_of(DeliveryBay, territory_id)
    set_photo(clerk, territory_id, bay_id, png_paper())
    start = SYSTEM_CLOCK.now() + timedelta(days=1)
    span = Suspending(start, start + timedelta(days=2), "Travaux")
    return {"bay_id": bay_id, "suspension_id": suspend_bay(clerk, territory_id, bay_id, span)}


def _city_event(clerk: Actor, territory_id: UUID) -> UUID:
    """The event of the one perimeter, taken over."""
    plan = plan_adoption(territory_id, "Course du canal 2024")
    carry_out(clerk, territory_id, plan)
    return plan.event_id


def _of_requests(actor: Actor, company_id: UUID, territory_id: UUID, request_id: UUID) -> dict[str, UUID]:
    """A draft that holds little, and a document of a request."""
    return {
        "draft_id": save_draft(actor, company_id, territory_id, str(new_id()), {"reason": ["Livrer"]}),
        "document_id": add_to_request(actor, company_id, request_id, "bon.png", png_paper()),
    }


def _of_fleet(actor: Actor, company_id: UUID, vehicle_id: UUID) -> dict[str, UUID]:
    """A loan that waits for the answer of nobody registered, and a change of several vehicles."""
    start = SYSTEM_CLOCK.now() + timedelta(days=300)
    loan_id = offer_loan(actor, company_id, vehicle_id, valid_siret(7_000_000), start, start + timedelta(days=2))
    choice, change = Choice((vehicle_id,)), BulkChange({}, "Matrice")
    plan = plan_change(chosen_vehicles(company_id, choice), change)
    change_vehicles(actor, company_id, choice, change, plan.fingerprint)
    edit = last_edit(company_id)
    assert edit is not None
    return {"loan_id": loan_id, "edit_id": edit.id}


def _of_itineriz(
    app: Flask, run_jobs: RunJobs, actor: Actor, company_id: UUID, territory: TerritoryView
) -> dict[str, UUID]:
    """A tour that waits, a saved place, a day of stops that was read, a check of one address that was made."""
    west, south, _east, _north = territory.bounds or (0.0, 0.0, 0.0, 0.0)
    lon, lat = west + 0.001, south + 0.001
    day = f"Nom;Position\nDépôt;{lon}, {lat}\nMarché;{lon}, {lat}\n".encode()
    upload_id = start_upload(actor, company_id, territory.id, "jour.csv", day)
    run_jobs(app)
    address = {"number": 2, "name": "", "text": "ici", "label": "ici", "lon": lon, "lat": lat, "score": 1.0}
    address |= {"doubt": None, "alternatives": [], "street": "", "answer": 0, "verdict": "open"}
    answer = {"verdict": "open", "spans": [], "reasons": [], "passes": []}
    check = AddressCheck(
        id=new_id(),
        company_id=company_id,
        territory_id=territory.id,
        vehicle={},
        passes=[],
        week_start=SYSTEM_CLOCK.now().date(),
        status=CheckStatus.DONE,
        address_count=1,
        counts={"open": 1},
        input_key=file_store().put("address-texts", b"ici"),
        result_key=file_store().put("address-results", encode([answer], [address])),
        created_at=SYSTEM_CLOCK.now(),
    )
    with unit_of_work() as uow:
        uow.session.add(check)
        check_id = check.id
    place_id = save_place(company_id, PlaceDraft(territory.id, "Dépôt", "1 quai de la Gare", lon, lat))
    start = SYSTEM_CLOCK.now() + timedelta(days=2)
    stops = (Stop(lon, lat, "Dépôt"), Stop(lon, lat, "Marché"))
    tour = CreateRoute(territory.id, company_id, stops, start, {"gvw_t": 3.5})
    route_id = create_route(actor, tour, enqueue_job=False)
    return {"route_id": route_id, "place_id": place_id, "upload_id": upload_id, "check_id": check_id}


def _request(
    app: Flask,
    run_jobs: RunJobs,
    actor: Actor,
    company_id: UUID,
    territory: TerritoryView,
    vehicle_id: UUID,
    day: datetime,
) -> UUID:
    """File a request and have its tour computed: a clerk can answer it."""
    command = SubmitRequest(
        territory_id=territory.id,
        vehicle_ids=frozenset([vehicle_id]),
        starts_at=day + timedelta(hours=7),
        ends_at=day + timedelta(hours=12),
        stops=(OUTSIDE, INSIDE_RED),
        reason="Livrer le marché",
        form_key=str(new_id()),
    )
    request_id = submit_request(actor, company_id, command)
    run_jobs(app)
    return request_id


def _rule(slug: str) -> UUID:
    """A rule that no request of this world meets, so that they wait for a clerk."""
    chief = Actor(ActorKind.USER, "Sam", staff={slug: frozenset({StaffRole.SUPERVISOR})})
    first = RuleValues("Beaucoup d’avance", (Condition(Kind.AHEAD_AT_LEAST, number=300),), RuleOutcome.APPROVE)
    add_rule(chief, slug, first)
    return add_rule(chief, slug, RuleValues("Longue", (Condition(Kind.MOST_DAYS, number=300),), RuleOutcome.HUMAN))


def _look(agent_id: UUID, slug: str) -> UUID:
    """A look at a forged code, by the agent's phone."""
    agent = Actor(ActorKind.USER, "Alix", agent_id, staff={slug: frozenset({StaffRole.CONTROL_AGENT})})
    now = SYSTEM_CLOCK.now()
    look = Look(new_id(), now, None, "forged", "Pont Neuf")
    receive_looks(agent, slug, Sent(agent_id, now, [look]))
    return look.id


def _pass_of(request_id: UUID) -> UUID:
    return session().scalars(select(AccessPass.id).where(AccessPass.request_id == request_id)).one()


def _one_of(model: Any, territory_id: UUID) -> UUID:
    """The id of the first row of a kind in a territory."""
    found: UUID = session().scalars(select(model.id).where(model.territory_id == territory_id).limit(1)).one()
    return found


def _invite(offer: Offer, actor: Actor) -> UUID:
    with unit_of_work() as uow:
        open_invitation(uow, actor, offer, clock=SYSTEM_CLOCK)
    wanted = Invitation.company_id == offer.company_id
    if offer.territory_id is not None:
        wanted = Invitation.territory_id == offer.territory_id
    return session().scalars(select(Invitation.id).where(wanted)).one()


def _tokens(world: MatrixWorld) -> dict[str, str]:
    """A good token for each endpoint that takes one."""
    now = SYSTEM_CLOCK.now()
    offer = Offer("nouvelle@exemple.fr", "Fleurs", world.own.company_id, CompanyRole.DRIVER)
    register(
        NewPerson("inscription@exemple.fr", "Camille Durand", "quatre vélos rouges", "fr"),
        NewCompany(valid_siret(8_000_000), CompanyDetails("Fleurs", "1 rue des Lilas", "75003", "Paris", None)),
        None,
    )
    waiting = session().scalars(select(Registration)).one()
    with unit_of_work() as uow:
        link = open_invitation(uow, Actor(ActorKind.USER, "Camille"), offer, clock=SYSTEM_CLOCK)
    registration = registration_token(waiting.id)
    shared = write_link(world.own.objects["route_id"], 0, now + timedelta(days=1))
    opened = pass_key(world.own.objects["pass_id"])
    scanned = get_pass(world.own.company_id, world.own.objects["pass_id"]).token
    ask_alert(get_territory(world.own.territory), "fleuriste@exemple.fr", Area("Ici", square(2.360, 48.860)), "fr")
    alert = token_of(session().scalars(select(AlertSubscription.id)).one())
    return {
        "accounts.invitation": link.rpartition("/")[2],
        "accounts.confirm_registration": registration,
        "accounts.resend_confirmation": registration,
        "accounts.reset_password": reset_token(world.people["nobody"].id, 0, now + timedelta(hours=1)),
        "cirqliz.open_calendar": opened,
        "cirqliz.open_pass": opened,
        "cirqliz.show_receipt": make_receipt(get_territory(world.own.territory).id, world.own.objects["look_id"]),
        "cirqliz.verify": scanned,
        "cirqliz.verify_capitals": scanned,
        "itineriz.shared_route": shared,
        "itineriz.shared_layer": shared,
        "itineriz.shared_file": shared,
        **{f"visualiz.{view}": alert for view in ("show_alert", "confirm_alert", "ask_to_leave", "leave_alert")},
    }
