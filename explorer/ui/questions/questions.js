// Questions: asks about one item after the other, and takes keys.

const lines = new Map(); // by identity: they outlive a switch of pages

class Questions {
  constructor(root) {
    this.root = root;
    this.parts = buildFrame(root);
    this.classes = new ClassButtons(this.parts, (number, time) => this.click({ kind: "label", number }, time));
    this.panel = new Panel(this.parts, this.classes);
    this.status = new Status(root, this.parts);
    this.stage = new Stage(root, this.parts, () => this.messageOf());
    this.reports = new Reports(this);
    this.ending = new AbortController();
    this.listen(this.ending.signal);
    this.resizing = new ResizeObserver(() => {
      this.stage.measure();
      this.classes.fit();
    });
    this.resizing.observe(this.parts.stage);
    this.tell = () => this.reports.report();
    load.renamed.add(this.tell);
  }

  // ---- what Python says

  /** Take over the arguments of a run of the script; called at every rerun and change of theme. */
  update(component) {
    const deck = whole(component.data[0]);
    const wasQuiet = this.deck?.quiet ?? true;
    Object.assign(this, { component, deck });
    this.root.classList.toggle("quiet", deck.quiet);
    this.root.style.setProperty("--height", deck.height);
    if (deck.cookie) document.cookie = `${deck.cookie}; path=/; max-age=31536000; samesite=strict`;
    const isNew = deck.identity !== this.identity;
    if (isNew) this.open(deck.identity);
    const hasMoved = !deck.quiet && this.classes.update(deck.classes);
    if (hasMoved && !isNew) this.status.notice("The classes have changed: look at their keys.");
    this.settle();
    if (deck.quiet ? isNew && this.outbox.size : isNew || wasQuiet) this.reports.report(); // it also tells the tab's name
    this.show();
    this.reports.pump();
    if (wasQuiet && !deck.quiet && isFocusFree()) this.focus();
  }

  /** Begin with the questions of this session and annotator, or go on with them. */
  open(identity) {
    this.identity = identity;
    if (!lines.has(identity)) {
      const outbox = new Outbox(identity);
      lines.set(identity, { outbox, line: new Line(outbox) });
    }
    Object.assign(this, lines.get(identity));
    this.turning = this.outbox.presses.find(({ kind, item }) => item === null && /do$/.test(kind))?.key ?? null;
    this.reports.firstSeq = this.settledSeq = Infinity;
    this.stage.question = undefined;
    this.status.notice(wordsOfOthers(identity));
  }

  /** Take what was answered, and what is asked now. */
  settle() {
    const { deck, line, outbox } = this;
    const over = outbox.settle(deck.answered);
    const turned = over.find(({ press }) => press.key === this.turning);
    if (turned) this.turning = null;
    if (over.length) this.settledSeq = deck.heard;
    const refused = over.filter(({ refusal }) => refusal);
    for (const { press } of refused.toReversed()) line.refuse(press);
    for (const { press, refusal } of over) {
      const item = deck.undone[press.key];
      if (press.kind !== "undo" || refusal || item === undefined || item === press.item) continue;
      if (press.item) line.keep(press.item);
      if (!item) this.status.say("What was said of many items at once is taken back.");
    }
    if (deck.back && isTakenBack(deck.back.item, over, outbox.presses)) line.isBack(deck.back.item);
    // Where nothing can be written nothing is asked either: one goes on with what there is.
    if (!deck.problem && !deck.quiet) line.take(deck.questions, deck.back, Boolean(turned) && !turned.refusal);
    if (refused.length) this.status.refused(refused);
    else if (deck.problem) this.status.notice(deck.problem, "problem");
    else this.status.over("problem");
    this.lookWhetherStuck();
  }

  /** Nothing to show although the server asks: it may ask again about what somebody took back elsewhere. */
  lookWhetherStuck() {
    const { deck, line, outbox } = this;
    if (line.current || outbox.size || !deck.questions.length || !this.reports.isHeard) return;
    if (deck.heard > this.settledSeq || this.settledSeq === Infinity) line.reopen(deck.questions);
    else if (!this.reports.isUnderWay) this.reports.report();
  }

