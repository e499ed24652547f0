// The keys of the clerk's pages. Each has a button or a link that does the same; none is taken from a field.

const said = document.getElementById("desk-said");
const list = document.querySelector("[data-desk-list]");
const rows = list ? [...list.querySelectorAll("[data-row]")] : [];
let at = -1;

const typing = (target) => target.closest("input:not([type=checkbox]):not([type=radio]), select, textarea, [contenteditable]");

function say(text) {
  if (said) said.textContent = text;
}

function moveTo(place) {
  if (rows.length === 0) return;
  at = Math.max(0, Math.min(rows.length - 1, place));
  for (const row of rows) row.toggleAttribute("data-here", row === rows[at]);
  const link = rows[at].querySelector("th a");
  link.focus();
  rows[at].scrollIntoView({ block: "nearest" });
}

function tick() {
  const box = rows[at]?.querySelector("input[type=checkbox]");
  if (!box) return;
  box.checked = !box.checked;
  box.dispatchEvent(new Event("change", { bubbles: true }));
  say(`${box.ariaLabel} : ${box.checked ? "✓" : "✗"}`);
}

/** Open the answer with a decision chosen, ready for what is still to type. */
function answer(decision) {
  const form = list ?? document.querySelector("[data-desk-answer]");
  const choice = form?.querySelector(`input[name="decision"][value="${decision}"]`);
  if (!choice) return;
  const panel = choice.closest("details");
  if (panel) panel.open = true;
  choice.checked = true;
  choice.dispatchEvent(new Event("change", { bubbles: true }));
  const next = decision === "refused" ? form.querySelector('[name="reason_code"]') : choice;
  next.scrollIntoView({ block: "center" });
  next.focus();
}

// On a small screen the open answer stands below the list: whoever opened it is led there.
const batch = document.querySelector(".j-batch");
batch?.querySelector("summary").addEventListener("click", () => {
  batch.addEventListener("toggle", () => batch.open && batch.scrollIntoView({ block: "nearest" }), { once: true });
});

function follow(selector) {
  document.querySelector(selector)?.click();
}

function help() {
  const panel = document.getElementById("raccourcis");
  if (!panel) return;
  panel.open = !panel.open;
  panel.querySelector("summary").focus();
}

const keys = {
  j: () => (list ? moveTo(at + 1) : follow("[data-next]")),
  k: () => (list ? moveTo(at - 1) : follow("[data-previous]")),
  x: tick,
  o: () => rows[at]?.querySelector("th a").click(),
  c: () => follow("[data-claim] button"),
  a: () => answer("approved"),
  r: () => answer("refused"),
  "?": help,
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || typing(event.target)) return;
  const act = keys[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});

// Somebody who goes through the list with the tabulator is where the focus is.
list?.addEventListener("focusin", (event) => {
  const place = rows.indexOf(event.target.closest("[data-row]"));
  if (place >= 0) at = place;
});
