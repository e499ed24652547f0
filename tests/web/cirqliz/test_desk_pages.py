"""The clerk's journey: the queue, a request, a batch, the journal; and the second of two clerks."""

from __future__ import annotations

from typing import Any

import pytest
from bs4 import Tag
from sqlalchemy import update

from portal.accounts.api import siret_groups
from portal.accounts.models import Company, CompanyStatus
from portal.cirqliz.decisions.batches.tasks import ask_for_due_batches
from portal.cirqliz.models import DecisionBatch
from portal.cirqliz.passes.queries import list_passes_of_request
from portal.cirqliz.states import RequestState
from portal.common.clock import SYSTEM_CLOCK
from portal.db import unit_of_work
from portal.mail import list_outbox
from tests.factories.accounts import make_staff, make_user
from tests.factories.cirqliz import INSIDE_BLUE, OUTSIDE, World
from tests.factories.territories import make_territory
from tests.support.web import PageClient

DESK = "/territoires/val-essai/guichet"


@pytest.fixture
def client(world: World, page_client: PageClient) -> PageClient:
    """The clerk, signed in."""
    page_client.sign_in(world.clerk.id)
    return page_client


def answer(client: PageClient, url: str, **more: Any) -> dict[str, Any]:
    """The form of the answer as the page gives it, filled in."""
    page = client.get(url)
    form = page.select_one(f'form[action="{url}/decision"]')
    assert form is not None
    version = form.find("input", attrs={"name": "version"})
    assert isinstance(version, Tag)
    ticked = [str(box["value"]) for box in form.select("input[name=vehicles][checked]")]
    values: dict[str, Any] = {"version": str(version["value"]), "vehicles": ticked, "decision": "approved", **more}
    return values


def test_clerk_approves_from_the_queue(world: World, client: PageClient) -> None:
    found = world.ready(vehicles=[world.vehicle("AA-111-AA"), world.vehicle("BB-222-BB")])
    queue = client.get(DESK)
    assert "1 demande attend une décision" in queue.get_text(" ", strip=True)
    link = queue.find("a", string=found.number)
    assert isinstance(link, Tag)
    url = str(link["href"])
    page = client.get(url)
    text = page.get_text(" ", strip=True)
    for shown in (
        "Fleurs du canal",
        siret_groups(world.company.siret),
        "Course du canal",
        "AA-111-AA",
        "12 t",
        "Vérifiée",
    ):
        assert shown.replace(" ", "\u00a0") in text or shown in text, shown
    assert page.select_one("[data-map]") is not None
    values = answer(client, url)
    assert len(values["vehicles"]) == 2
    assert client.submit(f"{url}/decision", values) == url
    after = client.get(url)
    assert after.select_one(f'form[action="{url}/decision"]') is None
    assert "Colette Guichet" in after.get_text()
    assert len(list_passes_of_request(found.id)) == 2
    assert world.owner.email in {mail.recipient for mail in list_outbox()}
    assert "Aucune demande ici" in client.get(DESK).get_text()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"decision": ""}, "decision"),
        ({"decision": "pending"}, "decision"),
        ({"decision": "refused"}, "reason_code"),
        ({"decision": "refused", "reason_code": "because"}, "reason_code"),
        ({"decision": "refused", "reason_code": "other"}, "reason_text"),
        ({"vehicles": []}, "vehicles"),
    ],
    ids=["no answer", "not an answer", "no reason", "no such reason", "other unexplained", "no vehicle"],
)
def test_fault_stands_beside_its_field(world: World, client: PageClient, change: dict[str, Any], field: str) -> None:
    found = world.ready()
    url = f"{DESK}/{found.id}"
    page = client.post(f"{url}/decision", answer(client, url, **change))
    links = [str(link["href"]) for link in page.select("#erreurs a")]
    assert links == [f"#{field}"]
    assert page.find(id=field) is not None
    assert world.seen(found.id).state is RequestState.READY


