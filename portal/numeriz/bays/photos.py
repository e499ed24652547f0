"""The photo of a bay: kept beside the web root, one per bay, whatever its source."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from sqlalchemy import select

from portal.common.actor import Actor
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.errors import NotFound
from portal.db import UnitOfWork, session, unit_of_work
from portal.files import file_store
from portal.numeriz.bays.images import Photo, media_type_of, read_photo
from portal.numeriz.bays.rows import load_bay, tell_changed
from portal.numeriz.models import DeliveryBay

AREA = "bay-photos"


def set_photo(actor: Actor, territory_id: UUID, bay_id: UUID, content: bytes, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Keep a photo of a bay instead of the one it had. Raises NotFound, Invalid (`read_photo`)."""
    photo = read_photo(content)
    key = file_store().put(AREA, photo.content)
    try:
        with unit_of_work() as uow:
            _replace(uow, actor, territory_id, bay_id, key, clock)
    except BaseException:
        file_store().delete(key)
        raise


def remove_photo(actor: Actor, territory_id: UUID, bay_id: UUID, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Throw the photo of a bay away; nothing happens when there is none. Raises NotFound."""
    with unit_of_work() as uow:
        if load_bay(uow, territory_id, bay_id).photo_key is not None:
            _replace(uow, actor, territory_id, bay_id, None, clock)


def _replace(uow: UnitOfWork, actor: Actor, territory_id: UUID, bay_id: UUID, key: str | None, clock: Clock) -> None:
    row = load_bay(uow, territory_id, bay_id)
    old, row.photo_key = row.photo_key, key
    if old is not None:
        uow.after_commit(partial(file_store().delete, old))
    done = "removed" if key is None else "added" if old is None else "replaced"
    tell_changed(uow, actor, row, {"photo": done}, clock)


def bay_photo(territory_id: UUID, bay_id: UUID, *, active_only: bool = False) -> Photo:
    """Return the photo of a bay; active_only: of one in use. Raises NotFound("photo-not-found")."""
    wanted = select(DeliveryBay.photo_key).where(DeliveryBay.territory_id == territory_id, DeliveryBay.id == bay_id)
    key = session().scalar(wanted.where(DeliveryBay.active) if active_only else wanted)
    if key is None:
        raise NotFound("photo-not-found")
    content = file_store().get(key)
    return Photo(media_type_of(content), content)
