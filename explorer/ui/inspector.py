"""What did I just touch: an item, a place, or a lassoed group, beside the map."""

from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer.errors import ExplorerError
from explorer.ui.gallery import HIT_PIXELS, QUERY_PIXELS, Picture, bars, facts, heading, pictures, problem
from explorer.ui.scatter import Lasso, Marks
from explorer.ui.state import OpenRun
from explorer.workflows.search import Answer, Measure, Query, lasso_table, query_at, search

UNLABELLED = "unlabelled"
LASSO_PICTURES = 24


@dataclass(frozen=True)
class Ranking:
    """How hits are ranked: the controls above the map."""

    measure: Measure
    boundary_similarity: float
    k: int


def answer(
    opened: OpenRun, item: int | None, place: tuple[float, float] | None, ranking: Ranking
) -> tuple[Query, Answer]:
    """Search for what was touched.

    Args:
        opened: the run.
        item: row of the touched item, or None.
        place: the touched place, for empty space.
        ranking: measure, b_c and number of hits.
    """
    query = query_at(opened.space, row=item, place=place)
    found = search(
        opened.space,
        query,
        k=ranking.k,
        measure=ranking.measure,
        boundary_similarity=ranking.boundary_similarity,
    )
    return query, found


def marks(opened: OpenRun, touched: tuple[Query, Answer] | None) -> Marks:
    """What the map shows over its points: class circles, the query and its hits."""
    space = opened.space
    circles = tuple((x, y, radius, label) for label, (x, y, radius) in enumerate(space.circles))
    if touched is None:
        return Marks(circles)
    query, found = touched
    x, y = space.projection.apply(query.z[None])[0]
    own = _label(opened, query)
    labels = space.latents.labels[found.hits.rows]
    places = space.places[found.hits.rows]
    hits = tuple(
        (float(px), float(py), own is None or int(label) == own) for (px, py), label in zip(places, labels, strict=True)
    )
    return Marks(circles, (float(x), float(y)), hits, query.row is None)


def _label(opened: OpenRun, query: Query) -> int | None:
    """The query's own class; None for a place and for an unlabelled item, where no hit is right or wrong."""
    label = -1 if query.row is None else int(opened.space.latents.labels[query.row])
    return label if label >= 0 else None


def show_touched(opened: OpenRun, query: Query, found: Answer) -> None:
    """Show the query, its classes and its nearest images."""
    card, space = opened.run.card, opened.space
    if query.row is None:
        _show_place(opened, query)
    else:
        _show_item(opened, query.row)
    if found.classes is not None:
        heading("Similarity to each class")
        bars(found.classes, card.classes, name="Similarity to each class")
    own = _label(opened, query)
    heading("Nearest real items" if query.row is None else "Nearest images")
    images = _images(opened, space.latents.ids[found.hits.rows])
    cells = [_hit(opened, found, i, image, own) for i, image in enumerate(images)]
    pictures(cells, side=HIT_PIXELS, n_classes=len(card.classes), name="Nearest images")


def _hit(opened: OpenRun, found: Answer, i: int, image: NDArray[np.uint8], own: int | None) -> Picture:
    space = opened.space
    row = int(found.hits.rows[i])
    label = int(space.latents.labels[row])
    lines = [[*opened.run.card.classes, UNLABELLED][label], f"distance {found.distances[i]:.3f}"]
    if found.similarities is not None:
        lines.append(f"similarity {found.similarities[i]:.4f}")
    mark = "" if own is None else "right" if label == own else "wrong"
    return Picture(image, lines, mark, label)


