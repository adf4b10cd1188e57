// Line: the items in the order in which they are asked, and what this page has said of which.

class Line {
  constructor(outbox) {
    this.known = new Map(); // questions by item
    this.waiting = []; // items; the first is on the screen
    this.ours = new Set(); // those of them that came back and that only this page may know of
    this.done = new Set(); // labelled or skipped here: never asked again, but for an undo
    this.past = []; // own presses that stand: {key, kind, item, number}
    this.future = []; // those taken back, the last one first
    this.flags = new Map(); // whether an item is flagged, where this page has said so
    for (const press of outbox.presses) this.repeat(press);
  }

  get current() {
    return this.known.get(this.waiting[0]) ?? null;
  }

  get following() {
    return this.waiting.slice(1).map((item) => this.known.get(item));
  }

  isFlagged({ item, is_flagged: before }) {
    return this.flags.get(item) ?? before;
  }

  /** What stands of an item: its newest label or skip by this page. */
  saidOf(item) {
    return this.past.findLast((press) => press.item === item && isChoice(press)) ?? null;
  }

  // ---- what Python says

  /**
   * Take over what the server asks. The item on the screen stays there; with `anew`, where a person waits for it, what
   * the server puts first comes first.
   */
  take(questions, back, anew = false) {
    const shown = this.current;
    for (const question of back ? [...questions, back] : questions) {
      const isNew = question.item !== shown?.item || (!canBeSeen(shown) && question.image !== shown.image);
      if (isNew) this.known.set(question.item, question);
      else renew(shown, question);
    }
    const asked = questions.map(({ item }) => item);
    const first = anew ? [back?.item, asked.includes(shown?.item) ? shown.item : null] : [shown?.item, back?.item];
    const order = [...first, ...this.waiting.filter((item) => this.ours.has(item)), ...asked];
    this.waiting = [...new Set(order)].filter((item) => this.known.has(item) && !this.done.has(item));
  }

  /** The server took back what was said of this item; this page may have taken it for another one. */
  isBack(item) {
    const choice = this.saidOf(item);
    this.past = this.past.filter((press) => press !== choice);
    this.done.delete(item);
  }

  /** The server knows all that this page has said, and asks about these again: somebody took it back elsewhere. */
  reopen(questions) {
    for (const { item } of questions) this.done.delete(item);
    this.take(questions, null);
  }

  // ---- what a person does

  /** A label, a skip, a flag or its end. */
  press(press) {
    this.past.push(press);
    this.future = [];
    this.apply(press);
  }

  /** Take the newest press back; gives it, or null where this page does not know it. */
  undo() {
    const press = this.past.pop();
    if (!press) return null;
    this.future.push(press);
    if (!isChoice(press)) {
      this.flags.set(press.item, press.kind === "unflag");
      return press;
    }
    this.bring(press.item, 0);
    return press;
  }

  /** Repeat what the newest undo took back. */
  redo() {
    const press = this.future.pop();
    if (!press) return null;
    this.past.push(press);
    this.apply(press);
    return press;
  }

  /** An undo took back something else than this page believed: what it was thought to be about stays as it was. */
  keep(item) {
    const press = this.future.findLast((one) => one.item === item);
    if (!press) return;
    this.future = this.future.filter((one) => one !== press);
    this.past.push(press);
    this.apply(press);
  }

  /** A press was refused: what it was about comes next. */
  refuse(press) {
    const said = press.kind === "redo" ? this.past.at(-1) : this.past.find(({ key }) => key === press.key);
    this.past = this.past.filter((one) => one !== said);
    if (press.kind === "flag" || press.kind === "unflag") this.flags.set(press.item, press.kind === "unflag");
    else if (press.kind === "undo") this.future.pop();
    else if (press.item && this.known.has(press.item)) this.bring(press.item, this.current ? 1 : 0);
    else if (press.item) this.done.delete(press.item); // of before a reload: the server asks about it again
  }

  // ---- the parts of it

  apply(press) {
    if (!isChoice(press)) {
      this.flags.set(press.item, press.kind === "flag");
      return;
    }
    this.done.add(press.item);
    this.ours.delete(press.item);
    this.waiting = this.waiting.filter((item) => item !== press.item);
  }

  bring(item, place) {
    this.done.delete(item);
    if (!this.known.has(item)) return;
    this.ours.add(item);
    this.waiting = this.waiting.filter((other) => other !== item);
    this.waiting.splice(place, 0, item);
  }

  /** A press of before a reload, which the server has not acknowledged yet. */
  repeat(press) {
    if (press.kind === "undo") this.undo() ?? this.done.delete(press.item);
    else if (press.kind === "redo") this.redo() ?? this.done.add(press.item);
    else this.press(press);
  }
}

/** Tell anew why the item on the screen was picked; what a person looks at stays. */
function renew(shown, { why, guesses, margin, place, nearest }) {
  Object.assign(shown, { why, guesses, margin, place });
  if (nearest.length) shown.nearest = nearest;
}

function isChoice({ kind }) {
  return kind === "label" || kind === "skip";
}

/** Whether an undo that was just answered was about this item, and nothing was said of it since. */
function isTakenBack(item, over, waiting) {
  const undone = over.findLastIndex(({ press, refusal }) => press.kind === "undo" && !refusal);
  if (undone < 0) return false;
  const later = [...over.slice(undone + 1).map(({ press }) => press), ...waiting];
  return !later.some((press) => press.item === item && (isChoice(press) || press.kind === "redo"));
}
