// View: the camera, the colours of the theme, and what of them stands in the page's address.

const LARGEST_ZOOM = 20000; // times the fitted scale; beyond it float32 places visibly jump

/** Camera that shows a box whole, with room for axis labels. `scale` is pixels per unit of both axes. */
function fitCamera(box, width, height) {
  if (!box || !(width > 0) || !(height > 0)) return { x: 0, y: 0, scale: 100 };
  const wide = box.right - box.left, high = box.top - box.bottom;
  const side = Math.max(wide, high) || 1; // a single point, or all on one spot, still needs a scale
  const roomX = Math.max(40, width - 2 * Math.min(56, width * 0.1));
  const roomY = Math.max(40, height - 2 * Math.min(48, height * 0.12));
  const scale = Math.min(roomX / Math.max(wide, side * 1e-3), roomY / Math.max(high, side * 1e-3));
  return { x: (box.left + box.right) / 2, y: (box.bottom + box.top) / 2, scale };
}

/** Smallest box around points and those marks that lie beside them: circles, centres and other items. */
function boxAround(bounds, { circles, centres, others }) {
  const box = bounds ? { ...bounds } : { left: Infinity, right: -Infinity, bottom: Infinity, top: -Infinity };
  const spots = [...centres, ...others].map(([x, y]) => [x, y, 0]);
  for (const [x, y, radius] of [...circles, ...spots]) {
    box.left = Math.min(box.left, x - radius);
    box.right = Math.max(box.right, x + radius);
    box.bottom = Math.min(box.bottom, y - radius);
    box.top = Math.max(box.top, y + radius);
  }
  return box.left <= box.right ? box : null;
}

/** Round tick values between two ends, at least `gap` pixels apart. */
function ticks(from, to, scale, gap) {
  const rough = gap / scale;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((factor) => factor * power >= rough) * power;
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const values = [];
  for (let k = Math.ceil(from / step); k * step <= to && values.length < 60; k++) {
    values.push({ at: k * step, text: (k === 0 ? 0 : k * step).toFixed(Math.min(digits, 12)).replace("-", "\u2212") });
  }
  return values;
}

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

/** The theme's colours, as Streamlit hands them down in custom properties. */
function readTheme(element) {
  const style = getComputedStyle(element);
  const of = (name, otherwise) => parseColour(style.getPropertyValue(name).trim()) ?? parseColour(otherwise);
  const background = of("--st-background-color", "#ffffff");
  const dark = luminance(background) < 0.3;
  return {
    dark,
    background,
    text: of("--st-text-color", dark ? "#fafafa" : "#31333f"),
    accent: of("--st-primary-color", "#3b6fb5"),
    grey: dark ? [112, 117, 128] : [170, 174, 182],
    font: style.getPropertyValue("--st-font").trim() || "sans-serif",
  };
}

/** "#rgb", "#rrggbb", "rgb(...)" or "rgba(...)" as [r, g, b] in 0 to 255; null for anything else. */
function parseColour(text) {
  const short = /^#([0-9a-f])([0-9a-f])([0-9a-f])$/i.exec(text);
  if (short) return short.slice(1).map((digit) => parseInt(digit + digit, 16));
  const long = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})?$/i.exec(text);
  if (long) return long.slice(1, 4).map((digits) => parseInt(digits, 16));
  const call = /^rgba?\(\s*([\d.]+)[\s,]+([\d.]+)[\s,]+([\d.]+)/i.exec(text);
  return call ? call.slice(1, 4).map(Number) : null;
}

function css([r, g, b], alpha = 1) {
  return `rgba(${Math.round(r)}, ${Math.round(g)}, ${Math.round(b)}, ${alpha})`;
}

function mix(from, to, share) {
  return from.map((value, channel) => value + (to[channel] - value) * share);
}

/** Relative luminance of sRGB, 0 to 1. */
function luminance(colour) {
  const [r, g, b] = colour.map((v) => (v / 255 <= 0.03928 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(one, other) {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

/** The ink, black or white, that is read best on a colour. */
function inkOn(colour) {
  return [[0, 0, 0], [255, 255, 255]].sort((a, b) => contrast(b, colour) - contrast(a, colour))[0];
}

/**
 * The colour itself or, where it drowns in the background, one that does not: a neutral (black on dark)
 * turns into the text's colour, any other takes steps towards it.
 */
function readable(colour, theme, least = 1.7) {
  if (contrast(colour, theme.background) >= least) return colour;
  if (Math.max(...colour) - Math.min(...colour) < 24) return mix(colour, theme.text, 0.9);
  let shown = colour;
  for (let share = 0.1; contrast(shown, theme.background) < least && share < 1; share += 0.1) {
    shown = mix(colour, theme.text, share);
  }
  return shown;
}

// Blue to yellow through grey, in the manner of cividis: equal steps for every kind of colour vision.
// The end that would vanish in the theme's background is drawn in.
const RAMP_ON_LIGHT = ["#00224e", "#2a3f6d", "#575d6d", "#807d74", "#ab9c5c", "#d0ae1f"].map(parseColour);
const RAMP_ON_DARK = ["#4a6fc0", "#6c80ab", "#8b8f96", "#ada57f", "#d5c25b", "#fff07a"].map(parseColour);

function rampColour(theme, value) {
  const ramp = theme.dark ? RAMP_ON_DARK : RAMP_ON_LIGHT;
  const place = Math.max(0, Math.min(1, value)) * (ramp.length - 1);
  const step = Math.min(ramp.length - 2, Math.floor(place));
  return mix(ramp[step], ramp[step + 1], place - step);
}
