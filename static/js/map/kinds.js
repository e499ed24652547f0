// How each kind of layer is drawn: perimeters, orders, events, signs, bays, checks, route, stops, blocked, edges.
// The same colours, patterns and letters as the badges of the pages (static/css/joptimiz.css).

/** From the bottom of the map to its top. */
export const ORDER = ["perimeters", "edges-near", "edges-removed", "edges", "signs", "orders", "events", "bays", "checks", "blocked", "route", "stops"];

/** The regime of a bay that cannot be used for some time. */
export const OUT_OF_USE = "suspended";

/** From the freest to the strictest; the strictest is drawn last. */
export const COLOURS = ["white", "blue", "red", "grey", "black"];

// ink: red, green, blue of the edge and of the pattern; ground and mark: how much of it covers the map.
const PERIMETERS = {
  white: { day: [89, 99, 107], night: [200, 208, 213], ground: 0, mark: 0, slopes: [], dash: [8, 5] },
  blue: { day: [29, 95, 184], night: [110, 168, 245], ground: 0.16, mark: 0.42, slopes: [1], dash: null },
  red: { day: [179, 35, 42], night: [245, 112, 114], ground: 0.14, mark: 0.4, slopes: [1, -1], dash: null },
  grey: { day: [68, 77, 84], night: [190, 199, 205], ground: 0.2, mark: 0.65, slopes: null, dash: null },
  black: { day: [0, 0, 0], night: [255, 255, 255], ground: 0.45, mark: 0.2, slopes: [0], dash: null },
};

// Orders are dashed as they bind; events alternate dashes and points; signs are rows of points.
const EFFECTS = {
  orders: {
    closed: { weight: 5, dashArray: null },
    limited: { weight: 4, dashArray: [10, 6] },
    other: { weight: 3, dashArray: [2, 6] },
  },
  events: {
    closed: { weight: 6, dashArray: [14, 4, 3, 4] },
    limited: { weight: 5, dashArray: [14, 4, 3, 4] },
    other: { weight: 4, dashArray: [6, 5, 3, 5] },
  },
  signs: {
    closed: { weight: 6, dashArray: [0.1, 9], lineCap: "round" },
    limited: { weight: 5, dashArray: [0.1, 9], lineCap: "round" },
    other: { weight: 4, dashArray: [0.1, 12], lineCap: "round" },
  },
};
const EFFECT_NAMES = Object.keys(EFFECTS.orders);

/** From what hinders least to what closes; what closes is drawn last. */
export const EFFECTS_DRAWN = [...EFFECT_NAMES].reverse();

const DAY = { closed: "#8a1457", limited: "#a4500a", other: "#4d565d", bay: "#0f6b4f", hollow: "#ffffff", route: "#1d4fa8", casing: "#ffffff", blocked: "#b3232a", edges: "#6a3fc0", events: "#00626f", signs: "#665800" };
const NIGHT = { closed: "#f58fcb", limited: "#f2ad66", other: "#aab5bc", bay: "#63d3a6", hollow: "#12171a", route: "#6db4ff", casing: "#06131f", blocked: "#ff8a84", edges: "#b99bff", events: "#5fd3e6", signs: "#dccb5c" };

const EDGE = 12;

function stripes(ctx, size, ground, ink, slopes) {
  ctx.fillStyle = ground;
  ctx.fillRect(0, 0, size, size);
  ctx.strokeStyle = ink;
  ctx.lineWidth = 2;
  ctx.beginPath();
  for (const slope of slopes) {
    // Drawn once more on each side, so that the pattern has no seam.
    for (const shift of [-size, 0, size]) {
      if (slope === 0) {
        ctx.moveTo(0, size / 2 + shift);
        ctx.lineTo(size, size / 2 + shift);
      } else {
        ctx.moveTo(shift - 1, slope > 0 ? size + 1 : -1);
        ctx.lineTo(shift + size + 1, slope > 0 ? -1 : size + 1);
      }
    }
  }
  ctx.stroke();
}

