// Link: maps of one page that move together and show the same hovered item.

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
    if (!links.has(name)) links.set(name, { maps: new Set(), camera: undefined });
    links.get(name).maps.add(this.map);
  }

  leave() {
    const group = links.get(this.name);
    group?.maps.delete(this.map);
    if (group?.maps.size === 0) links.delete(this.name);
    this.name = "";
  }

  get others() {
    return [...(links.get(this.name)?.maps ?? [])].filter((map) => map !== this.map);
  }

  /** Of linked maps the first one alone stands in the page's address. */
  get isFirst() {
    const [first = this.map] = links.get(this.name)?.maps ?? [];
    return first === this.map;
  }

  /** What "everything" is has become known or changed: the first map leads, the others follow. */
  measured() {
    if (this.isFirst) this.moved(0);
    else this.follow();
  }

  /** The map has moved: the others follow. */
  moved(delay) {
    const { map, others } = this;
    if (!others.length || !map.points || !map.width) return;
    links.get(this.name).camera = relativeTo(map.fitted, map.kept.camera, map.width);
    for (const other of others) {
      other.link.follow();
      other.writeAddressSoon();
      other.repaint(delay);
    }
  }

  follow() {
    const { map } = this;
    const camera = links.get(this.name)?.camera;
    if (camera !== undefined && map.points && map.width) map.kept.camera = absoluteFrom(map.fitted, camera, map.width);
  }

  /** A point is hovered, or none (-1): the others ring the same item. */
  hovered(index) {
    for (const other of this.others) other.setTwin(other.cloud.n === this.map.cloud.n ? index : -1);
  }
}
