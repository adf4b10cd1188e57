// Drawn legend: the legend beside an exported view, drawn on a canvas from what its elements say.

const LEGEND_LINE = 22; // pixels
const LEGEND_EDGE = 14;
const LEGEND_GAP = 8; // above the heading of a further group
const RAMP_STRIPS = 64;
const RAMP_WIDTH = 150;

/** Lines of the legend, of what is shown alone: {heading}, {note}, {low, high} of a ramp or {name, count, colour, letter}. */
function readLegend({ legend }) {
  const text = (element, query) => element.querySelector(query)?.textContent ?? "";
  const lines = [];
  for (const group of legend.querySelectorAll(".scale, .entries, .others")) {
    const said = [...group.querySelectorAll(".entry[aria-pressed=true]")].map((entry) => ({
      name: text(entry, ".name"), count: text(entry, ".count"), letter: entry.querySelector(".diamond")?.textContent,
      colour: entry.querySelector(".swatch, .diamond")?.style.getPropertyValue("--swatch") ?? "",
    }));
    if (group.querySelector(".ramp")) said.push({ low: text(group, ".low"), high: text(group, ".high") });
    if (!said.length) continue;
    const [heading, note] = [text(group, ".heading"), text(group, ".unit")];
    lines.push(...(heading ? [{ heading }] : []), ...(note ? [{ note }] : []), ...said);
  }
  return lines;
}

function legendFont(line, theme) {
  return `${line.heading ? "600 13px" : line.note ? "12px" : "13px"} ${theme.font}`;
}

/** Put each line at its place beside the plot, in as many columns as the plot's height asks for. */
function layOutLegend(context, lines, { width, height, theme }) {
  const columns = [];
  let y = Infinity;
  for (const line of lines) {
    const high = LEGEND_LINE * ("low" in line ? 2 : 1);
    if (y + high > height - LEGEND_EDGE) {
      columns.push({ lines: [], wide: 0 });
      y = LEGEND_EDGE;
    }
    const column = columns.at(-1);
    if (line.heading && column.lines.length) y += LEGEND_GAP;
    column.lines.push({ ...line, y });
    column.wide = Math.max(column.wide, widthOf(context, line, theme));
    y += high;
  }
  let x = width + LEGEND_EDGE;
  const placed = columns.flatMap((column) => {
    const left = x;
    x += column.wide + LEGEND_EDGE;
    return column.lines.map((line) => ({ ...line, x: left, right: left + column.wide }));
  });
  return { placed, width: columns.length ? x - width : 0 };
}

function widthOf(context, line, theme) {
  context.font = legendFont(line, theme);
  if ("low" in line) return RAMP_WIDTH;
  const wide = (text) => context.measureText(text).width;
  return line.name === undefined ? wide(line.heading ?? line.note) : 18 + wide(line.name) + (line.count ? 14 + wide(line.count) : 0);
}

function drawLegend(context, { placed }, { theme }) {
  context.textBaseline = "middle";
  for (const line of placed) {
    const { x, y, right, heading, note, name, count } = line;
    if (name !== undefined) drawSwatch(context, line, theme);
    context.font = legendFont(line, theme);
    context.textAlign = "left";
    context.fillStyle = css(theme.text, note ? 0.65 : 1);
    if ("low" in line) drawRamp(context, line, theme);
    else context.fillText(heading ?? note ?? name, name === undefined ? x : x + 18, y + LEGEND_LINE / 2);
    context.textAlign = "right";
    context.fillStyle = css(theme.text, 0.65);
    if (count) context.fillText(count, right, y + LEGEND_LINE / 2);
  }
}

/** A class or a group is a disc; items of another data set are a diamond with their group's letter. */
function drawSwatch(context, { x, y, colour, letter }, theme) {
  const middle = y + LEGEND_LINE / 2;
  if (letter !== undefined) {
    drawDiamond(context, [x + 6, middle], 8, parseColour(colour), theme);
    drawLetter(context, [x + 6, middle], 8, letter, theme);
    return;
  }
  context.beginPath();
  context.arc(x + 6, middle, 5.5, 0, 2 * Math.PI);
  context.fillStyle = css(parseColour(colour) ?? theme.background);
  context.fill();
}

function drawRamp(context, { x, y, low, high }, theme) {
  const wide = RAMP_WIDTH / RAMP_STRIPS;
  for (let k = 0; k < RAMP_STRIPS; k++) {
    context.fillStyle = css(rampColour(theme, (k + 0.5) / RAMP_STRIPS));
    context.fillRect(x + k * wide, y + 6, Math.min(wide + 0.5, RAMP_WIDTH - k * wide), 10); // a little wider: no seams
  }
  context.fillStyle = css(theme.text);
  for (const [text, at, align] of [[low, x, "left"], [high, x + RAMP_WIDTH, "right"]]) {
    context.textAlign = align;
    context.fillText(text, at, y + 1.4 * LEGEND_LINE);
  }
}