  // ---- what a person does

  /** The item that is on the screen, or on its way to it. */
  get question() {
    return this.stage.question;
  }

  listen(signal) {
    const { parts, root } = this;
    const on = (element, event, react, options = {}) => element.addEventListener(event, react, { signal, ...options });
    on(window, "keydown", (event) => this.keyDown(event), { capture: true }); // before Streamlit, which reruns on r
    on(root, "mousedown", (event) => this.keepFocus(event));
    for (const kind of ["undo", "redo", "skip", "flag"]) {
      on(parts[kind], "click", (event) => this.click({ kind }, event.timeStamp));
    }
    on(parts.keys, "click", () => this.toggleHelp());
    on(parts.close, "click", () => this.toggleHelp());
    on(parts.help, "keydown", (event) => event.stopPropagation());
    on(parts.notice.querySelector("button"), "click", () => this.answerNotice());
    on(parts.message.querySelector("button"), "click", () => this.answerMessage());
    this.classes.listen(on, () => this.focus());
    this.reports.listen(on);
  }

  keyDown(event) {
    const target = targetOf(event);
    if (!this.deck || this.deck.quiet || !this.root.checkVisibility() || document.querySelector("[data-testid=stDialog]")) return;
    if (isTyping(target) || (event.key === " " && takesSpace(target))) return;
    const meaning = meaningOf(event, this.classes.byKey, this.classes.canFind);
    if (!meaning) return this.reports.flush(); // a key of the browser or of another part of the page
    if (isElsewhere(target, this.root)) {
      if (meaning.kind === "label") this.status.say("Click the item first: keys go to what was opened.");
      return;
    }
    event.stopImmediatePropagation();
    event.preventDefault();
    if (event.repeat) return;
    if (this.parts.help.open && meaning.kind !== "help") return;
    if (meaning.kind === "help") this.toggleHelp();
    else if (meaning.kind === "find") this.parts.find.focus();
    else if (this.bringIntoView()) this.status.say("The item was out of sight: press again.");
    else this.act(meaning, event.timeStamp);
  }

  /** One press, at a time of the page's clock: it is about what was on the screen then. */
  act({ kind, number = null }, time) {
    if (kind === "undo" || kind === "redo") return this.turn(kind);
    const unseen = kind !== "label" && this.question && !canBeSeen(this.question) ? this.question : null;
    const question = this.stage.at(time) ?? unseen;
    if (!question) return this.status.say(this.why);
    const said = kind === "flag" && this.line.isFlagged(question) ? "unflag" : kind;
    this.reports.take();
    this.line.press(this.outbox.add(said, question.item, number));
    if (number !== null) this.classes.flash(number);
    this.status.over("refusal");
    this.status.announce(said, this.classes.of(number).name, question);
    this.show();
    this.reports.pump();
  }

  /** A press by a pointer: on a small screen the buttons may be all there is in sight. */
  click(meaning, time) {
    this.act(meaning, time);
    this.bringIntoView();
  }

  /** Undo or redo. Where this page does not know what that is about, nothing can be answered until the server says. */
  turn(kind) {
    if (this.turning) return this.status.say(this.why);
    const turned = kind === "undo" ? this.line.undo() : this.line.redo();
    this.reports.take();
    const { key } = this.outbox.add(kind, turned?.item ?? null);
    if (!turned || (isChoice(turned) && !this.line.known.has(turned.item))) this.turning = key;
    this.status.over("refusal");
    this.status.say(kind === "undo" ? "Taken back" : "Repeated");
    this.show();
    this.reports.pump();
  }

  /** Why no key counts now. */
  get why() {
    if (this.turning) return "Your last answer is being looked up: wait a moment.";
    if (this.question && !canBeSeen(this.question)) return "There is nothing to see of it: skip it, or try again.";
    if (this.question) return "Its picture is on its way: wait a moment.";
    if (this.root.dataset.state === "over") return "Nothing is left to answer here.";
    return "The next items are on their way: wait a moment.";
  }

