// Keeps the pages of passes for the moment when there is no network. Registered under the paths of those pages only.
//
// The network always comes first: a pass that was taken back is shown as such as soon as the portal can be reached. A
// page that the portal no longer gives (signed out, link over, pass gone) is forgotten.

const CACHE = "pass-pages-1";
const PATIENCE_MS = 4000;
const MOST_PAGES = 30;
const PASS_PAGE = /^\/(p\/[^/]+|entreprises\/[0-9a-f-]{36}\/laissez-passer\/[0-9a-f-]{36})$/;
const GONE = new Set([401, 403, 404, 410]);

self.addEventListener("install", () => self.skipWaiting());

self.addEventListener("activate", (event) => event.waitUntil(takeOver()));

async function takeOver() {
  for (const name of await caches.keys()) {
    if (name.startsWith("pass-pages-") && name !== CACHE) await caches.delete(name);
  }
  await self.clients.claim();
}

self.addEventListener("message", (event) => {
  if (event.data.keep) event.waitUntil(keep(event.data.keep, event.data.parts, event.source));
});

/** Fetch a page and what it is drawn with, keep all of it, and say so to the page. */
async function keep(page, parts, client) {
  const cache = await caches.open(CACHE);
  const wanted = [page, ...parts.filter((part) => new URL(part).origin === location.origin)];
  const answers = await Promise.all(wanted.map((address) => fetch(address, { credentials: "same-origin" })));
  if (!answers.every((answer) => answer.ok && !answer.redirected)) return;
  await Promise.all(wanted.map((address, at) => cache.put(address, answers[at])));
  await forgetOldest(cache);
  client?.postMessage({ kept: page });
}

/** A cache lists what it holds in the order it was put there. */
async function forgetOldest(cache) {
  const pages = (await cache.keys()).filter((request) => PASS_PAGE.test(new URL(request.url).pathname));
  for (const request of pages.slice(0, Math.max(0, pages.length - MOST_PAGES))) await cache.delete(request);
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const address = new URL(request.url);
  if (request.method !== "GET" || address.origin !== location.origin) return;
  if (request.mode === "navigate") {
    if (PASS_PAGE.test(address.pathname)) event.respondWith(page(address.pathname, request));
  } else if (address.pathname.startsWith("/static/")) {
    event.respondWith(part(request));
  }
});

async function page(path, request) {
  const cache = await caches.open(CACHE);
  try {
    const answer = await soon(request);
    if (answer.type === "opaqueredirect" || GONE.has(answer.status)) await cache.delete(path);
    else if (answer.ok) await cache.put(path, answer.clone());
    if (answer.status < 500) return answer;
    return (await copy(cache, path)) ?? answer;
  } catch (error) {
    const kept = await copy(cache, path);
    if (kept) return kept;
    throw error;
  }
}

/** The network's answer, unless it takes longer than somebody at the roadside can wait. */
function soon(request) {
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), PATIENCE_MS);
  return fetch(request, { signal: patience.signal }).finally(() => clearTimeout(timer));
}

/** The kept page, marked as such: it shows when it was last confirmed. */
async function copy(cache, path) {
  const kept = await cache.match(path, { ignoreVary: true });
  if (!kept) return undefined;
  const text = (await kept.text()).replace('data-copy="live"', 'data-copy="kept"');
  return new Response(text, { status: 200, headers: kept.headers });
}

async function part(request) {
  const cache = await caches.open(CACHE);
  try {
    return await fetch(request);
  } catch (error) {
    const kept = await cache.match(request, { ignoreVary: true });
    if (kept) return kept;
    throw error;
  }
}
