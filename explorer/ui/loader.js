// Loader: all that travels with every run of the script. It gets the program itself from a route of ours, once a page.

const ADDRESS = "%ADDRESS%"; // set in Python, as the others are; a digest of the content stands in it
const NAME = "%NAME%";
const TITLE = "%TITLE%";
const calls = new Map(); // by root: what Python said last, while the program is on its way
const style = new CSSStyleSheet();
let program = null; // its module, once it is here
let failed = false;
let tries = 0;

/** Get the module and draw what has been asked for in the meantime. */
async function load() {
  failed = false;
  // This module has no place of its own that an address could start from; a browser may remember a failure under its address.
  const address = new URL(ADDRESS + (tries++ ? `?try=${tries}` : ""), document.baseURI);
  try {
    program = await import(address.href);
  } catch (error) {
    console.error(error);
    failed = true;
    for (const root of calls.keys()) sayFailed(root);
    return;
  }
  style.replaceSync(program.STYLE);
  for (const [root, component] of calls) show(root, component);
  calls.clear();
}

function show(root, component) {
  const page = root.getRootNode();
  if (!page.adoptedStyleSheets.includes(style)) {
    page.adoptedStyleSheets.push(style);
    root.style.height = ""; // from here on it is the program's
  }
  program.mount(root, component);
}

function sayFailed(root) {
  root.dataset.state = "error";
  root.innerHTML = `<div role="status" style="height: 100%; display: flex; flex-direction: column; align-items: center;
    justify-content: center; gap: 12px; text-align: center; font: 14px var(--st-font); color: var(--st-text-color)">
    <span>${TITLE} could not be loaded: try again, or reload the page.</span>
    <button type="button" style="font: inherit; color: inherit; padding: 5px 14px; cursor: pointer; border-radius: 6px;
    border: 1px solid var(--st-border-color); background: var(--st-background-color)">Retry</button></div>`;
  root.querySelector("button").addEventListener("click", again);
}

function again() {
  for (const root of calls.keys()) root.replaceChildren();
  load();
}

/** Entry point: Streamlit calls it at the mount, at every change of data and at every change of theme. */
export default function mount(component) {
  const root = component.parentElement.querySelector(`.${NAME}`);
  if (program) show(root, component);
  else {
    root.style.height = component.data[0].height; // nothing on the page moves when the program comes
    calls.set(root, component);
    if (failed) sayFailed(root);
  }
  return () => {
    // Streamlit also ends calls that a newer one has overtaken: only what has left the page is done.
    if (root.isConnected) return;
    calls.delete(root);
    program?.unmount(root);
  };
}

load(); // at once, before the first call
