// Tiles: images in place of points, where few enough points are in view to show them.

const TILES_A_REQUEST = 64;
const TILE_BYTES_KEPT = 64e6; // decoded pictures that stay in memory
const TILE_PAUSE = 60000; // milliseconds before images that were missing are asked for again
const TILE_REST = 120; // milliseconds without movement before tiles are asked for
const TILE_RIM = 2; // pixels
const TILE_CROWD = 5; // "auto": points in view for each tile that would fit into it, at most
const TILE_HOLD = 1.3; // once shown, tiles stay up to that many times more points: no flicker at the bound
const TILE_ZOOM = 1.2; // "auto": times the scale that shows all points
const TILES_LOOKED_AT = 8000; // points that are searched for those that bear a tile

/** Fetched montages, shared by all maps of the page; the one that has not been drawn for longest is forgotten. */
class Montages {
  constructor() {
    this.tiles = new Map(); // name of a tile to its montage and place in it
    this.montages = new Set(); // in the order of use
    this.bytes = 0;
  }

  find(name) {
    return this.tiles.get(name);
  }

  /** Put montages that have just been drawn last in the order of use. */
  touch(drawn) {
    for (const montage of drawn) {
      if (this.montages.delete(montage)) this.montages.add(montage);
    }
  }

  add(names, side, picture) {
    const montage = { names, picture, bytes: 4 * picture.width * picture.height };
    names.forEach((name, k) => this.tiles.set(name, { montage, picture, left: k * side, side }));
    this.montages.add(montage);
    this.bytes += montage.bytes;
    for (const oldest of this.montages) {
      if (this.bytes <= TILE_BYTES_KEPT || oldest === montage) break;
      this.montages.delete(oldest);
      this.bytes -= oldest.bytes;
      // A tile may have come again in a later montage.
      for (const name of oldest.names) if (this.tiles.get(name)?.montage === oldest) this.tiles.delete(name);
      oldest.picture.close();
    }
  }
}

const montages = new Montages();

/** The points of a box in data units, in no order; of too many, every second, fourth, ... as they lie in the grid. */
function pointsInBox({ xy, grid }, box) {
  const within = (i) => xy[2 * i] >= box.left && xy[2 * i] <= box.right && xy[2 * i + 1] >= box.bottom && xy[2 * i + 1] <= box.top;
  const spans = gridSpans(grid, box);
  const count = spans.reduce((sum, [start, end]) => sum + end - start, 0);
  const step = 2 ** Math.max(0, Math.ceil(Math.log2(count / TILES_LOOKED_AT)));
  const found = [];
  for (const [start, end] of spans) {
    for (let j = Math.ceil(start / step) * step; j < end; j += step) if (within(grid.order[j])) found.push(grid.order[j]);
  }
  return found;
}

/** Stretches of the grid's order that hold the points of a box, one for each of its lines. */
function gridSpans(grid, box) {
  const first = gridLine(grid, box.left - grid.left), last = gridLine(grid, box.right - grid.left);
  const top = gridLine(grid, box.top - grid.bottom);
  const spans = [];
  for (let row = gridLine(grid, box.bottom - grid.bottom); row <= top; row++) {
    spans.push([grid.starts[row * grid.side + first], grid.starts[row * grid.side + last + 1]]);
  }
  return spans;
}

/** Whether at most `most` visible points lie in a box. */
function fewInBox({ xy, grid }, box, most, isVisible) {
  let count = 0;
  for (const [start, end] of gridSpans(grid, box)) {
    for (let j = start; j < end; j++) {
      const i = grid.order[j];
      const x = xy[2 * i], y = xy[2 * i + 1];
      if (x < box.left || x > box.right || y < box.bottom || y > box.top || !isVisible(i)) continue;
      if (++count > most) return false;
    }
  }
  return true;
}

/**
 * Which points bear a tile: one after the other as they come, each that is `room` pixels away, in x or in y, from all
 * before it. Those that bear one already come first, so that none vanishes or jumps while the map is moved.
 */
