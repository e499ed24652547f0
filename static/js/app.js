// What the pages do beyond HTML. Everything here is a comfort: each page works without it.

import { enhanceAddresses } from "./address.js";

const done = new Map();

/** Call enhance on each element of the page that matches, once in the element's life. */
function each(selector, enhance) {
  if (!done.has(selector)) done.set(selector, new WeakSet());
  for (const element of document.querySelectorAll(selector)) {
    if (!done.get(selector).has(element)) {
      done.get(selector).add(element);
      enhance(element);
    }
  }
}

function menu(button) {
  const target = document.getElementById(button.dataset.toggles);
  button.hidden = false;
  target.toggleAttribute("data-closed", true);
  button.addEventListener("click", () => {
    const closed = target.toggleAttribute("data-closed");
    button.setAttribute("aria-expanded", String(!closed));
  });
}

function takeFocus(element) {
  element.focus();
}

/** A link to a radio list or a hidden input goes to something that can take the focus. */
function summaryLinks(summary) {
  summary.addEventListener("click", (event) => {
    const link = event.target.closest('a[href^="#"]');
    const target = link && document.getElementById(link.hash.slice(1));
    const field = target && (target.matches("fieldset") ? target.querySelector("input, select, textarea") : target);
    if (field) {
      event.preventDefault();
      field.scrollIntoView({ block: "center" });
      field.focus({ preventScroll: true });
    }
  });
}

function confirmation(details) {
  const summary = details.querySelector("summary");
  const close = () => {
    details.open = false;
    summary.focus();
  };
  const cancel = details.querySelector("[data-closes-details]");
  if (cancel) {
    cancel.hidden = false;
    cancel.addEventListener("click", close);
  }
  details.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && details.open) close();
  });
}

// A part of the page that could not be fetched stays as it is; a sentence says so until what failed succeeds.
let failed = null;

/** Where a failure is told: a paragraph that carries what to say of no answer, and of one that says nothing itself. */
const failurePlace = () => document.querySelector("[data-no-answer]");

function tellFailure(what, sentence) {
  const place = failurePlace();
  if (!place) return;
  failed = { what, sentence };
  // What asks again and again fails again and again: it is read aloud once.
  if (place.textContent !== sentence) place.textContent = sentence;
  place.hidden = false;
}

function forgetFailure(what) {
  if (failed?.what !== what) return;
  const place = failurePlace();
  // A page may have said something else there meanwhile.
  if (place.textContent === failed.sentence) {
    place.textContent = "";
    place.hidden = true;
  }
  failed = null;
}

/** The address an exchange asks; of a GET without the values that are sent with it. */
const askedOf = ({ request }) => (request.body ? request.action : request.action.split("?")[0]);

// Statuses of parts that carry their own errors beside their fields.
const PART_STATUSES = [409, 422];

function takeOnlyParts(event) {
  const { ctx } = event.detail;
  const { status } = ctx.response;
  if (status < 400) return;
  const said = new DOMParser().parseFromString(ctx.text, "text/html").querySelector("[data-failure]");
  if (!said && PART_STATUSES.includes(status)) return;
  event.preventDefault();
  const sentence = said && `${said.dataset.failure}. ${said.textContent.trim()}`;
  tellFailure(askedOf(ctx), sentence ?? failurePlace()?.dataset.failed);
  forgetSent();
}

function upload(input) {
  // What weighs more than a sending may is not sent: no answer could say why.
  input.addEventListener("change", (event) => {
    const bytes = [...input.files].reduce((sum, { size }) => sum + size, 0);
    forgetFailure(input.id);
    if (bytes > Number(input.dataset.mostBytes)) {
      event.stopPropagation();
      input.value = "";
      tellFailure(input.id, input.dataset.tooHeavy);
    }
  });
  const over = (on) => input.toggleAttribute("data-over", on);
  input.addEventListener("dragenter", () => over(true));
  input.addEventListener("dragleave", () => over(false));
  input.addEventListener("drop", () => over(false));
}

const runningJobs = new Set();

