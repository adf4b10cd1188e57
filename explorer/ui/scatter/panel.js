// Panel: the elements around the canvases: toolbar, tooltip, messages.

const THUMBNAIL_SIDE = 100; // pixels a thumbnail may fill; it is shown at the largest whole multiple that fits
const THUMBNAILS_KEPT = 400;

const ICONS = {
  lasso: '<ellipse cx="8" cy="6.5" rx="6" ry="4" stroke-dasharray="2.6 2"/><path d="M5 10.5c-1.5 1 0 2 .5 2.5s0 1.5-.5 1.5"/>',
  zoomIn: '<path d="M8 3v10M3 8h10"/>',
  zoomOut: '<path d="M3 8h10"/>',
  export: '<path d="M8 2v8M5 7.2 8 10.2l3-3M2.5 11.5V14h11v-2.5"/>',
  play: '<path d="M5 3.2v9.6L12.5 8z" fill="currentColor"/>',
  pause: '<path d="M5.5 3.5v9M10.5 3.5v9" stroke-width="2.4"/>',
  back: '<path d="M9.5 4 5.5 8l4 4"/>',
  forth: '<path d="M6.5 4l4 4-4 4"/>',
  fit: '<path d="M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10"/>',
};

/** Make an element: `make("button", {class: "x", text: "Fit"}, child, ...)`. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "text") element.textContent = value;
    else if (name === "icon") element.innerHTML = icon(value);
    else if (value !== null) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

function icon(name) {
  return `<svg viewBox="0 0 16 16" aria-hidden="true">${ICONS[name]}</svg>`;
}

function grouped(number) {
  return number.toLocaleString("en-US");
}

/** Build the fixed elements inside `root` once; returns them by name. */
function buildPanel(root) {
  const button = (name, label, title) =>
    make("button", { type: "button", class: "tool", icon: name, title, "aria-label": title, "data-tool": name },
      make("span", { text: label }));
  const parts = {
    underlay: make("canvas", { class: "layer" }),
    points: make("canvas", { class: "layer" }),
    tiles: make("canvas", { class: "layer" }),
    overlay: make("canvas", { class: "layer overlay", tabindex: "0", role: "application" }),
    tools: make("div", { class: "tools", role: "toolbar", "aria-label": "Map tools" }),
    lasso: button("lasso", "Lasso", "Lasso: draw around points (or shift-drag)"),
    zoomIn: button("zoomIn", "In", "Zoom in (+)"),
    zoomOut: button("zoomOut", "Out", "Zoom out (\u2212)"),
    fit: button("fit", "Fit", "Fit all points (0 or double-click)"),
    export: button("export", "Export", "Save the view as a file"),
    exportMenu: make("div", { class: "menu", role: "menu", "aria-label": "Export", hidden: "" }),
    timeline: buildTimeline(),
    chip: make("div", { class: "chip", hidden: "" }),
    chipText: make("span"),
    chipClear: make("button", { type: "button", text: "Clear", title: "Clear the selection (Esc)" }),
    message: make("div", { class: "message", role: "status" }),
    notices: make("div", { class: "notices", role: "status" }),
    tip: make("div", { class: "tip", "aria-hidden": "true" }),
    spoken: make("div", { class: "spoken", "aria-live": "polite" }),
    legend: make("div", { class: "legend", role: "group", "aria-label": "Legend" }),
  };
  parts.lasso.setAttribute("aria-pressed", "false");
  parts.export.setAttribute("aria-haspopup", "menu");
  parts.export.setAttribute("aria-expanded", "false");
  parts.tools.append(parts.lasso, parts.zoomIn, parts.zoomOut, parts.fit, parts.export);
  parts.chip.append(parts.chipText, parts.chipClear);
  parts.plot = make("div", { class: "plot" }, parts.underlay, parts.points, parts.tiles, parts.overlay, parts.tools,
    parts.exportMenu, parts.chip, parts.notices, parts.message, parts.tip, parts.spoken);
  const stage = make("div", { class: "stage" }, parts.plot, parts.timeline.bar);
  root.replaceChildren(make("div", { class: "frame" }, stage, parts.legend));
  return parts;
}

/** Show a sentence in place of the points, with a button where trying again can help; "" removes it. */
function showMessage(parts, sentence, retry = null) {
  parts.message.replaceChildren();
  parts.message.classList.toggle("shown", Boolean(sentence));
  if (!sentence) return;
  parts.message.append(make("p", { text: sentence }));
  if (!retry) return;
  const button = make("button", { type: "button", text: "Retry" });
  button.addEventListener("click", retry);
  parts.message.append(button);
}

