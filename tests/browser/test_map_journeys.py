"""Journeys over the public map: an address and its hour, a day of an event, one's own vehicle, a law that changes."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from urllib.parse import quote
from zoneinfo import ZoneInfo

from babel.dates import format_date
from playwright.sync_api import FilePayload, expect

from portal.common.ids import new_id
from portal.territories.demo_town import Town
from portal.visualiz.moments import Moment
from tests.browser.conftest import PersonMaker
from tests.browser.errands import ZONE, event_errand
from tests.browser.law_files import closure_file
from tests.browser.pages.public_map import PublicMap
from tests.browser.people import DESKTOP, PHONE, TERRITORY, Device, Person

# The map asks every five seconds; the layers then come at once.
LAW_SEEN_MS = 10_000
WORKER_MS = 60_000
CANVAS = ".j-map__canvas"
_SMALL_TARGETS = """
() => [...document.querySelectorAll("main :is(button, input:not([type=hidden]), select, summary, .leaflet-bar a)")]
  .filter((found) => found.checkVisibility())
  .map((found) => [found, (found.closest("label") ?? found).getBoundingClientRect()])
  .filter(([_found, { width, height }]) => width > 1 && (width < 43.5 || height < 43.5))
  .map(([found]) => found.outerHTML.slice(0, 80))
