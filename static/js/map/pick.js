// One point of the map, chosen by a click, the keyboard or a dragged pin, and held by inputs of the page.

import { make } from "./elements.js";

const PIN = [34, 34];
const CLOSE_ZOOM = 16;

function pin(library) {
  return library.divIcon({
    className: "j-pin", html: make("span", "j-pin__sign j-pin__sign--picked"), iconSize: PIN, iconAnchor: [PIN[0] / 2, PIN[1] / 2],
  });
}

/** Write the chosen point into the inputs named, show the point they hold; return {take, show}.
 *
 *  names: {lon, lat, text?}, ids of inputs. status: the line that tells the point where no text field does;
 *  isNear: the map goes to the point it opens with. */
export function makePicker(library, map, names, texts, status, isNear = false) {
  const [lon, lat, text] = [names.lon, names.lat, names.text].map((id) => id && document.getElementById(id));
  const marker = library.marker(map.getCenter(), { icon: pin(library), draggable: true, alt: texts.here });
  const show = () => {
    if (!lon.value || !lat.value) {
      marker.remove();
      return;
    }
    // What is being typed may be no number yet, or have a decimal comma.
    const [y, x] = [lat, lon].map(({ value }) => Number(value.replace(",", ".")));
    if (Number.isNaN(y) || Number.isNaN(x)) return;
    marker.setLatLng([y, x]).addTo(map);
    if (!map.getBounds().contains(marker.getLatLng())) map.setView(marker.getLatLng(), Math.max(CLOSE_ZOOM, map.getZoom()));
  };
  const describe = () => {
    const described = `${texts.here} (${Number(lat.value).toFixed(5)}, ${Number(lon.value).toFixed(5)})`;
    // A text the person typed is theirs; only an empty one, or our own, is replaced.
    if (text && (!text.value || text.dataset.fromMap)) {
      text.value = described;
      text.dataset.fromMap = "yes";
    }
    return described;
  };
  const take = ({ lng, lat: latitude }) => {
    lon.value = lng.toFixed(6);
    lat.value = latitude.toFixed(6);
    const described = describe();
    // Beside a text field the field says it; the status line then speaks to screen readers only.
    status.classList.toggle("visually-hidden", Boolean(text));
    status.textContent = described;
    for (const each of [lon, lat]) each.dispatchEvent(new Event("change", { bubbles: true }));
  };
  map.on("click", ({ latlng }) => take(latlng));
  marker.on("dragend", () => take(marker.getLatLng()));
  for (const each of [lon, lat]) each.addEventListener("change", show);
  if (lon.value && lat.value) {
    describe();
    if (isNear) map.setView([Number(lat.value), Number(lon.value)], CLOSE_ZOOM);
  }
  show();
  return { take, show };
}
