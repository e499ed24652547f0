// The edges of a place: a click on one on the map ticks or unticks its box, and a place that was looked up again is
// drawn anew where the map stands. The boxes are the twin for whoever has no map.

/** A place this many zooms smaller than the view is not seen: the map moves to it. */
const TOO_FAR = 2;

function boxOf(scope, id) {
  return [...document.getElementById(scope).querySelectorAll('input[type="checkbox"][name="edge"], input[type="checkbox"][name="edge-add"]')]
    .find((box) => box.value === id);
}

function shown(root) {
  return document.querySelector(`[data-place-of="${root.id}"]`);
}

/** Leave out an answer about inputs that were changed since it was asked for: another one is on its way. */
function keepNewest(fields) {
  let changes = 0;
  let asked = 0;
  for (const name of ["input", "change"]) fields.addEventListener(name, () => { changes += 1; });
  fields.addEventListener("htmx:before:request", ({ target }) => {
    if (target === fields) asked = changes;
  });
  fields.addEventListener("htmx:before:swap", (event) => {
    if (event.target === fields && asked !== changes) event.preventDefault();
  });
}

/** Tie a map to the boxes inside an element of the page. library: the map library. */
export function tieTicks(library, view, scope) {
  const toggle = (id) => {
    const box = boxOf(scope, id);
    if (!box) return;
    box.checked = !box.checked;
    box.dispatchEvent(new Event("change", { bubbles: true }));
  };
  view.drawing?.shareClicks();
  view.paths.on("click", ({ propagatedFrom }) => {
    if (!view.drawing?.on) toggle(propagatedFrom.item.properties.id);
  });
  const show = (place) => {
    const { map } = view;
    const closer = Math.min(17, map.getBoundsZoom(place)) - map.getZoom();
    if (!map.getBounds().contains(place) || closer >= TOO_FAR) map.fitBounds(place, { padding: [40, 40], maxZoom: 17 });
  };
  // Whether the boxes are open is sent along, so that they come back as they were.
  document.addEventListener("toggle", ({ target }) => {
    const kept = target.matches?.("[data-edges]") && target.querySelector('input[name="edges-open"]');
    if (kept) kept.value = target.open ? "1" : "";
  }, true);
  keepNewest(document.getElementById(scope));
  let last = shown(view.root)?.dataset.layers;
  document.addEventListener("htmx:after:swap", () => {
    const now = shown(view.root);
    if (!now || now.dataset.layers === last) return;
    last = now.dataset.layers;
    const layers = JSON.parse(last);
    for (const overlay of view.overlays) view.replace(overlay, layers[overlay.kind]?.features ?? []);
    const [west, south, east, north] = JSON.parse(now.dataset.bounds);
    if (west !== undefined && !view.drawing?.on) show(library.latLngBounds([south, west], [north, east]));
  });
}
