// The pass on a phone: the whole screen, a screen that stays lit, a copy that stays readable without a network.
// Everything here is a comfort: the page shows the pass without it.

const pass = document.querySelector("[data-pass]");
const MINUTE_MS = 60_000;

function show(selector, on = true) {
  for (const element of document.querySelectorAll(selector)) element.hidden = !on;
}

/** A copy opened days later must not say "valid": the dates are looked at again by the clock of the phone. */
function lookAtDates() {
  const over = Date.now() >= Date.parse(pass.dataset.to);
  if (over && document.querySelector("[data-code]")) {
    show("[data-over]");
    show("[data-code]", false);
    show("[data-phase]", false);
  }
}

let light = null;

/** Keep the screen lit while the pass fills it, where the browser can. */
async function keepLit(on) {
  if (!("wakeLock" in navigator)) return;
  if (!on) {
    await light?.release();
    light = null;
    return;
  }
  try {
    light = await navigator.wakeLock.request("screen");
  } catch (error) {
    // Refused when the battery is low: the pass is shown all the same.
    if (error.name !== "NotAllowedError") throw error;
  }
}

function offerScreen() {
  if (!document.fullscreenEnabled) return;
  show("[data-fills-screen]");
  show("[data-leaves-screen]");
  document.querySelector("[data-fills-screen]").addEventListener("click", () => pass.requestFullscreen());
  document.querySelector("[data-leaves-screen]").addEventListener("click", () => document.exitFullscreen());
  document.addEventListener("fullscreenchange", () => keepLit(document.fullscreenElement === pass));
}

/** What the page needs to be drawn again: what it has loaded, with the fonts and modules that its parts asked for. */
function parts() {
  const linked = [...document.querySelectorAll('link[rel="stylesheet"], link[rel="icon"], script[src]')];
  const loaded = performance.getEntriesByType("resource").map((entry) => entry.name);
  const all = [...linked.map((element) => element.href || element.src), ...loaded];
  return [...new Set(all)].filter((address) => new URL(address).pathname.startsWith("/static/"));
}

async function keepThisPage() {
  if (!("serviceWorker" in navigator)) return;
  const page = location.pathname;
  const scope = page.slice(0, page.lastIndexOf("/") + 1);
  navigator.serviceWorker.addEventListener("message", (event) => {
    if (event.data.kept === page) show("[data-is-kept]");
  });
  const registration = await navigator.serviceWorker.register(pass.dataset.worker, { scope });
  const worker = registration.active ?? registration.waiting ?? registration.installing;
  const ask = () => worker.postMessage({ keep: page, parts: parts() });
  if (worker.state === "activated") ask();
  else worker.addEventListener("statechange", () => worker.state === "activated" && ask());
}

if (pass.dataset.copy === "kept") show("[data-kept]");
lookAtDates();
setInterval(lookAtDates, MINUTE_MS);
offerScreen();
// A copy that is shown says so already; asking for another would wait for the network.
if (pass.dataset.copy === "live") await keepThisPage();
