"""Every route, every role, own and foreign objects: who gets in, who is turned away and how, and nothing ever breaks.

Each rule of the URL map is opened with each of its methods by each person on three targets:

- own: the company and territory of the people, with their objects;
- foreign: another company and territory, with theirs;
- mixed: the own company or territory, but an object of the foreign one in the URL.

What must happen follows from the guard of the rule alone; what differs is listed below, each with its reason.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from portal import create_app
from portal.common.actor import Actor, ActorKind, CompanyRole, StaffRole
from portal.db import Base, db
from portal.jobs import runner
from portal.web.guards import guard_of
from tests.support.client import FreshContextClient
from tests.support.database import make_settings
from tests.support.matrix import MatrixWorld, Side, make_matrix_world
from tests.support.web import PageClient

TENANTS = ("company_id", "territory")
LITERALS: Mapping[str, str] = {
    "number": "2",
    "fault": "sens-inconnu",
    "kind": "route",
    "file_kind": "gpx",
    "filename": "css/joptimiz.css",
    "file_name": "curbs/zones",
}

# Whoever the guard lets in may still be refused by the service; each line says why.
REFUSED_INSIDE: Mapping[str, tuple[int, str]] = {
    "cirqliz.show_draft_document": (404, "the document of this world is its request's: the draft has none"),
    "territories.basemap": (404, "this world was never built: there is no map file"),
    "itineriz.route_file": (409, "no tour of this world has an answer: there is no file yet"),
    "itineriz.shared_file": (409, "no tour of this world has an answer: there is no file yet"),
    "open_data.download": (503, "this world was never published: there is no file yet"),
    "fleet.accept_loan": (404, "the company of this world lends: the other side answers"),
    "fleet.decline_loan": (404, "the company of this world lends: the other side answers"),
    "cirqliz.rules_progress": (404, "nobody asked the rules of this world to answer to what waited"),
    "cirqliz.rename_view": (404, "a view is of the one clerk who keeps it, none of these"),
    "cirqliz.delete_view": (404, "a view is of the one clerk who keeps it, none of these"),
    "visualiz.show_alert": (404, "the one alert of this world is of the own territory"),
    "visualiz.confirm_alert": (404, "the one alert of this world is of the own territory"),
    "numeriz.preview_place": (503, "this world was never built: no place is found without a road graph"),
    "numeriz.map_columns": (409, "the file of this world is imported: its columns are told"),
    "numeriz.drop_zones": (409, "the file of this world is imported: it is not dropped"),
    "numeriz.undo_city_event": (409, "an event that was just taken over has nothing to undo"),
    "numeriz.remove_city_event": (409, "the event of this world has a zone"),
    "numeriz.adopt_city_event": (404, "no event is named in the form"),
    "accounts.invitation": (403, "a role offered to one address is not for somebody signed in with another"),
}
# Reading writes nothing, but for these.
WRITES_ON_GET: Mapping[str, str] = {
    "cirqliz.verify": "an agent's look at a pass is kept",
    "cirqliz.verify_capitals": "an agent's look at a pass is kept",
}
# Writes that the forms below must bring about for whoever is let in.
REACHED = frozenset(
    f"{context}.{view}"
    for context, views in {
        "accounts": "team change_role remove_member cancel_invitation leave_company staff_list remove_staff "
        "cancel_staff_invitation resend_confirmation",
        "cirqliz": "decide prepare_decisions undo_decisions claim_request claim_requests desk_message refuse_requester "
        "new_rule edit_rule move_rule retire_rule set_quotas access_settings_page "
        "save_view revoke_pass give_back withdraw_request write_message save_draft discard_draft renew look_up",
        "fleet": "archive_vehicle confirm_import discard_import end_loan undo_together",
        "itineriz": "cancel_route delete_route leave_at unshare remove_saved_place remove_stop_row discard_stops "
        "remove_check",
        "visualiz": "confirm_alert leave_alert",
    }.items()
    for view in views.split()
)
# Guarded by sign-in alone because their URL names no tenant: the query decides who sees the object.
SEEN_BY: Mapping[str, Callable[[Actor, Side], bool]] = {
    endpoint: lambda actor, side: actor.belongs_to(side.company_id) or actor.serves(side.territory, StaffRole.CLERK)
    for endpoint in ("itineriz.route_panel", "itineriz.map_layer")
} | {
    "cirqliz.control_app": lambda actor, side: actor.serves(side.territory, StaffRole.CONTROL_AGENT),
    "cirqliz.training_page": lambda actor, side: actor.serves(
        side.territory, StaffRole.CONTROL_AGENT, StaffRole.SUPERVISOR
    ),
}


@dataclass(frozen=True, slots=True)
class Case:
    """One request of the matrix."""

    person: str
    target: str
    method: str
    url: str
    status: int

    def __str__(self) -> str:
        return f"{self.person} · {self.target} · {self.method} {self.url} → {self.status}"


class Matrix:
    """The application with its world, put back after each request that wrote."""

    def __init__(self, folder: Path) -> None:
        self.app: Flask = create_app(make_settings(folder))
        self.app.testing = False  # an unexpected error is a page with status 500, as for people
        self.app.config["WTF_CSRF_ENABLED"] = False
        self.app.test_client_class = FreshContextClient
        self._jobs: list[UUID] = []
        self.app.extensions["job_pusher"] = self._jobs.append
        with self.app.app_context():
            Base.metadata.create_all(db.engine)
            self.world: MatrixWorld = make_matrix_world(self.app, self._run_jobs)
            db.session.remove()
        self._live = sqlite3.connect(folder / "joptimiz.sqlite")
        self._kept = sqlite3.connect(":memory:")
        self._live.backup(self._kept)
        self._files, self._kept_files = folder / "files", folder / "files-kept"
        shutil.copytree(self._files, self._kept_files)
        self._version = self._data_version()
        self._clients = {name: self._client(name) for name in ["anonymous", *self.world.people]}

    def _run_jobs(self, app: Flask) -> int:
        ran = 0
        while self._jobs:
            job_id = self._jobs.pop(0)
            with app.app_context():
                runner.run(str(job_id))
            ran += 1
        return ran

    def _client(self, name: str) -> PageClient:
        client = PageClient(self.app.test_client())
        if name != "anonymous":
            client.sign_in(self.world.people[name].id)
        return client

    def _data_version(self) -> int:
        """A number that changes when another connection writes."""
        return int(self._live.execute("PRAGMA data_version").fetchone()[0])

    def close(self) -> None:
        self._live.close()
        self._kept.close()
        with self.app.app_context():
            db.session.remove()
            db.engine.dispose()

    def actor(self, person: str) -> Actor:
        """The rights of a person of the world, as the tables were filled."""
        world = self.world
        if person == "anonymous":
            return Actor(ActorKind.ANONYMOUS, person)
        company = world.foreign.company_id if person == "stranger" else world.own.company_id
        slug = world.foreign.territory if person == "clerk elsewhere" else world.own.territory
        companies = {company: world.company_roles[person]} if person in world.company_roles else {}
        staff = {slug: frozenset({world.staff_roles[person]})} if person in world.staff_roles else {}
        return Actor(
            ActorKind.USER,
            person,
            world.people[person].id,
            companies=companies,
            staff=staff,
            is_platform_admin=person == "platform admin",
        )

    def people(self) -> list[str]:
        return list(self._clients)

    def url(self, rule: Rule, target: str) -> str:
        """The URL of a rule on a target; fails on a parameter nobody taught it."""
        own, other = self.world.own, self.world.foreign
        tenant = other if target == "foreign" else own
        child = own if target == "own" else other
        values: dict[str, Any] = {}
        for name in rule.arguments:
            if name in TENANTS:
                values[name] = getattr(tenant, name)
            elif name == "token":
                values[name] = self.world.tokens[rule.endpoint]
            elif name in child.of_company:
                values[name] = (child.of_company if "company_id" in rule.arguments else child.of_territory)[name]
            elif name in LITERALS:
                values[name] = LITERALS[name]
            else:
                assert name in child.objects, f"{rule.rule}: the matrix does not know the parameter {name}: teach it"
                values[name] = child.objects[name]
        with self.app.test_request_context():
            return self.app.url_map.bind("localhost").build(rule.endpoint, values)

    def open(self, person: str, method: str, url: str, form: Mapping[str, Any]) -> tuple[TestResponse, bool]:
        """Send one request; return the answer and whether it wrote to the database, which is then put back."""
        client = self._clients[person]
        answer = client.raw.open(url, method=method, data=dict(form) if method == "POST" else None)
        answer.close()
        wrote = self._data_version() != self._version
        if wrote:
            self._kept.backup(self._live)
            shutil.copytree(self._kept_files, self._files, dirs_exist_ok=True)
            self._version = self._data_version()
            self._jobs.clear()
        if method == "POST":  # it may have signed somebody in or out
            self._clients[person] = self._client(person)
        return answer, wrote


@pytest.fixture(scope="module")
def matrix(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Matrix]:
    """The application and its world, made once."""
    made = Matrix(tmp_path_factory.mktemp("matrix"))
    yield made
    made.close()


def _form(matrix: Matrix, endpoint: str, target: str) -> Mapping[str, Any]:
    """What a POST sends, so that it reaches its service; an empty form elsewhere."""
    side = matrix.world.foreign if target != "own" else matrix.world.own
    ready, version = side.objects["request_id"], str(side.ready_version)
    return {
        "accounts.change_role": {"role": CompanyRole.MANAGER.value},
        "accounts.remove_staff": {"role": StaffRole.CONTROL_AGENT.value},
        "accounts.team": {"email": "ami@exemple.fr", "role": CompanyRole.DRIVER.value},
        "accounts.staff_list": {"email": "ami@exemple.fr", "role": StaffRole.CLERK.value},
        "cirqliz.decide": {
            "decision": "approved",
            "version": str(side.ready_version),
            "vehicles": side.objects["vehicle_id"],
        },
        "cirqliz.prepare_decisions": {"decision": "approved", "chosen": f"{ready}:{version}", "form_key": "one"},
        "cirqliz.preview_decisions": {"decision": "approved", "chosen": f"{ready}:{version}"},
        "cirqliz.claim_requests": {"chosen": f"{ready}:{version}"},
        "cirqliz.desk_message": {"text": "Quel quai ?", "version": version},
        "cirqliz.refuse_requester": {"reason": "SIRET d’une autre entreprise"},
        "cirqliz.save_view": {"name": "Les rouges"},
        "cirqliz.rename_view": {"name": "Rouges"},
        "cirqliz.revoke_pass": {"reason_code": "misuse"},
        "cirqliz.new_rule": {"name": "Verts", "outcome": "approve", "energies": "electric"},
        "cirqliz.edit_rule": {"name": "Autre", "outcome": "human", "most_days": "2"},
        "cirqliz.move_rule": {"vers": "haut"},
        "cirqliz.set_quotas": {"perimeter_id": str(side.objects["perimeter_id"]), "rows": "07:00-09:00 = 20"},
        "cirqliz.access_settings_page": {
            "sample_percent": "10",
            "appeal_days": "30",
            "undo_min": "10",
            "sync_hours": "12",
            "scan_retention_days": "30",
            "version": "0",
        },
        "cirqliz.write_message": {"text": "Quel quai ?"},
        "cirqliz.save_draft": {"form_key": "un brouillon", "reason": "Livrer"},
        "cirqliz.look_up": {"wanted": "AA-111-BB"},
        "cirqliz.send_pass": {"address": "conducteur@exemple.fr"},
    }.get(endpoint, {})


def _expected(matrix: Matrix, rule: Rule, person: str, target: str) -> str:
    """What the guard of the rule means for a person: `in`, `sign-in`, `404` or `403`."""
    guard = guard_of(matrix.app, rule.endpoint)
    assert guard is not None
    kind, _, needed = guard.name.partition(":")
    actor = matrix.actor(person)
    side = matrix.world.foreign if target == "foreign" else matrix.world.own
    children = set(rule.arguments) - {*TENANTS, "token", *LITERALS}
    if kind == "public":
        return "404" if target == "mixed" and children else "in"
    if actor.is_anonymous:
        return "sign-in"
    if rule.endpoint in SEEN_BY:
        return "in" if SEEN_BY[rule.endpoint](actor, side) else "404"
    if kind == "member" and not actor.belongs_to(side.company_id):
        return "404"
    if kind == "member" and not actor.belongs_to(side.company_id, CompanyRole(needed)):
        return "403"
    if kind == "staff" and not actor.serves(side.territory):
        return "404"
    if kind == "staff" and not actor.serves(side.territory, *map(StaffRole, needed.split(","))):
        return "403"
    if kind == "platform-admin" and not actor.is_platform_admin:
        return "404"
    assert kind in {"public", "signed-in", "member", "staff", "platform-admin"}, f"unknown kind of guard: {guard.name}"
    return "404" if target == "mixed" and children else "in"


def _seen(answer: TestResponse) -> str:
    if answer.status_code in {303, 302} and answer.headers["Location"].startswith("/connexion?suite="):
        return "sign-in"
    return str(answer.status_code) if answer.status_code in {401, 403, 404} or answer.status_code >= 500 else "in"


def _targets(rule: Rule) -> list[str]:
    """The targets that make a difference for a rule."""
    arguments = set(rule.arguments)
    tenants, children = arguments & set(TENANTS), arguments - {*TENANTS, "token", *LITERALS}
    if tenants and children:
        return ["own", "foreign", "mixed"]
    return ["own", "foreign"] if tenants or children else ["own"]


def test_every_route_treats_every_role_as_its_guard_says(matrix: Matrix) -> None:
    faults: list[str] = []
    asked = 0
    changed: set[str] = set()
    excused: set[str] = set()
    for rule in matrix.app.url_map.iter_rules():
        for target in _targets(rule):
            url = matrix.url(rule, target)
            for method in sorted((rule.methods or set()) & {"GET", "POST"}):
                for person in matrix.people():
                    expected = _expected(matrix, rule, person, target)
                    answer, wrote = matrix.open(person, method, url, _form(matrix, rule.endpoint, target))
                    asked += 1
                    case = Case(person, target, method, url, answer.status_code)
                    refused, _reason = REFUSED_INSIDE.get(rule.endpoint, (None, ""))
                    seen = _seen(answer)
                    if expected == "in" and answer.status_code == refused:
                        excused.add(rule.endpoint)
                    elif seen != expected:
                        faults.append(f"{case}: expected {expected}, saw {seen}")
                    if wrote:
                        changed.add(rule.endpoint)
                    if wrote and expected != "in":
                        faults.append(f"{case}: turned away, and yet something was written")
                    if wrote and method == "GET" and rule.endpoint not in WRITES_ON_GET:
                        faults.append(f"{case}: reading wrote something")
    assert not faults, f"{len(faults)} of {asked}:\n" + "\n".join(faults)
    assert excused == set(REFUSED_INSIDE), "an exception that nothing needs any more"
    # The forms reach their services: without this, "in" could mean that every form was merely incomplete.
    assert changed >= REACHED | set(WRITES_ON_GET), sorted(REACHED - changed)


def test_foreign_objects_in_a_form_change_nothing(matrix: Matrix) -> None:
    """The URL is the clerk's own; the form names a request and a vehicle of elsewhere."""
    own, other = matrix.world.own, matrix.world.foreign
    desk = f"/territoires/{own.territory}/guichet"
    one = f"{desk}/{own.objects['request_id']}/decision"
    answer = {"decision": "approved", "version": str(own.ready_version)}

    def chosen(side: Side) -> dict[str, str]:
        return {**answer, "form_key": "two", "chosen": f"{side.objects['request_id']}:{side.ready_version}"}

    def vehicles(side: Side) -> dict[str, str]:
        return {**answer, "vehicles": str(side.objects["vehicle_id"])}

    for url, form in ((f"{desk}/lots", chosen), (one, vehicles)):
        reply, wrote = matrix.open("clerk", "POST", url, form(own))
        assert (reply.status_code, wrote) == (303, True)
        reply, wrote = matrix.open("clerk", "POST", url, form(other))
        assert reply.status_code in {404, 409, 422}
        assert not wrote


def test_no_rule_hides_another(matrix: Matrix) -> None:
    """Two rules with one URL: the second would never be reached."""
    adapter = matrix.app.url_map.bind("localhost")
    for rule in matrix.app.url_map.iter_rules():
        for method in (rule.methods or set()) & {"GET", "POST"}:
            endpoint, _arguments = adapter.match(matrix.url(rule, "own"), method=method)
            assert endpoint == rule.endpoint, f"{rule.rule} leads to {endpoint}"


def test_every_exception_names_a_route(matrix: Matrix) -> None:
    endpoints = {rule.endpoint for rule in matrix.app.url_map.iter_rules()}
    named = set(REFUSED_INSIDE) | set(WRITES_ON_GET) | set(SEEN_BY)
    assert named <= endpoints
