"""A long queue at the desk, made in one go."""

from __future__ import annotations

from uuid import UUID

from portal.cirqliz.models import AccessRequest, RequestPerimeter, RequestVehicle
from portal.cirqliz.states import VehicleDecision
from portal.common.ids import new_id
from portal.db import unit_of_work
from portal.fleet.api import plate_key
from tests.factories.cirqliz import World


def many_ready(world: World, count: int) -> list[UUID]:
    """File `count` requests that wait for a clerk, like one that took the usual way, all for one vehicle."""
    model = world.ready()
    vehicle = model.vehicles[0]
    with unit_of_work() as uow:
        row = uow.session.get_one(AccessRequest, model.id)
        common = {
            column.key: getattr(row, column.key)
            for column in AccessRequest.__mapper__.column_attrs
            if column.key not in {"id", "number", "submission_key", "version"}
        }
        rows = []
        for number in range(count):
            request = AccessRequest(
                **common, id=new_id(), number=f"VAL-T-{number:06d}", submission_key=f"made {number}"
            )
            request.vehicles = [
                RequestVehicle(
                    id=new_id(),
                    vehicle_id=vehicle.vehicle_id,
                    plate=vehicle.plate_display.replace("-", ""),
                    plate_display=vehicle.plate_display,
                    plate_key=plate_key(vehicle.plate_display),
                    decision=VehicleDecision.PENDING,
                    reason_text="",
                )
            ]
            request.perimeters = [
                RequestPerimeter(
                    id=new_id(),
                    perimeter_id=line.perimeter_id,
                    name=line.name,
                    event=line.event,
                    colour=line.colour,
                    motorised=line.motorised,
                )
                for line in model.perimeters
            ]
            rows.append(request)
        uow.session.add_all(rows)
        uow.session.flush()
        return [request.id for request in rows]
