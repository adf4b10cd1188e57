// Gestures: what pointer, wheel and keys mean. Decides; the map acts.

const DRAG_START = 4; // pixels a pressed pointer moves before it drags: a trembling click stays a click
const DOUBLE_CLICK = 320; // milliseconds
const CROSSHAIR_MARGIN = 12; // pixels between crosshair and edge

class Gestures {
  constructor(map, signal) {
    this.map = map;
    this.surface = map.parts.overlay;
    this.pointers = new Map(); // pressed pointers: id to place
    this.gesture = null; // {kind: "pan" | "lasso" | "pinch", start, moved}
    this.path = null; // lasso being drawn
    this.crosshair = null; // place of the keyboard's pointer
    const on = (element, event, react, options = {}) => element.addEventListener(event, react, { signal, ...options });
    on(this.surface, "pointerdown", (event) => this.press(event));
    on(this.surface, "pointermove", (event) => this.move(event));
    on(this.surface, "pointerup", (event) => this.release(event));
    on(this.surface, "pointercancel", () => this.cancel());
    on(this.surface, "pointerleave", () => map.setHover(-1));
    on(this.surface, "wheel", (event) => this.wheel(event), { passive: false });
    on(this.surface, "keydown", (event) => this.key(event));
    on(this.surface, "blur", () => this.setCrosshair(null));
    on(map.parts.lasso, "click", () => this.setLassoMode(!this.lassoMode));
  }

  placeOf(event) {
    const frame = this.surface.getBoundingClientRect();
    return [event.clientX - frame.left, event.clientY - frame.top];
  }

  // ---- pointer

  press(event) {
    if (event.button !== 0 || !this.map.points) return;
    const at = this.placeOf(event);
    this.surface.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, at);
    this.setCrosshair(null);
    this.path = null;
    if (this.pointers.size > 1) {
      this.gesture = { kind: "pinch" };
      return;
    }
    const kind = this.lassoMode || event.shiftKey ? "lasso" : "pan";
    this.gesture = { kind, start: at, moved: false };
    if (kind === "lasso") this.path = [at];
  }

  move(event) {
    const { map, gesture } = this;
    const at = this.placeOf(event);
    const before = this.pointers.get(event.pointerId);
    if (!before) return map.setHover(map.points && !gesture ? map.pick(...at) : -1, at);
    this.pointers.set(event.pointerId, at);
    if (!gesture) return;
    if (gesture.kind === "pinch") return this.pinch(event.pointerId, before, at);
    const far = Math.hypot(at[0] - gesture.start[0], at[1] - gesture.start[1]) >= DRAG_START;
    if (!gesture.moved && !far) return;
    const from = gesture.moved ? before : gesture.start;
    gesture.moved = true;
    map.setHover(-1);
    if (gesture.kind === "pan") {
      this.surface.classList.add("drag");
      map.camera.panBy(at[0] - from[0], at[1] - from[1]);
    } else {
      this.path.push(at);
      map.picture.redrawMarks();
    }
  }

  /** Two fingers: pan by the change of their middle, zoom by the change of their distance. */
  pinch(id, before, at) {
    const other = [...this.pointers].find(([pressed]) => pressed !== id)?.[1];
    if (!other) return;
    const length = (a, b) => Math.max(10, Math.hypot(a[0] - b[0], a[1] - b[1]));
    this.map.camera.panBy((at[0] - before[0]) / 2, (at[1] - before[1]) / 2);
    this.map.camera.zoomAt((at[0] + other[0]) / 2, (at[1] + other[1]) / 2, length(at, other) / length(before, other));
  }

  release(event) {
    const { gesture, path } = this;
    if (!this.pointers.delete(event.pointerId) || !gesture || this.pointers.size) return;
    this.cancel();
    if (gesture.kind === "pinch") return;
    if (!gesture.moved) {
      this.click(this.placeOf(event));
    } else if (path?.length >= 3) {
      this.map.selection.lasso(path);
      this.setLassoMode(false);
    }
  }

  /** Forget the gesture under way. */
  cancel() {
    this.pointers.clear();
    this.gesture = null;
    this.path = null;
    this.surface.classList.remove("drag");
    this.map.picture.redrawMarks();
  }

  click(at) {
    const now = performance.now(), last = this.lastClick;
    const again = last && now - last.time < DOUBLE_CLICK && Math.hypot(at[0] - last.at[0], at[1] - last.at[1]) < 6;
    this.lastClick = again ? null : { time: now, at };
    // The first click is reported at once (waiting for a second one would make every click slow);
    // the second one only fits.
    if (again) this.map.camera.fit();
    else this.map.clickAt(at);
  }

  wheel(event) {
    event.preventDefault(); // the page must not scroll while the map zooms
    if (!this.map.points) return;
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1; // Firefox counts lines
    const step = Math.max(-240, Math.min(240, event.deltaY * lines));
    this.map.setHover(-1);
    this.map.camera.zoomAt(...this.placeOf(event), Math.exp(-step * 0.0018));
  }

  setLassoMode(on) {
    this.lassoMode = on;
    this.map.parts.lasso.setAttribute("aria-pressed", String(on));
    this.surface.classList.toggle("drawing", on);
  }

  // ---- keys

  key(event) {
    const { map } = this;
    if (event.ctrlKey || event.metaKey || event.altKey || !map.points) return;
    const step = event.shiftKey ? 40 : 8;
    const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
    const middle = [map.width / 2, map.height / 2];
    const zoom = { "+": 1.25, "=": 1.25, "-": 0.8, "_": 0.8 }[event.key];
    if (moves[event.key]) this.moveCrosshair(...moves[event.key]);
    else if (event.key === "Enter" && this.crosshair) map.clickAt(this.crosshair);
    else if (event.key === "Enter") this.setCrosshair(middle);
    else if (zoom) map.camera.zoomAt(...(this.crosshair ?? middle), zoom);
    else if (event.key === "0") map.camera.fit();
    else if (event.key === "Escape") this.escape();
    else return;
    event.preventDefault();
    event.stopPropagation(); // Streamlit listens to single keys too
  }

  escape() {
    this.cancel();
    this.setCrosshair(null);
    this.setLassoMode(false);
    this.map.selection.clear();
  }

  /** Move the crosshair, which starts in the middle; at the edge it stays and the map moves beneath it. */
  moveCrosshair(dx, dy) {
    const { map } = this;
    const [x, y] = this.crosshair ?? [map.width / 2, map.height / 2];
    const within = (value, most) => Math.max(CROSSHAIR_MARGIN, Math.min(most - CROSSHAIR_MARGIN, value));
    const to = [within(x + dx, map.width), within(y + dy, map.height)];
    const over = [x + dx - to[0], y + dy - to[1]];
    if (over[0] || over[1]) map.camera.panBy(-over[0], -over[1]);
    this.setCrosshair(to);
  }

  setCrosshair(at) {
    if (!at && !this.crosshair) return;
    this.crosshair = at;
    const index = at ? this.map.pick(...at) : -1;
    this.map.setHover(index, at);
    if (at) this.map.parts.spoken.textContent = index < 0 ? "empty" : this.map.looks.factsOf(index).spoken;
    this.map.picture.redrawMarks();
  }
}
