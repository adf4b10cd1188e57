// Scatter: the map itself. Ties points, camera, painter, overlay and panel together and talks to Python.

const PICK_RADIUS = 8; // pixels
const FRAME_BUDGET = 30; // milliseconds of drawing in one frame, while the camera moves or slices add up
const REST_DELAY = 140; // milliseconds without camera movement before the rest of the points is drawn
const CLOUDS_KEPT = 4; // downloaded clouds that stay in memory, the latest ones

// What outlives a page switch, by identity of the cloud: camera, hidden entries, selection, points.
const keptClouds = new Map();

class ScatterMap {
  constructor(root) {
    this.root = root;
    this.parts = buildPanel(root);
    this.overlay = this.parts.overlay.getContext("2d");
    this.underlay = this.parts.underlay.getContext("2d");
    this.tip = new Tip(this.parts.tip, new Thumbnails());
    this.ending = new AbortController(); // one signal removes every listener
    this.sliceSize = 30000; // points that fit the frame budget: adapted to what is measured
    this.drawn = 0;
    this.hover = -1;
    this.sequence = 0;
    this.tick = this.tick.bind(this);
    this.theme = readTheme(root);
    this.setState("loading");
    try {
      this.painter = new Painter(this.parts.points);
    } catch (error) {
      this.fail(error);
    }
    this.listen();
    this.gestures = new Gestures(this, this.ending.signal);
    this.resizing = new ResizeObserver(() => this.resize());
    this.resizing.observe(this.parts.plot);
  }

  // ---- what Python says -------------------------------------------------------------------------

  /** Take over the arguments of a run of the script; called at every rerun and change of theme. */
  update(component) {
    const before = this.cloud;
    const [data] = component.data;
    this.component = component;
    this.cloud = data;
    this.root.style.height = data.height;
    this.theme = readTheme(this.root);
    this.palette = data.colours.map((text) => readable(parseColour(text) ?? this.theme.grey, this.theme));
    this.marks = { ...data.marks, place: data.marks.query_is_place };
    if (before?.identity !== data.identity) this.openCloud();
    else if (this.painter && this.state === "error" && before.url !== data.url) this.load(); // a fresh token may mend it
    this.measure();
    if (this.kept.clearSelection < data.clear_selection) this.select(null);
    this.kept.clearSelection = data.clear_selection;
    this.applyColours();
    this.describe();
    this.resize();
    this.redrawMarks();
    this.writeAddressSoon(); // a rerun may have written an older address
  }

  openCloud() {
    const { identity, items, clear_selection: clearSelection } = this.cloud;
    let kept = keptClouds.get(identity);
    if (!kept) {
      // Only the first map of this page load takes its view from the address: it is the one the link meant.
      const { camera, hidden } = keptClouds.size ? { camera: null, hidden: nothingHidden() } : readAddress(this.cloud.layout);
      kept = { camera, hidden, centresShown: true, selected: null, points: null, clearSelection };
    }
    const sibling = [...keptClouds.values()].filter((other) => items && other.items === items).pop();
    if (sibling) {
      // The map of the same items that was shown last: what was hidden or selected there is so here.
      const { hidden, centresShown, selected, clearSelection: cleared } = sibling;
      Object.assign(kept, { hidden, centresShown, selected, clearSelection: cleared });
    }
    kept.items = items;
    keptClouds.delete(identity); // put it last: the order of the map is the order of use
    keptClouds.set(identity, kept);
    for (const old of [...keptClouds.values()].slice(0, -CLOUDS_KEPT)) old.points = null;
    this.kept = kept;
    this.points = null;
    this.loading?.abort(); // an answer for the cloud before must not land in this one
    delete this.root.dataset.drawn;
    this.setHover(-1);
    if (!this.painter) return; // the message about it stays
    if (kept.points) this.takePoints(kept.points);
    else this.load();
  }

  async load() {
    this.loading?.abort();
    const loading = (this.loading = new AbortController());
    if (this.cloud.n === 0) {
      this.setState("ready");
      showMessage(this.parts, "There are no points to show.");
      this.repaint();
      return;
    }
    this.setState("loading");
    showMessage(this.parts, `Loading ${grouped(this.cloud.n)} points`);
    this.repaint();
    try {
      const points = await fetchPoints(this.cloud, loading.signal);
      if (loading.signal.aborted || this.ended) return;
      this.takePoints(points);
    } catch (error) {
      if (!loading.signal.aborted && !this.ended) this.fail(error);
    }
  }

