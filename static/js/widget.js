// The map in a frame of another site: it follows the clock, unless its address says when, and the law.

import { drawMap } from "./map.js";
import { localMoment } from "./map/time.js";
import { watchLaw } from "./map/watch.js";

const MINUTE_MS = 60_000;

const { zone, state } = document.body.dataset;
const root = document.getElementById("carte");
const label = document.querySelector(".j-widget__bar time");

const inWords = (at) => {
  const say = (options) => new Intl.DateTimeFormat(document.documentElement.lang, { timeZone: zone, ...options }).format(at);
  const [day, hour] = [say({ weekday: "long", day: "numeric", month: "long", year: "numeric" }), say({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" })];
  return label.dataset.words.replace("{day}", day).replace("{hour}", hour);
};

function followClock(view) {
  const tick = () => {
    const now = Date.now();
    view.showInstant(now);
    view.showDay(localMoment(now, zone).day);
    label.dateTime = new Date(now).toISOString();
    label.textContent = inWords(now);
    setTimeout(tick, MINUTE_MS - (now % MINUTE_MS));
  };
  tick();
}

const view = await drawMap(root);
if (view) {
  if ("live" in document.body.dataset) followClock(view);
  watchLaw(state, (version) => view.keepUp(version), () => {});
}
