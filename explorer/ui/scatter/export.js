// Export: the view as a picture file, PNG or SVG, drawn by the very functions that draw it on the screen.

const EXPORT_DENSITY = 2; // pixels of a picture for each CSS pixel
const CIRCLES_WRITTEN = 100000; // points in view that an SVG holds as circles; of more it holds a picture

/** The view without what only the pointer has put there. */
function stillScene(map, density) {
  return { ...sceneOf(map, density), hover: null, twin: null, hoverTile: null, crosshair: null, lasso: null };
}

/** What lies on the map, from the ground up: a name and a function that draws it; the points are drawn elsewhere. */
function layersOf(scene, drawPoints) {
  return [
    ["beneath", (context) => drawUnderlay(context, scene)],
    ["points", drawPoints],
    ["images", (context) => drawTiles(context, scene)],
    ["overlay", (context) => drawOverlay(context, scene)],
  ];
}

/** All points at another density than the screen's: a canvas that holds them until the next frame. */
function drawnPoints(map, density) {
  const { painter, parts, width, height, points } = map;
  const copy = canvasOf(width * density, height * density);
  if (!points || !painter) return copy;
  const canvas = parts.points, before = [canvas.width, canvas.height];
  const { size, alpha } = pointLook(map);
  [canvas.width, canvas.height] = [copy.width, copy.height];
  painter.begin(map.camera, density, size, alpha);
  painter.drawSlice(0, points.n);
  copy.getContext("2d").drawImage(canvas, 0, 0);
  [canvas.width, canvas.height] = before;
  map.picture.resized();
  return copy;
}

/** The ground beneath plot and legend, and the plot's edge. */
function drawGround(context, width, height, { theme }) {
  context.fillStyle = css(theme.background);
  context.fillRect(0, 0, width, height);
}

function drawEdge(context, { width, height, theme }) {
  context.strokeStyle = css(mix(theme.background, theme.text, 0.25));
  context.lineWidth = 1;
  context.strokeRect(0.5, 0.5, width - 1, height - 1);
}

// ---- PNG

/** The view as a canvas. */
function drawPicture(map) {
  const density = EXPORT_DENSITY, scene = stillScene(map, density);
  const legend = layOutLegend(map.picture.overlay, readLegend(map.parts), scene);
  const [width, height] = [Math.ceil(scene.width + legend.width), scene.height];
  const picture = canvasOf(width * density, height * density), context = picture.getContext("2d");
  context.scale(density, density);
  drawGround(context, width, height, scene);
  const points = drawnPoints(map, density);
  for (const [, draw] of layersOf(scene, (layer) => layer.drawImage(points, 0, 0, scene.width, scene.height))) {
    // On a canvas of its own: on the screen, too, each one begins by wiping its canvas.
    const layer = canvasOf(scene.width * density, scene.height * density), above = layer.getContext("2d");
    above.scale(density, density);
    draw(above);
    context.drawImage(layer, 0, 0, scene.width, scene.height);
  }
  drawEdge(context, scene);
  drawLegend(context, legend, scene);
  return picture;
}

// ---- SVG

/** The visible points whose place is in view. */
function pointsInView({ points, width, height, toScreen, looks: { isVisible } }) {
  const found = [];
  for (let i = 0; i < (points?.n ?? 0); i++) {
    const [x, y] = toScreen(points.xy[2 * i], points.xy[2 * i + 1]);
    if (x >= 0 && x <= width && y >= 0 && y <= height && isVisible(i)) found.push(i);
  }
  return found;
}

