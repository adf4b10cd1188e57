// Hidden: what a person has switched off in the legend, and how the page's address says so.

const SPLITS = ["train", "test"];

/** Each colouring that lists entries has hidden ones of its own; classes are listed under the name "". */
class Hidden {
  constructor() {
    this.byListing = new Map();
    this.splits = [false, false];
    this.others = new Set(); // groups of marks that are items of another data set
  }

  /** Hidden bytes of a listing; a change of the set is kept. */
  of(listing) {
    if (!this.byListing.has(listing)) this.byListing.set(listing, new Set());
    return this.byListing.get(listing);
  }

  /** Show or hide the entry `id`: "train", "test", "o2" (the other items' group 2) or a byte of the listing. */
  toggle(listing, id) {
    const split = SPLITS.indexOf(id);
    if (split >= 0) this.splits[split] = !this.splits[split];
    else {
      const [set, byte] = this.place(listing, id);
      if (!set.delete(byte)) set.add(byte);
    }
  }

  /** Hide every one of `ids` but `id`; when it is alone already, show all again. */
  only(listing, id, ids) {
    const [set, byte] = this.place(listing, id);
    const rest = ids.map((other) => this.place(listing, other)[1]).filter((other) => other !== byte);
    const alone = !set.has(byte) && rest.every((other) => set.has(other));
    set.clear();
    if (!alone) for (const other of rest) set.add(other);
  }

  place(listing, id) {
    return id.startsWith("o") ? [this.others, Number(id.slice(1))] : [this.of(listing), Number(id)];
  }

  /** `0,3,test` where classes are listed, `0,o2@season` where the groups of a colouring called season are. */
  toWords(listing) {
    const sorted = (set) => [...set].sort((a, b) => a - b);
    const words = [...sorted(this.of(listing)), ...SPLITS.filter((_, k) => this.splits[k]), ...sorted(this.others).map((k) => `o${k}`)];
    return words.join(",") + (words.length && listing ? `@${listing}` : "");
  }

  static fromWords(text) {
    const hidden = new Hidden();
    const [words, ...name] = text.split("@");
    const listing = name.join("@");
    for (const word of words.split(",")) {
      const number = Number(word.replace("o", ""));
      if (SPLITS.includes(word)) hidden.splits[SPLITS.indexOf(word)] = true;
      else if (/^o?\d{1,3}$/.test(word) && number <= UNLABELLED) hidden.place(listing, word)[0].add(number);
    }
    return hidden;
  }
}
