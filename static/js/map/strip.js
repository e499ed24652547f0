// When the perimeters are active: through the hours of a day, under the slider, and through the days of a fortnight; and the
// same as a table. No map library here.

import { make, svg } from "./elements.js";
import { COLOURS } from "./kinds.js";
import { addDays, daysBetween, localInstant, localMoment, minutesOf, parseWindows } from "./time.js";

/** Days of the strip, and how many of them lie before the one that was asked for. */
export const PERIOD_DAYS = 14;
const BEFORE = 2;

const ROW = 16;
const DAY_ROW = 5;
const DAY_MINUTES = 1440;
/** Share of a day below which a bar has no room for its letter. */
const LETTER_SHARE = 0.03;

const percent = (share) => `${(share * 100).toFixed(3)}%`;

export class Strip {
  /** hours, days, table: elements to fill; texts: letters, colours and headings; chosen: (day) is called for a day. */
  constructor({ hours, days, table }, zone, texts, chosen) {
    Object.assign(this, { hours, days, table, zone, texts, chosen, perimeters: [], first: "", language: document.documentElement.lang });
  }

  /** The first day of the period to ask for so that a day is in it; the present one as long as it holds the day. */
  periodFor(day) {
    const ahead = this.first ? daysBetween(this.first, day) : -1;
    return ahead >= 0 && ahead < PERIOD_DAYS ? this.first : addDays(day, -BEFORE);
  }

  /** perimeters: [{title, colour, windows}] of the period that begins with a day. */
  show(first, perimeters) {
    this.first = first;
    this.perimeters = perimeters.map((perimeter) => ({ ...perimeter, windows: parseWindows(perimeter.windows) ?? [] }))
      .sort((a, b) => COLOURS.indexOf(b.colour) - COLOURS.indexOf(a.colour) || a.title.localeCompare(b.title, this.language));
    this.drawDays();
    this.drawTable();
    this.drawn = "";
  }

  /** Mark the instant, and draw its day when it is another one. */
  point(at) {
    const { day, clock } = localMoment(at, this.zone);
    if (this.drawn !== day) {
      this.drawn = day;
      this.drawHours(day);
      for (const button of this.days.querySelectorAll("button")) {
        if (button.value === day) button.setAttribute("aria-current", "date");
        else button.removeAttribute("aria-current");
      }
      this.showChosen();
    }
    const x = percent(minutesOf(clock) / DAY_MINUTES);
    for (const name of ["x1", "x2"]) this.cursor?.setAttribute(name, x);
  }

  /** Roll the days so that the chosen one is seen; the page itself stays where it is. */
  showChosen() {
    const button = this.days.querySelector('[aria-current="date"]');
    if (button) this.days.scrollLeft = button.offsetLeft - (this.days.clientWidth - button.offsetWidth) / 2;
  }

  /** The bars of a day: [{colour, bars: [[from, to]…]}] as shares of the day by its clock, the strictest first. */
  barsOf(day) {
    const [start, end] = [day, addDays(day, 1)].map((each) => localInstant(each, "00:00", this.zone));
    const share = (at) => minutesOf(localMoment(at, this.zone).clock) / DAY_MINUTES;
    return [...COLOURS].reverse().flatMap((colour) => {
      const spans = this.perimeters.filter((perimeter) => perimeter.colour === colour).flatMap(({ windows }) => windows)
        .filter(([from, to]) => from < end && to > start).sort(([a], [b]) => a - b);
      const merged = [];
      for (const [from, to] of spans) {
        const last = merged.at(-1);
        if (last && from <= last[1]) last[1] = Math.max(last[1], to);
        else merged.push([from, to]);
      }
      const bars = merged.map(([from, to]) => [from <= start ? 0 : share(from), to >= end ? 1 : share(to)]);
      return bars.length > 0 ? [{ colour, bars }] : [];
    });
  }

