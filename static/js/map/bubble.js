// What the bubble of a feature says. No map library here.

import { make } from "./elements.js";

/** The content of a bubble. state: what the feature is to the chosen vehicle, "spared", "held" or ""; answer: the place
 *  on the page where the whole answer stands, if there is one. */
export function bubbleOf({ title, lines, href }, state, texts, answer) {
  const box = make("div", "j-popup");
  if (title) box.append(make("p", "j-popup__title", title));
  if (state) box.append(make("p", `j-popup__state j-popup__state--${state}`, texts[state]));
  for (const line of lines ?? []) box.append(make("p", "", line));
  if (href && /^https?:$/.test(new URL(href, location.href).protocol)) {
    const link = make("a", "", texts.more);
    link.href = href;
    box.append(link);
  }
  if (answer) {
    // Beside a wide map the answer is in sight.
    const below = make("a", "j-popup__answer", texts.answer);
    below.href = `#${answer.id}`;
    box.append(below);
  }
  return box;
}
