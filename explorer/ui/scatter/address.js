// Address: what of the map stands in the page's address, so that a link opens the same view.

const ADDRESS_DELAY = 250; // milliseconds without a change before it is written: browsers limit how often

/** Read `view=cx,cy,scale` (`view=cx,cy,scale@name` of a map that bears a name) from the address; null for none. */
function readView(name) {
  const [view, of = ""] = (new URLSearchParams(window.location.search).get("view") ?? "").split("@");
  const numbers = view.split(",").map(Number);
  const sound = of === name && numbers.length === 3 && numbers.every(Number.isFinite) && numbers[2] > 0;
  return sound ? numbers : null;
}

/** Read camera and what is hidden from the address. */
function readAddress(layout) {
  const view = readView(layout);
  const camera = view && { x: view[0], y: view[1], scale: view[2] };
  return { camera, hidden: Hidden.fromWords(new URLSearchParams(window.location.search).get("hide") ?? "") };
}

/** Write a view (null: fitted) and words for what is hidden into the address, leaving every other parameter alone. */
function writeAddress([three, name], hide) {
  const url = new URL(window.location.href);
  const numbers = three && three.map((v) => Number(v.toPrecision(7))).join(",");
  const view = numbers && name ? `${numbers}@${name}` : numbers;
  for (const [name, value] of [["view", view], ["hide", hide]]) {
    if (value) url.searchParams.set(name, value);
    else url.searchParams.delete(name);
  }
  const address = url.href.replaceAll("%2C", ",").replaceAll("%40", "@").replaceAll("%3A", ":");
  if (address !== window.location.href) window.history.replaceState(window.history.state, "", address);
}

/** Writes the camera and what is hidden once they have not changed for a moment. */
class AddressWriter {
  constructor(map) {
    this.map = map;
  }

  soon() {
    clearTimeout(this.timer);
    if (this.map.link.writes) this.timer = setTimeout(() => this.write(), ADDRESS_DELAY);
  }

  write() {
    const { link, kept, looks } = this.map;
    writeAddress(link.toAddress(), kept.hidden.toWords(looks.colouring.listing));
  }

  stop() {
    clearTimeout(this.timer);
  }
}
