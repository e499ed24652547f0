// A point, a line or an area drawn on a map and written as GeoJSON into a field of the page, which works without it.
// A click adds a point, a drag moves one, a click on one takes it out; by keyboard, Enter adds a point at the centre of
// the map and Backspace takes the last one out. The map library comes as an argument.

import { make } from "./elements.js";

/** More points than this are shown, but not each with its handle: nobody moves a thousand points by hand. */
const MOST_HANDLES = 150;
const HANDLE = [44, 44];
const INK = { day: "#0b57d0", night: "#8ab4f8" };
const night = matchMedia("(prefers-color-scheme: dark)");
const round = (value) => Number(value.toFixed(6));

/** The points of a geometry: of a line, of the first ring of an area (not closed), of a point. Others: the rest as it came. */
function pointsOf(geometry, kind) {
  const { type, coordinates } = geometry?.type === "Feature" ? geometry.geometry : geometry ?? {};
  if (kind === "point" && type === "Point") return { points: [coordinates] };
  if (kind === "line" && type === "LineString") return { points: coordinates };
  if (kind === "polygon" && type === "Polygon" && coordinates.length === 1) return { points: coordinates[0].slice(0, -1) };
  return { points: [], other: type ? { type, coordinates } : null };
}

function geometryOf(points, kind) {
  if (points.length === 0) return null;
  if (kind === "point") return { type: "Point", coordinates: points[0] };
  if (kind === "line") return { type: "LineString", coordinates: points };
  return { type: "Polygon", coordinates: [[...points, points[0]]] };
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    // What somebody types by hand is not finished yet, or is no geometry: the server says so when it is sent.
    return null;
  }
}

function drawButton(text, act) {
  const made = make("button", "j-draw__button", text);
  made.type = "button";
  made.addEventListener("click", act);
  return made;
}

class Drawing {
  constructor(library, view, { kind, target, label }, texts) {
    Object.assign(this, { library, view, kind, target, texts, label: label ?? texts.drawn[kind], history: [], handles: [] });
    this.on = true;
    this.shape = null;
    this.toolbar = this.makeToolbar();
    view.root.append(this.toolbar);
    view.map.on("click", ({ latlng }) => this.on && this.add([round(latlng.lng), round(latlng.lat)]));
    view.map.doubleClickZoom.disable();
    view.root.querySelector(".j-map__canvas").addEventListener("keydown", (event) => {
      if (event.key !== "Backspace" || !this.on) return;
      event.preventDefault();
      this.undo();
    });
    night.addEventListener("change", () => this.draw());
    document.addEventListener("change", ({ target: changed }) => {
      if (changed.id === this.target && !this.writing) this.read();
    });
    this.read();
    this.fit();
  }

  /** A button that gives the clicks to the edges of a place, and back to the drawing. */
  shareClicks() {
    const shared = drawButton(this.texts.edges, () => {
      this.on = !this.on;
      shared.setAttribute("aria-pressed", String(!this.on));
      this.draw();
    });
    shared.setAttribute("aria-pressed", "false");
    this.said.before(shared);
  }

  get field() {
    return document.getElementById(this.target);
  }

  makeToolbar() {
    this.undoButton = drawButton(this.texts.undo, () => this.undo());
    this.eraseButton = drawButton(this.texts.erase, () => this.change([]));
    const bar = make("div", "j-draw", this.undoButton, this.eraseButton);
    bar.setAttribute("role", "group");
    bar.setAttribute("aria-label", this.label);
    this.said = make("span", "j-draw__said");
    bar.append(this.said);
    return bar;
  }

  /** Take what the field holds; a shape that this map does not draw is shown and kept until something is drawn. */
  read() {
    const text = this.field.value.trim();
    const { points, other } = pointsOf(parse(text), this.kind);
    this.points = points.map(([lon, lat]) => [lon, lat]).filter((point) => point.every(Number.isFinite));
    this.other = other;
    this.draw();
  }

  /** Draw other points, keep the old ones for an undo, and write the field. */
  change(points) {
    this.history.push(this.points);
    this.points = points;
    this.other = null;
    this.write();
    this.draw();
  }

