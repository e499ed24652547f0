// Keeps the agents' page for the street. VERSION, PARTS and READER stand before this text: the portal writes them.
//
// The parts come from what is kept; the page comes from the network when it answers soon and well, from what is kept
// otherwise.

const CACHE = `control-${VERSION}`;
const PAGE = "/controle";
const PATIENCE_MS = 4000;

self.addEventListener("install", (event) => event.waitUntil(install()));
self.addEventListener("activate", (event) => event.waitUntil(takeOver()));

/** All or nothing: until everything of this version has come, page included, the version before serves as it did. */
async function install() {
  const cache = await caches.open(CACHE);
  // A phone that needed the reader of codes still does; an open page has it already, and would not ask for it again.
  const parts = (await caches.match(READER[0], { ignoreVary: true })) ? [...PARTS, ...READER] : PARTS;
  await cache.addAll(parts.map((part) => new Request(part, { cache: "reload" })));
  const came = await keepPage(await fetch(PAGE, { credentials: "same-origin" }), cache);
  if (!came) throw new Error("the page did not come");
  await self.skipWaiting();
}

async function takeOver() {
  for (const name of await caches.keys()) {
    if (name.startsWith("control-") && name !== CACHE) await caches.delete(name);
  }
  await self.clients.claim();
}

/** Keep the page, if this answer is the page; tell whether it is. */
async function keepPage(answer, cache) {
  const isPage = answer.ok && !answer.redirected && answer.type === "basic";
  if (isPage) await cache.put(PAGE, answer.clone());
  return isPage;
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const address = new URL(request.url);
  if (request.method !== "GET" || address.origin !== location.origin) return;
  if (request.mode === "navigate" && address.pathname === PAGE) event.respondWith(page(request));
  else if (address.pathname.startsWith("/static/")) event.respondWith(part(request));
});

async function page(request) {
  const cache = await caches.open(CACHE);
  const kept = await cache.match(PAGE);
  try {
    const answer = await Promise.race([fetch(request), late()]);
    await keepPage(answer, cache);
    return answer.status >= 500 && kept ? kept : answer;
  } catch (error) {
    if (kept) return kept;
    throw error;
  }
}

function late() {
  return new Promise((_resolve, reject) => setTimeout(() => reject(new TypeError("no answer in time")), PATIENCE_MS));
}

/** What is not in the list (the reader of codes, where the browser has none) is kept when it first comes. */
async function part(request) {
  const cache = await caches.open(CACHE);
  const kept = await cache.match(request, { ignoreVary: true });
  if (kept) return kept;
  const answer = await fetch(request);
  if (answer.ok) await cache.put(request, answer.clone());
  return answer;
}