  toggleHelp() {
    const { help } = this.parts;
    help.classList.toggle("finds", this.classes.canFind);
    if (help.open) help.close();
    else help.showModal();
  }

  focus() {
    this.root.focus({ preventScroll: true });
  }

  /** A click on a button leaves the space bar to skipping. */
  keepFocus(event) {
    if (!event.target.closest("button") || event.target.closest("dialog")) return;
    event.preventDefault();
    this.focus();
  }

  /** Scroll to the picture where nothing of it is in sight; gives whether that was so. */
  bringIntoView() {
    const { top, bottom } = this.parts.stage.getBoundingClientRect();
    const isInSight = bottom > 60 && top < window.innerHeight - 60;
    if (!isInSight) this.parts.stage.scrollIntoView({ block: "center" });
    return !isInSight;
  }

  // ---- what is seen

  show() {
    this.status.show(this.outbox.size, Boolean(this.deck.problem));
    this.takeRoom();
    if (this.deck.quiet) this.root.dataset.state = "quiet";
    else this.showQuestion();
  }

  /** Where nothing is asked there is nothing, not even a gap, unless something is to be told. */
  takeRoom() {
    const isEmpty = this.deck.quiet && !this.outbox.size && !this.status.kind;
    const place = this.root.getRootNode().host?.closest("[data-testid=stElementContainer]");
    if (place) place.style.display = isEmpty ? "none" : "";
  }

  showQuestion() {
    const { line, turning, deck } = this;
    const question = turning ? null : line.current;
    const waits = turning || this.outbox.size || deck.questions.length || deck.problem || deck.choosing || !this.reports.isHeard;
    this.root.dataset.state = question ? "asking" : waits ? "fetching" : "over";
    this.panel.show(question, deck.map_url);
    this.stage.show(question);
    const answered = line.past.filter((press) => isChoice(press) && line.done.has(press.item) && line.known.has(press.item));
    this.panel.showStrip(answered.map((press) => ({ press, question: line.known.get(press.item) })), question, line.following);
    this.panel.showSaid(Boolean(question) && line.isFlagged(question), question && this.takenBackOf(question));
    fetchAhead(line.following.slice(0, 40).map(({ image }) => image).filter(Boolean));
  }

  /** What was said of this item and is taken back. */
  takenBackOf({ item }) {
    return this.line.saidOf(item) ?? this.line.future.findLast((press) => press.item === item && isChoice(press));
  }

  messageOf() {
    if (this.question?.isBroken) return ["Its picture did not come.", "Try again"];
    if (this.question) return [this.question.image ? "" : "There is no picture of this item here.", ""];
    if (this.turning) return ["Looking up your last answer…", ""];
    if (this.deck.choosing) return ["Choosing what to ask about…", ""];
    if (this.root.dataset.state === "fetching") return ["Fetching the next items…", ""];
    return ["Everything here is labelled, skipped or on somebody's screen.", "Look again"];
  }

  answerMessage() {
    if (this.question) this.stage.change(this.question);
    else this.reports.report();
  }

  answerNotice() {
    if (this.status.kind === "problem") return this.reports.report();
    this.status.notice("");
    this.takeRoom();
  }

  // ---- end

  dispose() {
    this.ending.abort();
    load.renamed.delete(this.tell);
    this.resizing.disconnect();
    this.reports.stop();
    this.status.stop();
  }
}

/** A deck with its addresses, which travel without what all of them begin and end with. */
function whole(deck) {
  const [before, after] = deck.around;
  const address = (between) => (between === null ? "" : before + between + after);
  const asked = (question) => question && {
    ...question,
    image: address(question.image),
    tile: address(question.tile),
    nearest: question.nearest.map(([between, ...more]) => [address(between), ...more]),
  };
  return { ...deck, questions: deck.questions.map(asked), back: asked(deck.back) };
}