def test_second_clerk_is_told_and_keeps_what_they_typed(world: World, client: PageClient) -> None:
    first, second = world.vehicle("AA-111-AA"), world.vehicle("BB-222-BB")
    found = world.ready(vehicles=[first, second])
    url = f"{DESK}/{found.id}"
    mine = answer(client, url, decision="refused", reason_code="duplicate", reason_text="Déjà demandé")
    world.approve(found, [first])
    page = client.post(f"{url}/decision", mine, status=409)
    text = page.get_text(" ", strip=True)
    assert "Colette Guichet a répondu à la demande" in text
    field = page.find("textarea", attrs={"name": "reason_text", "id": "reason_text"})
    assert isinstance(field, Tag)
    assert field.get_text().strip() == "Déjà demandé"
    assert page.select_one("option[value=duplicate][selected]") is not None
    assert world.seen(found.id).pending[0].vehicle_id == second


def test_second_clerk_sees_what_they_typed_when_nothing_is_left_to_decide(world: World, client: PageClient) -> None:
    found = world.ready()
    url = f"{DESK}/{found.id}"
    mine = answer(client, url, decision="refused", reason_code="duplicate", reason_text="Déjà demandé")
    world.approve(found)
    text = client.post(f"{url}/decision", mine, status=409).get_text(" ", strip=True)
    assert "Ce que vous aviez saisi" in text
    assert "Déjà demandé" in text


def test_batch_is_previewed_prepared_and_applied(world: World, client: PageClient) -> None:
    requests = [world.ready() for _ in range(3)]
    values = [str(box["value"]) for box in client.get(DESK).select("input[name=chosen]")]
    assert len(values) == 3
    preview = f"{DESK}/lots/apercu"
    assert "Cochez au moins une demande" in client.post(preview, {"chosen": [], "decision": "approved"}).get_text()
    page = client.post(preview, {"chosen": values, "decision": "refused"})
    assert len(page.select("input[name=chosen][checked]")) == 3
    world.approve(requests[0])
    answered = {"chosen": values, "decision": "refused", "reason_code": "dates_not_allowed"}
    page = client.post(preview, answered, status=200)
    assert f"a répondu à la demande {requests[0].number}" in page.get_text()
    form = page.select_one(f'form[action="{DESK}/lots"]')
    assert form is not None
    sent: dict[str, Any] = {}
    for field in form.select("input[type=hidden], input[checked]"):
        sent.setdefault(str(field["name"]), []).append(str(field["value"]))
    assert len(sent["chosen"]) == 2
    url = client.submit(f"{DESK}/lots", sent)
    assert client.submit(f"{DESK}/lots", sent) == url
    waiting = client.get(url)
    assert "Pas encore appliquée" in waiting.get_text()
    assert waiting.select_one(f'form[action="{url}/annulation"]') is not None
    assert waiting.select_one("[hx-get] form") is None, "what is opened would be closed by the next answer"
    part = client.get(url, headers={"HX-Request": "true"})
    assert part.select_one("#lot[hx-get]") is not None and part.form is None
    assert "Voir ou annuler jusqu’à" in client.get(DESK).get_text()
    assert world.seen(requests[1].id).state is RequestState.READY
    apply_due(world)
    assert "Appliquée" in client.get(url).get_text()
    assert client.raw.get(url, headers={"HX-Request": "true"}).headers["HX-Refresh"] == "true"
    assert [world.seen(one.id).state for one in requests] == [
        RequestState.APPROVED,
        RequestState.REFUSED,
        RequestState.REFUSED,
    ]
    assert "déjà appliquée" in client.post(f"{url}/annulation", status=409).get_text()


def test_one_request_is_left_out_of_a_batch_when_it_is_unticked_in_the_preview(
    world: World, client: PageClient
) -> None:
    first, second = world.ready(), world.ready()
    page = client.post(f"{DESK}/lots/apercu", {"everything": "y", "decision": "approved"}, status=200)
    ticked = [str(box["value"]) for box in page.select("input[type=checkbox][name=chosen][checked]")]
    assert len(ticked) == 2
    client.submit(f"{DESK}/lots", {"chosen": ticked[1:], "decision": "approved", "form_key": "one"})
    apply_due(world)
    assert [world.seen(one.id).state for one in (first, second)] == [RequestState.READY, RequestState.APPROVED]


