// Plates: words on the map, each on a small ground of its own. None covers another.

const PLATE_HIGH = 20;
const PLATE_LONGEST = 28; // letters
const MANY_PLATES = 20; // from here on they are smaller
const EDGE = { left: 44, top: 46, right: 60, bottom: 40 }; // kept free for axes and tools where a plate has a choice

/** Names of classes at their places; whichever finds no room is left out until one zooms in. */
function drawPlates(context, scene) {
  const names = classPlaces(scene);
  const taken = [];
  const size = names.size > MANY_PLATES ? 11 : 13;
  context.textAlign = "center";
  context.textBaseline = "middle";
  for (const [index, [x, y]] of names) {
    context.font = `600 ${size}px ${scene.theme.font}`;
    drawPlate(context, scene.classes[index] ?? "", [[x, y], [x, y + PLATE_HIGH + 2], [x, y - PLATE_HIGH - 2]], taken, scene);
  }
}

function shortened(text) {
  return text.length > PLATE_LONGEST ? `${text.slice(0, PLATE_LONGEST - 1)}\u2026` : text;
}

/** Draw a plate at the first of its places that is free, and note in `taken` what it covers. */
function drawPlate(context, words, wishes, taken, { theme, width }) {
  const text = shortened(words);
  if (!text) return;
  const half = context.measureText(text).width / 2 + 6;
  // What lies in view is named in whole: at the edge a plate moves in.
  const inside = (x) => (x < 0 || x > width ? x : Math.max(half + 4, Math.min(width - half - 4, x)));
  const places = wishes.map(([x, y]) => [inside(x), y]);
  const boxes = places.map(([x, y]) => ({ left: x - half, right: x + half, top: y - PLATE_HIGH / 2, bottom: y + PLATE_HIGH / 2 }));
  const apart = (a, b) => a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;
  const free = boxes.findIndex((box) => taken.every((other) => apart(box, other)));
  if (free < 0) return;
  taken.push(boxes[free]);
  const [x, y] = places[free];
  context.fillStyle = css(theme.background, 0.86);
  context.beginPath();
  context.roundRect(x - half, y - PLATE_HIGH / 2, 2 * half, PLATE_HIGH, 5);
  context.fill();
  context.fillStyle = css(theme.text);
  context.fillText(text, x, y + 0.5);
}

/** Where each class is named, in pixels: at what shows it best of all that is drawn. */
function classPlaces(scene) {
  const { marks, toScreen } = scene;
  const places = new Map();
  const put = (index, place) => {
    if (place && index >= 0 && !places.has(index) && !scene.hiddenClasses.has(index)) places.set(index, place);
  };
  const beneath = ([x, y]) => [x, y + 21];
  for (const [x, y, index] of marks.centres) put(index, beneath(toScreen(x, y)));
  for (const [x, y, , index] of marks.circles) put(index, toScreen(x, y));
  for (const [x, y, start, width, index] of marks.sectors) put(index, outmost(toScreen(x, y), start + width / 2, scene));
  const classTargets = scene.targets.length <= scene.classes.length ? scene.targets : [];
  for (const [x, y, index] of classTargets) put(index, beneath(toScreen(x, y)));
  for (const [x, y, index] of scene.regionPlaces) put(index, toScreen(x, y));
  return new Map([...places].sort(([a], [b]) => a - b));
}

/** The outmost place in view on a ray; null where the ray is out of view. */
function outmost([x, y], angle, { width, height }) {
  const planes = [[EDGE.left, EDGE.top, 1, 0], [EDGE.left, EDGE.top, 0, 1], [width - EDGE.right, height - EDGE.bottom, -1, 0],
    [width - EDGE.right, height - EDGE.bottom, 0, -1], [x, y, Math.cos(angle), -Math.sin(angle)]];
  return clippedLine([x, y], [Math.cos(angle), -Math.sin(angle)], planes)?.[1] ?? null;
}
