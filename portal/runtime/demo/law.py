"""The town's invented law, handed to Numeriz as an import would."""

from __future__ import annotations

import hashlib
from datetime import date
from uuid import UUID

from portal.common.actor import Actor
from portal.numeriz import api as numeriz
from portal.regulations.measures import Direction
from portal.regulations.perimeters import Perimeter
from portal.regulations.schedules import Period
from portal.territories.demo_town import Town
from portal.territories.demo_town.law import NOTICE, DemoBay, DemoIncident, DemoOrder

_PROVENANCE = {"source": "demo", "title": NOTICE}


def store_law(actor: Actor, territory_id: UUID, town: Town, today: date) -> None:
    """Store the town's law and live events; what is temporary is dated around today. Storing again updates."""
    law = town.law(today)
    numeriz.store_perimeters(actor, territory_id, [_perimeter(found) for found in law.perimeters])
    numeriz.store_orders(actor, territory_id, [_order(found) for found in law.orders])
    numeriz.store_bays(actor, territory_id, [_bay(found) for found in law.bays])
    numeriz.store_events(actor, territory_id, [_event(found, town.name) for found in law.incidents])


def _perimeter(found: Perimeter) -> numeriz.PerimeterDraft:
    return numeriz.PerimeterDraft(
        event=found.event,
        name=found.name,
        colour=found.colour,
        shape=found.shape,
        geometry_digest=hashlib.sha256(found.shape.wkb).hexdigest(),
        activations=found.activations,
        policy=found.policy,
        named_roads=found.named_roads,
        provenance=_PROVENANCE,
    )


def _order(found: DemoOrder) -> numeriz.OrderDraft:
    return numeriz.OrderDraft(
        identifier=found.identifier,
        title=found.title,
        authority_name=found.authority,
        category=numeriz.Category(found.category),
        subject=numeriz.Subject(found.subject) if found.subject else None,
        measures=tuple(
            numeriz.MeasureDraft(
                type=measure.type,
                locations=measure.locations,
                periods=measure.periods,
                vehicles=measure.vehicles,
                max_speed_kmh=measure.max_speed_kmh,
            )
            for measure in found.measures
        ),
        provenance=_PROVENANCE,
    )


def _bay(found: DemoBay) -> numeriz.BayDraft:
    return numeriz.BayDraft(
        local_id=found.local_id,
        lon=found.lon,
        lat=found.lat,
        address=found.address,
        regime=numeriz.BayRegime(found.regime),
        layout=numeriz.BayLayout(found.layout),
        length_cm=round(found.length_m * 100),
        width_cm=round(found.width_m * 100),
        places=found.places,
        hours=(numeriz.DeliveryHours(found.weekdays, found.slots),) if found.slots or found.weekdays else (),
        max_stay_min=found.max_stay_min,
        provenance=_PROVENANCE,
    )


def _event(found: DemoIncident, town: str) -> numeriz.EventDraft:
    return numeriz.EventDraft(
        source="demo",
        source_id=found.id,
        kind=numeriz.EventKind(found.kind),
        state=numeriz.EventState.ACTIVE,
        shape=found.shape,
        periods=(Period(found.start, found.end),),
        direction=Direction.BOTH,
        label=found.label,
        provenance=_PROVENANCE | {"authority": town},
    )
