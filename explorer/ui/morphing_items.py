"""Items with a class added to them, and items beside their reconstructions."""

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from explorer.data.dataset import UNLABELLED, Progress
from explorer.ui import ending, films, sheets, unknowns
from explorer.ui.gallery import Picture, pictures, remark
from explorer.ui.loading import shared
from explorer.ui.sheets import Sheet
from explorer.ui.state import OpenRun
from explorer.workflows.decodings import deformation, deformed, examples, reconstructed
from explorer.workflows.ends import class_centres, with_centre
from explorer.workflows.morphing import decoded_in_parts, look_at

ROWS, STEPS = 6, 7
LEAST, MOST = -2.0, 3.0
SHOWN, SIDE = 24, 84
ALL = "All classes"
ORDERS = {"Worst first": "worst", "Best first": "best", "Any": "any"}
ITEMS_HELP = "Some items of the class that is taken away, or one: type item and its id."


def why_no_class(opened: OpenRun) -> str:
    """Why no class can be added; empty where it can."""
    card = opened.run.card
    if not card.has_decoder:
        return f"{card.name} has no decoder, so nothing can be drawn of a changed item."
    if len(with_centre(opened.space, tuple(card.classes))) < 2:
        return "A class is added as the way between the centres of two, and this run does not have two."
    return ""


def show_class(opened: OpenRun, bar: DeltaGenerator) -> None:
    """A class deformation added to items, from none of it to as much as is asked for."""
    card = opened.run.card
    with bar:
        names = with_centre(opened.space, tuple(card.classes))
        unknowns.expect("take", names.__contains__)
        source = st.selectbox("Take away", names, key="take", bind="query-params", width=150)
        others = [name for name in names if name != source]
        unknowns.expect("add", others.__contains__)
        target = st.selectbox("Add", others, key="add", bind="query-params", width=150)
        rows = _rows(opened, card.classes.index(source))
    unknowns.expect("strength", unknowns.within(LEAST, MOST))
    strength = st.slider(
        "Up to strength",
        LEAST,
        MOST,
        1.0,
        0.05,
        key="strength",
        bind="query-params",
        width=480,
        help="1 adds the whole way from class centre to class centre, 0 nothing.",
    )

    def work(progress: Progress) -> Sheet:
        return _class_sheet(opened, rows, (card.classes.index(source), card.classes.index(target)), strength, progress)

    has_images = "" if opened.without_images else "with images"
    key = ("class", opened.name, opened.stamp, source, target, f"{strength:.2f}", f"{rows.tolist()}", has_images)
    found = shared(key, work, f"Adding {target}", replaces=True)
    if found is not None:
        predicted = f"; at the end, what {opened.space.predictor} says" if opened.space.predictor else ""
        remark(
            f"Each row is an item, moved by its strength times the way from {source} to {target}; the rest of its "
            f"latent is kept. Dashed: off the data{predicted}."
        )
        sheets.show(found, name="Items with a class added")


def _rows(opened: OpenRun, label: int) -> NDArray[np.intp]:
    """The items that a class is added to."""
    some = f"{ROWS} items"
    asked = st.session_state.get("items") or st.query_params.get("items")
    is_one = bool(asked) and str(asked).startswith("item ") and ending.is_end(opened, str(asked))
    options = [some, str(asked)] if is_one else [some]
    if asked and not is_one and "items" in st.session_state:
        st.session_state["items"] = some
    unknowns.expect("items", options.__contains__)
    picked = st.selectbox(
        "Items", options, key="items", bind="query-params", accept_new_options=True, width=150, help=ITEMS_HELP
    )
    if picked in (None, some):
        return examples(opened.space, label, ROWS)
    row = ending.found(opened, picked).row
    return np.array([] if row is None else [row], np.intp)


