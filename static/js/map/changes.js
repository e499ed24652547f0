// When something on the map begins or ends, as the server computed it: asked by spans of days, kept until the law changes.

import { addDays, localMoment } from "./time.js";

/** Days of one question, and how many days away a jump looks before it gives up. */
const SPAN_DAYS = 31;
const FARTHEST_DAYS = 4 * SPAN_DAYS;

export class Changes {
  /** kinds: () => kinds of the layers shown. Rejects where a method asks the server and gets no answer. */
  constructor(url, zone, kinds) {
    Object.assign(this, { url, zone, kinds, kept: new Map() });
  }

  /** Forget everything: the law has changed. */
  clear() {
    this.kept.clear();
  }

  /** What changes from a day to another, both included, at most 31, among kinds of layers: {changes: [ms…], perimeters: […],
   *  truncated: whether the last changes are left out}. */
  between(first, last, kinds = this.kinds()) {
    const url = new URL(this.url, location.href);
    url.searchParams.set("du", first);
    url.searchParams.set("au", last);
    url.searchParams.set("calques", kinds.join(","));
    const key = url.search;
    if (!this.kept.has(key)) {
      const asked = fetch(url, { cache: "no-cache" }).then(async (answer) => {
        if (!answer.ok) throw new Error(`${key}: ${answer.status}`);
        const found = await answer.json();
        return { ...found, changes: found.changes.map((text) => Date.parse(text)) };
      });
      // A question that failed is asked again.
      asked.catch(() => this.kept.delete(key));
      this.kept.set(key, asked);
    }
    return this.kept.get(key);
  }

  /** The first change after an instant, or the last before it (direction -1); null when there is none for months. */
  async nearest(at, direction) {
    const { day } = localMoment(at, this.zone);
    let days = SPAN_DAYS;
    let away = 0;
    while (away < FARTHEST_DAYS) {
      const near = addDays(day, direction * away);
      const far = addDays(near, direction * (days - 1));
      const { changes, truncated } = await this.between(...(direction > 0 ? [near, far] : [far, near]));
      if (truncated && days > 1) {
        // The nearest may be among those left out: fewer days have fewer.
        days = Math.ceil(days / 4);
        continue;
      }
      const found = changes.filter((change) => (direction > 0 ? change > at : change < at));
      if (found.length > 0) return direction > 0 ? Math.min(...found) : Math.max(...found);
      away += days;
    }
    return null;
  }
}
