"""What did I just touch: an item, a place, or a lassoed group, beside the map."""

from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer.errors import ExplorerError
from explorer.evaluation.faithfulness import PointTrust, point_trustworthiness
from explorer.latent.neighbour_maps import NEIGHBOUR_MAPS
from explorer.ui import exporting, fetching
from explorer.ui.gallery import (
    HIT_PIXELS,
    QUERY_PIXELS,
    Item,
    Picture,
    Row,
    bars,
    facts,
    heading,
    pictures,
    problem,
    remark,
    table,
)
from explorer.ui.overlaying import own_label
from explorer.ui.scatter import Lasso
from explorer.ui.spaces import distance_in, shared_place, which_latent
from explorer.ui.state import OpenRun
from explorer.workflows.coding import is_discrete
from explorer.workflows.maps import LatentMap
from explorer.workflows.search import Answer, Measure, Query, query_at, search

UNLABELLED = "unlabelled"
LASSO_PICTURES = 24


@dataclass(frozen=True)
class Ranking:
    """How hits are ranked: the controls above the map."""

    measure: Measure
    boundary_similarity: float
    k: int


@dataclass(frozen=True, eq=False)
class Found:
    """What was touched and what came of it.

    Args:
        query, answer: see `search`.
        boundary_similarity: b_c that was searched with.
        trust: how far the map can be trusted there; None where it is the latent.
    """

    query: Query
    answer: Answer
    boundary_similarity: float
    trust: PointTrust | None = None


def answer(space: LatentMap, item: int | None, place: tuple[float, float] | None, ranking: Ranking) -> Found:
    """Search for what was touched.

    Args:
        space: the map that is drawn.
        item: row of the touched item, or None.
        place: the touched place, for empty space.
        ranking: measure, b_c and number of hits; a map without configured classes has its hits by distance.
    """
    query = query_at(space, row=item, place=place)
    found = search(
        space,
        query,
        k=ranking.k,
        measure=ranking.measure if space.targets is not None else "Euclidean",
        boundary_similarity=ranking.boundary_similarity,
    )
    if item is None or space.is_latent:
        return Found(query, found, ranking.boundary_similarity)
    trust = point_trustworthiness(space.latents.z, space.places, item, space.geometry)
    return Found(query, found, ranking.boundary_similarity, trust)


def show_touched(opened: OpenRun, space: LatentMap, touched: Found) -> None:
    """Show the query, its classes and its nearest items."""
    card, query, found = opened.run.card, touched.query, touched.answer
    if query.row is None:
        _show_place(opened, space, query)
    else:
        _show_item(opened, space, query.row)
    if touched.trust is not None and not is_discrete(space.code):  # of many at one place none is nearest
        _show_trust(touched.trust)
    if found.classes is not None:
        edge = f"{touched.boundary_similarity:.2f} (b_c) at the edge of its circle"
        heading("Similarity to each class", f"1 at the class centre, {edge}, 0 as far as the next centre")
        bars(found.classes, card.classes, name="Similarity to each class")
    own = own_label(space, query)
    images = items_of(opened, space.latents.ids[found.hits.rows])
    heading(_hits_title(query, found, images is not None), _how_to_read(space, query, found, own))
    unmoved = _why_unmoved(query, found)
    if unmoved:
        remark(unmoved)
    if images is None:
        _hits_in_words(opened, space, found, own, query.z is None)
        return
    cells = [_hit(opened, space, found, i, image, own, query.z is None) for i, image in enumerate(images)]
    pictures(cells, side=HIT_PIXELS, n_classes=len(card.classes), name="Nearest images")


def _hits_title(query: Query, found: Answer, is_pictured: bool) -> str:
    if query.z is None:
        return "Nearest on the map"
    kind = "real items" if query.row is None else "images" if is_pictured else "items"
    return f"Nearest {kind}" if found.ranked_by == "Euclidean" else f"Most similar {kind}"


def _how_to_read(space: LatentMap, query: Query, found: Answer, own: int | None) -> str:
    """What the numbers and signs below the hits mean."""
    parts = ["Distance on the map" if query.z is None else distance_in(space.geometry)]
    if found.similarities is not None:
        parts.append("similarity 0 to 1")
    if own is not None:
        parts.append("\u2713 same class, \u2717 another")
    return "; ".join(parts)