function apart(indices, placeOf, room) {
  const cells = new Map(); // squares of the screen, as large as a tile: each holds one at most
  const found = [];
  for (const i of indices) {
    const [x, y] = placeOf(i);
    const column = Math.floor(x / room), row = Math.floor(y / room);
    let free = true;
    for (let c = column - 1; free && c <= column + 1; c++) {
      for (let r = row - 1; free && r <= row + 1; r++) {
        const other = cells.get(c * 4096 + r);
        free = !other || Math.abs(other[0] - x) >= room || Math.abs(other[1] - y) >= room;
      }
    }
    if (!free) continue;
    cells.set(column * 4096 + row, [x, y]);
    found.push(i);
  }
  return found;
}

/** Draw tiles, each with a rim in its point's colour, the first points on top. */
function drawTiles(context, scene) {
  const { theme, density } = scene;
  for (const { x, y, side, colour, faded, tile } of scene.tiles) {
    // On whole device pixels: between them an image would be blurred.
    const [left, top] = [x - side / 2, y - side / 2].map((at) => Math.round(at * density) / density);
    context.globalAlpha = faded ? 0.35 : 1;
    context.fillStyle = css(colour);
    context.fillRect(left - TILE_RIM, top - TILE_RIM, side + 2 * TILE_RIM, side + 2 * TILE_RIM);
    context.fillStyle = css(theme.background);
    context.fillRect(left, top, side, side);
    context.imageSmoothingEnabled = tile.side > side * density; // enlarged, a pixel stays a square
    context.drawImage(tile.picture, tile.left, 0, tile.side, tile.side, left, top, side, side);
  }
  context.globalAlpha = 1;
}

/** The tile of a point at a pixel, if it bears one. */
function tileAt({ tiles }, [px, py]) {
  return tiles.find(({ x, y }) => Math.abs(x - px) < 0.5 && Math.abs(y - py) < 0.5);
}

/** A frame around a tile, in the text's colour on a wider one in the background's. */
function drawTileFrame(context, { x, y, side }, theme, width = 2.5, dash = []) {
  const out = side / 2 + TILE_RIM;
  for (const [colour, wide, pattern] of [[theme.background, width + 2.5, []], [theme.text, width, dash]]) {
    context.setLineDash(pattern);
    context.strokeStyle = css(colour);
    context.lineWidth = wide;
    context.strokeRect(x - out, y - out, 2 * out, 2 * out);
  }
  context.setLineDash([]);
}

class Tiles {
  constructor(map, canvas) {
    this.map = map;
    this.context = canvas.getContext("2d");
    this.shown = []; // what is drawn: {index, x, y, side, colour, faded, tile}, the topmost last
    this.chosen = [];
    this.quietUntil = 0;
  }

  /** Take over the arguments of a run of the script. */
  update() {
    const { tiles_url: url } = this.map.cloud;
    if (url !== this.url) this.quietUntil = 0; // a fresh token may mend what was refused
    this.url = url;
    this.restSoon();
  }

  get offered() {
    const { cloud, points, loading: { state } } = this.map;
    return Boolean(this.url) && cloud.images !== "never" && state === "ready" && Boolean(points?.bounds);
  }

  /** Choose the points that bear a tile in the view of now, and draw those whose images are there. */
  draw() {
    const { map } = this;
    wipe(this.context, map);
    if (!this.offered) this.chosen = [];
    else if (map.points.grid && !map.timeline.gliding) this.chosen = this.choose(); // while points glide, the same
    this.shown = this.chosen.toReversed().map((index) => this.placed(index)).filter((tile) => tile);
    montages.touch(new Set(this.shown.map(({ tile }) => tile.montage)));
    drawTiles(this.context, { theme: map.theme, density: map.density, tiles: this.shown });
    if (this.shown.length) map.root.dataset.tiles = String(this.shown.length);
    else delete map.root.dataset.tiles;
  }

