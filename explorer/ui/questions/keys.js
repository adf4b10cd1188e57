// Keys: what a key that went down asks for.

/**
 * What is asked for: {kind, number}, or null where the key is none of ours.
 *
 * `numbers` has the number of the class of each key, `canFind` whether there is a box to find classes with.
 */
function meaningOf(event, numbers, canFind) {
  const { key, shiftKey } = event;
  if (event.isComposing || event.altKey) return null;
  if (event.ctrlKey || event.metaKey) return meaningOfCommand(key.toLowerCase(), shiftKey);
  if (key === " ") return { kind: "skip" };
  if (key === "Backspace") return { kind: shiftKey ? "redo" : "undo" };
  if (key === ".") return { kind: "flag" };
  if (key === "?") return { kind: "help" };
  if (key === "/" && canFind) return { kind: "find" };
  const number = numbers.get(key.toLowerCase()) ?? numbers.get(atItsPlace(event));
  return number === undefined ? null : { kind: "label", number };
}

function meaningOfCommand(key, shiftKey) {
  if (key === "z") return { kind: shiftKey ? "redo" : "undo" };
  return key === "y" && !shiftKey ? { kind: "redo" } : null;
}

/** The digit or letter at this place of the keyboard, where the layout has another script or digits by shift there. */
function atItsPlace({ key, code, shiftKey }) {
  if (/^Digit\d$/.test(code) && !shiftKey) return code.slice(-1);
  return /^Key[A-Z]$/.test(code) && key.charCodeAt(0) > 127 ? code.slice(-1).toLowerCase() : "";
}

/** The element that a key goes to, within a component of another shadow too. */
function targetOf(event) {
  const [target] = event.composedPath();
  return target instanceof Element ? target : document.body;
}

const WITHOUT_TEXT = ["button", "checkbox", "color", "file", "image", "radio", "range", "reset", "submit"];

/** Whether keys go to what a person writes or chooses from. */
function isTyping(target) {
  if (target.isContentEditable || target.matches("textarea, select")) return true;
  if (target.matches("input")) return !WITHOUT_TEXT.includes(target.type);
  return Boolean(target.closest("[role=textbox], [role=listbox], [role=menu], [role=grid], [data-testid=stDataFrame]"));
}

const OPEN = "[data-testid=stPopoverBody], [data-testid=stSidebar], [data-testid=stDialog], dialog, [role=dialog], [role=menu]";

/** Whether keys go to something that was opened on the page; a button that has the focus leaves us all but space and Enter. */
function isElsewhere(target, root) {
  return !root.contains(target) && Boolean(target.closest(OPEN));
}

/** Whether nothing has the focus but, at most, a button that was just clicked by a pointer. */
function isFocusFree() {
  const active = document.activeElement;
  if (!active || active === document.body) return true;
  return !active.matches(":focus-visible") && !isTyping(active) && !active.closest(OPEN);
}

/** Whether the space bar belongs to what has the focus. */
function takesSpace(target) {
  return Boolean(target.closest("button, a[href], summary, input, [role=button], [role=radio], [role=tab], [role=switch]"));
}
