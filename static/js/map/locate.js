// "Around me": the map goes where the device is, once, and says how well it knows. Library as an argument.

import { make } from "./elements.js";

const CLOSE_ZOOM = 17;
const HERE = { color: "#ffffff", weight: 3, opacity: 1, fillColor: "#1d4fa8", fillOpacity: 1, radius: 8, interactive: false };
const AROUND = { color: "#1d4fa8", weight: 1, fillOpacity: 0.12, interactive: false };

/** A button that asks the device for its position; what it answers stays in the browser. */
export function locateButton(library, map, texts, status) {
  const button = make("button", "j-map__locate", texts.locate);
  button.type = "button";
  const shown = library.layerGroup().addTo(map);
  button.addEventListener("click", () => map.locate({ setView: true, maxZoom: CLOSE_ZOOM, enableHighAccuracy: true }));
  map.on("locationfound", ({ latlng, accuracy }) => {
    shown.clearLayers();
    shown.addLayer(library.circle(latlng, { ...AROUND, radius: accuracy }));
    shown.addLayer(library.circleMarker(latlng, HERE));
  });
  map.on("locationerror", () => { status.textContent = texts.notLocated; });
  return button;
}
