// Picture: when what is drawn. The points come in slices, so that no frame takes long, however many there are.

const FRAME_BUDGET = 30; // milliseconds of drawing in one frame, while the camera moves or slices add up

class Picture {
  constructor(map) {
    this.map = map;
    this.overlay = map.parts.overlay.getContext("2d");
    this.underlay = map.parts.underlay.getContext("2d");
    this.sliceSize = 30000; // points that fit the frame budget: adapted to what is measured
    this.drawn = 0; // points
    this.settled = false; // everything is drawn
    this.tick = this.tick.bind(this);
  }

  /** Draw anew: a prefix at the next frame, the rest in slices once nothing has moved for `delay` ms. */
  repaint(delay = 0) {
    this.dirty = true;
    this.restAt = performance.now() + delay;
    this.schedule();
  }

  /** Draw what is not a point anew; what lies beneath the points only if asked, as a hover changes nothing there. */
  redrawMarks({ beneath = false } = {}) {
    this.overlayDirty = true;
    this.underlayDirty ||= beneath;
    this.schedule();
  }

  /** Draw at once: a canvas of another size is empty until it is drawn, and waiting for the next frame would flash. */
  resized() {
    this.dirty = true;
    this.restAt = performance.now() + REST_DELAY;
    this.tick();
  }

  schedule() {
    if (!this.frame && !this.map.ended) this.frame = requestAnimationFrame(this.tick);
  }

  tick() {
    const { map } = this;
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    if (map.ended || !map.kept || !map.width) return;
    if (this.dirty) map.tiles.moved();
    if (this.dirty || this.overlayDirty) this.drawMarks();
    if (this.dirty) this.begin();
    const n = map.points?.n ?? 0;
    if (this.drawn < n && (this.drawn === 0 || performance.now() >= this.restAt)) this.drawSome(n);
    if (this.drawn < n) this.waitOrGoOn();
    else if (!this.settled) this.settle();
  }

  drawMarks() {
    this.overlayDirty = false;
    const scene = sceneOf(this.map, this.map.density);
    if (this.dirty || this.underlayDirty) drawUnderlay(this.underlay, scene);
    drawOverlay(this.overlay, scene);
    this.underlayDirty = false;
  }

  // ---- points

  begin() {
    const { painter, camera, density } = this.map;
    this.dirty = false;
    this.settled = false;
    this.drawn = 0;
    const { size, alpha } = pointLook(this.map);
    painter?.begin(camera, density, size, alpha);
  }

  drawSome(n) {
    const { painter, root } = this.map;
    const count = Math.min(this.sliceSize, n - this.drawn);
    const took = Math.max(0.5, painter.drawSlice(this.drawn, count));
    if (this.drawn === 0 && count < n) root.dataset.prefix = String(count);
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

  // ---- once nothing moves

  settle() {
    const { loading, root, looks } = this.map;
    this.settled = true;
    if (loading.state !== "ready") return;
    root.dataset.drawn = String(looks.shownCount());
    this.indexSoon();
    clearTimeout(this.layersTimer);
    this.layersTimer = setTimeout(() => this.fetchLayers(), this.restAt - performance.now());
    root.dispatchEvent(new CustomEvent("scatter-painted", { bubbles: true, composed: true }));
  }

  /** Fetch what is wanted beneath the points and is not here. */
  fetchLayers() {
    this.map.regions.rest();
    this.map.targets.rest();
  }

  /** Build the index of the points before the first hover asks for it: at 1,000,000 it takes a moment. */
  indexSoon() {
    const { points } = this.map;
    if (!points?.bounds || points.grid) return;
    clearTimeout(this.indexTimer);
    this.indexTimer = setTimeout(() => (points.grid ??= buildGrid(points)), 50);
  }

  stop() {
    cancelAnimationFrame(this.frame);
    for (const timer of [this.restTimer, this.indexTimer, this.layersTimer]) clearTimeout(timer);
  }
}
