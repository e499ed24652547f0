// The only module that touches the map library. A section made by templates/components/map.html becomes a map;
// what to show comes from its attributes, as GeoJSON. Modules under map/ get the library as an argument.

import { basemapLayer } from "./map/basemap.js";
import { boxAround, holds } from "./map/box.js";
import { bubbleOf } from "./map/bubble.js";
import { fetchCollection, loadScript, loadStyle } from "./map/files.js";
import { makeItem, showSign, showTop, stackUp } from "./map/items.js";
import { COLOURS, EFFECTS_DRAWN, faded, ORDER, scaled, styleOf, underlay } from "./map/kinds.js";
import { explainVehicle, makeLegend } from "./map/legend.js";
import { lettersOf, markLetter, placeLetters } from "./map/letters.js";
import { locateButton } from "./map/locate.js";
import { makePicker } from "./map/pick.js";
import { lawCanvas } from "./map/shapes.js";
import { applies, parseWindows, spanAround } from "./map/time.js";

const night = matchMedia("(prefers-color-scheme: dark)");
const still = matchMedia("(prefers-reduced-motion: reduce)");

/** Px: a map this wide has room for its legend beside the town. */
const WIDE = 900;
/** Ms without a movement before what the view shows is fetched. */
const SETTLED_MS = 250;
/** From this zoom on the signs of heights and weights have room. */
const SIGNS_ZOOM = 15;

const drawn = new WeakMap();

const mapValues = (object, change) => Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value)]));

/** Turn a section into a map, once: whoever asks again gets the same promise of a MapView. It is null when the library
 *  cannot be had; failures are told in the section's status line, nothing is thrown. */
export function drawMap(root) {
  if (!drawn.has(root)) drawn.set(root, start(root));
  return drawn.get(root);
}

async function start(root) {
  const read = (name, otherwise) => (root.dataset[name] ? JSON.parse(root.dataset[name]) : otherwise);
  const [texts, assets, layers] = [read("texts", {}), read("assets", {}), read("layers", [])];
  const status = root.querySelector(".j-map__status");
  const failed = (error) => {
    status.textContent = texts.failed;
    console.warn(`map: ${error.message}`);
  };
  // What does not depend on the view is on its way while the library loads.
  for (const layer of layers.filter(({ url, boxed }) => url && !boxed)) {
    layer.early = fetchCollection(layer.url, { cache: "no-cache" }).then((data) => ({ data }), (error) => ({ error }));
  }
  try {
    await Promise.all([loadScript(assets.library), ...assets.styles.map(loadStyle)]);
  } catch (error) {
    failed(error);
    return null;
  }
  const view = new MapView(root, texts, failed);
  // A page that is a map and opens on a place shows it from near, unless its address says what to show.
  const isNear = "view" in root.dataset && !view.isPlaced;
  if (root.dataset.picker) view.picker = makePicker(L, view.map, read("picker", {}), texts, status, isNear);
  await view.showLayers(layers);
  if (root.dataset.draw) view.drawing = (await import("./map/draw.js")).makeDrawing(L, view, read("draw"), read("drawTexts"));
  if (root.dataset.edgeBoxes) (await import("./map/ticks.js")).tieTicks(L, view, root.dataset.edgeBoxes);
  performance.mark("map-law");
  // The law comes first; the streets under it follow.
  await view.showBasemap(assets.basemap, root.dataset.basemap);
  performance.mark("map-whole");
  root.dataset.ready = "";
  return view;
}

class MapView {
  constructor(root, texts, failed) {
    this.root = root;
    this.texts = texts;
    this.failed = failed;
    this.status = root.querySelector(".j-map__status");
    this.at = root.dataset.instant ? Date.parse(root.dataset.instant) : Number.NaN;
    this.day = root.dataset.day ?? "";
    this.judgement = null;
    this.overlays = [];
    this.shownLetters = new Map();
    const canvas = root.querySelector(".j-map__canvas");
    const [west, south, east, north] = JSON.parse(root.dataset.bounds);
    this.bounds = L.latLngBounds([south, west], [north, east]);
    this.renderer = lawCanvas(L);
    this.map = L.map(canvas, {
      renderer: this.renderer, zoomControl: false, attributionControl: false, maxZoom: 19, minZoom: 5,
      maxBounds: this.bounds.pad(1.5), fadeAnimation: !still.matches, zoomAnimation: !still.matches,
    });
    const [zoom, lat, lon] = (root.dataset.view ?? "").split("/").map(Number);
    this.isPlaced = [zoom, lat, lon].every(Number.isFinite) && this.bounds.pad(1.5).contains([lat, lon]);
    if (this.isPlaced) this.map.setView([lat, lon], zoom);
    // The last fields around a town are left out: the town is what one comes for.
    else this.map.fitBounds(this.bounds.pad(-0.2));
    canvas.setAttribute("role", "application");
    canvas.setAttribute("aria-label", this.texts.keyboard);
    L.control.attribution({ prefix: false }).addAttribution(texts.attribution).addTo(this.map);
    L.control.scale({ imperial: false }).addTo(this.map);
    L.control.zoom({ zoomInTitle: texts.zoomIn, zoomOutTitle: texts.zoomOut }).addTo(this.map);
    if ("controls" in root.dataset && navigator.geolocation) root.append(locateButton(L, this.map, texts, this.status));
    this.paths = L.featureGroup().addTo(this.map);
    this.paths.on("click", ({ propagatedFrom, latlng }) => this.open(propagatedFrom.item, latlng));
    this.map.on("zoomend", () => this.restyle());
    night.addEventListener("change", () => this.restyle());
    this.listenToKeys(canvas);
    new ResizeObserver(() => this.resize(canvas)).observe(canvas);
  }

