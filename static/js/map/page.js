// The public map as one page: map, day and hour, vehicle, place and answer, all of it in the URL. No map library here.

import { drawMap } from "../map.js";
import { Changes } from "./changes.js";
import { Clock } from "./clock.js";
import { make } from "./elements.js";
import { PERIOD_DAYS, Strip } from "./strip.js";
import { addDays, localMoment } from "./time.js";
import { watchLaw } from "./watch.js";

/** Ms without another change before the server is asked for the answer, and before the URL is written. */
const ASK_MS = 500;
const WRITE_MS = 250;
const SAID_MS = 12_000;
/** The status of an answer about something that could not be read. */
const UNREADABLE = 422;
const OWN_VEHICLE = /^[0-9a-f]{8}-[0-9a-f-]{27}$/;

/** Px of a window with room for the fortnight beside the map. */
const ROOMY = [992, 1000];
/** What the URL says when every layer is off: nothing at all would mean all of them. */
const NO_LAYER = "none";
/** What changes by the hour; what an answer depends on, whatever layers are shown. */
const ALL_KINDS = ["perimeters", "orders", "events", "signs"];

function later(wait, act) {
  let timer = 0;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(act, wait);
  };
}

class MapPage {
  constructor(root) {
    this.root = root;
    this.form = document.getElementById("quand");
    this.answer = document.getElementById("ici");
    this.bar = document.querySelector(".j-time");
    this.status = this.bar.querySelector("[role='status']");
    this.texts = JSON.parse(this.bar.dataset.texts);
    this.urls = JSON.parse(this.bar.dataset.urls);
    this.zone = this.bar.dataset.timezone;
    this.written = later(WRITE_MS, () => this.write());
    this.ask = later(ASK_MS, () => this.fetchAnswer());
    const query = new URLSearchParams(location.search);
    this.clock = new Clock(this.bar, { zone: this.zone, live: !query.get("jour") && !query.get("heure"), changed: () => this.moved() });
    // The answer on the page is of now.
    this.lastAnswer = this.clock.live ? this.clock.at : null;
    this.changes = new Changes(this.urls.changes, this.zone, () => this.kinds());
    const find = (selector) => this.bar.querySelector(selector);
    this.strip = new Strip({ hours: find(".j-time__hours"), days: find(".j-time__days"), table: find(".j-time__table") }, this.zone, this.texts,
      (day) => this.clock.set(day, this.clock.clock));
    find(".j-time__period").open = innerWidth >= ROOMY[0] && innerHeight >= ROOMY[1];
    this.isReveal = false;
    this.listen();
  }

  /** Say something for a while; what goes on is said until it is over. */
  say(text, goesOn = false) {
    clearTimeout(this.said);
    this.status.textContent = text;
    if (text && !goesOn) this.said = setTimeout(() => this.say(""), SAID_MS);
  }

  field(name) {
    return this.form.elements[name];
  }

  /** The kinds of the layers that are switched on; all there are until the map is drawn. */
  kinds() {
    const overlays = this.view?.overlays ?? JSON.parse(this.root.dataset.layers).map((layer) => ({ ...layer, shown: !layer.hidden }));
    return overlays.filter(({ shown }) => shown).map(({ kind }) => kind);
  }

