// The agents' page: it scans, judges with what the phone carries, and uses the network when there is one.

import { toHex } from "./bytes.js";
import { prepareReader, scan } from "./scanner.js";
import { fill, instant, reasonOf, showVerdict } from "./show.js";
import { signal, wakeSound } from "./signals.js";
import { allLooks, changeLook, getChoice, keepChoice, keepLook } from "./store.js";
import { confirm, keptList, Outdated, Refused, sendLooks, sessionToken, SignedOut, takeList } from "./sync.js";
import { tokenIn } from "./token.js";
import { isStale, judge, openBoard, perimetersOf } from "./verdict.js";

const EVERY_MS = 15 * 60_000;
const TELL_CLOCK_MS = 2 * 60_000;
const TAKEN_BACK = ["revoked", "suspended"];

const facts = JSON.parse(document.getElementById("donnees").textContent);
const { words } = facts;
const at = (id) => document.getElementById(id);

let board = null;
let syncedAt = 0;
let offset = 0;
let loud = true;
let exercising = false;
let camera = null;
let outdated = false;

const now = () => Date.now() + offset;
const slug = () => at("territoire").value;
const zone = () => facts.territories[slug()].zone;

function tell(text) {
  at("avis").textContent = text;
  at("avis").hidden = text === "";
}

async function useList(kept) {
  offset = (await getChoice("offset")) ?? 0;
  board = kept ? await openBoard(kept.downloaded) : null;
  syncedAt = kept?.syncedAt ?? 0;
  showList();
}

function showList() {
  const old = board !== null && isStale(board, now(), syncedAt);
  const name = board === null ? "list_none" : old ? "list_old" : "list_of";
  at("liste").textContent = fill(words[name], { at: instant(syncedAt, zone()) });
  at("liste").classList.toggle("j-control__sync--old", old || board === null);
  at("scanner").disabled = board === null;
}

async function showWaiting() {
  const looks = await allLooks();
  const count = looks.filter(({ agent }) => agent === facts.agent).length;
  const others = looks.length - count;
  const said = [count === 0 ? words.all_sent : fill(words.waiting, { count })];
  if (others > 0) said.push(fill(words.waiting_others, { count: others }));
  at("envois").textContent = said.join(" ");
  at("envois").dataset.waiting = count;
}

let turn = Promise.resolve();
let syncing = null;

/** Talk with the portal once what is under way has ended, well or not: its own caller hears how. */
function inTurn(withLists) {
  const mine = turn.then(() => talk(withLists));
  turn = mine.catch(() => {});
  return mine;
}

/** Take the lists and send the looks; asked for again meanwhile, it is done once. Without a network nothing changes. */
function sync() {
  if (syncing === null) {
    at("actualiser").setAttribute("aria-busy", "true");
    syncing = inTurn(true).finally(() => {
      syncing = null;
      at("actualiser").setAttribute("aria-busy", "false");
    });
  }
  return syncing;
}

async function talk(withLists) {
  try {
    // What is sent needs the token of the session, and the token comes with a list.
    if (withLists || sessionToken() === "") await takeLists();
    await send();
  } catch (error) {
    if (error instanceof Refused && !withLists && sessionToken() === "") {
      await talk(true);
      return;
    }
    if (error instanceof SignedOut) tell(words.signed_out);
    else if (error instanceof Refused) tell(words.portal_failed);
    else if (error instanceof Outdated) {
      outdated = true;
      tell(words.outdated);
      await renewScripts();
    } else if (!withoutNetwork(error)) throw error;
  }
  await showWaiting();
}

async function takeLists() {
  // The list of the territory on the screen first: the others may be chosen later, without a network.
  const territories = Object.entries(facts.territories).sort(([one]) => (one === slug() ? -1 : 1));
  for (const [name, { package: address }] of territories) {
    const kept = await takeList(name, address);
    if (name === slug()) await useList(kept);
  }
  useSession(sessionToken());
  outdated = false;
}

async function send() {
  const addresses = Object.fromEntries(Object.entries(facts.territories).map(([name, { looks }]) => [name, looks]));
  const tooOld = await sendLooks(facts.agent, addresses, now);
  const minutes = Math.round(Math.abs(offset) / 60_000);
  if (tooOld > 0) tell(fill(words.too_old, { count: tooOld }));
  else if (outdated) tell(words.outdated);
  else tell(Math.abs(offset) > TELL_CLOCK_MS ? fill(words.clock_wrong, { minutes }) : "");
}

