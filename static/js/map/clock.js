// The bar of day and hour: it follows the clock until somebody moves it, steps, plays, and says each instant. No map library.

import { addDays, clockAt, localInstant, localMoment, minutesOf } from "./time.js";

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
/** Ms between two steps of the play: the eye follows, a slow phone keeps up. */
const BEAT_MS = 450;
const YEARS = [2000, 2100];

const still = matchMedia("(prefers-reduced-motion: reduce)");

/** A bar with inputs named jour and heure, a slider, an output, a select of steps and buttons with data-time. */
export class Clock {
  /** changed: () => called at each new instant; live: whether it follows the clock at first. */
  constructor(bar, { zone, live, changed }) {
    Object.assign(this, { bar, zone, live, changed });
    const find = (selector) => bar.querySelector(selector);
    this.date = find('[name="jour"]');
    this.time = find('[name="heure"]');
    this.slider = find('input[type="range"]');
    this.output = find("output");
    this.step = find("[data-time-step]");
    this.buttons = Object.fromEntries([...bar.querySelectorAll("button[data-time]")].map((button) => [button.dataset.time, button]));
    this.at = live ? Date.now() : localInstant(this.date.value, this.time.value, zone);
    // A date that is none was refused by the server, which said so: the map then shows now.
    if (Number.isNaN(this.at)) Object.assign(this, { at: Date.now(), live: true });
    for (const element of bar.querySelectorAll("[data-needs-script]")) element.hidden = false;
    const motion = () => {
      this.buttons.play.hidden = still.matches;
      if (still.matches) this.pause();
    };
    still.addEventListener("change", motion);
    motion();
    this.listen();
    this.write();
    setInterval(() => this.tick(), SECOND_MS);
  }

  get day() {
    return localMoment(this.at, this.zone).day;
  }

  get clock() {
    return localMoment(this.at, this.zone).clock;
  }

  listen() {
    this.slider.addEventListener("input", () => this.set(this.day, clockAt(Number(this.slider.value))));
    for (const input of [this.date, this.time]) {
      input.addEventListener("input", () => {
        const [year] = this.date.value.split("-").map(Number);
        if (year >= YEARS[0] && year <= YEARS[1]) this.set(this.date.value, this.time.value || this.clock, input);
      });
    }
    this.buttons.now.addEventListener("click", () => this.follow());
    this.buttons.play.addEventListener("click", () => (this.playing ? this.pause() : this.play()));
    document.addEventListener("visibilitychange", () => document.hidden && this.pause());
  }

  /** Go to a day and a clock, and stay there. typed: the input that somebody is writing in, which is left alone. */
  set(day, clock, typed) {
    this.pause();
    const at = localInstant(day, clock, this.zone);
    if (!Number.isNaN(at)) this.move(at, false, typed);
  }

  /** Go to an instant (ms). */
  goTo(at) {
    this.pause();
    this.move(at, false);
  }

  follow() {
    this.pause();
    this.move(Date.now(), true);
  }

  move(at, live, typed) {
    Object.assign(this, { at, live });
    this.write(typed);
    this.changed();
  }

  tick() {
    if (this.live && localMoment(Date.now(), this.zone).clock !== this.clock) this.move(Date.now(), true);
  }

  play() {
    this.playing = setInterval(() => this.move(this.stepped(), false), BEAT_MS);
    this.buttons.play.setAttribute("aria-pressed", "true");
  }

  pause() {
    clearInterval(this.playing);
    this.playing = null;
    this.buttons.play.setAttribute("aria-pressed", "false");
  }

  /** The next instant of the play: on the grid of its step; a step of a day keeps the hour. */
  stepped() {
    const minutes = Number(this.step.value);
    if (minutes >= 1440) return localInstant(addDays(this.day, minutes / 1440), this.clock, this.zone);
    const length = minutes * MINUTE_MS;
    return Math.floor(this.at / length + 1) * length;
  }

  write(typed) {
    const { day, clock } = localMoment(this.at, this.zone);
    if (typed !== this.date) this.date.value = day;
    if (typed !== this.time) this.time.value = clock;
    this.slider.value = String(minutesOf(clock));
    this.slider.setAttribute("aria-valuetext", clock);
    this.output.value = clock;
    this.buttons.now.setAttribute("aria-pressed", String(this.live));
  }
}
