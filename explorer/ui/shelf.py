"""The cards of the shelf: one run each, with what it is, its main numbers and a click to open it."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from explorer import places
from explorer.errors import ExplorerError
from explorer.ui import managing, thumbnails, unfinished, unknowns
from explorer.ui.gallery import plain, problem
from explorer.ui.managing import Shelved
from explorer.workflows.runs import ShelfEntry, newest_first, replaced_runs
from explorer.workflows.shelving import in_bytes
from explorer.zoo.card import Card
from explorer.zoo.store import check_latents

MANY = 12  # from here on a search and an order are worth their room
SEARCH_PIXELS = 420
ORDERS = ("Newest", "Name", "Accuracy", "Disk use")
SHOWN_METRICS = {
    "test_accuracy": "test accuracy",
    "test_svm_accuracy": "SVM on test latents",
    "other_cameras_accuracy": "on other cameras",
    "seeds_centroid_spread": "centres move by seed",
    "test_within_two_radii": "test within 2 radii",
    "test_retrieval_map": "test retrieval MAP",
    "test_reconstruction_rmse": "reconstruction error",
}
METRICS_ON_A_CARD = 3


def show(entries: Sequence[ShelfEntry]) -> None:
    """Every run as a card, one's own and the shipped ones apart, then what has been deleted."""
    managing.tell(entries)
    shelved = managing.with_just_deleted(entries)
    if not shelved:
        st.info("There is no run yet. Train one: `latent-explorer train --help`.", icon=":material/info:")
    wanted, order = _wanted() if len(shelved) >= MANY else ("", ORDERS[0])
    found = _ordered([one for one in shelved if _matches(one.entry, wanted)], order)
    if shelved and not found:
        st.info(f"No run matches {plain(repr(wanted))}. Clear the search to see all.", icon=":material/search_off:")
    unknowns.tell()
    own = [one for one in found if one.entry.is_own]
    shipped = [one for one in found if not one.entry.is_own]
    if any(one.entry.is_own for one in shelved):
        if own:
            _heading("Your runs", own)
            # Who searches finds them among the others.
            replaced = set() if wanted else replaced_runs(entries) & {one.entry.name for one in own if not one.key}
            _grid([one for one in own if one.key or one.entry.name not in replaced], "own")
            _earlier([one for one in own if not one.key and one.entry.name in replaced])
        if shipped:
            _heading("Shipped runs", shipped)
    _grid(shipped, "shipped")
    if not any(one.entry.is_own for one in shelved):
        st.caption("Runs that you train come to stand above these: `latent-explorer train --help`.")
    managing.show_deleted()


def _wanted() -> tuple[str, str]:
    """What is searched for, and the order of the cards; both stand in the address."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        wanted = st.text_input(
            "Search",
            type="search",
            live=True,
            key="find",
            bind="query-params",
            placeholder="Name, method, data, note",
            width=SEARCH_PIXELS,
        )
        unknowns.expect("order", ORDERS.__contains__)
        order = st.segmented_control(
            "Order", ORDERS, default=ORDERS[0], required=True, key="order", bind="query-params"
        )
    return wanted or "", str(order)


def _matches(entry: ShelfEntry, wanted: str) -> bool:
    """Whether each wanted word is somewhere on the card."""
    card = entry.card
    said = [entry.name]
    if card is not None:
        said += [card.title, card.note, card.method, card.data.title, card.status]
    text = " ".join(said).casefold()
    return all(word in text for word in wanted.casefold().split())


def _ordered(shelved: Sequence[Shelved], order: str) -> list[Shelved]:
    if order == "Name":
        return sorted(shelved, key=lambda one: one.entry.name.casefold())
    if order == "Accuracy":
        return sorted(shelved, key=lambda one: -_accuracy(one.entry))
    if order == "Disk use":
        return sorted(shelved, key=lambda one: -one.entry.n_bytes)
    ranks = {id(entry): rank for rank, entry in enumerate(newest_first(one.entry for one in shelved))}
    return sorted(shelved, key=lambda one: ranks[id(one.entry)])


def _accuracy(entry: ShelfEntry) -> float:
    """On test items, of the classifier or else of the SVM; below all others where neither was measured."""
    metrics = entry.card.metrics if entry.card is not None else {}
    return next((metrics[key].value for key in ("test_accuracy", "test_svm_accuracy") if key in metrics), -1.0)


def _heading(title: str, shelved: Sequence[Shelved]) -> None:
    there = [one.entry for one in shelved if not one.key]
    size = in_bytes(sum(entry.n_bytes for entry in there))
    count = f"<span>{len(there)}, {size} on disk</span>" if there else ""
    st.html(f'<h2 class="le-shelf">{title}{count}</h2>')


def _grid(shelved: Sequence[Shelved], name: str) -> None:
    """As many cards in a row as there is room for, equally high: see `st-key-grid` in style.css."""
    with st.container(key=f"grid-{name}"):
        for one in shelved:
            key = f"ghost-{one.key}" if one.key else None
            with st.container(border=True, height="stretch", vertical_alignment="distribute", key=key):
                managing.just_deleted_card(one) if one.key else _card(one.entry)


def _earlier(shelved: Sequence[Shelved]) -> None:
    """Runs that a session's fine-tuning has replaced, folded away by session; replay and moved points need them."""
    sessions: dict[str, list[Shelved]] = {}
    for one in shelved:
        if one.entry.card is not None and one.entry.card.origin is not None:
            sessions.setdefault(one.entry.card.origin.session, []).append(one)
    for session, runs in sessions.items():
        size = in_bytes(sum(one.entry.n_bytes for one in runs))
        title = f"{len(runs)} earlier run{'s' * (len(runs) != 1)} of the session {plain(session)}, {size}"
        with st.expander(title, key=f"earlier-{session}", icon=":material/history:", on_change="rerun") as folded:
            if folded.open:
                st.caption(
                    "Fine-tuned on the way to the newest one, which is above. The session is replayed with them."
                )
                _grid(runs, f"earlier-{session}")