"""
NEEDED = "Laissez-passer nécessaire"


def _event_hour(town: Town) -> datetime:
    """The hour of the second day of the event at which its perimeters are active."""
    return datetime.combine(event_errand(town).starts_at.date(), time(13), ZONE)


def _at(moment: datetime) -> str:
    return f"jour={moment:%Y-%m-%d}&heure={moment:%H:%M}"


def _map_of(visitor: Person, query: str = "") -> PublicMap:
    public_map = PublicMap(visitor)
    public_map.open_at(query)
    return public_map


def test_address_has_its_verdict_at_a_future_hour_and_the_url_gives_it_again(
    person: PersonMaker, device: Device, town: Town
) -> None:
    visitor = person(None, device)
    public_map, moment = _map_of(visitor), _event_hour(town)
    assert not {"jour", "heure"} & set(public_map.state())
    public_map.find_address(event_errand(town).goal)
    assert public_map.verdict() != NEEDED
    public_map.choose(moment.date(), "13:00")
    expect(visitor.page.locator("#ici .j-verdict__word")).to_have_text(NEEDED)
    expect(visitor.page.locator("#ici")).to_contain_text("Prochain changement")
    state = public_map.state()
    assert state["jour"] == f"{moment:%Y-%m-%d}" and state["lon"] and state["profil"] == "vul"

    visitor.page.reload()
    again = PublicMap(visitor)
    assert again.verdict() == NEEDED
    expect(visitor.page.locator(".j-pin__sign--picked")).to_be_visible()
    visitor.page.locator("#ici").get_by_role("link", name="Voir le périmètre").first.click()
    expect(visitor.page.get_by_role("heading", level=1)).not_to_contain_text("Carte")
    visitor.page.go_back()
    assert PublicMap(visitor).verdict() == NEEDED
    assert {name: public_map.state()[name] for name in ("jour", "heure", "lon", "lat")} == {
        name: state[name] for name in ("jour", "heure", "lon", "lat")
    }
    assert visitor.overflow_px() <= 0
    # An address that stands in the URL without its point is as good as one that is searched.
    public_map.open_at(f"adresse={quote(event_errand(town).goal)}")
    expect(visitor.page.locator(".j-pin__sign--picked")).to_be_visible()
    public_map.wait_for(**{name: f"{float(state[name]):.6f}" for name in ("lon", "lat")})


def test_slider_and_jumps_go_over_a_day_of_the_event_and_the_view_stays(person: PersonMaker, town: Town) -> None:
    visitor, moment = person(None, PHONE), _event_hour(town)
    dawn = moment.replace(hour=3)
    public_map = _map_of(visitor, f"{_at(dawn)}&calques=perimeters&vue=16/47.40200/2.05400")
    quiet, asked = public_map.letters(), []
    visitor.page.on("request", lambda request: asked.append(request.url))
    slider = visitor.page.get_by_role("slider", name="Heure de la journée")
    slider.fill("780")
    expect(visitor.page.locator(".j-letter")).not_to_have_count(len(quiet))
    assert {"B", "R"} <= set(public_map.letters())
    public_map.wait_for(heure="13:00")
    visitor.page.get_by_role("button", name="Changement précédent").click()
    visitor.page.wait_for_url(lambda url: "heure=13:00" not in url)
    earlier = public_map.state()
    visitor.page.get_by_role("button", name="Changement suivant").click()
    visitor.page.wait_for_url(lambda url: f"heure={earlier['heure']}" not in url)
    later = public_map.state()
    assert earlier["jour"] == later["jour"] == f"{moment:%Y-%m-%d}"
    assert "03:00" < earlier["heure"] < "13:00" < later["heure"]

    # Another day needs other measures, and no other page.
    visitor.page.locator(".j-legend summary").click()
    visitor.page.get_by_label("Arrêtés").check()
    visitor.page.get_by_label("Jour", exact=True).fill(f"{moment + timedelta(days=40):%Y-%m-%d}")
    public_map.wait_for(jour=f"{moment + timedelta(days=40):%Y-%m-%d}", heure=later["heure"], vue="16/47.40200/2.05400")
    assert any("arretes.json" in url and f"jour={moment + timedelta(days=40):%Y-%m-%d}" in url for url in asked)
    visitor.page.get_by_role("button", name="Maintenant").click()
    visitor.page.wait_for_url(lambda url: "jour=" not in url and "vue=16/47.40200/2.05400" in url)


def test_time_plays_by_the_chosen_step_until_it_is_stopped(person: PersonMaker, town: Town) -> None:
    visitor, moment = person(None, DESKTOP), _event_hour(town)
    public_map = _map_of(visitor, _at(moment.replace(hour=23, minute=10)))
    visitor.page.get_by_label("Pas du défilement").select_option("30")
    play = visitor.page.get_by_role("button", name="Faire défiler le temps")
    play.click()
    expect(play).to_have_attribute("aria-pressed", "true")
    # Past midnight it is the next day, on the grid of the step.
    tomorrow = f"{moment + timedelta(days=1):%Y-%m-%d}"
    expect(visitor.page.get_by_label("Jour", exact=True)).to_have_value(tomorrow)
    play.click()
    expect(play).to_have_attribute("aria-pressed", "false")
    public_map.wait_for(jour=tomorrow)
    assert public_map.state()["heure"][3:] in {"00", "30"}


def test_play_is_not_offered_when_motion_is_unwanted(person: PersonMaker) -> None:
    visitor = person(None, DESKTOP)
    visitor.page.emulate_media(reduced_motion="reduce")
    _map_of(visitor)
    expect(visitor.page.get_by_role("button", name="Faire défiler le temps")).to_be_hidden()
    expect(visitor.page.get_by_role("button", name="Changement suivant")).to_be_visible()


def test_strip_says_when_perimeters_are_active_and_its_days_are_gone_to(person: PersonMaker, town: Town) -> None:
    visitor, moment = person(None, DESKTOP), _event_hour(town)
    public_map = _map_of(visitor, _at(moment - timedelta(days=1)))
    visitor.page.get_by_text("Périmètres sur 14", exact=False).click()
    visitor.page.get_by_text("Les mêmes horaires en tableau").click()
    table = visitor.page.locator(".j-time__table")
    expect(table).to_contain_text("Stade de l’Orle, abords")
    day = visitor.page.get_by_role("group", name="Choisir un jour").locator(f'button[value="{moment:%Y-%m-%d}"]')
    expect(day).to_have_accessible_name(f"{_short(moment)}, Gris, Rouge, Bleu")
    day.click()
    expect(day).to_have_attribute("aria-current", "date")
    public_map.wait_for(jour=f"{moment:%Y-%m-%d}", heure="13:00")
    expect(visitor.page.locator(".j-time__hours .j-strip__bar--blue")).to_have_count(1)


def _short(day: datetime) -> str:
    """The day as the strip writes it: "jeu. 26 novembre"."""
    return format_date(day.date(), "EEE d MMMM", locale="fr")


def test_layers_are_switched_by_the_legend_and_kept_in_the_url(person: PersonMaker) -> None:
    visitor = person(None, DESKTOP)
    public_map = _map_of(visitor)
    legend = visitor.page.locator(".j-legend")
    legend.get_by_label("Aires de livraison").uncheck()
    public_map.wait_for(calques="perimeters,signs,orders,events")
    assert public_map.titles("bays") == [] and public_map.titles("orders")
    public_map.open_at(f"calques={public_map.state()['calques']}")
    assert public_map.titles("bays") == [] and public_map.titles("orders")
    expect(visitor.page.get_by_label("Aires de livraison")).not_to_be_checked()


def test_own_vehicle_fades_what_spares_it_and_marks_what_its_pass_opens(person: PersonMaker, town: Town) -> None:
    florist, moment = person("fleuriste", DESKTOP), _event_hour(town).replace(hour=11)
    public_map = _map_of(florist, _at(moment))
    florist.page.get_by_label("Véhicule", exact=True).select_option(label="GA-001-VA – Camionnette 1")
    florist.page.wait_for_url(lambda url: "vehicule=" in url)
    expect(florist.page.locator(".j-letter__key").first).to_be_visible()
    expect(florist.page.locator(".j-legend__vehicle")).to_contain_text("Clé verte")
    states = set(public_map.view("view.overlays.flatMap(({ items }) => items).map(({ state }) => state)"))
    assert {"spared", "held", ""} <= states
    opacity = public_map.view(
        "Math.min(...view.overlays.find(({ kind }) => kind === 'orders').items"
        ".map(({ paths }) => paths[0].options.opacity))"
    )
    assert 0.2 <= opacity <= 0.25
    # Out of the hours of the pass nothing is marked.
    public_map.choose(moment.date(), "23:30")
    expect(florist.page.locator(".j-letter__key")).to_have_count(0)


# What the map has after a step, against a fresh look at everything and the windows as the server wrote them.
_STEPPED = """(() => {
  const shot = () => view.overlays.map(({ items }) => items.map(({ on, state, paths }) => [
    on, on ? state : "", paths.map(({ options: { off, interactive } }) => [off, interactive])]));
  const told = (at) => view.overlays.map(({ items, shown }) => items.map(({ properties: { windows } }) => shown
    && (!windows || windows.some(([start, end]) => !(Date.parse(start) > at) && !(Date.parse(end) <= at)))));
  const shown = view.at;
  const hours = [0, 1, -1, 26, 3, 2.5, -30, 400, 7, 7, -9.25].map((hour) => shown + hour * 3600000);
  const all = view.overlays.flatMap(({ items }) => items);
  const bounds = all.flatMap(({ properties: { windows } }) => windows ?? []).flat().map((bound) => Date.parse(bound));
  const faults = [];
  for (const at of [...hours, ...bounds.filter(Number.isFinite).slice(0, 40), shown]) {
    view.showInstant(at);
    const stepped = shot();
    const on = stepped.map((layer) => layer.map(([isOn]) => isOn));
    if (JSON.stringify(on) !== JSON.stringify(told(at))) faults.push(["told", at]);
    view.showPresent();
    if (JSON.stringify(shot()) !== JSON.stringify(stepped)) faults.push(["fresh", at]);
  }
  return { faults, counts: view.overlays.map(({ items }) => items.length) };
})()"""


def test_each_step_shows_what_a_fresh_look_shows_when_a_vehicle_is_judged(person: PersonMaker, town: Town) -> None:
    florist, moment = person("fleuriste", DESKTOP), _event_hour(town).replace(hour=11)
    public_map = _map_of(florist, _at(moment))
    florist.page.get_by_label("Véhicule", exact=True).select_option(label="GA-001-VA – Camionnette 1")
    expect(florist.page.locator(".j-letter__key").first).to_be_visible()
    found = public_map.view(_STEPPED)
    assert found["faults"] == [] and min(found["counts"][0], found["counts"][2]) > 0


def test_closure_is_on_an_open_map_within_ten_seconds_when_a_clerk_publishes_it(
    person: PersonMaker, town: Town
) -> None:
    title = f"Rue fermée pour la braderie {new_id().hex[-6:]}"
    visitor, clerk = person(None, DESKTOP), person("agent", DESKTOP)
    moment = _event_hour(town)
    public_map = _map_of(visitor, _at(moment))
    public_map.click_letter("B")
    bubble = visitor.page.locator(".j-popup__title").inner_text()
    public_map.wait_for_answer()
    visitor.page.wait_for_url(lambda url: "lon=" in url)
    page = clerk.open(f"/territoires/{TERRITORY}/numeriz/importer")
    file: FilePayload = {"name": "arretes.xml", "mimeType": "text/xml", "buffer": closure_file(town, title)}
    page.get_by_label("Fichier", exact=True).set_input_files(files=[file])
    before = public_map.state()
    page.get_by_role("button", name="Importer").click()
    expect(page.get_by_role("main")).to_contain_text("Arrêtés ajoutés", timeout=WORKER_MS)
    shown = visitor.page.get_by_text("La réglementation vient de changer", exact=False)
    expect(shown).to_be_visible(timeout=LAW_SEEN_MS)
    lines = public_map.view("view.overlays.flatMap(({ items }) => items).flatMap(({ properties }) => properties.lines)")
    assert any(title in line for line in lines)
    assert public_map.state() == before
    assert visitor.page.locator(".j-popup__title").inner_text() == bubble


def test_place_is_chosen_and_asked_about_by_keyboard_alone(person: PersonMaker) -> None:
    typist = person(None, DESKTOP)
    public_map = _map_of(typist)
    page = typist.page
    page.get_by_role("combobox", name="Véhicule").focus()
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.locator(f"{CANVAS}:focus").count():
            break
    expect(page.locator(CANVAS)).to_be_focused()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert public_map.verdict()
    slider = page.get_by_role("slider", name="Heure de la journée")
    slider.focus()
    page.keyboard.press("End")
    page.keyboard.press("Home")
    expect(page.get_by_label("Heure", exact=True)).to_have_value("00:00")
    public_map.wait_for(heure="00:00")
    assert "vue" in public_map.state()


def test_map_has_no_barrier_and_takes_half_of_a_small_phone(person: PersonMaker, town: Town) -> None:
    visitor = person(None, Device("small phone", 320, 640))
    _map_of(visitor, _at(_event_hour(town)))
    page = visitor.page
    assert visitor.overflow_px() <= 0
    box = page.locator(CANVAS).bounding_box()
    assert box and box["height"] >= 0.5 * 640 and box["width"] == 320
    page.locator(".j-legend summary").click()
    page.locator(".j-time__period > summary").click()
    assert page.evaluate(_SMALL_TARGETS) == []
    assert visitor.barriers() == []
    visitor.page.emulate_media(color_scheme="dark")
    assert visitor.barriers() == []


def test_downloads_take_home_what_is_on_screen(person: PersonMaker, town: Town) -> None:
    visitor, moment = person(None, PHONE), _event_hour(town)
    public_map = _map_of(visitor, f"{_at(moment)}&calques=perimeters&vue=16/47.40200/2.05400")
    link = visitor.page.get_by_role("link", name="GeoJSON")
    expect(link).to_have_attribute("href", re.compile("boite="))
    answer = visitor.context.request.get(link.evaluate("link => link.href"))
    titles = {feature["properties"]["title"] for feature in answer.json()["features"]}
    assert titles <= set(public_map.titles("perimeters")) and titles


CLOCKS = [
    ("Europe/Paris", "2026-03-29", "01:30"),
    ("Europe/Paris", "2026-03-29", "02:30"),
    ("Europe/Paris", "2026-03-29", "03:00"),
    ("Europe/Paris", "2026-10-25", "01:30"),
    ("Europe/Paris", "2026-10-25", "02:30"),
    ("Europe/Paris", "2026-10-25", "03:00"),
    ("Europe/Paris", "2024-07-26", "13:00"),
    ("America/Cayenne", "2026-10-25", "02:30"),
    ("Indian/Reunion", "2026-12-31", "23:59"),
]


def test_script_reads_the_clock_as_the_server_does_when_clocks_change(person: PersonMaker) -> None:
    visitor = person(None, DESKTOP)
    visitor.open("/connexion")
    read = visitor.page.evaluate(
        """async (clocks) => {
          const { localInstant } = await import("/static/js/map/time.js");
          return clocks.map(([zone, day, clock]) => localInstant(day, clock, zone) / 1000);
        }""",
        CLOCKS,
    )
    said = [
        Moment(date.fromisoformat(day), time.fromisoformat(clock), ZoneInfo(zone)).at.timestamp()
        for zone, day, clock in CLOCKS
    ]
    assert read == said
