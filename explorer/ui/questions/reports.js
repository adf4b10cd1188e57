// Reports: what Python is told, and when. A run of the script keeps the page from drawing: none is asked for between two keys.

const REST = 400; // milliseconds without a press before presses are reported
const LATEST = 3000; // after the first of them, also while keys go on
const FEW = 8; // where so few items are left to ask about, more are fetched at once
const AGAIN = 4000; // until what was not acknowledged is reported again
const LONGEST_AGAIN = 16000; // where the server has not even heard the last report
const LOOK_AGAIN = 20000; // at the end, items of others may come free

class Reports {
  constructor(questions) {
    this.questions = questions;
    this.seq = this.tries = 0;
    this.firstSeq = Infinity; // of this session and annotator
    this.pressed = this.since = 0; // when a key last fell, and the first of those that no report tells
  }

  listen(on) {
    // What a person does next may lead away from here.
    on(window, "pointerdown", () => this.flush(), { capture: true });
    on(window, "blur", () => this.flush());
    on(window, "popstate", () => this.flush(), { capture: true });
    on(document, "visibilitychange", () => this.flush());
    on(this.questions.root, "focusout", () => this.flush());
  }

  /** Whether the server has heard this page; what it says before that is about no tab. */
  get isHeard() {
    return this.questions.deck.heard >= this.firstSeq;
  }

  get isUnderWay() {
    return this.questions.deck.heard < this.seq;
  }

  /** A press is about to be taken. */
  take() {
    this.pressed = performance.now();
    if (!this.questions.outbox.hasNews) this.since = this.pressed;
  }

  /** Report all that is not acknowledged. Numbers grow even over a reload. */
  report() {
    clearTimeout(this.resting);
    this.seq = Math.max(this.seq + 1, Date.now());
    if (this.firstSeq === Infinity) this.firstSeq = this.seq;
    const { identity, outbox, component } = this.questions;
    component.setStateValue("report", { identity, seq: this.seq, tab: tabName(), presses: outbox.tell() });
    this.later();
  }

  /** Report what is new, once the last report has been heard: a run of the script that is overtaken answers nothing. */
  pump() {
    clearTimeout(this.resting);
    if (this.isUnderWay) return;
    this.tries = 0;
    const wait = this.wait;
    if (wait > 0) this.resting = setTimeout(() => this.pump(), wait);
    else if (this.questions.outbox.hasNews) this.report();
    else this.later();
  }

  /** How long a report is held back. */
  get wait() {
    const { outbox, turning, line } = this.questions;
    if (!outbox.hasNews || turning || line.following.length < FEW) return 0;
    return Math.min(this.pressed + REST, this.since + LATEST) - performance.now();
  }

  /** Report what is held back. */
  flush() {
    const { deck, outbox } = this.questions;
    if (deck && outbox.hasNews && !this.isUnderWay) this.report();
  }

  later() {
    clearTimeout(this.timer);
    const { outbox, deck } = this.questions;
    const isAwaited = outbox.size || (!this.isHeard && !deck.quiet);
    const wait = isAwaited ? Math.min(AGAIN * 2 ** this.tries, LONGEST_AGAIN) : this.pause;
    if (wait) this.timer = setTimeout(() => this.again(), wait);
  }

  get pause() {
    return this.questions.root.dataset.state === "over" ? LOOK_AGAIN : 0;
  }

  again() {
    if (this.isUnderWay) this.tries += 1;
    this.report();
  }

  stop() {
    for (const timer of [this.timer, this.resting]) clearTimeout(timer);
  }
}
