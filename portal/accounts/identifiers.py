"""What people type to say who they are, brought to one form: SIRET and e-mail addresses."""

from __future__ import annotations

import re

from email_validator import EmailNotValidError, validate_email
from stdnum.fr import siret as siret_rules

from portal.common.errors import Invalid

_SEPARATORS = re.compile(r"[\s.\-]+")
_DIGITS = re.compile(r"[0-9]{14}")
_NO_COMPANY = "0" * 9


def siret_number(text: str) -> str:
    """Return the 14 digits of a SIRET typed with or without spaces.

    Raises Invalid("siret-format") when there are not 14 digits, Invalid("siret-checksum") when a digit is wrong.
    Source: domain model 4.6 (Luhn on 14 digits and on the first 9; La Poste may have a digit sum multiple of 5).
    """
    bare = _SEPARATORS.sub("", text)
    if not _DIGITS.fullmatch(bare):
        raise Invalid("siret-format", "siret")
    if bare.startswith(_NO_COMPANY) or not siret_rules.is_valid(bare):
        raise Invalid("siret-checksum", "siret")
    return bare


def siret_groups(siret: str) -> str:
    """Return a SIRET as people read it: 732 829 320 00074 (with non-breaking spaces)."""
    return "\u00a0".join((siret[:3], siret[3:6], siret[6:9], siret[9:]))


def email_key(text: str) -> str:
    """Return an e-mail address in the form accounts are found by, without judging it."""
    return text.strip().casefold()


def email_address(text: str) -> str:
    """Return a well-formed e-mail address in the form accounts are found by; raises Invalid("email-format")."""
    try:
        return validate_email(text.strip(), check_deliverability=False).normalized.casefold()
    except EmailNotValidError as error:
        raise Invalid("email-format", "email") from error
