// The letters of perimeters: one marker for each part of a perimeter, each where it hides no other. Library as an argument.

import { make, svg } from "./elements.js";

/** Px: letters nearer than this would hide each other. */
const APART = 30;
const LEAST_ROOM = 12;

/** Points inside a polygon, the best first, where a letter is read as its name: the middles of a few level cuts.
 *
 *  rings: arrays of [lon, lat]. A ring around another (blue around red) has its centre of gravity in the hole. */
export function innerPoints(rings) {
  const lats = rings[0].map(([, lat]) => lat);
  const [south, north] = [Math.min(...lats), Math.max(...lats)];
  const found = [];
  for (const [rank, share] of [0.5, 0.35, 0.65, 0.2, 0.8].entries()) {
    const lat = south + (north - south) * share;
    const cuts = [];
    for (const ring of rings) {
      for (let i = 1; i < ring.length; i += 1) {
        const [[x1, y1], [x2, y2]] = [ring[i - 1], ring[i]];
        if ((y1 > lat) !== (y2 > lat)) cuts.push(x1 + ((lat - y1) / (y2 - y1)) * (x2 - x1));
      }
    }
    cuts.sort((a, b) => a - b);
    // The middle of the polygon is worth a cut a little shorter.
    for (let i = 1; i < cuts.length; i += 2) {
      const width = cuts[i] - cuts[i - 1];
      found.push({ width, lon: (cuts[i] + cuts[i - 1]) / 2, lat, worth: width / 1.15 ** rank });
    }
  }
  if (found.length === 0) return [{ width: 0, lon: rings[0][0][0], lat: rings[0][0][1], worth: 0 }];
  return found.sort((a, b) => b.worth - a.worth);
}

/** The key that marks a perimeter which a pass of one's own opens. */
function key() {
  return svg("svg", { viewBox: "0 0 24 24", class: "j-letter__key" },
    svg("path", { d: "M14 9a5 5 0 1 0-4.6 5L12 16.6V19h2.4v2.4H18V18l-4.4-4.4A5 5 0 0 0 14 9zM8 9.2a1.4 1.4 0 1 1 2.8 0 1.4 1.4 0 0 1-2.8 0z" }));
}

/** The letters of one perimeter: places and marker of each of its parts; built when it first applies. */
export function lettersOf(library, { geometry, properties }, sign) {
  const { type, coordinates } = geometry;
  const polygons = type === "Polygon" ? [coordinates] : type === "MultiPolygon" ? coordinates : [];
  return polygons.map((rings) => {
    const places = innerPoints(rings);
    const html = make("span", `j-letter j-letter--${properties.colour}`, sign);
    html.setAttribute("aria-hidden", "true");
    const icon = library.divIcon({ className: "j-letter-place", html, iconSize: [28, 28] });
    return { places, html, marker: library.marker(places[0], { icon, keyboard: false, bubblingMouseEvents: true }) };
  });
}

/** Show what the letter's perimeter is to the vehicle: nothing to it, or open with a pass it holds. */
export function markLetter({ html }, state) {
  html.classList.toggle("j-letter--faded", state === "spared");
  html.querySelector(".j-letter__key")?.remove();
  if (state === "held") html.append(key());
}

/** Put the letters of `items` (the strictest last) on the map and take all others off it. Each takes the best place of its
 *  perimeter that no other has; the strictest choose first. shown: Map of marker to place, changed in place. */
export function placeLetters(map, items, shown) {
  const taken = [];
  const wanted = new Map();
  const roomFor = ({ lon, lat, width }) => {
    const left = map.latLngToLayerPoint([lat, lon - width / 2]);
    const right = map.latLngToLayerPoint([lat, lon + width / 2]);
    return right.x - left.x > LEAST_ROOM;
  };
  for (const { places, marker } of [...items].reverse()) {
    const spots = places.filter(roomFor).map((place) => {
      const at = map.latLngToLayerPoint(place);
      return { place, at, free: Math.min(...taken.map((other) => at.distanceTo(other))) };
    });
    const spot = spots.find(({ free }) => free >= APART) ?? spots.sort((a, b) => b.free - a.free)[0];
    if (!spot) continue;
    taken.push(spot.at);
    wanted.set(marker, spot.place);
  }
  for (const marker of shown.keys()) {
    if (!wanted.has(marker)) {
      marker.remove();
      shown.delete(marker);
    }
  }
  for (const [marker, place] of wanted) {
    if (shown.get(marker) === place) continue;
    marker.setLatLng(place);
    if (!shown.has(marker)) marker.addTo(map);
    shown.set(marker, place);
  }
}