  write() {
    const geometry = geometryOf(this.points, this.kind);
    this.field.value = geometry ? JSON.stringify(geometry) : "";
    this.writing = true;
    for (const name of ["input", "change"]) this.field.dispatchEvent(new Event(name, { bubbles: true }));
    this.writing = false;
  }

  add(point) {
    this.change(this.kind === "point" ? [point] : [...this.points, point]);
  }

  /** Go back one step: a point added, moved or taken out. */
  undo() {
    if (this.history.length > 0) {
      this.points = this.history.pop();
    } else {
      this.points = this.points.slice(0, -1);
    }
    this.write();
    this.draw();
  }

  draw() {
    const { library, view, points } = this;
    this.shape?.remove();
    for (const handle of this.handles) handle.remove();
    this.handles = [];
    const ink = night.matches ? INK.night : INK.day;
    // A look of its own keeps it apart from the lines around it, which are drawn in one stroke.
    const look = { color: ink, weight: 4, dashArray: "2 7", fillColor: ink, fillOpacity: 0.12, interactive: false, look: `draw ${ink}` };
    const places = points.map(([lon, lat]) => [lat, lon]);
    if (this.other) this.shape = library.geoJSON(this.other, { style: look, interactive: false });
    else if (this.kind === "polygon" && points.length > 2) this.shape = library.polygon(places, look);
    else if (points.length > 1) this.shape = library.polyline(places, look);
    else this.shape = null;
    this.shape?.addTo(view.map);
    if (this.on && points.length <= MOST_HANDLES) this.handles = points.map((_point, rank) => this.handle(rank));
    this.tell();
  }

  handle(rank) {
    const { library, view, texts } = this;
    const [lon, lat] = this.points[rank];
    const last = rank === this.points.length - 1;
    const sign = make("span", `j-draw__point${last ? " j-draw__point--last" : ""}`);
    const icon = library.divIcon({ className: "j-draw__handle", html: sign, iconSize: HANDLE, iconAnchor: [HANDLE[0] / 2, HANDLE[1] / 2] });
    const name = texts.point.replace("{}", String(rank + 1));
    const handle = library.marker([lat, lon], { icon, draggable: true, alt: name, title: name, keyboard: true }).addTo(view.map);
    const moved = ({ lng, lat: latitude }) => this.change(this.points.map((point, at) => (at === rank ? [round(lng), round(latitude)] : point)));
    handle.on("dragend", () => moved(handle.getLatLng()));
    if (this.kind !== "point") handle.on("click", () => this.change(this.points.filter((_point, at) => at !== rank)));
    handle.getElement().addEventListener("keydown", (event) => {
      if (event.key !== "Delete" && event.key !== "Backspace") return;
      event.preventDefault();
      event.stopPropagation();
      this.change(this.points.filter((_point, at) => at !== rank));
      view.root.querySelector(".j-map__canvas").focus();
    });
    return handle;
  }

  tell() {
    const { texts, points } = this;
    this.undoButton.disabled = points.length === 0 && this.history.length === 0;
    this.eraseButton.disabled = points.length === 0 && !this.other;
    const many = points.length > MOST_HANDLES ? ` ${texts.many}` : "";
    const count = points.length === 1 ? texts.onePoint : texts.points.replace("{}", String(points.length));
    this.said.textContent = points.length > 0 ? count + many : texts.begin[this.kind];
    this.view.status.textContent = this.said.textContent;
    this.view.status.classList.add("visually-hidden");
  }

  fit() {
    const bounds = this.other ? this.shape.getBounds() : this.library.latLngBounds(this.points.map(([lon, lat]) => [lat, lon]));
    if (bounds.isValid()) this.view.map.fitBounds(bounds, { padding: [40, 40], maxZoom: 17 });
  }
}

/** Let a shape be drawn on a map. what: {kind: "line" | "polygon" | "point", target: id of the field, label?}. */
export function makeDrawing(library, view, what, texts) {
  return new Drawing(library, view, what, texts);
}
