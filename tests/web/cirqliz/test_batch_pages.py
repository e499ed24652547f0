"""What the desk says of a batch that the portal itself ended."""

from __future__ import annotations

from sqlalchemy import update

from portal.cirqliz.decisions.batches.services import prepare_batch
from portal.cirqliz.decisions.batches.tasks import ask_for_due_batches
from portal.cirqliz.decisions.commands import Answer, PrepareBatch
from portal.cirqliz.models import DecisionBatch
from portal.cirqliz.states import VehicleDecision
from portal.common.clock import SYSTEM_CLOCK
from portal.db import unit_of_work
from tests.factories.accounts import make_user
from tests.factories.cirqliz import World
from tests.support.web import PageClient

DESK = "/territoires/val-essai/guichet"


def test_desk_is_told_when_a_batch_ends_because_its_clerk_is_gone(world: World, page_client: PageClient) -> None:
    client = page_client
    client.sign_in(world.clerk.id)
    found = world.ready()
    louise = make_user(full_name="Louise Second")
    command = PrepareBatch({found.id: found.version}, Answer(VehicleDecision.APPROVED), "one")
    batch_id = prepare_batch(world.staff_actor(user=louise), world.territory.slug, command)
    with unit_of_work() as uow:
        uow.session.execute(update(DecisionBatch).values(apply_at=SYSTEM_CLOCK.now()))
    ask_for_due_batches()
    world.run_jobs(world.app)
    page = client.get(DESK)
    told = next(one.get_text(" ", strip=True) for one in page.select(".j-banner") if "Louise" in one.get_text())
    assert "0 demandes ont reçu la réponse, 1 ont été laissées de côté" in told
    batch = client.get(f"{DESK}/lots/{batch_id}")
    assert "Annulée" in batch.get_text()
    assert "Rôle retiré à un agent du territoire" in batch.select("tbody tr")[0].get_text()
    sent = {"chosen": f"{found.id}:{world.seen(found.id).version}", "decision": "approved", "form_key": "two"}
    by_hand = client.submit(f"{DESK}/lots", sent)
    client.submit(f"{by_hand}/annulation")
    assert [one for one in client.get(DESK).select(".j-banner") if "Colette" in one.get_text()] == []
