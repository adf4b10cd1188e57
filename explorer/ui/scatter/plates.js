// Plates: names of classes on the map, each on a small ground of its own. None covers another.

const PLATE_HIGH = 20;
const PLATE_LONGEST = 28; // letters
const MANY_PLATES = 20; // from here on they are smaller
const MOVED_PLATES = 60; // of more classes, plates stay where they belong or are left out
const REACH_OF_PLATES = [10, 26, 44, 66]; // pixels from a place to the plates that give way around it
const AROUND_A_PLACE = [2, 0, 6, 4, 1, 3, 7, 5].map((eighth) => (eighth * Math.PI) / 4); // below, right, above, left first
const PLACE_KEPT_FREE = 9; // pixels around a mark that no moved plate covers
const EDGE = { left: 44, top: 46, right: 60, bottom: 40 }; // kept free for axes and tools where a plate has a choice

/**
 * Names of classes at their places. Where two would cover each other the later one gives way, with a line that leads
 * back to its place; only where there is no room around is it left out until one zooms in.
 */
function drawPlates(context, scene) {
  const names = classPlaces(scene).filter(({ index }) => scene.classes[index]);
  context.font = `600 ${names.length > MANY_PLATES ? 11 : 13}px ${scene.theme.font}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  const plates = placed(names.map((name) => plateOf(context, name, scene)), scene);
  for (const plate of plates) if (plate.isMoved) drawLeader(context, plate, scene.theme);
  for (const plate of plates) drawPlate(context, plate, scene.theme);
}

function plateOf(context, { index, mark, at }, { classes }) {
  const text = shortened(classes[index]);
  return { text, mark, at, half: context.measureText(text).width / 2 + 6 };
}

function shortened(text) {
  return text.length > PLATE_LONGEST ? `${text.slice(0, PLATE_LONGEST - 1)}\u2026` : text;
}

/** Those plates that find room, each with its `box`: at their own places as many as can, then the rest around theirs. */
function placed(plates, { width, height }) {
  const taken = [];
  const take = (plate, at) => {
    plate.box = boxOf(plate, at);
    taken.push(plate.box);
  };
  const isFree = (box) => taken.every((other) => areApart(box, other));
  const inView = plates.filter(({ mark: [x, y] }) => x >= 0 && x <= width && y >= 0 && y <= height);
  for (const plate of inView) {
    const at = inside(plate, width, height);
    if (isFree(boxOf(plate, at))) take(plate, at);
  }
  const rest = plates.length > MOVED_PLATES ? [] : inView.filter(({ box }) => !box);
  const marks = inView.map(({ mark: [x, y] }) => squareAround(x, y));
  for (const plate of rest) {
    const at = around(plate).find((to) => {
      const box = boxOf(plate, to);
      return isWithin(box, width, height) && isFree(box) && marks.every((mark) => areApart(box, mark));
    });
    if (at) take(plate, at);
    plate.isMoved = true;
  }
  return inView.filter(({ box }) => box);
}

/** At the edge of the view a plate moves in: what lies in view is named in whole. */
function inside({ at: [x, y], half }, width, height) {
  const clamp = (value, margin, most) => Math.max(margin, Math.min(most - margin, value));
  return [clamp(x, half + 4, width), clamp(y, PLATE_HIGH / 2 + 4, height)];
}

/** Places for a plate around its mark, the nearest first. */
function around({ mark: [x, y], half }) {
  return REACH_OF_PLATES.flatMap((reach) => AROUND_A_PLACE.map((angle) =>
    [x + Math.cos(angle) * (half + reach), y + Math.sin(angle) * (PLATE_HIGH / 2 + reach)]));
}

function boxOf({ half }, [x, y]) {
  return { left: x - half, right: x + half, top: y - PLATE_HIGH / 2, bottom: y + PLATE_HIGH / 2 };
}

function squareAround(x, y) {
  return { left: x - PLACE_KEPT_FREE, right: x + PLACE_KEPT_FREE, top: y - PLACE_KEPT_FREE, bottom: y + PLACE_KEPT_FREE };
}

function areApart(a, b) {
  return a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;
}

function isWithin({ left, right, top, bottom }, width, height) {
  return left >= 4 && right <= width - 4 && top >= 4 && bottom <= height - 4;
}

/** From a mark to the nearest place of its plate's edge. */
function drawLeader(context, { mark: [x, y], box: { left, right, top, bottom } }, theme) {
  const to = [Math.max(left, Math.min(right, x)), Math.max(top, Math.min(bottom, y))];
  for (const [tint, width] of [[css(theme.background, 0.8), 3.5], [css(theme.text, 0.8), 1.25]]) {
    context.beginPath();
    context.moveTo(x, y);
    context.lineTo(...to);
    context.strokeStyle = tint;
    context.lineWidth = width;
    context.stroke();
  }
}

function drawPlate(context, { text, box: { left, right, top } }, theme) {
  context.fillStyle = css(theme.background, 0.86);
  context.beginPath();
  context.roundRect(left, top, right - left, PLATE_HIGH, 5);
  context.fill();
  context.fillStyle = css(theme.text);
  context.fillText(text, (left + right) / 2, top + PLATE_HIGH / 2 + 0.5);
}

/** Where each class is named, in pixels: at what shows it best of all that is drawn; the plate lies `at` or around `mark`. */
function classPlaces(scene) {
  const { marks, toScreen } = scene;
  const places = new Map();
  const put = (index, mark, drop = 0) => {
    if (!mark || index < 0 || places.has(index) || scene.hiddenClasses.has(index)) return;
    places.set(index, { index, mark, at: [mark[0], mark[1] + drop] });
  };
  for (const [x, y, index] of marks.centres) put(index, toScreen(x, y), 21);
  for (const [x, y, , index] of marks.circles) put(index, toScreen(x, y));
  for (const [x, y, start, width, index] of marks.sectors) put(index, outmost(toScreen(x, y), start + width / 2, scene));
  const classTargets = scene.targets.length <= scene.classes.length ? scene.targets : [];
  for (const [x, y, index] of classTargets) put(index, toScreen(x, y), 21);
  for (const [x, y, index] of scene.regionPlaces) put(index, toScreen(x, y));
  return [...places.values()].sort((a, b) => a.index - b.index);
}

/** The outmost place in view on a ray; null where the ray is out of view. */
function outmost([x, y], angle, { width, height }) {
  const planes = [[EDGE.left, EDGE.top, 1, 0], [EDGE.left, EDGE.top, 0, 1], [width - EDGE.right, height - EDGE.bottom, -1, 0],
    [width - EDGE.right, height - EDGE.bottom, 0, -1], [x, y, Math.cos(angle), -Math.sin(angle)]];
  return clippedLine([x, y], [Math.cos(angle), -Math.sin(angle)], planes)?.[1] ?? null;
}
