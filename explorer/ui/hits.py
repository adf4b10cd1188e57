"""The hits of a query: pictures that can be chosen, rows where there are none, several ways side by side, and files."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer.errors import ExplorerError
from explorer.figures.sheet import Strip, hits_sheet
from explorer.ui import downloads, fetching, gathering
from explorer.ui.asking import Question
from explorer.ui.gallery import HIT_PIXELS, QUERY_PIXELS, Item, Picture, Row, heading, pictures, problem, table
from explorer.ui.inspector import UNLABELLED, items_of
from explorer.ui.picking import pick
from explorer.ui.spaces import distance_in
from explorer.ui.state import OpenRun, open_for_page, runs
from explorer.workflows.beside import companions
from explorer.workflows.codes import codes_of
from explorer.workflows.exporting import export_hits
from explorer.workflows.keeping import digest_of
from explorer.workflows.others import OtherItems
from explorer.workflows.retrieving import CLASS, Asked, Collection, Found, asked_of, retrieve
from explorer.workflows.runs import unreplaced
from explorer.workflows.ways import Vectors, Way, usual

KEY = "hits"
MARKS = "\u2713 same {0}, \u2717 another"
FINE_MARKS = "\u2713 same class and style (its slant and stroke width), \u25d1 same class only, \u2717 another class"
BESIDE_HITS = 8  # of each way side by side
MOST_ENCODED = 32  # images by runs that a session remembers


@dataclass(frozen=True, eq=False)
class Answered:
    """A query with what it found.

    Args:
        question: the query.
        way: how the gallery was ranked.
        gallery: where it looked.
        found: the hits.
        others: the items of the gallery where they are another data set's.
    """

    question: Question
    way: Way
    gallery: Collection
    found: Found
    others: OtherItems | None = None

    def images(self, opened: OpenRun) -> Item | None:
        """Of the hits, one behind the other; None where the run's own are not at hand."""
        ids = self.gallery.ids[self.found.rows]
        return items_of(opened, ids) if self.others is None else self.others.items.images(ids)


def show_query(opened: OpenRun, question: Question) -> None:
    """The query as a large picture, with its class."""
    named, classes = question.asked.named, opened.run.card.classes
    if question.image is None:
        return
    label = classes.index(named) if named in classes else None
    cell = Picture(question.image, [named] if named else [], label=label, scale=opened.images.scale)
    pictures([cell], side=QUERY_PIXELS, n_classes=len(classes), name="Query", kind="le-query")


def show(opened: OpenRun, answered: Answered) -> None:
    """The hits; of one that is chosen `picked` tells (title of other data or empty, id)."""
    gallery, found = answered.gallery, answered.found
    heading(f"Nearest of {len(gallery):,} {gallery.title[0].lower()}{gallery.title[1:]}", how_to_read(opened, answered))
    images = answered.images(opened)
    if images is None:
        _in_words(opened, answered)
        return
    cells = [_cell(opened, answered, i, image) for i, image in enumerate(images)]
    title = "" if answered.others is None else answered.others.title
    values = [(title, item) for item in gallery.ids[found.rows].tolist()]
    pick(cells, side=HIT_PIXELS, n_classes=len(opened.run.card.classes), name="Hits", key=KEY, values=values)


def how_to_read(opened: OpenRun, answered: Answered) -> str:
    """What the numbers and signs below the hits mean."""
    found, gallery = answered.found, answered.gallery
    said = {
        "distance": distance_in(opened.run.card.geometry),
        "cosine": "Cosine, -1 to 1",
        "similarity": "Similarity, 0 to 1",
        "bits that differ": "How many bits differ",
    }
    parts = [said[found.scored]]
    if any(found.verdicts):
        is_fine = gallery.fine is not None and answered.question.asked.fine is not None
        parts.append(FINE_MARKS if is_fine else MARKS.format(gallery.criterion))
    if found.is_far:
        parts.append("with this b_c the query is like no class at all, so its hits are ranked by distance")
    if answered.way.code == "sample" and not answered.question.asked.vectors.std.shape[1]:
        parts.append("the query has no posterior to draw from: it is compared as it is")
    if found.is_tied:
        parts.append("all are equally near, so they come in the gallery's order")
    return "; ".join(parts)


def number(found: Found, i: int) -> str:
    """The score of a hit as text."""
    return f"{found.scores[i]:.0f} bits" if found.scored == "bits that differ" else f"{found.scores[i]:.4f}"


def _cell(opened: OpenRun, answered: Answered, i: int, image: Item, *, scored: bool = True) -> Picture:
    gallery, found = answered.gallery, answered.found
    row = int(found.rows[i])
    named, classes = gallery.named(row), opened.run.card.classes
    label = classes.index(named) if named in classes else -1 if classes and gallery.criterion == CLASS else None
    lines = [named or UNLABELLED] if gallery.classes else []
    lines += [number(found, i)] if scored else []
    return Picture(image, lines, found.verdicts[i], label if lines else None, opened.images.scale)