/** Let the worker take the scripts of now, so that loading the page again brings them. */
async function renewScripts() {
  const registration = await navigator.serviceWorker?.getRegistration("/controle");
  try {
    await registration?.update();
  } catch (error) {
    // The network went away meanwhile; loading the page again asks once more.
    if (!withoutNetwork(error)) throw error;
  }
}

const withoutNetwork = (error) => error instanceof TypeError || error.name === "TimeoutError";

/** The page may have been kept since another session: its forms get the token of this one. */
function useSession(token) {
  for (const input of document.querySelectorAll('input[name="csrf_token"]')) input.value = token;
}

/** What reads codes; null when it is not on this phone yet and there is no network. */
async function readerHere() {
  try {
    return await prepareReader(facts.reader, facts.wasm);
  } catch (error) {
    // The second is what the reader's script says without its machine code.
    if (withoutNetwork(error) || error instanceof WebAssembly.RuntimeError) return null;
    throw error;
  }
}

async function press() {
  await wakeSound();
  if (camera) {
    camera.stop();
    return;
  }
  tell("");
  clearAnswers();
  const read = await readerHere();
  if (read === null) {
    tell(words.reader_missing);
    return;
  }
  try {
    at("vue").hidden = false;
    camera = await scan(at("image"), read);
    at("lampe").hidden = camera.torch === null;
    const text = await camera.found;
    if (text !== null) await answer(text);
  } catch (error) {
    if (!(error instanceof DOMException || error instanceof TypeError)) throw error;
    tell(words.camera_refused);
  } finally {
    camera = null;
    at("vue").hidden = true;
    at("lampe").hidden = true;
  }
}

/** Judge a scanned text, show it, keep the look. Nothing here waits for the network. */
async function answer(text) {
  const territory = slug();
  const moment = now();
  const verdict = await judge(board, text, moment, syncedAt, exercising);
  const reason = reasonOf(words, verdict, zone(), syncedAt);
  const shown = { reason, now: moment, zone: zone(), perimeters: perimetersOf(board, verdict, moment) };
  const card = showVerdict(at("verdict"), words, verdict, shown);
  signal(verdict.tone, loud);
  // Some codes of an exercise are forged on purpose: nothing tells them from what a forger would show.
  if (exercising || verdict.training) return;
  const look = {
    agent: facts.agent,
    territory,
    id: crypto.randomUUID(),
    at: Math.round(moment),
    token_id: verdict.said && toHex(verdict.said.tokenId),
    result: verdict.result,
    place: at("lieu").value.trim(),
  };
  look.order = await keepLook(look);
  await showWaiting();
  if (navigator.onLine) later(card, verdict, shown, text, look);
}

/** With a network: what the list calls taken back is asked of the portal, the looks leave, the receipt can be had. */
async function later(card, verdict, shown, text, look) {
  let last = card;
  if (TAKEN_BACK.includes(verdict.result)) {
    try {
      last = await hearPortal(card, verdict, shown, text, look);
    } catch (error) {
      if (error instanceof SignedOut) tell(words.signed_out);
      else if (error instanceof Refused) tell(words.portal_failed);
      else if (!withoutNetwork(error)) throw error;
    }
  }
  await inTurn(false);
  const left = await allLooks();
  if (last.isConnected && left.every(({ id }) => id !== look.id)) at("verdict").append(receiptLink(look));
}

/** The portal knows better than the list: its answer takes the place of the phone's, in the look too. */
async function hearPortal(card, verdict, shown, text, look) {
  const said = await confirm(facts.territories[look.territory].confirm, tokenIn(text));
  if (said.result === verdict.result) {
    card.querySelector(".j-verdict__reason").textContent = fill(words.confirmed, { reason: said.reason });
    return card;
  }
  const left = await allLooks();
  if (left.some(({ id }) => id === look.id)) await changeLook({ ...look, result: said.result });
  if (!card.isConnected) return card;
  signal(said.tone, loud);
  const reason = fill(words.corrected, { reason: said.reason });
  return showVerdict(at("verdict"), words, { ...verdict, result: said.result, tone: said.tone }, { ...shown, reason });
}

/** The portal signs what was answered once it has the look. */
function receiptLink({ territory, id }) {
  const link = document.createElement("a");
  link.className = "j-button j-button--secondary j-button--wide";
  link.href = `${facts.territories[territory].looks}/${id}/recu`;
  link.target = "_blank";
  link.textContent = words.receipt;
  return link;
}

