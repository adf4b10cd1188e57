// Scene: all that the drawing of a map needs to know of it, in pixels.

const NO_MARKS = { circles: [], centres: [], sectors: [], outlines: [], borders: [], lines: [], ellipses: [], others: [], hits: [], query: null };

/** What the drawing of anything but points needs to know, for a canvas of `density` pixels a CSS pixel. */
function sceneOf(map, density) {
  const { points, marks, width, height, theme, camera, kept, cloud, regions, targets, looks, gestures } = map;
  const { toScreen, toData } = camera;
  const placeOf = (i) => (i >= 0 && i < (points?.n ?? 0) ? toScreen(points.xy[2 * i], points.xy[2 * i + 1]) : null);
  const hoverTile = map.tiles.of(map.hover);
  return {
    width, height, density, theme, toScreen, toData, regions, camera,
    axes: cloud.axes,
    classes: cloud.classes,
    marks: points ? ofVisible(marks, looks.isVisible) : NO_MARKS,
    measured: Boolean(points), // without points a scale would be made up
    hiddenClasses: looks.hiddenClasses,
    hiddenOthers: kept.hidden.others,
    markColour: looks.markColour,
    nameColour: looks.nameColour,
    regionPlaces: regions.places,
    targetLines: targets,
    targets: targets.places,
    tiles: map.tiles.shown,
    trails: map.timeline.trails.ways(),
    hover: hoverTile ? null : placeOf(map.hover),
    hoverTile,
    twin: map.twin >= 0 && points && looks.isVisible(map.twin) ? placeOf(map.twin) : null,
    crosshair: gestures.crosshair,
    lasso: gestures.path,
  };
}

/** The marks without those of points that are hidden. */
function ofVisible(marks, isVisible) {
  const shown = (row) => row === undefined || row < 0 || isVisible(row);
  const hits = marks.hits.filter((_, k) => shown(marks.hit_rows[k]));
  return shown(marks.query_row) ? { ...marks, hits } : { ...marks, hits, query: null, lines: [], ellipses: [] };
}

/** How many of the marked points are hidden, in words; "" for none. */
function hiddenInWords({ query_row: query, hit_rows: hits }, isVisible) {
  const count = [query, ...hits].filter((row) => row >= 0 && !isVisible(row)).length;
  return count && `${count === 1 ? "1 marked point is" : `${count} marked points are`} hidden by the legend`;
}

/** Diameter (CSS pixels) and opacity of a train point: smaller and fainter the more there are. */
function pointLook({ points, camera }) {
  const crowd = Math.log10(Math.max(10, points?.n ?? 10));
  const zoom = camera.scale / camera.fitted.scale;
  const size = Math.max(1.6, Math.min(9, 12.5 - 2.05 * crowd)) * Math.max(0.8, Math.min(3, zoom ** 0.3));
  const alpha = Math.min(0.92, Math.max(0.28, 1.45 - 0.21 * crowd) + 0.06 * Math.max(0, Math.log2(zoom)));
  return { size: Math.min(14, size), alpha };
}
