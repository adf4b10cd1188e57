// Targets: where items should lie, with a thin line to each from a sample of them.

const LINES_DRAWN = 2000;

/** Where the items should lie: a line from each of a sample of the visible ones, and a mark at each target. */
class Targets {
  constructor(map) {
    this.map = map;
    this.fetching = new Fetching(map, "targets", "The targets", () => this.rest(), () => this.forget());
    this.forget();
  }

  forget() {
    this.xy = null;
    this.places = []; // distinct targets, [x, y, class of their first item]
    this.lines = []; // rows of the items whose line is drawn
    this.linesByClass = new Map();
  }

  async rest() {
    const { map, fetching: { url } } = this;
    if (!url || !map.points) return;
    const bytes = await this.fetching.get(withoutToken(url), url, 8 * map.points.n);
    if (bytes) {
      this.xy = new Float32Array(bytes);
      this.places = distinctPlaces(this.xy, map.points.classes);
    }
    if (this.xy) this.choose();
  }

  /** The first visible items of the view: the points come shuffled, so that is a fair sample. */
  choose() {
    const { points, width, height } = this.map;
    const [left, top] = this.map.toData(0, 0), [right, bottom] = this.map.toData(width, height);
    this.lines = [];
    for (let i = 0; i < points.n && this.lines.length < LINES_DRAWN; i++) {
      const x = points.xy[2 * i], y = points.xy[2 * i + 1];
      const inView = x >= left && x <= right && y >= bottom && y <= top;
      if (inView && Number.isFinite(this.xy[2 * i]) && this.map.looks.isVisible(i)) this.lines.push(i);
    }
    this.linesByClass = Map.groupBy(this.lines, (i) => points.classes[i]);
    this.map.picture.redrawMarks({ beneath: true });
  }

  /** Lines beneath the points, thin, in the colour of their class: one path a class. */
  draw(context, { toScreen, markColour, theme }) {
    const { points } = this.map;
    context.lineWidth = 1;
    for (const [index, rows] of this.linesByClass) {
      context.beginPath();
      for (const i of rows) {
        context.moveTo(...toScreen(points.xy[2 * i], points.xy[2 * i + 1]));
        context.lineTo(...toScreen(this.xy[2 * i], this.xy[2 * i + 1]));
      }
      context.strokeStyle = css(mix(markColour(index), theme.text, 0.15), this.lines.length > 500 ? 0.35 : 0.6);
      context.stroke();
    }
  }
}

/** Each pair of numbers once, in the order of their first item, with that item's class; at most LINES_DRAWN. */
function distinctPlaces(xy, classes) {
  const seen = new Map(), last = [];
  for (let i = 0; i < classes.length && seen.size < LINES_DRAWN; i++) {
    const x = xy[2 * i], y = xy[2 * i + 1];
    if (!Number.isFinite(x) || !Number.isFinite(y)) continue;
    // Mostly a class has one target: no text is made for a million items.
    if (last[classes[i]]?.[0] === x && last[classes[i]][1] === y) continue;
    last[classes[i]] = [x, y, classes[i]];
    const key = `${x} ${y}`;
    if (!seen.has(key)) seen.set(key, last[classes[i]]);
  }
  return [...seen.values()];
}
