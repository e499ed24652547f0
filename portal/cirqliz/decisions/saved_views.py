"""The filters a clerk keeps under a name; the oldest one is what the desk opens with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from portal.cirqliz.decisions import policies
from portal.cirqliz.models import SavedView
from portal.common.actor import Actor
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.errors import Conflict, Denied, Invalid, NotFound
from portal.common.ids import new_id
from portal.db import UnitOfWork, session, unit_of_work
from portal.territories.api import get_territory

MAX_VIEWS = 20
MAX_NAME = 60


@dataclass(frozen=True, slots=True)
class ViewLine:
    """A saved view: its name and the names and values of its query string."""

    id: UUID
    name: str
    query: Mapping[str, str]


def list_views(account_id: UUID, territory_id: UUID) -> Sequence[ViewLine]:
    """Return the views of a clerk in a territory, oldest first: the first opens by default."""
    rows = session().scalars(
        select(SavedView)
        .where(SavedView.account_id == account_id, SavedView.territory_id == territory_id)
        .order_by(SavedView.created_at, SavedView.id)
    )
    return [ViewLine(row.id, row.name, dict(row.query)) for row in rows]


def save_view(
    actor: Actor, territory: str, name: str, query: Mapping[str, str], *, clock: Clock = SYSTEM_CLOCK
) -> UUID:
    """Keep filters under a name; the same name again replaces them. Raises Denied, Invalid, Conflict (too many)."""
    owner, wanted = _owner(actor, territory), _checked(name)
    place = get_territory(territory)
    try:
        with unit_of_work() as uow:
            mine = select(SavedView).where(SavedView.account_id == owner, SavedView.territory_id == place.id)
            same = uow.session.scalar(mine.where(SavedView.name == wanted))
            if same is not None:
                same.query = dict(query)
                return same.id
            count = uow.session.scalars(mine.with_only_columns(func.count())).one()
            if count >= MAX_VIEWS:
                raise Conflict("too-many-views", most=MAX_VIEWS)
            view = SavedView(
                id=new_id(),
                account_id=owner,
                territory_id=place.id,
                name=wanted,
                query=dict(query),
                created_at=clock.now(),
            )
            uow.session.add(view)
            return view.id
    except IntegrityError as error:
        raise Conflict("view-name-taken", field="name") from error


def rename_view(actor: Actor, territory: str, view_id: UUID, name: str) -> None:
    """Give a view another name. Raises Denied, NotFound, Invalid, Conflict (the name is another view's)."""
    wanted = _checked(name)
    try:
        with unit_of_work() as uow:
            _load(uow, actor, territory, view_id).name = wanted
    except IntegrityError as error:
        raise Conflict("view-name-taken", field="name") from error


def delete_view(actor: Actor, territory: str, view_id: UUID) -> None:
    """Forget a view. Raises Denied, NotFound."""
    with unit_of_work() as uow:
        uow.session.delete(_load(uow, actor, territory, view_id))


def _load(uow: UnitOfWork, actor: Actor, territory: str, view_id: UUID) -> SavedView:
    owner, place = _owner(actor, territory), get_territory(territory)
    found = uow.session.scalar(
        select(SavedView).where(
            SavedView.id == view_id, SavedView.account_id == owner, SavedView.territory_id == place.id
        )
    )
    if found is None:
        raise NotFound("view-not-found")
    return found


def _owner(actor: Actor, territory: str) -> UUID:
    policies.require_clerk(actor, territory)
    if actor.user_id is None:
        raise Denied("staff-role-needed")
    return actor.user_id


def _checked(name: str) -> str:
    wanted = " ".join(name.split())
    if not wanted:
        raise Invalid("view-name-missing", field="name")
    if len(wanted) > MAX_NAME:
        raise Invalid("view-name-too-long", field="name", most=MAX_NAME)
    return wanted
