"""A morph as a film: its strip, the frame that the slider stands at, the class confidence and the path on the map."""

from dataclasses import replace
from html import escape

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer.figures import class_colours
from explorer.figures.confidence import confidence_svg
from explorer.figures.meshes import body_mesh
from explorer.ui import ending, film_exporting, films, overlaying, unknowns
from explorer.ui.drawing import drawing
from explorer.ui.films import Reel
from explorer.ui.gallery import heading, plain, remark
from explorer.ui.picking import pick_cells
from explorer.ui.scatter import Marks, scatter
from explorer.ui.state import OpenRun
from explorer.workflows.maps import LatentMap
from explorer.workflows.morphing import FRAMES, Film

STRIP_EACH = 5  # frames from one of the strip to the next
STRIP_SIDE, SIDE = 60, 144
BODY = 190  # pixels high
PLAY = "play"
T, STEP = "t", 1 / (FRAMES - 1)
UNLABELLED = "unlabelled"


def show(opened: OpenRun, bar: DeltaGenerator) -> None:
    """Controls, film and path."""
    ending.note_click(opened)
    with bar:
        ends, kind = ending.choice(opened)
        exports = st.container(width="content")
    with st.container(key="maps"):
        left, right = st.columns([2, 1], gap="medium")
    at: int | None = 0
    with left:
        reel = films.reel(opened, ends, kind)
        if reel is not None:
            at = _slider(reel, _strip(opened, reel))
            if st.session_state.get(PLAY) and reel.moving_url(SIDE):
                at = None
            _frame(opened, reel, at)
    with right:
        _path(opened, reel, at)
    if reel is not None:
        with exports:
            film_exporting.offer(opened, reel, kind)


def _strip(opened: OpenRun, reel: Reel) -> int | None:
    """Frames of the film side by side, over their nearest real items; the one that was chosen, if any."""
    steps = list(range(0, len(reel.film), STRIP_EACH))
    now = _now(reel)
    nearest = min(steps, key=lambda step: abs(step - now))
    cells = [_cell(opened, reel, step) for step in steps]
    found = pick_cells(cells, name="Film", key=f"strip-{opened.name}", chosen=steps.index(nearest), kind="le-film")
    return None if found is None else steps[found]


def _cell(opened: OpenRun, reel: Reel, i: int) -> str:
    """One frame of the strip, its line dashed where it lies off the data, and below it the nearest real item."""
    shown, space = reel.film, opened.space
    off = bool(shown.is_off[i])
    name = _class_of(opened, int(space.latents.labels[shown.rows[i]]))
    said = f"t = {shown.t[i]:.2f}, {'off the data' if off else 'on the data'}, nearest real item {name}"
    pictures = [reel.decoded_url(i, STRIP_SIDE), reel.real_url(i, STRIP_SIDE)]
    drawn = [f'<img src="{url}" alt="{escape(said)}">' for url in pictures[:1] if url]
    under = [f'<img src="{url}" alt="">' for url in pictures[1:] if url] or [f"<span>{escape(name)}</span>"]
    line = '<i class="le-edge off" title="off the data">&#9888;</i>' if off else '<i class="le-edge"></i>'
    return f'<div class="le-picture" title="{escape(said)}">{"".join(drawn)}{line}{"".join(under)}</div>'


def _now(reel: Reel) -> int:
    t = st.session_state.get(T)
    if t is None:
        try:
            t = float(st.query_params.get(T, "0.5"))
        except ValueError:
            t = 0.5
    return reel.film.near(t)


def _slider(reel: Reel, chosen: int | None) -> int:
    """Where the film stands; a frame of the strip that was chosen just now takes the slider along."""
    if chosen is not None:
        st.session_state[T] = round(float(reel.film.t[chosen]), 3)
    a, b = (end.name for end in reel.ends)
    unknowns.expect(T, unknowns.within(0, 1))
    unknowns.expect(PLAY, unknowns.is_switch)
    line = st.container(horizontal=True, vertical_alignment="center", gap="medium")
    line.toggle("Play", key=PLAY, bind="query-params", help="The film moves by itself, there and back")
    t = line.slider(
        plain(f"t, from {a} (0) to {b} (1)"),
        0.0,
        1.0,
        0.5,
        STEP,
        key=T,
        bind="query-params",
        format="t = %.3f",
        label_visibility="collapsed",
    )
    return reel.film.near(t)


def _frame(opened: OpenRun, reel: Reel, at: int | None) -> None:
    """A frame beside its nearest real item, and how sure the classifier is; all frames in turn while the film plays.

    Args:
        opened: the run.
        reel: its film.
        at: the frame that the slider stands at; None while the film plays.
    """
    pair, sure = st.columns([1.15, 1], gap="small")
    with pair:
        if at is None:
            _moving(reel)
        else:
            _pair(opened, reel, at)
    with sure:
        _confidence(opened, reel, at)
    _verdict(reel, at)


