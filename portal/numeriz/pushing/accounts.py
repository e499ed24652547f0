"""Which territory has an account at the national base, and where that base is: from the environment alone."""

from __future__ import annotations

from dataclasses import dataclass, field

from flask import current_app

from portal.config import DialogAccount, Settings


@dataclass(frozen=True, slots=True)
class PushTarget:
    """Where the orders of a territory are pushed. hosts: those that may be reached, as for feeds."""

    base_url: str
    account: DialogAccount
    hosts: frozenset[str] = field(repr=False)


def target_of(slug: str) -> PushTarget | None:
    """The account of a territory, by its short name; None when it has none: its orders go out by our own feeds."""
    settings: Settings = current_app.extensions["settings"]
    account = settings.dialog_accounts.get(slug)
    return None if account is None else PushTarget(settings.dialog_url, account, settings.feed_hosts)
