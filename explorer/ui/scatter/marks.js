// Marks: what Python asks to draw over the points (circles, centres, sectors, outlines, lines, ellipses, other items).
// Each kind has a shape of its own, so that none is told by its colour alone.

const FORBIDDEN = -1; // in place of a sector's class
const HATCH = 9; // pixels between the lines of a forbidden sector
const OTHERS_LARGE = [[60, 10], [600, 7.5], [Infinity, 6]]; // half a diamond's diagonal, for up to so many
const TARGETS_LARGE = 60;
const NAMES_APART = 14; // pixels between the names of two outlines
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** Letter of a group of other items; a single group needs none. */
function letterOf(marks, group) {
  return marks.others_names.length > 1 ? (LETTERS[group] ?? "\u00b7") : "";
}

// ---- beneath the points

/** A class sector is a tinted wedge between two lines, a forbidden one is hatched in grey, any other is left empty. */
function drawSectors(context, scene) {
  for (const [x, y, start, width, index] of scene.marks.sectors) {
    if (scene.hiddenClasses.has(index)) continue;
    const apex = scene.toScreen(x, y);
    // Ends beyond the view: the farthest corner, and some more.
    const reach = Math.hypot(Math.abs(apex[0]) + scene.width, Math.abs(apex[1]) + scene.height);
    if (index === FORBIDDEN) hatchSector(context, apex, reach, start, width, scene);
    else drawSector(context, apex, reach, start, width, index >= 0 ? scene.markColour(index) : null, scene.theme);
  }
}

function drawSector(context, [x, y], reach, start, width, colour, theme) {
  context.beginPath();
  context.moveTo(x, y);
  context.arc(x, y, reach, -start, -start - width, true); // on the screen y points down
  context.closePath();
  if (colour) {
    context.fillStyle = css(colour, theme.dark ? 0.2 : 0.14);
    context.fill();
  }
  context.strokeStyle = css(mix(colour ?? theme.grey, theme.text, 0.35), 0.8);
  context.lineWidth = 1.25;
  context.stroke();
}

function hatchSector(context, apex, reach, start, width, { theme, width: right, height: bottom }) {
  // What a hatching line must stay within, as half-planes [x, y, direction in]: the view and the sector's two sides.
  const inwards = (angle, turn) => [...apex, Math.cos(angle + turn), -Math.sin(angle + turn)];
  const sides = width < Math.PI ? [inwards(start, Math.PI / 2), inwards(start + width, -Math.PI / 2)] : [];
  const planes = [[0, 0, 1, 0], [0, 0, 0, 1], [right, bottom, -1, 0], [right, bottom, 0, -1], ...sides];
  const slope = Math.SQRT1_2;
  context.beginPath();
  for (let k = -Math.ceil(reach / HATCH); k * HATCH <= reach; k++) {
    // Counted from the apex: the hatching moves with the map.
    const from = [apex[0] + k * HATCH * slope, apex[1] + k * HATCH * slope];
    const ends = clippedLine(from, [slope, -slope], planes);
    if (!ends) continue;
    context.moveTo(...ends[0]);
    context.lineTo(...ends[1]);
  }
  for (const angle of [start, start + width]) {
    context.moveTo(...apex);
    context.lineTo(apex[0] + reach * Math.cos(angle), apex[1] - reach * Math.sin(angle));
  }
  context.strokeStyle = css(mix(theme.grey, theme.text, 0.25), 0.55);
  context.lineWidth = 1;
  context.stroke();
}

/** The part of an endless line through (x, y) that lies within all half-planes [px, py, nx, ny]; null if none does. */
function clippedLine([x, y], [dx, dy], planes) {
  let first = -1e5, last = 1e5;
  for (const [px, py, nx, ny] of planes) {
    const speed = dx * nx + dy * ny, depth = (x - px) * nx + (y - py) * ny;
    if (Math.abs(speed) < 1e-12) {
      if (depth < 0) return null;
    } else if (speed > 0) first = Math.max(first, -depth / speed);
    else last = Math.min(last, -depth / speed);
  }
  return first < last ? [[x + first * dx, y + first * dy], [x + last * dx, y + last * dy]] : null;
}

