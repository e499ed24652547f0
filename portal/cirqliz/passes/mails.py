"""The mails that carry a pass, or tell that it went to another vehicle."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol
from uuid import UUID

from flask import current_app
from flask_babel import force_locale, gettext

from portal.accounts.api import company_recipients
from portal.cirqliz.passes.links import pass_key
from portal.mail import public_link, send_mail
from portal.territories.api import TerritoryView

# A mail is read by people of the company, whatever the language of the clerk who decides.
_LANGUAGE = "fr"


class Sent(Protocol):
    """What the mails say of a pass."""

    @property
    def id(self) -> UUID: ...
    @property
    def number(self) -> str: ...
    @property
    def company_id(self) -> UUID: ...
    @property
    def plate_display(self) -> str: ...
    @property
    def valid_from(self) -> datetime: ...
    @property
    def valid_to(self) -> datetime: ...


def mail_pass(one: Sent, territory: TerritoryView, address: str) -> None:
    """Send the link of a pass to whoever drives; it opens without an account."""
    link = public_link("cirqliz.open_pass", token=pass_key(one.id))
    with force_locale(_LANGUAGE):
        subject = gettext("Laissez-passer de %(plate)s", plate=one.plate_display)
        body = _text("pass", one=one, territory=territory, url=link)
    send_mail(address, subject, body)


def mail_swap(old: Sent, new: Sent) -> None:
    """Tell the company that a pass has gone to another vehicle."""
    url = public_link("cirqliz.show_pass", company_id=new.company_id, pass_id=new.id)
    with force_locale(_LANGUAGE):
        subject = gettext("Laissez-passer reporté sur %(plate)s", plate=new.plate_display)
        body = _text("swapped", old=old, new=new, url=url)
    for address in company_recipients(new.company_id):
        send_mail(address, subject, body)


def _text(template: str, **context: object) -> str:
    # Not render_template: a job has no request, and a mail needs nothing of one.
    return current_app.jinja_env.get_template(f"cirqliz/mails/{template}.txt").render(**context)
