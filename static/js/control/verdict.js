// What a scan is worth, from what the phone carries: the rules of portal/cirqliz/verification/verdict.py, and answers of
// its own: `stale` (the list is too old to say green), `elsewhere` (a pass of another territory), `exercise` (an invented
// pass, outside exercises).

import { holds, readSet } from "./idset.js";
import { importKeys, openToken, tokenIn, TRAINING } from "./token.js";

export const TONES = {
  valid: "green",
  stale: "orange",
  not_yet: "orange",
  outside_hours: "orange",
  hours_unknown: "orange",
  expired: "red",
  revoked: "red",
  suspended: "red",
  elsewhere: "red",
  forged: "red",
  exercise: "red",
};

const HOUR_MS = 3_600_000;
// A list from the future says that the clock of the phone went back: nobody knows how old the list is.
const CLOCK_SLACK_MS = 5 * 60_000;

/** A board as it was downloaded, made ready to judge. */
export async function openBoard(downloaded) {
  const [real, training] = await Promise.all([ready(downloaded), ready(downloaded.training)]);
  return { ...real, training, syncHours: downloaded.sync_hours, territory: downloaded.territory };
}

async function ready(part) {
  const perimeters = new Map();
  for (const [reference, name, event, colour, hours] of part.perimeters) {
    const spans = [];
    for (let at = 0; at < hours.length; at += 2) {
      const start = hours[at] * 1000;
      spans.push({ start, end: hours[at + 1] === null ? Infinity : start + hours[at + 1] * 1000 });
    }
    perimeters.set(reference, { name, event, colour, spans });
  }
  return {
    prefix: part.prefix,
    keys: await importKeys(part.keys),
    revoked: readSet(part.revoked),
    suspended: readSet(part.suspended),
    perimeters,
  };
}

/**
 * {result, tone, at (ms or null), said (the token or null), training} of a scanned text.
 * syncedAt: of the list, in ms. exercising: invented passes are answered as real ones would be.
 */
export async function judge(board, text, now, syncedAt, exercising) {
  const said = await openToken([board.keys, board.training.keys], tokenIn(text));
  if (said === null) return verdict("forged", null, null, false);
  const training = said.kind === TRAINING;
  if (training && !exercising) return verdict("exercise", null, said, true);
  const [result, at] = weigh(training ? board.training : board, said, now);
  const old = !training && isStale(board, now, syncedAt);
  return verdict(result === "valid" && old ? "stale" : result, at, said, training);
}

/**
 * What the phone knows of the perimeters that a judged pass names: {name, event, colour, active}; null for one it does
 * not carry. None for a pass that is not worth anything in the territory.
 */
export function perimetersOf(board, { result, said, training }, now) {
  if (said === null || result === "elsewhere" || result === "exercise") return [];
  const { perimeters } = training ? board.training : board;
  return said.references.map((reference) => {
    const found = perimeters.get(reference);
    return found ? { ...found, active: cover(found.spans, now) } : null;
  });
}

const cover = (spans, now) => spans.some(({ start, end }) => start <= now && now < end);

/** Whether the list is too old, by the territory's own limit, to say that a pass is good. */
export function isStale(board, now, syncedAt) {
  return now - syncedAt > board.syncHours * HOUR_MS || syncedAt - now > CLOCK_SLACK_MS;
}

function verdict(result, at, said, training) {
  return { result, tone: TONES[result], at, said, training };
}

function weigh(board, said, now) {
  if (said.territory !== board.prefix) return ["elsewhere", null];
  if (holds(board.revoked, said.tokenId)) return ["revoked", null];
  if (now >= said.ends) return ["expired", said.ends];
  if (holds(board.suspended, said.tokenId)) return ["suspended", null];
  if (now < said.starts) return ["not_yet", said.starts];
  const named = said.references.map((reference) => board.perimeters.get(reference));
  const spans = named.flatMap((perimeter) => perimeter?.spans ?? []);
  if (cover(spans, now)) return ["valid", said.ends];
  if (named.length === 0 || named.includes(undefined)) return ["hours_unknown", null];
  const coming = spans.map(({ start }) => start).filter((start) => start > now && start < said.ends);
  return ["outside_hours", coming.length > 0 ? Math.min(...coming) : null];
}
