// Which features apply at an instant, and what a local date and hour are as an instant. No map library here.

const DAY_MS = 86_400_000;
const clocks = new Map();

/** The clock of a zone, made once: making one takes longer than reading it a hundred times. */
function clockOf(zone) {
  if (!clocks.has(zone)) {
    clocks.set(zone, new Intl.DateTimeFormat("en-GB", {
      timeZone: zone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit",
      hour: "2-digit", minute: "2-digit", second: "2-digit",
    }));
  }
  return clocks.get(zone);
}

function partsOf(instantMs, zone) {
  return Object.fromEntries(clockOf(zone).formatToParts(instantMs).map(({ type, value }) => [type, value]));
}

/** The day "2024-09-08" and the clock "09:00" of an instant in a zone. */
export function localMoment(instantMs, zone) {
  const { year, month, day, hour, minute } = partsOf(instantMs, zone);
  return { day: `${year}-${month}-${day}`, clock: `${hour}:${minute}` };
}

/** How far the clock of the zone is ahead of UTC at an instant, in ms. */
function offsetMs(instantMs, zone) {
  const { year, month, day, hour, minute, second } = partsOf(instantMs, zone);
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(instantMs / 1000) * 1000;
}

/** The instant (ms) of a date "2024-09-08" and a clock "09:00" in a zone; NaN when one is not complete. Of an hour that comes
 *  twice, in autumn, the first; an hour that does not exist, in spring, is read by the clock before it. */
export function localInstant(date, clock, zone) {
  const naive = Date.parse(`${date}T${clock || "00:00"}:00Z`);
  if (Number.isNaN(naive)) return Number.NaN;
  // Near a change of clocks the day before and the day after have other offsets; both are tried.
  const [before, after] = [naive - DAY_MS, naive + DAY_MS].map((near) => naive - offsetMs(near, zone));
  const says = (instant) => instant + offsetMs(instant, zone) === naive;
  if (says(before)) return before;
  return says(after) ? after : before;
}

/** The day so many days after a day; days are those of the calendar. */
export function addDays(day, count) {
  return new Date(Date.parse(`${day}T00:00:00Z`) + count * DAY_MS).toISOString().slice(0, 10);
}

/** How many days of the calendar lie between two days. */
export function daysBetween(first, last) {
  return Math.round((Date.parse(`${last}T00:00:00Z`) - Date.parse(`${first}T00:00:00Z`)) / DAY_MS);
}

/** Minutes since midnight of a clock "09:30", and back. */
export const minutesOf = (clock) => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3, 5));
export const clockAt = (minutes) => `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;

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

/** From when until when, around an instant, no window begins or ends: {since, until}, the end excluded. */
export function spanAround(windows, instantMs) {
  const bounds = windows.flat();
  return {
    since: Math.max(...bounds.filter((bound) => bound <= instantMs)),
    until: Math.min(...bounds.filter((bound) => bound > instantMs)),
  };
}