  drawHours(day) {
    const rows = this.barsOf(day);
    const height = Math.max(1, rows.length) * (ROW + 2);
    const drawing = svg("svg", { class: "j-strip", width: "100%", height: height + 18 });
    for (const hour of [0, 3, 6, 9, 12, 15, 18, 21, 24]) {
      const x = percent(hour / 24);
      drawing.append(svg("line", { class: "j-strip__tick", x1: x, x2: x, y1: 0, y2: height }));
      if (hour % 6 === 0) {
        const anchor = { 0: "start", 24: "end" }[hour] ?? "middle";
        drawing.append(svg("text", { class: "j-strip__hour", x, y: height + 14, "text-anchor": anchor }, `${hour}\u00a0h`));
      }
    }
    rows.forEach(({ colour, bars }, row) => {
      for (const [from, to] of bars) {
        const y = row * (ROW + 2);
        drawing.append(svg("rect", { class: `j-strip__bar j-strip__bar--${colour}`, x: percent(from), y, width: percent(to - from), height: ROW }));
        if (to - from > LETTER_SHARE) {
          drawing.append(svg("text", {
            class: `j-strip__letter j-strip__letter--${colour}`, x: percent((from + to) / 2), y: y + 12.5, "text-anchor": "middle",
          }, this.texts.letters[colour]));
        }
      }
    });
    if (rows.length === 0) drawing.append(svg("text", { class: "j-strip__none", x: "50%", y: 13, "text-anchor": "middle" }, this.texts.none));
    this.cursor = svg("line", { class: "j-strip__now", y1: 0, y2: height });
    drawing.append(this.cursor);
    this.hours.replaceChildren(drawing);
  }

  dayText(day, options) {
    return new Intl.DateTimeFormat(this.language, { timeZone: "UTC", ...options }).format(Date.parse(`${day}T12:00:00Z`));
  }

  drawDays() {
    const buttons = Array.from({ length: PERIOD_DAYS }, (_, index) => addDays(this.first, index)).map((day) => {
      const rows = this.barsOf(day);
      const bars = svg("svg", { class: "j-day__bars", width: "100%", height: COLOURS.length * (DAY_ROW + 1) });
      rows.forEach(({ colour, bars: spans }, row) => {
        for (const [from, to] of spans) {
          bars.append(svg("rect", {
            class: `j-strip__bar j-strip__bar--${colour}`, x: percent(from), y: row * (DAY_ROW + 1), width: percent(to - from), height: DAY_ROW,
          }));
        }
      });
      const letters = make("span", "j-day__letters", rows.map(({ colour }) => this.texts.letters[colour]).join("\u00a0"));
      letters.setAttribute("aria-hidden", "true");
      const said = rows.map(({ colour }) => this.texts.colours[colour]).join(", ") || this.texts.none;
      const name = make("span", "j-day__name", `${this.dayText(day, { weekday: "short" })} `, make("span", "j-day__number", this.dayText(day, { day: "numeric" })));
      const more = make("span", "visually-hidden", ` ${this.dayText(day, { month: "long" })}, ${said}`);
      const button = make("button", "j-day", name, more, letters, bars);
      Object.assign(button, { type: "button", value: day });
      button.addEventListener("click", () => this.chosen(day));
      return button;
    });
    this.days.replaceChildren(...buttons);
  }

  spanText([from, to]) {
    const year = (at) => localMoment(at, this.zone).day.slice(0, 4);
    // A year is said where it is not the one that is looked at.
    const said = (at) => new Intl.DateTimeFormat(this.language, {
      timeZone: this.zone, weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit",
      ...(year(at) === this.first.slice(0, 4) ? {} : { year: "numeric" }),
    }).format(at);
    const [start, end] = [Number.isFinite(from) ? said(from) : "…", Number.isFinite(to) ? said(to) : "…"];
    return `${start} → ${end}`;
  }

  drawTable() {
    const cell = (tag, ...content) => make(tag, "", ...content);
    const head = cell("tr", ...["perimeter", "colour", "active"].map((name) => Object.assign(cell("th", this.texts[name]), { scope: "col" })));
    const rows = this.perimeters.filter(({ windows }) => windows.length > 0).map(({ title, colour, windows }) => {
      const times = make("ul", "j-time__spans", ...windows.map((span) => cell("li", this.spanText(span))));
      return cell("tr", Object.assign(cell("th", title), { scope: "row" }), cell("td", this.texts.colours[colour]), cell("td", times));
    });
    const none = cell("tr", Object.assign(cell("td", this.texts.none), { colSpan: 3 }));
    this.table.replaceChildren(cell("thead", head), cell("tbody", ...(rows.length > 0 ? rows : [none])));
  }
}
