// Overlay: everything that is not a point, on 2D canvases beneath and above them, redrawn without WebGL.

/** Draw decision regions, sectors, the grid, outlines of the space and lines to targets, beneath the points. */
function drawUnderlay(context, scene) {
  wipe(context, scene);
  scene.regions.draw(context, scene);
  drawSectors(context, scene);
  drawGrid(context, scene);
  drawOutlines(context, scene);
  scene.targetLines.draw(context, scene);
}

/** Draw tick labels, marks, hover ring, lasso and crosshair. `scene` is the map's state in pixels. */
function drawOverlay(context, scene) {
  const { theme } = scene;
  wipe(context, scene);
  context.lineJoin = "round";
  drawTickLabels(context, scene);
  drawTrails(context, scene);
  drawMarks(context, scene);
  if (scene.hover) drawRing(context, scene.hover, 8, 2, theme);
  if (scene.hoverTile) drawTileFrame(context, scene.hoverTile, theme);
  if (scene.twin) drawTwin(context, scene.twin, theme);
  if (scene.crosshair) drawCrosshair(context, scene.crosshair, scene);
  if (scene.lasso) drawLasso(context, scene.lasso, theme);
}

/** Text with a rim of the background, so that it stays legible above points. */
function drawText(context, text, x, y, theme, alpha = 1) {
  context.strokeStyle = css(theme.background, 0.85);
  context.lineWidth = 3;
  context.strokeText(text, x, y);
  context.fillStyle = css(theme.text, alpha);
  context.fillText(text, x, y);
}

function wipe(context, { width, height, density }) {
  context.setTransform(density, 0, 0, density, 0, 0);
  context.clearRect(0, 0, width, height);
}

/** Round tick values between two ends, at least `gap` pixels apart. */
function ticks(from, to, scale, gap) {
  const rough = gap / scale;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((factor) => factor * power >= rough) * power;
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const values = [];
  for (let k = Math.ceil(from / step); k * step <= to && values.length < 60; k++) {
    values.push({ at: k * step, text: (k === 0 ? 0 : k * step).toFixed(Math.min(digits, 12)).replace("-", "\u2212") });
  }
  return values;
}

function ticksOf({ width, height, camera, measured, toData }) {
  if (!measured) return { columns: [], rows: [] };
  const [left, top] = toData(0, 0), [right, bottom] = toData(width, height);
  return { columns: ticks(left, right, camera.scale, 90), rows: ticks(bottom, top, camera.scale, 60) };
}

function drawGrid(context, scene) {
  const { width, height, theme, toScreen } = scene;
  const { columns, rows } = ticksOf(scene);
  context.lineWidth = 1;
  context.strokeStyle = css(theme.text, theme.dark ? 0.1 : 0.08);
  context.beginPath();
  for (const tick of columns) {
    const x = Math.round(toScreen(tick.at, 0)[0]) + 0.5;
    context.moveTo(x, 0);
    context.lineTo(x, height);
  }
  for (const tick of rows) {
    const y = Math.round(toScreen(0, tick.at)[1]) + 0.5;
    context.moveTo(0, y);
    context.lineTo(width, y);
  }
  context.stroke();
}

function drawTickLabels(context, scene) {
  const { width, height, theme, axes, toScreen } = scene;
  const { columns, rows } = ticksOf(scene);
  context.font = `600 12px ${theme.font}`;
  context.textAlign = "right";
  context.textBaseline = "alphabetic";
  drawText(context, axes[0], width - 9, height - 8, theme, 0.8);
  const nameStart = width - 9 - context.measureText(axes[0]).width;
  context.textAlign = "left";
  context.textBaseline = "middle";
  drawText(context, axes[1], 8, 22, theme, 0.8);
  context.font = `11px ${theme.font}`;
  for (const tick of rows) {
    const y = toScreen(0, tick.at)[1];
    if (y > 44 && y < height - 26) drawText(context, tick.text, 8, y, theme, 0.6);
  }
  context.textAlign = "center";
  context.textBaseline = "alphabetic";
  for (const tick of columns) {
    const x = toScreen(tick.at, 0)[0];
    const half = context.measureText(tick.text).width / 2 + 8;
    if (x > half && x < nameStart - half) drawText(context, tick.text, x, height - 8, theme, 0.6);
  }
}

/** A ring in the text's colour on a wider one in the background's: seen on points of any colour. */
function drawRing(context, [x, y], radius, width, theme, dash = []) {
  for (const [colour, wide, pattern] of [[theme.background, width + 2.5, []], [theme.text, width, dash]]) {
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.setLineDash(pattern);
    context.strokeStyle = css(colour);
    context.lineWidth = wide;
    context.stroke();
  }
  context.setLineDash([]);
}

/**
 * A right hit is a solid ring, a wrong one a dashed ring with a cross: never told by colour alone. Around an image
 * the ring is a frame, so that the image is seen.
 */
function drawHit(context, place, right, scene) {
  const { theme } = scene;
  const tile = tileAt(scene, place), dash = right ? [] : [3, 2.5];
  if (tile) drawTileFrame(context, tile, theme, 2, dash.map((length) => 2 * length));
  else drawRing(context, place, 7, 2, theme, dash);
  const cross = tile ? [tile.x + tile.side / 2 - 8, tile.y - tile.side / 2 + 8] : place;
  if (!right) drawLines(context, cross, [[-3, -3, 3, 3], [-3, 3, 3, -3]], 1.75, theme);
}

function drawQuery(context, place, isPlace, scene) {
  const { theme } = scene;
  const tile = tileAt(scene, place);
  if (isPlace) {
    drawLines(context, place, [[-11, 0, 11, 0], [0, -11, 0, 11]], 2.5, theme);
  } else if (tile) {
    drawTileFrame(context, tile, theme, 5);
  } else {
    drawRing(context, place, 11, 3, theme);
    drawRing(context, place, 4, 1.5, theme);
  }
}

/** The item that is hovered on a linked map: a ring that points at itself, as no pointer does here. */
function drawTwin(context, place, theme) {
  drawRing(context, place, 9, 2, theme);
  drawLines(context, place, [[-20, 0, -12, 0], [12, 0, 20, 0], [0, -20, 0, -12], [0, 12, 0, 20]], 2, theme);
}

function drawLines(context, [x, y], lines, width, theme) {
  context.lineCap = "round";
  for (const [colour, wide] of [[theme.background, width + 2.5], [theme.text, width]]) {
    context.beginPath();
    for (const [ax, ay, bx, by] of lines) {
      context.moveTo(x + ax, y + ay);
      context.lineTo(x + bx, y + by);
    }
    context.strokeStyle = css(colour);
    context.lineWidth = wide;
    context.stroke();
  }
  context.lineCap = "butt";
}

function drawCrosshair(context, place, { width, height, theme }) {
  const reach = Math.max(width, height), gap = 12;
  context.strokeStyle = css(theme.accent, 0.55);
  context.lineWidth = 1;
  context.beginPath();
  for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
    context.moveTo(place[0] + dx * gap, place[1] + dy * gap);
    context.lineTo(place[0] + dx * reach, place[1] + dy * reach);
  }
  context.stroke();
  drawLines(context, place, [[-7, 0, 7, 0], [0, -7, 0, 7]], 1.5, theme);
}

function drawLasso(context, path, theme) {
  context.beginPath();
  path.forEach(([x, y], k) => (k ? context.lineTo(x, y) : context.moveTo(x, y)));
  context.closePath();
  context.fillStyle = css(theme.accent, 0.12);
  context.fill();
  context.strokeStyle = css(theme.accent);
  context.lineWidth = 1.75;
  context.stroke();
}
