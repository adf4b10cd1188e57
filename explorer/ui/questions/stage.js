// Stage: the item itself, large, or words about why there is none.

class Stage {
  constructor(root, parts, explain) {
    this.root = root;
    this.parts = parts;
    this.explain = explain; // gives words about why there is nothing, and what a button under them does
    this.screen = new Screen();
    this.question = undefined;
    this.room = null; // for the picture, once it is measured
  }

  /** The question that a person saw at this time of the page's clock; null for none. */
  at(time) {
    return this.screen.at(time);
  }

  /** Show this item, or with null none. */
  show(question) {
    if (question !== this.question) this.change(question);
    else if (!question) this.say();
  }

  change(question) {
    this.question = question;
    this.parts.picture.replaceChildren();
    this.parts.values.hidden = Boolean(!question || question.image);
    if (question?.image) this.fetch(question);
    else if (question?.values.length) this.appear(question);
    else this.blank();
  }

  fetch(question) {
    const picture = pictureOf(question.image, true);
    if (isThere(picture)) return this.appear(question, picture);
    this.blank();
    const isAwaited = () => this.question === question;
    picture.addEventListener("load", () => isAwaited() && this.appear(question, picture), { once: true });
    picture.addEventListener("error", () => isAwaited() && this.fail(question), { once: true });
  }

  appear(question, picture = null) {
    this.parts.message.hidden = true;
    question.isBroken = false;
    if (picture) {
      picture.alt = question.title;
      this.parts.picture.replaceChildren(picture);
    }
    this.fit();
    this.screen.show(question, () => { this.root.dataset.shown = question.item; });
  }

  blank() {
    this.say();
    this.screen.show(null, () => { this.root.dataset.shown = ""; });
  }

  fail(question) {
    question.isBroken = true;
    this.say();
  }

  say() {
    const { message } = this.parts;
    const [words, action] = this.explain();
    const button = message.querySelector("button");
    message.hidden = false;
    message.querySelector("p").textContent = words;
    button.textContent = action;
    button.hidden = !action;
  }

  /** The stage has another size; to read it just after a change would lay the page out once more for each press. */
  measure() {
    const { clientWidth: width, clientHeight: height } = this.parts.stage;
    this.room = width && height ? { width: width - 2, height: height - 2 } : null; // none in a hidden tab
    this.fit();
  }

  fit() {
    const picture = this.parts.picture.firstElementChild;
    if (picture && this.room) resize(picture, this.room);
  }
}

/** Whether there is something of an item to judge by. */
function canBeSeen({ image, values, isBroken }) {
  return Boolean((image && !isBroken) || values.length);
}
