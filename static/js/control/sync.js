// The two moments of the network: taking the list of a territory, sending the looks. No scan waits for either.

import { allLooks, forgetLook, getBoard, keepBoard, keepChoice } from "./store.js";

const MOST = 500;
// How a list is written; portal/cirqliz/control/board.py says the same. One of another format is never judged with.
const FORMAT = 2;
const PATIENCE_MS = 20_000;

/** The session is over: signing in again is needed. */
export class SignedOut extends Error {}

/** The portal was reached and did not do what it was asked. */
export class Refused extends Error {}

/** The portal writes its lists in another way than these scripts read them: the page has to be loaded again. */
export class Outdated extends Error {}

let csrfToken = "";

/** The token that what is sent in this session needs; "" until a list of the session has brought it. */
export const sessionToken = () => csrfToken;

async function ask(address, options) {
  const answer = await fetch(address, {
    ...options, credentials: "same-origin", redirect: "manual", cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS),
  });
  const signedOut = answer.type === "opaqueredirect" || [401, 403, 404].includes(answer.status);
  // 400 is what another session's token is answered: somebody signed in again meanwhile.
  if (signedOut || answer.status === 400) csrfToken = "";
  if (signedOut) throw new SignedOut();
  if (!answer.ok && answer.status !== 304) throw new Refused(`the portal answered ${answer.status}`);
  return answer;
}

function post(address, body) {
  const headers = { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": csrfToken };
  return ask(address, { method: "POST", headers, body: JSON.stringify(body) });
}

/** The list of a territory that this page can read, as it is kept; undefined without one. */
export async function keptList(territory) {
  const kept = await getBoard(territory);
  return kept?.downloaded.format === FORMAT ? kept : undefined;
}

/**
 * Take the list of a territory and return it as it is kept. Throws TypeError without a network, SignedOut, Refused, and
 * Outdated for a list of another format: read as one of ours it would call good what was taken back.
 */
export async function takeList(territory, address) {
  const known = await keptList(territory);
  const headers = { Accept: "application/json", ...(known && { "If-None-Match": known.etag }) };
  const answer = await ask(address, { headers });
  csrfToken = answer.headers.get("X-CSRFToken") ?? csrfToken;
  // The portal's clock dates the list; how far the phone's is from it corrects the hours of the scans.
  const syncedAt = Date.parse(answer.headers.get("Date"));
  await keepChoice("offset", syncedAt - Date.now());
  const downloaded = answer.status === 304 ? known.downloaded : await answer.json();
  if (downloaded.format !== FORMAT) throw new Outdated(`a list of format ${downloaded.format}`);
  const etag = answer.status === 304 ? known.etag : answer.headers.get("ETag");
  const board = { territory, etag, syncedAt, downloaded };
  await keepBoard(board);
  return board;
}

/**
 * Send the looks of an agent in the order they were made, until none is left; each is forgotten once the portal has it.
 * Those that another agent made on this phone wait for their author: the portal would take them for this one's.
 * addresses: where to send, by territory. now: the corrected clock. Returns how many the portal found too old.
 */
export async function sendLooks(agent, addresses, now) {
  let tooOld = 0;
  for (let looks = await looksOf(agent, addresses); looks.length > 0; looks = await looksOf(agent, addresses)) {
    const { territory } = looks[0];
    const some = looks.filter((look) => look.territory === territory).slice(0, MOST);
    const sent = some.map(({ id, at, token_id, result, place }) => ({ id, at, token_id, result, place }));
    const body = { agent, sent_at: Math.round(now()), looks: sent };
    const answer = await (await post(addresses[territory], body)).json();
    const done = new Set([...answer.kept, ...answer.too_old]);
    for (const look of some.filter(({ id }) => done.has(id))) await forgetLook(look.order);
    if (done.size === 0) throw new Refused("the portal kept nothing");
    tooOld += answer.too_old.length;
  }
  return tooOld;
}

async function looksOf(agent, addresses) {
  return (await allLooks()).filter((look) => look.agent === agent && look.territory in addresses);
}

/** What the portal itself says of a code that the list calls taken back: {result, tone, reason}. */
export async function confirm(address, token) {
  return (await post(address, { token })).json();
}
