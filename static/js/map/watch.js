// A map that stays open follows the law: every few seconds, while somebody looks at it, it asks which version is in force.

const EVERY_MS = 5_000;
const SLOWEST_MS = 60_000;

/** Ask an address for the version again and again. told: (version) at each answer; lost: (isLost) when answers end or return. */
export function watchLaw(url, told, lost) {
  let timer = 0;
  let pause = EVERY_MS;
  let asking = false;
  const ask = async () => {
    clearTimeout(timer);
    if (document.hidden || asking) return;
    asking = true;
    try {
      const answer = await fetch(url, { cache: "no-cache" });
      if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
      const { version } = await answer.json();
      if (pause > EVERY_MS) lost(false);
      pause = EVERY_MS;
      await told(version);
    } catch {
      // No network on a phone is no fault of anybody: the page says how old its map is, and asks more rarely.
      lost(true);
      pause = Math.min(SLOWEST_MS, pause * 2);
    }
    asking = false;
    timer = setTimeout(ask, pause);
  };
  document.addEventListener("visibilitychange", ask);
  addEventListener("online", ask);
  timer = setTimeout(ask, pause);
}
