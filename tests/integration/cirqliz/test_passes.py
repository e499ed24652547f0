"""The life of a pass and its verification, on SQLite and PostgreSQL."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import delete, func, select

from portal.audit import list_entries
from portal.audit.tags import AuditTag
from portal.cirqliz.api import active_pass_rights
from portal.cirqliz.control.retention import purge_checks
from portal.cirqliz.control.searches import look_up
from portal.cirqliz.models import AccessPass, PassCheck
from portal.cirqliz.passes.queries import PassView, find_in_territory, get_pass, list_passes, list_passes_of_request
from portal.cirqliz.passes.services import give_back_pass, revoke_pass
from portal.cirqliz.states import CheckMethod, PassState, RevocationReason
from portal.cirqliz.tokens import KeyRing, TokenPayload, open_token, seal_token
from portal.cirqliz.verification.services import check_token, record_check
from portal.cirqliz.verification.verdict import Result, Tone
from portal.common.actor import CompanyRole, StaffRole
from portal.common.clock import SYSTEM_CLOCK, FixedClock
from portal.common.errors import Conflict, Denied, Invalid, NotFound
from portal.db import session, unit_of_work
from portal.fleet.api import archive_vehicle
from portal.mail import list_outbox
from portal.numeriz.law.memory import bump_law
from portal.numeriz.models import PerimeterRow
from tests.factories.accounts import make_company, make_user
from tests.factories.cirqliz import World


def issued(world: World, plate: str = "AA-111-AA") -> PassView:
    """A pass just issued for a vehicle of this plate."""
    found = world.ready(vehicles=[world.vehicle(plate)])
    world.approve(found)
    return list_passes_of_request(found.id)[0]


def seen(world: World, one: PassView, at: datetime) -> tuple[Tone, Result]:
    """What a scan says at an instant."""
    verdict = check_token(one.token, clock=FixedClock(at)).verdict
    return verdict.tone, verdict.result


def test_scan_follows_the_hours_of_the_pass(world: World) -> None:
    one = issued(world)
    day = world.day
    # The pass is valid from 07:00 to 12:00, the perimeter is active from 05:30 to 14:00.
    for hours, expected in (
        (6.9, (Tone.ORANGE, Result.NOT_YET)),
        (7, (Tone.GREEN, Result.VALID)),
        (11.99, (Tone.GREEN, Result.VALID)),
        (12, (Tone.RED, Result.EXPIRED)),
    ):
        assert seen(world, one, day + timedelta(hours=hours)) == expected


def test_scan_is_orange_outside_the_hours_of_the_perimeter(world: World) -> None:
    found = world.ready(starts_at=world.day, ends_at=world.day + timedelta(hours=20))
    world.approve(found)
    one = list_passes_of_request(found.id)[0]
    early = check_token(one.token, clock=FixedClock(world.day + timedelta(hours=1))).verdict
    assert (early.result, early.at) == (Result.OUTSIDE_HOURS, world.day + timedelta(hours=5.5))
    late = check_token(one.token, clock=FixedClock(world.day + timedelta(hours=15))).verdict
    assert (late.result, late.at) == (Result.OUTSIDE_HOURS, None)


def test_scan_is_orange_when_the_perimeter_has_left_the_law(world: World) -> None:
    one = issued(world)
    with unit_of_work() as uow:
        uow.session.execute(delete(PerimeterRow).where(PerimeterRow.territory_id == world.territory.id))
        bump_law(uow, world.territory.id)
    assert seen(world, one, world.day + timedelta(hours=8)) == (Tone.ORANGE, Result.HOURS_UNKNOWN)


def test_scan_is_red_as_soon_as_the_pass_is_revoked(world: World) -> None:
    one = issued(world)
    inside = world.day + timedelta(hours=8)
    assert seen(world, one, inside)[0] is Tone.GREEN
    revoke_pass(world.staff_actor(), world.territory.slug, one.id, RevocationReason.MISUSE, "Prêté")
    assert seen(world, one, inside) == (Tone.RED, Result.REVOKED)
    entry = list_entries(subject_id=one.id).items[0]
    assert (entry.tag, entry.data["reason_code"]) == (AuditTag.PASS_REVOKED, "misuse")
    assert one.number in list_outbox()[0].body


def test_revoked_pass_stays_revoked(world: World) -> None:
    one = issued(world)
    give_back_pass(world.company_actor(), world.company.id, one.id)
    first = get_pass(world.company.id, one.id)
    with pytest.raises(Conflict, match="pass-already-revoked"):
        revoke_pass(world.staff_actor(), world.territory.slug, one.id, RevocationReason.MISUSE)
    with pytest.raises(Conflict, match="pass-already-revoked"):
        give_back_pass(world.company_actor(), world.company.id, one.id)
    assert get_pass(world.company.id, one.id) == first
    assert first.revoke_reason is RevocationReason.GIVEN_BACK


@pytest.mark.parametrize(
    ("reason", "text", "code"),
    [
        (RevocationReason.OTHER, "", "revocation-other-unexplained"),
        (RevocationReason.GIVEN_BACK, "", "revocation-without-reason"),
        (RevocationReason.MISUSE, "x" * 1001, "reason-too-long"),
    ],
    ids=["other unexplained", "not a clerk's reason", "too long"],
)
def test_revocation_is_refused_when_incomplete(world: World, reason: RevocationReason, text: str, code: str) -> None:
    with pytest.raises(Invalid, match=code):
        revoke_pass(world.staff_actor(), world.territory.slug, issued(world).id, reason, text)


def test_revocation_is_for_clerks_and_giving_back_for_managers(world: World) -> None:
    one = issued(world)
    with pytest.raises(Denied):
        revoke_pass(world.staff_actor(StaffRole.CONTROL_AGENT), world.territory.slug, one.id, RevocationReason.MISUSE)
    with pytest.raises(Denied):
        give_back_pass(world.company_actor(CompanyRole.DRIVER), world.company.id, one.id)
    with pytest.raises(NotFound):
        get_pass(make_company().id, one.id)


def test_pass_is_revoked_when_its_vehicle_is_archived(world: World) -> None:
    one = issued(world)
    other = issued(world, "BB-222-BB")
    archive_vehicle(world.company_actor(), world.company.id, one.vehicle_id)
    assert get_pass(world.company.id, one.id).revoke_reason is RevocationReason.VEHICLE_ARCHIVED
    assert get_pass(world.company.id, other.id).state is PassState.ACTIVE


def test_rights_name_the_perimeters_while_the_pass_lasts(world: World) -> None:
    one = issued(world)
    rights = active_pass_rights(one.vehicle_id)
    assert [(right.start, right.end) for right in rights] == [(one.valid_from, one.valid_to)]
    assert rights[0].perimeter_ids == {perimeter.perimeter_id for perimeter in one.perimeters}
    assert active_pass_rights(one.vehicle_id, one.valid_to) == []
    revoke_pass(world.staff_actor(), world.territory.slug, one.id, RevocationReason.MISUSE)
    assert active_pass_rights(one.vehicle_id) == []


def test_token_says_what_the_agent_compares_and_nothing_else(world: World) -> None:
    one = issued(world)
    payload = open_token(KeyRing.from_seed(world.app.extensions["settings"].pass_signing_seed), one.token)
    assert (payload.plate, payload.starts_at, payload.ends_at) == ("AA111AA", one.valid_from, one.valid_to)
    assert payload.territory == world.territory.id.bytes[:4]
    assert "<svg" in one.qr_svg


def test_scan_is_red_when_the_token_is_signed_but_unknown(world: World) -> None:
    one = issued(world)
    ring = KeyRing.from_seed(world.app.extensions["settings"].pass_signing_seed)
    payload = open_token(ring, one.token)
    unknown = seal_token(ring, replace(payload, token_id=b"\0" * 8))
    longer = seal_token(ring, replace(payload, ends_at=payload.ends_at + timedelta(days=1)))
    for token in (unknown, longer):
        assert check_token(token).verdict.result is Result.UNKNOWN


def test_scan_is_red_when_signed_by_another_key(world: World) -> None:
    one = issued(world)
    payload: TokenPayload = open_token(KeyRing.from_seed(world.app.extensions["settings"].pass_signing_seed), one.token)
    assert check_token(seal_token(KeyRing.from_seed("11" * 32), payload)).verdict.result is Result.FORGED


def test_plate_is_found_in_any_typing_and_only_in_its_territory(world: World) -> None:
    one = issued(world, "OI-101-CD")
    for text in ("oi 101 cd", "01-1O1-CD", "0I101CD", one.number, one.number.lower()):
        assert [c.found.id for c in look_up(world.territory.id, text) if c.found] == [one.id], text
    assert look_up(make_company().id, "OI-101-CD") == []


def test_look_up_gives_the_best_pass_first(world: World) -> None:
    old = issued(world)
    revoke_pass(world.staff_actor(), world.territory.slug, old.id, RevocationReason.MISUSE)
    found = world.ready(vehicles=[old.vehicle_id])
    world.approve(found)
    tones = [c.verdict.tone for c in look_up(world.territory.id, "AA111AA")]
    assert tones == [Tone.ORANGE, Tone.RED]


def test_the_pass_of_now_comes_first_when_many_later_ones_exist(world: World) -> None:
    made = [issued(world, "AB-777-CD")]
    for _again in range(4):
        more = world.ready(vehicles=[made[0].vehicle_id])
        world.approve(more)
        made.append(list_passes_of_request(more.id)[0])
    # Of days before, of today, of days to come.
    days = dict(zip((one.id for one in made), (-1, 0, 1, 2, 3), strict=True))
    with unit_of_work() as uow:
        for pass_id, day in days.items():
            row = uow.session.get_one(AccessPass, pass_id)
            row.valid_from, row.valid_to = row.valid_from + timedelta(days=day), row.valid_to + timedelta(days=day)
    now = made[0].valid_from + timedelta(hours=1)
    for limit in (1, 3, 5):
        found = find_in_territory(world.territory.id, "AB-777-CD", now, limit)
        assert [days[one.id] for one in found] == [0, 1, 2, 3, -1][:limit]


def test_check_is_kept_for_agents_only_and_once_a_minute(world: World) -> None:
    one = issued(world)
    slug, now = world.territory.slug, SYSTEM_CLOCK.now()
    agent = world.staff_actor(StaffRole.CONTROL_AGENT)
    checked = check_token(one.token)

    def keep(actor: object, at: datetime) -> bool:
        return record_check(actor, slug, checked, CheckMethod.SCAN, clock=FixedClock(at))  # type: ignore[arg-type]

    assert not keep(world.company_actor(), now)
    assert not keep(world.staff_actor(StaffRole.CLERK), now)
    assert keep(agent, now)
    assert not keep(agent, now + timedelta(seconds=30))
    assert keep(agent, now + timedelta(seconds=90))
    forged = check_token("A" * 151)
    assert record_check(agent, slug, forged, CheckMethod.SCAN)
    assert session().scalar(select(func.count()).select_from(PassCheck)) == 3


def test_checks_are_erased_after_the_retention(world: World) -> None:
    one = issued(world)
    agent = world.staff_actor(StaffRole.CONTROL_AGENT)
    now = SYSTEM_CLOCK.now()
    days = world.app.extensions["settings"].scan_retention_days
    for age in (days + 1, days - 1):
        at = FixedClock(now - timedelta(days=age))
        assert record_check(agent, world.territory.slug, check_token(one.token), CheckMethod.SCAN, clock=at)
    assert purge_checks(clock=FixedClock(now)) == 1
    assert purge_checks(clock=FixedClock(now)) == 0


def test_database_refuses_a_revoked_pass_without_a_reason(world: World) -> None:
    from sqlalchemy.exc import IntegrityError

    one = issued(world)
    with pytest.raises(IntegrityError), unit_of_work() as uow:
        row = uow.session.get(AccessPass, one.id)
        assert row is not None
        row.state = PassState.REVOKED


def test_company_lists_its_passes_alone(world: World) -> None:
    issued(world)
    assert len(list_passes(world.company.id).items) == 1
    assert list_passes(make_company().id).items == []
    assert make_user().id not in world.company_actor().companies


def test_code_follows_the_portal_when_its_address_changes(world: World) -> None:
    one = issued(world)
    moved = replace(world.app.extensions["settings"], public_url="https://passes.example.org")
    world.app.extensions["settings"], kept = moved, world.app.extensions["settings"]
    try:
        assert get_pass(one.company_id, one.id).code_url == f"HTTPS://PASSES.EXAMPLE.ORG/V/{one.token}"
    finally:
        world.app.extensions["settings"] = kept
