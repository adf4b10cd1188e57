// Reports: what Python is told. Each report bears a number, so that Python can tell a new one from a repeated one.

class Reports {
  constructor(map) {
    this.map = map;
    this.sequence = 0;
  }

  /** A click is state and not a trigger: of two quick clicks the last one always arrives. */
  click(index, x, y) {
    this.map.component.setStateValue("click", { ...this.head(), index, x, y });
  }

  /** A lasso is a trigger: as state its mask would travel again with every later event. */
  lasso(selected) {
    const mask = toBitmask(selected ?? new Uint8Array(this.map.cloud.n));
    this.map.component.setTriggerValue("lasso", { ...this.head(), mask });
  }

  frame(frame) {
    this.map.component.setStateValue("frame", { ...this.head(), frame });
  }

  /** Numbers grow even over a remount. */
  head() {
    this.sequence = Math.max(this.sequence + 1, Date.now());
    return { identity: this.map.cloud.identity, seq: this.sequence };
  }
}
