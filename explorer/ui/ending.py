"""The ends and the path of a morph: chosen in the bar, typed, clicked on the map, or named by the address."""

import streamlit as st

from explorer.errors import ExplorerError
from explorer.ui import unknowns
from explorer.ui.gallery import plain
from explorer.ui.scatter import touched
from explorer.ui.state import OpenRun
from explorer.workflows.ends import End, end_of, usual_ends, with_centre
from explorer.workflows.morph_paths import PathKind, refusals

FROM, TO, PATH, SETS, MAP = "from", "to", "path", "sets", "morph-map"
TITLES: dict[str, PathKind] = {"Straight": "straight", "Class circle": "circle", "Through the data": "data"}
BEGIN, END = "the start", "the end"
SHOWN = "morph:run"  # what was shown last
LETTERS = 40
HELP = (
    "A class: its configured centre, or else the mean of its training items. An item: type item and its id. "
    "A place: click the map beside its points."
)
PATHS_HELP = (
    "Straight: the shortest way in the latent space. Class circle: radius and angle change evenly around the middle of "
    "the class centres. Through the data: from neighbour to neighbour among at most 10,000 training items."
)


def note_click(opened: OpenRun) -> None:
    """Take a click on the map for an end; call it before the controls are drawn."""
    click, _ = touched(opened.cloud(opened.space), key=MAP)
    if click is None:
        return
    item = f"item {opened.space.latents.ids[click.index]}" if click.index >= 0 else ""
    name = item or f"place {click.x:.5g}, {click.y:.5g}"
    if is_end(opened, name):
        st.session_state[FROM if st.session_state.get(SETS) == BEGIN else TO] = name


def click_choice() -> None:
    """The control of which end a click on the map sets."""
    unknowns.expect(SETS, (BEGIN, END).__contains__)
    st.segmented_control(
        "A click on the map sets", [BEGIN, END], default=END, required=True, key=SETS, bind="query-params"
    )


def choice(opened: OpenRun) -> tuple[tuple[End, End], PathKind]:
    """The controls of both ends and the path.

    Raises:
        ExplorerError: an end that was typed and that there is not.
    """
    usual = usual_ends(opened.space, tuple(opened.run.card.classes))
    a, b = (_end(opened, key, title, name) for key, title, name in zip((FROM, TO), ("From", "To"), usual, strict=True))
    kind = _kind(opened)
    st.session_state[SHOWN] = opened.name
    return (found(opened, a), found(opened, b)), kind


def one(opened: OpenRun, key: str, title: str) -> End:
    """The control of a single end, at first the usual start.

    Args:
        opened: the run.
        key: in the session and the address.
        title: above it.
    """
    return found(opened, _end(opened, key, title, usual_ends(opened.space, tuple(opened.run.card.classes))[0]))


def _end(opened: OpenRun, key: str, title: str, usual: str) -> str:
    classes = tuple(opened.run.card.classes)
    options = with_centre(opened.space, classes) or [usual]
    if usual not in options:
        options.append(usual)
    asked = st.session_state.get(key) or st.query_params.get(key)
    if asked and asked not in options and is_end(opened, asked):
        options.append(asked)
    unknowns.expect(key, options.__contains__)
    is_unknown = bool(asked) and asked not in options
    is_addressed = is_unknown and key not in st.session_state
    if is_unknown and not is_addressed:
        _refuse(opened, key, str(asked), usual)
    picked = st.selectbox(
        title,
        options,
        index=options.index(usual),
        key=key,
        bind="query-params",
        accept_new_options=not is_addressed,  # else Streamlit would believe the address
        width=118,
        help=HELP,
    )
    return picked or usual


def _refuse(opened: OpenRun, key: str, asked: str, usual: str) -> None:
    """Take the usual end for one that there is not: another run's, or typed in vain."""
    if st.session_state.get(SHOWN) == opened.name:
        st.toast(plain(f"There is no {asked[:LETTERS]!r} here; {usual} was taken."), icon=":material/info:")
    st.session_state[key] = usual


def is_end(opened: OpenRun, name: str) -> bool:
    """Whether a text names an end."""
    try:
        end_of(opened.space, tuple(opened.run.card.classes), name)
    except ExplorerError:
        return False
    return True


def found(opened: OpenRun, name: str) -> End:
    """The end that a text names; raises as `end_of` does."""
    return end_of(opened.space, tuple(opened.run.card.classes), name)


def _kind(opened: OpenRun) -> PathKind:
    reasons = refusals(opened.space, len(opened.run.card.classes))
    titles = [title for title, kind in TITLES.items() if not reasons[kind]]
    missing = [f"{title}: {reasons[kind]}" for title, kind in TITLES.items() if reasons[kind]]
    unknowns.expect(PATH, titles.__contains__)
    told = "\n\n".join([PATHS_HELP, *missing])
    picked = st.selectbox("Path", titles, key=PATH, bind="query-params", width=150, help=told)
    return TITLES[picked]
