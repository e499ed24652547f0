"""Drafts and documents: nothing typed is lost, nothing is left behind once it is filed or thrown away."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from portal.cirqliz.models import AccessRequest, RequestDocument, RequestDraft
from portal.cirqliz.requests import documents, drafts
from portal.cirqliz.requests.erasing import erase_old_papers
from portal.cirqliz.requests.papers import MAX_DOCUMENTS
from portal.cirqliz.requests.services import submit_request, withdraw_request
from portal.common.actor import CompanyRole
from portal.common.clock import SYSTEM_CLOCK, FixedClock
from portal.common.errors import Conflict, Denied, Invalid, NotFound
from portal.config import Settings
from portal.db import session, unit_of_work
from portal.files import file_store
from tests.factories.accounts import make_company
from tests.factories.cirqliz import World
from tests.factories.papers import jpeg_paper, pdf_paper, png_paper
from tests.support.races import overtaken


@pytest.fixture(autouse=True)
def empty_store(world: World) -> None:
    """No file of another test stands in the store."""
    shutil.rmtree(store_folder(world), ignore_errors=True)


def store_folder(world: World) -> Path:
    """Where the documents lie."""
    settings: Settings = world.app.extensions["settings"]
    return Path(settings.files_url.removeprefix("file://")) / documents.AREA


def saved(world: World, key: str = "a form", **typed: list[str]) -> UUID:
    """A draft of the company."""
    return drafts.save_draft(world.company_actor(), world.company.id, world.territory.id, key, typed)


def stored_files(world: World) -> int:
    """How many documents the store holds."""
    return len(list(store_folder(world).glob("*")))


def with_paper(world: World, draft_id: UUID, content: bytes | None = None) -> UUID:
    """A document of a draft."""
    return documents.add_to_draft(
        world.company_actor(), world.company.id, draft_id, "bon.png", png_paper() if content is None else content
    )


def test_draft_holds_what_was_typed_last(world: World) -> None:
    first = saved(world, reason=["Liv"])
    assert saved(world, reason=["Livrer"], starts_on=["2026-09-08"], vehicles=["a", "b"]) == first
    (one,) = drafts.list_drafts(world.company.id)
    assert one.typed == {"reason": ["Livrer"], "starts_on": ["2026-09-08"], "vehicles": ["a", "b"]}
    assert (one.starts_on, one.vehicle_count) == (one.starts_on, 2)
    assert drafts.get_draft(world.company.id, first) == one


def test_one_draft_is_kept_when_a_form_saves_itself_twice_at_once(world: World) -> None:
    together, faults = threading.Barrier(2), []

    def save() -> None:
        with world.app.app_context():
            together.wait()
            try:
                saved(world, reason=["x"])
            except Exception as error:  # noqa: BLE001 whatever it is, the test tells it
                faults.append(error)

    threads = [threading.Thread(target=save) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert len(drafts.list_drafts(world.company.id)) == 1


def test_draft_is_used_up_with_its_documents_when_it_is_filed(world: World) -> None:
    draft_id = saved(world)
    document_id = with_paper(world, draft_id)
    found = world.submitted(draft_id=draft_id)
    assert drafts.list_drafts(world.company.id) == []
    (paper,) = documents.list_documents(found.id)
    assert (paper.id, paper.file_name, paper.media_type) == (document_id, "bon.png", "image/png")
    assert documents.read_document(world.company.id, found.id, document_id) == (paper, png_paper())
    assert documents.read_document_of_territory(world.territory.id, found.id, document_id) == (paper, png_paper())


@pytest.mark.parametrize("begun", [True, False], ids=["a draft before", "none before"])
def test_no_draft_comes_back_when_a_form_saves_itself_after_it_was_filed(world: World, begun: bool) -> None:
    draft_id = drafts.draft_id_of(world.company.id, "a form")
    if begun:
        saved(world, reason=["Liv"])
    world.submitted(form_key="a form", draft_id=draft_id)
    assert saved(world, reason=["Livrer"]) == draft_id
    assert drafts.list_drafts(world.company.id) == []
    saved(world, "another form", reason=["Livrer"])
    company, place = world.company.id, world.territory.id
    drafts.save_draft(world.company_actor(), company, place, "a form", {"reason": ["Plus tard"]}, anew=True)
    saved(world, reason=["Plus tard encore"])
    typed = {draft.form_key: draft.typed["reason"] for draft in drafts.list_drafts(company)}
    assert typed == {"another form": ["Livrer"], "a form": ["Plus tard encore"]}


def test_no_draft_comes_back_when_a_form_saves_itself_while_it_is_filed(world: World) -> None:
    draft_id = saved(world, reason=["Liv"])
    command = world.command(form_key="a form", draft_id=draft_id)
    session().rollback()
    _, answer = overtaken(
        world.app,
        lambda: submit_request(world.company_actor(), world.company.id, command),
        lambda: saved(world, reason=["Livrer"]),
    )
    assert answer == draft_id
    assert drafts.list_drafts(world.company.id) == []


def test_draft_stays_whole_when_the_filing_is_refused(world: World) -> None:
    draft_id = saved(world, reason=["x"])
    with_paper(world, draft_id)
    with pytest.raises(Invalid):
        world.submitted(draft_id=draft_id, reason=" ")
    assert drafts.get_draft(world.company.id, draft_id).typed == {"reason": ["x"]}
    assert len(documents.list_draft_documents(world.company.id, draft_id)) == 1


def test_files_go_when_a_draft_is_thrown_away(world: World) -> None:
    draft_id = saved(world)
    with_paper(world, draft_id)
    with_paper(world, draft_id, jpeg_paper())
    assert stored_files(world) == 2
    drafts.discard_draft(world.company_actor(), world.company.id, draft_id)
    assert (stored_files(world), drafts.list_drafts(world.company.id)) == (0, [])
    assert session().scalar(select(func.count()).select_from(RequestDocument)) == 0


def test_file_goes_when_it_is_taken_out_of_a_draft(world: World) -> None:
    draft_id = saved(world)
    document_id = with_paper(world, draft_id)
    documents.remove_from_draft(world.company_actor(), world.company.id, draft_id, document_id)
    assert (stored_files(world), documents.list_draft_documents(world.company.id, draft_id)) == (0, [])
    with pytest.raises(NotFound):
        documents.remove_from_draft(world.company_actor(), world.company.id, draft_id, document_id)


def test_same_file_is_kept_once(world: World) -> None:
    draft_id = saved(world)
    assert with_paper(world, draft_id) == with_paper(world, draft_id)
    assert stored_files(world) == 1


def test_document_is_refused_when_there_are_enough(world: World) -> None:
    draft_id = saved(world)
    for number in range(MAX_DOCUMENTS):
        with_paper(world, draft_id, png_paper(number + 1))
    with pytest.raises(Invalid, match="too-many-papers"):
        with_paper(world, draft_id, pdf_paper())
    assert stored_files(world) == MAX_DOCUMENTS


def test_document_joins_a_request_while_it_is_open(world: World) -> None:
    found = world.ready()
    add = documents.add_to_request
    add(world.company_actor(), world.company.id, found.id, "bon.pdf", pdf_paper())
    assert [paper.file_name for paper in documents.list_documents(found.id)] == ["bon.pdf"]
    withdraw_request(world.company_actor(), world.company.id, found.id)
    with pytest.raises(Conflict, match="request-closed"):
        add(world.company_actor(), world.company.id, found.id, "photo.jpg", jpeg_paper())
    assert stored_files(world) == 1


def test_nobody_else_touches_or_reads(world: World) -> None:
    draft_id = saved(world)
    document_id = with_paper(world, draft_id)
    found, stranger = world.submitted(), make_company().id
    for call in (
        lambda: drafts.discard_draft(world.company_actor(CompanyRole.DRIVER), world.company.id, draft_id),
        lambda: drafts.save_draft(world.company_actor(), stranger, world.territory.id, "k", {}),
        lambda: documents.add_to_draft(world.staff_actor(), world.company.id, draft_id, "a.png", png_paper()),
    ):
        with pytest.raises(Denied):
            call()
    for read in (
        lambda: drafts.get_draft(stranger, draft_id),
        lambda: documents.read_draft_document(stranger, draft_id, document_id),
        lambda: documents.read_document(world.company.id, found.id, document_id),
        lambda: documents.read_document_of_territory(world.territory.id, draft_id, document_id),
    ):
        with pytest.raises(NotFound):
            read()
    assert documents.list_draft_documents(stranger, draft_id) == []


def test_drafts_have_bounds(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drafts, "MAX_DRAFTS", 2)
    saved(world, "one")
    saved(world, "two")
    with pytest.raises(Invalid, match="too-many-drafts"):
        saved(world, "three")
    saved(world, "two", reason=["still changed"])
    with pytest.raises(Invalid, match="draft-too-long"):
        saved(world, "two", reason=["x" * 200_000])


def test_what_is_old_is_erased_and_the_rest_kept(world: World) -> None:
    now = SYSTEM_CLOCK.now()
    old, young = saved(world, "old"), saved(world, "young")
    with_paper(world, old)
    with_paper(world, young)
    over, waiting = world.ready(), world.ready()
    for found in (over, waiting):
        documents.add_to_request(world.company_actor(), world.company.id, found.id, "bon.pdf", pdf_paper())
    world.refuse(over)
    lost = file_store().put(documents.AREA, b"left behind by a killed process")
    with unit_of_work() as uow:
        uow.session.execute(
            update(RequestDraft).where(RequestDraft.id == old).values(updated_at=now - timedelta(days=61))
        )
        long_ago = {"starts_at": now - timedelta(days=99), "ends_at": now - timedelta(days=98)}
        uow.session.execute(update(AccessRequest).where(AccessRequest.id == waiting.id).values(**long_ago))
        uow.session.execute(
            update(AccessRequest).where(AccessRequest.id == over.id).values(decided_at=long_ago["ends_at"], **long_ago)
        )
    # The draft, and the document of the request that is over; the lost file is too young to be told from a new one.
    assert erase_old_papers() == 2
    assert [draft.id for draft in drafts.list_drafts(world.company.id)] == [young]
    assert [len(documents.list_documents(found.id)) for found in (over, waiting)] == [0, 1]
    assert stored_files(world) == 3
    assert erase_old_papers(FixedClock(now + timedelta(days=2))) == 1
    with pytest.raises(NotFound):
        file_store().get(lost)
    assert stored_files(world) == 2


@pytest.mark.parametrize("act", ["discard", "remove", "erase"])
def test_document_stays_with_the_request_when_its_draft_goes_as_it_is_filed(world: World, act: str) -> None:
    draft_id = saved(world, "a form")
    document_id = with_paper(world, draft_id)
    command = world.command(form_key="a form", draft_id=draft_id)
    actor, company_id = world.company_actor(), world.company.id
    session().rollback()
    acts: dict[str, Callable[[], object]] = {
        "discard": lambda: drafts.discard_draft(actor, company_id, draft_id),
        "remove": lambda: documents.remove_from_draft(actor, company_id, draft_id, document_id),
        "erase": lambda: drafts.erase_old_drafts(FixedClock(SYSTEM_CLOCK.now() + timedelta(days=90))),
    }
    request_id, ended = overtaken(world.app, lambda: submit_request(actor, company_id, command), acts[act])
    assert ended == 0 if act == "erase" else isinstance(ended, NotFound)
    (paper,) = documents.list_documents(request_id)
    assert documents.read_document(company_id, request_id, paper.id)[1] == png_paper()


def test_double_click_files_one_request_when_the_draft_is_gone(world: World) -> None:
    command = world.command(form_key="one form", draft_id=saved(world, "one form"))
    first, second = (submit_request(world.company_actor(), world.company.id, command) for _ in range(2))
    assert first == second
