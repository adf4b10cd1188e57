// Runs in the measured page, ours or the peer's: takes the time where a person would see it.
window.probe = {
  /** First element that fits, shadow roots included. */
  find(selector, root = document) {
    const found = root.querySelector(selector);
    if (found) return found;
    for (const element of root.querySelectorAll("*")) {
      const inside = element.shadowRoot && this.find(selector, element.shadowRoot);
      if (inside) return inside;
    }
    return null;
  },

  /** Pixels of a WebGL canvas, read back: this waits until they are drawn. */
  pixels(canvas, width, height) {
    this.copy ??= document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    Object.assign(this.copy.canvas, { width, height });
    if (!canvas.width || !canvas.height) return new Uint8ClampedArray(4);
    this.copy.drawImage(canvas, 0, 0, width, height);
    return this.copy.getImageData(0, 0, width, height).data;
  },

  /** Note in `lit` when the canvas first holds points (ms since the navigation began). */
  watch(selector) {
    const look = () => {
      const canvas = this.find(selector);
      if (canvas) {
        const data = this.pixels(canvas, 160, 120);
        let count = 0;
        for (let i = 3; i < data.length; i += 4) count += data[i] > 8;
        if (count >= 40) {
          this.lit = performance.now();
          return;
        }
      }
      setTimeout(look, 25);
    };
    look();
  },

  /** From the next press on, note in `answered` how long it takes until `count` other images are loaded. */
  arm(selector, count) {
    const sources = () => [...document.querySelectorAll(selector)];
    const before = new Set(sources().map((image) => image.src));
    this.answered = null;
    window.addEventListener("pointerdown", () => {
      const pressed = performance.now();
      const look = () => {
        const images = sources();
        const fresh = images.every((image) => image.complete && image.naturalWidth && !before.has(image.src));
        if (images.length === count && fresh) this.answered = performance.now() - pressed;
        else setTimeout(look, 8);
      };
      look();
    }, { capture: true, once: true });
  },

  /** What elements show, as text: the pixels of a canvas, the drawing of anything else; none where nothing is. */
  picture(selector) {
    this.looked ??= new Map();
    if (!this.looked.get(selector)?.isConnected) this.looked.set(selector, this.find(selector));
    const element = this.looked.get(selector);
    if (!element) return "";
    if (!(element instanceof HTMLCanvasElement)) return element.innerHTML;
    const data = this.pixels(element, 96, 72);
    return data.some((value, i) => i % 4 === 3 && value > 8) ? data.join() : "";
  },

  /** From the next press on, note in `changed` when a picture changed last, once it has stayed for `rest` ms. */
  follow(selector, rest) {
    this.changed = null;
    const first = this.picture(selector);
    let before = first, pressed = 0, last = 0;
    const look = () => {
      const picture = this.picture(selector);
      const now = performance.now();
      if (picture !== before) last = now;
      before = picture;
      if (last && picture !== first && now - last >= rest) this.changed = last - pressed;
      else requestAnimationFrame(look);
    };
    const begin = () => {
      pressed = performance.now();
      requestAnimationFrame(look);
    };
    window.addEventListener("pointerdown", begin, { capture: true, once: true });
  },

  /** Record every frame until `stop`: its time, and whether its picture differs from the one before. */
  record(selector) {
    const canvas = this.find(selector);
    const frames = (this.frames = []);
    let before = "";
    const look = () => {
      if (this.frames !== frames) return;
      const picture = this.pixels(canvas, 64, 48).join();
      frames.push({ at: performance.now(), changed: picture !== before });
      before = picture;
      requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  },

  stop() {
    const frames = this.frames;
    this.frames = null;
    return frames;
  },
};
window.addEventListener("scatter-painted", () => (window.probe.painted ??= performance.now()));
