// Looks: what the points look like: the colouring in effect, the classes' colours, what is hidden, and the words for it.

class Looks {
  constructor(map) {
    this.map = map;
    this.fetching = new Fetching(map, "colours", "", () => this.follow());
    this.colouring = new Colouring(null, null);
    this.palette = []; // the classes' colours, legible in the theme
    this.isVisible = () => false;
    this.drawn = null; // what the painter was told last
    this.shown = null; // how many points are not hidden, once they are counted
  }

  /** Colour the points as Python says: at once where the bytes are here, else when they have come. */
  async follow() {
    const { kept, cloud } = this.map;
    const spec = cloud.colouring;
    const column = spec ? kept.columns[spec.name] : null;
    const wanted = new Colouring(spec, column ?? null);
    if (column || !spec || !cloud.n) {
      this.fetching.stop();
      return this.take(wanted);
    }
    // Until they have come the colours before stay; a map that has none yet is grey.
    if (this.identity !== cloud.identity) this.take(wanted);
    this.fetching.title = `The colours of ${wanted.title}`;
    const bytes = await this.fetching.get(`${cloud.identity} ${spec.name}`, spec.url, cloud.n);
    if (!bytes) return;
    kept.columns[spec.name] = columnOf(new Uint8Array(bytes));
    this.take(new Colouring(this.map.cloud.colouring, kept.columns[spec.name]));
  }

  take(colouring) {
    const before = this.colouring;
    this.colouring = colouring;
    this.identity = this.map.cloud.identity;
    if (colouring.listing !== before.listing) this.map.setHover(-1);
    if (colouring.spec && colouring.column !== this.columnDrawn) this.refresh();
    this.apply();
  }

  /** Hand the bytes that follow colouring and selection to the painter; the places stay where they are. */
  refresh() {
    const { points, painter, kept } = this.map;
    this.shown = null;
    if (!points) return;
    this.columnDrawn = this.colouring.column;
    painter?.setLooks(points, this.columnDrawn?.bytes, kept.selected);
    this.map.picture.repaint();
  }

  /** Send colours and hidden entries to the painter, and show them in the legend. */
  apply() {
    const { colouring, map } = this;
    const { theme, points, cloud, kept: { hidden } } = map;
    this.palette = palette(cloud.colours, theme);
    this.isVisible = points ? visibility(points, colouring, hidden) : () => false;
    const tints = new Uint8Array(4 * 256 * 2);
    for (let k = 0; k < 256; k++) {
      tints.set([...this.classColour(k).map(Math.round), this.hiddenClasses.has(k) ? 0 : 255], 4 * k);
    }
    tints.set(colouring.tints(theme, hidden.of(colouring.listing)), 4 * 256);
    const rows = { row: colouring.spec ? 1 : 0, hidingRow: colouring.isGrouped ? 1 : 0 };
    this.paints = { tints, row: rows.row };
    map.notice("hidden", points ? hiddenInWords(map.marks, this.isVisible) : "");
    this.showLegend();
    const drawn = JSON.stringify([Array.from(tints), theme, rows, hidden.splits]);
    if (drawn === this.drawn) return; // most reruns: a million points need not be drawn again
    this.drawn = drawn;
    this.shown = null;
    map.painter?.setColours(tints, theme.grey, rows, hidden.splits.map((off) => !off));
    map.regions.paint();
    map.picture.repaint();
  }

  // ---- colours

  classColour = (index) => this.palette[index] ?? this.map.theme.grey;

  /** Colour of the class that is called so, if one is. */
  nameColour = (name) => this.palette[this.map.cloud.classes.indexOf(name)];

  /** Colour of a class's marks: where colours mean other groups, a class colour would be taken for one of them. */
  markColour = (index) => {
    const { theme: { grey, text }, cloud } = this.map;
    const { isGrouped, spec } = this.colouring;
    const others = isGrouped && spec.groups.join() !== cloud.classes.join();
    return others ? mix(grey, text, 0.3) : this.classColour(index);
  };

  /** Colour of point i, as it is drawn: read where the painter reads it, as a picture may ask for 100,000. */
  colourOf(i) {
    const { tints, row } = this.paints;
    const at = 4 * (row ? 256 + (this.columnDrawn?.bytes[i] ?? NO_GROUP) : this.map.points.classes[i]);
    return [tints[at], tints[at + 1], tints[at + 2]];
  }

  // ---- what is hidden

  get hiddenClasses() {
    return this.colouring.isGrouped ? new Set() : this.map.kept.hidden.of("");
  }

  /** How many points are not hidden; counted once, and not again while the camera moves. */
  shownCount() {
    if (this.shown === null) {
      this.shown = 0;
      for (let i = 0; i < (this.map.points?.n ?? 0); i++) if (this.isVisible(i)) this.shown++;
    }
    return this.shown;
  }

  showLegend() {
    const { cloud, points, theme, marks, parts, kept: { hidden } } = this.map;
    const { colouring, nameColour } = this;
    const colours = colouring.isGrouped ? palette(colouring.spec.colours, theme) : this.palette;
    const entryColour = (k) => colours[k] ?? theme.grey;
    const change = (act) => (...entries) => {
      act(this.colouring.listing, ...entries);
      this.map.showHidden();
      this.map.link.hid();
    };
    this.legend = legendOf({ cloud, points, colouring, theme, marks, hidden, entryColour, nameColour });
    showLegend(parts, this.legend, change((...entry) => this.map.kept.hidden.toggle(...entry)),
      change((...entries) => this.map.kept.hidden.only(...entries)));
    this.map.link.shareLegends();
  }

  // ---- words

  /** What the tooltip says about point i. */
  factsOf(i) {
    const { points: { classes, values, splits }, cloud } = this.map;
    const { colouring } = this;
    const split = splits[i] ? "test" : "train";
    const lines = [{ text: split }];
    // Coloured by it, the line below says so.
    const sure = cloud.has_confidence && colouring.spec?.name !== "confidence";
    if (sure) lines.push({ text: `confidence ${Math.round((values[i] / 255) * 100)} %` });
    const words = colouring.wordsOf(i);
    if (words) lines.push({ text: words, colour: css(this.colourOf(i)) });
    const name = cloud.classes.length ? this.className(classes[i]) : "Item";
    return {
      name,
      colour: colouring.isGrouped ? null : css(this.classColour(classes[i])), // groups alone are told by colour then
      lines,
      spoken: [name, ...lines.map(({ text }) => text)].join(", "),
      image: cloud.thumbnail_url && {
        name: `${cloud.identity} ${i}`, // the address may change, the image does not
        address: cloud.thumbnail_url.replace("{index}", String(i)),
      },
    };
  }

  className(index) {
    return index === UNLABELLED ? "Unlabelled" : (this.map.cloud.classes[index] ?? `class ${index}`);
  }
}
