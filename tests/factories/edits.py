"""Changes made through the services, as people and imports make them: a vehicle, a perimeter of the world."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from portal.cirqliz.reexamination.watching import ask_for_due_work
from portal.db import session, unit_of_work
from portal.fleet.api import get_vehicle
from portal.fleet.drafts import VehicleDraft
from portal.fleet.plates import read_plate
from portal.fleet.services import update_vehicle
from portal.numeriz.api import bump_law
from portal.numeriz.models import PerimeterRow
from portal.regulations.perimeters import Colour
from tests.factories.cirqliz import World
from tests.factories.law import make_law, perimeter_draft, square


def edit_vehicle(world: World, vehicle_id: UUID, **values: object) -> None:
    """Change some values of a vehicle by the form of the fleet; plate: a `Plate`."""
    now = get_vehicle(world.company.id, vehicle_id)
    whole: dict[str, object] = {
        "plate": read_plate(now.plate, now.country),
        "category": now.category,
        "gross_weight_kg": now.gross_weight_kg,
        "height_cm": now.height_cm,
        "energy": now.energy,
        "air_class": now.air_class,
        "hazmat": now.hazmat,
        "label": now.label,
        **values,
    }
    draft = VehicleDraft(**whole, given=frozenset(whole))  # type: ignore[arg-type]
    update_vehicle(world.company_actor(), world.company.id, vehicle_id, draft, now.version)


def recolour(world: World, name: str, colour: Colour) -> None:
    """Give a perimeter of the world another colour, and so another policy."""
    with unit_of_work() as uow:
        row = uow.session.scalars(select(PerimeterRow).where(PerimeterRow.name == name)).one()
        row.colour, row.updated_at = colour.value, row.updated_at + timedelta(seconds=1)
        bump_law(uow, world.territory.id)


def more_hours(world: World, first_hour: float, last_hour: float) -> None:
    """Add hours of the day (UTC) to both perimeters of the world, as an import does."""
    hours = (world.day + timedelta(hours=hour) for hour in (first_hour, last_hour))
    start, end = (at.isoformat() for at in hours)
    make_law(
        world.territory,
        perimeters=[
            perimeter_draft("Course du canal", Colour.RED, square(2.360, 48.860), [(start, end)]),
            perimeter_draft("Abords du canal", Colour.BLUE, square(2.369, 48.860), [(start, end)]),
        ],
    )


def look(world: World) -> int:
    """Let upkeep ask for a look at what was decided and the worker take it; return how many looks were asked for."""
    session().rollback()
    asked = ask_for_due_work()
    world.run_jobs(world.app)
    return asked