def _moving(reel: Reel) -> None:
    both = [
        name for name, items in (("decoded", reel.film.decoded), ("nearest real item", reel.real)) if items is not None
    ]
    _frames([_large(reel.moving_url(SIDE), f"There and back: {' and '.join(both)}", [])])


def _pair(opened: OpenRun, reel: Reel, at: int) -> None:
    space, shown = opened.space, reel.film
    row = int(shown.rows[at])
    kind = "test" if space.is_test[row] else "train"
    name = _class_of(opened, int(space.latents.labels[row])) if opened.run.card.classes else ""
    words = [f"{kind} item {space.latents.ids[row]}", f"distance {shown.distances[at]:.3g}"]
    real = _large(reel.real_url(at, SIDE), f"Nearest real item{name and f': {name}'}", words)
    if shown.decoded is not None and reel.scale is not None and reel.scale.faces is not None:
        body, beside = st.columns(2, gap="small")
        with body:
            heading("Decoded", "a body; drag to turn it")
            figure = body_mesh(shown.decoded[at], reel.scale, height=BODY)
            st.plotly_chart(figure, key="body", config={"displayModeBar": False}, alt="The decoded body")
        with beside:
            _frames([real])
        return
    url = reel.decoded_url(at, SIDE)
    _frames([*([_large(url, "Decoded", [f"t = {shown.t[at]:.3f}"])] if url else []), real])


def _frames(cells: list[str]) -> None:
    st.html(f'<div class="le-query" role="group" aria-label="This frame" data-name="This frame">{"".join(cells)}</div>')


def _large(url: str, title: str, lines: list[str]) -> str:
    picture = f'<div class="le-frame"><img src="{url}" alt="{escape(title)}"></div>' if url else ""
    words = "".join(f"<span>{escape(line)}</span>" for line in lines)
    return f'<div class="le-picture"><span><b>{escape(title)}</b></span>{picture}{words}</div>'


def _confidence(opened: OpenRun, reel: Reel, at: int | None) -> None:
    classes, values = opened.run.card.classes, reel.film.confidence
    if values is None:
        remark("This run has neither a classifier nor labelled items, so nothing says how sure a class is.")
        return
    heading(f"Class confidence by {opened.space.predictor}", "along the path; shaded where it leaves the data")
    svg = confidence_svg(values, classes, class_colours(len(classes)), reel.film.is_off, at)
    drawing(svg, key="confidence")


def _verdict(reel: Reel, at: int | None) -> None:
    """Whether this frame, while one stands, and how much of the whole lies off the data."""
    shown = reel.film
    said = "" if at is None else _said(shown, at)
    share = f"{shown.is_off.mean():.0%} of this path is off the data: beyond {shown.reach:.3g} from any training item."
    warns = shown.is_off.any() if at is None else shown.is_off[at]
    kind = "le-verdict off" if warns else "le-verdict"
    st.html(f'<div class="{kind}" role="status">{said} <span>{share}</span></div>')


def _said(shown: Film, at: int) -> str:
    """Whether one frame lies off the data."""
    own = "99 % of the run's own test items"
    if not shown.is_off[at]:
        return f"<b>&#10003; On the data.</b> The nearest training item is within the distance that {own} keep to."
    if shown.reach > 0:
        how = f"lies at {shown.off[at]:.3g} times the distance that {own} keep to."
    else:
        how = f"lies elsewhere, whereas {own} lie exactly where a training item does."
    return (
        f"<b>&#9888; Off the data.</b> The nearest training item {how} The picture is the decoder's guess, and nothing "
        "like it was there when the confidence was measured."
    )


def _class_of(opened: OpenRun, label: int) -> str:
    return [*opened.run.card.classes, UNLABELLED][label]


def _path(opened: OpenRun, reel: Reel | None, at: int | None) -> None:
    """The map with the path, this frame and its nearest real item; a click sets an end."""
    space = opened.space
    ending.click_choice()
    scatter(
        opened.cloud(space),
        key=ending.MAP,
        marks=_marks(opened, space, reel, at),
        axes=space.axes,
        height="max(340px, 100vh - 330px)",
    )
    what = "The path" if at is None else "The path, this frame (cross) and its nearest real item (ring)"
    remark(f"{what}. A click on a point or beside it sets an end.")


def _marks(opened: OpenRun, space: LatentMap, reel: Reel | None, at: int | None) -> Marks:
    base = overlaying.marks(opened, space, overlaying.usual(opened, space))
    if space.projection is None or reel is None:
        return base
    places = [(float(x), float(y)) for x, y in space.projection.apply(reel.film.z)]
    some = places[::2]
    base = replace(base, lines=tuple((*a, *b) for a, b in zip(some, some[1:], strict=False)))
    if at is None:
        return base
    x, y = (float(value) for value in space.places[reel.film.rows[at]])
    return replace(
        base,
        query=places[at],
        query_is_place=True,
        hits=((x, y, True),),
        hit_rows=(int(reel.film.rows[at]),),
    )
