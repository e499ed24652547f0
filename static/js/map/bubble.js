// What the bubble of a feature says. No map library here.

import { make } from "./elements.js";

/** The content of a bubble. state: what the feature is to the chosen vehicle, "spared", "held" or "". */
export function bubbleOf({ title, lines, href }, state, texts) {
  const box = make("div", "j-popup");
  if (title) box.append(make("p", "j-popup__title", title));
  if (state) box.append(make("p", `j-popup__state j-popup__state--${state}`, texts[state]));
  for (const line of lines ?? []) box.append(make("p", "", line));
  if (href && /^https?:$/.test(new URL(href, location.href).protocol)) {
    const link = make("a", "", texts.more);
    link.href = href;
    box.append(link);
  }
  return box;
}