def test_way_back_from_the_preview_keeps_what_was_ticked_and_typed(world: World, client: PageClient) -> None:
    mine, other, answered = (world.ready() for _ in range(3))
    chosen = [f"{one.id}:{world.seen(one.id).version}" for one in (mine, other, answered)]
    world.approve(answered)
    typed = {"decision": "refused", "reason_code": "dates_not_allowed", "reason_text": "Un autre jour"}
    preview = client.post(f"{DESK}/lots/apercu", {"chosen": chosen, **typed}, status=200)
    form = preview.select_one(f'form[action="{DESK}/lots"]')
    assert form is not None
    sent: dict[str, Any] = {"retour": "1"}
    for field in form.select("input"):
        sent.setdefault(str(field["name"]), []).append(str(field["value"]))
    queue = client.post(f"{DESK}/lots/apercu?q={mine.number}", sent, status=200)
    assert [box["value"] for box in queue.select("input[type=checkbox][name=chosen][checked]")] == chosen[:1]
    kept = [str(field["value"]).partition(":")[0] for field in queue.select("input[type=hidden][name=chosen]")]
    assert sorted(kept) == sorted([str(other.id), str(answered.id)]), "what this page does not show"
    assert "2 demandes d’autres pages restent cochées" in queue.get_text().replace("\u00a0", " ")
    panel = queue.select_one("#reponse-groupee[open]")
    assert panel is not None
    assert panel.select_one("input[value=refused][checked]") is not None
    assert panel.select_one("option[value=dates_not_allowed][selected]") is not None
    assert "Un autre jour" in panel.get_text()


def apply_due(world: World) -> None:
    """Let the hour of every waiting batch come."""
    with unit_of_work() as uow:
        uow.session.execute(update(DecisionBatch).values(apply_at=SYSTEM_CLOCK.now()))
    ask_for_due_batches()
    world.run_jobs(world.app)


def test_everything_that_matches_is_answered_when_asked(world: World, client: PageClient) -> None:
    found = [world.ready() for _ in range(2)]
    values = {"everything": "y", "decision": "approved"}
    page = client.post(f"{DESK}/lots/apercu?entreprise=fleurs", values, status=200)
    shown = [str(field["value"]).partition(":")[0] for field in page.select("input[name=chosen]")]
    assert shown == [str(one.id) for one in found]
    assert "1 laissez-passer" in page.get_text().replace("\u00a0", " ")
    line = page.select("tbody tr")[0].get_text(" ", strip=True)
    assert "Course du canal" in line and f"{world.day.day}\u00a0" in line


def test_batch_is_taken_back_without_a_trace_for_the_company(world: World, client: PageClient) -> None:
    found = world.ready()
    mails = len(list_outbox())
    sent = {"chosen": f"{found.id}:{found.version}", "decision": "approved", "form_key": "one"}
    url = client.submit(f"{DESK}/lots", sent)
    page = client.get(f"{DESK}/{found.id}")
    assert "Une décision groupée tient cette demande" in page.get_text()
    assert page.select_one(f'form[action="{DESK}/{found.id}/decision"]') is None
    assert client.submit(f"{url}/annulation") == url
    apply_due(world)
    assert world.seen(found.id).state is RequestState.READY
    assert len(list_outbox()) == mails


