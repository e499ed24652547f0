"""What each policy of a perimeter asks of an approval, on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.audit import list_entries
from portal.cirqliz.decisions.commands import Answer
from portal.cirqliz.decisions.policies import refuses_by_policy
from portal.cirqliz.passes.queries import list_passes_of_request
from portal.cirqliz.states import RequestState, VehicleDecision
from portal.common.errors import Invalid
from portal.db import unit_of_work
from portal.numeriz.api import bump_law
from portal.numeriz.models import PerimeterRow
from portal.regulations.perimeters import Colour, Motorised
from tests.factories.cirqliz import World

F, J, P, A, C = Motorised


def said(text: str = "", *, exceptional: bool = False) -> Answer:
    return Answer(VehicleDecision.APPROVED, reason_text=text, exceptional=exceptional)


@pytest.mark.parametrize(
    ("asked", "documents", "answer", "code"),
    [
        ({F, J, P}, 0, said(), None),
        ({A}, 0, said(), "accredited-without-document"),
        ({A}, 0, said("  "), "accredited-without-document"),
        ({A}, 1, said(), None),
        ({A}, 0, said("Liste de l’organisateur"), None),
        ({P, C}, 3, said("Secours du théâtre"), "closed-not-exceptional"),
        ({C}, 0, said(exceptional=True), "closed-unexplained"),
        ({C}, 0, said("Secours du théâtre", exceptional=True), None),
        ({A, C}, 0, said("Secours du théâtre", exceptional=True), None),
        ({J}, 0, said(exceptional=True), None),
    ],
)
def test_approval_says_what_the_policy_asks(
    asked: set[Motorised], documents: int, answer: Answer, code: str | None
) -> None:
    assert refuses_by_policy(asked, documents, answer) == code


def test_closed_perimeter_opens_by_an_explained_exception_alone(world: World) -> None:
    with unit_of_work() as uow:
        row = uow.session.scalars(select(PerimeterRow).where(PerimeterRow.name == "Course du canal")).one()
        row.colour, row.policy = Colour.BLACK.value, {}
        row.updated_at += timedelta(seconds=1)
        bump_law(uow, world.territory.id)
    found = world.ready()
    assert found.perimeters[0].motorised is Motorised.CLOSED
    with pytest.raises(Invalid, match="closed-not-exceptional"):
        world.approve(found)
    assert world.seen(found.id).state is RequestState.READY
    world.decide(found, said("Oxygène du poste de secours", exceptional=True))
    assert len(list_passes_of_request(found.id)) == 1
    decided = [one.data for one in list_entries(subject_id=found.id).items if "decision" in one.data]
    assert decided[0]["exceptional"] is True
