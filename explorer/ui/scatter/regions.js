// Regions: the class decided at each place of the view, a picture beneath the points that follows the camera.

const REGION_CELL = 2; // CSS pixels that a cell of the picture is wide, at least
const REGION_CELLS = 120_000; // of one picture, about
const REGION_MARGIN = 0.15; // of the view on each side: the picture reaches beyond it while the camera moves
const FINER = 3; // cells of the drawn picture along a fetched one
const REACH = 2; // fetched cells around one that have a say in it
const AROUND = Array.from({ length: (2 * REACH + 1) ** 2 }, (_, k) => [(k % (2 * REACH + 1)) - REACH, Math.floor(k / (2 * REACH + 1)) - REACH]);
// For each fine cell of a fetched one what each cell around weighs: the less the farther.
const WEIGHTS = Array.from({ length: FINER ** 2 }, (_, k) => {
  const [right, down] = [k % FINER, Math.floor(k / FINER)].map((part) => (part + 0.5) / FINER - 0.5);
  return Float64Array.from(AROUND, ([dx, dy]) => Math.exp(-((dx - right) ** 2 + (dy - down) ** 2)));
});

/** The class decided at each place of the view, as a picture that is fetched anew when the camera rests. */
class Regions {
  constructor(map) {
    this.map = map;
    this.fetching = new Fetching(map, "regions", "The decision regions", () => this.rest(), () => this.forget());
    this.picture = make("canvas");
    this.forget();
  }

  forget() {
    this.cells = null; // {bytes, width, height, box} of the last answer
    this.places = []; // where each class that has a region can be named, [x, y, class]
  }

  /** The camera rests: fetch the picture of this view, if it is another one. */
  async rest() {
    const { map, fetching: { url } } = this;
    if (!url || !map.points) return;
    const [left, top] = map.toData(-map.width * REGION_MARGIN, -map.height * REGION_MARGIN);
    const [right, bottom] = map.toData(map.width * (1 + REGION_MARGIN), map.height * (1 + REGION_MARGIN));
    const [wide, high] = [map.width, map.height].map((side) => side * (1 + 2 * REGION_MARGIN));
    const cell = Math.max(REGION_CELL, Math.sqrt((wide * high) / REGION_CELLS));
    const [width, height] = [wide, high].map((side) => Math.max(1, Math.round(side / cell)));
    const box = [left, bottom, right, top].map((value) => Number(value.toPrecision(12)));
    const view = `&box=${box.join(",")}&size=${width},${height}`;
    const bytes = await this.fetching.get(withoutToken(url) + view, url + view, width * height);
    if (!bytes) return;
    const cells = { bytes: new Uint8Array(bytes), width, height, box };
    this.cells = refined(cells);
    this.places = regionPlaces(cells);
    this.paint();
    map.picture.redrawMarks({ beneath: true });
  }

  /** Colour the picture; a change of theme or of what is hidden asks for no other bytes. */
  paint() {
    if (!this.cells) return;
    const { bytes, width, height } = this.cells;
    const { theme } = this.map;
    const image = new ImageData(width, height);
    const shown = (byte) => byte !== NO_GROUP && !this.map.looks.hiddenClasses.has(byte);
    const rgba = (colour, alpha) => new Uint32Array(new Uint8ClampedArray([...colour, alpha]).buffer)[0];
    const fills = Uint32Array.from({ length: 256 }, (_, k) => (shown(k) ? rgba(this.map.looks.classColour(k), theme.dark ? 62 : 46) : 0));
    const edge = rgba(mix(theme.background, theme.text, 0.6), 200);
    const pixels = new Uint32Array(image.data.buffer);
    for (let i = 0; i < bytes.length; i++) {
      const own = bytes[i], right = bytes[i + 1] ?? own, below = bytes[i + width] ?? own;
      const isEdge = (own !== right && (i + 1) % width) || own !== below;
      pixels[i] = isEdge && (shown(own) || shown(right) || shown(below)) ? edge : fills[own];
    }
    Object.assign(this.picture, { width, height });
    this.picture.getContext("2d").putImageData(image, 0, 0);
  }

