"""The map with its controls above and its inspector beside it, as one fragment."""

from dataclasses import dataclass, replace
from html import escape

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer.errors import ExplorerError
from explorer.ui import (
    comparing,
    controls,
    exporting,
    fetching,
    inspector,
    layout,
    onwards,
    overlaying,
    projecting,
    replaying,
    unknowns,
)
from explorer.ui.address_bar import catch_up
from explorer.ui.comparing import Compared
from explorer.ui.controls import Look
from explorer.ui.gallery import problem
from explorer.ui.inspector import Found, Ranking
from explorer.ui.scatter import Cloud, Colouring, Marks, Timeline, scatter, settled_frame, touched
from explorer.ui.state import OpenRun
from explorer.ui.touching import Place, asked, remember
from explorer.workflows.colouring import FACTOR
from explorer.workflows.maps import PCA, LatentMap
from explorer.workflows.others import places_of
from explorer.workflows.replay import NAME as REPLAY
from explorer.workflows.replay import Replay
from explorer.workflows.search import Query

KEY, BESIDE = "map", "map-beside"
HEIGHT = "max(440px, 100vh - 190px)"  # the map takes what header and controls leave
HEIGHT_BESIDE = "max(440px, 100vh - 230px)"  # its run's name stands above it


@dataclass(frozen=True)
class Scene:
    """One map as it is drawn.

    Args:
        opened: its run.
        key: of the component.
        space: its points; in a replay as they lay at the settled frame.
        cloud: what the component fetches.
        look: colours and overlays.
        replay, timeline, frame: of a replay.
    """

    opened: OpenRun
    key: str
    space: LatentMap
    cloud: Cloud
    look: Look
    replay: Replay | None = None
    timeline: Timeline | None = None
    frame: int = 0

    @property
    def place(self) -> Place:
        """The map in the session."""
        return Place(self.key, self.cloud.items)

    @property
    def beside(self) -> str:
        """Name of the run, where it is the one beside."""
        return self.opened.name if self.is_second else ""

    @property
    def is_second(self) -> bool:
        """Whether it is the map of the run beside."""
        return self.key == BESIDE


@st.fragment
def show(opened: OpenRun) -> None:
    """Title, controls, map and inspector; a touch of any runs this part alone."""
    catch_up()
    title = st.container()
    with st.container(key="bar", horizontal=True, vertical_alignment="bottom", gap="xsmall"):  # see style.css
        replayed = replaying.choice(opened)
        wanted, space, look = controls.space_and_look(opened, REPLAY if replayed else projecting.choice(opened))
        beside, over = ("", None) if replayed else comparing.choice(opened, space)
        ranking = controls.ranking(opened)
        exporting.offer(opened, space)
    with title:
        layout.header(opened, space)
    # Empty, these take no room, but keep the map at its place: elsewhere the browser would build it anew.
    told, offers = st.container(), st.container()
    with offers:
        fetching.offer(opened)
        if space.name != wanted and not replayed:
            projecting.offer(opened, wanted)
        found = comparing.compared(opened, space, beside, over)
    scene = Scene(opened, KEY, space, opened.cloud(space), look)
    _draw(_replayed(scene) if space.name == REPLAY else scene, ranking, found)
    with told:
        unknowns.tell()
    controls.await_factors(opened)  # last: nothing moves when it is gone


def _replayed(scene: Scene) -> Scene:
    """The map of a replay, at the frame that a person has settled on."""
    replay, look = scene.opened.replay, scene.look
    timeline = replaying.timeline(scene.opened, replay)
    frame = settled_frame(scene.cloud, timeline, key=KEY)
    replaying.remember(replay, frame)
    if look.colouring and not look.colouring.name.startswith(FACTOR):
        look = replace(look, colouring=replace(look.colouring, title=f"{look.colouring.title}, after the last epoch"))
    return replace(scene, space=replay.at(frame), look=look, replay=replay, timeline=timeline, frame=frame)


def _draw(scene: Scene, ranking: Ranking, compared: Compared) -> None:
    """One map or two, and the inspector."""
    second = _second(scene, compared)
    scenes = [scene] if second is None else [scene, second]
    for one in scenes:
        _note(one, scenes)
    with st.container(key="maps"):
        places = st.columns([2, 1] if second is None else [1, 1, 0.9], gap="medium")
    found = [_answer(one, ranking) for one in scenes]
    lassoed = any(one.place.lasso for one in scenes)  # then an earlier click is no longer what is asked about
    for one, place, (answer, _) in zip(scenes, places[:-1], found, strict=True):
        with place:
            _map(
                one, None if lassoed else answer, compared, next((other for other in scenes if other is not one), None)
            )
    with places[-1]:
        _inspect(scenes, found, compared)


def _note(scene: Scene, scenes: list[Scene]) -> None:
    """Remember what was just done to a map; a lasso on one takes the place of that on the other."""
    click, lasso = touched(scene.cloud, key=scene.key)
    remember(scene.place, scene.space, click, lasso, beside=scene.beside)
    if click or lasso:
        for other in scenes:
            if other is not scene:
                other.place.forget_lasso()


