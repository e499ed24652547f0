"""What a mail program gets with the news of an alert: the button that leaves it (RFC 8058)."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from uuid import UUID

import pytest
import shapely

from portal import create_app
from portal.common.clock import FixedClock
from portal.db import Base, db, session
from portal.jobs import runner
from portal.regulations.schedules import Period
from portal.visualiz.alerts import services, telling
from portal.visualiz.alerts.areas import Area
from portal.visualiz.alerts.links import token_of
from portal.visualiz.alerts.models import AlertSubscription
from tests.factories.law import make_law, make_territory, measure_draft, order_draft
from tests.support.database import make_settings

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
STREET = Area("Rue des Tanneurs", shapely.MultiLineString([[(2.3700, 48.862), (2.3721, 48.862)]]))


class _Mailbox(socketserver.StreamRequestHandler):
    """Just enough of a mail server to take what it is given."""

    taken: list[bytes]

    def handle(self) -> None:
        self.wfile.write(b"220 here\r\n")
        while line := self.rfile.readline():
            verb = line[:4].upper()
            self.wfile.write(b"354 go on\r\n" if verb == b"DATA" else b"250 fine\r\n")
            if verb == b"QUIT":
                return
            if verb == b"DATA":
                lines = iter(self.rfile.readline, b".\r\n")
                self.taken.append(b"".join(lines))
                self.wfile.write(b"250 taken\r\n")


@pytest.fixture
def mailbox() -> Iterator[tuple[int, list[bytes]]]:
    """The port of a mail server on this machine, and what it has taken."""
    taken: list[bytes] = []
    handler = type("Handler", (_Mailbox,), {"taken": taken})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_address[1], taken
        server.shutdown()
        thread.join(5)


def test_news_carry_the_button_that_leaves_and_questions_do_not_when_they_are_sent(
    mailbox: tuple[int, list[bytes]], tmp_path: Path
) -> None:
    port, taken = mailbox
    app = create_app(make_settings(tmp_path, smtp_url=f"smtp://127.0.0.1:{port}"))
    asked: list[UUID] = []
    app.extensions["job_pusher"] = asked.append
    with app.app_context():
        Base.metadata.create_all(db.engine)
        territory = make_territory()
        services.ask_alert(territory, "fleuriste@exemple.fr", STREET, "fr", clock=FixedClock(NOW))
        token = token_of(session().query(AlertSubscription.id).scalar())
        services.confirm_alert(territory, token, clock=FixedClock(NOW))
        start = NOW + timedelta(days=2)
        make_law(territory, orders=[order_draft(measure_draft(periods=[Period(start, start + timedelta(days=1))]))])
        telling.tell(telling.look(territory.id, clock=FixedClock(NOW)))
        for job_id in asked:
            runner.run(str(job_id))
        left = app.test_client()
        question, news = (message_from_bytes(raw, policy=policy.default) for raw in taken)
        assert question["List-Unsubscribe"] is None and news["To"] == "fleuriste@exemple.fr"
        assert news["List-Unsubscribe"] == f"<http://localhost/carte/paris-3e/alertes/{token}/quitter>"
        assert news["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        url = str(news["List-Unsubscribe"]).strip("<>").removeprefix("http://localhost")
        assert left.post(url, data={"List-Unsubscribe": "One-Click"}).status_code == 200
        assert session().query(AlertSubscription).count() == 0
        db.session.remove()
        db.engine.dispose()
