"""SIRET numbers and e-mail addresses as people type them."""

from __future__ import annotations

import pytest

from portal.accounts.identifiers import email_address, siret_groups, siret_number
from portal.common.errors import Invalid
from tests.factories.accounts import valid_siret


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("73282932000074", "73282932000074"),
        ("732 829 320 00074", "73282932000074"),
        (" 732\u00a0829\u202f320\u00a000074 ", "73282932000074"),
        ("732.829.320-00074", "73282932000074"),
        ("35600000000048", "35600000000048"),
        ("356 000 000 49837", "35600000049837"),
    ],
    ids=["bare", "spaces", "typographic-spaces", "dots", "la-poste-luhn", "la-poste-sum-of-five"],
)
def test_siret_is_kept_as_digits_when_it_is_right(typed, kept):
    assert siret_number(typed) == kept


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "siret-format"),
        ("7328293200007", "siret-format"),
        ("732829320000745", "siret-format"),
        ("7328293200007A", "siret-format"),
        ("٧٣٢٨٢٩٣٢٠٠٠٠٧٤", "siret-format"),
        ("73282932000075", "siret-checksum"),
        ("73282392000074", "siret-checksum"),
        ("35600000049838", "siret-checksum"),
        ("00000000000000", "siret-checksum"),
    ],
    ids=["empty", "13", "15", "letter", "arabic-digits", "last-digit", "swapped", "la-poste-wrong", "zeros"],
)
def test_siret_is_refused_when_it_is_wrong(typed, code):
    with pytest.raises(Invalid) as refusal:
        siret_number(typed)
    assert (refusal.value.code, refusal.value.field) == (code, "siret")


def test_siret_is_checked_on_both_parts_when_only_the_whole_passes_luhn():
    base = valid_siret(1)
    swapped_siren = "123456789" + base[9:]
    candidates = [f"{swapped_siren[:9]}{tail:05d}" for tail in range(100)]
    assert all(_is_refused(one) for one in candidates)


def _is_refused(text: str) -> bool:
    try:
        siret_number(text)
    except Invalid:
        return True
    return False


def test_siret_is_read_in_groups():
    assert siret_groups("73282932000074").split("\u00a0") == ["732", "829", "320", "00074"]


def test_email_is_folded_when_it_is_well_formed():
    assert email_address("  Camille.Durand@Fleurs-Durand.FR ") == "camille.durand@fleurs-durand.fr"


@pytest.mark.parametrize(
    "typed", ["", "camille", "camille@", "@fleurs.fr", "a b@fleurs.fr", "camille@fleurs", "a@b@c.fr"]
)
def test_email_is_refused_when_it_is_malformed(typed):
    with pytest.raises(Invalid, match="email-format"):
        email_address(typed)