  takePoints(points) {
    this.points = this.kept.points = points;
    this.measure();
    this.painter?.setPoints(points, this.kept.selected);
    this.setState("ready");
    showMessage(this.parts, "");
    this.showChip();
    this.applyColours();
    this.describe();
    this.repaint();
  }

  fail(error) {
    this.points = null;
    this.setState("error");
    const known = error instanceof MapError;
    if (!known) console.error(error);
    const sentence = known ? error.message : "The map could not be drawn: reload the page.";
    showMessage(this.parts, sentence, known && error.canRetry ? () => this.load() : null);
    this.repaint();
  }

  setState(state) {
    this.state = state;
    this.root.dataset.state = state;
    for (const button of this.parts.tools.children) button.disabled = state !== "ready";
  }

  // ---- what Python is told ------------------------------------------------------------------------

  /** Numbers grow even over a remount, so that Python can tell a new event from a repeated one. */
  nextNumber() {
    this.sequence = Math.max(this.sequence + 1, Date.now());
    return this.sequence;
  }

  reportClick(index, x, y) {
    // A click is state and not a trigger: of two quick clicks the last one always arrives, and a
    // number tells Python whether it is new.
    const { identity } = this.cloud;
    this.component.setStateValue("click", { identity, index, x, y, seq: this.nextNumber() });
  }

  reportLasso(selected) {
    // A lasso is a trigger: as state its mask would travel again with every later event.
    const { identity, n } = this.cloud;
    const mask = toBitmask(selected ?? new Uint8Array(n));
    this.component.setTriggerValue("lasso", { identity, mask, seq: this.nextNumber() });
  }

  // ---- camera -------------------------------------------------------------------------------------

  /** The camera in use: the one a person chose, or else the one that shows everything. */
  get camera() {
    return this.kept?.camera ?? fitCamera(this.box, this.width, this.height);
  }

  /** Find out what "everything" is; a rerun that changes nothing about it must not repaint. */
  measure() {
    const box = boxAround(this.points?.bounds, this.marks.circles);
    if (JSON.stringify(box) === JSON.stringify(this.box)) return;
    this.box = box;
    this.repaint();
  }

  toScreen = (x, y) => {
    const { x: cx, y: cy, scale } = this.camera;
    return [(x - cx) * scale + this.width / 2, this.height / 2 - (y - cy) * scale];
  };

  toData = (px, py) => {
    const { x: cx, y: cy, scale } = this.camera;
    return [(px - this.width / 2) / scale + cx, cy - (py - this.height / 2) / scale];
  };

  moveCamera(camera) {
    if (!this.points) return;
    const fitted = fitCamera(this.box, this.width, this.height).scale;
    const scale = Math.max(fitted / 20, Math.min(fitted * LARGEST_ZOOM, camera.scale));
    this.kept.camera = { x: camera.x, y: camera.y, scale };
    this.writeAddressSoon();
    this.repaint(REST_DELAY);
  }

  panBy(dx, dy) {
    const { x, y, scale } = this.camera;
    this.moveCamera({ x: x - dx / scale, y: y + dy / scale, scale });
  }

  /** Zoom so that the data under pixel (px, py) stays there. */
  zoomAt(px, py, factor) {
    if (!this.points) return;
    const { x, y, scale } = this.camera;
    this.moveCamera({ x, y, scale: scale * factor });
    const gained = 1 / scale - 1 / this.kept.camera.scale;
    this.kept.camera.x += (px - this.width / 2) * gained;
    this.kept.camera.y -= (py - this.height / 2) * gained;
  }

  fit() {
    this.kept.camera = null;
    this.writeAddressSoon();
    this.repaint();
  }

  writeAddressSoon() {
    clearTimeout(this.addressTimer);
    this.addressTimer = setTimeout(() => writeAddress(this.kept.camera, this.kept.hidden, this.cloud.layout), 250);
  }

  resize() {
    const { clientWidth: width, clientHeight: height } = this.parts.plot;
    const density = window.devicePixelRatio || 1;
    if (!width || !height) return; // not laid out yet, or in a hidden tab
    if (width !== this.width || height !== this.height || density !== this.density) {
      Object.assign(this, { width, height, density });
      for (const canvas of this.parts.plot.querySelectorAll(".layer")) {
        canvas.width = Math.round(width * density);
        canvas.height = Math.round(height * density);
      }
      // A resized canvas is empty until it is drawn: waiting for the next frame would flash.
      this.dirty = true;
      this.restAt = performance.now() + REST_DELAY;
      this.tick();
    }
  }

