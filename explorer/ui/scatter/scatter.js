// Scatter: the map itself. Ties its parts together, follows what Python says and what a person does.

const PICK_RADIUS = 8; // pixels

class ScatterMap {
  constructor(root) {
    this.root = root;
    this.parts = buildPanel(root);
    this.theme = readTheme(root);
    this.ending = new AbortController(); // one signal removes every listener
    this.hover = this.twin = -1; // rows of the item under the pointer: here, and on a linked map
    this.makeParts(this.ending.signal);
    try {
      this.painter = new Painter(this.parts.points);
    } catch (error) {
      this.loading.fail(error);
    }
    this.listen(this.ending.signal);
    this.resizing = new ResizeObserver(() => this.resize());
    this.resizing.observe(this.parts.plot);
  }

  makeParts(signal) {
    this.tip = new Tip(this.parts.tip, new Thumbnails());
    this.camera = new Camera(this);
    this.toScreen = this.camera.toScreen;
    this.toData = this.camera.toData;
    this.picture = new Picture(this);
    this.loading = new Loading(this);
    this.selection = new Selection(this);
    this.reports = new Reports(this);
    this.address = new AddressWriter(this);
    this.link = new Link(this);
    this.regions = new Regions(this);
    this.targets = new Targets(this);
    this.looks = new Looks(this);
    this.tiles = new Tiles(this, this.parts.tiles);
    this.timeline = new Timeline(this, this.parts.timeline, signal);
    this.exporter = new Exporter(this, this.parts, signal);
    this.gestures = new Gestures(this, signal);
  }

  /** Whether everything is drawn. */
  get settled() {
    return this.picture.settled;
  }

  // ---- what Python says

  /** Take over the arguments of a run of the script; called at every rerun and change of theme. */
  update(component) {
    const before = this.cloud;
    const [data] = component.data;
    this.component = component;
    this.cloud = data;
    this.root.style.height = data.height;
    this.theme = readTheme(this.root);
    this.marks = { ...data.marks, place: data.marks.query_is_place };
    this.link.join(data.link);
    this.regions.fetching.from(data.layers.regions_url);
    this.targets.fetching.from(data.layers.targets_url);
    this.follow(before);
    this.camera.measure();
    this.selection.follow();
    this.showLooks();
    this.timeline.update();
    this.tiles.update();
    this.resize();
    this.picture.redrawMarks({ beneath: true });
    if (this.settled) this.picture.fetchLayers();
    this.address.soon(); // a rerun may have written an older address
  }

  /** Load what the cloud asks for and the one before it did not. */
  follow(before) {
    const { cloud, loading } = this;
    if (before?.identity !== cloud.identity) this.openCloud();
    else if (this.points && !this.timeline.shows(before.timeline)) loading.show();
    else if (this.painter && loading.state === "error" && before.url !== cloud.url) loading.load(); // a fresh token may mend it
  }

  openCloud() {
    this.kept = keptOf(this.cloud, this.link.twins[0]);
    this.points = null;
    this.loading.stop();
    this.timeline.halt();
    this.regions.fetching.clear();
    this.targets.fetching.clear();
    delete this.root.dataset.drawn;
    this.setHover(-1);
    this.loading.show();
  }

  takePoints(points) {
    this.points = this.timeline.place(points);
    this.camera.measure();
    this.painter?.setPlaces(this.points);
    this.timeline.update();
    this.selection.showChip();
    this.looks.refresh();
    this.showLooks();
    this.picture.repaint();
  }

  showLooks() {
    this.looks.follow();
    this.looks.apply();
    this.describe();
  }

  /** The points lie elsewhere now; what they are is the same. */
  pointsMoved() {
    this.points.grid = null;
    this.painter?.setPlaces(this.points);
    this.picture.repaint(REST_DELAY);
  }

  notice(kind, sentence, retry = null) {
    showNotice(this.parts, kind, sentence, retry);
  }

