// Features as paths of the map library, which comes as an argument, on a canvas that leaves out what does not apply.

const SIGN_INK = { ring: "#c1121f", ground: "#ffffff", text: "#000000" };
/** Px: a circle smaller than this has no room for what is written in it. */
const LEAST_WRITTEN = 5;
const LEAST_SIGN = 9;
/** Px of a line that has room for its arrow. */
const LEAST_ARROWED = 34;

/** A canvas where a path whose option `off` is true is neither drawn nor clicked, and where lines one after the other with
 *  the same option `look` are one stroke: to take thousands of them off and put them on again costs one quick drawing, and
 *  none of them is measured afresh. */
export function lawCanvas(library) {
  const plain = library.Canvas.prototype;
  const Canvas = library.Canvas.extend({
    _draw() {
      const { _ctx: ctx, _redrawBounds: bounds } = this;
      ctx.save();
      if (bounds) {
        const { x, y } = bounds.getSize();
        ctx.beginPath();
        ctx.rect(bounds.min.x, bounds.min.y, x, y);
        ctx.clip();
      }
      this._drawing = true;
      for (let order = this._drawFirst; order; order = order.next) {
        const path = order.layer;
        if (!path.options.off && (!bounds || path._pxBounds?.intersects(bounds))) path._updatePath();
      }
      this._strokeLines();
      this._drawing = false;
      ctx.restore();
    },
    _updatePoly(path, closed) {
      if (!this._drawing || path._parts.length === 0) return;
      if (closed) {
        this._strokeLines();
        plain._updatePoly.call(this, path, closed);
        return;
      }
      if (this._lines?.options.look !== path.options.look) {
        this._strokeLines();
        this._lines = path;
        this._ctx.beginPath();
      }
      for (const part of path._parts) {
        part.forEach(({ x, y }, rank) => (rank === 0 ? this._ctx.moveTo(x, y) : this._ctx.lineTo(x, y)));
      }
    },
    _updateCircle(path) {
      this._strokeLines();
      plain._updateCircle.call(this, path);
    },
    /** Stroke the lines gathered so far, as the first of them says. */
    _strokeLines() {
      if (this._lines) this._fillStroke(this._ctx, this._lines);
      this._lines = null;
    },
    /** Draw everything once, at the next frame. */
    drawAll() {
      // The canvas is made for the first path: a map may have none yet.
      if (!this._ctx) return;
      this._redrawBounds = null;
      this._redrawRequest ||= library.Util.requestAnimFrame(this._redraw, this);
    },
  });
  return new Canvas({ tolerance: matchMedia("(pointer: coarse)").matches ? 10 : 3 });
}

/** A circle with something drawn over it; thousands of them are no thousands of elements. paint: (context, path). */
function painted(library, position, paint) {
  const marker = library.circleMarker(position);
  const drawCircle = marker._updatePath;
  marker._updatePath = function draw() {
    drawCircle.call(this);
    const ctx = this._renderer._ctx;
    if (!this._renderer._drawing || this._empty()) return;
    ctx.save();
    ctx.globalAlpha = this.options.opacity ?? 1;
    ctx.textAlign = "center";
    ctx.textBaseline = "middle";
    paint(ctx, this);
    ctx.restore();
  };
  return marker;
}

/** A circle with a letter in it. ink: () => its colour, by the light of now. */
export function lettered(library, position, letter, ink) {
  return painted(library, position, (ctx, path) => {
    if (path._radius < LEAST_WRITTEN) return;
    ctx.fillStyle = ink();
    ctx.font = `700 ${Math.round(path._radius * 1.3)}px sans-serif`;
    ctx.fillText(letter ?? "", path._point.x, path._point.y + 0.5);
  });
}

/** The round sign of a height or a weight, as it stands beside the road. */
export function roadSign(library, position, text) {
  return painted(library, position, (ctx, path) => {
    const { _point: { x, y }, _radius: radius } = path;
    if (radius < LEAST_SIGN) return;
    ctx.beginPath();
    ctx.arc(x, y, radius, 0, 2 * Math.PI);
    ctx.fillStyle = SIGN_INK.ground;
    ctx.fill();
    ctx.lineWidth = radius / 4;
    ctx.strokeStyle = SIGN_INK.ring;
    ctx.stroke();
    ctx.fillStyle = SIGN_INK.text;
    ctx.font = `700 ${Math.round(radius * Math.min(0.85, 3.6 / text.length))}px sans-serif`;
    ctx.fillText(text, x, y + 0.5, radius * 1.6);
  });
}

/** Arrow heads in the middle of a line: the way it runs ("forward"), the other ("backward"), or both. Of a line that is
 *  too short on the screen there is none. places: its points [lat, lon]; ink: () => their colour, by the light of now. */
export function arrow(library, places, way, ink) {
  const middle = Math.max(1, Math.floor(places.length / 2));
  const position = places[middle - 1].map((value, i) => (value + places[middle][i]) / 2);
  return painted(library, position, (ctx, path) => {
    const points = places.map((place) => path._map.latLngToLayerPoint(place));
    const length = points.slice(1).reduce((sum, point, i) => sum + point.distanceTo(points[i]), 0);
    if (length < LEAST_ARROWED) return;
    const step = points[middle].subtract(points[middle - 1]);
    ctx.translate(path._point.x, path._point.y);
    ctx.rotate(Math.atan2(step.y, step.x) + (way === "backward" ? Math.PI : 0));
    ctx.fillStyle = ink();
    for (const turn of way === "both" ? [1, -1] : [1]) {
      const from = way === "both" ? 2 : -6;
      ctx.beginPath();
      ctx.moveTo(turn * (from + 12), 0);
      ctx.lineTo(turn * from, 8);
      ctx.lineTo(turn * from, -8);
      ctx.fill();
    }
  });
}

/** The paths of a geometry, most often one. point: makes the path of a position. */
export function pathsOf(library, geometry, point) {
  const { type, coordinates } = geometry;
  const places = (depth) => library.GeoJSON.coordsToLatLngs(coordinates, depth);
  switch (type) {
    case "Point": return [point(library.GeoJSON.coordsToLatLng(coordinates))];
    case "MultiPoint": return places(0).map(point);
    case "LineString": return [library.polyline(places(0))];
    case "MultiLineString": return [library.polyline(places(1))];
    case "Polygon": return [library.polygon(places(1))];
    case "MultiPolygon": return [library.polygon(places(2))];
    default: return (geometry.geometries ?? []).flatMap((part) => pathsOf(library, part, point));
  }
}

/** Where the sign of a street stands: [lat, lon] in the middle of its longest line; null of anything else. */
export function middleOf({ type, coordinates }) {
  const lines = type === "LineString" ? [coordinates] : type === "MultiLineString" ? coordinates : [];
  const length = (line) => line.slice(1).reduce((sum, [x, y], i) => sum + Math.hypot(x - line[i][0], y - line[i][1]), 0);
  const [longest] = lines.map((line) => ({ line, length: length(line) })).sort((a, b) => b.length - a.length);
  if (!longest) return null;
  let left = longest.length / 2;
  for (let i = 1; i < longest.line.length; i += 1) {
    const [[x1, y1], [x2, y2]] = [longest.line[i - 1], longest.line[i]];
    const step = Math.hypot(x2 - x1, y2 - y1);
    if (step >= left && step > 0) return [y1 + ((y2 - y1) * left) / step, x1 + ((x2 - x1) * left) / step];
    left -= step;
  }
  return [longest.line[0][1], longest.line[0][0]];
}
