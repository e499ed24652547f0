"""A fleet file from sending to undoing: columns confirmed and remembered, rows corrected, nothing twice."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select, update

from portal.audit import AuditTag, list_entries
from portal.common.actor import Actor, ActorKind, CompanyRole
from portal.common.clock import SYSTEM_CLOCK, FixedClock
from portal.common.errors import Conflict, Invalid, NotFound
from portal.db import session, unit_of_work
from portal.files import file_store
from portal.fleet import imports, queries, services, withdrawals
from portal.fleet.checking import check_rows
from portal.fleet.drafts import VehicleDraft, judge
from portal.fleet.imports.good_rows import FIELDS
from portal.fleet.imports.kept_rows import KeptRows, KeptRowsWriter
from portal.fleet.imports.undoing import added_vehicles
from portal.fleet.models import ChangeSource, FleetImport, ImportState, Vehicle, VehicleChange
from tests.factories.accounts import make_company

RunJobs = Callable[[Flask], int]
FAULTY = b"Plaque;PTAC;Hauteur\nAB-123-CD;3500;2,6\n;3500;2\nEF-456-GH;lourd;2\nGH-456-JK;beaucoup;99999\n"


@pytest.fixture
def company_id(database: Flask) -> UUID:
    """A company without vehicles."""
    return make_company().id


@pytest.fixture
def actor(company_id: UUID) -> Actor:
    """Its manager."""
    return Actor(ActorKind.USER, "Camille", companies={company_id: CompanyRole.MANAGER})


def draft(plate: str, **texts: str) -> VehicleDraft:
    """A good draft."""
    judged = judge({"plate": plate, "gross_weight_kg": "3500", **texts})
    assert judged.draft is not None, judged.faults
    return judged.draft


def fix(company_id: UUID, import_id: UUID, number: int, **texts: str) -> imports.RowView:
    """Correct a row as it is now."""
    token = imports.find_row(company_id, import_id, number).token
    return imports.correct_row(company_id, import_id, number, texts, token)


def test_unknown_titles_wait_for_a_word_that_is_kept_for_the_next_file(actor: Actor, company_id: UUID) -> None:
    content = "Camion n° 7;Tonnage admis\nAB-123-CD;3500\nEF-456-GH;19000\n".encode()
    import_id = imports.start_import(actor, company_id, "flotte.csv", content)
    waiting = imports.get_import(company_id, import_id)
    assert waiting.state is ImportState.MAPPING
    assert waiting.mapping is not None
    assert [column.key for column in waiting.mapping.columns] == ["plate", None]
    assert waiting.mapping.columns[1].samples == ("3500", "19000")
    with pytest.raises(Conflict, match="import-not-ready"):
        imports.confirm_import(actor, company_id, import_id)
    with pytest.raises(Invalid, match="unit-unfit"):
        imports.choose_columns(actor, company_id, import_id, {0: ("plate", None), 1: ("gross_weight_kg", "cm")})
    with pytest.raises(Invalid, match="plate-needed"):
        imports.choose_columns(actor, company_id, import_id, {1: ("gross_weight_kg", None)})
    imports.choose_columns(actor, company_id, import_id, {0: ("plate", None), 1: ("gross_weight_kg", None)})
    judged = imports.get_import(company_id, import_id)
    assert (judged.state, judged.rows_good) == (ImportState.CHECKED, 2)
    again = imports.get_import(company_id, imports.start_import(actor, company_id, "flotte.csv", content))
    assert again.mapping is not None
    assert (again.state, again.mapping.source) == (ImportState.CHECKED, "memory")
    other = make_company().id
    assert imports.get_import(other, imports.start_import(actor, other, "f.csv", content)).state is ImportState.MAPPING


def test_rows_are_corrected_cell_by_cell_and_stored_with_the_others(
    database: Flask, actor: Actor, company_id: UUID, run_jobs: RunJobs
) -> None:
    import_id = imports.start_import(actor, company_id, "flotte.csv", FAULTY)
    page = imports.rows_page(company_id, import_id)
    assert [row.number for row in page.rows] == [3, 4, 5]
    weights = imports.rows_page(company_id, import_id, kind="gross_weight_kg:not-a-number")
    assert [row.number for row in weights.rows] == [4, 5]
    seen = page.rows[2].token
    half = fix(company_id, import_id, 5, gross_weight_kg="19 t")
    assert not half.good
    with pytest.raises(Conflict, match="row-changed-meanwhile"):
        imports.correct_row(company_id, import_id, 5, {"height_cm": "3"}, seen)
    assert fix(company_id, import_id, 5, height_cm="3,1").good
    twin = fix(company_id, import_id, 3, plate="ab 123 cd")
    assert [fault.code for cell in twin.cells for fault in cell.faults] == ["plate-twice-in-file"]
    twin = fix(company_id, import_id, 3, plate="GH456JK")
    assert twin.good, "the first of the corrected rows with a plate has it"
    assert not imports.find_row(company_id, import_id, 5).good
    assert fix(company_id, import_id, 3, plate="").corrected is False
    assert imports.find_row(company_id, import_id, 5).good
    shown = imports.get_import(company_id, import_id)
    assert shown.report is not None
    assert (shown.rows_good, shown.rows_bad) == (2, 2)
    assert dict(shown.report["tally"]["faults"]) == {"plate:plate-missing": 1, "gross_weight_kg:not-a-number": 1}
    rejected = imports.rejected_rows_csv(company_id, import_id).splitlines()
    assert [line.split(";")[3] for line in rejected] == ["Ligne", "3", "4"]
    imports.confirm_import(actor, company_id, import_id)
    with pytest.raises(Conflict):
        fix(company_id, import_id, 4, gross_weight_kg="3500")
    run_jobs(database)
    stored = {vehicle.plate: vehicle.height_cm for vehicle in queries.list_vehicles(company_id)}
    assert stored == {"AB123CD": 260, "GH456JK": 310}


def test_stranger_corrects_nothing(actor: Actor, company_id: UUID) -> None:
    import_id = imports.start_import(actor, company_id, "flotte.csv", FAULTY)
    stranger = make_company().id
    for ask in (imports.rows_page, imports.get_import, imports.rejected_rows_csv):
        with pytest.raises(NotFound):
            ask(stranger, import_id)
    with pytest.raises(NotFound):
        imports.correct_row(stranger, import_id, 3, {"plate": "AB-999-CD"}, "")


def test_every_faulty_row_is_reachable_by_pages(actor: Actor, company_id: UUID) -> None:
    lines = "".join(f"AB-{n:03d}-CD;{'x' if n % 2 else ''}\n" for n in range(1, 700))
    import_id = imports.start_import(actor, company_id, "flotte.csv", f"Plaque;PTAC\n{lines}".encode())
    first = imports.rows_page(company_id, import_id)
    pages = [imports.rows_page(company_id, import_id, number=n + 1) for n in range(first.pages)]
    assert [row.number for page in pages for row in page.rows] == list(range(2, 701))
    odd = imports.rows_page(company_id, import_id, kind="gross_weight_kg:not-a-number", number=7)
    assert (odd.total, odd.pages) == (350, 7)
    assert [row.number for row in odd.rows] == list(range(602, 702, 2))


def test_what_a_file_does_not_say_stays_as_it_is(
    database: Flask, actor: Actor, company_id: UUID, run_jobs: RunJobs
) -> None:
    services.add_vehicle(actor, company_id, draft("AB-123-CD", height_cm="2,6", label="Le bleu", hazmat="oui"))
    import_id = imports.start_import(actor, company_id, "f.csv", b"Plaque;PTAC;Nom\nAB-123-CD;3490;\n")
    imports.confirm_import(actor, company_id, import_id)
    run_jobs(database)
    (vehicle,) = queries.list_vehicles(company_id)
    assert (vehicle.gross_weight_kg, vehicle.height_cm, vehicle.label, vehicle.hazmat) == (3490, 260, "Le bleu", True)
    lines = session().scalars(select(VehicleChange).where(VehicleChange.import_id == import_id)).all()
    assert [(line.source, line.before, line.after, line.by_label) for line in lines] == [
        (ChangeSource.IMPORT, {"gross_weight_kg": 3500}, {"gross_weight_kg": 3490}, "Camille")
    ]


@pytest.mark.parametrize("wanted", ["again", "discarded"])
def test_import_whose_storing_failed_can_be_confirmed_again_or_forgotten(
    database: Flask, actor: Actor, company_id: UUID, run_jobs: RunJobs, wanted: str
) -> None:
    import_id = imports.start_import(actor, company_id, "f.csv", b"Plaque;PTAC\nAB-123-CD;3490\n")
    digest = _set_digest(import_id, "0" * 64)
    imports.confirm_import(actor, company_id, import_id)
    with pytest.raises(Conflict, match="import-already-applied"):
        imports.discard_import(company_id, import_id)
    run_jobs(database)
    failed = imports.get_import(company_id, import_id)
    assert (failed.state, failed.working) == (ImportState.APPLYING, False)
    _set_digest(import_id, digest)
    if wanted == "discarded":
        imports.discard_import(company_id, import_id)
        assert imports.get_import(company_id, import_id).state is ImportState.DISCARDED
        return
    imports.confirm_import(actor, company_id, import_id)
    imports.confirm_import(actor, company_id, import_id)
    assert run_jobs(database) == 1
    assert imports.get_import(company_id, import_id).state is ImportState.APPLIED
    assert [view.plate for view in queries.list_vehicles(company_id)] == ["AB123CD"]


def _set_digest(import_id: UUID, digest: str) -> str:
    """Let the stored file be another one than was judged, or the same again; return what it was."""
    with unit_of_work() as uow:
        row = uow.session.get_one(FleetImport, import_id)
        before, row.file_digest = row.file_digest, digest
        return before


def test_vehicles_that_a_file_added_are_told_before_it_is_undone(
    database: Flask, actor: Actor, company_id: UUID, run_jobs: RunJobs
) -> None:
    known = services.add_vehicle(actor, company_id, draft("AB-123-CD"))
    import_id = imports.start_import(actor, company_id, "f.csv", b"Plaque;PTAC\nAB-123-CD;3490\nEF-456-GH;3500\n")
    imports.confirm_import(actor, company_id, import_id)
    run_jobs(database)
    ids = {vehicle.id for vehicle in queries.list_vehicles(company_id)}
    assert set(added_vehicles(company_id, import_id)) == ids - {known}


def test_plate_that_a_file_types_otherwise_is_another_plate(
    database: Flask, actor: Actor, company_id: UUID, run_jobs: RunJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[tuple[set[UUID], str]] = []
    monkeypatch.setattr(withdrawals, "_listeners", [lambda _a, _u, _c, ids, why: heard.append((set(ids), why))])
    known = services.add_vehicle(actor, company_id, draft("AO1234", country="DE"))
    services.add_vehicle(actor, company_id, draft("AB-123-CD"))
    content = b"Plaque;Pays;PTAC\nA01234;DE;3500\nab 123 cd;FR;3400\n"
    import_id = imports.start_import(actor, company_id, "f.csv", content)
    imports.confirm_import(actor, company_id, import_id)
    run_jobs(database)
    assert queries.get_vehicle(company_id, known).plate == "A01234"
    assert heard == [({known}, "plate-changed")]
    imports.undo_import(actor, company_id, import_id)
    run_jobs(database)
    assert queries.get_vehicle(company_id, known).plate == "AO1234"
    assert heard == [({known}, "plate-changed")] * 2


def test_last_import_is_undone_but_for_what_changed_since(
    database: Flask, actor: Actor, company_id: UUID, run_jobs: RunJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[tuple[set[UUID], str]] = []
    monkeypatch.setattr(withdrawals, "_listeners", [lambda _a, _u, _c, ids, why: heard.append((set(ids), why))])
    services.add_vehicle(actor, company_id, draft("AB-123-CD", energy="GO", air_class="2"))
    services.add_vehicle(actor, company_id, draft("EF-456-GH"))
    gone = services.add_vehicle(actor, company_id, draft("JK-456-LM", label="Parti"))
    services.archive_vehicle(actor, company_id, gone)
    heard.clear()
    before = {view.plate: view for view in queries.list_vehicles(company_id)}
    content = (
        b"Plaque;PTAC;Energie;Vignette\nAB-123-CD;19000;EL;E\nEF-456-GH;12000;;\nGH-456-JK;3500;;\nJK-456-LM;3400;;\n"
    )
    import_id = imports.start_import(actor, company_id, "f.csv", content)
    imports.confirm_import(actor, company_id, import_id)
    run_jobs(database)
    done = imports.get_import(company_id, import_id)
    assert (done.added, done.updated) == (1, 3)
    after = {view.plate: view for view in queries.list_vehicles(company_id)}
    services.update_vehicle(actor, company_id, after["EF456GH"].id, draft("EF-456-GH", label="Gros"), 2)
    for _twice in range(2):
        imports.undo_import(actor, company_id, import_id)
    assert run_jobs(database) == 1
    undone = imports.get_import(company_id, import_id)
    assert undone.state is ImportState.UNDONE
    assert undone.undo == {"restored": 1, "archived": 2, "kept": 1, "kept_plates": ["EF-456-GH"]}
    now = {view.plate: view for view in queries.list_vehicles(company_id)}
    assert set(now) == {"AB123CD", "EF456GH"}
    for name in set(FIELDS) - {"plate_key"}:
        assert getattr(now["AB123CD"], name) == getattr(before["AB123CD"], name), name
    assert now["EF456GH"].label == "Gros"
    assert queries.get_vehicle(company_id, gone).gross_weight_kg == 3500
    assert heard == [({after["GH456JK"].id, gone}, "vehicle-archived")]
    tags = [entry.tag for entry in list_entries(subject_id=import_id).items]
    assert sorted(tags) == sorted([AuditTag.FLEET_IMPORTED, AuditTag.FLEET_IMPORT_UNDONE])


def test_only_the_last_stored_file_can_be_undone(
    database: Flask, actor: Actor, company_id: UUID, run_jobs: RunJobs
) -> None:
    ids = []
    for plate in ("AB-123-CD", "EF-456-GH"):
        content = f"Plaque;PTAC\n{plate};3500\n".encode()
        ids.append(imports.start_import(actor, company_id, "f.csv", content))
        with pytest.raises(Conflict, match="import-not-applied"):
            imports.undo_import(actor, company_id, ids[-1])
        imports.confirm_import(actor, company_id, ids[-1])
        run_jobs(database)
    with pytest.raises(Conflict, match="import-not-last"):
        imports.undo_import(actor, company_id, ids[0])


def test_first_rows_of_a_large_file_are_shown_before_it_is_judged(
    database: Flask, actor: Actor, company_id: UUID, run_jobs: RunJobs
) -> None:
    lines = [f"AB-{n % 999 + 1:03d}-{chr(65 + n // 999)}X;3500;2,6;un fourgon blanc" for n in range(4000)]
    lines[10] = "??;3500;2,6;"
    lines[3999] = "??;3500;2,6;"
    content = "\n".join(["Plaque;PTAC;Hauteur;Note", *lines]).encode()
    import_id = imports.start_import(actor, company_id, "f.csv", content)
    first = imports.get_import(company_id, import_id)
    assert (first.state, first.judged) == (ImportState.CHECKING, False)
    assert first.report is not None
    assert [row["number"] for row in first.report["shown"]] == [12]
    run_jobs(database)
    whole = imports.get_import(company_id, import_id)
    assert whole.report is not None
    assert (whole.judged, [row["number"] for row in whole.report["shown"]]) == (True, [12, 4001])


def test_too_many_rows_are_told_before_anything_is_stored(actor: Actor, company_id: UUID) -> None:
    content = b"Plaque;PTAC\n" + b"AB-123-CD;3500\n" * 250_000
    with pytest.raises(Invalid, match="too-many-rows"):
        imports.start_import(actor, company_id, "f.csv", content)
    assert imports.list_recent_imports(company_id) == []


def test_begun_files_are_found_again(actor: Actor, company_id: UUID) -> None:
    ids = [imports.start_import(actor, company_id, f"{n}.csv", FAULTY) for n in range(3)]
    imports.discard_import(company_id, ids[0])
    recent = {view.id: view.state for view in imports.list_recent_imports(company_id)}
    assert recent == {ids[0]: ImportState.DISCARDED, ids[1]: ImportState.CHECKED, ids[2]: ImportState.CHECKED}


def large_file(rows: int) -> bytes:
    """A file that a job judges; every tenth row has a fault, the last one a plate of another row."""
    lines = [
        f"AB-{n % 999 + 1:03d}-{chr(65 + n // 999)}X;{'lourd' if n % 10 == 9 else '3500'};2,6" for n in range(rows)
    ]
    return "\n".join(["Plaque;PTAC;Hauteur", *lines, "AB-001-AX;12000;3"]).encode()


def spoilt(path: Path) -> None:
    """Write something else where rows were kept."""
    path.write_bytes(b"of another judgement")


@pytest.mark.parametrize("harm", [None, spoilt, Path.unlink], ids=["kept", "spoilt", "gone"])
def test_what_the_page_says_is_stored_when_the_kept_rows_are(
    database: Flask, actor: Actor, company_id: UUID, run_jobs: RunJobs, harm: Callable[[Path], None] | None
) -> None:
    services.add_vehicle(actor, company_id, draft("AB-001-AX", label="Le bleu"))
    import_id = imports.start_import(actor, company_id, "f.csv", large_file(3500))
    run_jobs(database)
    assert fix(company_id, import_id, 11, gross_weight_kg="19 t", height_cm="").good
    assert fix(company_id, import_id, 3502, plate="AB-010-ZZ").good
    assert not fix(company_id, import_id, 21, gross_weight_kg="3500", plate="AB-011-AX").good
    shown = imports.get_import(company_id, import_id)
    assert shown.report is not None
    imports.confirm_import(actor, company_id, import_id)
    if harm is not None:
        harm(Path(database.extensions["settings"].files_url.removeprefix("file://")) / shown.report["rows_key"])
    run_jobs(database)
    done = imports.get_import(company_id, import_id)
    assert (done.state, done.added, done.updated) == (ImportState.APPLIED, shown.rows_good - 1, 1)
    stored = {vehicle.plate: vehicle for vehicle in session().scalars(select(Vehicle))}
    assert len(stored) == shown.rows_good
    assert (stored["AB001AX"].height_cm, stored["AB001AX"].label) == (260, "Le bleu")
    assert (stored["AB010AX"].gross_weight_kg, stored["AB010AX"].height_cm) == (19000, None)
    assert stored["AB010ZZ"].gross_weight_kg == 12000
    assert "AB020AX" not in stored


def test_files_that_no_import_names_are_removed(actor: Actor, company_id: UUID) -> None:
    later = FixedClock(SYSTEM_CLOCK.now() + timedelta(days=2))
    imports.erase_lost_files(later)  # those of other tests
    kept = imports.start_import(actor, company_id, "f.csv", FAULTY)
    gone = imports.start_import(actor, company_id, "g.csv", FAULTY)
    store = file_store()
    for area in ("fleet-imports", "fleet-import-rows"):
        store.put(area, b"of a run that was killed")
    with unit_of_work() as uow:
        uow.session.execute(update(FleetImport).where(FleetImport.id == gone).values(state=ImportState.DISCARDED))
    assert imports.erase_lost_files() == 0, "they are young"
    assert imports.erase_lost_files(later) == 4
    assert imports.rows_page(company_id, kept).total == 3


class _CountedReads(io.BytesIO):
    """A kept file that counts how many of its parts are read."""

    count = 0

    def read(self, size: int | None = -1) -> bytes:
        """Read, and count."""
        self.count += 1
        return super().read(size)


def test_each_part_is_read_once_when_many_of_its_rows_were_corrected() -> None:
    report_rows = 950
    content = "Plaque;PTAC\n" + "".join(f"AB-{100 + n % 900}-{'CD'[n // 900]}D;x\n" for n in range(report_rows))
    _mapping, rows = check_rows(content.encode(), max_rows=1000, max_columns=5)
    writer = KeptRowsWriter()
    for row in rows:
        writer.add(row, untouched=True)
    stream = _CountedReads(writer.content({}))
    kept, before = KeptRows(stream), stream.count
    numbers = range(2, 2 + report_rows)
    assert [found.number for number in numbers if (found := kept.row(number))] == list(numbers)
    assert stream.count - before == 4, "950 rows stand in four parts"
    assert kept.row(1) is None
    assert kept.row(1 + report_rows + 1) is None
