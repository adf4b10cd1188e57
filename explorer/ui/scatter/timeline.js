// Timeline: the same points at several moments, and a slider to go through them.

const GLIDE = 350; // milliseconds from one frame to another
const PLAY_TIME = 9000; // milliseconds of a whole playing, within the bounds of a step
const PLAY_STEP = [140, 700];
const SETTLE = 350; // milliseconds before Python is told of a frame: a person may be on the way

/** Download the frames: one array of places a frame. */
async function fetchFrames({ url, labels }, n, signal) {
  const buffer = await fetchBytes(url, labels.length * n * 8, signal, "The frames");
  return labels.map((_, k) => new Float32Array(buffer, k * n * 8, 2 * n));
}

/** Smallest box around all frames, so that the view does not jump between them. */
function boundsOfFrames(frames) {
  return frames.map(boundsOf).reduce((a, b) => {
    if (!a || !b) return a ?? b;
    return {
      left: Math.min(a.left, b.left), right: Math.max(a.right, b.right),
      bottom: Math.min(a.bottom, b.bottom), top: Math.max(a.top, b.top),
    };
  }, null);
}

/** The elements of the bar beneath the plot. */
function buildTimeline() {
  const tool = (name, title) => make("button", { type: "button", class: "tool bare", icon: name, title, "aria-label": title });
  const parts = {
    bar: make("div", { class: "timeline", role: "group", "aria-label": "Timeline", hidden: "" }),
    play: tool("play", "Play"),
    back: tool("back", "One frame back"),
    forth: tool("forth", "One frame on"),
    slider: make("input", { type: "range", min: "0", step: "1", "aria-label": "Frame" }),
    label: make("output", { class: "frame-label" }),
    trails: make("button", { type: "button", class: "tool words", text: "Trails", "aria-pressed": "false",
      title: "Show the way that points have come" }),
  };
  parts.bar.append(parts.play, parts.back, parts.slider, parts.forth, parts.label, parts.trails);
  return parts;
}

class Timeline {
  constructor(map, parts, signal) {
    this.map = map;
    this.parts = parts;
    this.glide = null; // {from, to, began, took, linear} while points are on their way
    this.playing = false;
    this.trails = new Trails(map, this);
    const on = (element, event, react) => element.addEventListener(event, react, { signal });
    on(parts.play, "click", () => (this.playing ? this.stop() : this.play()));
    on(parts.back, "click", () => this.goTo(this.frame - 1));
    on(parts.forth, "click", () => this.goTo(this.frame + 1));
    on(parts.slider, "input", () => this.goTo(Number(parts.slider.value)));
    on(parts.slider, "keydown", (event) => event.stopPropagation()); // Streamlit listens to single keys too
    on(parts.trails, "click", () => this.trails.toggle());
  }

  get frames() {
    return this.map.kept?.frames ?? null;
  }

  get frame() {
    return this.map.kept?.frame ?? 0;
  }

  get gliding() {
    return Boolean(this.glide);
  }

  // ---- what Python says

  /** Whether what was shown for an earlier timeline still holds. */
  shows(before) {
    const now = this.map.cloud.timeline;
    return Boolean(now) === Boolean(before) && (this.ready || now.url === before.url);
  }

  /** Whether nothing has to be fetched before the points can be shown. */
  get ready() {
    return !this.map.cloud.timeline || Boolean(this.frames);
  }

