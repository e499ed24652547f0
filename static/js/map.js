// The only module that touches the map library. A section made by templates/components/map.html becomes a map;
// what to show comes from its attributes, as GeoJSON.

import { basemapLayer } from "./map/basemap.js";
import { COLOURS, innerPoints, keysOf, letterInk, ORDER, styleOf, underlay } from "./map/kinds.js";
import { applies, parseWindows, watchTime } from "./map/time.js";

const night = matchMedia("(prefers-color-scheme: dark)");
let assets = null;

/** Px: a map this wide has room for its legend beside the town; letters nearer than this would hide each other. */
const WIDE = 900;
const LETTERS_APART = 30;
/** Kinds whose areas lie under the perimeters. */
const WIDE_KINDS = { orders: true, events: true, signs: true };
/** Ms without a movement before what the view shows is fetched. */
const SETTLED_MS = 250;

/** Load the library once, scripts in order. Rejects when a file cannot be had. */
function loadAssets({ scripts, styles }) {
  const added = (tag, attributes) => new Promise((resolve, reject) => {
    const element = Object.assign(document.createElement(tag), attributes);
    element.addEventListener("load", resolve);
    element.addEventListener("error", () => reject(new Error(`cannot load ${element.src || element.href}`)));
    document.head.append(element);
  });
  assets ??= Promise.all([
    ...styles.map((href) => added("link", { rel: "stylesheet", href })),
    ...scripts.map((src) => added("script", { src, async: false })),
  ]);
  return assets;
}

function make(tag, className, ...children) {
  const element = document.createElement(tag);
  element.className = className;
  element.append(...children);
  return element;
}

/** The box a view is served from, [west, south, east, north]: half a view more on each side, on a grid that neighbouring
 *  views share, so that their answers are shared too. */
function boxAround(map) {
  const bounds = map.getBounds().pad(0.5);
  const step = 0.01 * 2 ** Math.max(0, 14 - map.getZoom());
  const down = (value, least) => Math.max(least, Math.floor(value / step) * step).toFixed(4);
  const up = (value, most) => Math.min(most, Math.ceil(value / step) * step).toFixed(4);
  return [down(bounds.getWest(), -180), down(bounds.getSouth(), -90), up(bounds.getEast(), 180), up(bounds.getNorth(), 90)];
}

function holds(box, map) {
  if (!box) return false;
  const [west, south, east, north] = box.map(Number);
  return L.latLngBounds([south, west], [north, east]).contains(map.getBounds());
}

/** A circle with a letter in it, drawn on the canvas: thousands of them are no thousands of elements. */
function lettered(position, letter) {
  const marker = L.circleMarker(position);
  const drawCircle = marker._updatePath;
  marker._updatePath = function draw() {
    drawCircle.call(this);
    const ctx = this._renderer._ctx;
    if (!this._renderer._drawing || this._empty() || this._radius < 5) return;
    ctx.save();
    ctx.globalAlpha = 1;
    ctx.fillStyle = letterInk(night.matches);
    ctx.font = `700 ${Math.round(this._radius * 1.3)}px sans-serif`;
    ctx.textAlign = "center";
    ctx.textBaseline = "middle";
    ctx.fillText(letter ?? "", this._point.x, this._point.y + 0.5);
    ctx.restore();
  };
  return marker;
}

/** Turn a section into a map. Failures are told in the section's status line; nothing is thrown. */
export async function drawMap(root) {
  const read = (name, otherwise) => (root.dataset[name] ? JSON.parse(root.dataset[name]) : otherwise);
  const texts = read("texts", {});
  const status = root.querySelector(".j-map__status");
  const failed = (error) => {
    status.textContent = texts.failed;
    console.warn(`map: ${error.message}`);
  };
  try {
    await loadAssets(read("assets", {}));
  } catch (error) {
    failed(error);
    return;
  }
  const view = new MapView(root, texts, failed);
  view.showBasemap(root.dataset.basemap);
  await view.showLayers(read("layers", []));
  if (root.dataset.picker) view.pick(read("picker", {}));
  watchTime(root, (at) => view.showInstant(at));
  root.dataset.ready = "";
}

