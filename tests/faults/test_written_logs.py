"""What the programs of a portal write down names nobody: no plate, no code of a pass, no address."""

from __future__ import annotations

import requests
from sqlalchemy import select

from portal.accounts.models import Account
from portal.cirqliz.models import AccessPass
from portal.db import session
from portal.fleet.models import Vehicle
from portal.runtime.demo.names import DOMAIN
from tests.faults.person import Browser
from tests.faults.work import Company
from tests.support.installation import RunningPortal


def test_logs_name_nobody_when_passes_are_looked_at(portal: RunningPortal, company: Company) -> None:
    with company.app.app_context():
        passes = session().scalars(select(AccessPass).order_by(AccessPass.id).limit(20)).all()
        secrets = {*session().scalars(select(Vehicle.plate)), *session().scalars(select(Account.email))}
        secrets |= {text for one in passes for text in (one.token, one.short_code, one.plate_display) if text}
        tokens = [one.token for one in passes]
    agent = Browser(portal.url)
    agent.sign_in(f"controle@{DOMAIN}")
    for token in tokens:
        assert requests.get(f"{portal.url}/v/{token}", timeout=60).status_code == 200
        assert requests.get(f"{portal.url}/v/{token[:-4]}AAAA", timeout=60).status_code == 200
        agent.get(f"/V/{token}")
    said = "\n".join(log.read_text() for log in [portal.output, *sorted((portal.var_dir / "log").glob("*.log"))])
    assert "Joptimiz answers on" in said
    assert not {secret for secret in secrets if secret.casefold() in said.casefold()}
