"""The mails of this context: written in the reader's language, with links that work from anywhere."""

from __future__ import annotations

from flask import current_app
from flask_babel import force_locale

from portal.accounts.messages import MAIL_SUBJECTS
from portal.mail import send_mail


def write_mail(recipient: str, name: str, locale: str, **context: object) -> None:
    """Write the mail `templates/accounts/mail/<name>.txt` in the running unit of work."""
    with force_locale(locale):
        subject = str(MAIL_SUBJECTS[name]) % context
        body = current_app.jinja_env.get_template(f"accounts/mail/{name}.txt").render(context)
    send_mail(recipient, subject, body)
