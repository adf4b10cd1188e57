"""Parts that every page shares: the run in use, problems, and the cards of the shelf."""

from base64 import b64encode
from functools import lru_cache
from html import escape
from pathlib import Path

import streamlit as st

from explorer import places
from explorer.errors import ExplorerError
from explorer.figures import map_thumbnail
from explorer.ui import projecting
from explorer.ui.gallery import plain, problem
from explorer.ui.state import OpenRun, open_for_page, runs
from explorer.workflows.maps import LatentMap
from explorer.workflows.runs import ShelfEntry, last_words
from explorer.zoo.card import Card

SHOWN_METRICS = {
    "test_accuracy": "test accuracy",
    "test_svm_accuracy": "SVM on test latents",
    "other_cameras_accuracy": "on other cameras",
    "seeds_centroid_spread": "centres move by seed",
    "test_within_two_radii": "test within 2 radii",
    "test_retrieval_map": "test retrieval MAP",
    "test_reconstruction_rmse": "test reconstruction error",
}
USED = "run used"
OF_ONE_RUN = ("at", "view", "hide")  # parts of the address that mean nothing on another run's map
METRICS_ON_A_CARD = 3
POINTS_ON_A_THUMBNAIL = 3000
LOOKED_EVERY = 2.0  # seconds
TRUST = (
    "Trustworthiness is 1 when all neighbours on the map are neighbours in the latent space too: "
    "over the 10 nearest, in a sample of at most 2,000 items."
)


def run_in_use() -> OpenRun | None:
    """The run that the address names, chosen in the sidebar; None, with a sentence, when it cannot be opened."""
    names = [entry.name for entry in runs()]
    if not names:
        st.info("There is no run yet. Train one: `latent-explorer train --help`.", icon=":material/info:")
        return None
    wanted = st.query_params.get("run") or st.session_state.get(USED, names[0])
    if wanted not in names:
        problem(f"There is no run {wanted!r}. Choose one in the sidebar.")
    index = names.index(wanted) if wanted in names else None
    chosen = st.sidebar.selectbox("Run in use", names, index=index, placeholder="Choose a run")
    if chosen is None:
        return None
    st.session_state[USED] = st.query_params["run"] = chosen
    run = opened(chosen)
    if chosen != wanted:
        _forget(run)
    return run


def _forget(run: OpenRun | None) -> None:
    """Clear what the address says of another run; a touched item stays where the new run has it too."""
    for key in OF_ONE_RUN:
        st.query_params.pop(key, None)
    item = st.query_params.get("item", "")
    if run is None or item not in map(str, run.space.latents.ids.tolist()):
        st.query_params.pop("item", None)


def opened(name: str) -> OpenRun | None:
    """Open a run with its latents, or say in one sentence why that is not possible."""
    try:
        run = open_for_page(name)
        run.space  # noqa: B018 - latents that cannot be used are told here
    except ExplorerError as error:
        problem(str(error))
        return None
    return run


def header(run: OpenRun, space: LatentMap) -> None:
    """Name of the run, what kind of map it has, and what it is, in one line where there is room."""
    if projecting.is_measured(run, space):
        _title(run, space)
    else:
        st.fragment(_title, run_every=LOOKED_EVERY)(run, space)  # tells it as soon as it is measured
    card = run.run.card
    if card.status != "finished":
        st.warning(plain(_unfinished(run)), icon=":material/hourglass:")
    if card.data.leak:
        st.warning(plain(card.data.leak), icon=":material/water_drop:")


def _title(run: OpenRun, space: LatentMap) -> None:
    card = run.run.card
    why = "" if space.is_latent else TRUST
    st.html(
        f'<div class="le-title"><h1>{escape(run.name)}</h1>'
        f'<span class="le-badge" title="{escape(why)}">{escape(projecting.badge(run, space))}</span>'
        f"<span>{escape(card.title)}; {escape(card.data.title)}, {len(space):,} items</span></div>"
    )


def _unfinished(run: OpenRun) -> str:
    """How a run's training ended before its time, and how it goes on."""
    card = run.run.card
    happened = {"failed": "failed", "interrupted": "was interrupted"}.get(card.status, "was cut off")
    why = f" {last_words(run.run)}" if card.status == "failed" else ""
    go_on = "" if card.status == "failed" else f" Go on with it: latent-explorer train --resume {run.name}"
    return f"The training of this run {happened} after {card.epochs_done} epochs.{why}{go_on}"


def shelf_card(entry: ShelfEntry) -> None:
    """One run as a card: thumbnail, what it is, main metrics, one click to open."""
    with st.container(border=True, height="stretch"):
        if entry.card is None:
            st.markdown(f"**{plain(entry.name)}**")
            problem(entry.problem)
            return
        picture, trouble = _thumbnail_of(entry.name)
        if picture:
            st.html(f'<img class="le-thumb" src="{picture}" alt="Map of {escape(entry.name)}">')
        else:
            problem(trouble)
        state = "" if entry.card.status == "finished" else f" ({entry.card.status})"
        st.markdown(f"**{plain(entry.name)}**{state}  \n{plain(entry.card.title)}")
        st.caption(
            f"{entry.card.method} on {plain(entry.card.data.title)}, {entry.card.data.train_items:,} training items"
        )
        if entry.card.epochs_done:  # numbers of untrained weights say nothing
            st.html(_numbers(entry.card))
        opens = st.button(
            "Open the map", key=f"open-{entry.name}", type="primary", width="stretch", disabled=not picture
        )
        if opens:
            st.switch_page(places.pages() / "2_Map.py", query_params={"run": entry.name})


def _numbers(card: Card) -> str:
    found = [(text, card.metrics[key].value) for key, text in SHOWN_METRICS.items() if key in card.metrics]
    cells = "".join(f"<div><b>{value:.3f}</b>{escape(text)}</div>" for text, value in found[:METRICS_ON_A_CARD])
    return f'<div class="le-numbers">{cells}</div>'


def _thumbnail_of(name: str) -> tuple[str, str]:
    """The thumbnail of a run's map, or the sentence that says why there is none."""
    try:
        run = open_for_page(name)
        return _thumbnail(run.run.folder, run.stamp), ""
    except ExplorerError as error:
        return "", str(error)


@lru_cache(maxsize=64)
def _thumbnail(folder: Path, stamp: str) -> str:  # noqa: ARG001 - a new stamp asks for a new picture
    """A map's thumbnail as a data address; kept as long as the run is unchanged."""
    run = open_for_page(folder.name)
    some = slice(0, POINTS_ON_A_THUMBNAIL)  # points are shuffled: a prefix is a fair sample
    labels = run.space.latents.labels[some]
    png = map_thumbnail(run.space.places[some], labels, len(run.run.card.classes), circles=run.space.circles)
    return "data:image/png;base64," + b64encode(png).decode()
