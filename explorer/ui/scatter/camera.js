// Camera: which part of the data is seen and how large, and where a place of the data lies on the screen.

const LARGEST_ZOOM = 20000; // times the fitted scale; beyond it float32 places visibly jump
const REST_DELAY = 140; // milliseconds without camera movement before the rest of the points is drawn

/** Camera that shows a box whole, with room for axis labels. `scale` is pixels per unit of both axes. */
function fitCamera(box, width, height) {
  if (!box || !(width > 0) || !(height > 0)) return { x: 0, y: 0, scale: 100 };
  const wide = box.right - box.left, high = box.top - box.bottom;
  const side = Math.max(wide, high) || 1; // a single point, or all on one spot, still needs a scale
  const roomX = Math.max(40, width - 2 * Math.min(56, width * 0.1));
  const roomY = Math.max(40, height - 2 * Math.min(48, height * 0.12));
  const scale = Math.min(roomX / Math.max(wide, side * 1e-3), roomY / Math.max(high, side * 1e-3));
  return { x: (box.left + box.right) / 2, y: (box.bottom + box.top) / 2, scale };
}

/** Smallest box around points and those marks that lie beside them: circles, outlines, borders, centres and other items. */
function boxAround(bounds, { circles, outlines, borders, centres, others }) {
  const box = bounds ? { ...bounds } : { left: Infinity, right: -Infinity, bottom: Infinity, top: -Infinity };
  const corners = borders.flatMap(([left, bottom, right, top]) => [[left, bottom], [right, top]]);
  const spots = [...corners, ...centres, ...others].map(([x, y]) => [x, y, 0]);
  for (const [x, y, radius] of [...circles, ...outlines, ...spots]) {
    box.left = Math.min(box.left, x - radius);
    box.right = Math.max(box.right, x + radius);
    box.bottom = Math.min(box.bottom, y - radius);
    box.top = Math.max(box.top, y + radius);
  }
  return box.left <= box.right ? box : null;
}

/** The camera a person chose, kept with the cloud, or else the one that shows everything: x, y and pixels a unit. */
class Camera {
  constructor(map) {
    this.map = map;
    this.box = null; // around everything
  }

  get now() {
    return this.map.kept?.camera ?? this.fitted;
  }

  get fitted() {
    return fitCamera(this.box, this.map.width, this.map.height);
  }

  get x() {
    return this.now.x;
  }

  get y() {
    return this.now.y;
  }

  get scale() {
    return this.now.scale;
  }

  /** Find out what "everything" is; a rerun that changes nothing about it must not repaint. */
  measure() {
    const { points, marks, link, picture } = this.map;
    const box = boxAround(points?.bounds, marks);
    if (JSON.stringify(box) === JSON.stringify(this.box)) return;
    this.box = box;
    link.measured();
    picture.repaint();
  }

  toScreen = (x, y) => {
    const { x: cx, y: cy, scale } = this.now;
    return [(x - cx) * scale + this.map.width / 2, this.map.height / 2 - (y - cy) * scale];
  };

  toData = (px, py) => {
    const { x: cx, y: cy, scale } = this.now;
    return [(px - this.map.width / 2) / scale + cx, cy - (py - this.map.height / 2) / scale];
  };

  // ---- movement

  panBy(dx, dy) {
    const { x, y, scale } = this.now;
    this.move({ x: x - dx / scale, y: y + dy / scale, scale });
  }

  /** Zoom so that the data under pixel (px, py) stays there. */
  zoomAt(px, py, factor) {
    const { x, y, scale: before } = this.now;
    const scale = this.bounded(before * factor);
    const gained = 1 / before - 1 / scale;
    this.move({ x: x + (px - this.map.width / 2) * gained, y: y - (py - this.map.height / 2) * gained, scale });
  }

  /** Zoom around the middle. */
  zoom(factor) {
    this.zoomAt(this.map.width / 2, this.map.height / 2, factor);
  }

  bounded(scale) {
    const fitted = this.fitted.scale;
    return Math.max(fitted / 20, Math.min(fitted * LARGEST_ZOOM, scale));
  }

  move(camera) {
    if (this.map.points) this.take({ ...camera, scale: this.bounded(camera.scale) }, REST_DELAY);
  }

  fit() {
    this.take(null, 0);
  }

  take(camera, delay) {
    const { kept, link, address, picture } = this.map;
    kept.camera = camera;
    link.moved(delay);
    address.soon();
    picture.repaint(delay);
  }
}
