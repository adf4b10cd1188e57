// Canvas: draws strokes on a square of 256 x 256 and tells Python all of them when one ends.

const SIDE = 256;
const ERASER = 128; // added to a stroke's width: see explorer/data/strokes.py
const WIDTHS = { least: 6, most: 48, first: 22 };
const STEP = 2; // a point nearer to the last one is left out
const MOST_BYTES = 24000;
const MOST_POINTS = 65535; // of a stroke

class Drawing {
  constructor(root, component) {
    this.root = root;
    this.strokes = decode(component.data[0].strokes); // {width, points: [x, y, x, y, ...]}
    this.current = null;
    this.erases = false;
    this.build();
    this.ending = new AbortController();
    this.listen(this.ending.signal);
    this.resizing = new ResizeObserver(() => this.paint());
    this.resizing.observe(this.sheet);
    this.show();
  }

  build() {
    this.root.innerHTML = `
      <div class="sheet"><canvas tabindex="0" role="img"></canvas><p>Draw here: mouse, pen or finger</p></div>
      <div class="tools" role="toolbar" aria-label="Drawing">
        <button type="button" class="pen" title="Draw">Pen</button>
        <button type="button" class="eraser" title="Take ink away">Eraser</button>
        <button type="button" class="undo last" title="Take the last stroke back (Ctrl+Z)">Undo</button>
        <button type="button" class="clear" title="Take all strokes away">Clear</button>
        <label><span>Width</span><input type="range" min="${WIDTHS.least}" max="${WIDTHS.most}" value="${WIDTHS.first}"
          aria-label="Width of the pen"></label>
      </div>`;
    for (const name of ["pen", "eraser", "undo", "clear"]) this[name] = this.root.querySelector(`.${name}`);
    this.sheet = this.root.querySelector("canvas");
    this.width = this.root.querySelector("input");
  }

  listen(signal) {
    const on = (element, event, react) => element.addEventListener(event, react, { signal });
    on(this.sheet, "pointerdown", (event) => this.begin(event));
    on(this.sheet, "pointermove", (event) => this.go(event));
    for (const event of ["pointerup", "pointercancel"]) on(this.sheet, event, (last) => this.end(last));
    on(this.sheet, "keydown", (event) => {
      if (event.key.toLowerCase() !== "z" || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      this.takeBack();
    });
    on(this.pen, "click", () => this.choose(false));
    on(this.eraser, "click", () => this.choose(true));
    on(this.undo, "click", () => this.takeBack());
    on(this.clear, "click", () => this.change([]));
  }

  // ---- what a person does

  choose(erases) {
    this.erases = erases;
    this.show();
  }

  takeBack() {
    if (this.strokes.length) this.change(this.strokes.slice(0, -1));
  }

  begin(event) {
    if (!event.isPrimary || event.button !== 0) return; // another finger, or another button
    this.sheet.setPointerCapture(event.pointerId);
    this.current = { width: Number(this.width.value) + (this.erases ? ERASER : 0), points: [] };
    this.go(event);
  }

  go(event) {
    if (!this.current || !event.isPrimary) return;
    const box = this.sheet.getBoundingClientRect();
    const all = event.getCoalescedEvents?.() ?? [];
    for (const { clientX, clientY } of all.length ? all : [event]) {
      this.add(((clientX - box.left) / box.width) * SIDE, ((clientY - box.top) / box.height) * SIDE);
    }
    this.paint();
  }

  add(...at) {
    const { points } = this.current;
    const [x, y] = at.map((value) => Math.max(0, Math.min(SIDE - 1, Math.floor(value))));
    const [lastX, lastY] = points.slice(-2);
    const isFull = points.length >= 2 * MOST_POINTS || sizeOf([...this.strokes, this.current]) + 2 > MOST_BYTES;
    if (!isFull && (!points.length || Math.hypot(x - lastX, y - lastY) >= STEP)) points.push(x, y);
  }

  end(event) {
    if (!this.current || !event.isPrimary) return;
    const stroke = this.current;
    this.current = null;
    if (stroke.points.length) this.change([...this.strokes, stroke]);
  }

  change(strokes) {
    this.strokes = strokes;
    this.show();
    this.component.setStateValue("strokes", encode(strokes)); // state, not a trigger: of two quick strokes both stay
  }

  // ---- what is seen

  show() {
    const { strokes } = this;
    this.root.dataset.strokes = strokes.length;
    this.pen.setAttribute("aria-pressed", String(!this.erases));
    this.eraser.setAttribute("aria-pressed", String(this.erases));
    this.undo.disabled = this.clear.disabled = !strokes.length;
    const what = strokes.length === 1 ? "one stroke" : `${strokes.length} strokes`;
    this.sheet.setAttribute("aria-label", strokes.length ? `A drawing of ${what}` : "An empty square to draw on");
    this.paint();
  }

  paint() {
    const side = Math.round(this.sheet.clientWidth * (window.devicePixelRatio || 1));
    if (!side) return; // in a hidden tab
    if (this.sheet.width !== side) this.sheet.width = this.sheet.height = side;
    const strokes = this.current ? [...this.strokes, this.current] : this.strokes;
    this.root.classList.toggle("blank", !strokes.length);
    const pen = this.sheet.getContext("2d");
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.clearRect(0, 0, side, side);
    pen.scale(side / SIDE, side / SIDE);
    pen.lineCap = pen.lineJoin = "round";
    for (const { width, points } of strokes) {
      pen.strokeStyle = width >= ERASER ? "#000" : "#fff";
      pen.lineWidth = width % ERASER;
      pen.beginPath();
      pen.moveTo(points[0] + 0.5, points[1] + 0.5);
      for (let i = 0; i < points.length; i += 2) pen.lineTo(points[i] + 0.5, points[i + 1] + 0.5);
      pen.stroke();
    }
  }

  dispose() {
    this.ending.abort();
    this.resizing.disconnect();
  }
}

function sizeOf(strokes) {
  return strokes.reduce((bytes, { points }) => bytes + 3 + points.length, 0);
}

/** The text of explorer/data/strokes.py. */
function encode(strokes) {
  const bytes = strokes.flatMap(({ width, points }) => {
    const n = points.length / 2;
    return [width, n & 255, n >> 8, ...points];
  });
  const text = bytes.map((byte) => String.fromCharCode(byte)).join("");
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** The strokes of such a text, which Python has checked. */
function decode(text) {
  const bytes = Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
  const strokes = [];
  while (bytes.length) {
    const [width, low, high] = bytes.splice(0, 3);
    strokes.push({ width, points: bytes.splice(0, 2 * (low + 256 * high)) });
  }
  return strokes;
}

/** Entry point: Streamlit calls it at the mount, at every change of data and at every change of theme. */
export default function mount(component) {
  const root = component.parentElement.querySelector(".canvas");
  root.drawing ??= new Drawing(root, component); // later, what the browser holds is newer than what Python says
  root.drawing.component = component;
  return () => {
    // Streamlit also ends calls that a newer one has overtaken: only a square that has left the page is done.
    if (root.isConnected) return;
    root.drawing?.dispose();
    root.drawing = undefined;
  };
}