class MapView {
  constructor(root, texts, failed) {
    this.root = root;
    this.texts = texts;
    this.failed = failed;
    this.at = Number.NaN;
    this.overlays = [];
    const canvas = root.querySelector(".j-map__canvas");
    const [west, south, east, north] = JSON.parse(root.dataset.bounds);
    this.bounds = L.latLngBounds([south, west], [north, east]);
    this.map = L.map(canvas, {
      preferCanvas: true, zoomControl: false, attributionControl: false, maxZoom: 19, minZoom: 5,
      maxBounds: this.bounds.pad(1.5), fadeAnimation: !matchMedia("(prefers-reduced-motion: reduce)").matches,
      zoomAnimation: !matchMedia("(prefers-reduced-motion: reduce)").matches,
    });
    // The last fields around a town are left out: the town is what one comes for.
    this.map.fitBounds(this.bounds.pad(-0.12));
    canvas.setAttribute("role", "application");
    canvas.setAttribute("aria-label", texts.keyboard);
    L.control.attribution({ prefix: false }).addAttribution(texts.attribution).addTo(this.map);
    L.control.scale({ imperial: false }).addTo(this.map);
    L.control.zoom({ zoomInTitle: texts.zoomIn, zoomOutTitle: texts.zoomOut }).addTo(this.map);
    if ("controls" in root.dataset && navigator.geolocation) this.addLocate();
    this.overlayGroup = L.layerGroup().addTo(this.map);
    this.letterGroup = L.layerGroup().addTo(this.map);
    this.map.on("zoomend", () => this.redraw());
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
    new ResizeObserver(() => this.map.invalidateSize()).observe(canvas);
  }