  // ---- drawing ------------------------------------------------------------------------------------

  /** Draw anew: a prefix at the next frame, the rest in slices once nothing has moved for `delay` ms. */
  repaint(delay = 0) {
    this.dirty = true;
    this.restAt = performance.now() + delay;
    this.schedule();
  }

  schedule() {
    if (!this.frame && !this.ended) this.frame = requestAnimationFrame(this.tick);
  }

  tick() {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    if (this.ended || !this.kept || !this.width) return;
    if (this.dirty || this.overlayDirty) this.drawMarks();
    if (this.dirty) this.beginPicture();
    const n = this.points?.n ?? 0;
    if (this.drawn < n && (this.drawn === 0 || performance.now() >= this.restAt)) this.drawSome(n);
    if (this.drawn < n) this.waitOrGoOn();
    else if (!this.settled) this.settle();
  }

  beginPicture() {
    this.dirty = false;
    this.settled = false;
    this.drawn = 0;
    const { size, alpha } = this.pointLook();
    if (this.painter) this.painter.begin(this.camera, this.density, size, alpha);
  }

  drawSome(n) {
    const count = Math.min(this.sliceSize, n - this.drawn);
    const took = Math.max(0.5, this.painter.drawSlice(this.drawn, count));
    if (this.drawn === 0 && count < n) this.root.dataset.prefix = String(count);
    this.drawn += count;
    // Small last slices say little about speed: a fixed cost would count as slowness.
    if (count < Math.min(n, this.sliceSize)) return;
    const fitting = (count * FRAME_BUDGET) / took;
    const next = this.sliceSize * 0.5 + Math.min(fitting, this.sliceSize * 3) * 0.5;
    this.sliceSize = Math.round(Math.max(5000, Math.min(4e6, next)));
  }

  waitOrGoOn() {
    clearTimeout(this.restTimer);
    const wait = this.restAt - performance.now();
    if (wait > 0) this.restTimer = setTimeout(() => this.schedule(), wait);
    else this.schedule();
  }

  settle() {
    this.settled = true;
    if (this.state !== "ready") return;
    this.root.dataset.drawn = String(this.shownCount());
    this.indexSoon();
    this.root.dispatchEvent(new CustomEvent("scatter-painted", { bubbles: true, composed: true }));
  }

  /** Build the index of the points before the first hover asks for it: at 1,000,000 it takes a moment. */
  indexSoon() {
    const { points } = this;
    if (!points?.bounds || points.grid) return;
    clearTimeout(this.indexTimer);
    this.indexTimer = setTimeout(() => (points.grid ??= buildGrid(points)), 50);
  }

  /** Diameter (CSS pixels) and opacity of a train point: smaller and fainter the more there are. */
  pointLook() {
    const crowd = Math.log10(Math.max(10, this.points?.n ?? 10));
    const zoom = this.camera.scale / fitCamera(this.box, this.width, this.height).scale;
    const size = Math.max(1.6, Math.min(9, 12.5 - 2.05 * crowd)) * Math.max(0.8, Math.min(3, zoom ** 0.3));
    const alpha = Math.min(0.92, Math.max(0.28, 1.45 - 0.21 * crowd) + 0.06 * Math.max(0, Math.log2(zoom)));
    return { size: Math.min(14, size), alpha };
  }

  redrawMarks() {
    this.overlayDirty = true;
    this.schedule();
  }

  drawMarks() {
    this.overlayDirty = false;
    const { points, hover, marks, width, height, density, theme, toScreen, toData } = this;
    const scene = {
      width, height, density, theme, toScreen, toData,
      camera: this.camera,
      axes: this.cloud.axes,
      classes: this.cloud.classes,
      marks: points ? marks : { circles: [], hits: [], query: null },
      measured: Boolean(points), // without points a scale would be made up
      showCircles: this.kept.centresShown,
      hiddenClasses: this.kept.hidden.classes,
      classColour: (index) => this.classColour(index),
      hover: hover >= 0 ? toScreen(points.xy[2 * hover], points.xy[2 * hover + 1]) : null,
      crosshair: this.gestures.crosshair,
      lasso: this.gestures.path,
    };
    if (this.dirty) drawGrid(this.underlay, scene);
    drawOverlay(this.overlay, scene);
  }

