// Kept: what outlives a page switch, by identity of the cloud: camera, hidden entries, selection, points.

const CLOUDS_KEPT = 4; // downloaded clouds that stay in memory, the latest ones
const keptClouds = new Map(); // in the order of use

/** What is kept of a cloud, made at its first use; `twin` is a linked map of the same items, if there is one. */
function keptOf({ identity, items, layout, clear_selection: clearSelection }, twin) {
  let kept = keptClouds.get(identity);
  if (!kept) {
    // Only the first map of this page load takes its view from the address: it is the one the link meant.
    const { camera, hidden } = keptClouds.size ? { camera: null, hidden: new Hidden() } : readAddress(layout);
    kept = { camera, hidden, selected: null, selectionName: "", points: null, columns: {}, clearSelection };
  }
  const sibling = [...keptClouds.values()].filter((other) => items && other.items === items).pop();
  if (sibling) {
    // The map of the same items that was shown last: what was hidden or selected there is so here.
    const { hidden, selected, selectionName, clearSelection: cleared } = sibling;
    Object.assign(kept, { hidden, selected, selectionName, clearSelection: cleared });
  }
  if (twin) kept.hidden = twin.kept.hidden;
  kept.items = items;
  keptClouds.delete(identity);
  keptClouds.set(identity, kept);
  for (const old of [...keptClouds.values()].slice(0, -CLOUDS_KEPT)) Object.assign(old, { points: null, frames: null, columns: {} });
  return kept;
}
