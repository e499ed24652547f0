"""Writing a mail inside a use case, and sending it after."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit
from uuid import UUID

from flask import current_app
from sqlalchemy import delete, select

from portal.common.clock import SYSTEM_CLOCK
from portal.common.errors import Unavailable
from portal.common.ids import new_id
from portal.config import Settings
from portal.db import session, unit_of_work
from portal.jobs import RunningJob, enqueue, task
from portal.mail.models import OutboxMail

_KEPT_FOR = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class MailView:
    """A mail of the local outbox, for the demonstration page."""

    id: UUID
    recipient: str
    subject: str
    body: str
    created_at: datetime


def send_mail(recipient: str, subject: str, body: str, *, leave_url: str = "") -> None:
    """Write a plain-text mail in the running unit of work; it leaves once that is durable.

    leave_url: of a mail that comes again and again, the address that ends it by one POST (RFC 8058); programs that read
    mail make a button of it.
    """
    with unit_of_work() as uow:
        mail = OutboxMail(
            id=new_id(),
            recipient=recipient,
            subject=" ".join(subject.split())[:255],
            body=body,
            created_at=SYSTEM_CLOCK.now(),
        )
        uow.session.add(mail)
        settings: Settings = current_app.extensions["settings"]
        if settings.smtp_url:
            leave = {"leave_url": leave_url} if leave_url else {}
            enqueue("mail.send", {"mail_id": str(mail.id), **leave}, priority=True)


def list_outbox(limit: int = 50) -> Sequence[MailView]:
    """Return the newest mails of the outbox."""
    rows = session().scalars(select(OutboxMail).order_by(OutboxMail.created_at.desc()).limit(limit))
    return [MailView(row.id, row.recipient, row.subject, row.body, row.created_at) for row in rows]


# A server that is away, or asks to come again later, is asked for a day and a half: 13 times, after 30 s at first.
@task("mail.send", timeout_s=60, max_attempts=13, pause_s=30)
def send(job: RunningJob, mail_id: str, leave_url: str = "") -> None:
    """Hand one mail to SMTP. A mail may be sent twice if the process dies between SMTP's yes and the commit."""
    settings: Settings = current_app.extensions["settings"]
    mail = session().get(OutboxMail, UUID(mail_id))
    if mail is None or mail.sent_at is not None or settings.smtp_url is None:
        return
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = settings.mail_from, mail.recipient, mail.subject
    if leave_url:
        message["List-Unsubscribe"] = f"<{leave_url}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(mail.body)
    _deliver(settings, message)
    with job.finish() as uow:
        sent = uow.session.get(OutboxMail, UUID(mail_id))
        if sent is not None:
            sent.sent_at = SYSTEM_CLOCK.now()
        # One that never left is tried no more by then.
        uow.session.execute(delete(OutboxMail).where(OutboxMail.created_at < SYSTEM_CLOCK.now() - _KEPT_FOR))


def _deliver(settings: Settings, message: EmailMessage) -> None:
    parts = urlsplit(settings.smtp_url or "")
    host, port = parts.hostname or "localhost", parts.port or 0
    # The library checks no certificate unless told: mails carry links that open an account.
    trusted = ssl.create_default_context()

    def connect() -> smtplib.SMTP:
        if parts.scheme == "smtps":
            return smtplib.SMTP_SSL(host, port, timeout=20, context=trusted)
        return smtplib.SMTP(host, port, timeout=20)

    try:
        with connect() as server:
            if parts.scheme == "smtp+starttls":
                server.starttls(context=trusted)
            if parts.username:
                server.login(unquote(parts.username), unquote(parts.password or ""))
            server.send_message(message)
    except (OSError, smtplib.SMTPException) as error:
        raise Unavailable("mail-server-unreachable") from error