  /** The view has changed: draw what is there, and once nothing moves ask for what is missing. */
  moved() {
    this.draw();
    this.restSoon();
  }

  restSoon() {
    this.resting = false;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.rest(), TILE_REST);
  }

  rest() {
    if (this.offered) this.map.points.grid ??= buildGrid(this.map.points);
    this.draw();
    this.resting = true;
    this.fetchMissing();
  }

  choose() {
    const { width, height, cloud, points, camera, toData, toScreen, looks: { isVisible } } = this.map;
    const [left, top] = toData(0, 0), [right, bottom] = toData(width, height);
    const view = { left, right, bottom, top };
    const room = cloud.tile_side + 2 * TILE_RIM; // pixels
    if (cloud.images === "auto") {
      const most = (TILE_CROWD * width * height) / room ** 2;
      const zoomed = camera.scale > TILE_ZOOM * camera.fitted.scale;
      this.few = zoomed && fewInBox(points, view, this.few ? TILE_HOLD * most : most, isVisible);
      if (!this.few) return [];
    }
    const margin = room / 2 / camera.scale;
    const near = { left: left - margin, right: right + margin, bottom: bottom - margin, top: top + margin };
    const seen = new Set(pointsInBox(points, near).filter(isVisible));
    const before = this.chosen.filter((i) => seen.has(i));
    const others = [...seen].sort((a, b) => a - b); // shuffled on the server: the first are a fair sample
    return apart([...before, ...others], (i) => toScreen(points.xy[2 * i], points.xy[2 * i + 1]), room);
  }

  /** Pixels of a fetched tile's side: those of the screen, or as few as give the same at a whole multiple. */
  get side() {
    let side = Math.round(this.map.cloud.tile_side * this.map.density);
    while (side > 96) side = Math.round(side / 2);
    return Math.max(16, side);
  }

  nameOf(index) {
    const { items, identity } = this.map.cloud;
    return `${items || identity} ${this.side} ${index}`;
  }

  /** Where a point's tile is drawn, and what; null while its image is not there. */
  placed(index) {
    const { points, cloud, kept, toScreen } = this.map;
    const tile = montages.find(this.nameOf(index));
    if (!tile || !this.map.looks.isVisible(index)) return null;
    const [x, y] = toScreen(points.xy[2 * index], points.xy[2 * index + 1]);
    const faded = Boolean(kept.selected) && !kept.selected[index];
    return { index, x, y, side: cloud.tile_side, colour: this.map.looks.colourOf(index), faded, tile };
  }

  /** Index of the point whose tile lies under a pixel, -1 where there is none. */
  at(px, py) {
    const under = ({ x, y, side }) => Math.max(Math.abs(px - x), Math.abs(py - y)) <= side / 2 + TILE_RIM;
    return this.shown.findLast(under)?.index ?? -1;
  }

  of(index) {
    return index < 0 ? undefined : this.shown.find((tile) => tile.index === index);
  }

  async fetchMissing() {
    if (this.fetching || !this.resting || performance.now() < this.quietUntil || this.map.ended) return;
    const missing = this.chosen.filter((index) => !montages.find(this.nameOf(index))).slice(0, TILES_A_REQUEST);
    if (!missing.length) return;
    const names = missing.map((index) => this.nameOf(index));
    const { side, url } = this;
    this.fetching = true;
    try {
      const answer = await fetch(url.replace("{rows}", missing.join(",")).replace("{side}", String(side)));
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      const picture = await createImageBitmap(await answer.blob());
      if (picture.width !== side * missing.length || picture.height !== side) throw new Error("not the tiles asked for");
      montages.add(names, side, picture);
    } catch {
      // Points stay points. Asking at every rest would be a storm: images that are missing are so for all.
      if (url === this.url) this.quietUntil = performance.now() + TILE_PAUSE;
    }
    this.fetching = false;
    if (this.map.ended) return;
    this.draw();
    this.map.picture.redrawMarks();
    this.fetchMissing();
  }

  dispose() {
    clearTimeout(this.timer);
  }
}
