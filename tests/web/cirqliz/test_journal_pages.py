"""The journal as a supervisor and a company read it: who, what, by which rule, before and after; and as a file."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest

from portal import audit
from portal.audit import AuditTag
from portal.cirqliz.decisions.claims import claim_requests
from portal.cirqliz.decisions.commands import ClaimRequests
from portal.common.actor import Actor, ActorKind, CompanyRole, system_actor
from portal.common.clock import SYSTEM_CLOCK, FixedClock
from portal.fleet.loans.services import accept_loan, offer_loan
from tests.factories.accounts import make_company, make_member, make_user
from tests.factories.cirqliz import World, make_vehicle
from tests.support.query_count import counted_queries
from tests.support.web import PageClient

JOURNAL = "/territoires/val-essai/journal"


@pytest.fixture
def supervisor(world: World, page_client: PageClient) -> PageClient:
    """A supervisor's browser."""
    page_client.sign_in(world.supervisor.id)
    return page_client


def rows(client: PageClient, url: str) -> list[str]:
    """The lines of the list, each as one text."""
    return [row.get_text(" ", strip=True) for row in client.get(url).select("tbody tr")]


def write(world: World, tag: AuditTag, data: dict[str, object], *, by: str = "essai", days_ago: int = 0) -> None:
    """Put an entry of the territory in the journal."""
    clock = FixedClock(SYSTEM_CLOCK.now() - timedelta(days=days_ago))
    audit.record(system_actor(by), tag, territory_id=world.territory.id, data=data, clock=clock)


def test_entry_says_before_and_after_rule_and_reason_in_words(world: World, supervisor: PageClient) -> None:
    write(
        world,
        AuditTag.REQUEST_DECIDED,
        {
            "number": "D-7",
            "company": "Fleurs",
            "plates": ["AB-123-CD"],
            "decision": "refused",
            "reason_code": "document_missing",
            "state": ["ready", "refused"],
            "rule": "Petits véhicules",
            "rule_number": 3,
        },
    )
    write(
        world, AuditTag.ACCESS_SETTINGS_CHANGED, {"changes": {"undo_min": [10, 15], "asks_driver_name": [False, True]}}
    )
    settings, decided = rows(supervisor, JOURNAL)[:2]
    for said in ("Délai d’annulation (minutes)\u00a0: 10 → 15", "Nom du conducteur demandé\u00a0: non → oui"):
        assert said in settings
    for said in (
        "system:essai",
        "Décision prise sur une demande",
        "D-7, Fleurs",
        "État\u00a0: en attente de décision → refusée",
        "AB-123-CD",
        "un justificatif manque",
        "Par la règle «\u00a0Petits véhicules\u00a0», n° 3",
    ):
        assert said in decided, said


def test_entry_is_readable_when_it_is_of_a_claim_a_rule_or_a_batch(world: World, supervisor: PageClient) -> None:
    write(world, AuditTag.REQUEST_CLAIMED, {"number": "D-8", "claimed_by": [None, "Léa Agent"]})
    write(world, AuditTag.RULE_ADDED, {"name": "Petits véhicules", "number": 2, "after": {"outcome": "approve"}})
    write(world, AuditTag.BATCH_PREPARED, {"decision": "approved", "requests": 18, "left_out": 1})
    batch, rule, claim = rows(supervisor, JOURNAL)[:3]
    assert "Chargé de la demande\u00a0: – → Léa Agent" in claim
    assert "Petits véhicules, version 2" in rule
    assert "18 demandes" in batch
    assert "1 laissée de côté" in batch


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {"old", "pass", "rule"}),
        ("q=ab123cd", {"pass"}),
        ("q=AB 123-cd", {"pass"}),
        ("q=lp-9", {"pass"}),
        ("q=%25", set()),
        ("qui=colette", {"rule"}),
        ("groupe=regles", {"rule", "old"}),
        ("groupe=laissez-passer", {"pass"}),
        ("du={today}", {"pass", "rule"}),
        ("au={before}", {"old"}),
        ("groupe=inconnu&du=hier&au=0001-01-01", {"old", "pass", "rule"}),
        ("groupe=regles&qui=colette&q=rule", {"rule"}),
    ],
)
def test_filters_narrow_the_list_and_its_file(
    world: World, supervisor: PageClient, query: str, found: set[str]
) -> None:
    write(world, AuditTag.RULE_ADDED, {"name": "old"}, days_ago=3)
    write(world, AuditTag.PASS_ISSUED, {"number": "LP-9", "name": "pass", "plate": "AB-123-CD"})
    write(world, AuditTag.RULE_CHANGED, {"name": "rule"}, by="Colette")
    today = SYSTEM_CLOCK.now().astimezone().date()
    query = query.format(today=(today - timedelta(days=1)).isoformat(), before=(today - timedelta(days=2)).isoformat())
    named = {"old", "pass", "rule"}

    def about(text: str) -> set[str]:
        return {name for name in named if name in text.replace("LP-9", "pass").replace(", ", " ").split()}

    listed = [about(row) for row in rows(supervisor, f"{JOURNAL}?{query}")]
    assert {name for one in listed for name in one} == found
    answer = supervisor.raw.get(f"{JOURNAL}.csv?{query}")
    lines = list(csv.reader(io.StringIO(answer.get_data(as_text=True).removeprefix("\ufeff")), delimiter=";"))
    assert {name for line in lines[1:] for name in about(line[5])} == found