def _why_unmoved(query: Query, found: Answer) -> str:
    """Why b_c changes no order here; empty where it may."""
    if found.classes is None:
        return ""
    if not found.classes.any():
        return "With this b_c the query is like no class at all, so its hits are ranked by distance."
    if found.is_outside:
        where = "The place and these items lie" if query.row is None else "All these items lie"
        return (
            f"{where} outside every circle. There b_c scales all similarities alike, so it does not change their order."
        )
    return ""


def _hits_in_words(opened: OpenRun, space: LatentMap, found: Answer, own: int | None, on_map: bool) -> None:
    """The hits as rows, where there are no images."""
    classes, latents = opened.run.card.classes, space.latents
    names, similarities = [*classes, UNLABELLED], found.similarities
    heads = ["Class"] * bool(classes) + ["Distance on the map" if on_map else "Distance"]
    rows = []
    for i, row in enumerate(found.hits.rows):
        label, far = int(latents.labels[row]), found.distances[i]
        cells = [names[label]] * bool(classes) + [f"{far:.3g}" if on_map else f"{far:.3f}"]
        cells += [f"{similarities[i]:.4f}"] if similarities is not None else []
        rows.append(Row([*cells, str(latents.ids[row])], _mark(label, own), label if classes else None))
    heads += ["Similarity"] * (similarities is not None) + ["Item"]
    table(heads, rows, n_classes=len(classes), name="Nearest items")
    fetching.reminder(opened)


def _mark(label: int, own: int | None) -> str:
    return "" if own is None else "right" if label == own else "wrong"


def _hit(
    opened: OpenRun, space: LatentMap, found: Answer, i: int, image: Item, own: int | None, on_map: bool
) -> Picture:
    label = int(space.latents.labels[found.hits.rows[i]])
    far = found.distances[i]  # a map by neighbours has a scale of its own, of any size
    lines = [f"distance on the map {far:.3g}" if on_map else f"distance {far:.3f}"]
    if found.similarities is not None:
        lines.append(f"similarity {found.similarities[i]:.4f}")
    return picture(opened, image, lines, label, _mark(label, own))


def picture(opened: OpenRun, image: Item, lines: list[str], label: int | None = None, mark: str = "") -> Picture:
    """An item with its class, where the run knows classes, above the other lines."""
    classes = opened.run.card.classes
    if label is None or not classes:
        return Picture(image, lines, mark, scale=opened.images.scale)
    return Picture(image, [[*classes, UNLABELLED][label], *lines], mark, label, opened.images.scale)


def _show_item(opened: OpenRun, space: LatentMap, row: int) -> None:
    card, latents = opened.run.card, space.latents
    images = items_of(opened, latents.ids[row : row + 1])
    own = [] if images is None else [picture(opened, images[0], [opened.images.kind])]
    shown = [*own, *_decoded(opened, space, latents.z[row])]
    pictures(shown, side=QUERY_PIXELS, n_classes=len(card.classes), name="Query", kind="le-query")
    names = [*card.classes, UNLABELLED]
    label, predicted = int(latents.labels[row]), space.predicted
    confidence = space.confidence
    kind = "test" if space.is_test[row] else "train"
    lines = [(names[label] if card.classes else "", f"{kind} item {latents.ids[row]}")]
    lines += [("", file) for file in _files(opened, latents.ids[row : row + 1])]
    if predicted is not None and confidence is not None:
        verdict = "" if label < 0 else " \u2713" if predicted[row] == label else " \u2717"
        by = f"by {space.predictor}, confidence {confidence[row]:.1%}"
        lines.append(("", f"predicted {names[predicted[row]]}{verdict} {by}"))
    facts([*lines, *shared_place(space, row)])


def _show_trust(trust: PointTrust) -> None:
    """How far the neighbours that the map shows here are true ones."""
    shown = len(trust.shown)
    if shown:
        right = f"{trust.n_right} of its {shown} nearest on the map are among its {shown} nearest latents"
        facts([("", f"{right}; trustworthiness here {trust.trustworthiness:.3f}, at best 1")])