def _card(entry: ShelfEntry) -> None:
    """Thumbnail, what it is and its menu above; numbers and the button at the foot, level with its neighbours'."""
    card = entry.card
    picture, trouble = _picture(entry)
    with st.container(gap="xsmall"):
        st.html(picture)
        with st.container(horizontal=True, wrap=False, vertical_alignment="center"):
            st.markdown(f"**{plain(entry.name)}**", width="stretch")
            managing.menu(entry)
        st.html(_words(entry))
        if card is not None and card.status != "finished":
            unfinished.tell(entry.folder, card)
            wrong = managing.refusal(entry.name)
        else:
            wrong = managing.refusal(entry.name) or trouble
        if wrong:
            problem(wrong)
    if card is not None:
        with st.container(gap="small"):
            if card.epochs_done:  # numbers of untrained weights say nothing
                st.html(_numbers(card))
            opens = st.button(
                "Open the map", key=f"open-{entry.name}", type="primary", width="stretch", disabled=bool(trouble)
            )
        if opens:
            st.switch_page(places.pages() / "2_Map.py", query_params={"run": entry.name})


def _words(entry: ShelfEntry) -> str:
    """What a run is, its note, and the room that it takes."""
    card, size = entry.card, in_bytes(entry.n_bytes)
    if card is None:
        return f'<div class="le-about">{size}</div>'
    note = f'<div class="le-note" title="{escape(card.note)}">{escape(card.note)}</div>' if card.note else ""
    about = f"{card.method} on {card.data.title}, {card.data.train_items:,} training items, {size}"
    return f'<div class="le-about">{escape(card.title)}<span>{escape(about)}</span>{note}</div>'


def _picture(entry: ShelfEntry) -> tuple[str, str]:
    """The thumbnail, which the browser fetches when it comes into view, and why there is none."""
    empty = '<div class="le-thumb le-gone">no map yet</div>'
    if entry.card is None:
        return '<div class="le-thumb le-gone"></div>', entry.problem
    try:
        check_latents(entry.folder, entry.card)
        address = escape(thumbnails.url(entry.folder))
    except ExplorerError as error:
        return empty, str(error)
    return f'<img class="le-thumb" src="{address}" loading="lazy" alt="Map of {escape(entry.name)}">', ""


def _numbers(card: Card) -> str:
    found = [(text, card.metrics[key].value) for key, text in SHOWN_METRICS.items() if key in card.metrics]
    cells = "".join(f"<div><b>{value:.3f}</b>{escape(text)}</div>" for text, value in found[:METRICS_ON_A_CARD])
    return f'<div class="le-numbers">{cells}</div>'