/** One answer at a time on the screen: an older one may be of another vehicle. */
function clearAnswers() {
  at("verdict").replaceChildren();
  for (const part of [...at("recherche").children]) if (!part.matches("form")) part.remove();
}

/** The portal's answer to a search is seen, heard and felt as that to a scan. */
function showFound() {
  const card = at("recherche").querySelector(".j-verdict");
  if (card === null) return;
  card.tabIndex = -1;
  card.focus();
  signal(Object.keys(words.tones).find((tone) => card.classList.contains(`j-verdict--${tone}`)), loud);
}

/** A plate is judged and recorded where the territory on the screen is. */
function aimSearch() {
  const form = document.querySelector("[data-search]");
  if (form === null) return;
  form.action = facts.territories[slug()].search;
  form.setAttribute("hx-post", form.action);
  globalThis.htmx?.process(form);
}

async function chooseTerritory() {
  clearAnswers();
  aimSearch();
  await keepChoice("territory", slug());
}

async function takeTerritory() {
  await useList(await keptList(slug()));
  await sync();
}

function setLoud(on) {
  loud = on;
  at("son").textContent = on ? words.sound_on : words.sound_off;
}

/** Exercises end with the page: nobody finds a phone that takes invented passes for good. */
function setExercising(on) {
  exercising = on;
  at("exercice").setAttribute("aria-pressed", String(on));
  at("exercices").hidden = !on;
  clearAnswers();
}

/** What the portal answers alone: it needs no list, and no key on this phone. */
function listenToSearch() {
  at("territoire").addEventListener("change", chooseTerritory);
  at("lieu").addEventListener("change", () => keepChoice("place", at("lieu").value.trim()));
  at("lieu").form.addEventListener("submit", (event) => {
    event.preventDefault();
    at("lieu").blur();
  });
  at("son").addEventListener("click", () => {
    setLoud(!loud);
    keepChoice("loud", loud);
  });
  at("recherche").addEventListener("submit", (event) => {
    clearAnswers();
    if (navigator.onLine) {
      wakeSound();
      return;
    }
    event.preventDefault();
    event.stopImmediatePropagation();
    tell(words.search_offline);
  }, true);
  document.addEventListener("htmx:after:swap", showFound);
}

function listenToScans() {
  at("scanner").addEventListener("click", press);
  at("actualiser").addEventListener("click", sync);
  at("territoire").addEventListener("change", takeTerritory);
  at("exercice").addEventListener("click", () => setExercising(!exercising));
  at("lampe").addEventListener("click", async () => {
    const on = at("lampe").getAttribute("aria-pressed") !== "true";
    await camera?.torch?.(on);
    at("lampe").setAttribute("aria-pressed", String(on));
  });
  addEventListener("online", sync);
  setInterval(sync, EVERY_MS);
  setInterval(showList, 60_000);
}

async function canCheck() {
  try {
    await crypto.subtle.generateKey("Ed25519", false, ["verify", "sign"]);
    return true;
  } catch (error) {
    if (error instanceof DOMException || error instanceof TypeError) return false;
    throw error;
  }
}

/** Wait until the worker sees what this page asks for: what it does not see it cannot keep. */
async function controlled() {
  if (!("serviceWorker" in navigator) || navigator.serviceWorker.controller) return;
  await new Promise((resolve) => navigator.serviceWorker.addEventListener("controllerchange", resolve, { once: true }));
}

async function start() {
  const asked = new URLSearchParams(location.search).get("territoire");
  const before = asked ?? (await getChoice("territory"));
  if (before in facts.territories) at("territoire").value = before;
  at("lieu").value = (await getChoice("place")) ?? "";
  setLoud((await getChoice("loud")) ?? true);
  aimSearch();
  listenToSearch();
  if (!(await canCheck())) {
    for (const id of ["scanner", "actualiser", "exercice"]) at(id).hidden = true;
    tell(words.cannot_check);
    document.documentElement.dataset.ready = "";
    return;
  }
  if ("serviceWorker" in navigator) navigator.serviceWorker.register(facts.worker, { scope: "/controle" });
  listenToScans();
  await useList(await keptList(slug()));
  await showWaiting();
  await sync();
  await controlled();
  await readerHere();
  document.documentElement.dataset.ready = "";
}

await start();
