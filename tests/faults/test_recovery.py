"""Whatever is killed, every submitted request ends computed exactly once."""

from __future__ import annotations

import re
import signal
from pathlib import Path
from uuid import UUID

import pytest
import requests

from portal.fleet.models import ImportState
from portal.runtime.demo.names import DOMAIN
from tests.faults.person import Browser
from tests.faults.processes import child_of, children_of, kill, nothing_left, run_of
from tests.faults.work import Company, wait_for
from tests.support.installation import RunningPortal

_RECOVERED_WITHIN_S = 90
REQUESTS = 2


def _supervisor(portal: RunningPortal) -> int:
    assert portal.process is not None
    return portal.process.pid


def _run_of(portal: RunningPortal) -> int | None:
    """The forked process that stores the fleet."""
    worker = child_of(_supervisor(portal), "worker")
    assert worker is not None
    return run_of(worker)


VICTIMS = {
    "queue": lambda portal: child_of(_supervisor(portal), "queue"),
    "worker": lambda portal: child_of(_supervisor(portal), "worker"),
    "urgent worker": lambda portal: child_of(_supervisor(portal), "urgent worker"),
    "run": _run_of,
}


@pytest.mark.parametrize(("victim", "runs"), [("queue", 1), ("worker", 2), ("urgent worker", 1), ("run", 2)])
def test_everything_is_computed_once_when_killed_in_mid_job(
    portal: RunningPortal, company: Company, victim: str, runs: int
) -> None:
    submitted = company.submit(company.judged_import(), REQUESTS)
    company.wait_until_running(submitted)
    kill(VICTIMS[victim](portal))
    company.wait_until_computed(submitted, _RECOVERED_WITHIN_S)
    company.check_done_once(submitted)
    assert company.job_of(submitted).attempts == runs


def test_work_received_while_the_queue_is_down_is_computed_once(portal: RunningPortal, company: Company) -> None:
    import_id = company.judged_import()
    kill(child_of(_supervisor(portal), "queue"))
    # The counts of the rate limits live there too: the page must not miss them.
    assert requests.get(f"{portal.url}/v/NOTHING", timeout=60).status_code == 200
    submitted = company.submit(import_id, REQUESTS)
    company.wait_until_computed(submitted, _RECOVERED_WITHIN_S)
    company.check_done_once(submitted)


def test_upload_is_stored_once_when_the_web_is_killed_after_its_answer(portal: RunningPortal, company: Company) -> None:
    browser = Browser(portal.url)
    browser.sign_in(f"fleuriste@{DOMAIN}")
    home = browser.get("/accueil").url
    fleet = re.sub(r"(/entreprises/[0-9a-f-]{36}).*", r"\1/vehicules", home)
    rows = "Immatriculation;PTAC\n" + "\n".join(f"JA-{number:03d}-ZZ;3500" for number in range(1, 41))
    page = browser.post(f"{fleet}/fichier", files={"file": ("flotte.csv", rows.encode())})
    browser.post(f"{page.url}/confirmer")
    killed = child_of(_supervisor(portal), "web")
    assert killed is not None
    left = children_of(killed)
    kill(killed)

    wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in left), 30, "the web's own children end")
    wait_for(portal.answers, _RECOVERED_WITHIN_S, "the web is back")
    import_id = UUID(page.url.rpartition("/")[2])
    company.wait_until(
        lambda: company.import_of(import_id).state is ImportState.APPLIED, _RECOVERED_WITHIN_S, "the upload is stored"
    )
    with company.app.app_context():
        assert (company.import_of(import_id).added, company.import_of(import_id).updated) == (40, 0)
    # The session outlives the process that opened it.
    assert browser.get(fleet.removeprefix(portal.url)).status_code == 200


def test_everything_is_computed_once_when_the_supervisor_is_killed_and_started_again(
    portal: RunningPortal, company: Company
) -> None:
    submitted = company.submit(company.judged_import(), REQUESTS)
    company.wait_until_running(submitted)
    kill(_supervisor(portal))
    assert portal.process is not None
    portal.process.wait(10)
    portal.start()
    company.wait_until_computed(submitted, _RECOVERED_WITHIN_S)
    company.check_done_once(submitted)


def test_nothing_is_left_running_when_interrupted(portal: RunningPortal, company: Company) -> None:
    """Last of the folder: it stops the portal, with work in hand, and finds that work done or still to do."""
    submitted = company.submit(company.judged_import(), 1)
    company.wait_until_running(submitted)
    assert portal.stop(signal.SIGINT) == 0, portal.last_words()
    assert nothing_left(portal.var_dir)
    assert not portal.answers()
    portal.start()
    company.wait_until_computed(submitted, _RECOVERED_WITHIN_S)
    company.check_done_once(submitted)
