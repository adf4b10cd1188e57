"""What a person looks for: an item, a place, a text, an image, a drawing, or an item of other data."""

from dataclasses import dataclass, replace

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer.errors import ExplorerError
from explorer.ui import gathering, giving, touching, unknowns
from explorer.ui.address_bar import write
from explorer.ui.gallery import HIT_PIXELS, Item, Picture
from explorer.ui.inspector import items_of
from explorer.ui.messages import is_int
from explorer.ui.picking import pick, picked
from explorer.ui.state import OpenRun
from explorer.workflows.others import Candidate, OtherItems
from explorer.workflows.queries import Given, of_item
from explorer.workflows.retrieving import Asked, Collection, asked_of, by_criterion
from explorer.workflows.runs import Items
from explorer.workflows.search import query_at
from explorer.workflows.ways import Vectors

ITEM, OTHER = "Item", "Other data"
SOURCE, PICKED = "ask", "picked"  # in the address: where the query comes from; an item of other data
TYPED, PICKER = "typed-id", "others-pick"
SHOWN = 24  # items of other data to choose from


@dataclass(frozen=True, eq=False)
class Question:
    """A query as the page shows it.

    Args:
        asked: what is looked for, before a gallery is chosen.
        words: what it is, for people.
        place: on the run's own map, shape (2,).
        of: the items it is one of; None for a place, a text or an image.
        row: of it there.
        image: as it is shown; None where there is none.
        others: the other data set that it is of, if it is.
        doubt: why the run may not know what to make of it.
    """

    asked: Asked
    words: str
    place: NDArray[np.float64]
    of: Collection | None = None
    row: int | None = None
    image: Item | None = None
    others: OtherItems | None = None
    doubt: str = ""

    def within(self, gallery: Collection) -> Asked:
        """The query before this gallery, where it does not find itself."""
        return self.asked if self.of is None or self.row is None else asked_of(self.of, self.row, gallery)

    @property
    def is_own(self) -> bool:
        """Whether it is an item of the run's own data."""
        return self.of is not None and self.of.key in gathering.SPLITS

    @property
    def id(self) -> int | None:
        """Of the item; None where it is none."""
        return None if self.of is None or self.row is None else int(self.of.ids[self.row])


def source(opened: OpenRun, has_others: bool) -> str:
    """The control of where the query comes from, other data among them where there are any."""
    sources = [ITEM, *giving.sources(opened), *([OTHER] if has_others else [])]
    unknowns.expect(SOURCE, sources.__contains__)
    said = "A click on the map asks with an item, or with a place between items."
    asks: str = st.selectbox("Ask with", sources, key=SOURCE, bind="query-params", width=130, help=said)
    return asks


def ask_with_item(item: int | str) -> None:
    """Make an item of the run's own the query, from the next run of the page on."""
    write("at", None)
    write("item", str(item))
    st.session_state[SOURCE] = ITEM


def question(opened: OpenRun, asks: str, criterion: str, others: dict[str, Candidate]) -> Question | None:
    """The query with the controls that its source has; None while there is none yet.

    Args:
        opened: the run.
        asks: of `source`.
        criterion: what right hits have in common with it.
        others: other data sets by title.

    Raises:
        ExplorerError: an item, a place or a text that says nothing here.
    """
    if asks == ITEM:
        return _on_the_map(opened, criterion)
    if asks == OTHER:
        return _of_other_data(opened, criterion, others)
    given = giving.given(opened, asks)
    return None if given is None else _given(opened, given)


def _given(opened: OpenRun, given: Given) -> Question:
    named = "" if given.label is None else opened.run.card.classes[given.label]
    place = _place(opened, given.vectors)
    return Question(Asked(given.vectors, named), given.words, place, image=given.image, doubt=given.doubt)


def ask_with_other(item: int, title: str = "") -> None:
    """Make an item of other data the query, from the next run of the page on.

    Args:
        item: its id.
        title: of its data; empty for those that ask already.
    """
    write(PICKED, str(item))
    if title:
        st.session_state[SOURCE], st.session_state["other"] = OTHER, title


