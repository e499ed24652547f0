// How each kind of layer is drawn: perimeters, orders, bays, route, stops, blocked, edges.
// The same colours, patterns and letters as the badges of the pages (static/css/joptimiz.css).

/** From the bottom of the map to its top. */
export const ORDER = ["perimeters", "edges", "orders", "bays", "blocked", "route", "stops"];

/** From the freest to the strictest; the strictest is drawn last. */
export const COLOURS = ["white", "blue", "red", "grey", "black"];

const PERIMETERS = {
  white: { stroke: "#59636b", dash: [8, 5], paint: null },
  blue: { stroke: "#1d5fb8", paint: (ctx, s) => stripes(ctx, s, "rgb(29 95 184 / 16%)", "rgb(29 95 184 / 42%)", [1]) },
  red: { stroke: "#b3232a", paint: (ctx, s) => stripes(ctx, s, "rgb(179 35 42 / 14%)", "rgb(179 35 42 / 40%)", [1, -1]) },
  grey: { stroke: "#4d565d", paint: (ctx, s) => dots(ctx, s, "rgb(77 86 93 / 20%)", "rgb(60 68 74 / 62%)") },
  black: { stroke: "#000000", paint: (ctx, s) => stripes(ctx, s, "rgb(0 0 0 / 45%)", "rgb(0 0 0 / 55%)", [0]) },
};

const EFFECTS = {
  closed: { color: "#8a1457", weight: 5, dashArray: null },
  limited: { color: "#a4500a", weight: 4, dashArray: [10, 6] },
  other: { color: "#4d565d", weight: 3, dashArray: [2, 6] },
};

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
function pattern(colour) {
  if (!patterns.has(colour)) {
    const tile = document.createElement("canvas");
    tile.width = EDGE;
    tile.height = EDGE;
    const ctx = tile.getContext("2d");
    PERIMETERS[colour].paint(ctx, EDGE);
    patterns.set(colour, ctx.createPattern(tile, "repeat"));
  }
  return patterns.get(colour);
}

/** The path options of a feature. kind: one of ORDER; properties: the feature's own; dark: by night. */
export function styleOf(kind, properties, dark) {
  switch (kind) {
    case "perimeters": {
      const look = PERIMETERS[properties.colour] ?? PERIMETERS.grey;
      const filled = look.paint !== null;
      return {
        color: dark && look.stroke === "#000000" ? "#ffffff" : look.stroke, weight: 2.5, opacity: 1, dashArray: look.dash,
        fill: true, fillOpacity: filled ? 1 : 0.25, fillColor: filled ? pattern(properties.colour in PERIMETERS ? properties.colour : "grey") : "#ffffff",
      };
    }
    case "orders": {
      const look = EFFECTS[properties.effect] ?? EFFECTS.other;
      return { ...look, opacity: 0.9, lineCap: "butt", fillColor: look.color, fillOpacity: 0.12, radius: 7 };
    }
    case "bays": {
      const permanent = properties.regime === "permanent";
      return { radius: 5, weight: 2, color: permanent ? "#ffffff" : "#0f6b4f", fillColor: permanent ? "#0f6b4f" : "#ffffff", fillOpacity: 1, opacity: 1 };
    }
    case "blocked":
      return { color: "#b3232a", weight: 6, opacity: 0.85, dashArray: [3, 7], lineCap: "butt", fillOpacity: 0.15, radius: 6 };
    case "edges":
      return { color: "#6a3fc0", weight: 6, opacity: 0.75, fillOpacity: 0.15, radius: 6 };
    case "route":
      return { color: dark ? "#6db4ff" : "#1d4fa8", weight: 5, opacity: 1, lineJoin: "round" };
    default:
      return { color: "#14191d", weight: 2, fillOpacity: 0.4, radius: 7 };
  }
}

/** The line drawn under a route, so that it stands out from streets and perimeters alike. */
export function casing(dark) {
  return { color: dark ? "#06131f" : "#ffffff", weight: 10, opacity: 0.95, lineJoin: "round", interactive: false };
}

/** The classes of the key of a layer in the legend: one per look that occurs among the features. */
export function keysOf(kind, features) {
  const seen = (name, known) => known.filter((value) => features.some((feature) => feature.properties?.[name] === value));
  if (kind === "perimeters") return seen("colour", COLOURS).map((colour) => ({ colour }));
  if (kind === "orders") return seen("effect", ["closed", "limited", "other"]).map((effect) => ({ look: `order-${effect}`, name: effect }));
  if (kind === "bays") return seen("regime", ["permanent", "periodic"]).map((regime) => ({ look: `bay-${regime}`, name: regime }));
  return [{ look: kind }];
}

/** A point inside a polygon, where a letter is read as its name: the middle of the longest of a few level cuts.

    rings: arrays of [lon, lat]. A ring around another (blue around red) has its centre of gravity in the hole. */
export function innerPoint(rings) {
  const lats = rings[0].map(([, lat]) => lat);
  const [south, north] = [Math.min(...lats), Math.max(...lats)];
  let best = null;
  for (const share of [0.5, 0.35, 0.65, 0.2, 0.8]) {
    const lat = south + (north - south) * share;
    const cuts = [];
    for (const ring of rings) {
      for (let i = 1; i < ring.length; i += 1) {
        const [[x1, y1], [x2, y2]] = [ring[i - 1], ring[i]];
        if ((y1 > lat) !== (y2 > lat)) cuts.push(x1 + ((lat - y1) / (y2 - y1)) * (x2 - x1));
      }
    }
    cuts.sort((a, b) => a - b);
    for (let i = 1; i < cuts.length; i += 2) {
      const width = cuts[i] - cuts[i - 1];
      if (best === null || width > best.width * 1.15) best = { width, lon: (cuts[i] + cuts[i - 1]) / 2, lat };
    }
  }
  return best ?? { width: 0, lon: rings[0][0][0], lat: rings[0][0][1] };
}
