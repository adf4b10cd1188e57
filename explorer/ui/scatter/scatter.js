// Scatter: the map itself. Ties points, camera, painter, layers, overlay and panel together and talks to Python.

const PICK_RADIUS = 8; // pixels
const FRAME_BUDGET = 30; // milliseconds of drawing in one frame, while the camera moves or slices add up
const REST_DELAY = 140; // milliseconds without camera movement before the rest of the points is drawn
const CLOUDS_KEPT = 4; // downloaded clouds that stay in memory, the latest ones

// What outlives a page switch, by identity of the cloud: camera, hidden entries, selection, points.
const keptClouds = new Map();

const NO_MARKS = { circles: [], centres: [], sectors: [], lines: [], ellipses: [], others: [], labels: [], hits: [], query: null };

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
    this.hover = this.twin = -1; // rows of the item under the pointer: here, and on a linked map
    this.sequence = 0;
    this.link = new Link(this);
    this.regions = new Regions(this);
    this.targets = new Targets(this);
    this.looks = new Looks(this);
    this.tiles = new Tiles(this, this.parts.tiles);
    this.timeline = new Timeline(this, this.parts.timeline, this.ending.signal);
    this.exporter = new Exporter(this, this.parts, this.ending.signal);
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
    this.root.style.setProperty("--scheme", this.theme.dark ? "dark" : "light");
    this.marks = { ...data.marks, place: data.marks.query_is_place };
    this.link.join(data.link);
    this.regions.set(data.layers.regions_url);
    this.targets.set(data.layers.targets_url);
    if (before?.identity !== data.identity) this.openCloud();
    else if (this.points && !this.timeline.shows(before.timeline)) this.showPoints();
    else if (this.painter && this.state === "error" && before.url !== data.url) this.load(); // a fresh token may mend it
    this.measure();
    this.takeSelection();
    this.looks.follow();
    this.looks.apply();
    this.describe();
    this.timeline.update();
    this.tiles.update();
    this.resize();
    this.redrawMarks({ beneath: true });
    if (this.settled) this.fetchLayers();
    this.writeAddressSoon(); // a rerun may have written an older address
  }

  /** Follow what Python says of the selection; each of its words counts once, and not again at every rerun. */
  takeSelection() {
    const { kept } = this;
    const { clear_selection: clearSelection, selected, n } = this.cloud;
    if (kept.clearSelection < clearSelection) this.select(null);
    kept.clearSelection = clearSelection;
    if (kept.selectionName === selected.name) return;
    kept.selectionName = selected.name;
    this.select(selected.name ? fromBitmask(selected.mask, n) : null);
  }

  notice(kind, sentence, retry = null) {
    showNotice(this.parts, kind, sentence, retry);
  }

  openCloud() {
    const { identity, items, clear_selection: clearSelection } = this.cloud;
    let kept = keptClouds.get(identity);
    if (!kept) {
      // Only the first map of this page load takes its view from the address: it is the one the link meant.
      const { camera, hidden } = keptClouds.size ? { camera: null, hidden: new Hidden() } : readAddress(this.cloud.layout);
      kept = { camera, hidden, selected: null, selectionName: "", points: null, columns: {}, clearSelection };
    }
    const sibling = [...keptClouds.values()].filter((other) => items && other.items === items).pop();
    if (sibling) {
      // The map of the same items that was shown last: what was hidden or selected there is so here.
      const { hidden, selected, selectionName, clearSelection: cleared } = sibling;
      Object.assign(kept, { hidden, selected, selectionName, clearSelection: cleared });
    }
    const [twin] = this.link.twins;
    if (twin) kept.hidden = twin.kept.hidden;
    kept.items = items;
    keptClouds.delete(identity); // put it last: the order of the map is the order of use
    keptClouds.set(identity, kept);
    for (const old of [...keptClouds.values()].slice(0, -CLOUDS_KEPT)) Object.assign(old, { points: null, frames: null, columns: {} });
    this.kept = kept;
    this.points = null;
    // An answer for the cloud before must not land in this one.
    this.loading?.abort();
    this.timeline.halt();
    this.regions.clear();
    this.targets.clear();
    delete this.root.dataset.drawn;
    this.setHover(-1);
    this.showPoints();
  }

  /** Show the cloud's points, once they and the frames of its timeline are there. */
  showPoints() {
    if (!this.painter) return; // the message about it stays
    if (this.kept.points && this.timeline.ready) this.takePoints(this.kept.points);
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
      const points = this.kept.points ?? (await fetchPoints(this.cloud, loading.signal));
      await this.timeline.load(loading.signal);
      if (loading.signal.aborted || this.ended) return;
      this.takePoints(points);
    } catch (error) {
      if (!loading.signal.aborted && !this.ended) this.fail(error);
    }
  }

  takePoints(points) {
    this.kept.points = points;
    this.points = this.timeline.place(points);
    this.measure();
    this.painter?.setPlaces(this.points);
    this.setState("ready");
    this.timeline.update();
    showMessage(this.parts, "");
    this.showChip();
    this.looks.follow();
    this.looks.refresh();
    this.looks.apply();
    this.describe();
    this.repaint();
  }

  /** The points lie elsewhere now; what they are is the same. */
  pointsMoved() {
    this.points.grid = null;
    this.painter?.setPlaces(this.points);
    this.repaint(REST_DELAY);
  }

  fail(error) {
    this.timeline.halt();
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

  reportFrame(frame) {
    this.component.setStateValue("frame", { identity: this.cloud.identity, frame, seq: this.nextNumber() });
  }

  // ---- camera -------------------------------------------------------------------------------------

  /** The camera in use: the one a person chose, or else the one that shows everything. */
  get camera() {
    return this.kept?.camera ?? this.fitted;
  }

  get fitted() {
    return fitCamera(this.box, this.width, this.height);
  }

  /** Find out what "everything" is; a rerun that changes nothing about it must not repaint. */
  measure() {
    const box = boxAround(this.points?.bounds, this.marks);
    if (JSON.stringify(box) === JSON.stringify(this.box)) return;
    this.box = box;
    this.link.measured();
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
    this.kept.camera = { ...camera, scale: this.bounded(camera.scale) };
    this.link.moved(REST_DELAY);
    this.writeAddressSoon();
    this.repaint(REST_DELAY);
  }

  bounded(scale) {
    const fitted = this.fitted.scale;
    return Math.max(fitted / 20, Math.min(fitted * LARGEST_ZOOM, scale));
  }

  panBy(dx, dy) {
    const { x, y, scale } = this.camera;
    this.moveCamera({ x: x - dx / scale, y: y + dy / scale, scale });
  }

  /** Zoom so that the data under pixel (px, py) stays there. */
  zoomAt(px, py, factor) {
    if (!this.points) return;
    const { x, y, scale: before } = this.camera;
    const scale = this.bounded(before * factor);
    const gained = 1 / before - 1 / scale;
    this.moveCamera({ x: x + (px - this.width / 2) * gained, y: y - (py - this.height / 2) * gained, scale });
  }

  fit() {
    this.kept.camera = null;
    this.link.moved(0);
    this.writeAddressSoon();
    this.repaint();
  }

  writeAddressSoon() {
    clearTimeout(this.addressTimer);
    if (!this.link.writes) return;
    this.addressTimer = setTimeout(() => writeAddress(this.link.toAddress(), this.kept.hidden.toWords(this.looks.colouring.listing)), 250);
  }

  resize() {
    const { clientWidth: width, clientHeight: height } = this.parts.plot;
    const density = window.devicePixelRatio || 1;
    if (!width || !height) return; // not laid out yet, or in a hidden tab
    if (width !== this.width || height !== this.height || density !== this.density) {
      Object.assign(this, { width, height, density });
      this.link.measured();
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
    if (this.dirty) this.tiles.moved();
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
    this.root.dataset.drawn = String(this.looks.shownCount());
    this.indexSoon();
    clearTimeout(this.layersTimer);
    this.layersTimer = setTimeout(() => this.fetchLayers(), this.restAt - performance.now());
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
    const zoom = this.camera.scale / this.fitted.scale;
    const size = Math.max(1.6, Math.min(9, 12.5 - 2.05 * crowd)) * Math.max(0.8, Math.min(3, zoom ** 0.3));
    const alpha = Math.min(0.92, Math.max(0.28, 1.45 - 0.21 * crowd) + 0.06 * Math.max(0, Math.log2(zoom)));
    return { size: Math.min(14, size), alpha };
  }

  /** The camera rests, or something else is wanted beneath the points: fetch what is not here. */
  fetchLayers() {
    this.regions.rest();
    this.targets.rest();
  }

  /** Draw what is not a point anew; what lies beneath the points only if asked, as a hover changes nothing there. */
  redrawMarks({ beneath = false } = {}) {
    this.overlayDirty = true;
    this.underlayDirty ||= beneath;
    this.schedule();
  }

  drawMarks() {
    this.overlayDirty = false;
    const scene = this.sceneAt(this.density);
    if (this.dirty || this.underlayDirty) drawUnderlay(this.underlay, scene);
    drawOverlay(this.overlay, scene);
    this.underlayDirty = false;
  }

  /** All that the drawing of anything but points needs to know, for a canvas of `density` pixels a CSS pixel. */
  sceneAt(density) {
    const { points, marks, width, height, theme, toScreen, toData, kept, cloud, regions, targets, looks } = this;
    const placeOf = (i) => (i >= 0 && i < (points?.n ?? 0) ? toScreen(points.xy[2 * i], points.xy[2 * i + 1]) : null);
    const hoverTile = this.tiles.of(this.hover);
    return {
      width, height, density, theme, toScreen, toData, regions,
      camera: this.camera,
      axes: cloud.axes,
      classes: cloud.classes,
      marks: points ? marks : NO_MARKS,
      measured: Boolean(points), // without points a scale would be made up
      hiddenClasses: looks.hiddenClasses,
      hiddenOthers: kept.hidden.others,
      markColour: looks.markColour,
      nameColour: looks.nameColour,
      regionPlaces: regions.places,
      targetLines: targets,
      targets: targets.places,
      tiles: this.tiles.shown,
      trails: this.timeline.trails(),
      hover: hoverTile ? null : placeOf(this.hover),
      hoverTile,
      twin: this.twin >= 0 && points && this.isVisible(this.twin) ? placeOf(this.twin) : null,
      crosshair: this.gestures.crosshair,
      lasso: this.gestures.path,
    };
  }

  isVisible = (i) => this.looks.isVisible(i);

  colourOf = (i) => this.looks.colourOf(i);

  // ---- what is hidden and selected -------------------------------------------------------------------

  /** Something was hidden or shown, here or on a linked map. */
  showHidden() {
    this.setHover(-1);
    this.writeAddressSoon();
    this.looks.apply();
    this.redrawMarks();
  }

  /** Take a selection (bytes of 0 and 1, or null for none) and draw it; Python is told elsewhere. */
  select(selected) {
    this.kept.selected = selected;
    this.looks.refresh();
    this.showChip();
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
      this.looks.drawn = null; // the colours were lost with the context
      this.showPoints();
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
    const tile = this.tiles.at(px, py);
    return tile >= 0 ? tile : nearestPoint(this.points, ...this.toData(px, py), PICK_RADIUS / this.camera.scale, this.isVisible);
  }

  setHover(index, at = null) {
    if (index !== this.hover) {
      this.hover = index;
      this.parts.overlay.classList.toggle("over", index >= 0);
      if (index < 0) this.tip.hide();
      this.link.hovered(index);
      this.redrawMarks();
    }
    if (index >= 0 && at) this.tip.show(index, this.looks.factsOf(index), at, this);
  }

  /** Ring the item that is hovered on a linked map; -1 for none. */
  setTwin(index) {
    if (index === this.twin) return;
    this.twin = index;
    this.redrawMarks();
  }

  // ---- end ------------------------------------------------------------------------------------------

  dispose() {
    this.ended = true;
    this.ending.abort();
    this.loading?.abort();
    for (const { fetching } of [this.looks, this.regions, this.targets]) fetching.stop();
    this.link.leave();
    this.resizing.disconnect();
    cancelAnimationFrame(this.frame);
    for (const timer of [this.addressTimer, this.restTimer, this.indexTimer, this.layersTimer]) clearTimeout(timer);
    this.tip.dispose();
    this.tiles.dispose();
    this.timeline.halt();
    this.painter?.dispose();
  }
}

const style = new CSSStyleSheet();
style.replaceSync(STYLE);

/** Show what Python says in a map's root; called at every run of the script and change of theme. */
export function mount(root, component) {
  const sheets = root.getRootNode();
  if (!sheets.adoptedStyleSheets.includes(style)) sheets.adoptedStyleSheets.push(style);
  root.map ??= new ScatterMap(root);
  root.map.update(component);
}

/** The map has left the page. */
export function unmount(root) {
  root.map?.dispose();
  root.map = undefined;
}
