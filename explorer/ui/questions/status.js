// Status: what is saved and what is not, words for a moment, and a sentence that stays until it is settled.

const QUIET = 300; // milliseconds without a press before it says that all is saved
const SAID = 3000;
const ACTS = { skip: "Skipped", flag: "Flagged", unflag: "Flag taken away" };

class Status {
  constructor(root, parts) {
    this.root = root;
    this.parts = parts;
    this.size = 0;
    this.said = "";
  }

  /** So many presses are not saved yet; `hasProblem` if they could not be. */
  show(size, hasProblem) {
    Object.assign(this, { size, hasProblem });
    this.root.dataset.pending = size;
    clearTimeout(this.quiet);
    if (size) this.put();
    else this.quiet = setTimeout(() => this.put(), QUIET);
  }

  put() {
    const { size, hasProblem } = this;
    const saving = hasProblem ? `${size} not saved yet` : `Saving ${size}…`;
    const words = this.said || (size ? saving : "All saved");
    const line = this.parts.status.querySelector("span");
    this.parts.status.className = `status ${size ? "unsaved" : "saved"}`;
    if (line.textContent !== words) line.textContent = words;
  }

  /** Say something for a moment. */
  say(words) {
    this.said = words;
    clearTimeout(this.hushing);
    this.hushing = setTimeout(() => this.hush(), SAID);
    this.put();
  }

  hush() {
    this.said = "";
    this.put();
  }

  /** Tell a screen reader what became of an item. */
  announce(kind, className, { title }) {
    this.said = "";
    this.parts.announced.textContent = `${title}: ${ACTS[kind] ?? className}`;
  }

  refused(refused) {
    const sentences = [...new Set(refused.map(({ refusal }) => refusal))].join(" ");
    const more = refused.length > 1 ? ` (${refused.length} answers)` : "";
    this.notice(`Not recorded${more}: ${sentences}`, "refusal");
  }

  /** A sentence that stays; empty takes it away. */
  notice(words, kind = "word") {
    const { notice } = this.parts;
    this.kind = words ? kind : "";
    notice.hidden = !words;
    notice.className = `notice ${kind}`;
    notice.querySelector("span").textContent = words;
    notice.querySelector("button").textContent = kind === "problem" ? "Try now" : "Close";
  }

  /** Take a sentence of this kind away, if it is there. */
  over(kind) {
    if (this.kind === kind) this.notice("");
  }

  stop() {
    for (const timer of [this.quiet, this.hushing]) clearTimeout(timer);
  }
}
