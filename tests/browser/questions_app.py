"""A small page that asks, with a desk that forgets nothing: what its browser test drives. It shows what Python got.

`?desk=` names the desk, kept over a reload; `?slow=` is how many seconds it takes; the checkbox fills its database.
`?second=` takes the second item's picture away.
"""

import json
import time
from dataclasses import dataclass, field
from functools import cache

import numpy as np
import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from explorer.figures import class_colours, image_png, map_thumbnail
from explorer.labeling.records import Press
from explorer.labeling.schema import Kind
from explorer.ui import gallery
from explorer.ui.questions import ClassKey, Deck, Question, ask, presses, remembered, tab
from explorer.ui.routes import PROGRAM
from explorer.workflows.class_keys import keys_of

FIRST = 2**53 + 1  # one that JavaScript's numbers cannot tell from its neighbour
REFUSED = 3  # the class that was deleted meanwhile
NAMES = (
    "ankle boot",
    "bag",
    "coat",
    "dress",
    "pullover",
    "sandal",
    "shirt",
    "sneaker",
    "top",
    "trouser",
    "cap",
    "ring",
)


@dataclass
class Desk:
    """Items in their order; what was pressed, once each."""

    n: int
    log: list[tuple[str, str, int | None, int | None]] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    calls: int = 0
    past: list[tuple[int, Kind]] = field(default_factory=list)
    future: list[tuple[int, Kind]] = field(default_factory=list)
    back: int | None = None

    def record(self, pressed: list[Press]) -> dict[str, str]:
        self.calls += bool(pressed)
        for press in pressed:
            if press.key not in self.answers:
                self.answers[press.key] = said = self.write(press)
                self.log += [(press.key, press.kind.name, (*press.items, None)[0], press.class_number)] * (not said)
        return {press.key: self.answers[press.key] for press in pressed}

    def write(self, press: Press) -> str:
        if press.class_number == REFUSED:
            return "The class dress was deleted meanwhile: choose another one."
        if press.kind in (Kind.UNDO, Kind.REDO):
            source, goal = (self.past, self.future) if press.kind == Kind.UNDO else (self.future, self.past)
            if not source:
                return "There is nothing to undo." if press.kind == Kind.UNDO else "There is nothing to redo."
            goal.append(source.pop())
            self.back = goal[-1][0] if press.kind == Kind.UNDO else None
            return ""
        self.past.append((press.items[0], press.kind))
        self.future.clear()
        return ""

    def open(self) -> list[int]:
        over = {item for item, kind in self.past if kind in (Kind.LABEL, Kind.SKIP)}
        return [item for item in range(FIRST, FIRST + self.n) if item not in over]


@st.cache_resource
def desks() -> dict[str, Desk]:
    return {}


@cache
def address(item: int) -> str:
    """A picture of 8 x 8, another one for each item."""
    return gallery.data_url(image_png(np.random.default_rng(item).random((3, 8, 8))))


@cache
def small_map() -> str:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 8, 600)
    centres = np.stack([np.cos(labels), np.sin(labels)], axis=1)
    return gallery.data_url(map_thumbnail(centres + 0.15 * rng.normal(size=(600, 2)), labels, 8))


def question(item: int, n_classes: int) -> Question:
    image = (
        {"lost": "/nowhere.png", "held": "/held.png", "none": ""}[asked["second"]]
        if asked["second"] and item == FIRST + 1
        else address(item)
    )
    first = item % n_classes
    near = tuple((address(item + 500 + k), f"item {item + 500 + k}", first) for k in range(6))
    return Question(
        item,
        image,
        image,
        f"item {item}",
        why=why,
        guesses=((first, 0.512), ((first + 1) % n_classes, 0.44)),
        margin=0.072,
        place=(0.3 + 0.4 * (item % 7) / 7, 0.5),
        nearest=near,
        is_held_out=item % 10 == 0,
    )


@st.fragment
def label() -> None:
    found = presses("questions", identity)
    if found:
        time.sleep(float(asked["slow"] or 0.05))
    answered = {} if is_full else here.record(found)
    problem = "The database is full: make room, nothing is lost." if is_full and found else ""
    back = None if here.back is None else question(here.back, n_classes)
    ahead = 0 if problem else int(asked["ahead"] or 30)
    questions = tuple(question(item, n_classes) for item in here.open()[:ahead])
    deck = Deck(identity, questions, classes, small_map(), answered, problem, back)
    if is_quiet:
        deck = Deck(identity, (), (), answered=answered, problem=problem, is_quiet=True)
    if not is_gone:
        ask(deck, key="questions", who="Ann Örtel")
    st.session_state["runs"] = st.session_state.get("runs", 0) + 1
    log = {"log": here.log, "calls": here.calls, "tab": tab("questions"), "remembered": remembered()}
    counts = {"n": len(here.log), "told": len(found), "runs": st.session_state["runs"]}
    shown = "".join(f" data-{name}='{count}'" for name, count in counts.items())
    st.html(f"<pre id='log'{shown} hidden>{json.dumps(log)}</pre>")


if get_script_run_ctx() is None:
    app = st.App(__file__, routes=[PROGRAM])
else:
    st.set_page_config(layout="wide", page_title="Questions")
    gallery.style()
    asked = {name: st.query_params.get(name, "") for name in ("desk", "n", "ahead", "slow", "classes", "second")}
    n_classes = int(asked["classes"] or 12)
    here = desks().setdefault(asked["desk"], Desk(int(asked["n"] or 200)))
    names = NAMES if n_classes <= len(NAMES) else [f"class {i}" for i in range(n_classes)]
    names = names[:n_classes]
    told = zip(range(n_classes), names, class_colours(n_classes), keys_of([names]), strict=True)
    classes = tuple(ClassKey(*one) for one in told)
    is_full = st.checkbox("Database full")
    is_quiet, is_gone = st.checkbox("Another view"), st.checkbox("Nothing at all")
    identity = "bob in desk:1" if st.checkbox("Another person") else "ann in desk:1"
    why = "Picked in another round." if st.checkbox("Another round") else "Two classes are nearly as likely for it."
    st.text_input("A note")
    with st.popover("Opened"):
        st.button("Within")
    label()
