"""Vehicles and the files they came from."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base
from portal.db.base import text_enum
from portal.fleet.plates import PlateScheme
from portal.fleet.ranks import VehicleRanks


class Category(StrEnum):
    """EU category of a goods vehicle by its gross weight: N1 up to 3.5 t, N2 to 12 t, N3 above; or something else."""

    N1 = "N1"
    N2 = "N2"
    N3 = "N3"
    OTHER = "other"


class Energy(StrEnum):
    """Energy of the vehicle (registration field P.3, grouped)."""

    DIESEL = "diesel"
    PETROL = "petrol"
    ELECTRIC = "electric"
    HYDROGEN = "hydrogen"
    GAS = "gas"
    PLUGIN_HYBRID = "plugin_hybrid"
    HYBRID = "hybrid"
    BIODIESEL = "biodiesel"


class AirClass(StrEnum):
    """Crit'Air class as the holder declares it; `none` is a vehicle that gets no sticker."""

    E = "E"
    C1 = "1"
    C2 = "2"
    C3 = "3"
    C4 = "4"
    C5 = "5"
    NONE = "none"


class Vehicle(VehicleRanks, Base):
    """A vehicle of a company. Weights in whole kilograms, sizes in whole centimetres, null = unknown."""

    __tablename__ = "vehicle"
    __table_args__ = (
        UniqueConstraint("company_id", "plate_key", "country"),
        Index("ix_vehicle_plate_key", "plate_key"),
        Index("ix_vehicle_company_id_plate", "company_id", "plate", "id"),
        CheckConstraint("gross_weight_kg IS NULL OR gross_weight_kg BETWEEN 100 AND 100000", name="gross_weight_kg"),
        CheckConstraint("height_cm IS NULL OR height_cm BETWEEN 50 AND 600", name="height_cm"),
        CheckConstraint("width_cm IS NULL OR width_cm BETWEEN 50 AND 400", name="width_cm"),
        CheckConstraint("length_cm IS NULL OR length_cm BETWEEN 100 AND 3000", name="length_cm"),
        CheckConstraint("axle_load_kg IS NULL OR axle_load_kg BETWEEN 50 AND 30000", name="axle_load_kg"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    company_id: Mapped[UUID] = mapped_column(ForeignKey("company.id", ondelete="CASCADE"))
    plate: Mapped[str] = mapped_column(String(12))
    plate_key: Mapped[str] = mapped_column(String(12))
    plate_scheme: Mapped[PlateScheme] = mapped_column(text_enum(PlateScheme))
    country: Mapped[str] = mapped_column(String(2))
    plate_valid_until: Mapped[date | None]
    label: Mapped[str] = mapped_column(String(80), default="")
    category: Mapped[Category] = mapped_column(text_enum(Category))
    gross_weight_kg: Mapped[int | None]
    combination_weight_kg: Mapped[int | None]
    axle_load_kg: Mapped[int | None]
    height_cm: Mapped[int | None]
    width_cm: Mapped[int | None]
    length_cm: Mapped[int | None]
    energy: Mapped[Energy | None] = mapped_column(text_enum(Energy))
    air_class: Mapped[AirClass | None] = mapped_column(text_enum(AirClass))
    hazmat: Mapped[bool] = mapped_column(default=False)
    usages: Mapped[list[Any]] = mapped_column(default=list)
    archived_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 the form the mapper reads


class ImportState(StrEnum):
    """checking -> mapping | checked | unreadable; mapping -> checking; checked -> applying -> applied -> undone.

    `mapping`: the columns wait for the person's word. Anything not applied may be discarded.
    """

    CHECKING = "checking"
    MAPPING = "mapping"
    UNREADABLE = "unreadable"
    CHECKED = "checked"
    APPLYING = "applying"
    APPLIED = "applied"
    DISCARDED = "discarded"
    UNDONE = "undone"


class FleetImport(Base):
    """A spreadsheet sent by a company: the stored file is the truth, this row says what became of it.

    mapping: which column of the file is which of ours and in which unit, once known. fixes: the cells corrected on
    screen, {row number: {column key: text}}, laid over the file each time it is read.
    """

    __tablename__ = "fleet_import"
    __table_args__ = (Index("ix_fleet_import_company_id_created_at", "company_id", "created_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    company_id: Mapped[UUID] = mapped_column(ForeignKey("company.id", ondelete="CASCADE"))
    created_by: Mapped[UUID | None]
    file_name: Mapped[str] = mapped_column(String(255))
    file_key: Mapped[str] = mapped_column(String(80))
    file_digest: Mapped[str] = mapped_column(String(64))
    state: Mapped[ImportState] = mapped_column(text_enum(ImportState))
    job_id: Mapped[UUID | None] = mapped_column(ForeignKey("job.id", ondelete="SET NULL"))
    error_code: Mapped[str | None] = mapped_column(String(64))
    report: Mapped[dict[str, Any] | None]
    mapping: Mapped[dict[str, Any] | None]
    fixes: Mapped[dict[str, Any]] = mapped_column(default=dict)
    version: Mapped[int] = mapped_column()
    rows_total: Mapped[int]
    rows_good: Mapped[int]
    rows_bad: Mapped[int]
    added: Mapped[int | None]
    updated: Mapped[int | None]
    created_at: Mapped[datetime]
    applied_at: Mapped[datetime | None]
    undone_at: Mapped[datetime | None]

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 the form the mapper reads


class ColumnMemory(Base):
    """How a company's files name their columns: the mapping somebody confirmed for exactly these headers."""

    __tablename__ = "column_memory"
    __table_args__ = (UniqueConstraint("company_id", "headers_digest"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    company_id: Mapped[UUID] = mapped_column(ForeignKey("company.id", ondelete="CASCADE"))
    headers_digest: Mapped[str] = mapped_column(String(64))
    mapping: Mapped[dict[str, Any]]
    used_at: Mapped[datetime]


class ChangeSource(StrEnum):
    """By what means a vehicle changed."""

    FORM = "form"
    IMPORT = "import"
    BULK = "bulk"
    UNDO = "undo"


class BulkEdit(Base):
    """One change of several vehicles at once; its lines of history name it. The last one of a company can be undone."""

    __tablename__ = "fleet_bulk_edit"
    __table_args__ = (Index("ix_fleet_bulk_edit_company_id_at", "company_id", "at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    company_id: Mapped[UUID] = mapped_column(ForeignKey("company.id", ondelete="CASCADE"))
    at: Mapped[datetime]
    by_label: Mapped[str] = mapped_column(String(255))
    vehicles: Mapped[int]
    undone_at: Mapped[datetime | None]


class VehicleChange(Base):
    """One line of a vehicle's history. before and after: only the values that differ; before null: it was added."""

    __tablename__ = "vehicle_change"
    __table_args__ = (
        Index("ix_vehicle_change_vehicle_id_at", "vehicle_id", "at"),
        Index("ix_vehicle_change_import_id", "import_id"),
        Index("ix_vehicle_change_bulk_id", "bulk_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    vehicle_id: Mapped[UUID] = mapped_column(ForeignKey("vehicle.id", ondelete="CASCADE"))
    at: Mapped[datetime]
    by_label: Mapped[str] = mapped_column(String(255))
    source: Mapped[ChangeSource] = mapped_column(text_enum(ChangeSource))
    import_id: Mapped[UUID | None] = mapped_column(ForeignKey("fleet_import.id", ondelete="SET NULL"))
    bulk_id: Mapped[UUID | None] = mapped_column(ForeignKey("fleet_bulk_edit.id", ondelete="SET NULL"))
    before: Mapped[dict[str, Any] | None]
    after: Mapped[dict[str, Any]]


class LoanState(StrEnum):
    """offered -> accepted | declined; offered or accepted -> ended. An accepted loan past its dates has ended."""

    OFFERED = "offered"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    ENDED = "ended"


class VehicleLoan(Base):
    """A vehicle that a company lends to another for a time: hired, or driving for somebody else.

    The borrower is named by its SIRET, registered here or not; borrower_id is known once it has answered.
    """

    __tablename__ = "vehicle_loan"
    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="dates"),
        CheckConstraint("lender_id <> borrower_id", name="two_companies"),
        CheckConstraint("state NOT IN ('accepted', 'declined') OR borrower_id IS NOT NULL", name="borrower_known"),
        CheckConstraint("length(borrower_siret) = 14", name="siret_length"),
        CheckConstraint("(state = 'ended') = (ended_at IS NOT NULL)", name="ended_at"),
        Index("ix_vehicle_loan_lender_id_created_at", "lender_id", "created_at"),
        Index("ix_vehicle_loan_borrower_siret_created_at", "borrower_siret", "created_at"),
        Index("ix_vehicle_loan_borrower_id_state", "borrower_id", "state", "ends_at"),
        Index("ix_vehicle_loan_vehicle_id_ends_at", "vehicle_id", "ends_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    vehicle_id: Mapped[UUID] = mapped_column(ForeignKey("vehicle.id", ondelete="CASCADE"))
    lender_id: Mapped[UUID] = mapped_column(ForeignKey("company.id", ondelete="CASCADE"))
    borrower_siret: Mapped[str] = mapped_column(String(14))
    borrower_id: Mapped[UUID | None] = mapped_column(ForeignKey("company.id", ondelete="CASCADE"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    state: Mapped[LoanState] = mapped_column(text_enum(LoanState))
    created_by: Mapped[UUID | None]
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