def _show_item(opened: OpenRun, row: int) -> None:
    card, latents = opened.run.card, opened.space.latents
    image = _images(opened, latents.ids[row : row + 1])[0]
    shown = [Picture(image, ["Image"]), *_decoded(opened, latents.z[row])]
    pictures(shown, side=QUERY_PIXELS, n_classes=len(card.classes), name="Query", kind="le-query")
    names = [*card.classes, UNLABELLED]
    label, predicted = int(latents.labels[row]), opened.space.predicted
    lines = [(names[label], f"{'test' if opened.space.is_test[row] else 'train'} item {latents.ids[row]}")]
    if predicted is not None:
        verdict = "" if label < 0 else " \u2713" if predicted[row] == label else " \u2717"
        lines.append(("", f"predicted {names[predicted[row]]}{verdict}, confidence {opened.space.confidence[row]:.1%}"))
    facts(lines)


def _show_place(opened: OpenRun, query: Query) -> None:
    card = opened.run.card
    place = ", ".join(f"{value:.3f}" for value in query.z)
    if not card.has_decoder:
        facts([("Empty place", f"at ({place}). This run has no decoder, so it cannot be drawn.")])
        return
    shown = _decoded(opened, query.z)
    pictures(shown, side=QUERY_PIXELS, n_classes=len(card.classes), name="Decoded place", kind="le-query")
    drawn = "no item lies here; this is what the decoder makes of it." if shown else "no item lies here."
    facts([("Empty place", f"at ({place}): {drawn}")])


def _decoded(opened: OpenRun, z: NDArray[np.floating]) -> list[Picture]:
    """What the decoder makes of a latent; damaged weights cost this picture only, not the answer."""
    if not opened.run.card.has_decoder:
        return []
    try:
        # Shade and position were left to chance in such a training: the picture's are no statement.
        name = "Decoded pattern" if opened.run.card.config.get("reconstruction") == "pattern" else "Decoded"
        return [Picture(opened.run.decode(z)[0], [name])]
    except ExplorerError as error:
        problem(str(error))
        return []


def _images(opened: OpenRun, ids: NDArray[np.int64]) -> NDArray[np.uint8]:
    if opened.has_items:
        return opened.items.images(ids)
    with st.spinner(f"Preparing the images of {opened.run.card.data.name}: once, a few seconds"):
        return opened.items.images(ids)


def show_lasso(opened: OpenRun, lasso: Lasso) -> None:
    """Show what a lasso holds: counts by class, the first images, and the whole as CSV."""
    card, latents = opened.run.card, opened.space.latents
    rows = np.flatnonzero(lasso.mask)
    heading(f"{lasso.count:,} items in the lasso")
    names = [*card.classes, UNLABELLED]
    counts = np.bincount(latents.labels[rows] % len(names), minlength=len(names))
    table = [{"class": name, "items": int(count)} for name, count in zip(names, counts, strict=True) if count]
    st.dataframe(table, hide_index=True, width="stretch")
    st.download_button(
        "Export as CSV",
        lambda: lasso_table(opened.space, lasso.mask, card.classes),
        file_name=f"{opened.name}-selection.csv",
        mime="text/csv",
        icon=":material/download:",
        on_click="ignore",
    )
    some = rows[:LASSO_PICTURES]
    labels = latents.labels[some]
    images = _images(opened, latents.ids[some])
    cells = [Picture(x, [names[label]], label=int(label)) for x, label in zip(images, labels, strict=True)]
    pictures(cells, side=HIT_PIXELS, n_classes=len(card.classes), name="Lassoed images")
    if len(rows) > LASSO_PICTURES:
        st.caption(f"The first {LASSO_PICTURES} of {lasso.count:,}; the export holds all.")


def show_nothing(opened: OpenRun) -> None:
    """Say what will be here and how to get it."""
    similar = " and its similarity to each class" if opened.space.targets is not None else ""
    drawn = "what the decoder makes of that place" if opened.run.card.has_decoder else "the nearest real items"
    st.markdown(
        "**Touch the map**\n\n"
        f"- Click a point: its nearest images{similar}.\n"
        f"- Click empty space: {drawn}.\n"
        "- Lasso some points (shift and drag): counts by class, and an export."
    )