/** The edge of the latent space is a strong circle, what lies equally far within it a faint one. */
function drawOutlines(context, { marks, camera, theme, toScreen }) {
  for (const [x, y, radius, name] of marks.outlines) {
    const [px, py] = toScreen(x, y), size = radius * camera.scale;
    context.beginPath();
    context.arc(px, py, Math.max(1, size), 0, 2 * Math.PI);
    context.strokeStyle = css(theme.text, name ? (theme.dark ? 0.3 : 0.25) : 0.75);
    context.lineWidth = name ? 1 : 1.75;
    context.stroke();
  }
  for (const [left, bottom, right, top] of marks.borders) {
    const [x, y] = toScreen(left, top), [toX, toY] = toScreen(right, bottom);
    context.beginPath();
    context.rect(x, y, toX - x, toY - y);
    context.strokeStyle = css(theme.text, 0.75);
    context.lineWidth = 1.75;
    context.stroke();
  }
}

// ---- above the points

function drawMarks(context, scene) {
  const { marks, theme, toScreen, camera } = scene;
  drawOutlineNames(context, scene);
  drawCircles(context, scene);
  for (const [x, y, a, b, angle] of marks.ellipses) {
    drawEllipse(context, toScreen(x, y), [a, b].map((axis) => Math.max(1.5, axis * camera.scale)), angle, theme);
  }
  drawNeighbourLines(context, scene);
  drawTargets(context, scene);
  for (const [x, y, index] of marks.centres) if (!scene.hiddenClasses.has(index)) drawCentre(context, toScreen(x, y), scene.markColour(index), theme);
  drawOthers(context, scene);
  for (const [x, y, right] of marks.hits) drawHit(context, toScreen(x, y), right, scene);
  if (marks.query) drawQuery(context, toScreen(...marks.query), marks.place, scene);
  drawPlates(context, scene);
}