  /** Fetch the frames of the cloud, if it has any that are not here; points are shown once they are. */
  async load(signal) {
    const { cloud, kept } = this.map;
    if (this.ready) return;
    try {
      const frames = await fetchFrames(cloud.timeline, cloud.n, signal);
      if (signal.aborted) return;
      kept.frames = frames;
      kept.frameBounds = boundsOfFrames(frames);
      kept.frame = Math.max(0, Math.min(frames.length - 1, kept.frame ?? cloud.timeline.start));
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof MapError)) throw error;
      // The points are shown as they lie without a timeline; its frames can be asked for again.
      this.map.notice("frames", error.message, error.canRetry ? () => this.map.loading.load() : null);
    }
  }

  /** The points at the frame that is shown; as they are where there are no frames. */
  place(points) {
    const { timeline, identity } = this.map.cloud;
    this.halt();
    if (!timeline || !this.frames) return points;
    if (this.told?.identity !== identity) this.told = { identity, frame: timeline.start };
    this.settleSoon(); // where a person left it may be another frame than Python starts with
    return { ...points, xy: this.frames[this.frame].slice(), bounds: this.map.kept.frameBounds, grid: null };
  }

  /** Show the bar as it should be; called at every rerun and once points have come. */
  update() {
    const { cloud, kept } = this.map;
    const shown = Boolean(cloud.timeline) && cloud.timeline.labels.length > 1;
    this.parts.bar.hidden = !shown;
    if (this.ready) this.map.notice("frames", "");
    if (!shown) return;
    const { labels } = cloud.timeline;
    this.parts.slider.max = String(labels.length - 1);
    this.parts.label.style.minWidth = `${Math.max(...labels.map((label) => label.length))}ch`;
    for (const name of ["play", "back", "forth", "slider", "trails"]) this.parts[name].disabled = !this.frames;
    kept.trails ??= cloud.marks.trails.length > 0;
    this.showFrame(this.frame);
    this.trails.showPressed();
  }

  showFrame(frame) {
    // Without frames the points lie where no label of the timeline says.
    const label = this.frames ? this.map.cloud.timeline.labels[frame] : "";
    this.parts.slider.value = String(frame);
    this.parts.slider.style.setProperty("--share", `${(100 * frame) / (this.map.cloud.timeline.labels.length - 1)}%`);
    this.parts.slider.setAttribute("aria-valuetext", label);
    this.parts.label.textContent = label;
    if (this.frames) this.map.root.dataset.frame = String(frame);
  }

  // ---- movement

  get calm() {
    return window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  }

  /** Go to a frame by a person's wish. */
  goTo(frame) {
    const to = Math.max(0, Math.min(this.frames.length - 1, frame));
    this.halt();
    this.move(to, this.calm ? 0 : GLIDE, false);
    this.settleSoon();
  }

  play() {
    const last = this.frames.length - 1;
    clearTimeout(this.settling);
    this.playing = true;
    this.showPlaying();
    if (this.frame >= last) this.move(0, this.calm ? 0 : GLIDE, false);
    else this.playOn();
  }

  playOn() {
    const last = this.frames.length - 1;
    if (this.frame >= last) return this.stop();
    const [least, most] = PLAY_STEP;
    const step = Math.max(least, Math.min(most, PLAY_TIME / last));
    if (!this.calm) return this.move(this.frame + 1, step, true);
    // Without gliding a frame has to stay long enough to be looked at.
    this.waiting = setTimeout(() => this.move(this.frame + 1, 0, true), Math.max(step, 500));
  }

  /** Stop where the points are heading. */
  stop() {
    this.playing = false;
    clearTimeout(this.waiting);
    this.showPlaying();
    this.settleSoon();
  }

  /** Stop at once, wherever the points are. */
  halt() {
    this.playing = false;
    this.glide = null;
    clearTimeout(this.waiting);
    clearTimeout(this.settling);
    cancelAnimationFrame(this.request);
    this.showPlaying();
  }

  showPlaying() {
    const title = this.playing ? "Pause" : "Play";
    if (this.parts.play.title === title) return;
    this.parts.play.title = title;
    this.parts.play.setAttribute("aria-label", title);
    this.parts.play.innerHTML = icon(this.playing ? "pause" : "play");
  }

  move(frame, took, linear) {
    this.map.kept.frame = frame;
    this.showFrame(frame);
    this.glide = { from: this.map.points.xy.slice(), to: this.frames[frame], began: performance.now(), took, linear };
    this.map.setHover(-1);
    this.step();
  }

  step() {
    cancelAnimationFrame(this.request);
    const { points } = this.map;
    const { from, to, began, took, linear } = this.glide;
    const time = took ? Math.min(1, (performance.now() - began) / took) : 1;
    const share = linear ? time : time * time * (3 - 2 * time);
    if (time === 1) {
      points.xy.set(to);
      this.glide = null;
    } else {
      // A point that is not there in one of the two frames jumps.
      for (let k = 0; k < to.length; k++) {
        const at = from[k] + (to[k] - from[k]) * share;
        points.xy[k] = at === at ? at : to[k];
      }
      this.request = requestAnimationFrame(() => this.step());
    }
    this.map.pointsMoved();
    if (!this.glide && this.playing) this.playOn();
  }

  // ---- what Python is told

  settleSoon() {
    clearTimeout(this.settling);
    this.settling = setTimeout(() => (this.gliding ? this.settleSoon() : this.tell()), SETTLE);
  }

  tell() {
    const { identity } = this.map.cloud;
    if (this.told.identity === identity && this.told.frame === this.frame) return;
    this.told = { identity, frame: this.frame };
    this.map.reports.frame(this.frame);
  }
}
