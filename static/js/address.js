// An address field with suggestions: a combobox with a list, by keyboard, pointer and screen reader.
// The list comes as HTML from data-address (…?q=); each option carries data-lon, data-lat and data-label.

const WAIT_MS = 200;
const SHORTEST = 3;

function addressField(field) {
  const text = field.querySelector("[data-address-text]");
  const lon = field.querySelector("[data-address-lon]");
  const lat = field.querySelector("[data-address-lat]");
  const list = field.querySelector('[role="listbox"]');
  const status = field.querySelector("[data-address-status]");
  let timer = 0;
  let running = null;

  text.setAttribute("role", "combobox");
  text.setAttribute("aria-autocomplete", "list");
  text.setAttribute("aria-controls", list.id);
  text.setAttribute("aria-expanded", "false");

  const options = () => [...list.querySelectorAll('[role="option"]')];
  const selected = () => list.querySelector('[aria-selected="true"]');

  function stopSearching() {
    clearTimeout(timer);
    running?.abort();
  }

  function close() {
    stopSearching();
    list.hidden = true;
    text.setAttribute("aria-expanded", "false");
    text.removeAttribute("aria-activedescendant");
  }

  function select(option) {
    for (const other of options()) other.setAttribute("aria-selected", String(other === option));
    text.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  }

  function choose(option) {
    text.value = option.dataset.label;
    lon.value = option.dataset.lon;
    lat.value = option.dataset.lat;
    delete text.dataset.fromMap;
    close();
    for (const input of [lon, lat]) input.dispatchEvent(new Event("change", { bubbles: true }));
  }

  async function search() {
    const query = text.value.trim();
    if (query.length < SHORTEST) return close();
    running = new AbortController();
    let answer;
    try {
      const url = `${field.dataset.address}?q=${encodeURIComponent(query)}`;
      const response = await fetch(url, { signal: running.signal, headers: { "HX-Request": "true" } });
      // Suggestions are a comfort: when they fail the text is sent as typed and the server looks it up.
      if (!response.ok) return close();
      answer = await response.text();
    } catch (error) {
      if (error.name !== "AbortError") close();
      return;
    }
    const parsed = new DOMParser().parseFromString(answer, "text/html");
    list.replaceChildren(...parsed.querySelectorAll('[role="option"]'));
    options().forEach((option, index) => { option.id = `${list.id}-${index}`; });
    const some = options().length > 0;
    status.textContent = some ? status.dataset.some : status.dataset.none;
    list.hidden = !some;
    text.setAttribute("aria-expanded", String(some));
    text.removeAttribute("aria-activedescendant");
  }

  text.addEventListener("input", () => {
    // What was chosen no longer matches what is written.
    lon.value = "";
    lat.value = "";
    delete text.dataset.fromMap;
    stopSearching();
    timer = setTimeout(search, WAIT_MS);
  });

  text.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      close();
    } else if (event.key === "Enter" && !list.hidden && selected()) {
      event.preventDefault();
      choose(selected());
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const all = options();
      if (list.hidden || all.length === 0) return;
      event.preventDefault();
      // A late answer would take the list from under the hand that walks through it.
      stopSearching();
      const step = event.key === "ArrowDown" ? 1 : -1;
      const from = all.indexOf(selected());
      select(all[from < 0 && step < 0 ? all.length - 1 : (from + step + all.length) % all.length]);
    }
  });

  // mousedown, not click: the field would lose the focus and close the list first.
  list.addEventListener("mousedown", (event) => {
    const option = event.target.closest('[role="option"]');
    event.preventDefault();
    if (option) choose(option);
  });
  text.addEventListener("blur", close);
}

/** Bring every address field of the page to life; each is the caller's "once per element". */
export function enhanceAddresses(each) {
  each("[data-address]", addressField);
}