function dots(ctx, size, ground, ink) {
  ctx.fillStyle = ground;
  ctx.fillRect(0, 0, size, size);
  ctx.fillStyle = ink;
  for (const [x, y] of [[size / 4, size / 4], [(3 * size) / 4, (3 * size) / 4]]) {
    ctx.beginPath();
    ctx.arc(x, y, 1.5, 0, 2 * Math.PI);
    ctx.fill();
  }
}

const patterns = new Map();

/** The fill of a perimeter's colour: a pattern a canvas accepts where it accepts a colour. */
function pattern(colour, dark) {
  const key = `${colour} ${dark}`;
  if (!patterns.has(key)) {
    const { day, night, ground, mark, slopes } = PERIMETERS[colour];
    const shade = (share) => `rgb(${(dark ? night : day).join(" ")} / ${share * 100}%)`;
    const tile = Object.assign(document.createElement("canvas"), { width: EDGE, height: EDGE });
    const ctx = tile.getContext("2d");
    if (slopes) stripes(ctx, EDGE, shade(ground), shade(mark), slopes);
    else dots(ctx, EDGE, shade(ground), shade(mark));
    patterns.set(key, ctx.createPattern(tile, "repeat"));
  }
  return patterns.get(key);
}

// What the week says of an address; a letter says the same to whoever does not tell the colours apart.
const VERDICTS = {
  open: { day: "#0f6b4f", night: "#63d3a6" },
  hours: { day: "#a4500a", night: "#f2ad66" },
  pass: { day: "#1d4fa8", night: "#6db4ff" },
  unknown: { day: "#4d565d", night: "#aab5bc" },
  closed: { day: "#b3232a", night: "#ff8a84" },
};

function verdictOf({ verdict }) {
  return verdict in VERDICTS ? verdict : "unknown";
}

/** The ink of the letter in a circle, readable on its ground. */
export function letterInk(dark) {
  return dark ? NIGHT.casing : DAY.casing;
}

/** The ink of the arrows along the edges of a place. */
export function arrowInk(dark) {
  return dark ? "#ffffff" : "#2b1463";
}

function effectOf({ effect }) {
  return EFFECT_NAMES.includes(effect) ? effect : "other";
}

/** How much of a path is left of what does not concern the chosen vehicle. */
const FADED = 0.25;

/** The style of what has no effect on the chosen vehicle. */
export function faded(style) {
  return { ...style, opacity: (style.opacity ?? 1) * FADED, fillOpacity: (style.fillOpacity ?? 0.2) * FADED };
}

/** A style at a zoom: points and lines shrink with the town, so that 400 bays and as many streets do not hide it. */
export function scaled(kind, style, zoom) {
  const point = Math.min(1.6, Math.max(0.4, (zoom - 12.5) / 3.5));
  const line = Math.min(1, Math.max(0.5, (zoom - 9) / 7));
  // What is written on a sign stays readable.
  if (kind === "limits") return { ...style, radius: style.radius * Math.max(1, point) };
  if (kind in EFFECTS) return { ...style, radius: style.radius * point, weight: style.weight * line };
  return style.radius ? { ...style, radius: style.radius * point, weight: style.weight * Math.min(1, point) } : style;
}

/** The path options of a feature. kind: one of ORDER, "alerts" (an event at a point) or "limits" (the sign of a height or a
 *  weight); properties: the feature's own; dark: by night. */
