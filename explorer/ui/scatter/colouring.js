// Colouring: what a point's colour says: its class, a group, or a value on a ramp. Bytes, colours and words of it.

const NO_GROUP = 255; // as a value: not known
const PALE = 192; // in a palette's alpha: seen, but faint and beneath the others
const RAMP_END = 254; // the byte that means the upper end of a ramp

/** The bytes of a colouring and how many points have each. */
function columnOf(bytes) {
  const counts = new Uint32Array(256);
  for (let i = 0; i < bytes.length; i++) counts[bytes[i]]++;
  return { bytes, counts };
}

/** What is in effect: `spec` as Python says it (null: by class), `column` its bytes (null while they are not there). */
class Colouring {
  constructor(spec, column) {
    this.spec = spec;
    this.column = column;
    this.isGrouped = Boolean(spec?.groups.length);
    this.isRamp = Boolean(spec) && !this.isGrouped;
    const [title = "", ...more] = (spec?.title ?? "").split(", ");
    this.title = title;
    this.unit = more.join(", ");
    this.listing = this.isGrouped ? spec.name : ""; // what the legend lists and hides by
  }

  /** What the legend lists: names and colours by byte, the name of byte 255, and how many points have each byte. */
  listed(cloud, points) {
    if (this.isGrouped) {
      return { names: this.spec.groups, colours: this.spec.colours, rest: "None", counts: this.column?.counts };
    }
    return { names: cloud.classes, colours: cloud.colours, rest: "Unlabelled", counts: points?.counts.byClass };
  }

  /** Colours of the column's bytes, 256 RGBA. */
  tints(theme, hidden) {
    const tints = new Uint8Array(4 * 256);
    const groups = this.isGrouped ? palette(this.spec.colours, theme) : [];
    for (let k = 0; k < 256; k++) {
      const colour = this.isGrouped ? groups[k] : k <= RAMP_END && rampColour(theme, k / RAMP_END);
      const seen = this.spec?.pale && k === NO_GROUP ? PALE : 255;
      tints.set([...(colour || theme.grey).map(Math.round), this.isGrouped && hidden.has(k) ? 0 : seen], 4 * k);
    }
    return tints;
  }

  /** What the tooltip says of point i beside its class; null for nothing. */
  wordsOf(i) {
    if (!this.spec || !this.column) return null;
    const byte = this.column.bytes[i];
    const { groups, low, high } = this.spec;
    const { title } = this;
    if (this.isGrouped) return `${title}: ${groups[byte] ?? "none"}`;
    if (byte > RAMP_END) return `${title}: not known`;
    const value = between(low, high, byte / RAMP_END);
    return value && `${title}: ${value}`; // ends in words have nothing to say between them
  }
}

/** The test whether point i is not hidden, made once for many points; groups that are not here yet hide nothing. */
function visibility({ classes, splits }, colouring, hidden) {
  const bytes = colouring.isGrouped ? colouring.column?.bytes : classes;
  const off = new Uint8Array(256);
  for (const byte of hidden.of(colouring.listing)) off[byte] = 1;
  const [trainOff, testOff] = hidden.splits;
  return (i) => !(splits[i] ? testOff : trainOff) && !(bytes && off[bytes[i]]);
}

function palette(colours, theme) {
  return colours.map((text) => readable(parseColour(text) ?? theme.grey, theme));
}

/** The number `share` of the way between two texts, three figures and their unit; null where these are no numbers. */
function between(low, high, share) {
  const [from, to] = [low, high].map((text) => /^\s*(?<value>[-+\u2212]?[\d.]+(?:e[-+]?\d+)?)(?<unit>\D*)$/i.exec(text)?.groups);
  if (!from || !to || from.unit !== to.unit) return null;
  const [a, b] = [from, to].map(({ value }) => Number(value.replace("\u2212", "-")));
  const value = a + (b - a) * share;
  return Number.isFinite(value) ? String(Number(value.toPrecision(3))).replace("-", "\u2212") + from.unit : null;
}