def test_requests_are_claimed_and_given_back(world: World, client: PageClient) -> None:
    found = [world.ready() for _ in range(3)]
    url = f"{DESK}/{found[0].id}"
    client.submit(f"{DESK}/prises", {"oldest": "1"})
    assert {world.seen(one.id).claimed_by for one in found} == {world.clerk.id}
    assert "chez vous" in client.get(f"{DESK}?etat=miennes").get_text()
    client.submit(f"{url}/remise")
    assert world.seen(found[0].id).state is RequestState.READY
    other = make_user(full_name="Louise Second")
    make_staff(other, world.territory)
    client.sign_in(other.id)
    held = f"{DESK}/{found[1].id}"
    page = client.post(f"{held}/decision", answer(client, held), status=409)
    assert "est chez Colette Guichet depuis le" in page.get_text().replace("\u00a0", " ")
    assert "est chez Colette" in client.post(f"{held}/prise", status=409).get_text()
    client.submit(f"{held}/prise", {"take_over": "1"})
    assert world.seen(found[1].id).claimed_by == other.id
    both = {"chosen": [f"{one.id}:{one.version}" for one in (found[0], found[2])]}
    assert "Colette Guichet" in client.post(f"{DESK}/prises", both, status=409).get_text()
    assert world.seen(found[0].id).claimed_by == other.id
    assert "Cochez au moins une demande" in client.post(f"{DESK}/prises", {}).get_text()


def test_company_is_asked_and_request_waits(world: World, client: PageClient) -> None:
    found = world.ready()
    url = f"{DESK}/{found.id}"
    page = client.post(f"{url}/messages", {"text": " ", "ask": "1", "version": found.version})
    assert page.select_one("#erreurs a") is not None
    client.submit(f"{url}/messages", {"text": "Bonjour", "version": found.version})
    client.submit(f"{url}/messages", {"text": "Quel quai ?", "ask": "1", "version": found.version})
    after = world.seen(found.id)
    assert (after.state, after.claimed_by) == (RequestState.INFORMATION_ASKED, world.clerk.id)
    text = client.get(url).get_text()
    assert "Quel quai ?" in text and "Bonjour" in text
    again = {"text": "Et l’heure ?", "ask": "1", "version": after.version}
    assert "pas encore répondu" in client.post(f"{url}/messages", again, status=409).get_text()


def test_company_is_refused_with_a_sentence(world: World, client: PageClient) -> None:
    world.approve(world.ready())
    url = f"{DESK}/{world.ready().id}"
    assert "1 laissez-passer sera suspendu." in client.get(url).get_text()
    assert "Expliquez en une phrase" in client.post(f"{url}/entreprise/refus", {"reason": " "}).get_text()
    client.submit(f"{url}/entreprise/refus", {"reason": "SIRET d’une autre entreprise"})
    assert "Refusée" in client.get(url).get_text()
    assert "SIRET d’une autre" in list_outbox()[0].body


def test_views_are_kept_opened_first_renamed_and_deleted(world: World, client: PageClient) -> None:
    world.ready(stops=(OUTSIDE, INSIDE_BLUE))
    wanted = "couleur=red&tri=debut"
    client.submit(f"{DESK}/vues?{wanted}", {"name": " Les   rouges "})
    opened = client.raw.get(DESK)
    assert opened.status_code == 302 and "couleur=red" in opened.headers["Location"]
    page = client.get(f"{DESK}?{wanted}")
    link = page.find("a", string="Les rouges")
    assert isinstance(link, Tag) and link["aria-current"] == "true"
    forms = [str(form["action"]) for form in page.select("form") if "/vues/" in str(form.get("action"))]
    rename, delete = (next(url for url in forms if part in url) for part in ("/nom", "/suppression"))
    client.submit(rename, {"name": "Rouges"})
    assert "Donnez un nom" in client.post(rename, {"name": ""}).get_text()
    other = make_user()
    make_staff(other, world.territory)
    client.sign_in(other.id)
    assert client.raw.post(delete).status_code == 404
    client.sign_in(world.clerk.id)
    client.submit(delete)
    assert client.raw.get(DESK).status_code == 200


def test_clerk_goes_on_to_the_next_request_of_the_list(world: World, client: PageClient) -> None:
    first, second, third = (world.ready() for _ in range(3))
    url = f"{DESK}/{second.id}"
    page = client.get(f"{url}?tri=age")
    rels = {str(link["rel"][0]): str(link["href"]) for link in page.select("a[rel]")}
    assert rels == {"prev": f"{DESK}/{first.id}?tri=age", "next": f"{DESK}/{third.id}?tri=age"}
    after = client.submit(f"{url}/decision?tri=age", {**answer(client, url), "next": "1"})
    assert after == f"{DESK}/{third.id}?tri=age"
    after = client.submit(f"{DESK}/{third.id}/decision", {**answer(client, f"{DESK}/{third.id}"), "next": "1"})
    assert after == f"{DESK}/{first.id}"
    after = client.submit(f"{after}/decision", {**answer(client, after), "next": "1"})
    assert after == f"{DESK}?etat=a-decider"