  describe() {
    const { n, classes } = this.cloud;
    const kinds = classes.length ? ` of ${classes.length} classes` : "";
    this.parts.overlay.setAttribute("aria-label",
      `Map of ${grouped(n)} points${kinds}. Arrow keys move a crosshair, with shift faster; ` +
      "Enter clicks there; plus and minus zoom; 0 fits all points; Escape clears the selection.");
  }

  // ---- the page around it

  listen(signal) {
    const { parts, camera } = this;
    const on = (element, event, react) => element.addEventListener(event, react, { signal });
    on(parts.zoomIn, "click", () => camera.zoom(1.5));
    on(parts.zoomOut, "click", () => camera.zoom(1 / 1.5));
    on(parts.fit, "click", () => camera.fit());
    on(parts.chipClear, "click", () => this.selection.clear());
    on(parts.points, "webglcontextlost", (event) => {
      event.preventDefault(); // says that we can go on once it is restored
      this.loading.setState("loading");
      showMessage(parts, "The graphics card took a break: the map comes back by itself.");
    });
    on(parts.points, "webglcontextrestored", () => this.restore());
  }

  restore() {
    try {
      this.painter.build();
      this.looks.drawn = null; // the colours were lost with the context
      this.loading.show();
    } catch (error) {
      this.loading.fail(error);
    }
  }

  resize() {
    const { clientWidth: width, clientHeight: height } = this.parts.plot;
    const density = window.devicePixelRatio || 1;
    if (!width || !height) return; // not laid out yet, or in a hidden tab
    if (width === this.width && height === this.height && density === this.density) return;
    Object.assign(this, { width, height, density });
    this.link.measured();
    for (const canvas of this.parts.plot.querySelectorAll(".layer")) {
      canvas.width = Math.round(width * density);
      canvas.height = Math.round(height * density);
    }
    this.picture.resized();
  }

  // ---- what a person does

  /** Something was hidden or shown, here or on a linked map. */
  showHidden() {
    this.setHover(-1);
    this.address.soon();
    this.looks.apply();
    this.picture.redrawMarks();
  }

  clickAt(at) {
    const index = this.pick(...at);
    const [x, y] = index < 0 ? this.toData(...at) : [this.points.xy[2 * index], this.points.xy[2 * index + 1]];
    this.reports.click(index, x, y);
  }

  pick(px, py) {
    const tile = this.tiles.at(px, py);
    if (tile >= 0) return tile;
    return nearestPoint(this.points, ...this.toData(px, py), PICK_RADIUS / this.camera.scale, this.looks.isVisible);
  }

  setHover(index, at = null) {
    if (index !== this.hover) {
      this.hover = index;
      this.parts.overlay.classList.toggle("over", index >= 0);
      if (index < 0) this.tip.hide();
      this.link.hovered(index);
      this.picture.redrawMarks();
    }
    if (index >= 0 && at) this.tip.show(index, this.looks.factsOf(index), at, this);
  }

  /** Ring the item that is hovered on a linked map; -1 for none. */
  setTwin(index) {
    if (index === this.twin) return;
    this.twin = index;
    this.picture.redrawMarks();
  }

  // ---- end

  dispose() {
    this.ended = true;
    this.ending.abort();
    this.resizing.disconnect();
    this.link.leave();
    for (const { fetching } of [this.looks, this.regions, this.targets]) fetching.stop();
    for (const part of [this.loading, this.address, this.picture]) part.stop();
    this.timeline.halt();
    this.tip.dispose();
    this.tiles.dispose();
    this.painter?.dispose();
  }
}

/** Show what Python says in a map's root; called at every run of the script and change of theme. */
export function mount(root, component) {
  root.map ??= new ScatterMap(root);
  root.map.update(component);
}

/** The map has left the page. */
export function unmount(root) {
  root.map?.dispose();
  root.map = undefined;
}
