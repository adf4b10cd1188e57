// Loading: gets the points of a cloud and the frames of its timeline, and says how far it is.

class Loading {
  constructor(map) {
    this.map = map;
    this.setState("loading");
  }

  setState(state) {
    const { root, parts } = this.map;
    this.state = state; // "loading", "ready" or "error"
    root.dataset.state = state;
    for (const button of parts.tools.children) button.disabled = state !== "ready";
  }

  /** Show the cloud's points, once they and the frames of its timeline are there. */
  show() {
    const { painter, kept, timeline } = this.map;
    if (!painter) return; // the message about it stays
    if (kept.points && timeline.ready) this.take(kept.points);
    else this.load();
  }

  async load() {
    this.stop();
    const { signal } = (this.ending = new AbortController());
    const { cloud, kept, timeline } = this.map;
    if (cloud.n === 0) return this.say("ready", "There are no points to show.");
    this.say("loading", `Loading ${grouped(cloud.n)} points`);
    try {
      const points = kept.points ?? (await fetchPoints(cloud, signal));
      await timeline.load(signal);
      if (!signal.aborted) this.take(points);
    } catch (error) {
      if (!signal.aborted) this.fail(error);
    }
  }

  take(points) {
    this.map.kept.points = points;
    this.setState("ready");
    showMessage(this.map.parts, "");
    this.map.takePoints(points);
  }

  fail(error) {
    const known = error instanceof MapError;
    if (!known) console.error(error);
    this.map.timeline.halt();
    this.map.points = null;
    const sentence = known ? error.message : "The map could not be drawn: reload the page.";
    this.say("error", sentence, known && error.canRetry ? () => this.load() : null);
  }

  /** A sentence in place of the points. */
  say(state, sentence, retry = null) {
    this.setState(state);
    showMessage(this.map.parts, sentence, retry);
    this.map.picture.repaint();
  }

  /** An answer that is under way must not land any more. */
  stop() {
    this.ending?.abort();
  }
}