/** Points as circles: a group for each colour; test points above train points, a selection above the rest. */
function writeCircles(context, map, indices) {
  const { points, kept, theme, toScreen } = map;
  const { size, alpha } = pointLook(map);
  const groups = new Map();
  for (const i of indices) {
    const test = points.splits[i] > 0, rest = Boolean(kept.selected) && !kept.selected[i];
    const fill = css((rest ? theme.grey : map.looks.colourOf(i)).map(Math.round));
    const level = 2 * Number(!rest) + Number(test);
    const name = `${level} ${fill}`;
    if (!groups.has(name)) groups.set(name, { level, fill, opacity: alpha * (rest ? 0.6 : test ? 1.25 : 1), circles: [] });
    const [x, y] = toScreen(points.xy[2 * i], points.xy[2 * i + 1]);
    const r = short((size / 2) * (test ? 1.35 : 1));
    groups.get(name).circles.push(`<circle cx="${short(x)}" cy="${short(y)}" r="${r}"/>`);
  }
  for (const { fill, opacity, circles } of [...groups.values()].sort((a, b) => a.level - b.level)) {
    context.write("g", svgPaint("fill", fill, Math.min(1, opacity)), circles.join(""));
  }
}

/** The view as the text of an SVG file. */
function writeSvg(map) {
  const scene = stillScene(map, 1), context = new SvgContext();
  const legend = layOutLegend(context, readLegend(map.parts), scene);
  const width = Math.ceil(scene.width + legend.width), { height } = scene;
  const inView = pointsInView(map);
  const drawPoints = () => {
    if (inView.length <= CIRCLES_WRITTEN) writeCircles(context, map, inView);
    else context.drawImage(drawnPoints(map, EXPORT_DENSITY), 0, 0, scene.width, height);
  };
  context.write("title", {}, xml(map.cloud.file_name));
  context.write("clipPath", { id: "plot" }, svgElement("rect", svgBox(0, 0, scene.width, height)));
  drawGround(context, width, height, scene);
  for (const [id, draw] of layersOf(scene, drawPoints)) context.group({ id, "clip-path": "url(#plot)" }, draw);
  drawEdge(context, scene);
  context.group({ id: "legend" }, () => drawLegend(context, legend, scene));
  const head = { xmlns: "http://www.w3.org/2000/svg", width, height, viewBox: `0 0 ${width} ${height}` };
  return svgElement("svg", head, context.elements.join("\n"));
}

// ---- the button

class Exporter {
  constructor(map, parts, signal) {
    this.map = map;
    this.parts = parts;
    const kinds = { PNG: "a picture", SVG: "a drawing whose parts can be edited" };
    for (const [kind, what] of Object.entries(kinds)) {
      const button = make("button", { type: "button", role: "menuitem", text: kind, title: `Save the view as ${what}`, "data-export": kind });
      button.addEventListener("click", () => this.save(kind), { signal });
      parts.exportMenu.append(button);
    }
    this.problem = parts.exportMenu.appendChild(make("span", { class: "problem" }));
    parts.export.addEventListener("click", () => this.open(parts.exportMenu.hidden), { signal });
    parts.plot.addEventListener("pointerdown", (event) => this.closeUnless(event), { signal });
    parts.exportMenu.addEventListener("keydown", (event) => this.key(event), { signal });
  }

  open(shown) {
    this.parts.exportMenu.hidden = !shown;
    this.parts.export.setAttribute("aria-expanded", String(shown));
    this.problem.textContent = "";
    if (shown) this.parts.exportMenu.querySelector("button").focus();
  }

  closeUnless({ target }) {
    const { export: button, exportMenu: menu } = this.parts;
    if (!menu.hidden && !menu.contains(target) && !button.contains(target)) this.open(false);
  }

  key(event) {
    const buttons = [...this.parts.exportMenu.querySelectorAll("button")];
    const at = buttons.indexOf(event.target);
    if (event.key === "Escape") {
      this.open(false);
      this.parts.export.focus();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      buttons[(at + 1) % buttons.length].focus();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  async save(kind) {
    const { map } = this;
    try {
      const file = kind === "PNG"
        ? await new Promise((done) => drawPicture(map).toBlob(done, "image/png"))
        : new Blob([writeSvg(map)], { type: "image/svg+xml" });
      if (!file) throw new Error("no picture of this size");
      this.open(false);
      this.parts.export.focus();
      hand(file, `${map.cloud.file_name}.${kind.toLowerCase()}`);
    } catch (error) {
      console.error(error);
      this.problem.textContent = "The picture could not be made: make the window smaller and try again.";
    }
  }
}

/** Let the browser save a file. */
function hand(file, name) {
  const address = URL.createObjectURL(file);
  make("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60000);
}
