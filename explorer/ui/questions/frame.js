// Frame: the component's elements, and what each of them is called.

const ICONS = {
  undo: '<path d="M6 3 2.5 6.5 6 10M3 6.5h6a4 4 0 0 1 0 8H6"/>',
  redo: '<path d="m10 3 3.5 3.5L10 10M13 6.5H7a4 4 0 0 0 0 8h3"/>',
  skip: '<path d="m3 3.5 6 4.5-6 4.5zM12.5 3.5v9"/>',
  flag: '<path d="M4 14.5v-12h8.5l-2 3.25 2 3.25H4"/>',
};

const FRAME = `
  <div class="columns">
    <div class="main">
      <div class="head"><b class="title"></b><span class="chip held" hidden>Picked by chance, to measure</span><span
        class="chip flagged" hidden>${icon("flag")}Flagged</span><span class="chip said" hidden></span>
        <p class="status" role="status"><i></i><span></span></p></div>
      <div class="stage">
        <div class="picture"></div>
        <div class="values" tabindex="0" role="region" aria-label="Values of the item" hidden><table><tbody></tbody></table></div>
        <div class="message" hidden><p></p><button type="button" hidden></button></div>
      </div>
      <div class="between">
        <ol class="strip" aria-label="Answers before this item, and items after it"></ol>
        <div class="notice" role="alert" hidden><span></span><button type="button"></button></div>
      </div>
      <div class="choices">
        <input class="find" type="search" placeholder="Find a class ( / )" aria-label="Find a class" autocomplete="off"
          spellcheck="false" hidden>
        <div class="classes" role="group" aria-label="Classes"></div>
      </div>
      <div class="tools">
        ${tool("undo", "Undo", "Bksp", "Undo what you did last (Backspace)")}
        ${tool("redo", "Redo", "", "Redo what you took back (Shift+Backspace)")}
        ${tool("skip", "Skip", "Space", "Skip: you are not asked about it again (Space)")}
        ${tool("flag", "Flag", ".", "Flag for a second look (full stop)")}
        <button type="button" class="tool keys" title="Show all keys (?)" aria-label="Keys"><span>Keys</span><kbd>?</kbd></button>
      </div>
    </div>
    <div class="aside">
      <section class="reason"><h3>Why this one</h3><p class="why"></p><div class="guesses" role="group"
        aria-label="What the classifier guesses"></div><p class="margin"></p></section>
      <section class="likes"><h3>Nearest labelled</h3><div class="nearest" role="list"></div></section>
      <figure class="map" hidden><figcaption>Its place on the map</figcaption><div><img alt="" draggable="false"><i
        class="dot"></i></div></figure>
    </div>
  </div>
  <p class="announced" aria-live="polite"></p>
  <dialog class="help" aria-label="Keys">${HELP}<button type="button" class="close">Close</button></dialog>`;

const PARTS = ["head", "title", "held", "flagged", "said", "stage", "picture", "values", "message", "strip", "find", "classes",
  "undo", "redo", "skip", "flag", "keys", "status", "aside", "why", "guesses", "margin", "map", "dot", "nearest",
  "notice", "announced", "help", "close"];

function buildFrame(root) {
  root.innerHTML = FRAME;
  return Object.fromEntries(PARTS.map((name) => [name, root.querySelector(`.${name}`)]));
}

function icon(name) {
  return `<svg viewBox="0 0 16 16" aria-hidden="true">${ICONS[name]}</svg>`;
}

function tool(name, words, key, title) {
  const shown = key ? `<kbd>${key}</kbd>` : "";
  return `<button type="button" class="tool ${name}" title="${title}" aria-label="${words}">${icon(name)}<span>${words}</span>${shown}</button>`;
}
