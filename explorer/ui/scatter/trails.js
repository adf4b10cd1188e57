// Trails: the ways that points have come over the frames of a timeline.

const TRAILS_SAMPLED = 60;
const TRAILS_DRAWN = 500;

/** A value that is made anew only when what it depends on is not the same as the last time. */
class Memo {
  get(dependencies, make) {
    if (!this.dependencies?.every((value, k) => value === dependencies[k])) {
      this.dependencies = dependencies;
      this.value = make();
    }
    return this.value;
  }
}

/** The ways up to the frame that is shown; the hovered point's is among them. */
class Trails {
  constructor(map, timeline) {
    this.map = map;
    this.timeline = timeline;
    this.memo = new Memo();
  }

  toggle() {
    const { kept, picture } = this.map;
    kept.trails = !kept.trails;
    this.showPressed();
    picture.redrawMarks();
  }

  showPressed() {
    this.timeline.parts.trails.setAttribute("aria-pressed", String(this.map.kept.trails));
  }

  /** What to draw: {past, now, colour} of each way, places in data coordinates; where a point is now moves as it glides. */
  ways() {
    const { kept, points, marks, looks, hover } = this.map;
    const { frames, frame, gliding } = this.timeline;
    if (!frames || !kept.trails || !points) return [];
    const chosen = this.memo.get([frames, frame, gliding, marks, looks.isVisible], () => this.chosen().map((i) => this.wayOf(i)));
    const hovered = hover >= 0 && !chosen.some(({ index }) => index === hover) ? [this.wayOf(hover)] : [];
    return [...chosen, ...hovered].map((way) => ({ ...way, now: [points.xy[2 * way.index], points.xy[2 * way.index + 1]] }))
      .filter(({ past, now }) => past.length && now.every(Number.isFinite));
  }

  /** Rows of the points that were asked for, or of the first ones in sight: points come shuffled, so that is a fair sample. */
  chosen() {
    const { points, marks, looks: { isVisible } } = this.map;
    const asked = marks.trails.filter((i) => i >= 0 && i < points.n && isVisible(i)).slice(0, TRAILS_DRAWN);
    const sampled = [];
    for (let i = 0; !marks.trails.length && i < points.n && sampled.length < TRAILS_SAMPLED; i++) if (isVisible(i)) sampled.push(i);
    return marks.trails.length ? asked : sampled;
  }

  wayOf(index) {
    const { frames, frame, gliding } = this.timeline;
    const past = frames.slice(0, frame + (gliding ? 0 : 1)).map((xy) => [xy[2 * index], xy[2 * index + 1]]);
    return { index, past: past.filter((at) => at.every(Number.isFinite)), colour: this.map.looks.colourOf(index) };
  }
}

/** Each way is a line from where a point began to where it is now, with a dot at its start. */
function drawTrails(context, { trails, theme, toScreen }) {
  context.lineJoin = context.lineCap = "round";
  for (const { past, now, colour } of trails) {
    const pixels = [...past, now].map(([x, y]) => toScreen(x, y));
    // A step towards the text's colour: the point's own would drown among the points.
    for (const [tint, width] of [[css(theme.background, 0.75), 4], [css(mix(colour, theme.text, 0.3), 0.9), 1.75]]) {
      context.beginPath();
      pixels.forEach(([x, y], k) => (k ? context.lineTo(x, y) : context.moveTo(x, y)));
      context.strokeStyle = tint;
      context.lineWidth = width;
      context.stroke();
    }
    context.beginPath();
    context.arc(...pixels[0], 2.75, 0, 2 * Math.PI);
    context.fillStyle = css(theme.background);
    context.fill();
    context.stroke();
  }
  context.lineCap = "butt";
}
