// Legend: what colours and marks mean, how many points each has, and the switches that hide them.

const BARS = 32; // of the histogram above a ramp
const HINT = "click: show or hide; double-click: only this one";

/** What the legend of a map says: {title, unit, ramp, entries, others, switches, digits}. */
function legendOf({ cloud, points, colouring, hidden, theme, marks, entryColour, nameColour }) {
  const { names, rest, counts } = colouring.listed(cloud, points);
  const bytes = [...names.keys()];
  if (bytes.length && counts?.[UNLABELLED]) bytes.push(UNLABELLED);
  const off = hidden.of(colouring.listing);
  const entry = (id, name, count, shown, more) => {
    const number = count === null ? "" : `, ${grouped(count)}`;
    return { id, name, count, shown, title: `${name}${number} (${HINT})`, ...more };
  };
  const splits = points?.counts.bySplit;
  return {
    title: colouring.title,
    unit: colouring.unit,
    ramp: colouring.isRamp ? rampOf(colouring, theme) : null,
    entries: bytes.map((k) =>
      entry(String(k), k === UNLABELLED ? rest : names[k], counts ? counts[k] : null, !off.has(k), { colour: css(entryColour(k)) })),
    others: marks.others_names.map((name, k) =>
      entry(`o${k}`, name, marks.others.filter(([, , group]) => group === k).length, !hidden.others.has(k),
        { letter: letterOf(marks, k), colour: nameColour(name) && css(nameColour(name)) })),
    switches: ["Train", "Test"].map((name, k) => ({
      id: SPLITS[k], name, count: splits ? splits[k] : null, shown: !hidden.splits[k],
      title: k ? "Test points: larger, on top" : "Train points: smaller, beneath",
    })),
    digits: grouped(cloud.n).length,
  };
}

function rampOf({ spec, column }, theme) {
  const stops = [0, 0.2, 0.4, 0.6, 0.8, 1].map((value) => css(rampColour(theme, value)));
  const bars = new Array(BARS).fill(0);
  let unknown = 0;
  column?.counts.forEach((count, byte) => {
    if (byte <= RAMP_END) bars[Math.min(BARS - 1, Math.floor((byte / (RAMP_END + 1)) * BARS))] += count;
    else unknown += count;
  });
  return { low: spec.low, high: spec.high, stops: `linear-gradient(90deg, ${stops.join(", ")})`, bars, unknown };
}

/**
 * Show a legend as `legendOf` gives it; `toggle(id)` is called on a click, `only(id, ids)` on an alt- or
 * double-click of an entry among others of its kind.
 */
function showLegend(parts, legend, toggle, only) {
  const { title, unit, ramp, entries, others, switches } = legend;
  const kinds = [entries, others, switches].map((kind) => kind.map(({ id }) => id));
  const ids = JSON.stringify([kinds, Boolean(ramp), Boolean(title)]);
  if (parts.legend.dataset.ids !== ids) {
    // Buttons are made anew only when there are other ones: a rebuild would lose focus and double-clicks.
    parts.legend.dataset.ids = ids;
    const button = (isolate) => (entry) => legendButton(entry, toggle, isolate);
    const heading = title && !ramp ? [make("span", { class: "heading title" }), make("span", { class: "unit" })] : [];
    const groups = [
      make("div", { class: "entries" }, ...heading, ...entries.map(button((id) => only(id, kinds[0])))),
      ...(others.length ? [make("div", { class: "others" }, make("span", { class: "heading", text: "Other items" }),
        ...others.map(button((id) => only(id, kinds[1]))))] : []),
    ];
    parts.legend.replaceChildren(
      make("div", { class: "listed" }, ...(ramp ? [rampBar()] : []), ...groups),
      make("div", { class: "switches" }, ...switches.map(button(null))),
      make("p", { class: "said", text: "The legend of the first map holds here, too." }));
  }
  const whole = [title, unit].filter(Boolean).join(", "); // where room is scarce, a part of it is not seen
  for (const element of parts.legend.querySelectorAll(".title")) Object.assign(element, { textContent: title, title: whole });
  for (const element of parts.legend.querySelectorAll(".unit")) element.textContent = unit;
  if (ramp) fillRamp(parts.legend.querySelector(".scale"), ramp);
  for (const entry of [...entries, ...others, ...switches]) fillEntry(parts.legend, entry, legend.digits);
}

function fillEntry(legend, entry, digits) {
  const element = legend.querySelector(`[data-id="${entry.id}"]`);
  element.setAttribute("aria-pressed", String(entry.shown));
  element.title = entry.title;
  element.querySelector(".name").textContent = entry.name;
  const swatch = element.querySelector(".swatch, .diamond");
  if (entry.colour) swatch?.style.setProperty("--swatch", entry.colour);
  else swatch?.style.removeProperty("--swatch");
  const count = element.querySelector(".count");
  // Room for the digits is kept while the counts are unknown: nothing moves when they come.
  count.style.minWidth = `${digits}ch`;
  count.textContent = entry.count === null ? "" : grouped(entry.count);
}

function legendButton({ id, colour, letter }, toggle, only) {
  const element = make("button", { type: "button", class: "entry", "data-id": id });
  if (letter !== undefined) element.append(make("i", { class: "diamond" }, make("b", { text: letter })));
  else if (colour) element.append(make("i", { class: "swatch" }));
  element.append(make("span", { class: "name" }), make("span", { class: "count" }));
  element.addEventListener("click", (event) => (event.altKey && only ? only(id) : toggle(id)));
  if (only) element.addEventListener("dblclick", () => only(id));
  return element;
}

function rampBar() {
  const chart = make("div", { class: "bars", "aria-hidden": "true" }, ...Array.from({ length: BARS }, () => make("i")));
  return make("div", { class: "scale" }, make("span", { class: "heading title" }), make("span", { class: "unit" }), make("span", { class: "low" }),
    make("div", { class: "ramped" }, chart, make("i", { class: "ramp" })), make("span", { class: "high" }),
    make("span", { class: "unknown" }));
}

function fillRamp(scale, { low, high, stops, bars, unknown }) {
  const tallest = Math.max(...bars);
  scale.querySelector(".ramp").style.setProperty("--ramp", stops);
  scale.querySelectorAll(".bars i").forEach((bar, k) => {
    // The least share that is seen: a bar of none is none, of few it is a line.
    bar.style.height = bars[k] ? `${Math.max(6, (100 * bars[k]) / tallest)}%` : "0";
  });
  scale.querySelector(".low").textContent = low;
  scale.querySelector(".high").textContent = high;
  scale.querySelector(".unknown").textContent = unknown ? `${grouped(unknown)} not known` : "";
}
