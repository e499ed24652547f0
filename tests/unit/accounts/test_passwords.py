"""Which passwords are refused, and that plain long sentences are not."""

from __future__ import annotations

import pytest

from portal.accounts.passwords import check_password
from portal.common.errors import Invalid

CAMILLE = ("camille.durand@fleurs-durand.fr", "Camille Durand", "Fleurs du Marché")


@pytest.mark.parametrize(
    "password",
    ["trois vélos jaunes", "Lilas-9-camion-rouge", "correct horse battery", "kX7vqMzpT2wR", "le chat boit son café"],
)
def test_password_is_accepted_when_it_is_long_and_not_obvious(password):
    check_password(password, CAMILLE)


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("", "password-short"),
        ("kX7vqMzpT2w", "password-short"),
        ("x7" * 65, "password-long"),
        ("motdepasse123", "password-common"),
        ("MotDePasse!!2024", "password-common"),
        ("Mot de passe 75", "password-common"),
        ("m0td3p4ss3123", "password-common"),
        ("azertyuiop123", "password-common"),
        ("azertyuiopqs", "password-common"),
        ("qwertyuiop12", "password-common"),
        ("123456789012", "password-common"),
        ("210987654321", "password-common"),
        ("abcdefghijkl", "password-common"),
        ("aaaaaaaaaaaa", "password-common"),
        ("121212121212", "password-common"),
        ("bonjourbonjour", "password-common"),
        ("Password2024!", "password-common"),
        ("!!!!!!!!!!!!", "password-common"),
        ("jetaimejetaimejetaime", "password-common"),
        ("Marseille13013", "password-common"),
        ("camilledurand", "password-personal"),
        ("Camille.Durand75", "password-personal"),
        ("fleursdumarche", "password-personal"),
        ("Fleurs-Durand-2024", "password-personal"),
    ],
)
def test_password_is_refused_when_it_would_be_guessed_first(password, code):
    with pytest.raises(Invalid) as refusal:
        check_password(password, CAMILLE)
    assert (refusal.value.code, refusal.value.field) == (code, "password")


def test_password_is_accepted_when_a_name_is_only_part_of_a_sentence():
    check_password("durand aime les pivoines", CAMILLE)