  draw(context, { toScreen }) {
    if (!this.cells) return;
    const [left, bottom, right, top] = this.cells.box;
    const [x, y] = toScreen(left, top), [toX, toY] = toScreen(right, bottom);
    context.imageSmoothingEnabled = true;
    context.drawImage(this.picture, x, y, toX - x, toY - y);
  }
}

/**
 * The same regions in finer cells. Where two meet, each goes to the class that weighs most around it, so that edges
 * run smoothly and not in steps.
 */
function refined({ bytes, width, height, box }) {
  const wide = width * FINER;
  const fine = new Uint8Array(bytes.length * FINER ** 2);
  for (let i = 0; i < fine.length; i++) fine[i] = bytes[Math.floor(i / wide / FINER) * width + Math.floor((i % wide) / FINER)];
  const votes = new Float64Array(256);
  const near = new Uint8Array(AROUND.length);
  for (const i of cellsAtEdges(bytes, width, height)) {
    const x = i % width, y = Math.floor(i / width);
    AROUND.forEach(([dx, dy], k) => {
      near[k] = bytes[Math.max(0, Math.min(height - 1, y + dy)) * width + Math.max(0, Math.min(width - 1, x + dx))];
    });
    for (let part = 0; part < FINER ** 2; part++) {
      let best = bytes[i];
      for (const byte of near) votes[byte] = 0;
      for (let k = 0; k < near.length; k++) {
        votes[near[k]] += WEIGHTS[part][k];
        if (votes[near[k]] > votes[best]) best = near[k];
      }
      fine[(y * FINER + Math.floor(part / FINER)) * wide + x * FINER + (part % FINER)] = best;
    }
  }
  return { bytes: fine, width: wide, height: height * FINER, box };
}

/** Indices of the cells that have another class within reach. */
function cellsAtEdges(bytes, width, height) {
  const near = new Uint8Array(bytes.length);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) {
    const i = y * width + x;
    const differs = (x + 1 < width && bytes[i] !== bytes[i + 1]) || (y + 1 < height && bytes[i] !== bytes[i + width]);
    if (!differs) continue;
    for (let dy = -1; dy <= REACH; dy++) for (let dx = -1; dx <= REACH; dx++) {
      if (x + dx >= 0 && x + dx < width && y + dy >= 0 && y + dy < height) near[i + dy * width + dx] = 1;
    }
  }
  const cells = [];
  for (let i = 0; i < near.length; i++) if (near[i]) cells.push(i);
  return cells;
}

/** For each class that has a region the place [x, y, class] in it that lies farthest from any other region. */
function regionPlaces({ bytes, width, height, box: [left, bottom, right, top] }) {
  // Distance to the region's edge in cells, by two sweeps; the picture's own border counts as an edge.
  const far = new Uint16Array(bytes.length);
  const step = (i, a, b) => (bytes[i] === bytes[a] && bytes[i] === bytes[b] ? Math.min(far[a], far[b]) + 1 : 0);
  for (let y = 1; y < height; y++) for (let x = 1; x < width; x++) {
    const i = y * width + x;
    far[i] = step(i, i - 1, i - width);
  }
  const best = new Map();
  for (let y = height - 1; y >= 0; y--) for (let x = width - 1; x >= 0; x--) {
    const i = y * width + x;
    far[i] = x + 1 < width && y + 1 < height ? Math.min(far[i], step(i, i + 1, i + width)) : 0;
    if (bytes[i] !== NO_GROUP && far[i] > (best.get(bytes[i])?.far ?? 0)) best.set(bytes[i], { far: far[i], x, y });
  }
  return [...best].map(([index, { x, y }]) =>
    [left + ((x + 0.5) / width) * (right - left), top - ((y + 0.5) / height) * (top - bottom), index]);
}