/** A job that was running on this page has ended: go where its result is. One that had ended before stays as it is. */
function followJobs() {
  for (const element of document.querySelectorAll(".j-progress")) {
    if (!("jobEnded" in element.dataset)) {
      runningJobs.add(element.id);
    } else if (runningJobs.delete(element.id)) {
      if (element.dataset.jobEnded) location.assign(element.dataset.jobEnded);
      else location.reload();
    }
  }
}

const ticks = (element, name) => [...element.closest("form").querySelectorAll(`input[type="checkbox"][name="${name}"]`)];

/** How many boxes of a name are ticked, written in the output, now and at each change of its form. */
function countTicks(output) {
  const show = () => {
    const ticked = ticks(output, output.dataset.counts).filter((box) => box.checked).length;
    output.value = ticked > 0 ? `(${ticked})` : "";
  };
  output.closest("form").addEventListener("change", show);
  show();
}

/** A button that ticks every box of a name, and unticks them when it is pressed again. */
function tickAll(button) {
  button.hidden = ticks(button, button.dataset.ticks).length === 0;
  button.addEventListener("click", () => {
    const boxes = ticks(button, button.dataset.ticks);
    const wanted = boxes.some((box) => !box.checked);
    for (const box of boxes) box.checked = wanted;
    button.setAttribute("aria-pressed", String(wanted));
    button.dispatchEvent(new Event("change", { bubbles: true }));
  });
}

function copyButton(button) {
  if (!navigator.clipboard) return;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const source = document.getElementById(button.dataset.copies);
    await navigator.clipboard.writeText(source.href ?? source.textContent.trim());
    button.textContent = button.dataset.copied;
  });
}

/**
 * Forget the pages that were kept for whoever signs out. Those of links stay: a driver opens them without signing in.
 * What an agent has not sent yet is not kept as pages: it waits for them.
 */
async function forgetKeptPages() {
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    for (const request of await cache.keys()) {
      if (!/^\/(static|p)\//.test(new URL(request.url).pathname)) await cache.delete(request, { ignoreVary: true });
    }
  }
}

function signOut(form) {
  if (!("caches" in globalThis)) return;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      await forgetKeptPages();
    } finally {
      form.submit();
    }
  });
}

// A map is built when it comes into view: a map in a closed panel costs nothing.
const mapsInView = new IntersectionObserver((entries) => {
  for (const entry of entries.filter((candidate) => candidate.isIntersecting)) {
    mapsInView.unobserve(entry.target);
    import("./map.js").then(({ drawMap }) => drawMap(entry.target));
  }
});

function enhancePage() {
  each("[data-toggles]", menu);
  each("[data-focus]", takeFocus);
  each(".j-errors", summaryLinks);
  each(".j-confirm", confirmation);
  each(".j-upload input", upload);
  each("[data-copies]", copyButton);
  each("[data-counts]", countTicks);
  each("[data-ticks]", tickAll);
  each("[data-signs-out]", signOut);
  each("[data-map]", (section) => mapsInView.observe(section));
  enhanceAddresses(each);
  followJobs();
}

// A second press of the button within three seconds is a double click, not a second request.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  if (form.dataset.sent && Date.now() - Number(form.dataset.sent) < 3000) {
    event.preventDefault();
    event.stopImmediatePropagation();
    return;
  }
  form.dataset.sent = String(Date.now());
}, true);

function forgetSent() {
  for (const form of document.forms) delete form.dataset.sent;
}

// A page shown again by the back button, or a form answered in place, may be sent again.
addEventListener("pageshow", forgetSent);

document.addEventListener("htmx:before:swap", takeOnlyParts);

document.addEventListener("htmx:error", ({ detail: { ctx } }) => {
  if (ctx) tellFailure(askedOf(ctx), failurePlace()?.dataset.noAnswer);
  forgetSent();
});

document.addEventListener("htmx:after:swap", ({ detail }) => {
  if (detail?.ctx) forgetFailure(askedOf(detail.ctx));
  forgetSent();
  enhancePage();
});

enhancePage();