def test_queue_keeps_its_filters(world: World, client: PageClient) -> None:
    world.ready()
    blue = world.ready(stops=(OUTSIDE, INSIDE_BLUE))
    page = client.get(f"{DESK}?couleur=blue&q=&age=")
    assert [link.get_text() for link in page.select("tbody th a")] == [blue.number]
    form = page.select_one('form[action*="/guichet/lots/apercu"]')
    assert form is not None
    assert "couleur=blue" in str(form["action"])
    for nonsense in (
        "etat=n&age=-1&couleur=rose&entreprise_id=x&tri=z&regle=1&cause=2&pieces=3",
        "q=%25_%5C",
        "entreprise=%F0%9F%8C%B7",
    ):
        client.get(f"{DESK}?{nonsense}")
    assert client.raw.get(f"{DESK}?cursor=abc").status_code == 422


def test_company_is_verified_before_the_approval(world: World, client: PageClient) -> None:
    found = world.ready()
    with unit_of_work() as uow:
        row = uow.session.get(Company, world.company.id)
        assert row is not None
        row.status = CompanyStatus.PENDING
    url = f"{DESK}/{found.id}"
    page = client.post(f"{url}/decision", answer(client, url))
    assert "vérifiez-la avant d’approuver" in page.get_text()
    assert client.submit(f"{url}/entreprise") == url
    assert "vient d’être vérifiée" in client.post(f"{url}/entreprise", status=409).get_text()
    client.submit(f"{url}/decision", answer(client, url))
    assert world.seen(found.id).state is RequestState.APPROVED


def test_pass_is_revoked_for_a_reason(world: World, client: PageClient) -> None:
    found = world.ready()
    world.approve(found)
    (one,) = list_passes_of_request(found.id)
    url = f"/territoires/val-essai/laissez-passer/{one.id}/revocation"
    assert client.get(f"{DESK}/{found.id}").select_one(f'form[action="{url}"]') is not None
    page = client.post(url, {"reason_code": "given_back"})
    assert "Choisissez le motif de la révocation" in page.get_text()
    assert client.submit(url, {"reason_code": "misuse", "reason_text": "Prêté"}) == f"{DESK}/{found.id}"
    assert "était déjà révoqué" in client.post(url, {"reason_code": "misuse"}, status=409).get_text()
    assert client.get(f"/V/{one.token}").select_one(".j-verdict--red") is not None


def test_journal_is_for_the_supervisor(world: World, client: PageClient) -> None:
    found = world.ready()
    world.refuse(found)
    assert client.raw.get("/territoires/val-essai/journal").status_code == 403
    client.sign_in(world.supervisor.id)
    text = client.get("/territoires/val-essai/journal").get_text(" ", strip=True)
    for shown in (found.number, "Colette Guichet", "refusé", "Trop tôt", "Demande déposée"):
        assert shown in text, shown


@pytest.mark.parametrize("path", ["guichet", "guichet/{request}", "journal", "controle"])
def test_staff_pages_are_closed_to_others(world: World, page_client: PageClient, path: str) -> None:
    found = world.ready()
    url = "/territoires/val-essai/" + path.format(request=found.id)
    assert page_client.raw.get(url).status_code == 303
    elsewhere, stranger = make_territory("ailleurs"), make_user()
    make_staff(stranger, elsewhere)
    for person in (world.owner.id, stranger.id):
        page_client.sign_in(person)
        assert page_client.raw.get(url).status_code == 404
    if "request" in path:
        page_client.sign_in(stranger.id)
        assert page_client.raw.get(url.replace("val-essai", "ailleurs")).status_code == 404