/** What an outline is called stands on top of it, where it is apart from the edge and from the last name. */
function drawOutlineNames(context, { marks, camera, theme, toScreen }) {
  context.font = `600 11px ${theme.font}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  const tops = marks.outlines.map(([x, y, radius, name]) => ({ name, px: toScreen(x, y)[0], top: toScreen(x, y)[1] - radius * camera.scale }));
  const taken = tops.filter(({ name }) => !name).map(({ top }) => top);
  for (const { name, px, top } of tops) {
    if (!name || taken.some((other) => Math.abs(other - top) < NAMES_APART)) continue;
    taken.push(top);
    drawText(context, name, px, top, theme);
  }
}

function drawCircles(context, { marks, camera, theme, markColour, hiddenClasses, toScreen }) {
  for (const [x, y, radius, index] of marks.circles) {
    if (hiddenClasses.has(index)) continue;
    const [px, py] = toScreen(x, y);
    context.beginPath();
    context.arc(px, py, Math.max(1, radius * camera.scale), 0, 2 * Math.PI);
    context.strokeStyle = css(theme.background, 0.8);
    context.lineWidth = 4;
    context.stroke();
    // A step towards the text's colour: the class colour itself would drown among its own points.
    context.strokeStyle = css(mix(markColour(index), theme.text, 0.35));
    context.lineWidth = 1.75;
    context.stroke();
  }
}

/** Semi-axes in pixels; the angle turns against the clock, as in the data. */
function drawEllipse(context, [x, y], [a, b], angle, theme) {
  context.beginPath();
  context.ellipse(x, y, a, b, -angle, 0, 2 * Math.PI);
  for (const [colour, width] of [[theme.background, 4], [theme.text, 1.75]]) {
    context.strokeStyle = css(colour, 0.9);
    context.lineWidth = width;
    context.stroke();
  }
}

/** From a query to its true neighbours: thin, with a dot at each neighbour. */
function drawNeighbourLines(context, { marks, theme, toScreen }) {
  const lines = marks.lines.map(([x, y, toX, toY]) => [toScreen(x, y), toScreen(toX, toY)]);
  for (const [colour, width, alpha] of [[theme.background, 3.5, 0.7], [theme.text, 1.25, 0.85]]) {
    context.beginPath();
    for (const [from, to] of lines) {
      context.moveTo(...from);
      context.lineTo(...to);
    }
    context.strokeStyle = css(colour, alpha);
    context.lineWidth = width;
    context.stroke();
  }
  for (const [, [x, y]] of lines) drawShape(context, (path) => path.arc(x, y, 3, 0, 2 * Math.PI), theme.text, theme.background, 1.5);
}

/** A class centre is a plus in the colour of its class. */
function drawCentre(context, [x, y], colour, theme) {
  const plus = (path) => {
    for (const [dx, dy] of [[7, 0], [0, 7]]) {
      path.moveTo(x - dx, y - dy);
      path.lineTo(x + dx, y + dy);
    }
  };
  for (const [tint, width] of [[theme.background, 7], [theme.text, 4.5], [colour, 2]]) {
    context.beginPath();
    plus(context);
    context.strokeStyle = css(tint);
    context.lineWidth = width;
    context.stroke();
  }
}

/** A target that items are trained towards is a square around a dot; of many, the dots alone. */
function drawTargets(context, { targets, markColour, hiddenClasses, theme, toScreen }) {
  for (const [dataX, dataY, index] of targets) {
    if (hiddenClasses.has(index)) continue;
    const [x, y] = toScreen(dataX, dataY);
    if (targets.length <= TARGETS_LARGE) drawShape(context, (path) => path.rect(x - 6.5, y - 6.5, 13, 13), theme.background, theme.text, 1.75);
    const half = targets.length <= TARGETS_LARGE ? 3.5 : 2.75;
    drawShape(context, (path) => path.rect(x - half, y - half, 2 * half, 2 * half), markColour(index), theme.text, 0.75);
  }
}

/**
 * Items of another data set are open diamonds, through which the points beneath are read. Of several groups each bears
 * its letter, as far as letters find room beside each other: the rest of them by zooming in.
 */
function drawOthers(context, { marks, theme, toScreen, hiddenOthers, nameColour, width, height }) {
  const [, half] = OTHERS_LARGE.find(([most]) => marks.others.length <= most);
  const seen = ([x, y]) => x > -half && x < width + half && y > -half && y < height + half;
  const shown = marks.others.filter(([, , group]) => !hiddenOthers.has(group))
    .map(([x, y, group]) => ({ place: toScreen(x, y), group })).filter(({ place }) => seen(place));
  for (const { place, group } of shown) drawDiamond(context, place, half, nameColour(marks.others_names[group]), theme);
  for (const k of apart(shown.keys(), (i) => shown[i].place, 2 * half)) {
    drawLetter(context, shown[k].place, half, letterOf(marks, shown[k].group), theme);
  }
}

/** A group that is called like a class has its colour, any other one the text's. */
function drawDiamond(context, [x, y], half, colour, theme) {
  const tint = colour ?? theme.text;
  context.beginPath();
  diamond(x, y, half)(context);
  context.fillStyle = css(tint, colour ? 0.25 : 0.1);
  context.fill();
  for (const [rim, width] of [[css(theme.background, 0.8), 3.5], [css(mix(tint, theme.text, 0.35)), 1.5]]) {
    context.strokeStyle = rim;
    context.lineWidth = width;
    context.stroke();
  }
}

function drawLetter(context, [x, y], half, letter, theme) {
  context.font = `700 ${Math.round(half * 1.1)}px ${theme.font}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  drawText(context, letter, x, y + 0.5, theme);
}

function diamond(x, y, half) {
  return (path) => {
    path.moveTo(x, y - half);
    for (const [dx, dy] of [[half, 0], [0, half], [-half, 0]]) path.lineTo(x + dx, y + dy);
    path.closePath();
  };
}

function drawShape(context, shape, fill, rim, width) {
  context.beginPath();
  shape(context);
  context.fillStyle = css(fill);
  context.fill();
  context.strokeStyle = css(rim);
  context.lineWidth = width;
  context.stroke();
}