def _answer(scene: Scene, ranking: Ranking) -> tuple[Found | None, str]:
    """What was touched with its nearest items, or the sentence that says why there is no answer."""
    try:
        item, place = asked(scene.space, beside=scene.beside)
        if item is None and place is None:
            return None, ""
        if scene.space.targets is None:  # the choice is the first run's
            ranking = replace(ranking, measure="Euclidean")
        return inspector.answer(scene.space, item, place, ranking), ""
    except ExplorerError as error:
        return None, str(error)


def _second(scene: Scene, compared: Compared) -> Scene | None:
    """The map of the run beside."""
    if compared.run is None or compared.beside is None:
        return None
    run, space = compared.run, compared.beside.space
    # What only the second run has is drawn as usual; the rest as it was chosen for the first.
    own = overlaying.usual(run, space).difference(overlaying.offered(scene.opened, scene.space))
    look = replace(scene.look, colouring=_likewise(scene, run, space), overlays=scene.look.overlays | own)
    return Scene(run, BESIDE, space, run.cloud(space), look)


def _likewise(scene: Scene, run: OpenRun, space: LatentMap) -> Colouring | None:
    """The first map's colouring on the second one, where its run has it too."""
    first = scene.look.colouring
    if first is None or first.name not in run.painting.titles():
        return None
    try:
        return run.painting.colouring(first.name, space)
    except ExplorerError as error:
        problem(str(error))
        return None


def _map(scene: Scene, found: Found | None, compared: Compared, other: Scene | None) -> None:
    """The component with all that is drawn; `other` is the map beside it."""
    if other is not None:
        st.html(f'<div class="le-heading">{escape(scene.opened.name)}</div>')
    overlays = scene.look.overlays
    scatter(
        scene.cloud,
        key=scene.key,
        marks=_marks(scene, found, compared),
        colouring=scene.look.colouring,
        layers=scene.opened.painting.layers(
            scene.space,
            regions="regions" in overlays,
            targets="targets" in overlays and scene.replay is None,
        ),
        axes=scene.space.axes,
        height=HEIGHT if other is None else HEIGHT_BESIDE,
        clear_selection=scene.place.cleared,
        link=KEY if other is not None else "",
        selected=_carried(other, compared),
        images=scene.look.images,
        timeline=scene.timeline,
    )


def _marks(scene: Scene, found: Found | None, compared: Compared) -> Marks:
    touched_here = (found.query, found.answer, found.trust) if found else ()
    marks = overlaying.marks(scene.opened, scene.space, scene.look.overlays, *touched_here)
    if scene.replay is not None:
        row = found.query.row if found else None
        trails = replaying.movers(scene.replay, scene.frame) if row is None else [row]
        marks = replace(marks, trails=tuple(trails))
    over = compared.over
    if over is None or scene.is_second or scene.space.projection is None:
        return marks
    unlabelled = (inspector.UNLABELLED,) if (over.items.labels < 0).any() else ()
    names = (*over.items.classes, *unlabelled)
    places, labels = places_of(over.items, scene.space), over.items.labels % len(names)
    others = tuple((float(x), float(y), int(label)) for (x, y), label in zip(places, labels, strict=True))
    return replace(marks, others=others, others_names=names)


def _carried(other: Scene | None, compared: Compared) -> NDArray[np.bool_] | None:
    """The items of the other map's lasso on this one."""
    if other is None or compared.beside is None or other.place.lasso is None:
        return None
    mask, common = other.place.lasso.mask, compared.beside.common
    return common.on_first(mask) if other.is_second else common.on_second(mask)


def _lead_on(scene: Scene, query: Query) -> None:
    """Links onwards from what was touched; of places only those on a run's own map mean something elsewhere."""
    item = None if query.row is None else int(scene.space.latents.ids[query.row])
    if item is None and scene.space.address != PCA:
        return
    place = "" if item is not None else st.query_params.get("at", "")
    with st.container(horizontal=True, gap="small"):
        for page in ("Retrieve", "Morph"):
            onwards.link(page, scene.opened, item, place)


def _inspect(scenes: list[Scene], found: list[tuple[Found | None, str]], compared: Compared) -> None:
    """What was touched, on whichever map; what the comparison says; or what can be done."""
    first = scenes[0]
    comparing.show_beside(first.opened, first.space, compared)
    try:
        lassoed = next((one for one in scenes if one.place.lasso), None)
        told = [(one, *answer) for one, answer in zip(scenes, found, strict=True) if any(answer)]
        answered = next(((one, answer) for one, answer, _ in told if answer is not None), None)
        if lassoed is not None and lassoed.place.lasso is not None:
            st.button("Clear the lasso", icon=":material/close:", on_click=lassoed.place.forget_lasso)
            inspector.show_lasso(lassoed.opened, lassoed.space, lassoed.place.lasso)
        elif answered is not None:  # an item that is on one map only is shown there
            inspector.show_touched(answered[0].opened, answered[0].space, answered[1])
            _lead_on(answered[0], answered[1].query)
        elif told:
            problem(told[0][2])
        elif first.replay is None and compared.over is None:
            inspector.show_nothing(first.opened, first.space)
            comparing.invite(first.opened, first.space, compared)
        if first.replay is not None:
            replaying.show(first.opened, first.replay, first.frame)
        if compared.over is not None:
            comparing.show_over(compared.over)
    except ExplorerError as error:
        problem(str(error))
