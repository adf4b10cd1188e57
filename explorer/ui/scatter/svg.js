// SVG: a drawing context that writes elements, so that one function draws on the screen and into a file.

/** Text for XML: no markup, none of the characters that XML cannot hold. */
function xml(value) {
  const sound = String(value).toWellFormed?.() ?? String(value);
  return sound.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "")
    .replace(/[&<>"]/g, (character) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[character]);
}

/** A number as short as a hundredth of a pixel allows. */
function short(value) {
  return String(Math.round(value * 100) / 100);
}

function svgElement(tag, attributes, content = "") {
  const words = Object.entries(attributes).filter(([, value]) => value !== null && value !== undefined);
  const head = [tag, ...words.map(([name, value]) => `${name}="${xml(value)}"`)].join(" ");
  return content ? `<${head}>${content}</${tag}>` : `<${head}/>`;
}

/** Colour and opacity apart: many programs know no rgba(). */
function svgPaint(role, style, alpha) {
  const [red, green, blue, opacity = 1] = style.match(/[\d.]+/g).map(Number);
  const whole = opacity * alpha;
  return { [role]: `rgb(${red},${green},${blue})`, [`${role}-opacity`]: whole < 1 ? short(whole) : null };
}

function svgBox(x, y, width, height) {
  return { x: short(x), y: short(y), width: short(width), height: short(height) };
}

function canvasOf(width, height) {
  return Object.assign(document.createElement("canvas"), { width: Math.round(width), height: Math.round(height) });
}

/** What the drawing functions need of a 2D context; what they draw becomes `elements`. */
class SvgContext {
  constructor() {
    this.elements = [];
    this.path = "";
    this.state = {
      dash: [], globalAlpha: 1, fillStyle: "#000000", strokeStyle: "#000000",
      lineWidth: 1, lineCap: "butt", lineJoin: "miter", font: "10px sans-serif", textAlign: "start",
      textBaseline: "alphabetic", imageSmoothingEnabled: true,
    };
    this.ruler = document.createElement("canvas").getContext("2d");
  }

  setTransform() {} // one unit is one pixel already

  clearRect() {} // nothing lies beneath

  setLineDash(dash) {
    this.state.dash = dash;
  }

  // ---- paths

  beginPath() {
    this.path = "";
  }

  add(command, ...numbers) {
    this.path += command + numbers.map(short).join(" ");
  }

  moveTo(x, y) {
    this.add("M", x, y);
  }

  lineTo(x, y) {
    this.add(this.path ? "L" : "M", x, y);
  }

  closePath() {
    if (this.path) this.add("Z");
  }

  rect(x, y, width, height) {
    this.path += `M${short(x)} ${short(y)}h${short(width)}v${short(height)}h${short(-width)}Z`;
  }

  roundRect(x, y, width, height, radii = 0) {
    const radius = Math.min([radii].flat()[0], width / 2, height / 2);
    const corner = (dx, dy) => `a${short(radius)} ${short(radius)} 0 0 1 ${short(dx * radius)} ${short(dy * radius)}`;
    const [across, down] = [width - 2 * radius, height - 2 * radius];
    this.path += `M${short(x + radius)} ${short(y)}h${short(across)}${corner(1, 1)}v${short(down)}${corner(-1, 1)}` +
      `h${short(-across)}${corner(-1, -1)}v${short(-down)}${corner(1, -1)}Z`;
  }

  arc(x, y, radius, start, end, counter = false) {
    this.ellipse(x, y, radius, radius, 0, start, end, counter);
  }

  /** In two halves: SVG cannot draw a whole turn as one arc. */
  ellipse(x, y, a, b, turn, start, end, counter = false) {
    const whole = 2 * Math.PI;
    let sweep = counter ? start - end : end - start;
    sweep = sweep >= whole ? whole : ((sweep % whole) + whole) % whole;
    const at = (angle) => {
      const [u, v] = [a * Math.cos(angle), b * Math.sin(angle)];
      return [x + u * Math.cos(turn) - v * Math.sin(turn), y + u * Math.sin(turn) + v * Math.cos(turn)];
    };
    const sign = counter ? -1 : 1;
    this.lineTo(...at(start));
    for (const share of [0.5, 1]) {
      const head = [a, b, (turn * 180) / Math.PI].map(short).join(" ");
      this.path += `A${head} 0 ${counter ? 0 : 1} ${at(start + sign * sweep * share).map(short).join(" ")}`;
    }
  }

  fill() {
    if (this.path) this.write("path", { d: this.path, ...this.filled });
  }

  stroke() {
    if (this.path) this.write("path", { d: this.path, fill: "none", ...this.stroked });
  }

  fillRect(x, y, width, height) {
    this.write("rect", { ...svgBox(x, y, width, height), ...this.filled });
  }

  strokeRect(x, y, width, height) {
    this.write("rect", { ...svgBox(x, y, width, height), fill: "none", ...this.stroked });
  }

  // ---- texts and pictures

  measureText(text) {
    this.ruler.font = this.state.font;
    return this.ruler.measureText(text);
  }

  strokeText(text, x, y) {
    this.rim = { text, x, y, style: { ...this.stroked, "paint-order": "stroke" } };
  }

  /** A text with a rim beneath it is one element, so that it can be edited as one. */
  fillText(text, x, y) {
    const { rim } = this;
    const rimmed = rim && rim.text === text && rim.x === x && rim.y === y;
    this.rim = null;
    const [, weight, size, family] = /^(?:(\w+) )?([\d.]+)px (.+)$/.exec(this.state.font) ?? [null, null, "12", "sans-serif"];
    const drop = { middle: 0.35, top: 0.8, hanging: 0.8, bottom: -0.2 }[this.state.textBaseline] ?? 0;
    const anchor = { center: "middle", right: "end", end: "end" }[this.state.textAlign] ?? null;
    this.write("text", {
      x: short(x), y: short(y + drop * size), "font-size": size, "font-weight": weight, "font-family": family,
      "text-anchor": anchor, ...this.filled, ...(rimmed ? rim.style : {}),
    }, xml(text));
  }

  drawImage(source, ...numbers) {
    const [sx, sy, swide, shigh] = numbers.length === 8 ? numbers : [0, 0, source.width, source.height];
    const [x, y, wide = source.width, high = source.height] = numbers.length === 8 ? numbers.slice(4) : numbers;
    const copy = canvasOf(swide, shigh);
    copy.getContext("2d").drawImage(source, sx, sy, swide, shigh, 0, 0, copy.width, copy.height);
    const { globalAlpha, imageSmoothingEnabled } = this.state;
    this.write("image", {
      ...svgBox(x, y, wide, high), href: copy.toDataURL(), preserveAspectRatio: "none",
      style: imageSmoothingEnabled ? null : "image-rendering:pixelated", opacity: globalAlpha < 1 ? short(globalAlpha) : null,
    });
  }

  // ---- what elements share

  write(...parts) {
    this.elements.push(svgElement(...parts));
  }

  /** Put all that `draw` draws into one group. */
  group(attributes, draw) {
    const { elements } = this;
    this.elements = [];
    draw(this);
    elements.push(svgElement("g", attributes, this.elements.join("\n")));
    this.elements = elements;
  }

  get filled() {
    return svgPaint("fill", this.colour(this.state.fillStyle), this.state.globalAlpha);
  }

  get stroked() {
    const { strokeStyle, globalAlpha, lineWidth, lineCap, lineJoin, dash } = this.state;
    return {
      ...svgPaint("stroke", this.colour(strokeStyle), globalAlpha), "stroke-width": short(lineWidth),
      "stroke-linecap": lineCap === "butt" ? null : lineCap, "stroke-linejoin": lineJoin === "miter" ? null : lineJoin,
      "stroke-dasharray": dash.length ? dash.join(" ") : null,
    };
  }

  /** Any colour of CSS as numbers. */
  colour(style) {
    return /^rgb/.test(style) ? style : css(parseColour(style) ?? [0, 0, 0]);
  }
}

// What a drawing function sets, the context keeps in its state.
for (const name of ["globalAlpha", "fillStyle", "strokeStyle", "lineWidth", "lineCap", "lineJoin", "font", "textAlign",
  "textBaseline", "imageSmoothingEnabled"]) {
  Object.defineProperty(SvgContext.prototype, name, {
    get() { return this.state[name]; },
    set(value) { this.state[name] = value; },
  });
}
