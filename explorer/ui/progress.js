// How far some work is: asks the server, draws a bar, and lets the page run again once the work is over.

const ASKED_EVERY = 400; // milliseconds
const LOOKED_AFTER = 3000;
const TRIES = 5; // answers that may fail on the way before the page is asked what it knows

export default function mount({ parentElement, data, setStateValue }) {
  const [{ url, words, share, identity, quiet }] = data;
  const root = parentElement.querySelector(".le-progress");
  const bar = root.querySelector("[role=progressbar]");
  const draw = ({ words, share }) => {
    bar.setAttribute("aria-label", words);
    bar.setAttribute("aria-valuenow", String(Math.round(100 * share)));
    bar.firstElementChild.style.width = `${100 * share}%`;
    root.querySelector("span").textContent = words;
  };
  if (root.dataset.identity === identity) return stop;
  root.dataset.identity = identity;
  root.hidden = Boolean(quiet); // with all the room that it takes, see style.css
  if (!quiet) draw({ words, share });
  let failures = 0;

  async function ask() {
    if (!root.isConnected || root.dataset.identity !== identity) return;
    let told = null;
    try {
      const answer = await fetch(url, { cache: "no-store" });
      told = answer.ok ? await answer.json() : { over: true };
      failures = 0;
    } catch {
      failures += 1; // the server may be busy for a moment
    }
    const over = told?.over || failures > TRIES;
    if (over) setStateValue("over", { identity, seq: Date.now() });
    else if (told && !quiet) draw(told);
    setTimeout(ask, over ? LOOKED_AFTER : ASKED_EVERY); // the page may have seen it at its last moment, and draw it still
  }

  function stop() {
    // Streamlit also ends calls that a newer one has overtaken: only a bar that has left the page is done.
    if (!root.isConnected) delete root.dataset.identity;
  }

  setTimeout(ask, ASKED_EVERY);
  return stop;
}
