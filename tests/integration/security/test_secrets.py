"""What must not get out: values in logs, passwords to a false mail server; and keys that protect nothing."""

from __future__ import annotations

import hashlib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.x509.oid import NameOID
from flask import Flask
from sqlalchemy.exc import IntegrityError

from portal.accounts.identity import address_key
from portal.accounts.models import Account
from portal.accounts.queries import find_session_account, list_invitations
from portal.accounts.services import team
from portal.common.actor import Actor, CompanyRole, system_actor
from portal.common.clock import SYSTEM_CLOCK
from portal.common.errors import Conflict, Denied, Unavailable
from portal.common.ids import new_id
from portal.config import ConfigurationError, load_settings
from portal.db import session
from portal.mail.outbox import _deliver
from portal.territories.models import Accent
from portal.territories.services import TerritorySettings, update_settings
from tests.factories.accounts import MadeUser, make_company, make_member, make_user
from tests.factories.law import make_territory
from tests.support.database import make_settings
from tests.support.races import overtaken


def test_failed_statement_tells_no_value(database: Flask) -> None:
    known = session().get_one(Account, make_user("marie.secret@x.fr").id)
    columns = {column.key: getattr(known, column.key) for column in Account.__table__.columns}
    session().add(Account(**{**columns, "id": new_id()}))
    with pytest.raises(IntegrityError) as failed:
        session().commit()
    session().rollback()
    told = f"{failed.value} {failed.value.orig}"
    assert "marie.secret" not in told and known.password_hash not in told


def test_store_of_limits_holds_no_address(app: Flask) -> None:
    keys = set()
    for typed in (" Marie@Exemple.fr", "marie@exemple.fr", "marie@\uff45xemple.fr"):
        with app.test_request_context(method="POST", data={"email": typed}):
            keys.add(address_key())
    assert keys == {"address:" + hashlib.sha256(b"marie@exemple.fr").hexdigest()}


@pytest.fixture
def false_server(tmp_path: Path) -> Iterator[int]:
    """A mail server whose certificate nobody signed; its port."""
    key = ed25519.Ed25519PrivateKey.generate()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    certificate = made.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    (tmp_path / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    (tmp_path / "cert.pem").write_bytes(certificate.sign(key, None).public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")

    def serve(listening: socket.socket) -> None:
        connection, _ = listening.accept()
        with closing(connection):
            try:
                with context.wrap_socket(connection, server_side=True) as safe:
                    safe.sendall(b"554 you should not have come this far\r\n")
            except (ssl.SSLError, OSError):
                return  # the client hangs up on such a certificate

    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        thread = threading.Thread(target=serve, args=(listening,), daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        thread.join(5)


def test_mail_is_not_handed_to_a_server_nobody_vouches_for(false_server: int, tmp_path: Path) -> None:
    settings = make_settings(tmp_path, smtp_url=f"smtps://u:p@localhost:{false_server}")
    with pytest.raises(Unavailable) as failed:
        _deliver(settings, EmailMessage())
    assert isinstance(failed.value.__cause__, ssl.SSLCertVerificationError)


@pytest.mark.parametrize(
    "values",
    [{"pass_signing_seed": "00"}, {"pass_signing_seed": "z" * 64}, {"secret_key": "court"}],
    ids=["short-seed", "no-hexadecimal", "short-key"],
)
def test_portal_does_not_start_when_a_key_protects_nothing(tmp_path: Path, values: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="must"):
        load_settings(environ={}, var_dir=tmp_path, **values)


def test_own_secrets_are_for_their_owner_alone(tmp_path: Path) -> None:
    load_settings(environ={}, var_dir=tmp_path / "var")
    assert (tmp_path / "var" / "secrets.json").stat().st_mode & 0o777 == 0o600


def _actor(user: MadeUser) -> Actor:
    found = find_session_account(user.id)
    assert found is not None
    return found.actor


def test_manager_may_not_replace_the_offer_of_an_owner(database: Flask) -> None:
    owner, manager, company = make_user(), make_user(), make_company()
    make_member(owner, company, CompanyRole.OWNER)
    make_member(manager, company, CompanyRole.MANAGER)
    team.invite_colleague(_actor(owner), company.id, "associe@x.fr", CompanyRole.OWNER)
    with pytest.raises(Denied, match="team-role-above"):
        team.invite_colleague(_actor(manager), company.id, "associe@x.fr", CompanyRole.DRIVER)
    (waiting,) = list_invitations(SYSTEM_CLOCK.now(), company_id=company.id)
    assert waiting.company_role is CompanyRole.OWNER


def test_second_administrator_is_told_when_two_change_a_territory_together(database: Flask) -> None:
    place = make_territory()

    def rename(name: str) -> None:
        settings = TerritorySettings(name, "", Accent.BLUE, "", place.version, place.holidays)
        update_settings(system_actor("test"), place.slug, settings)

    _, second = overtaken(database, lambda: rename("Un"), lambda: rename("Deux"))
    assert isinstance(second, Conflict) and second.code == "territory-changed"
