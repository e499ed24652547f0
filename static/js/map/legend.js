// The legend, which is the layer switch as well: what each layer looks like, and a box to take it off. No map library here.

import { make } from "./elements.js";
import { keysOf } from "./kinds.js";

function keyLine({ colour, look, name, sample }, texts) {
  if (colour) {
    const letter = make("span", "j-colour__letter", texts.letters[colour]);
    letter.setAttribute("aria-hidden", "true");
    return make("li", "", make("span", `j-colour j-colour--${colour}`, letter, texts.colours[colour]));
  }
  const sign = make("span", `j-key j-key--${look}`, sample ?? "");
  sign.setAttribute("aria-hidden", "true");
  return make("li", "", sign, name ? texts.looks[name] : "");
}

/** A legend for overlays. switched: (overlay) is called when one was put on or taken off. */
export function makeLegend(overlays, texts, open, switched) {
  const list = make("ul", "j-legend__list");
  for (const overlay of overlays) {
    const box = make("input", "form-check-input");
    Object.assign(box, { type: "checkbox", checked: overlay.shown });
    box.addEventListener("change", () => {
      overlay.shown = box.checked;
      switched(overlay);
    });
    const keys = make("ul", "j-legend__keys");
    for (const key of keysOf(overlay.kind, overlay.features, overlay.boxed)) keys.append(keyLine(key, texts));
    list.append(make("li", "", make("label", "j-legend__layer", box, make("span", "", overlay.label)), keys));
  }
  const legend = make("details", "j-legend", make("summary", "", texts.legend), list);
  legend.open = open;
  return legend;
}

/** Say under the legend what the chosen vehicle changes: faded, marked with a key. lines: texts, none to say nothing. */
export function explainVehicle(legend, lines) {
  legend.querySelector(".j-legend__vehicle")?.remove();
  if (lines.length > 0) legend.append(make("div", "j-legend__vehicle", ...lines.map((line) => make("p", "", line))));
}
