"""What the fleet keeps of the people who look after it."""

from __future__ import annotations

from sqlalchemy import select

from portal.accounts.api import Traces
from portal.fleet.models import BulkEdit, FleetImport, Vehicle, VehicleChange, VehicleLoan

TRACES = (
    Traces(
        "fichiers_de_flotte",
        lambda person: FleetImport.created_by == person.id,
        (FleetImport.company_id, FleetImport.file_name, FleetImport.state, FleetImport.created_at),
    ),
    Traces(
        "vehicules_modifies",
        lambda person: (
            VehicleChange.by_label.in_(person.names)
            & VehicleChange.vehicle_id.in_(select(Vehicle.id).where(Vehicle.company_id.in_(person.company_ids)))
        ),
        (VehicleChange.vehicle_id, VehicleChange.at, VehicleChange.source),
        label=VehicleChange.by_label,
    ),
    Traces(
        "modifications_groupees",
        lambda person: BulkEdit.by_label.in_(person.names) & BulkEdit.company_id.in_(person.company_ids),
        (BulkEdit.company_id, BulkEdit.at, BulkEdit.vehicles),
        label=BulkEdit.by_label,
    ),
    Traces(
        "prets",
        lambda person: VehicleLoan.created_by == person.id,
        (VehicleLoan.vehicle_id, VehicleLoan.starts_at, VehicleLoan.ends_at, VehicleLoan.state, VehicleLoan.created_at),
    ),
)
