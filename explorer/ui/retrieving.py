"""The Retrieve page: a query, what it finds, how good that is over the whole gallery, and where it lies."""

from dataclasses import replace

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer.errors import ExplorerError
from explorer.figures import BAR, UNKNOWN
from explorer.ui import asking, fetching, gathering, hits, layout, onwards, ranking, scoring, touching, unknowns
from explorer.ui.address_bar import catch_up
from explorer.ui.gallery import bars, facts, heading, problem, remark
from explorer.ui.hits import Answered
from explorer.ui.inspector import UNLABELLED
from explorer.ui.messages import is_int
from explorer.ui.picking import picked
from explorer.ui.ranking import Choice
from explorer.ui.scatter import Marks, scatter, touched
from explorer.ui.state import OpenRun
from explorer.ui.touching import Place
from explorer.workflows.others import Candidate
from explorer.workflows.retrieving import CLASS, SPLIT_TITLES, by_criterion, retrieve, rows_of

KEY = "retrieve-map"
MAP_HEIGHT = "340px"
QUESTION_PIXELS = 300  # what asks stands first, so that a canvas stays where it is when its picture appears


@st.fragment
def show(opened: OpenRun) -> None:
    """Controls, query and hits, and beside them the map and the scoreboard."""
    catch_up()
    layout.header(opened, opened.space)
    try:
        _note_touch(opened)
        _controlled(opened)
    except ExplorerError as error:
        problem(str(error))


def _controlled(opened: OpenRun) -> None:
    with st.container(key="bar", horizontal=True, vertical_alignment="bottom", gap="xsmall"):
        others = gathering.offered(opened)
        source = asking.source(opened, bool(others))
        choice = ranking.choice(opened, list(others))
        beside = _beside(opened)
        files = st.popover("Export hits", icon=":material/download:", help="The hits as files", key="export-points")
    told, offers = st.container(), st.container()
    with offers:
        fetching.offer(opened)
    answers, inspector = st.columns([2, 1], gap="medium")
    with answers:
        answered = _answered(opened, source, choice, others)
        if answered is not None:
            hits.show(opened, answered)
            hits.show_beside(opened, answered, beside)
            with files:
                hits.offer_files(opened, answered)
        below = st.container()
    with inspector:
        _map(opened, answered)
        _information(choice)
        if answered is not None:
            _score(opened, answered, choice.k, below)
    with told:
        unknowns.tell()


def _note_touch(opened: OpenRun) -> None:
    """A click on the map or on a hit asks with what was clicked, whatever was asked with before."""
    space = opened.space
    cloud = opened.cloud(space)
    click, lasso = touched(cloud, key=KEY)
    touching.remember(Place(KEY, cloud.items), space, click, lasso)
    if click is not None:
        st.session_state[asking.SOURCE] = asking.ITEM
    match picked(hits.KEY):
        case ("", int(item)):
            asking.ask_with_item(item)
        case (str(title), int(item)):
            asking.ask_with_other(item, title)
    worst = picked(scoring.WORST_KEY)
    if is_int(worst):
        is_other = st.session_state.get(asking.SOURCE) == asking.OTHER
        (asking.ask_with_other if is_other else asking.ask_with_item)(worst)


def _beside(opened: OpenRun) -> list[str]:
    """The control of what stands side by side."""
    with st.popover("Side by side", icon=":material/view_agenda:", help="The same query by several ways or runs"):
        options = hits.beside_options(opened, [*st.query_params.get_all("ways"), *st.session_state.get("ways", [])])
        unknowns.expect("ways", options.__contains__, "those of them that there are")
        chosen: list[str] = st.multiselect(
            "Ways and runs",
            options,
            key="ways",
            bind="query-params",
            placeholder="Choose some",
            help="Each gets a row of hits.",
        )
    return chosen


def _answered(opened: OpenRun, source: str, choice: Choice, others: dict[str, Candidate]) -> Answered | None:
    """The query and its hits; None while one of the two is not there yet, or cannot be had, which is told."""
    try:
        return _answer(opened, source, choice, others)
    except ExplorerError as error:
        problem(str(error))
        return None


