// Classes: a button for each, with its key; where there are many, a box to find them with.

const MOST_WITHOUT_BOX = 20;
const NARROW = 520; // pixels
const FLASH = 140; // milliseconds

class ClassButtons {
  constructor(parts, choose) {
    this.list = parts.classes;
    this.box = parts.find;
    this.choose = choose;
    this.classes = [];
    this.byKey = new Map(); // class numbers
  }

  listen(on, leave) {
    on(this.list, "click", (event) => {
      const button = event.target.closest("button");
      if (button) this.choose(Number(button.dataset.number), event.timeStamp);
    });
    on(this.box, "input", () => this.filter());
    on(this.box, "keydown", (event) => {
      event.stopPropagation(); // what is typed here is nobody's shortcut
      if (event.key !== "Enter" && event.key !== "Escape") return;
      event.preventDefault();
      if (event.isComposing || event.repeat) return;
      const first = event.key === "Enter" ? this.list.querySelector("button:not([hidden])") : null;
      if (event.key === "Enter" && !first) return;
      this.box.value = "";
      this.filter();
      leave();
      if (first) this.choose(Number(first.dataset.number), event.timeStamp);
    });
  }

  get canFind() {
    return !this.box.hidden;
  }

  of(number) {
    return this.classes.find((one) => one.number === number) ?? { number, name: `class ${number}`, colour: "#8a8a8a", key: "" };
  }

  /** Show these classes; gives whether a key stands for another class than before. */
  update(classes) {
    const told = JSON.stringify(classes);
    if (told === this.told) return false;
    const before = this.byKey;
    this.told = told;
    this.classes = classes;
    this.byKey = new Map(classes.filter(({ key }) => key).map(({ key, number }) => [key, number]));
    this.box.hidden = classes.length <= MOST_WITHOUT_BOX;
    this.list.replaceChildren(...classes.map(classButton));
    this.filter();
    this.fit();
    return [...before].some(([key, number]) => this.byKey.get(key) !== number);
  }

  filter() {
    const wanted = this.box.hidden ? "" : this.box.value.trim().toLowerCase();
    for (const [index, { name }] of this.classes.entries()) {
      this.list.children[index].hidden = !name.toLowerCase().includes(wanted);
    }
    this.list.classList.toggle("none", Boolean(wanted) && !this.list.querySelector("button:not([hidden])"));
  }

  /** As many buttons a row as fit, the rows as even as can be. */
  fit() {
    const width = this.list.clientWidth;
    const longest = Math.max(...this.classes.map(({ name }) => name.length));
    const wanted = Math.min(76 + 8 * longest, width < NARROW ? 102 : 140); // a longer name takes two lines
    const most = Math.max(1, Math.floor(width / Math.max(90, wanted)));
    const rows = Math.ceil(this.classes.length / most);
    this.list.style.setProperty("--columns", Math.ceil(this.classes.length / rows) || 1);
  }

  /** Say which class is the answer now; null for none. */
  mark(number) {
    for (const button of this.list.children) {
      button.setAttribute("aria-pressed", String(Number(button.dataset.number) === number));
    }
  }

  flash(number) {
    const button = this.list.querySelector(`[data-number="${number}"]`);
    button?.classList.add("flash");
    setTimeout(() => button?.classList.remove("flash"), FLASH);
  }
}

function classButton({ number, name, colour, key }) {
  const button = document.createElement("button");
  button.type = "button";
  button.dataset.number = number;
  button.title = name;
  button.setAttribute("aria-label", key ? `${name}, key ${key}` : name);
  button.append(named("kbd", key.toUpperCase(), "key"), swatch(colour), named("span", name, "name"));
  if (key) button.setAttribute("aria-keyshortcuts", key);
  return button;
}

function named(tag, text, name = "") {
  const element = document.createElement(tag);
  element.textContent = text; // foreign text: never as HTML
  if (name) element.className = name;
  return element;
}

function swatch(colour) {
  const mark = named("i", "", "swatch");
  mark.style.background = colour;
  return mark;
}