def _take_id() -> None:
    """Ask with the item whose id was typed."""
    typed = str(st.session_state.pop(TYPED, "")).strip()
    if typed:
        ask_with_item(typed)


def _on_the_map(opened: OpenRun, criterion: str) -> Question:
    """An item or a place of the map; at first the first test item, so that there is something to see."""
    space = opened.space
    st.text_input(
        "Item by its id", key=TYPED, on_change=_take_id, placeholder="Click the map, or type an id", width=220
    )
    named = st.query_params.get("item", "")
    if touching.is_whole(named) and not (space.latents.ids == int(named)).any():
        dataset = gathering.dataset_of(opened)
        return _given(opened, of_item(opened.run, None if dataset is None else Items(dataset), int(named)))
    row, place = touching.asked(space)
    if place is not None:
        return _at(opened, place)
    first = gathering.own(opened, "test" if len(gathering.own(opened, "test")) else "train").ids[0]
    item = int(first if row is None else space.latents.ids[row])
    for split in gathering.SPLITS:
        own = gathering.own(opened, split, criterion)
        found = np.flatnonzero(own.ids == item)
        if len(found):
            images = items_of(opened, own.ids[found[:1]])
            return _item(opened, own, int(found[0]), f"{split} item {item}", None if images is None else images[0])
    raise ExplorerError(f"{opened.name} has no item {item}. Click a point of the map.")


def _at(opened: OpenRun, place: tuple[float, float]) -> Question:
    query = query_at(opened.space, place=place)
    assert query.z is not None  # noqa: S101 - a run's own map is linear
    vectors = Vectors.of(query.z[None].astype(np.float32))
    image = opened.run.decode(query.z)[0] if opened.run.card.has_decoder else None
    said = "empty place, decoded" if image is not None else "empty place; this run has no decoder to draw it"
    return Question(Asked(vectors), said, query.place, image=image)


def _item(opened: OpenRun, of: Collection, row: int, words: str, image: Item | None) -> Question:
    asked = asked_of(of, row, of)
    return Question(asked, words, _place(opened, asked.vectors), of, row, image)


def _place(opened: OpenRun, vectors: Vectors) -> NDArray[np.float64]:
    """Where a query lies on the run's own map, which is linear."""
    return np.asarray(opened.space.place(vectors.z)[0])


def _of_other_data(opened: OpenRun, criterion: str, found: dict[str, Candidate]) -> Question | None:
    """An item of another data set, picked from some of its test items."""
    unknowns.expect("other", found.__contains__)
    title = st.selectbox("Data", list(found), key="other", bind="query-params", width=220)
    loaded = gathering.others(opened, found[title])
    if loaded is None:
        return None
    others = loaded[1]
    collection = by_criterion(loaded[0], None, criterion)
    rows = np.linspace(0, len(collection) - 1, min(SHOWN, len(collection))).astype(int)
    images = others.items.images(collection.ids[rows])
    cells = [
        Picture(image, [collection.named(row) or "unlabelled"], scale=opened.images.scale)
        for row, image in zip(rows, images, strict=True)
    ]
    if is_int(chosen := picked(PICKER)):
        ask_with_other(chosen)
    asked = st.query_params.get(PICKED, "")
    named = np.flatnonzero(collection.ids.astype(str) == asked)  # perhaps none of those to choose from
    row = int(named[0] if len(named) else rows[0])
    with st.popover("Choose an item", icon=":material/grid_view:"):
        ids = collection.ids[rows].tolist()
        at = next((i for i, one in enumerate(rows.tolist()) if one == row), None)
        pick(cells, side=HIT_PIXELS // 2, n_classes=0, name="Items to ask with", key=PICKER, chosen=at, values=ids)
    image = others.items.images(collection.ids[row : row + 1])[0]
    return replace(_item(opened, collection, row, f"{title}, item {collection.ids[row]}", image), others=others)