  /** Fill a canvas of another size around the same centre, to the last decimal: the address of the page says it. */
  resize(canvas) {
    const { x, y } = this.map.getSize();
    if (canvas.clientWidth === x && canvas.clientHeight === y) return;
    const centre = this.map.getCenter();
    this.map.invalidateSize({ pan: false });
    this.map.setView(centre, this.map.getZoom(), { animate: false });
  }

  listenToKeys(canvas) {
    // The library gives the focus at a click: the ring and the cross are for whoever moves by keyboard.
    canvas.addEventListener("pointerdown", () => canvas.toggleAttribute("data-pointed", true));
    canvas.addEventListener("keydown", () => canvas.toggleAttribute("data-pointed", false));
    // Enter does at the centre of the map what a click does under the pointer.
    canvas.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.target !== canvas) return;
      const box = canvas.getBoundingClientRect();
      const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
      document.elementFromPoint(x, y)?.dispatchEvent(new MouseEvent("click", { clientX: x, clientY: y, bubbles: true }));
    });
  }

  async showBasemap(script, url) {
    // One question first: a missing file is said once, not once per tile.
    try {
      const [answer] = await Promise.all([fetch(url, { headers: { Range: "bytes=0-6" } }), loadScript(script)]);
      if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
    } catch (error) {
      this.failed(error);
      return;
    }
    let layer = null;
    const paint = () => {
      layer?.remove();
      layer = basemapLayer(protomapsL, url, night.matches).addTo(this.map);
    };
    paint();
    night.addEventListener("change", paint);
  }

  /** Show layers for the first time. Resolves once all of them are drawn. */
  async showLayers(layers) {
    this.overlays = layers.map((layer) => ({ ...layer, shown: !layer.hidden, features: [], items: [] }))
      .sort((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind));
    await Promise.all(this.overlays.map((overlay) => this.load(overlay)));
    this.fitLayers();
    this.tellTruncated();
    // What is fetched piece by piece follows the view; the library says "moveend" after a zoom too.
    this.map.on("moveend", () => {
      clearTimeout(this.following);
      this.following = setTimeout(() => this.follow(), SETTLED_MS);
      this.say("map:moved");
    });
    if (this.overlays.length > 0 && "controls" in this.root.dataset) {
      this.legend = makeLegend(this.overlays, this.texts, this.root.clientWidth >= WIDE, () => {
        this.tellTruncated();
        this.showPresent();
        this.say("map:switched");
      });
      this.root.append(this.legend);
    }
  }

  say(name) {
    this.root.dispatchEvent(new CustomEvent(name, { bubbles: true }));
  }

  /** Give an overlay its features: those of its data, of its address, or of the box around the view and the day. */
  async load(overlay) {
    const box = overlay.boxed ? boxAround(this.map) : null;
    overlay.asked?.abort();
    overlay.asked = new AbortController();
    const { signal } = overlay.asked;
    const { day } = this;
    try {
      const collection = await this.collectionOf(overlay, box, day, signal);
      if (signal.aborted) return;
      Object.assign(overlay, { box, day, version: collection.version, truncated: Boolean(collection.truncated) });
      this.replace(overlay, collection.features ?? [collection]);
    } catch (error) {
      // A newer view or day has asked for its own meanwhile.
      if (!signal.aborted) this.failed(error);
    }
  }

  async collectionOf(overlay, box, day, signal) {
    if (overlay.data) return overlay.data;
    const early = overlay.early && await overlay.early;
    delete overlay.early;
    if (early?.data) return early.data;
    if (early?.error) throw early.error;
    const url = new URL(overlay.url, location.href);
    if (overlay.dayed && day) url.searchParams.set("jour", day);
    if (box) url.searchParams.set("boite", box.join(","));
    // Asked about each time, and answered "not modified" most of the time: a change of the law is not a minute late.
    return fetchCollection(url, { signal, cache: "no-cache" });
  }

  /** Put features on the map in the place of those an overlay had. */
  replace(overlay, features) {
    for (const { paths, marker } of overlay.items) {
      for (const path of paths) this.paths.removeLayer(path);
      marker?.remove();
    }
    overlay.features = this.sorted(overlay.kind, features);
    overlay.items = overlay.features.map((feature) => this.item(overlay, feature));
    stackUp(overlay.items);
    for (const item of overlay.items) {
      this.style(item);
      for (const path of item.paths) this.paths.addLayer(path);
    }
    // What lies above stays above. An order about a whole quarter lies under the perimeters, or no click would reach them.
    const items = this.overlays.flatMap((each) => each.items);
    for (const { paths } of [...items.filter(({ wide }) => wide), ...items.filter(({ wide }) => !wide)]) {
      for (const path of paths) path.bringToFront();
    }
    for (const path of items.flatMap(({ paths }) => paths).filter(({ look }) => look === "limits")) path.bringToFront();
    this.showPresent();
  }

  /** Fetch again what the view or the day has left, or what was too much for a larger view. */
  async follow() {
    const left = this.overlays.filter(({ boxed, box, dayed, day, truncated }) => (dayed && this.day && day !== this.day)
      || (boxed && (!holds(box, this.map) || (truncated && `${box}` !== `${boxAround(this.map)}`))));
    if (left.length === 0) return;
    this.root.toggleAttribute("data-loading", true);
    await Promise.all(left.map((overlay) => this.load(overlay)));
    this.root.toggleAttribute("data-loading", false);
    this.tellTruncated();
  }

  /** Fetch again what is made from another version of the law; view, hour and the open bubble stay. Tells whether there was any. */
  async keepUp(version) {
    const old = this.overlays.filter((overlay) => !overlay.data && overlay.version && overlay.version !== version);
    if (old.length === 0) return false;
    await Promise.all(old.map((overlay) => this.load(overlay)));
    this.tellTruncated();
    this.refreshBubble();
    return true;
  }

  refreshBubble() {
    if (!this.hasBubble || !this.bubble.id) return;
    const { id, kind, popup } = this.bubble;
    const same = this.overlays.find((overlay) => overlay.kind === kind)?.items.find(({ properties }) => properties.id === id);
    if (same) popup.setContent(this.bubbleOf(same));
    else popup.close();
  }

  bubbleOf(item) {
    return bubbleOf(item.properties, this.stateOf(item), this.texts, this.picker && document.getElementById("ici"));
  }

  get hasBubble() {
    return Boolean(this.bubble && this.map.hasLayer(this.bubble.popup));
  }

  /** Say that the view holds more than is drawn, as long as it does. */
  tellTruncated() {
    if (this.overlays.some(({ truncated, shown }) => truncated && shown)) this.status.textContent = this.texts.truncated;
    else if (this.status.textContent === this.texts.truncated) this.status.textContent = "";
  }

  /** The strictest is drawn last, above the others. */
  sorted(kind, features) {
    const [known, name] = kind === "perimeters" ? [COLOURS, "colour"] : [EFFECTS_DRAWN, "effect"];
    const rank = ({ properties }) => known.indexOf(properties?.[name]);
    return features.filter((feature) => feature.geometry).sort((a, b) => rank(a) - rank(b));
  }

  item(overlay, feature) {
    const item = Object.assign(makeItem(L, overlay.kind, feature, () => night.matches), { overlay });
    item.marker?.on("click", ({ latlng }) => {
      this.open(item, latlng);
      this.picker?.take(latlng);
    });
    return item;
  }

  /** What a feature is to the chosen vehicle: "spared", "held" (a pass of one's own opens it at this instant), or "". */
  stateOf({ kind, properties: { id, rule } }) {
    if (!this.judgement) return "";
    const { rules, perimeters, held } = this.judgement;
    if (kind !== "perimeters") return rules[rule] === "spared" ? "spared" : "";
    if (perimeters[id] === "pass-held") return applies(held[id] ?? [], this.at) ? "held" : "";
    return perimeters[id] === "open" ? "spared" : "";
  }

  style(item) {
    const state = this.stateOf(item);
    item.state = state;
    for (const path of item.paths) {
      const plain = path.look === "under" ? underlay(item.kind, night.matches)
        : scaled(path.look, styleOf(path.look, item.properties, night.matches), this.map.getZoom());
      const style = state === "spared" ? faded(plain) : plain;
      // Lines that look alike are drawn at once; everything is drawn afresh after this.
      L.setOptions(path, { ...style, _dashArray: style.dashArray, look: `${path.look} ${item.effect} ${state}` });
      if (path.isPoint) path.setRadius(style.radius);
    }
    for (const letter of item.letters ?? []) markLetter(letter, state);
  }

  /** Give everything its style again, another zoom, light or vehicle having come. */
  restyle() {
    for (const item of this.overlays.flatMap(({ items }) => items)) this.style(item);
    this.showPresent();
  }

  /** Show what is switched on and applies at the instant, and nothing else. due: the items that may have changed. */
  showPresent(due = this.overlays.flatMap(({ items }) => items)) {
    const closeUp = this.map.getZoom() >= SIGNS_ZOOM;
    for (const item of due) this.lookAt(item, closeUp);
    for (const stack of new Set(due.map((item) => item.stack))) showTop(stack);
    const lettered = this.overlays.flatMap(({ kind, items }) => (kind === "perimeters" ? items.filter(({ on }) => on) : []));
    placeLetters(this.map, lettered.flatMap((item) => this.letters(item)), this.shownLetters);
    this.renderer.drawAll();
  }

  /** Find whether an item is on, and between which instants that and what it is to the vehicle stay so. */
  lookAt(item, closeUp) {
    item.on = item.overlay.shown && applies(item.windows, this.at);
    // A pass holds for some hours: what it opens begins and ends with them.
    const windows = [...item.windows ?? [], ...this.judgement?.held[item.properties.id] ?? []];
    Object.assign(item, spanAround(windows, this.at));
    if (item.on && this.stateOf(item) !== item.state) this.style(item);
    if (item.marker && item.on !== this.map.hasLayer(item.marker)) item.on ? item.marker.addTo(this.map) : item.marker.remove();
    showSign(item, closeUp);
  }

  letters(item) {
    if (!item.letters) {
      item.letters = lettersOf(L, item.feature, this.texts.letters?.[item.properties.colour] ?? "?");
      for (const letter of item.letters) {
        markLetter(letter, this.stateOf(item));
        // The letter is the perimeter's handle: lines and points that cross the perimeter do not hide it.
        letter.marker.on("click", ({ latlng }) => this.open(item, latlng));
      }
    }
    return item.letters;
  }

  /** Go to an instant: what neither begins nor ends on the way there is left as it is. */
  showInstant(at) {
    const isTimed = !Number.isNaN(this.at);
    this.at = at;
    const due = this.overlays.flatMap(({ items }) => items.filter(({ since, until }) => !isTimed || at < since || until <= at));
    if (due.length > 0) this.showPresent(due);
  }

  /** Show another day "2024-09-08": what is fetched by day is fetched for it. */
  showDay(day) {
    this.day = day;
    return this.follow();
  }

  /** Fade what has no effect on a vehicle and mark what its passes open. judgement: what the law said of each rule and each
   *  perimeter, null for no vehicle; lines: how the legend says it. */
  judge(judgement, lines) {
    this.judgement = judgement && { ...judgement, held: mapValues(judgement.held ?? {}, parseWindows) };
    if (this.legend) explainVehicle(this.legend, lines);
    this.restyle();
  }

  /** Where the map is: "zoom/lat/lon". */
  place() {
    const { lat, lng } = this.map.getCenter();
    return `${this.map.getZoom()}/${lat.toFixed(5)}/${lng.toFixed(5)}`;
  }

  box() {
    const bounds = this.map.getBounds();
    return [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()].map((value) => value.toFixed(5)).join(",");
  }

  fitLayers() {
    const bounds = L.latLngBounds([]);
    for (const { paths, marker } of this.overlays.filter(({ fit }) => fit).flatMap(({ items }) => items)) {
      for (const path of paths) bounds.extend(path.isPoint ? path.getLatLng() : path.getBounds());
      if (marker) bounds.extend(marker.getLatLng());
    }
    if (bounds.isValid()) this.map.fitBounds(bounds, { padding: [36, 36], maxZoom: 17 });
  }

  open(item, latlng) {
    // On a map that is drawn on, or whose edges are ticked, a click does that.
    if (this.drawing || this.root.dataset.edgeBoxes) return;
    const { id, title, lines } = item.properties;
    if (!title && !lines) return;
    // The legend floats over the map: the bubble stays clear of it. On a narrow map the buttons stand above the bubble.
    const wide = this.root.clientWidth >= WIDE;
    const legend = this.legend?.open ? this.legend.offsetWidth : 0;
    const popup = L.popup({
      minWidth: 180, maxWidth: Math.min(320, this.root.clientWidth - 60),
      autoPanPaddingTopLeft: wide ? [66, 20] : [8, 108], autoPanPaddingBottomRight: [wide ? legend + 20 : 8, 20],
    }).setLatLng(latlng).setContent(this.bubbleOf(item)).openOn(this.map);
    this.bubble = { id, kind: item.kind, popup };
  }
}
