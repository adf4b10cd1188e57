// Tab: its own name, the same after a reload, and what it keeps over one.

const TAB = "latent-explorer:tab";
// One for this load of the page, although Streamlit may run this file more than once in it. `id` names the load: a press
// of it has a key of its own; `renamed` is called when this tab has taken another name.
const load = (window[Symbol.for(TAB)] ??= { id: random(4), name: "", presses: 0, renamed: new Set(), channel: null });

/** This tab's own name. */
function tabName() {
  load.name ||= readText(TAB).match(/^[0-9a-z]{8,32}$/)?.[0] ?? random(8);
  writeText(TAB, load.name);
  return load.name;
}

// A tab that was doubled begins with all that its twin has kept, the name too: the younger one takes another.
function listenToTabs() {
  const channel = new BroadcastChannel(TAB);
  channel.onmessage = ({ data: { name, id, isTaken } }) => {
    if (name !== tabName() || id === load.id) return;
    if (!isTaken) {
      channel.postMessage({ name, id: load.id, isTaken: true });
      return;
    }
    load.name = random(8);
    tabName();
    for (const tell of load.renamed) tell();
  };
  channel.postMessage({ name: tabName(), id: load.id });
  return channel;
}
load.channel ??= listenToTabs();

function random(bytes) {
  return Array.from(crypto.getRandomValues(new Uint8Array(bytes)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// A browser may forbid a page to keep anything: then it is kept until the page is left.
function readText(place) {
  try {
    return sessionStorage.getItem(place) ?? "";
  } catch {
    return "";
  }
}

/** Keep a text, or with "" none; gives whether the browser does. */
function writeText(place, text) {
  try {
    if (text) sessionStorage.setItem(place, text);
    else sessionStorage.removeItem(place);
    return true;
  } catch {
    return false;
  }
}

/** What this tab keeps under names that begin so. */
function namesKept(beginning) {
  try {
    return Object.keys(sessionStorage).filter((name) => name.startsWith(beginning));
  } catch {
    return [];
  }
}
