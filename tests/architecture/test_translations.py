"""Every sentence exists in English too, and a page in English holds nothing else."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import time
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po
from bs4 import BeautifulSoup, Tag
from flask import Flask
from flask_babel import force_locale, gettext, ngettext

from portal.regulations.measures import Direction
from portal.regulations.schedules import Period, TimeSlot, Weekday
from portal.regulations.vehicles import Access, HasAccess, Over, Size, VehicleRule
from tests.factories.law import at, bay_draft, make_law, make_territory, measure_draft, order_draft, perimeter_draft
from tests.support.web import PageClient

ROOT = Path(__file__).resolve().parents[2]

# What is written alike in both languages.
ALIKE = {
    "%(content)s, %(format)s",
    "%(minutes)s\u00a0min",
    "%(num)s activation",
    "%(num)s activations",
    "%(num)s minute",
    "%(num)s orange",
    "%(num)s minutes",
    "%(num)s zone",
    "%(num)s zones",
    "%(order)s (%(place)s)",
    "%(place)s (%(direction)s)",
    "%(seconds)s\u00a0s",
    "%(source)s (%(count)s)",
    "%(start)s → %(end)s",
    "%(street)s, %(postcode)s %(city)s",
    "%(value)s\u00a0t",
    "1 point",
    "Accident",
    "Action",
    "Actions",
    "Activations",
    "Agent",
    "Antibes",
    "B",
    "Bison Futé",
    "CIFS",
    "CO₂",
    "Certain",
    "Code %(number)s",
    "Code",
    "Condition",
    "Conditions",
    "Crit’Air",
    "D",
    "DATEX II v3",
    "DATEX II",
    "Date %(number)s",
    "Date",
    "Dates",
    "DiaLog",
    "Distance",
    "F",
    "Format",
    "G",
    "GeoJSON",
    "Google Earth (KML)",
    "Grand Lyon",
    "Guadeloupe",
    "H",
    "Hauts-de-Seine",
    "Latitude",
    "Licence",
    "Longitude",
    "Martinique",
    "Mayotte",
    "Menu",
    "Message",
    "O",
    "Obstacle",
    "Orange",
    "PDF, A3",
    "PDF, A4",
    "PR",
    "Page",
    "Permanent",
    "Photo",
    "Point",
    "Position",
    "Possible",
    "Question",
    "Quotas",
    "R",
    "Restriction",
    "SIRET %(siret)s",
    "SIRET",
    "Source",
    "Verdict",
    "Version %(number)s",
    "Version",
    "Versions",
    "Zone",
    "Zones",
    "date %(number)s",
    "taxis",
    "version %(number)s",
    *(f"Crit’Air {number}" for number in range(1, 6)),
    "{} points",
}

FRENCH_WORD = re.compile(
    r"au|aucune?|aux|avec|c(?:es?|ette)|chez|d(?:ans|es?|u)|elle|en|est|et|ici|il|l(?:a|es?|eur)|mais|n(?:e|os|otre|ous)|"
    r"ou|par|pas|pour|qu[ei]?|sa|sans|ses|si|son|sont|sous|sur|une?|vers|v(?:os|otre|ous)|.*[àâçéèêëîïôûùœ].*",
    re.IGNORECASE,
)
SAID_ALOUD = ("aria-label", "title", "placeholder", "alt", "content", "data-copied")


def texts(message: Message) -> tuple[str, ...]:
    return tuple(message.id) if isinstance(message.id, tuple | list) else (message.id,)


def translations(message: Message) -> tuple[str, ...]:
    held = message.string
    return tuple(held) if isinstance(held, tuple | list) else (held or "",)


def placeholders(text: str) -> list[str]:
    return sorted(re.findall(r"%(?:\(\w+\))?[sd%]", text))


def messages(catalogue: Catalog) -> list[Message]:
    return [message for message in catalogue if message.id]


def read(language: str) -> Catalog:
    path = ROOT / "translations" / language / "LC_MESSAGES" / "messages.po"
    with path.open("rb") as file:
        return read_po(file, locale=language)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """The messages of the sources as they are now."""
    path = tmp_path_factory.mktemp("messages") / "found.pot"
    command = [sys.executable, "-m", "babel.messages.frontend", "-q", "extract", "-F", "babel.cfg"]
    subprocess.run([*command, "-k", "_l", "-k", "lazy_gettext", "-o", str(path), "."], cwd=ROOT, check=True)
    with path.open("rb") as file:
        return read_po(file)


@pytest.fixture(scope="module")
def english() -> Catalog:
    return read("en")


def test_every_place_that_speaks_is_extracted(found: Catalog) -> None:
    sources = {place.split("/")[0] for message in messages(found) for place, _line in message.locations}
    contexts = {place.split("/")[1] for message in messages(found) for place, _line in message.locations}
    assert sources == {"portal", "templates"}
    assert {"accounts", "cirqliz", "fleet", "itineriz", "numeriz", "territories", "visualiz", "layouts"} <= contexts


def test_every_message_has_an_english_translation(found: Catalog, english: Catalog) -> None:
    known = {message.id: message for message in messages(english)}
    missing = [
        message.id for message in messages(found) if message.id not in known or not all(translations(known[message.id]))
    ]
    assert missing == [], "run `sh scripts/translations.sh`, then fill in the empty ones"


def test_catalogues_hold_nothing_the_sources_do_not(found: Catalog, english: Catalog) -> None:
    sources = {message.id for message in messages(found)}
    for catalogue in (english, read("fr")):
        assert [message.id for message in messages(catalogue) if message.id not in sources] == []
        assert list(catalogue.obsolete) == []


def test_no_translation_is_a_guess(english: Catalog) -> None:
    assert [message.id for message in messages(english) if message.fuzzy] == []


def test_every_translation_keeps_the_placeholders(english: Catalog) -> None:
    changed = [
        (source, translation)
        for message in messages(english)
        for source, translation in zip(texts(message), translations(message), strict=True)
        if placeholders(source) != placeholders(translation)
    ]
    assert changed == []


def test_every_translation_differs_from_the_french_unless_both_are_written_alike(english: Catalog) -> None:
    same = {
        source
        for message in messages(english)
        for source, translation in zip(texts(message), translations(message), strict=True)
        if source == translation
    }
    assert same == ALIKE


def test_every_translation_is_typeset_as_english_asks(english: Catalog) -> None:
    wrong = [
        translation
        for message in messages(english)
        for translation in translations(message)
        if re.search(r"\s[:;?!](\s|$)|[«»']", translation)
    ]
    assert wrong == []


def test_every_translation_keeps_the_outer_spaces(english: Catalog) -> None:
    moved = [
        source
        for message in messages(english)
        for source, translation in zip(texts(message), translations(message), strict=True)
        if (source[:1].isspace(), source[-1:].isspace()) != (translation[:1].isspace(), translation[-1:].isspace())
    ]
    assert moved == []


def test_every_plural_form_has_a_french_catalogue(found: Catalog) -> None:
    plural = {message.id for message in messages(found) if message.pluralizable}
    french = read("fr")
    assert {message.id for message in messages(french)} == plural
    assert all(texts(message) == translations(message) for message in messages(french))


@pytest.mark.parametrize(
    ("language", "number", "expected"),
    [
        ("fr", 0, "0 véhicule en service."),
        ("fr", 1, "1 véhicule en service."),
        ("fr", 2, "2 véhicules en service."),
        ("en", 0, "0 vehicles in service."),
        ("en", 1, "1 vehicle in service."),
        ("en", 2, "2 vehicles in service."),
    ],
)
def test_number_has_the_plural_of_its_language(app: Flask, language: str, number: int, expected: str) -> None:
    with app.test_request_context("/"), force_locale(language):
        said = ngettext("%(num)s véhicule en service.", "%(num)s véhicules en service.", number)
        assert said == expected
        assert gettext("Accueil") == {"fr": "Accueil", "en": "Home"}[language]


def said_on(page: BeautifulSoup) -> Iterator[str]:
    """Return what a page says: its texts and what is read aloud, but for what is marked as French."""
    for tag in page.find_all(True):
        if tag.name == "script" or tag.find_parent(lang="fr") or tag.get("lang") == "fr":
            continue
        yield from (str(tag[name]) for name in SAID_ALOUD if tag.get(name) and not is_setting(tag, name))
        if tag.get("data-texts"):
            yield from strings(json.loads(str(tag["data-texts"])))
        yield from (str(text) for text in tag.find_all(string=True, recursive=False))


def is_setting(tag: Tag, name: str) -> bool:
    return name == "content" and tag.get("name") != "description"


def strings(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from strings(inner)
    else:
        yield str(value)


def french_words(text: str) -> list[str]:
    words = re.findall(r"[^\W\d_]+(?:-[^\W\d_]+)*", text)
    return [word for word in words if FRENCH_WORD.fullmatch(word)]


def test_french_is_recognised() -> None:
    page = BeautifulSoup('<p title="Fermer la carte">Open <a lang="fr">Français</a></p><p>Créer</p>', "html.parser")
    assert [word for text in said_on(page) for word in french_words(text)] == ["la", "Créer"]


@pytest.mark.parametrize(
    ("url", "h1"),
    [
        ("/", "What would you like to do?"),
        ("/connexion", "Sign in"),
        ("/inscription", "Register my company"),
        ("/mot-de-passe-oublie", "Forgotten password"),
        ("/carte/essai?jour=2024-09-08&heure=09:00", "Map of Testville"),
        ("/carte/essai/liste?jour=2024-09-08&heure=09:00", "What applies to Testville"),
        ("/carte/essai/liste?jour=2024-09-08&heure=09:00&genre=arretes", "What applies to Testville"),
        ("/carte/essai/liste?jour=2024-09-08&heure=09:00&genre=aires", "What applies to Testville"),
        ("/carte/essai?jour=2024-09-08&heure=09:00&lon=2.362&lat=48.862", "Map of Testville"),
        ("/v/NOT-A-PASS", "Check of a pass"),
    ],
)
def test_page_holds_no_french_when_english_was_asked_before(page_client: PageClient, url: str, h1: str) -> None:
    territory = make_territory(slug="essai", name="Testville")
    bound = VehicleRule((Over(Size.GROSS_WEIGHT, 3500),), (HasAccess(Access.LOCAL_ACCESS),))
    nights = Period(at("2024-01-01"), None, frozenset({Weekday.SUNDAY, Weekday.MONDAY}), (TimeSlot(time(6), time(10)),))
    measure = measure_draft(label="Mill Lane", vehicles=bound, periods=[nights], direction=Direction.UNKNOWN)
    make_law(
        territory,
        perimeters=[perimeter_draft("Marathon")],
        orders=[order_draft(measure, title="Mill Lane order")],
        bays=[replace(bay_draft(), address="1 Mill Lane")],
    )
    page_client.get("/?lang=en")
    page = page_client.get(url)
    assert page.html is not None and page.html["lang"] == "en"
    assert page.h1 is not None and page.h1.get_text(strip=True) == h1
    assert [text.strip() for text in said_on(page) if french_words(text)] == []


def test_form_answers_in_english_when_a_value_is_wrong(page_client: PageClient) -> None:
    page_client.get("/?lang=en")
    page = page_client.post("/connexion", {"email": "", "password": ""})
    assert page.title is not None and page.title.get_text(strip=True).startswith("Error: Sign in")
    assert [text.strip() for text in said_on(page) if french_words(text)] == []


def test_page_is_french_when_nothing_was_asked(page_client: PageClient) -> None:
    page = page_client.get("/connexion")
    assert page.html is not None and page.html["lang"] == "fr"
    assert page.h1 is not None and page.h1.get_text(strip=True) == "Se connecter"
