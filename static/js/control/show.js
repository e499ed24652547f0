// The verdict on the screen: colour, word and shape of the template of its tone, the plate in large letters.

const fill = (text, values) => text.replace(/%\((\w+)\)s/g, (_whole, name) => values[name]);

/** An instant as people of the territory read it. */
export function instant(ms, zone) {
  const options = { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", timeZone: zone };
  return new Intl.DateTimeFormat(document.documentElement.lang, options).format(ms);
}

export { fill };

/** The sentence of a verdict. words: of the page; listAt: date of the list in ms. */
export function reasonOf(words, { result, at }, zone, listAt) {
  const name = result === "outside_hours" && at === null ? "never_again" : result;
  return fill(words.reasons[name], { at: at === null ? "" : instant(at, zone), list: instant(listAt, zone) });
}

/** A plate in the groups it is written in, when it is of the present French kind. */
export function plateGroups(plate) {
  return plate.replace(/^([A-Z]{2})(\d{3})([A-Z]{2})$/, "$1-$2-$3");
}

/** Put a verdict in its place and move there. facts: {reason, now, zone, perimeters}. */
export function showVerdict(place, words, verdict, { reason, now, zone, perimeters }) {
  const template = document.querySelector(`template[data-tone="${verdict.tone}"]`);
  const card = template.content.firstElementChild.cloneNode(true);
  card.dataset.result = verdict.result;
  const word = words.results[verdict.result];
  if (word !== undefined) {
    card.querySelector(".j-verdict__word").textContent = word;
    card.setAttribute("aria-label", word);
  }
  card.querySelector(".j-verdict__reason").textContent = reason;
  const details = document.createElement("dl");
  details.className = "j-verdict__details";
  if (verdict.said) details.append(line(words.plate, plateGroups(verdict.said.plate)));
  details.append(line(words.clock, instant(now, zone)));
  card.append(details);
  place.replaceChildren(card);
  if (verdict.said) place.append(dates(words, verdict.said, zone));
  if (perimeters.length > 0) place.append(perimeterList(words, perimeters));
  place.focus();
  return card;
}

function dates(words, { starts, ends }, zone) {
  const text = document.createElement("p");
  text.textContent = fill(words.dates, { from: instant(starts, zone), to: instant(ends, zone) });
  return text;
}

/** A pass is good where it is given for: the agent compares the names with where they stand. */
function perimeterList(words, perimeters) {
  const list = document.createElement("ul");
  list.className = "j-control__perimeters";
  for (const perimeter of perimeters) {
    const item = document.createElement("li");
    if (perimeter === null) {
      item.textContent = words.perimeter_unknown;
    } else {
      const colour = document.querySelector(`template[data-colour="${perimeter.colour}"]`);
      const name = document.createElement("strong");
      name.textContent = perimeter.name;
      const now = document.createElement("span");
      now.textContent = perimeter.active ? words.active_now : words.inactive_now;
      item.append(colour.content.cloneNode(true), name, now);
    }
    list.append(item);
  }
  return list;
}

function line(label, value) {
  const group = document.createElement("div");
  const term = document.createElement("dt");
  const said = document.createElement("dd");
  term.textContent = label;
  said.textContent = value;
  group.append(term, said);
  return group;
}
