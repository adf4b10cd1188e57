// Outbox: presses that the server has not acknowledged, kept in the tab over a reload of the page.

const PLACE = "latent-explorer:presses:";
const KINDS = ["label", "skip", "flag", "unflag", "undo", "redo"];
const unkept = new Map(); // presses by place, where the browser keeps nothing

class Outbox {
  constructor(identity) {
    this.place = PLACE + identity;
    this.presses = readKept(this.place).filter(isPress); // {key, kind, item, number}, the oldest first
    this.reported = 0; // so many of them, from the oldest on, stand in the last report
  }

  get size() {
    return this.presses.length;
  }

  get hasNews() {
    return this.presses.length > this.reported;
  }

  /** Take a press; of an undo or redo, `item` is what this page takes it to be about, null where it does not know. */
  add(kind, item, number = null) {
    const press = { key: `${tabName()}-${load.id}-${++load.presses}`, kind, item, number };
    this.presses.push(press);
    keep(this.place, this.presses);
    return press;
  }

  /** All there is, for a report. */
  tell() {
    this.reported = this.presses.length;
    return this.presses.map((press) => ({ ...press }));
  }

  /** Let go of the presses that were answered; gives them with what was said of each, empty if it was written. */
  settle(answered) {
    const over = this.presses.filter(({ key }) => Object.hasOwn(answered, key));
    if (!over.length) return [];
    this.presses = this.presses.filter(({ key }) => !Object.hasOwn(answered, key));
    this.reported = Math.max(0, this.reported - over.length);
    keep(this.place, this.presses);
    return over.map((press) => ({ press, refusal: answered[press.key] }));
  }
}

function isPress(press) {
  const { key, kind, item, number } = press ?? {};
  const hasItem = typeof item === "string" && /^-?\d{1,19}$/.test(item);
  if (typeof key !== "string" || !key || key.length > 64 || !KINDS.includes(kind)) return false;
  if (kind === "undo" || kind === "redo") return item === null || hasItem;
  return hasItem && (kind === "label" ? Number.isInteger(number) : number === null);
}

function readKept(place) {
  try {
    const kept = JSON.parse(readText(place) || "[]");
    return Array.isArray(kept) ? kept : [];
  } catch {
    return [];
  }
}

function keep(place, kept) {
  const isKept = writeText(place, kept.length ? JSON.stringify(kept) : "");
  if (isKept || !kept.length) unkept.delete(place);
  else unkept.set(place, kept);
}

/** How many presses this tab holds that nobody has acknowledged, by the identity that they are of. */
function unsaved() {
  const places = [...new Set([...namesKept(PLACE), ...unkept.keys()])];
  const sizes = places.map((place) => [place.slice(PLACE.length), (unkept.get(place) ?? readKept(place).filter(isPress)).length]);
  return new Map(sizes.filter(([, size]) => size));
}

/** What this tab holds of others than this one, in words; empty for nothing. */
function wordsOfOthers(identity) {
  const others = [...unsaved()].filter(([other]) => other !== identity);
  return others.map(([other, size]) => {
    const who = other.slice(0, other.lastIndexOf(":"));
    return `${size} answer${size > 1 ? "s" : ""} of ${who} ${size > 1 ? "are" : "is"} not saved: open that session under that name.`;
  }).join(" ");
}

// Whatever is on the page: ask before it is left with something unsaved.
window.addEventListener("beforeunload", (event) => {
  if (unsaved().size) event.preventDefault();
});
