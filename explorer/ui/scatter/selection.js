// Selection: the points that a person has drawn around or that Python has named, and the chip that counts them.

class Selection {
  constructor(map) {
    this.map = map;
  }

  /** Follow what Python says of it; each of its words counts once, and not again at every rerun. */
  follow() {
    const { kept, cloud: { clear_selection: clearSelection, selected, n } } = this.map;
    if (kept.clearSelection < clearSelection) this.select(null);
    kept.clearSelection = clearSelection;
    if (kept.selectionName === selected.name) return;
    kept.selectionName = selected.name;
    this.select(selected.name ? fromBitmask(selected.mask, n) : null);
  }

  /** Take bytes of 0 and 1, or null for none, and draw them; Python is told elsewhere. */
  select(selected) {
    this.map.kept.selected = selected;
    this.map.looks.refresh();
    this.showChip();
  }

  /** Select the visible points inside a path of pixels. */
  lasso(path) {
    const { points, camera, looks, reports } = this.map;
    const selected = pointsInside(points, path.map((at) => camera.toData(...at)), looks.isVisible);
    this.select(selected.includes(1) ? selected : null);
    reports.lasso(selected);
  }

  clear() {
    if (!this.map.kept.selected) return;
    this.select(null);
    this.map.reports.lasso(null);
  }

  showChip() {
    const { parts, kept: { selected } } = this.map;
    const count = selected ? selected.reduce((sum, flag) => sum + flag, 0) : 0;
    parts.chip.hidden = !selected;
    parts.chipText.textContent = `${grouped(count)} selected`;
  }
}