export function styleOf(kind, properties, dark) {
  const ink = dark ? NIGHT : DAY;
  switch (kind) {
    case "perimeters": {
      const colour = properties.colour in PERIMETERS ? properties.colour : "grey";
      const { day, night, dash } = PERIMETERS[colour];
      return {
        color: `rgb(${(dark ? night : day).join(" ")})`, weight: 2.5, opacity: 1, dashArray: dash,
        fill: true, fillOpacity: 1, fillColor: pattern(colour, dark),
      };
    }
    case "orders": {
      const effect = effectOf(properties);
      return { ...EFFECTS.orders[effect], color: ink[effect], opacity: 0.9, lineCap: "butt", fillColor: ink[effect], fillOpacity: 0.1, radius: 7 };
    }
    case "alerts":
      return { radius: 12, weight: 2, color: ink.casing, fillColor: ink.events, fillOpacity: 1, opacity: 1 };
    case "limits":
      return { radius: 15, weight: 2, color: ink.casing, fillColor: ink.casing, fillOpacity: 1, opacity: 1 };
    case "events":
    case "signs":
      return { lineCap: "butt", ...EFFECTS[kind][effectOf(properties)], color: ink[kind], opacity: 0.95, fillColor: ink[kind], fillOpacity: 0.1, radius: 7 };
    case "bays": {
      if (properties.regime === OUT_OF_USE) return { radius: 7, weight: 1, color: ink.casing, fillColor: ink.other, fillOpacity: 1, opacity: 1 };
      const permanent = properties.regime === "permanent";
      return { radius: 5, weight: 2, color: permanent ? ink.hollow : ink.bay, fillColor: permanent ? ink.bay : ink.hollow, fillOpacity: 1, opacity: 1 };
    }
    case "checks": {
      const verdict = verdictOf(properties);
      return { radius: 9, weight: 2, color: ink.casing, fillColor: (dark ? VERDICTS[verdict].night : VERDICTS[verdict].day), fillOpacity: 1, opacity: 1 };
    }
    case "blocked":
      return { color: ink.blocked, weight: 4, opacity: 1, lineCap: "butt", fillOpacity: 0.15, radius: 6 };
    case "edges-near":
      return { color: ink.other, weight: 5, opacity: 0.55, dashArray: [1, 8], lineCap: "round", fillOpacity: 0, radius: 6 };
    case "edges-removed":
      return { color: ink.other, weight: 5, opacity: 0.8, dashArray: [8, 6], fillOpacity: 0, radius: 6 };
    case "edges":
      return { color: ink.edges, weight: 6, opacity: 0.75, fillOpacity: 0.15, radius: 6 };
    case "arrows":
      // Only its arrow heads are drawn; they are clicked as the edge is.
      return { radius: 12, weight: 0, stroke: false, fill: false, opacity: 1 };
    case "route":
      return { color: ink.route, weight: 5, opacity: 1, lineJoin: "round" };
    default:
      return { color: ink.other, weight: 2, fillOpacity: 0.4, radius: 7 };
  }
}

/** What is drawn under the line of a kind, or null: a route stands out from streets and perimeters alike, and a street
 *  that is closed to the tour is crossed out by bars. */
export function underlay(kind, dark) {
  const ink = dark ? NIGHT : DAY;
  if (kind === "route") return { color: ink.casing, weight: 10, opacity: 0.95, lineJoin: "round", interactive: false };
  if (kind === "blocked") return { color: ink.blocked, weight: 15, opacity: 1, dashArray: [3, 10], lineCap: "butt", interactive: false };
  return null;
}

/** The classes of the key of a layer in the legend: one per look that occurs among the features; of a layer that is
 *  fetched piece by piece, every look it has. */
export function keysOf(kind, features, boxed) {
  if (boxed) {
    const limit = kind === "signs" ? [{ look: "limit", name: "limit", sample: "3,5" }] : [];
    return [...EFFECT_NAMES.map((effect) => ({ look: `${kind}-${effect}`, name: effect })), ...limit];
  }
  const seen = (name, known) => known.filter((value) => features.some((feature) => feature.properties?.[name] === value));
  if (kind === "perimeters") return seen("colour", COLOURS).map((colour) => ({ colour }));
  if (kind in EFFECTS) return seen("effect", EFFECT_NAMES).map((effect) => ({ look: `${kind}-${effect}`, name: effect }));
  if (kind === "bays") return seen("regime", ["permanent", "periodic", OUT_OF_USE]).map((regime) => ({ look: `bay-${regime}`, name: regime }));
  if (kind === "checks") return seen("verdict", Object.keys(VERDICTS)).map((verdict) => ({ look: `check-${verdict}`, name: `check-${verdict}` }));
  return [{ look: kind }];
}