def _class_sheet(
    opened: OpenRun, rows: NDArray[np.intp], way: tuple[int, int], strength: float, progress: Progress
) -> Sheet:
    """The items of some rows, moved from one class to another."""
    space, card = opened.space, opened.run.card
    vector = deformation(class_centres(space, len(card.classes)), *way)
    strengths = np.linspace(0, strength, STEPS) if strength else np.zeros(STEPS)
    z = deformed(space, rows, vector, strengths)
    seen = look_at(opened.run, space, z.reshape(-1, z.shape[2]), films.reach_of(opened), progress)
    real, scale = films.real_items(opened, rows), films.scale_of(opened)
    assert seen.decoded is not None  # noqa: S101 - `why_no_class` asks for a decoder
    decoded = sheets.urls_of(seen.decoded, STEPS, scale=scale)
    firsts = [("",)] * len(rows) if real is None else sheets.urls_of(real, 1, scale=scale)
    return Sheet(
        heads=("real", *(f"{one:.2f}" for one in strengths)),
        labels=tuple(f"{space.latents.ids[row]}" for row in rows),
        urls=tuple((*first, *line) for first, line in zip(firsts, decoded, strict=True)),
        off=tuple((False, *line) for line in sheets.rows_of(seen.is_off, STEPS)),
        notes=_predicted(opened, seen.confidence),
    )


def _predicted(opened: OpenRun, confidence: NDArray[np.floating] | None) -> tuple[str, ...]:
    """What the last of each row is taken for."""
    if confidence is None:
        return ()
    last = confidence.reshape(-1, STEPS, confidence.shape[1])[:, -1]
    return tuple(f"{opened.run.card.classes[int(one.argmax())]} {one.max():.2f}" for one in last)


def why_no_reconstructions(opened: OpenRun) -> str:
    """Why there are no reconstructions; empty where there are."""
    card = opened.run.card
    return "" if card.has_decoder else f"{card.name} has no decoder, so its items cannot be put together again."


def show_reconstructions(opened: OpenRun, bar: DeltaGenerator) -> None:
    """Items beside what the decoder makes of their latents, with the error."""
    space, classes = opened.space, opened.run.card.classes
    with bar:
        orders = list(ORDERS) if space.latents.error.shape[1] else ["Any"]
        unknowns.expect("listed", orders.__contains__)
        order = st.selectbox("Order", orders, key="listed", bind="query-params", width=150)
        label = UNLABELLED
        if classes:
            unknowns.expect("of", [ALL, *classes].__contains__)
            of = st.selectbox("Of", [ALL, *classes], key="of", bind="query-params", width=150)
            label = UNLABELLED if of == ALL else classes.index(of)
    rows = reconstructed(space, ORDERS[order], label, SHOWN)
    has_images = "" if opened.without_images else "with images"

    def work(progress: Progress) -> list[Picture]:
        return _pairs(opened, rows, progress)

    key = ("reconstructions", opened.name, opened.stamp, order, f"{label}", has_images)
    found = shared(key, work, "Decoding", replaces=True)
    if found is not None:
        remark(
            f"{len(rows)} items, each real and then decoded from its latent; error: the root of the mean squared "
            "difference, " + ("pixels from 0 to 1." if len(opened.run.card.shape) > 1 else "in standard deviations.")
        )
        pictures(found, side=SIDE, n_classes=len(classes), name="Reconstructions")


def _pairs(opened: OpenRun, rows: NDArray[np.intp], progress: Progress) -> list[Picture]:
    space, names = opened.space, [*opened.run.card.classes, "unlabelled"]
    latents, scale = space.latents.at(rows), films.scale_of(opened)
    decoded = decoded_in_parts(opened.run, latents.z, progress, SIDE)
    real = films.real_items(opened, rows, SIDE)
    found = []
    for i in range(len(rows)):
        name = names[latents.labels[i]] if opened.run.card.classes else "Real"
        if real is not None:
            found.append(Picture(real[i], [name, f"item {latents.ids[i]}"], scale=scale))
        error = f"error {latents.error[i, 0]:.3f}" if latents.error.shape[1] else f"item {latents.ids[i]}"
        found.append(Picture(decoded[i], ["decoded" if real is not None else f"{name}, decoded", error], scale=scale))
    return found