/** Show a sentence about one kind of thing beside the map that stays usable; "" removes it. */
function showNotice(parts, kind, sentence, retry = null) {
  parts.notices.querySelector(`[data-kind="${kind}"]`)?.remove();
  if (!sentence) return;
  const notice = make("div", { class: "notice", "data-kind": kind }, make("span", { text: sentence }));
  parts.notices.append(notice);
  if (!retry) return;
  const button = make("button", { type: "button", text: "Retry" });
  button.addEventListener("click", retry);
  notice.append(button);
}

/** Thumbnails by name: each is fetched once, the oldest is forgotten. */
class Thumbnails {
  constructor() {
    this.kept = new Map();
  }

  /** Promise of {image, id}; rejects when there is no such image. */
  get({ name, address }) {
    let thumbnail = this.kept.get(name);
    if (!thumbnail) {
      thumbnail = this.load(address);
      // A failure is not kept: the next hover tries again.
      thumbnail.catch(() => this.kept.delete(name));
      this.kept.set(name, thumbnail);
      if (this.kept.size > THUMBNAILS_KEPT) this.kept.delete(this.kept.keys().next().value);
    }
    return thumbnail;
  }

  async load(address) {
    const answer = await fetch(address);
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    const image = await createImageBitmap(await answer.blob());
    return { image, id: answer.headers.get("X-Item-Id") ?? "" };
  }
}

/** The box that follows the pointer: thumbnail, class, split, what the colour says, id. */
class Tip {
  constructor(element, thumbnails) {
    this.element = element;
    this.thumbnails = thumbnails;
    this.picture = make("canvas", { class: "thumbnail" });
    this.heading = make("div", { class: "heading" });
    this.lines = make("div", { class: "lines" });
    this.itemId = make("div", { class: "lines" });
    element.append(this.picture, make("div", { class: "words" }, this.heading, this.lines, this.itemId));
    this.index = -1;
    this.resize(96, 96, 1);
  }

  /** Show a point after a short dwell; moving on to the next point while shown needs no new dwell. */
  show(index, facts, place, bounds) {
    const changed = index !== this.index;
    this.place = place;
    this.bounds = bounds;
    this.index = index;
    clearTimeout(this.timer);
    const shown = this.element.classList.contains("shown");
    if (changed) this.fill(facts);
    if (shown) this.move();
    if (changed || !shown) this.timer = setTimeout(() => this.open(facts), shown ? 40 : 90);
  }

  hide() {
    this.index = -1;
    clearTimeout(this.timer);
    // A short grace: on the way between two neighbouring points the box does not blink.
    this.timer = setTimeout(() => this.element.classList.remove("shown"), 60);
  }

  fill({ name, colour, lines, image }) {
    const swatch = (tint) => (tint ? [make("i", { class: "swatch", style: `--swatch: ${tint}` })] : []);
    this.heading.replaceChildren(...swatch(colour), name);
    this.lines.replaceChildren(...lines.map((line) => make("div", {}, ...swatch(line.colour), line.text)));
    this.itemId.textContent = "\u00a0"; // keeps the line's height until the id is known
    this.picture.hidden = this.itemId.hidden = !image;
    // The last picture stays, dimmed, until the next one is there: an empty box would flicker.
    this.picture.classList.add("stale");
  }

  async open(facts) {
    const index = this.index;
    this.element.classList.add("shown");
    this.move();
    if (!facts.image) return;
    try {
      const { image, id } = await this.thumbnails.get(facts.image);
      if (index !== this.index) return; // the pointer has moved on: this answer is stale
      const times = Math.max(1, Math.floor(THUMBNAIL_SIDE / Math.max(image.width, image.height)));
      this.resize(image.width, image.height, times);
      this.picture.getContext("2d").drawImage(image, 0, 0);
      this.picture.classList.remove("stale");
      this.itemId.textContent = id ? `id ${id}` : "";
      this.element.dataset.index = String(index);
    } catch {
      if (index !== this.index) return;
      this.itemId.textContent = "image not available";
      this.picture.getContext("2d").clearRect(0, 0, this.picture.width, this.picture.height);
    }
    this.move();
  }

  resize(width, height, times) {
    this.picture.width = width;
    this.picture.height = height;
    this.picture.style.width = `${width * times}px`;
    this.picture.style.height = `${height * times}px`;
  }

  /** Beside the pointer, on the side where there is room, always whole inside the map. */
  move() {
    const [x, y] = this.place, { width, height } = this.bounds;
    const wide = this.element.offsetWidth, high = this.element.offsetHeight;
    const left = x + 16 + wide <= width - 4 ? x + 16 : x - 16 - wide;
    const top = y + 16 + high <= height - 4 ? y + 16 : y - 16 - high;
    const clamp = (value, most) => Math.max(4, Math.min(value, most - 4));
    const to = [clamp(left, width - wide), clamp(top, height - high)].map(Math.round);
    this.element.style.transform = `translate(${to[0]}px, ${to[1]}px)`;
  }

  dispose() {
    clearTimeout(this.timer);
  }
}
