// Theme: the page's colours, and what is legible on them.

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
