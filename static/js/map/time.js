// Which features apply at an instant, and what instant a local date and hour are. No map library here.

/** How far the clock of the zone is ahead of UTC at an instant, in ms. */
function offsetMs(instantMs, zone) {
  const parts = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric",
    hour: "numeric", minute: "numeric", second: "numeric",
  }).formatToParts(instantMs);
  const read = Object.fromEntries(parts.map(({ type, value }) => [type, Number(value)]));
  return Date.UTC(read.year, read.month - 1, read.day, read.hour, read.minute, read.second)
    - Math.floor(instantMs / 1000) * 1000;
}

/** The instant (ms) of a date "2024-09-08" and a clock "09:00" in a zone; NaN when one is not complete. */
export function localInstant(date, clock, zone) {
  const naive = Date.parse(`${date}T${clock || "00:00"}:00Z`);
  if (Number.isNaN(naive)) return Number.NaN;
  const guess = naive - offsetMs(naive, zone);
  // Near a clock change the first guess may use the other side's offset.
  return naive - offsetMs(guess, zone);
}

/** Windows [[start, end], …] of ISO texts as pairs of ms; a missing end stays open. Null when there are none. */
export function parseWindows(windows) {
  if (!Array.isArray(windows)) return null;
  return windows.map(([start, end]) => [
    start ? Date.parse(start) : Number.NEGATIVE_INFINITY,
    end ? Date.parse(end) : Number.POSITIVE_INFINITY,
  ]);
}

/** Start included, end excluded; a feature without windows always applies, and so does everything without an instant. */
export function applies(windows, instantMs) {
  if (windows === null || Number.isNaN(instantMs)) return true;
  return windows.some(([start, end]) => start <= instantMs && instantMs < end);
}

const FORM = "form[data-map-time]";

const minutes = (text) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3, 5));
const asClock = (value) => `${String(Math.floor(value / 60)).padStart(2, "0")}:${String(value % 60).padStart(2, "0")}`;

/** The instant a form says: its date input, its time input and its zone. The slider follows. */
function readForm(form) {
  const date = form.querySelector('input[type="date"]');
  const clock = form.querySelector('input[type="time"]');
  const slider = form.querySelector('input[type="range"]');
  if (slider && clock.value) {
    slider.value = String(minutes(clock.value));
    slider.setAttribute("aria-valuetext", clock.value);
    const shown = form.querySelector("output");
    if (shown) shown.value = clock.value;
  }
  return localInstant(date.value, clock.value, form.dataset.timezone || "Europe/Paris");
}

/** Tell a map the instant of its time form, now and at each change; the form may be replaced meanwhile.

 *  The form names the map in data-map-time, or leaves it empty to speak to every map of the page. */
export function watchTime(root, changed) {
  const concerns = (form) => !form.dataset.mapTime || form.dataset.mapTime === root.id;
  const present = [...document.querySelectorAll(FORM)].find(concerns);
  if (present) changed(readForm(present));
  const heard = (event) => {
    if (!root.isConnected) {
      document.removeEventListener("input", heard);
      return;
    }
    const form = event.target.closest(FORM);
    if (!form || !concerns(form)) return;
    if (event.target.type === "range") form.querySelector('input[type="time"]').value = asClock(Number(event.target.value));
    if (["range", "date", "time"].includes(event.target.type)) changed(readForm(form));
  };
  document.addEventListener("input", heard);
}