def _in_words(opened: OpenRun, answered: Answered) -> None:
    """The hits as rows, where there are no images."""
    gallery, found, classes = answered.gallery, answered.found, opened.run.card.classes
    rows = []
    for i, row in enumerate(found.rows):
        named = gallery.named(int(row))
        label = classes.index(named) if named in classes else None
        rows.append(Row([named or UNLABELLED, number(found, i), str(gallery.ids[row])], found.verdicts[i], label))
    heads = [gallery.criterion.capitalize(), found.scored.capitalize(), "Item"]
    table(heads, rows, n_classes=len(classes), name="Hits")
    fetching.reminder(opened)


def beside_options(opened: OpenRun, asked: Sequence[str] = ()) -> list[str]:
    """What can stand side by side: this run's ways, and other runs on the same data, those asked for among them."""
    return [*codes_of(opened.run.card), *companions(opened.name, opened.run.card, unreplaced(runs(), *asked))]


def show_beside(opened: OpenRun, answered: Answered, names: Sequence[str]) -> None:
    """One row of hits for each chosen way or run, below each other."""
    for name in names:
        try:
            run, one = _beside(opened, answered, name)
        except ExplorerError as error:
            heading(name)
            problem(str(error))
            continue
        heading(name, _counted(one))
        images = one.images(opened)
        if images is None:
            fetching.reminder(opened)
            continue
        cells = [_cell(run, one, i, image, scored=False) for i, image in enumerate(images)]
        pictures(cells, side=HIT_PIXELS, n_classes=len(run.run.card.classes), name=f"Hits of {name}", kind="le-strip")


def _counted(one: Answered) -> str:
    """How many of the hits are right; empty for a query without class."""
    verdicts, n = one.found.verdicts, len(one.found.rows)
    if not any(verdicts):
        return ""
    same = sum(verdict in ("right", "class") for verdict in verdicts)
    fine = f", {verdicts.count('right')} of the same style too" if one.gallery.fine is not None else ""
    return f"{same} of {n} of the same {one.gallery.criterion}{fine}"


def _beside(opened: OpenRun, answered: Answered, name: str) -> tuple[OpenRun, Answered]:
    """The same query by another way, or by another run, whose own latents then rank."""
    ways, question, gallery = codes_of(opened.run.card), answered.question, answered.gallery
    if name in ways:
        found = retrieve(opened.run.card, ways[name], question.within(gallery), gallery, BESIDE_HITS)
        return opened, Answered(question, ways[name], gallery, found, answered.others)
    other = open_for_page(name)
    split = next((split for split in gathering.SPLITS if split == gallery.key), None)
    if split is None:
        raise ExplorerError("Other runs look among their own training or test items: choose one of the two as gallery.")
    there = gathering.own(other, split, of=opened)  # runs side by side are of the same data
    way = usual(other.run.card)
    found = retrieve(other.run.card, way, _asked_by(opened, other, question, there), there, BESIDE_HITS)
    return other, Answered(question, way, there, found)


def _asked_by(opened: OpenRun, other: OpenRun, question: Question, gallery: Collection) -> Asked:
    """The query as another run sees it: its latent of the same item, or what it encodes the image to."""
    if question.of is not None and question.row is not None:
        item = question.of.ids[question.row]
        for split in gathering.SPLITS:
            own = gathering.own(other, split, of=opened)
            found: NDArray[np.intp] = np.flatnonzero(own.ids == item)
            if question.of.key in gathering.SPLITS and len(found):
                return asked_of(own, int(found[0]), gallery)
    if question.image is None:
        raise ExplorerError(f"{other.name} knows neither this query nor an image of it that it could encode.")
    return Asked(_encoded_by(other, question.image), question.asked.named, question.asked.fine)


def _encoded_by(other: OpenRun, image: Item) -> Vectors:
    """What another run makes of an image, kept in the session: a slider's step asks for it again."""
    key = f"{other.name}:{other.stamp}:{digest_of(image)}"
    kept: dict[str, Vectors] = st.session_state.setdefault("hits:encoded", {})
    if key not in kept:
        if len(kept) >= MOST_ENCODED:
            kept.clear()
        kept[key] = Vectors.of(other.run.encode(image[None]))
    return kept[key]


def offer_files(opened: OpenRun, answered: Answered) -> None:
    """The hits as CSV and as a picture; nothing is made before it is asked for."""
    name = f"{opened.name}-hits"
    told = {
        "run": opened.name,
        "query": answered.question.words,
        "way": answered.way.words,
        "gallery": answered.gallery.title,
    }
    downloads.offer(
        "Hits as CSV",
        partial(export_hits, answered.found, answered.gallery, told),
        name=f"{name}.csv",
        mime="text/csv",
        key="export-hits-csv",
    )
    downloads.offer(
        "Hits as a picture",
        partial(_sheet, opened, answered),
        name=f"{name}.png",
        mime="image/png",
        key="export-hits-png",
        disabled=answered.others is None and opened.without_images is not None,
    )


def _sheet(opened: OpenRun, answered: Answered) -> bytes:
    found, gallery, question = answered.found, answered.gallery, answered.question
    images = answered.images(opened)
    captions = [f"{gallery.named(int(row))} {number(found, i)}".strip() for i, row in enumerate(found.rows)]
    title = f"{opened.name}: {question.words}, {answered.way.words}, among {len(gallery):,}"
    strip = Strip(title, question.image, [] if images is None else list(images), captions, found.verdicts)
    return hits_sheet([strip], scale=opened.images.scale)
