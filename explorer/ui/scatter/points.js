// Points: the bytes that travelled, where they lie, and which of them is meant.

const UNLABELLED = 255;
const BYTES_A_POINT = 11; // x, y as float32, then class, value and split as one byte each

/** A failure that a person should read as it stands. */
class MapError extends Error {
  constructor(sentence, canRetry = true) {
    super(sentence);
    this.canRetry = canRetry;
  }
}

/** Split the answer of the points route into typed arrays, without copying. */
function parsePoints(buffer, n) {
  const points = {
    n,
    xy: new Float32Array(buffer, 0, 2 * n),
    classes: new Uint8Array(buffer, 8 * n, n),
    values: new Uint8Array(buffer, 9 * n, n),
    splits: new Uint8Array(buffer, 10 * n, n),
  };
  points.bounds = boundsOf(points.xy);
  points.counts = countsOf(points);
  points.grid = null; // built at the first pick, so that it never delays the first paint
  return points;
}

/** Download `size` bytes; every failure becomes one sentence about `what`, as in "The points". */
async function fetchBytes(url, size, signal, what) {
  let answer, bytes;
  try {
    answer = await fetch(url, { signal });
    if (answer.ok) bytes = await answer.arrayBuffer();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new MapError(`${what} could not be loaded: the server does not answer.`);
  }
  if (answer.status === 403) throw new MapError("This page's access has expired: reload the page.", false);
  if (!answer.ok) throw new MapError(`${what} could not be loaded: the server answered ${answer.status}.`);
  if (bytes.byteLength !== size) {
    throw new MapError(`${what} do not match this run: the answer has another length than expected.`);
  }
  return bytes;
}

/** Download the points of a cloud. */
async function fetchPoints({ url, n }, signal) {
  return parsePoints(await fetchBytes(url, BYTES_A_POINT * n, signal, "The points"), n);
}

/** Smallest box around the finite points; null when there are none. */
function boundsOf(xy) {
  let left = Infinity, right = -Infinity, bottom = Infinity, top = -Infinity;
  for (let i = 0; i < xy.length; i += 2) {
    const x = xy[i], y = xy[i + 1];
    if (!Number.isFinite(x) || !Number.isFinite(y)) continue;
    if (x < left) left = x;
    if (x > right) right = x;
    if (y < bottom) bottom = y;
    if (y > top) top = y;
  }
  return left <= right ? { left, right, bottom, top } : null;
}

/** How many points each class and each split holds. */
function countsOf({ n, classes, splits }) {
  const byClass = new Uint32Array(256);
  const bySplit = [0, 0];
  for (let i = 0; i < n; i++) {
    byClass[classes[i]]++;
    bySplit[splits[i] ? 1 : 0]++;
  }
  return { byClass, bySplit };
}

/** Sort the points into square cells (counting sort): a pick then looks at a few cells only. */
function buildGrid({ n, xy, bounds }) {
  const width = Math.max(bounds.right - bounds.left, bounds.top - bounds.bottom) || 1;
  const side = Math.max(1, Math.min(1024, Math.ceil(Math.sqrt(n / 2))));
  const grid = { side, left: bounds.left, bottom: bounds.bottom, cell: width / side };
  const cellOf = new Int32Array(n);
  grid.starts = new Uint32Array(side * side + 1);
  for (let i = 0; i < n; i++) {
    const x = xy[2 * i], y = xy[2 * i + 1];
    const finite = Number.isFinite(x) && Number.isFinite(y);
    cellOf[i] = finite ? gridLine(grid, y - grid.bottom) * side + gridLine(grid, x - grid.left) : -1;
    if (finite) grid.starts[cellOf[i] + 1]++;
  }
  for (let c = 0; c < side * side; c++) grid.starts[c + 1] += grid.starts[c];
  const next = grid.starts.slice();
  grid.order = new Uint32Array(n);
  for (let i = 0; i < n; i++) if (cellOf[i] >= 0) grid.order[next[cellOf[i]]++] = i;
  return grid;
}

function gridLine(grid, distance) {
  return Math.max(0, Math.min(grid.side - 1, Math.floor(distance / grid.cell)));
}

/** Index of the nearest visible point within `radius` (data units) of (x, y); -1 if there is none. */
function nearestPoint(points, x, y, radius, isVisible) {
  if (!points.bounds) return -1;
  const grid = (points.grid ??= buildGrid(points));
  const firstColumn = gridLine(grid, x - radius - grid.left), lastColumn = gridLine(grid, x + radius - grid.left);
  const firstRow = gridLine(grid, y - radius - grid.bottom), lastRow = gridLine(grid, y + radius - grid.bottom);
  let nearest = -1, least = radius * radius;
  for (let row = firstRow; row <= lastRow; row++) {
    const start = grid.starts[row * grid.side + firstColumn], end = grid.starts[row * grid.side + lastColumn + 1];
    for (let j = start; j < end; j++) {
      const i = grid.order[j];
      const dx = points.xy[2 * i] - x, dy = points.xy[2 * i + 1] - y;
      const distance = dx * dx + dy * dy;
      // At equal distance the lower index wins, so that an answer never depends on the grid.
      if ((distance < least || (distance === least && i < nearest)) && isVisible(i)) {
        least = distance;
        nearest = i;
      }
    }
  }
  return nearest;
}

/** Mark the visible points inside a polygon [[x, y], ...] (even-odd rule); returns bytes of 0 and 1. */
function pointsInside(points, polygon, isVisible) {
  const inside = new Uint8Array(points.n);
  const box = boundsOf(Float64Array.from(polygon.flat()));
  if (!box) return inside;
  for (let i = 0; i < points.n; i++) {
    const x = points.xy[2 * i], y = points.xy[2 * i + 1];
    if (!(x >= box.left && x <= box.right && y >= box.bottom && y <= box.top)) continue;
    if (isInside(polygon, x, y) && isVisible(i)) inside[i] = 1;
  }
  return inside;
}

function isInside(polygon, x, y) {
  let odd = false;
  for (let a = 0, b = polygon.length - 1; a < polygon.length; b = a++) {
    const [ax, ay] = polygon[a], [bx, by] = polygon[b];
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) odd = !odd;
  }
  return odd;
}

/** The bytes of 0 and 1 that a base64 bit mask of n points says. */
function fromBitmask(text, n) {
  const raw = atob(text);
  const flags = new Uint8Array(n);
  for (let i = 0; i < n; i++) flags[i] = (raw.charCodeAt(i >> 3) >> (i & 7)) & 1;
  return flags;
}

/** Bytes of 0 and 1 as a base64 bit mask, point i in bit i % 8 of byte i / 8. */
function toBitmask(flags) {
  const bytes = new Uint8Array(Math.ceil(flags.length / 8));
  for (let i = 0; i < flags.length; i++) if (flags[i]) bytes[i >> 3] |= 1 << (i & 7);
  let text = "";
  // In slices: spreading 125,000 bytes into one call overflows the stack.
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return btoa(text);
}