  classColour(index) {
    return this.palette[index] ?? this.theme.grey;
  }

  /** Send colours and hidden entries to the painter, and show them in the legend. */
  applyColours() {
    const { classes, splits } = this.kept.hidden;
    const tints = new Uint8Array(4 * 256 * 2);
    for (let k = 0; k < 256; k++) {
      tints.set([...this.classColour(k).map(Math.round), classes.has(k) ? 0 : 255], 4 * k);
      tints.set([...rampColour(this.theme, k / 255).map(Math.round), 255], 4 * (256 + k));
    }
    const byValue = this.cloud.colour_by === "confidence";
    this.showLegend(byValue);
    const look = JSON.stringify([Array.from(tints), this.theme, byValue, splits]);
    if (look === this.look) return; // most reruns: a million points need not be drawn again
    this.look = look;
    this.painter?.setColours(tints, this.theme.grey, byValue, splits.map((hidden) => !hidden));
    this.repaint();
  }

  // ---- legend, selection, words -------------------------------------------------------------------

  showLegend(byValue) {
    const { kept, points, cloud, theme } = this;
    const counts = points?.counts;
    const ids = cloud.classes.map((_, index) => index);
    if (ids.length && counts?.byClass[UNLABELLED]) ids.push(UNLABELLED);
    const hint = "click: show or hide; double-click: only this one";
    const entries = ids.map((id) => ({
      id: String(id), name: this.className(id), count: counts ? counts.byClass[id] : null,
      colour: css(this.classColour(id)), shown: !kept.hidden.classes.has(id), title: `${this.className(id)} (${hint})`,
    }));
    const switches = ["Train", "Test"].map((name, split) => ({
      id: name.toLowerCase(), name, count: counts ? counts.bySplit[split] : null, shown: !kept.hidden.splits[split],
      title: split ? "Test points: larger, on top" : "Train points: smaller, beneath",
    }));
    if (this.marks.circles.length) {
      switches.push({ id: "centres", name: "Centres", shown: kept.centresShown, title: "Configured centres and radii" });
    }
    const stops = [0, 0.2, 0.4, 0.6, 0.8, 1].map((value) => css(rampColour(theme, value)));
    const ramp = byValue ? `linear-gradient(90deg, ${stops.join(", ")})` : "";
    const digits = grouped(cloud.n).length;
    showLegend(this.parts, { entries, switches, ramp, digits }, (id) => this.toggle(id), (id) => this.showOnly(id));
  }

  className(index) {
    return index === UNLABELLED ? "Unlabelled" : (this.cloud.classes[index] ?? `class ${index}`);
  }

  toggle(id) {
    const { hidden } = this.kept;
    if (id === "train" || id === "test") {
      const split = id === "test" ? 1 : 0;
      hidden.splits[split] = !hidden.splits[split];
    } else if (id === "centres") {
      this.kept.centresShown = !this.kept.centresShown;
    } else if (!hidden.classes.delete(Number(id))) {
      hidden.classes.add(Number(id));
    }
    this.afterHiding();
  }

  /** Hide every class but one; when it is alone already, show all again. */
  showOnly(id) {
    const { hidden } = this.kept;
    const others = [...this.cloud.classes.keys(), UNLABELLED].filter((index) => index !== Number(id));
    const alone = others.every((index) => hidden.classes.has(index)) && !hidden.classes.has(Number(id));
    hidden.classes = new Set(alone ? [] : others);
    this.afterHiding();
  }

  afterHiding() {
    this.setHover(-1);
    this.writeAddressSoon();
    this.applyColours();
  }

  isVisible = (i) => {
    const { classes, splits } = this.kept.hidden;
    return !classes.has(this.points.classes[i]) && !splits[this.points.splits[i] ? 1 : 0];
  };

  shownCount() {
    let count = 0;
    for (let i = 0; i < (this.points?.n ?? 0); i++) if (this.isVisible(i)) count++;
    return count;
  }

  /** Take a selection (bytes of 0 and 1, or null for none) and draw it; Python is told elsewhere. */
  select(selected) {
    this.kept.selected = selected;
    if (this.points) this.painter?.setSelection(this.points, selected);
    this.showChip();
    this.repaint();
  }

