"""Companies with their people and fleets, and the staff of the territory."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from flask import Flask

from portal.accounts import api as accounts
from portal.common.actor import Actor, ActorKind, CompanyRole, StaffRole
from portal.fleet import api as fleet
from portal.runtime.demo.jobs import run_waiting_jobs
from portal.runtime.demo.names import (
    DOMAIN,
    LORRY_NAMES,
    PASSWORD,
    TRADES,
    VAN_NAMES,
    Trade,
    person,
    plate_of,
    siret_of,
)
from portal.territories.demo_town import Town

COMPANIES = 40
VEHICLES = 600

STAFF = {
    "agent": ("Sophie Lenormand", (StaffRole.CLERK,)),
    "superviseur": ("Bruno Castaing", (StaffRole.SUPERVISOR,)),
    "controle": ("Fatou Diarra", (StaffRole.CONTROL_AGENT,)),
    "administrateur": ("Pascal Quentin", (StaffRole.ADMINISTRATOR,)),
}


@dataclass(frozen=True, slots=True)
class DemoCompany:
    """A company of the demonstration and the person who acts for it."""

    id: UUID
    name: str
    owner: Actor
    verified: bool


def make_staff(territory: str) -> Mapping[str, Actor]:
    """Make the staff accounts; return who acts with each, by mailbox."""
    made = {}
    for name, (full_name, roles) in STAFF.items():
        account_id = accounts.seed_account(f"{name}@{DOMAIN}", full_name, PASSWORD)
        for role in roles:
            accounts.seed_staff(account_id, territory, role)
        held = {territory: frozenset(roles)}
        made[name] = Actor(ActorKind.USER, full_name, user_id=account_id, staff=held)
    return made


def make_companies(app: Flask, town: Town, dice: random.Random, tell: Callable[[int, int], None]) -> list[DemoCompany]:
    """Make the companies with an owner each, and fill their fleets by the same upload everybody uses."""
    sizes = _fleet_sizes(dice)
    made = []
    plates = iter(range(VEHICLES * 2))
    for number, (trade, name, size) in enumerate(sizes):
        address = town.addresses[dice.randrange(len(town.addresses))]
        details = accounts.CompanyDetails(
            name=name,
            address=f"{address.number} {address.street}",
            postcode=town.postcode,
            city=town.name,
            naf_code=trade.naf_code,
        )
        # A few wait for a clerk: the desk shows what that looks like.
        status = accounts.CompanyStatus.PENDING if number % 13 == 12 else accounts.CompanyStatus.VERIFIED
        company_id = accounts.seed_company(siret_of(number + 1), details, status=status)
        mailbox = {0: "fleuriste", 1: "grossiste"}.get(number, f"entreprise{number}")
        full_name = person(dice)
        account_id = accounts.seed_account(f"{mailbox}@{DOMAIN}", full_name, PASSWORD)
        accounts.seed_member(account_id, company_id)
        if number == 1:
            driver_id = accounts.seed_account(f"chauffeur@{DOMAIN}", person(dice), PASSWORD)
            accounts.seed_member(driver_id, company_id, CompanyRole.DRIVER)
        owner = Actor(ActorKind.USER, full_name, user_id=account_id, companies={company_id: CompanyRole.OWNER})
        _fill_fleet(app, owner, company_id, _fleet_file(trade, size, plates, dice))
        made.append(DemoCompany(company_id, name, owner, status is accounts.CompanyStatus.VERIFIED))
        tell(number + 1, len(sizes))
    return made


def _fleet_sizes(dice: random.Random) -> list[tuple[Trade, str, int]]:
    """Return (trade, name, vehicles) of each company: a florist with two vans first, a wholesaler second."""
    names = [(trade, name) for trade in TRADES for name in trade.names]
    florist, wholesaler = names[0], next(pair for pair in names if pair[0].naf_code == "46.17B")
    others = [pair for pair in names if pair not in (florist, wholesaler)]
    dice.shuffle(others)
    chosen = [florist, wholesaler, *others][:COMPANIES]
    sizes = [2, 60, *(dice.randint(*trade.fleet) for trade, _name in chosen[2:])]
    # The largest fleets take what is missing, so that the total is the announced one.
    order = sorted(range(2, len(sizes)), key=lambda place: -sizes[place])
    step = 1 if sum(sizes) < VEHICLES else -1
    while sum(sizes) != VEHICLES:
        for place in order:
            if sum(sizes) == VEHICLES:
                break
            sizes[place] = max(1, sizes[place] + step)
    return [(trade, name, size) for (trade, name), size in zip(chosen, sizes, strict=True)]


def _fleet_file(trade: Trade, size: int, plates: Iterator[int], dice: random.Random) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";")
    writer.writerow(["Immatriculation", "Nom d’usage", "PTAC", "Hauteur", "Largeur", "Longueur", "Énergie", "Crit’Air"])
    for number in range(size):
        plate = plate_of(next(plates))
        if dice.random() < trade.lorries:
            weight = dice.choice((7500, 12000, 16000, 19000, 26000, 44000))
            length = {7500: "7,2", 12000: "8,6", 16000: "9,1", 19000: "9,8", 26000: "10,2", 44000: "16,5"}[weight]
            height = f"{dice.randint(32, 40) / 10:.1f}".replace(".", ",")
            row = [plate, f"{dice.choice(LORRY_NAMES)} {number + 1}", weight, height, "2,5", length, "GO", "2"]
        else:
            energy, air = dice.choice((("GO", "2"), ("GO", "3"), ("EL", "E"), ("ES", "1"), ("GN", "1")))
            height = f"{dice.randint(19, 27) / 10:.1f}".replace(".", ",")
            row = [plate, f"{dice.choice(VAN_NAMES)} {number + 1}", 3500, height, "2,0", "5,9", energy, air]
        if dice.random() < 0.08:
            row[3] = ""  # real fleets have gaps: the pages must show them
        writer.writerow(row)
    return out.getvalue().encode()


def _fill_fleet(app: Flask, owner: Actor, company_id: UUID, content: bytes) -> None:
    if fleet.list_vehicles(company_id, limit=1):
        return
    import_id = fleet.start_import(owner, company_id, "flotte.csv", content)
    run_waiting_jobs(app)
    fleet.confirm_import(owner, company_id, import_id)
    run_waiting_jobs(app)