def _show_place(opened: OpenRun, space: LatentMap, query: Query) -> None:
    card = opened.run.card
    if query.z is None:
        x, y = query.place
        title = NEIGHBOUR_MAPS[space.name].title
        facts([("Empty place", f"at ({x:.3f}, {y:.3f}): a place on a {title} map has no latent to decode.")])
        return
    place = ", ".join(f"{value:.3f}" for value in query.z)
    if space.epoch is not None:
        said = f"at ({place}) after epoch {space.epoch}, whose decoder was not kept."
    elif not card.has_decoder:
        said = f"at ({place}). This run has no decoder, so it cannot be drawn."
    else:
        shown = _decoded(opened, space, query.z)
        pictures(shown, side=QUERY_PIXELS, n_classes=len(card.classes), name="Decoded place", kind="le-query")
        drawn = "no item lies here; this is what the decoder makes of it." if shown else "no item lies here."
        said = f"at ({place}): {drawn}"
    facts([("Empty place", said), *which_latent(space, query)])


def _decoded(opened: OpenRun, space: LatentMap, z: NDArray[np.floating]) -> list[Picture]:
    """What the decoder makes of a latent; damaged weights cost this picture only, not the answer."""
    if not _decodes(opened, space):
        return []
    try:
        # Shade and position were left to chance in such a training: the picture's are no statement.
        name = "Decoded pattern" if opened.run.card.config.get("reconstruction") == "pattern" else "Decoded"
        return [picture(opened, opened.run.decode(z)[0], [name])]
    except ExplorerError as error:
        problem(str(error))
        return []


def _decodes(opened: OpenRun, space: LatentMap) -> bool:
    """Whether a place of this map can be decoded."""
    return opened.run.card.has_decoder and space.projection is not None and space.epoch is None


def items_of(opened: OpenRun, ids: NDArray[np.int64]) -> Item | None:
    """Images of these items; None where there are none, which is told above the map."""
    if opened.without_images:
        return None
    if opened.images.are_here:
        return opened.items.images(ids)
    with st.spinner(f"Preparing the items of {opened.run.card.data.title}: once, a few seconds"):
        return opened.items.images(ids)


def _files(opened: OpenRun, ids: NDArray[np.int64]) -> list[str]:
    return [] if opened.without_images else opened.items.files(ids)


def show_lasso(opened: OpenRun, space: LatentMap, lasso: Lasso) -> None:
    """Show what a lasso holds: counts by class, the first images, and the whole as CSV."""
    card, latents = opened.run.card, space.latents
    rows = np.flatnonzero(lasso.mask)
    heading(f"{lasso.count:,} items in the lasso")
    names = [*card.classes, UNLABELLED]
    counts = np.bincount(latents.labels[rows] % len(names), minlength=len(names))
    table = [{"class": name, "items": int(count)} for name, count in zip(names, counts, strict=True) if count]
    if card.classes:
        st.dataframe(table, hide_index=True, width="stretch")
    exporting.links(opened, space, "selection", lasso.mask)
    some = rows[:LASSO_PICTURES]
    labels = latents.labels[some]
    images = items_of(opened, latents.ids[some])
    if images is None:
        fetching.reminder(opened)
        return
    cells = [picture(opened, image, [], int(label)) for image, label in zip(images, labels, strict=True)]
    pictures(cells, side=HIT_PIXELS, n_classes=len(card.classes), name="Lassoed images")
    if len(rows) > LASSO_PICTURES:
        remark(f"The first {LASSO_PICTURES} of {lasso.count:,}; the export holds all.")


def show_nothing(opened: OpenRun, space: LatentMap) -> None:
    """Say what will be here and how to get it."""
    similar = " and its similarity to each class" if space.targets is not None else ""
    drawn = "what the decoder makes of that place" if _decodes(opened, space) else "the nearest real items"
    is_pictured = len(opened.run.card.shape) > 1 and not opened.without_images
    counts = "counts by class, and an export" if opened.run.card.classes else "its items, and an export"
    heading("Touch the map")
    facts(
        [
            ("Click a point:", f"its nearest {'images' if is_pictured else 'items'}{similar}."),
            ("Click empty space:", f"{drawn}."),
            ("Lasso some points (shift and drag):", f"{counts}."),
        ]
    )
