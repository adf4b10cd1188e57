// Pictures: fetched before they are shown, so that a key changes them at once; and when what was on the screen.

const PICTURES_KEPT = 96;
const DECODED = 4;
const pictures = new Map(); // by address, in the order of use
const decoded = new WeakSet();

/** The picture of this address, fetched once; `again` asks anew for one that did not come. */
function pictureOf(address, again = false) {
  const kept = pictures.get(address);
  const picture = kept && !(again && hasFailed(kept)) ? kept : fetched(address);
  pictures.delete(address);
  pictures.set(address, picture);
  if (pictures.size > PICTURES_KEPT) pictures.delete(pictures.keys().next().value);
  return picture;
}

function fetched(address) {
  const picture = new Image();
  picture.alt = "";
  picture.draggable = false;
  picture.decoding = "sync"; // the frame that shows it shows all of it
  picture.src = address;
  return picture;
}

/** Fetch the pictures that come next, and decode the first of them. */
function fetchAhead(addresses) {
  for (const address of addresses) pictureOf(address);
  for (const address of addresses.slice(0, DECODED)) {
    const picture = pictures.get(address);
    if (decoded.has(picture)) continue;
    decoded.add(picture);
    picture.decode().catch(() => decoded.delete(picture)); // it did not come; the stage tells it
  }
}

function isThere(picture) {
  return picture.complete && picture.naturalWidth > 0;
}

function hasFailed(picture) {
  return picture.complete && !picture.naturalWidth;
}

/** Show a picture at the largest whole multiple of its pixels for which there is room, and all of a larger one. */
function resize(picture, room) {
  const { naturalWidth: width, naturalHeight: height } = picture;
  const times = Math.min(room.width / width, room.height / height);
  const whole = times >= 1 ? Math.floor(times) : times;
  picture.style.cssText = `width: ${Math.round(width * whole)}px; height: ${Math.round(height * whole)}px`;
  picture.classList.toggle("whole", times >= 1);
}

class Screen {
  constructor() {
    this.shown = []; // {question, at}: from when on what was to be seen; null for nothing that can be answered
  }

  /** This stands in the document now, and is seen from the next frame on. */
  show(question, seen) {
    requestAnimationFrame(() => {
      this.shown = [...this.shown.slice(-20), { question, at: performance.now() }];
      seen();
    });
  }

  /** What a person saw at this time. */
  at(time) {
    return this.shown.findLast(({ at }) => at <= time)?.question ?? null;
  }
}
