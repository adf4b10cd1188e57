// Link: maps of one page that move together, hide together and show the same hovered item.

const links = new Map(); // by name: {maps, camera}; maps in the order in which they came

/** A camera as seen from the fitted one, in widths of the map at the fitted zoom: means the same on every map. */
function relativeTo(fitted, camera, width) {
  if (!camera) return null;
  const unit = fitted.scale / width;
  return { x: (camera.x - fitted.x) * unit, y: (camera.y - fitted.y) * unit, zoom: camera.scale / fitted.scale };
}

function absoluteFrom(fitted, relative, width) {
  if (!relative) return null;
  const unit = fitted.scale / width;
  return { x: fitted.x + relative.x / unit, y: fitted.y + relative.y / unit, scale: fitted.scale * relative.zoom };
}

function inPageOrder(one, other) {
  const [a, b] = [one, other].map(({ root }) => root.getRootNode().host ?? root);
  return a.compareDocumentPosition(b) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1;
}

/** Whether the legend of a map holds for another one too, which may lack its marks of other items. */
function sameLegend({ kept, looks }, other) {
  if (!looks.legend || !other.looks.legend) return false;
  if (kept.hidden !== other.kept.hidden) return false; // what is hidden on one is not so on the other
  const [own, its] = [looks.legend, other.looks.legend].map((legend) => ({ ...legend, others: [] }));
  return !other.looks.legend.others.length && JSON.stringify(own) === JSON.stringify(its);
}

class Link {
  constructor(map) {
    this.map = map;
    this.name = "";
  }

  join(name) {
    if (name === this.name) return;
    this.leave();
    this.name = name;
    if (!name) return;
    // A linked view in the address means the same on each map, so it does not matter which one comes first.
    if (!links.has(name)) links.set(name, { maps: new Set(), camera: keptClouds.size ? undefined : this.fromAddress() });
    links.get(name).maps.add(this.map);
  }

  leave() {
    const group = links.get(this.name);
    group?.maps.delete(this.map);
    if (group?.maps.size === 0) links.delete(this.name);
    else this.shareLegends();
    this.name = "";
    this.shareLegends();
  }

  get others() {
    return [...(links.get(this.name)?.maps ?? [])].filter((map) => map !== this.map);
  }

  /** Linked maps of the same items in the same order, and of the same classes. */
  get twins() {
    const meaning = ({ cloud }) => JSON.stringify([cloud.n, cloud.rows, cloud.classes]);
    return this.others.filter((other) => other.kept && meaning(other) === meaning(this.map));
  }

  /** Of linked maps one alone writes the page's address. */
  get writes() {
    const [first = this.map] = links.get(this.name)?.maps ?? [];
    return first === this.map;
  }

  /** A legend that says what the first map's says is not shown again; its room stays, so that the maps are equally high. */
  shareLegends() {
    const [first, ...rest] = [...(links.get(this.name)?.maps ?? [this.map])].sort(inPageOrder);
    first.parts.legend.classList.remove("repeated");
    for (const map of rest) map.parts.legend.classList.toggle("repeated", sameLegend(first, map));
  }

  fromAddress() {
    const view = readView(`link:${this.name}`);
    return view ? { x: view[0], y: view[1], zoom: view[2] } : undefined;
  }

  /** Three numbers and a name for the address: a linked map gives the view that all share, any other its camera. */
  toAddress() {
    const { kept, cloud } = this.map;
    const shared = links.get(this.name)?.camera;
    if (this.name) return [shared && [shared.x, shared.y, shared.zoom], `link:${this.name}`];
    return [kept.camera && [kept.camera.x, kept.camera.y, kept.camera.scale], cloud.layout];
  }

  /** What "everything" is has become known or changed: the map takes the shared view, or is the first to give one. */
  measured() {
    const group = links.get(this.name);
    const { map } = this;
    if (!group || !map.points || !map.width) return;
    if (group.camera === undefined) this.moved(0);
    else map.kept.camera = absoluteFrom(map.camera.fitted, group.camera, map.width);
  }

  /** The map has moved: the others follow. */
  moved(delay) {
    const group = links.get(this.name);
    const { map } = this;
    if (!group || !map.points || !map.width) return;
    group.camera = relativeTo(map.camera.fitted, map.kept.camera, map.width);
    for (const other of this.others) {
      other.link.measured();
      other.address.soon();
      other.picture.repaint(delay);
    }
  }

  /** Something was hidden or shown here: so it is there. */
  hid() {
    for (const twin of this.twins) {
      twin.kept.hidden = this.map.kept.hidden;
      twin.showHidden();
    }
  }

  /** A point is hovered, or none (-1): the others ring the same item. */
  hovered(index) {
    for (const twin of this.twins) twin.setTwin(index);
  }
}
