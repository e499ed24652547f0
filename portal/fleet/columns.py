"""One specification of what is known of a vehicle: it feeds the form, the headers understood, the parsers, the help
text and the sample file. A rule about a value stands here and nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _l

from portal.common.errors import Invalid
from portal.common.text import fold
from portal.common.units import decimal_number, metres_to_cm, tonnes_to_kg
from portal.fleet.energies import energy_named
from portal.fleet.models import AirClass, Category

_WITH_UNIT = re.compile(
    r"([+\-]?[\d .,'’]+?) ?(kgs?|kilos?|kilogrammes?|t|tonnes?|cms?|mm|m|m[eè]tres?)? ?\.?", re.IGNORECASE
)
# No weight and no size takes more signs, its unit included; the signs of a text are tried in many ways.
_LONGEST_NUMBER = 40

# A day as a spreadsheet keeps it, of the years 2009 to 2091: days since the end of 1899, maybe with an hour behind.
_DAY_NUMBER = re.compile(r"[4-6]\d{4}(?:[.,]\d+)?")
_DAY_ZERO = date(1899, 12, 30)

# Under this figure a weight without a unit can only be tonnes, over this one a size can only be centimetres:
# no goods vehicle weighs 100 kg or is 40 m long, none weighs 100 t or is 40 cm high.
_TONNES_BELOW = Decimal(100)
_CENTIMETRES_FROM = Decimal(40)


@dataclass(frozen=True, slots=True)
class Value:
    """A value read from a text, with the code of what the reader should know about it (a warning), if anything."""

    value: Any
    warning: str | None = None


def _number_and_unit(text: str, unit: str | None) -> tuple[Decimal, str | None]:
    plain = " ".join(text.split())
    found = _WITH_UNIT.fullmatch(plain) if len(plain) <= _LONGEST_NUMBER else None
    if not found:
        raise Invalid("not-a-number", value=text[:40])
    number = decimal_number(_without_thousands(found.group(1)))
    if number < 0:
        raise Invalid("negative", value=text[:40])
    return number, unit_named(found.group(2) or "") or unit


def _without_thousands(number: str) -> str:
    """Return a number without the signs between its thousands, when what they are is beyond doubt."""
    number = number.replace("'", "").replace("’", "")
    point, comma = number.rfind("."), number.rfind(",")
    if point >= 0 and comma >= 0:
        number = number.replace("," if point > comma else ".", "")
    return number


def unit_named(word: str) -> str | None:
    """Return the unit a word writes (kg, t, cm, m, mm), None for an empty word."""
    word = word.lower()
    if word.startswith("k"):
        return "kg"
    if word.startswith("t"):
        return "t"
    if word.startswith(("me", "mè")):
        return "m"
    return word.rstrip("s") or None


def _weight(low_kg: int, high_kg: int) -> Callable[[str, str | None], Value]:
    def read(text: str, unit: str | None = None) -> Value:
        number, written = _number_and_unit(text, unit)
        if written in {"m", "cm", "mm"}:
            raise Invalid("not-a-weight", value=text[:40])
        guessed = written is None and 0 < number < _TONNES_BELOW
        kilograms = tonnes_to_kg(number) if written == "t" or guessed else round(number)
        if not low_kg <= kilograms <= high_kg:
            raise _out_of_range(text, Decimal(low_kg), Decimal(high_kg), "t" if written == "t" or guessed else "kg")
        return Value(kilograms, "read-as-tonnes" if guessed else None)

    return read


def _length(low_cm: int, high_cm: int) -> Callable[[str, str | None], Value]:
    def read(text: str, unit: str | None = None) -> Value:
        number, written = _number_and_unit(text, unit)
        if written in {"kg", "t"}:
            raise Invalid("not-a-length", value=text[:40])
        guessed = written is None and number >= _CENTIMETRES_FROM
        if written == "mm":
            centimetres = round(number / 10)
        else:
            centimetres = round(number) if written == "cm" or guessed else metres_to_cm(number)
        if not low_cm <= centimetres <= high_cm:
            unit = "cm" if guessed else written or "m"
            raise _out_of_range(text, Decimal(low_cm), Decimal(high_cm), unit)
        return Value(centimetres, "read-as-centimetres" if guessed else None)

    return read


_UNITS_IN_BASE = {"kg": Decimal(1), "t": Decimal(1000), "cm": Decimal(1), "m": Decimal(100), "mm": Decimal("0.1")}
"""How many kilograms or centimetres each unit is."""


def _out_of_range(text: str, low: Decimal, high: Decimal, unit: str) -> Invalid:
    """Return the refusal of a weight (bounds in kg) or a size (in cm), its bounds in the unit the value is in."""
    base = _UNITS_IN_BASE[unit]
    return Invalid("out-of-range", value=text[:40], unit=unit, low=float(low / base), high=float(high / base))


def _one_of(words: Mapping[str, Any], code: str) -> Callable[[str, str | None], Value]:
    def read(text: str, _unit: str | None = None) -> Value:
        try:
            return Value(words[fold(text)])
        except KeyError as error:
            raise Invalid(code, value=text[:40]) from error

    return read


def _energy(text: str, _unit: str | None = None) -> Value:
    energy = energy_named(text)
    if energy is None:
        raise Invalid("energy-unknown", value=text[:40])
    return Value(energy)


def _label(text: str, _unit: str | None = None) -> Value:
    label = " ".join(text.split())
    return Value(label[:80], "label-cut" if len(label) > 80 else None)


def _country(text: str, _unit: str | None = None) -> Value:
    nation = text.strip().upper()
    nation = {"FRANCE": "FR", "BELGIQUE": "BE", "ALLEMAGNE": "DE", "ESPAGNE": "ES", "ITALIE": "IT"}.get(nation, nation)
    if not re.fullmatch(r"[A-Z]{2}", nation):
        raise Invalid("country-malformed", value=text[:40])
    return Value(nation)


def _day(text: str, _unit: str | None = None) -> Value:
    if _DAY_NUMBER.fullmatch(text.strip()):
        return Value(_DAY_ZERO + timedelta(days=int(text.strip()[:5])))
    for pattern in ("%Y-%m-%d", "%d/%m/%Y", "%d/%m/%y", "%d.%m.%Y", "%d-%m-%Y", "%Y/%m/%d"):
        try:
            return Value(datetime.strptime(text.strip()[:10], pattern).date())  # noqa: DTZ007 a day has no zone
        except ValueError:
            continue
    raise Invalid("not-a-date", value=text[:40])


def _plate_text(text: str, _unit: str | None = None) -> Value:
    # An apostrophe before a plate: somebody told the spreadsheet to leave it alone.
    return Value(text.strip().lstrip("'"))


_YES_NO = {
    **dict.fromkeys(("oui", "o", "yes", "y", "x", "1", "vrai", "true"), True),
    **dict.fromkeys(("non", "n", "no", "0", "faux", "false"), False),
}

_CATEGORY = {
    **dict.fromkeys(("n1", "vul", "ctte", "camionnette", "fourgon", "van", "utilitaire"), Category.N1),
    **dict.fromkeys(("n2",), Category.N2),
    **dict.fromkeys(("n3",), Category.N3),
    **dict.fromkeys(("autre", "other"), Category.OTHER),
    # National kinds (registration field J.1) and words that say truck, not how heavy: the weight tells the category.
    **dict.fromkeys(("cam", "camion", "porteur", "trr", "tracteur", "tracteur routier", "poids lourd", "pl"), None),
    **dict.fromkeys(("vasp", "truck", "lorry", "hgv"), None),
}

_AIR_CLASS = {
    **{kind.value.casefold(): kind for kind in AirClass},
    **{f"crit air {kind.value}".casefold(): kind for kind in AirClass},
    **{f"critair {kind.value}".casefold(): kind for kind in AirClass},
    **{f"critair{kind.value}".casefold(): kind for kind in AirClass},
    **dict.fromkeys(("0", "vert", "verte", "crit air 0", "electrique"), AirClass.E),
    **dict.fromkeys(("aucune", "aucun", "non classe", "nc", "sans"), AirClass.NONE),
}


@dataclass(frozen=True, slots=True)
class Column:
    """What is known of one property of a vehicle.

    key: name in the code; label: shown; read(text, unit): the parser, where unit is the one written in the header;
    aliases: folded headers understood, separated by commas; example: for the sample file; ignored: where a file is good
    without it, the code of the warning for a text that is not understood and then says nothing.
    """

    key: str
    label: Any
    read: Callable[[str, str | None], Value]
    aliases: str
    example: str
    help: Any = ""
    required: bool = False
    ignored: str | None = None


COLUMNS: tuple[Column, ...] = (
    Column(
        key="plate",
        label=_l("Immatriculation"),
        read=_plate_text,
        aliases="immatriculation, plaque, plaque d immatriculation, immat, n immat, no immat, numero immat, "
        "no immatriculation, n immatriculation, numero d immatriculation, plate, registration, registration number, "
        "license plate, number plate, a, immatriculations, plaques, immatriculation du vehicule, "
        "immatriculation vehicule, plaque immatriculation, numero de plaque, n plaque, no plaque, numero plaque, "
        "n d immatriculation, no d immatriculation, num immat, num immatriculation, plate number, licence plate, "
        "registration plate, vehicle registration, vehicle registration number, vrn, reg no, reg number, reg, vrm",
        example="AB-123-CD",
        help=_l("Telle qu’elle figure sur le certificat : AB-123-CD, avec ou sans tirets."),
        required=True,
    ),
    Column(
        key="country",
        label=_l("Pays"),
        read=_country,
        aliases="pays, country, pays d immatriculation, nationalite",
        example="FR",
        help=_l("Code à deux lettres ; FR si rien n’est écrit."),
    ),
    Column(
        key="label",
        label=_l("Nom d’usage"),
        read=_label,
        aliases="nom d usage, nom, libelle, designation, modele, label, name, vehicule, vehicle, nom usage, "
        "description, nom du vehicule, vehicle name, model",
        example="Fourgon 1",
        help=_l("Comment vous appelez ce véhicule."),
    ),
    Column(
        key="category",
        label=_l("Catégorie"),
        read=_one_of(_CATEGORY, "category-unknown"),
        aliases="categorie, categorie ue, category, genre, j, j 1, type, eu category, categorie europeenne, "
        "categorie du vehicule, vehicle category, vehicle type, type de vehicule",
        example="N1",
        help=_l("N1 jusqu’à 3,5 t, N2 jusqu’à 12 t, N3 au-delà ; déduite du PTAC si absente."),
    ),
    Column(
        key="gross_weight_kg",
        label=_l("PTAC"),
        read=_weight(300, 60_000),
        aliases="ptac, poids total autorise en charge, gvw, gvwr, f 2, f2, poids, gross weight, masse, poids total, "
        "ptac f 2, gross vehicle weight, gross vehicle mass, gvm, weight, max weight, mma, poids max, poids maximum",
        example="3500",
        help=_l("Case F.2 du certificat d’immatriculation, en kg ou en t."),
    ),
    Column(
        key="combination_weight_kg",
        label=_l("PTRA"),
        read=_weight(300, 100_000),
        aliases="ptra, gcw, f 3, f3, poids total roulant autorise, combination weight, gross combination weight, gcm, "
        "gross train weight, gtw, ptra f 3",
        example="",
        help=_l("Case F.3, en kg ou en t, si le véhicule tracte."),
    ),
    Column(
        key="axle_load_kg",
        label=_l("Charge par essieu"),
        read=_weight(100, 30_000),
        aliases="charge par essieu, essieu, charge essieu, axle load, charge a l essieu, charge max par essieu, "
        "max axle load, axle weight",
        example="",
        help=_l("La plus forte, en kg ou en t."),
    ),
    Column(
        key="height_cm",
        label=_l("Hauteur"),
        read=_length(80, 500),
        aliases="hauteur, height, h, hauteur hors tout, hauteur totale, overall height, haut, ht",
        example="2,60",
        help=_l("En mètres ou en cm, chargement compris."),
    ),
    Column(
        key="width_cm",
        label=_l("Largeur"),
        read=_length(80, 350),
        aliases="largeur, width, l, largeur hors tout, largeur totale, overall width, larg",
        example="2,00",
        help=_l("En mètres ou en cm, sans les rétroviseurs."),
    ),
    Column(
        key="length_cm",
        label=_l("Longueur"),
        read=_length(150, 2600),
        aliases="longueur, length, long, longueur hors tout, longueur totale, overall length, lg",
        example="5,90",
        help=_l("En mètres ou en cm, remorque comprise."),
    ),
    Column(
        key="energy",
        label=_l("Énergie"),
        read=_energy,
        aliases="energie, carburant, fuel, energy, p 3, p3, motorisation, fuel type, type de carburant, type energie, "
        "source d energie",
        example="GO",
        help=_l("Gazole, essence, électrique… ou le code de la case P.3."),
        ignored="energy-ignored",
    ),
    Column(
        key="air_class",
        label=_l("Crit’Air"),
        read=_one_of(_AIR_CLASS, "air-class-unknown"),
        aliases="crit air, critair, vignette, vignette crit air, classe crit air, air class, vignette critair, "
        "classe critair, emission class, air quality certificate",
        example="2",
        help=_l("Celle de votre vignette : E, 1 à 5, ou « aucune »."),
    ),
    Column(
        key="hazmat",
        label=_l("Matières dangereuses"),
        read=_one_of(_YES_NO, "not-yes-or-no"),
        aliases="matieres dangereuses, tmd, adr, hazmat, transport de matieres dangereuses, dangerous goods, "
        "matiere dangereuse, hazardous goods, hazardous materials",
        example="non",
        help=_l("Oui si le véhicule en transporte."),
    ),
    Column(
        key="plate_valid_until",
        label=_l("Fin de validité de la plaque"),
        read=_day,
        aliases="fin de validite de la plaque, fin de validite, valable jusqu au, valid until, fin de validite plaque, "
        "plaque valable jusqu au, expire le, expiry date, plate valid until, date de fin",
        example="",
        help=_l("Pour les plaques provisoires WW et W seulement."),
    ),
)

BY_KEY: Mapping[str, Column] = {column.key: column for column in COLUMNS}


def units_of(column: Column) -> tuple[str, ...]:
    """Return the units the values of a column may be written in, none for a text."""
    if column.key.endswith("_kg"):
        return ("kg", "t")
    return ("m", "cm", "mm") if column.key.endswith("_cm") else ()


def category_of(gross_weight_kg: int) -> Category:
    """Return the EU category that goes with a gross weight (domain rules 4.6)."""
    if gross_weight_kg <= 3500:
        return Category.N1
    return Category.N2 if gross_weight_kg <= 12_000 else Category.N3
