"""Invented companies and people of the demonstration; all that is drawn is drawn from a seed."""

from __future__ import annotations

import random
from dataclasses import dataclass

PASSWORD = "valmarin-demo-2026"  # noqa: S105 printed at start: these accounts are for everybody
DOMAIN = "valmarin-demo.fr"


@dataclass(frozen=True, slots=True)
class Trade:
    """A trade: its NAF code, the shape of its names, and the vehicles it runs: least and most, share of lorries."""

    naf_code: str
    names: tuple[str, ...]
    fleet: tuple[int, int]
    lorries: float


TRADES = (
    Trade("47.76Z", ("Fleurs de l’Orle", "Au Jardin d’Adèle", "La Serre bleue"), (2, 3), 0.0),
    Trade(
        "49.41B",
        ("Transports Morvan-Lacaze", "Messagerie des Deux Rives", "Trans’Orle", "Rapide du Gué"),
        (12, 40),
        0.6,
    ),
    Trade("46.17B", ("Halles Sébastien", "Primeurs Castagnol", "Grossiste du Quai", "Marée Tessandier"), (10, 30), 0.4),
    Trade("53.20Z", ("Colis Valmarin", "Coursiers de la Tour", "Vélo-Cargo Orle"), (8, 35), 0.1),
    Trade("10.71C", ("Boulangerie Pérignon", "Fournil du Pont", "Pains d’Émile", "La Miche dorée"), (1, 4), 0.0),
    Trade("43.22A", ("Plomberie Vauquelin", "Chauffage Lormier", "Sanit’Orle"), (3, 12), 0.05),
    Trade("49.42Z", ("Déménagements Ferrand", "Les Bras solides"), (5, 14), 0.7),
    Trade("81.21Z", ("Propreté Nivelle", "Net’Ville"), (4, 16), 0.1),
    Trade("46.73A", ("Matériaux Roussel-Aubin", "Négoce du Faubourg"), (8, 22), 0.8),
    Trade("56.21Z", ("Traiteur Delorme-Vial", "Tables de l’Orle", "Buffets Marguerite", "Le Bon Couvert"), (2, 6), 0.0),
    Trade("46.34Z", ("Boissons Chambrelan", "Cave des Remparts", "Brasserie du Moulin"), (6, 18), 0.5),
    Trade("38.11Z", ("Recyclage Orléval", "Bennes Sarrazin"), (6, 16), 0.9),
    Trade("47.59A", ("Meubles Grandin", "Literie Sauvage", "Cuisines Aubrac", "Luminaires Orsini"), (3, 9), 0.3),
)

FIRST_NAMES = ("Camille", "Yasmine", "Olivier", "Inès", "Marc", "Louise", "Karim", "Hélène", "Thomas", "Nadia", "Éric")
LAST_NAMES = (
    "Aubertin",
    "Belkacem",
    "Carpentier",
    "Delmas",
    "Esnault",
    "Fofana",
    "Garnier",
    "Haddad",
    "Imbert",
    "Joubert",
)
VAN_NAMES = ("Fourgon", "Camionnette", "Utilitaire", "Frigo", "Navette")
LORRY_NAMES = ("Porteur", "Semi", "Benne", "Hayon", "Frigo lourd")
REASONS = (
    "Livraison de produits frais aux commerces du centre.",
    "Approvisionnement des restaurants de la place du Marché.",
    "Montage des stands de la Grande Traversée.",
    "Livraison de médicaments à l’hôpital.",
    "Dépannage d’une chaufferie collective.",
    "Déménagement d’un particulier, autorisation de stationnement jointe.",
    "Collecte des déchets des commerces.",
    "Livraison de boissons à la buvette du stade.",
    "Tournée de colis, 40 arrêts.",
    "Livraison de mobilier avec hayon.",
)


def siret_of(number: int) -> str:
    """Return an invented SIRET that passes both checksums, another for each number below a million."""
    return _closed(_closed(f"99{number:06d}") + "0001")


def _closed(body: str) -> str:
    total = 0
    for place, sign in enumerate(reversed(body)):
        digit = int(sign) * (2 if place % 2 == 0 else 1)
        total += digit - 9 if digit > 9 else digit
    return body + str(-total % 10)


def plate_of(number: int) -> str:
    """Return an invented plate of today's series, another for each number below 200,000."""
    letters = "ABCDEFGHJKLMNPQRTVXYZ"
    block, digits = divmod(number, 999)
    left, right = divmod(block, len(letters))
    return f"G{letters[left % len(letters)]}-{digits + 1:03d}-V{letters[right]}"


def person(dice: random.Random) -> str:
    """Return an invented person."""
    return f"{dice.choice(FIRST_NAMES)} {dice.choice(LAST_NAMES)}"