  showChip() {
    const { selected } = this.kept;
    const count = selected ? selected.reduce((sum, flag) => sum + flag, 0) : 0;
    this.parts.chip.hidden = !selected;
    this.parts.chipText.textContent = `${grouped(count)} selected`;
  }

  clearSelection() {
    if (!this.kept.selected) return;
    this.select(null);
    this.reportLasso(null);
  }

  describe() {
    const { n, classes } = this.cloud;
    const kinds = classes.length ? ` of ${classes.length} classes` : "";
    this.parts.overlay.setAttribute("aria-label",
      `Map of ${grouped(n)} points${kinds}. Arrow keys move a crosshair, with shift faster; ` +
      "Enter clicks there; plus and minus zoom; 0 fits all points; Escape clears the selection.");
  }

  // ---- what a person does ---------------------------------------------------------------------------

  listen() {
    const { parts } = this;
    const { signal } = this.ending;
    const on = (element, event, react) => element.addEventListener(event, react, { signal });
    on(parts.zoomIn, "click", () => this.zoomAt(this.width / 2, this.height / 2, 1.5));
    on(parts.zoomOut, "click", () => this.zoomAt(this.width / 2, this.height / 2, 1 / 1.5));
    on(parts.fit, "click", () => this.fit());
    on(parts.chipClear, "click", () => this.clearSelection());
    on(parts.points, "webglcontextlost", (event) => {
      event.preventDefault(); // says that we can go on once it is restored
      this.setState("loading");
      showMessage(parts, "The graphics card took a break: the map comes back by itself.");
    });
    on(parts.points, "webglcontextrestored", () => this.restore());
  }

  restore() {
    try {
      this.painter.build();
      this.look = null; // the colours were lost with the context
      if (this.points) this.takePoints(this.points);
      else this.load();
    } catch (error) {
      this.fail(error);
    }
  }

  clickAt(at) {
    const index = this.pick(...at);
    const [x, y] = index < 0 ? this.toData(...at) : [this.points.xy[2 * index], this.points.xy[2 * index + 1]];
    this.reportClick(index, x, y);
  }

  lassoAround(path) {
    const selected = pointsInside(this.points, path.map((at) => this.toData(...at)), this.isVisible);
    this.select(selected.includes(1) ? selected : null);
    this.reportLasso(selected);
  }

  pick(px, py) {
    return nearestPoint(this.points, ...this.toData(px, py), PICK_RADIUS / this.camera.scale, this.isVisible);
  }

  setHover(index, at = null) {
    if (index !== this.hover) {
      this.hover = index;
      this.parts.overlay.classList.toggle("over", index >= 0);
      if (index < 0) this.tip.hide();
      this.redrawMarks();
    }
    if (index >= 0 && at) this.tip.show(index, this.factsOf(index), at, this);
  }

  /** What the tooltip says about a point. */
  factsOf(index) {
    const { classes, values, splits } = this.points;
    const split = splits[index] ? "test" : "train";
    const sure = this.cloud.has_confidence ? [`confidence ${Math.round((values[index] / 255) * 100)} %`] : [];
    const name = this.cloud.classes.length ? this.className(classes[index]) : "Item";
    return {
      name,
      colour: css(this.classColour(classes[index])),
      lines: [split, ...sure],
      spoken: [name, split, ...sure].join(", "),
      image: this.cloud.thumbnail_url && {
        name: `${this.cloud.identity} ${index}`, // the address may change, the image does not
        address: this.cloud.thumbnail_url.replace("{index}", String(index)),
      },
    };
  }

  // ---- end ------------------------------------------------------------------------------------------

  dispose() {
    this.ended = true;
    this.ending.abort();
    this.loading?.abort();
    this.resizing.disconnect();
    cancelAnimationFrame(this.frame);
    for (const timer of [this.addressTimer, this.restTimer, this.indexTimer]) clearTimeout(timer);
    this.tip.dispose();
    this.painter?.dispose();
  }
}

function nothingHidden() {
  return { classes: new Set(), splits: [false, false] };
}

/** Entry point: Streamlit calls it at the mount, at every change of data and at every change of theme. */
export default function mount(component) {
  const root = component.parentElement.querySelector(".scatter");
  root.map ??= new ScatterMap(root);
  root.map.update(component);
  return () => {
    // Streamlit also ends calls that a newer one has overtaken: only a map that has left the page is done.
    if (root.isConnected) return;
    root.map?.dispose();
    root.map = undefined;
  };
}