  listen() {
    const { form, clock } = this;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.isReveal = true;
      this.fetchAnswer();
    });
    form.addEventListener("change", ({ target }) => {
      if (this.bar.contains(target)) return;
      if (target === this.field("profil")) this.judge();
      else this.isReveal = true;
      this.asked();
    });
    for (const [name, direction] of [["previous", -1], ["next", 1]]) clock.buttons[name].addEventListener("click", () => this.jump(direction));
    this.root.addEventListener("map:moved", () => this.written());
    this.root.addEventListener("map:switched", () => this.written());
  }

  async start() {
    const drawing = drawMap(this.root);
    const period = this.showPeriod();
    this.view = await drawing;
    if (!this.view) return;
    this.view.showInstant(this.clock.at);
    this.view.showDay(this.clock.day);
    // An address that stands in the URL without its point was asked for like one that is searched.
    this.isReveal ||= !this.field("lon").value;
    this.showPlace();
    await Promise.all([this.judge(), period]);
    watchLaw(this.urls.state, (version) => this.keepUp(version), (isLost) => this.tellLost(isLost));
    this.followLinks();
  }

  /** The clock stands at another instant. */
  moved() {
    const { at, day } = this.clock;
    this.view?.showInstant(at);
    this.strip.point(at);
    if (day !== this.day) {
      this.day = day;
      this.view?.showDay(day);
      this.showPeriod();
    }
    // A clock that ticks by itself changes the answer only where something begins or ends: on the map, or a pass of one's own.
    const until = Date.parse(this.answer.querySelector("[data-until]")?.dataset.until);
    if (this.clock.live && this.lastAnswer && !(at >= until)
      && this.passed && !this.passed.some((change) => change > this.lastAnswer && change <= at)) return;
    this.lastAnswer = this.clock.live ? at : null;
    this.asked();
  }

  /** Something the answer depends on is another: the one shown is of before, until the next has come. */
  asked() {
    this.answer.setAttribute("aria-busy", "true");
    this.written();
    this.ask();
  }

  async fetchAnswer() {
    this.asking?.abort();
    this.asking = new AbortController();
    const { signal } = this.asking;
    const query = new URLSearchParams(new FormData(this.form));
    try {
      const answer = await fetch(`${this.urls.answer}?${query}`, { signal, headers: { "HX-Request": "true", "HX-Request-Type": "partial" } });
      // An address that is not found is an answer too, and says so.
      if (!answer.ok && answer.status !== UNREADABLE) throw new Error(`${this.urls.answer}: ${answer.status}`);
      const parsed = new DOMParser().parseFromString(await answer.text(), "text/html");
      this.answer.replaceChildren(...parsed.body.childNodes);
      this.answered();
    } catch (error) {
      if (signal.aborted) return;
      // No answer is better than the one of another hour.
      this.answer.replaceChildren(make("p", "", this.texts.noAnswer));
      console.info(`map: ${error.message}`);
    }
    this.answer.removeAttribute("aria-busy");
  }

  answered() {
    this.showPlace();
    this.followLinks();
    // What every page does with parts that have come: buttons that copy, and the like.
    document.dispatchEvent(new Event("htmx:after:swap"));
  }

  /** Put the pin where the answer is about, and show the answer when somebody asked for it. */
  showPlace() {
    const found = this.answer.querySelector("[data-lon]");
    // An address without its point was found by the server: the pin goes there.
    if (found && !this.field("lon").value) {
      this.field("lon").value = found.dataset.lon;
      this.field("lat").value = found.dataset.lat;
      this.view?.picker.show();
      this.written();
    }
    // What one asked of a place is shown; a step of the slider does not move the page, nor does what an open bubble
    // already tells: on a phone its links would slip away under the finger.
    if (found && this.isReveal && !this.view?.hasBubble) this.answer.scrollIntoView({ block: "nearest" });
    this.isReveal = false;
  }

  async showPeriod() {
    const first = this.strip.periodFor(this.clock.day);
    this.day = this.clock.day;
    try {
      const { changes, truncated, perimeters } = await this.changes.between(first, addDays(first, PERIOD_DAYS - 1), ALL_KINDS);
      // Where not all changes are known the answer is asked for each minute.
      this.passed = truncated ? null : changes;
      this.strip.show(first, perimeters);
      this.strip.point(this.clock.at);
    } catch (error) {
      this.passed = null;
      this.say(this.texts.noPeriod);
      console.info(`map: ${error.message}`);
    }
  }

  async jump(direction) {
    try {
      const at = await this.changes.nearest(this.clock.at, direction);
      this.say(at === null ? this.texts.noChange : "");
      if (at !== null) this.clock.goTo(at);
    } catch (error) {
      this.say(this.texts.noPeriod);
      console.info(`map: ${error.message}`);
    }
  }

  vehicle() {
    const value = this.field("profil").value;
    return [OWN_VEHICLE.test(value) ? "vehicule" : "profil", value];
  }

  /** Ask the law whom it concerns, and fade what leaves the chosen vehicle free. */
  async judge() {
    if (!this.view) return;
    const select = this.field("profil");
    const asked = this.vehicle().join("=");
    const url = new URL(this.urls.concerned, location.href);
    url.searchParams.set(...this.vehicle());
    try {
      const answer = await fetch(url, { cache: "no-cache" });
      if (!answer.ok) throw new Error(`${url.pathname}: ${answer.status}`);
      const found = await answer.json();
      if (asked !== this.vehicle().join("=")) return;
      const isHeld = Object.values(found.perimeters).includes("pass-held");
      const faded = this.texts.faded.replace("{}", select.selectedOptions[0].text);
      this.view.judge(found, isHeld ? [faded, this.texts.held] : [faded]);
    } catch (error) {
      // Nothing fades: a street is never shown as free because an answer did not come.
      this.view.judge(null, []);
      console.info(`map: ${error.message}`);
    }
  }

  async keepUp(version) {
    if (!await this.view.keepUp(version)) return;
    this.changes.clear();
    this.say(this.texts.changed);
    this.asked();
    await Promise.all([this.judge(), this.showPeriod()]);
  }

  tellLost(isLost) {
    if (isLost) {
      this.heard ??= localMoment(Date.now(), this.zone).clock;
      this.say(this.texts.lost.replace("{}", this.heard), true);
    } else {
      this.heard = null;
      this.say("");
      this.asked();
    }
  }

  /** All of the state, as pairs of a query, in the order in which it is read. */
  query() {
    const pairs = [];
    if (!this.clock.live) pairs.push(["jour", this.clock.day], ["heure", this.clock.clock]);
    pairs.push(this.vehicle());
    for (const name of ["lon", "lat"]) if (this.field(name).value) pairs.push([name, this.field(name).value]);
    const address = this.field("adresse");
    if (address.value && !address.dataset.fromMap) pairs.push(["adresse", address.value]);
    if (this.view?.overlays.some(({ shown, hidden }) => shown === Boolean(hidden)) || this.root.dataset.chosenLayers) pairs.push(["calques", this.kinds().join(",") || NO_LAYER]);
    if (this.view) pairs.push(["vue", this.view.place()]);
    return pairs;
  }

  write() {
    const query = new URLSearchParams(this.query()).toString().replaceAll("%2F", "/").replaceAll("%2C", ",").replaceAll("%3A", ":");
    history.replaceState(history.state, "", `${location.pathname}?${query}`);
    this.followLinks();
  }

  /** Give the links that follow the map its state; those of downloads get the box as well. */
  followLinks() {
    for (const link of document.querySelectorAll("a[data-follows-map]")) {
      const url = new URL(link.href);
      const pairs = Object.fromEntries(this.query());
      if (link.dataset.followsMap === "box" && this.view) pairs.boite = this.view.box();
      for (const name of ["jour", "heure", "profil", "vehicule", "lon", "lat", "adresse", "calques", "vue"]) url.searchParams.delete(name);
      for (const [name, value] of Object.entries(pairs)) url.searchParams.set(name, value);
      link.href = url.href;
    }
  }
}

new MapPage(document.querySelector("#carte")).start();