def test_file_is_whole_and_runs_nothing(world: World, supervisor: PageClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.cirqliz.journal.views._LINES_AT_ONCE", 7)
    for number in range(60):
        write(world, AuditTag.RULE_ADDED, {"name": f"=cmd|' /C calc'!A{number}"}, by="@SUM(1)")
    answer = supervisor.raw.get(f"{JOURNAL}.csv?groupe=regles")
    assert answer.mimetype == "text/csv"
    assert "journal-val-essai.csv" in answer.headers["Content-Disposition"]
    lines = list(csv.reader(io.StringIO(answer.get_data(as_text=True).removeprefix("\ufeff")), delimiter=";"))[1:]
    assert [line[5] for line in lines] == [f"'=cmd|' /C calc'!A{number}" for number in range(60)]
    assert not any(cell.startswith(("=", "@", "+", "-")) for line in lines for cell in line)
    assert [int(line[0]) for line in lines] == sorted(int(line[0]) for line in lines)


def test_page_says_how_far_the_chain_reaches(world: World, supervisor: PageClient) -> None:
    write(world, AuditTag.RULE_ADDED, {"name": "one"})
    audit.seal_entries(everything=True)
    seal = audit.last_seal()
    assert seal is not None
    assert (seal.waiting, seal.number) == (0, audit.verify_journal().number)
    assert f"{seal.number}:{seal.digest.hex()}" in supervisor.get(JOURNAL).get_text()
    write(world, AuditTag.RULE_ADDED, {"name": "two"})
    assert "1 ligne attend son sceau" in supervisor.get(JOURNAL).get_text()


def test_company_reads_its_own_entries_alone(world: World, page_client: PageClient) -> None:
    write(world, AuditTag.RULE_ADDED, {"name": "of the territory"})
    found = world.ready()
    page_client.sign_in(world.owner.id)
    url = f"/entreprises/{world.company.id}/journal"
    text = " ".join(rows(page_client, url))
    assert found.number in text
    assert "of the territory" not in text
    assert "of the territory" not in page_client.raw.get(f"{url}.csv").get_data(as_text=True)
    page_client.sign_in(world.supervisor.id)
    assert page_client.raw.get(url).status_code == 404


def test_company_reads_the_territory_when_a_clerk_acted(world: World, page_client: PageClient) -> None:
    found = world.ready()
    world.approve(found)
    claim_requests(world.staff_actor(), world.territory.slug, ClaimRequests((world.ready().id,)))
    clerk, owner = world.staff_actor().label, world.company_actor().label
    url = f"/entreprises/{world.company.id}/journal"
    page_client.sign_in(world.owner.id)
    listed = rows(page_client, url)
    file = page_client.raw.get(f"{url}.csv").get_data(as_text=True)
    for text in (" ".join(listed), file):
        assert clerk not in text
        assert world.territory.name in text
        assert owner in text
        assert "prise en charge" not in text.lower()
    # Nor is the name found by asking for it.
    assert rows(page_client, f"{url}?qui={clerk}") == rows(page_client, f"{url}?q={clerk}") == []
    assert rows(page_client, f"{url}?qui={owner}")
    page_client.sign_in(world.supervisor.id)
    told = " ".join(rows(page_client, JOURNAL))
    assert clerk in told
    assert owner in told


def test_lender_reads_no_name_when_the_borrower_acted(world: World, page_client: PageClient) -> None:
    lender, boss = make_company("Loueur"), make_user(full_name="Lea Loueuse")
    make_member(boss, lender)
    van = make_vehicle(lender.id, "AB-900-CD")
    start = world.day - timedelta(days=2)
    actor = Actor(ActorKind.USER, "Lea Loueuse", boss.id, companies={lender.id: CompanyRole.OWNER})
    loan = offer_loan(actor, lender.id, van, world.company.siret, start, start + timedelta(days=10))
    accept_loan(world.company_actor(), world.company.id, loan)
    page_client.sign_in(boss.id)
    text = page_client.raw.get(f"/entreprises/{lender.id}/journal.csv").get_data(as_text=True)
    assert "Lea Loueuse" in text
    assert world.company_actor().label not in text
    assert "Une autre entreprise" in text


def test_page_asks_as_much_when_it_has_more_rows(world: World, supervisor: PageClient) -> None:
    counts = []
    for more in (2, 30):
        for number in range(more):
            write(world, AuditTag.RULE_ADDED, {"name": f"{number}"})
        supervisor.get(JOURNAL)
        with counted_queries() as statements:
            supervisor.get(JOURNAL)
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 10
