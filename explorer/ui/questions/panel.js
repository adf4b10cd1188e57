// Panel: what is shown of an item beside its picture: why it was picked, its place, its neighbours, what comes.

const STRIP = { before: 4, after: 6 };
const NEAR = 60; // pixels of a neighbour's picture, at most
const NOTHING_NEAR = "Nothing is labelled yet.";

class Panel {
  constructor(parts, classes) {
    this.parts = parts;
    this.classes = classes;
    this.tiles = new Map(); // of the strip, by what they show
  }

  /** Show what is known of this item, or of none. */
  show(question, mapAddress) {
    const { parts } = this;
    const told = JSON.stringify([question, this.classes.classes]);
    if (told === this.told && mapAddress === this.mapAddress) return;
    Object.assign(this, { told, mapAddress });
    parts.aside.classList.toggle("blank", !question);
    parts.title.textContent = parts.title.title = question?.title ?? "";
    parts.held.hidden = !question?.is_held_out;
    if (!question) return; // what stood there stays, faintly, so that nothing jumps
    parts.why.textContent = question.why;
    parts.guesses.replaceChildren(...question.guesses.map((guess) => this.bar(...guess)));
    parts.margin.textContent = question.margin === null ? "" : `Shares between these two. Margin of their scores: ${figures(question.margin)} (0 is undecided, 1 and more is clear)`;
    this.showPlace(question.place, mapAddress);
    parts.nearest.replaceChildren(...question.nearest.map((near) => this.neighbour(...near)));
    if (!question.nearest.length) parts.nearest.append(named("p", NOTHING_NEAR));
    const rows = question.image ? [] : question.values.map(valueRow);
    parts.values.querySelector("tbody").replaceChildren(...rows);
  }

  /** Whether it is flagged, and what stands of it. */
  showSaid(isFlagged, press) {
    const { parts } = this;
    parts.flagged.hidden = !isFlagged;
    parts.flag.setAttribute("aria-pressed", String(isFlagged));
    parts.said.hidden = !press;
    if (press) parts.said.replaceChildren(named("span", "Was"), ...this.wordsOf(press));
    this.classes.mark(press?.number ?? null);
  }

  /** The last answers, this item and the next ones. */
  showStrip(answered, question, following) {
    const kept = this.tiles;
    this.tiles = new Map();
    const tileOf = (one, press = null) => {
      const key = JSON.stringify([one.item, one.tile, one.title, press && [press.kind, press.number, this.classes.of(press.number)]]);
      const tile = kept.get(key) ?? this.tile(one, press);
      tile.classList.remove("now");
      tile.removeAttribute("aria-current");
      this.tiles.set(key, tile);
      return tile;
    };
    const before = answered.slice(-STRIP.before).map(({ question: one, press }) => tileOf(one, press));
    const after = following.slice(0, STRIP.after).map((one) => tileOf(one));
    const now = question ? tileOf(question) : named("li", "", "none");
    now.classList.add("now");
    if (question) now.setAttribute("aria-current", "true");
    const strip = [...before, now, ...after];
    if (strip.some((tile, place) => tile !== this.parts.strip.children[place]) || strip.length !== this.parts.strip.children.length) {
      this.parts.strip.replaceChildren(...strip);
    }
  }

  tile(question, press = null) {
    const tile = named("li", "");
    tile.append(question.tile ? small(question.tile, "") : named("b", question.title));
    const said = named("span", "", "word");
    if (press) said.append(...this.wordsOf(press));
    tile.append(said);
    tile.title = press ? `${question.title}: ${said.textContent}` : question.title;
    return tile;
  }

  /** What a press says: a class, or that it was skipped. */
  wordsOf({ kind, number }) {
    if (kind !== "label") return [named("span", "skipped")];
    const { name, colour } = this.classes.of(number);
    return [swatch(colour), named("span", name)];
  }

  bar(number, share) {
    const { name, colour, key } = this.classes.of(number);
    const row = named("div", "", "guess");
    const rail = named("div", "", "rail");
    const fill = document.createElement("i");
    fill.style.width = `${Math.max(0, Math.min(100, 100 * share))}%`;
    fill.style.background = colour;
    rail.append(fill);
    const words = named("span", "", "name");
    words.append(swatch(colour), named("span", name));
    words.title = name;
    row.append(named("kbd", key.toUpperCase()), words, rail, named("b", `${figures(100 * share)} %`));
    return row;
  }

  showPlace(place, address) {
    const { map, dot } = this.parts;
    map.hidden = !place || !address;
    if (map.hidden) return;
    const picture = map.querySelector("img");
    if (picture.getAttribute("src") !== address) picture.src = address;
    [dot.style.left, dot.style.top] = place.map((share) => `${100 * share}%`);
  }

  neighbour(address, title, number) {
    const cell = named("div", "", "near");
    cell.setAttribute("role", "listitem");
    cell.title = title;
    const words = named("span", "", "word");
    words.append(...this.wordsOf({ kind: "label", number }));
    const picture = address ? small(address, title) : named("b", title);
    picture.addEventListener("load", () => resize(picture, { width: NEAR, height: NEAR }));
    cell.append(picture, words);
    return cell;
  }
}

/** Three figures, as far as they say something. */
function figures(number) {
  return Math.abs(number) < 0.001 ? "below 0.001" : number.toPrecision(3);
}

function small(address, words) {
  const picture = new Image();
  picture.alt = words;
  picture.draggable = false;
  picture.src = address;
  return picture;
}

function valueRow([name, value]) {
  const row = document.createElement("tr");
  const head = named("th", name);
  head.scope = "row";
  row.append(head, named("td", value));
  return row;
}