  async showBasemap(url) {
    // One question first: a missing file is said once, not once per tile.
    try {
      const answer = await fetch(url, { headers: { Range: "bytes=0-6" } });
      if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
    } catch (error) {
      this.failed(error);
      return;
    }
    let layer = null;
    const paint = () => {
      layer?.remove();
      layer = basemapLayer(protomapsL, url, night.matches).addTo(this.map);
      this.redraw();
    };
    paint();
    night.addEventListener("change", paint);
  }

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
    });
    if (this.overlays.length > 0 && "controls" in this.root.dataset) this.addLegend();
    this.redraw();
  }

  /** Give an overlay its features: those of its data, of its address, or of the box around the view. */
  async load(overlay) {
    const box = overlay.boxed ? boxAround(this.map) : null;
    overlay.asked?.abort();
    overlay.asked = new AbortController();
    const { signal } = overlay.asked;
    try {
      const url = box ? `${overlay.url}&boite=${box.join(",")}` : overlay.url;
      const collection = overlay.data ?? await this.fetchCollection(url, signal);
      Object.assign(overlay, { box, truncated: Boolean(collection.truncated) });
      overlay.features = this.sorted(overlay.kind, collection.features ?? [collection]);
      overlay.items = overlay.features.map((feature) => this.item(overlay.kind, feature));
    } catch (error) {
      // A newer view has asked for its own box meanwhile.
      if (!signal.aborted) this.failed(error);
    }
  }

  /** Fetch again what the view has left, or what was too much for a larger view. */
  async follow() {
    const left = this.overlays.filter(({ boxed, box, truncated }) => boxed && (!holds(box, this.map) || (truncated && `${box}` !== `${boxAround(this.map)}`)));
    if (left.length === 0) return;
    await Promise.all(left.map((overlay) => this.load(overlay)));
    this.tellTruncated();
    this.redraw();
  }

  /** Say that the view holds more than is drawn, as long as it does. */
  tellTruncated() {
    const status = this.root.querySelector(".j-map__status");
    if (this.overlays.some(({ truncated, shown }) => truncated && shown)) status.textContent = this.texts.truncated;
    else if (status.textContent === this.texts.truncated) status.textContent = "";
  }

  async fetchCollection(url, signal) {
    const answer = await fetch(url, { headers: { Accept: "application/geo+json, application/json" }, signal });
    if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
    return answer.json();
  }

  sorted(kind, features) {
    const drawable = features.filter((feature) => feature.geometry);
    if (kind !== "perimeters") return drawable;
    const rank = (feature) => COLOURS.indexOf(feature.properties?.colour);
    return drawable.sort((a, b) => rank(a) - rank(b));
  }

  /** Everything drawn for one feature, built once; the time filter and the legend only put it on or take it off. */
  item(kind, feature) {
    const properties = feature.properties ?? {};
    const shape = kind === "stops" ? this.stop(feature, properties) : L.geoJSON(feature, {
      style: () => styleOf(kind, properties, night.matches),
      pointToLayer: (_feature, position) => this.point(kind, position, properties),
    });
    if (properties.title || properties.lines) {
      shape.bindPopup(() => {
        // The legend floats over the map: the bubble stays clear of it.
        const wide = this.root.clientWidth >= WIDE;
        Object.assign(shape.getPopup().options, {
          maxWidth: Math.min(320, this.root.clientWidth - 60),
          // On a narrow map the buttons stand above the bubble, on a wide one beside it.
          autoPanPaddingTopLeft: wide ? [66, 20] : [8, 108],
          autoPanPaddingBottomRight: [wide ? this.legendWidth() + 20 : 8, 20],
        });
        return this.popup(properties);
      }, { minWidth: 180 });
      // A bubble keeps its click to itself: the picker must hear of it too.
      shape.on("click", ({ latlng }) => this.take?.(latlng));
    }
    const letters = kind === "perimeters" ? this.letters(feature, properties) : [];
    // The letter is the perimeter's handle: lines and points that cross the perimeter do not hide it.
    for (const { marker } of letters) marker.on("click", () => shape.openPopup(marker.getLatLng()));
    return {
      kind, properties, shape, letters, windows: parseWindows(properties.windows),
      // An order about a whole quarter lies under the perimeters, or no click would reach them.
      wide: kind in WIDE_KINDS && /Polygon$/.test(feature.geometry.type),
      under: underlay(kind, night.matches) && L.geoJSON(feature, { style: () => underlay(kind, night.matches), interactive: false }),
    };
  }

  point(kind, position, properties) {
    if (kind === "events") return this.alert(position, properties);
    return kind === "checks" ? lettered(position, properties.letter) : L.circleMarker(position);
  }

  alert(position, { title }) {
    const icon = L.divIcon({ className: "j-pin", html: make("span", "j-pin__sign j-pin__sign--event", "!"), iconSize: [30, 30], iconAnchor: [15, 15] });
    return L.marker(position, { icon, alt: title ?? "", title: title ?? "" });
  }

  stop(feature, properties) {
    const [lon, lat] = feature.geometry.coordinates;
    const name = String(properties.letter ?? properties.number ?? "");
    const icon = L.divIcon({ className: "j-pin", html: make("span", "j-pin__sign", name), iconSize: [34, 34], iconAnchor: [17, 17] });
    return L.marker([lat, lon], { icon, alt: [name, properties.title].filter(Boolean).join(" "), title: properties.title ?? "" });
  }

  letters(feature, properties) {
    const { type, coordinates } = feature.geometry;
    const polygons = type === "Polygon" ? [coordinates] : type === "MultiPolygon" ? coordinates : [];
    const sign = this.texts.letters?.[properties.colour] ?? "?";
    return polygons.map((rings) => {
      const places = innerPoints(rings);
      const html = make("span", `j-letter j-letter--${properties.colour}`, sign);
      html.setAttribute("aria-hidden", "true");
      const icon = L.divIcon({ className: "j-letter-place", html, iconSize: [28, 28] });
      return { places, marker: L.marker(places[0], { icon, keyboard: false, bubblingMouseEvents: true }) };
    });
  }

  popup({ title, lines, href }) {
    const box = make("div", "j-popup");
    if (title) box.append(make("p", "j-popup__title", title));
    for (const line of lines ?? []) box.append(make("p", "", line));
    if (href && /^https?:$/.test(new URL(href, location.href).protocol)) {
      const link = make("a", "", this.texts.more);
      link.href = href;
      box.append(link);
    }
    return box;
  }

  /** Put on the map what is switched on and applies at the instant, in order. */
  redraw() {
    this.overlayGroup.clearLayers();
    this.letterGroup.clearLayers();
    // A style depends on the zoom and the light alone: a step of the time slider changes none.
    const look = `${this.map.getZoom()} ${night.matches}`;
    const present = this.overlays.filter(({ shown, items }) => shown && items).flatMap(({ items }) => items)
      .filter(({ windows }) => applies(windows, this.at));
    for (const item of [...present.filter(({ wide }) => wide), ...present.filter(({ wide }) => !wide)]) {
      const { kind, properties, shape, under } = item;
      if (item.look !== look) {
        item.look = look;
        under?.setStyle(underlay(kind, night.matches));
        shape.setStyle?.(this.scaled(styleOf(kind, properties, night.matches)));
      }
      if (under) this.overlayGroup.addLayer(under);
      this.overlayGroup.addLayer(shape);
    }
    this.placeLetters(present.flatMap(({ letters }) => letters));
  }

  /** Each letter takes the best place of its perimeter that no other has; the strictest, drawn last, choose first. */
  placeLetters(letters) {
    const taken = [];
    for (const { places, marker } of [...letters].reverse()) {
      const spots = places.filter((place) => this.roomFor(place)).map((place) => {
        const at = this.map.latLngToLayerPoint(place);
        return { place, at, free: Math.min(...taken.map((other) => at.distanceTo(other))) };
      });
      const spot = spots.find(({ free }) => free >= LETTERS_APART) ?? spots.sort((a, b) => b.free - a.free)[0];
      if (!spot) continue;
      taken.push(spot.at);
      this.letterGroup.addLayer(marker.setLatLng(spot.place));
    }
  }

  /** Points shrink with the town, so that 400 bays do not hide it. */
  scaled(style) {
    if (!style.radius) return style;
    const factor = Math.min(1.6, Math.max(0.4, (this.map.getZoom() - 12.5) / 3.5));
    return { ...style, radius: style.radius * factor, weight: style.weight * Math.min(1, factor) };
  }

  roomFor({ lon, lat, width }) {
    const left = this.map.latLngToLayerPoint([lat, lon - width / 2]);
    const right = this.map.latLngToLayerPoint([lat, lon + width / 2]);
    return right.x - left.x > 12;
  }

  showInstant(at) {
    this.at = at;
    this.redraw();
  }

  fitLayers() {
    const wanted = this.overlays.filter(({ fit }) => fit).flatMap(({ items }) => items.map(({ shape }) => shape));
    const bounds = L.latLngBounds([]);
    for (const shape of wanted) bounds.extend(shape.getBounds ? shape.getBounds() : shape.getLatLng());
    if (bounds.isValid()) this.map.fitBounds(bounds, { padding: [36, 36], maxZoom: 17 });
  }

  addLegend() {
    const list = make("ul", "j-legend__list");
    for (const overlay of this.overlays) {
      const box = make("input", "form-check-input");
      box.type = "checkbox";
      box.checked = overlay.shown;
      box.addEventListener("change", () => {
        overlay.shown = box.checked;
        this.tellTruncated();
        this.redraw();
      });
      const line = make("li", "", make("label", "j-legend__layer", box, make("span", "", overlay.label)));
      const keys = make("ul", "j-legend__keys");
      for (const key of keysOf(overlay.kind, overlay.features, overlay.boxed)) keys.append(this.legendKey(key));
      line.append(keys);
      list.append(line);
    }
    const legend = make("details", "j-legend", make("summary", "", this.texts.legend), list);
    legend.open = this.root.clientWidth >= WIDE;
    this.root.append(legend);
  }

  legendWidth() {
    const legend = this.root.querySelector(".j-legend[open]");
    return legend ? legend.offsetWidth : 0;
  }

  legendKey({ colour, look, name }) {
    if (colour) {
      const letter = make("span", "j-colour__letter", this.texts.letters[colour]);
      letter.setAttribute("aria-hidden", "true");
      return make("li", "", make("span", `j-colour j-colour--${colour}`, letter, this.texts.colours[colour]));
    }
    const sign = make("span", `j-key j-key--${look}`);
    return make("li", "", sign, name ? this.texts.looks[name] : "");
  }

  addLocate() {
    const button = make("button", "j-map__locate", this.texts.locate);
    button.type = "button";
    button.addEventListener("click", () => this.map.locate({ setView: true, maxZoom: 17 }));
    this.map.on("locationerror", () => { this.root.querySelector(".j-map__status").textContent = this.texts.notLocated; });
    this.root.append(button);
  }

  /** Write the chosen point into the inputs named by the picker, and show the point they hold. */
  pick({ lon, lat, text }) {
    const input = { lon: document.getElementById(lon), lat: document.getElementById(lat), text: text && document.getElementById(text) };
    const icon = L.divIcon({ className: "j-pin", html: make("span", "j-pin__sign j-pin__sign--picked"), iconSize: [34, 34], iconAnchor: [17, 17] });
    const marker = L.marker(this.map.getCenter(), { icon, draggable: true, alt: this.texts.here });
    const show = () => {
      if (!input.lon.value || !input.lat.value) {
        marker.remove();
        return;
      }
      marker.setLatLng([Number(input.lat.value), Number(input.lon.value)]).addTo(this.map);
      if (!this.map.getBounds().contains(marker.getLatLng())) this.map.setView(marker.getLatLng(), Math.max(16, this.map.getZoom()));
    };
    const take = ({ lng, lat: latitude }) => {
      input.lon.value = lng.toFixed(6);
      input.lat.value = latitude.toFixed(6);
      const described = `${this.texts.here} (${latitude.toFixed(5)}, ${lng.toFixed(5)})`;
      // A text the person typed is theirs; only an empty one, or our own, is replaced.
      if (input.text && (!input.text.value || input.text.dataset.fromMap)) {
        input.text.value = described;
        input.text.dataset.fromMap = "yes";
      }
      const status = this.root.querySelector(".j-map__status");
      // Beside a text field the field says it; the status line then speaks to screen readers only.
      status.classList.toggle("visually-hidden", Boolean(input.text));
      status.textContent = described;
      for (const each of [input.lon, input.lat]) each.dispatchEvent(new Event("change", { bubbles: true }));
    };
    this.take = take;
    this.map.on("click", ({ latlng }) => take(latlng));
    marker.on("dragend", () => take(marker.getLatLng()));
    for (const each of [input.lon, input.lat]) each.addEventListener("change", show);
    show();
  }
}