def _answer(opened: OpenRun, source: str, choice: Choice, others: dict[str, Candidate]) -> Answered | None:
    if not gathering.prepare(opened):
        return None
    criterion = choice.way.criterion or CLASS
    with st.container(horizontal=True, gap="medium"):
        told, pictured = st.container(width=QUESTION_PIXELS), st.container(width="content")
    with told:
        question = asking.question(opened, source, criterion, others)
        if question is None:
            remark("What it finds will be shown here, and where it lies on the map.")
            return None
        facts([("Query", question.words)])
        if question.doubt:
            st.warning(question.doubt, icon=":material/help:")
        if question.id is not None and question.is_own:
            onwards.link("Map", opened, question.id)
    with pictured:
        hits.show_query(opened, question)
    split = next((split for split, title in SPLIT_TITLES.items() if title == choice.gallery), None)
    if split is not None:
        gallery, items = gathering.own(opened, split, criterion), None
    else:
        loaded = gathering.others(opened, others[choice.gallery])
        if loaded is None:
            return None
        gallery, items = by_criterion(loaded[0], None, criterion), loaded[1]
    found = retrieve(opened.run.card, choice.way, question.within(gallery), gallery, choice.k)
    return Answered(question, choice.way, gallery, found, items)


def _score(opened: OpenRun, answered: Answered, k: int, below: DeltaGenerator) -> None:
    """How good the way is over the whole gallery: for the run's test items, or for the other data that ask."""
    question = answered.question
    if question.of is not None and question.others is not None:
        asked, images = question.of, question.others.items.images
    else:
        asked, images = gathering.own(opened, "test", answered.gallery.criterion), None
    scoring.show(opened, answered.way, asked, answered.gallery, k=k, below=below, images=images)


def _map(opened: OpenRun, answered: Answered | None) -> None:
    """Where the query and its hits lie; a click asks with what is there."""
    space = opened.space
    scatter(
        opened.cloud(space),
        key=KEY,
        marks=Marks() if answered is None else _marks(opened, answered),
        axes=space.axes,
        height=MAP_HEIGHT,
    )


def _marks(opened: OpenRun, answered: Answered) -> Marks:
    space, question, found, gallery = opened.space, answered.question, answered.found, answered.gallery
    x, y = (float(part) for part in question.place)
    row = int(rows_of(space.latents.ids, [question.id])[0]) if question.is_own and question.id is not None else -1
    marks = Marks(
        query=(x, y),
        query_row=row,
        query_is_place=row < 0,
        circles=tuple((*circle[:3], label) for label, circle in enumerate(space.circles)),
    )
    if answered.others is None:
        rows = rows_of(space.latents.ids, gallery.ids[found.rows])
        places = space.places[rows].tolist()
        right = [verdict != "wrong" for verdict in found.verdicts]
        return replace(
            marks,
            hits=tuple((a, b, ok) for (a, b), ok in zip(places, right, strict=True)),
            hit_rows=tuple(rows.tolist()),
        )
    places = space.place(gallery.vectors.z[found.rows]).tolist()
    names = (*gallery.classes, UNLABELLED)
    groups = (gallery.labels[found.rows] % len(names)).tolist()
    return replace(
        marks, others=tuple((a, b, group) for (a, b), group in zip(places, groups, strict=True)), others_names=names
    )


def _information(choice: Choice) -> None:
    """How much each dimension says of the chosen criterion; those that rank stand out."""
    if choice.shared is None:
        return
    shared, chosen = choice.shared.shared, set(choice.way.dims)
    heading(f"What each dimension says of {choice.way.criterion}", "Mutual information, nats; those in colour rank")
    names = [f"z{dim + 1}" for dim in range(len(shared))]
    colours = [BAR if dim in chosen else UNKNOWN for dim in range(len(shared))]
    bars(shared, names, name="Mutual information", whole=float(shared.max()) or 1.0, colours=colours)
