// What part of a layer is fetched: a box around the view. The map comes as an argument.

/** The box a view is served from, [west, south, east, north]: half a view more on each side, on a grid that neighbouring
 *  views share, so that their answers are shared too. */
export function boxAround(map) {
  const bounds = map.getBounds().pad(0.5);
  const step = 0.01 * 2 ** Math.max(0, 14 - map.getZoom());
  const down = (value, least) => Math.max(least, Math.floor(value / step) * step).toFixed(4);
  const up = (value, most) => Math.min(most, Math.ceil(value / step) * step).toFixed(4);
  return [down(bounds.getWest(), -180), down(bounds.getSouth(), -90), up(bounds.getEast(), 180), up(bounds.getNorth(), 90)];
}

/** Whether a box made by boxAround holds all that a map shows. */
export function holds(box, map) {
  if (!box) return false;
  const [west, south, east, north] = box.map(Number);
  const bounds = map.getBounds();
  return west <= bounds.getWest() && south <= bounds.getSouth() && bounds.getEast() <= east && bounds.getNorth() <= north;
}
