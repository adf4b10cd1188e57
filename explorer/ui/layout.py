"""Parts that every page shares: the run in use, problems, and its header."""

from html import escape
from textwrap import shorten

import streamlit as st

from explorer.errors import ExplorerError
from explorer.ui import projecting, unfinished
from explorer.ui.address_bar import write
from explorer.ui.gallery import plain, problem
from explorer.ui.state import OpenRun, open_for_page, runs
from explorer.workflows.maps import LatentMap
from explorer.workflows.runs import unreplaced

USED, CHOICE, ADDRESSED = "run used", "run chosen", "run addressed"  # in the session
ITEM = "item touched"
OF_ONE_RUN = ("at", "epoch")  # parts of the address that mean nothing on another run's map
BY_THE_MAP = ("view", "hide")  # neither do these, which the browser writes
LETTERS_OF_A_NOTE = 80  # beside a run's name; the whole note is on its card
TRUST = (
    "Trustworthiness is 1 when all neighbours on the map are neighbours in the latent space too: "
    "over the 10 nearest, in a sample of at most 2,000 items."
)


def run_in_use() -> OpenRun | None:
    """The run that the address names, chosen in the sidebar; None, with a sentence, when it cannot be opened."""
    entries = runs()
    if not entries:
        st.info("There is no run yet. Train one: `latent-explorer train --help`.", icon=":material/info:")
        return None
    addressed = st.query_params.get("run")
    wanted = addressed or st.session_state.get(USED) or unreplaced(entries)[0].name
    names = [entry.name for entry in unreplaced(entries, wanted, st.session_state.get(CHOICE))]
    if wanted not in names:
        problem(f"There is no run {wanted!r}; it may have been renamed or deleted. Choose one in the sidebar.")
    # The address leads where it has changed since the last run of the page; else what was just chosen does.
    if addressed is None or addressed != st.session_state.get(ADDRESSED) or st.session_state.get(CHOICE) not in names:
        st.session_state[CHOICE] = wanted if wanted in names else None
    index = None if st.session_state[CHOICE] is None else 0  # without one the choice could be cleared
    chosen = st.sidebar.selectbox("Run in use", names, index=index, key=CHOICE, placeholder="Choose a run")
    if chosen is None:
        return None
    st.session_state[USED] = st.session_state[ADDRESSED] = chosen
    if addressed != chosen:  # a write sends the whole address, which may be older than the browser's
        write("run", chosen)
    run = opened(chosen)
    if chosen != wanted:
        _forget(run)
    _keep_item(chosen, is_new_page=addressed is None)
    return run


def _keep_item(run: str, *, is_new_page: bool) -> None:
    """Take the touched item from page to page: the navigation opens each with an empty address."""
    kept = st.session_state.get(ITEM)
    if is_new_page and kept is not None and kept[0] == run and not {"item", "at"} & set(st.query_params):
        write("item", kept[1])
    st.session_state[ITEM] = (run, st.query_params["item"]) if "item" in st.query_params else None


def _forget(run: OpenRun | None) -> None:
    """Clear what the address says of another run; a touched item stays where the new run has it too."""
    for key in OF_ONE_RUN:
        write(key, None)
    for key in BY_THE_MAP:
        st.query_params.pop(key, None)
    item = st.query_params.get("item", "")
    if run is None or item not in map(str, run.space.latents.ids.tolist()):
        write("item", None)


def opened(name: str) -> OpenRun | None:
    """Open a run with its latents, or say in one sentence why that is not possible."""
    try:
        run = open_for_page(name)
        if unfinished.is_under_way(run.run.folder, run.run.card):
            _wait_for(run)
            return None
        run.space  # noqa: B018 - latents that cannot be used are told here
    except ExplorerError as error:
        problem(str(error))
        return None
    return run


def _wait_for(run: OpenRun) -> None:
    """In place of a page about a run that is being trained: when it will be here, and how far that is."""
    st.html(f'<div class="le-title"><h1>{escape(run.name)}</h1><span>{escape(run.run.card.title)}</span></div>')
    st.markdown("This page shows it when the training ends or is stopped.")
    unfinished.watch(run.run.folder, run.run.card)


def header(run: OpenRun, space: LatentMap) -> None:
    """Name of the run, what kind of map it has, and what it is, in one line where there is room."""
    with st.container():  # so that nothing below it moves when what follows the measuring has gone
        is_measured = projecting.is_measured(run, space)
        _title(run, space)
        if not is_measured:
            projecting.follow_measuring(run, space)
    card = run.run.card
    if card.status != "finished":
        said, command = unfinished.words(run.run.folder, card)
        st.warning(plain(said) + (f" `{command}`" if command else ""), icon=":material/hourglass:")
    if card.data.leak:
        st.warning(plain(card.data.leak), icon=":material/water_drop:")


def _title(run: OpenRun, space: LatentMap) -> None:
    card = run.run.card
    why = "" if space.is_latent else TRUST
    st.html(
        f'<div class="le-title"><h1>{escape(run.name)}</h1>'
        f'<span class="le-badge" title="{escape(why)}">{escape(projecting.badge(run, space))}</span>'
        f"<span>{escape(card.title)}; {escape(card.data.title)}, {_count(run, space)}</span>{_note(card.note)}</div>"
    )


def _count(run: OpenRun, space: LatentMap) -> str:
    """How many items are on the map; of how many, where the run kept a part."""
    part, whole = len(space), run.run.card.data.train_items + run.run.card.data.test_items
    return f"{part:,} items" if part == whole else f"{part:,} of {whole:,} items"


def _note(note: str) -> str:
    """The beginning of a run's note; the whole of it when the pointer rests there."""
    if not note:
        return ""
    short = shorten(note, LETTERS_OF_A_NOTE, placeholder="…") if len(note) > LETTERS_OF_A_NOTE else note
    return f'<span class="le-note-line" title="{escape(note)}">{escape(short)}</span>'
