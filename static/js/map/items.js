// Everything drawn for one feature, built once: time, legend and vehicle only switch it and change its style. The map
// library comes as an argument.

import { make } from "./elements.js";
import { arrowInk, letterInk, OUT_OF_USE, underlay } from "./kinds.js";
import { arrow, lettered, middleOf, pathsOf, roadSign } from "./shapes.js";
import { parseWindows } from "./time.js";

/** Kinds whose areas lie under the perimeters. */
const WIDE_KINDS = { orders: true, events: true, signs: true };
/** Sizes that stand on a round sign beside the road. */
const ON_SIGNS = new Set(["height", "weight", "width", "length", "axle"]);
const PIN = [34, 34];

function turn({ options, look }, isOn) {
  options.off = !isOn;
  options.interactive = isOn && look !== "under";
}

/** Say whose a path is. It is off until it is shown. */
function own(library, item, look, path) {
  Object.assign(path, { item, look, isPoint: path instanceof library.CircleMarker });
  turn(path, false);
  return path;
}

function drawn(library, item, look, isDark) {
  const { geometry, properties } = item.feature;
  const point = (position) => {
    if (look === "events") return own(library, item, "alerts", lettered(library, position, "!", () => letterInk(isDark())));
    if (look === "bays" && properties.regime === OUT_OF_USE) return own(library, item, look, lettered(library, position, "×", () => letterInk(isDark())));
    if (look === "checks") return own(library, item, look, lettered(library, position, properties.letter, () => letterInk(isDark())));
    return own(library, item, look, library.circleMarker(position));
  };
  return pathsOf(library, geometry, point).map((path) => (path.item ? path : own(library, item, look, path)));
}

function pinOf(library, { properties, feature }) {
  const [lon, lat] = feature.geometry.coordinates;
  const name = String(properties.letter ?? properties.number ?? "");
  const icon = library.divIcon({ className: "j-pin", html: make("span", "j-pin__sign", name), iconSize: PIN, iconAnchor: [PIN[0] / 2, PIN[1] / 2] });
  return library.marker([lat, lon], { icon, alt: [name, properties.title].filter(Boolean).join(" "), title: properties.title ?? "" });
}

/** The item of a feature: its paths on the canvas, or the marker of a stop. isDark: () => whether it is night now. */
export function makeItem(library, kind, feature, isDark) {
  const properties = feature.properties ?? {};
  const { geometry } = feature;
  const item = {
    kind, properties, feature, paths: [], on: true,
    windows: parseWindows(properties.windows), wide: kind in WIDE_KINDS && /Polygon$/.test(geometry.type),
  };
  if (properties.effect) Object.assign(item, { effect: properties.effect, place: JSON.stringify(geometry.coordinates) });
  if (kind === "stops") item.marker = pinOf(library, item);
  else item.paths.push(...(underlay(kind, false) ? drawn(library, item, "under", isDark) : []), ...drawn(library, item, kind, isDark));
  const middle = ON_SIGNS.has(properties.limit_kind) && middleOf(geometry);
  if (middle) item.paths.push(own(library, item, "limits", roadSign(library, middle, properties.limit.split(" · ")[0])));
  if (properties.arrow && geometry.type === "LineString") {
    const places = geometry.coordinates.map(([lon, lat]) => [lat, lon]);
    item.paths.push(own(library, item, "arrows", arrow(library, places, properties.arrow, () => arrowInk(isDark()))));
  }
  return item;
}

/** Give each item of a layer its stack: the items on the same place, the strictest last, or itself alone. */
export function stackUp(items) {
  const stacks = new Map();
  for (const item of items) {
    item.stack = (item.effect && stacks.get(item.place)) || { items: [], top: null };
    item.stack.items.push(item);
    if (item.effect) stacks.set(item.place, item.stack);
  }
}

/** Show of a stack what hides the others: what concerns the vehicle lies above what spares it, then the strictest. */
export function showTop(stack) {
  const on = stack.items.filter((item) => item.on);
  const top = on.filter(({ state }) => state !== "spared").at(-1) ?? on.at(-1) ?? null;
  if (top === stack.top) return;
  for (const item of [stack.top, top]) {
    for (const path of item?.paths ?? []) if (path.look !== "limits") turn(path, item === top);
  }
  stack.top = top;
}

/** Show the sign of an item that is on, whatever lies above its street. closeUp: whether signs have room. */
export function showSign({ paths, on }, closeUp) {
  for (const path of paths) if (path.look === "limits") turn(path, on && closeUp);
}
