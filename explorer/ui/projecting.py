"""Which map of the latents is drawn; maps by neighbours are offered, watched and cancelled here."""

from functools import partial
from hashlib import blake2b
from weakref import ref

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer.errors import ExplorerError
from explorer.latent.angles import AngleMap
from explorer.latent.neighbour_maps import NEIGHBOUR_MAPS
from explorer.ui import progress, unknowns, working
from explorer.ui.gallery import problem
from explorer.ui.progress import Standing
from explorer.ui.spaces import lying_in
from explorer.ui.state import OpenRun
from explorer.workflows.coding import MARK, MEAN, is_discrete, split_name, words
from explorer.workflows.maps import (
    ANGLES,
    CONTENT,
    PCA,
    PERSPECTIVE,
    LatentMap,
    dimensions_of,
    has_angles,
    is_linear,
)
from explorer.workflows.ways import LEVELS

DIMENSIONS = "Two dimensions"
CHOICES = {
    **{"PCA": PCA, "Content": CONTENT, "Perspective": PERSPECTIVE, "Angles": ANGLES, DIMENSIONS: ""},
    **{one.title: one.name for one in NEIGHBOUR_MAPS.values()},
}
DRAWN = {"its mean": MEAN, "a sample": "sample", "clipped": "clipped", "binary": "binary", "quantised": "quantised"}
TITLES = {name: title for title, name in CHOICES.items()}
SAID = (
    "The latent itself (the mean of its posterior); one draw from the posterior, the same each time; or a shorter "
    "code: each entry cut off at -1 and 1, its sign alone, or the nearest of so many levels from -4 to 4. "
    "The axes stay those of the latents."
)
HELP = (
    "PCA: the two directions in which the latents vary most; distances are theirs, flattened. "
    "Content, perspective: the same of the dimensions that a group shares, or of the others, alone. "
    "UMAP and t-SNE keep near items near; far distances, sizes and gaps mean little. "
    "Angles, of a sphere or a torus: all of it, cut open; where an angle is -180 and 180 the two sides are one."
)


def choice(opened: OpenRun) -> str:
    """The controls above the map, and which map is wanted; up to two dimensions are a map already."""
    name = PCA
    if not opened.space.is_latent:
        titles = [title for title, name in CHOICES.items() if _fits(opened.space, name)]
        unknowns.expect("projection", titles.__contains__)
        picked = st.selectbox("Map", titles, key="projection", bind="query-params", help=HELP, width=160)
        name = CHOICES[picked] or _dimensions(opened.space.latents.z)
    return name


def _fits(space: LatentMap, name: str) -> bool:
    """Whether a run has this map."""
    if name in (CONTENT, PERSPECTIVE):
        return space.part_of(name) is not None
    return name != ANGLES or has_angles(space)


def code(opened: OpenRun, name: str) -> str:
    """The control of what stands for an item, where there is a choice, and the map that is wanted then."""
    titles = [title for title, code in DRAWN.items() if code in (MEAN, *opened.space.codes)]
    if len(titles) == 1 or name == ANGLES or not is_linear(name):
        return name
    unknowns.expect("drawn", titles.__contains__)
    picked = st.segmented_control(
        "An item is drawn at", titles, default=titles[0], required=True, key="drawn", bind="query-params", help=SAID
    )
    wanted = DRAWN[picked]
    if wanted == "quantised":
        unknowns.expect("levels", [str(one) for one in LEVELS].__contains__)
        levels = st.segmented_control(
            "Levels", LEVELS, default=8, required=True, key="levels", bind="query-params", help="Of each dimension."
        )
        wanted = f"{wanted}-{levels}"
    return name if wanted == MEAN else name + MARK + wanted


def _dimensions(z: NDArray[np.float32]) -> str:
    """Which two dimensions of latents (n, d) are drawn, as the name of that map; at first those that vary most."""
    names = [f"z{i + 1}" for i in range(z.shape[1])]
    widest = [names[i] for i in np.argsort(-z.std(axis=0), kind="stable")]
    with st.container(horizontal=True, gap="xsmall", width="content", wrap=False):
        unknowns.expect("across", names.__contains__)
        across = st.selectbox(
            "Across", names, index=names.index(widest[0]), key="across", bind="query-params", width=76
        )
        others = [name for name in names if name != across]
        second = next(name for name in widest if name != across)
        unknowns.expect("up", others.__contains__)
        up = st.selectbox("Up", others, index=others.index(second), key="up", bind="query-params", width=76)
    return f"{across}-{up}"


def drawn(opened: OpenRun, wanted: str) -> LatentMap:
    """The wanted map if it is kept, else the run's own, which is always there."""
    try:
        return opened.on(wanted) or opened.space
    except ExplorerError as error:
        problem(str(error))
        return opened.space


def badge(opened: OpenRun, space: LatentMap) -> str:
    """What kind of map this is, in half a sentence."""
    if space.is_latent:
        return f"this map is the latent itself{lying_in(space.geometry)}"
    if space.projection is None:
        return f"{TITLES[space.name]}: distances are not the latent's{_trust(opened, space)}"
    return f"{_linear(space)}{_trust(opened, space)}"


def _linear(space: LatentMap) -> str:
    """Of a linear map: which directions it shows, of what."""
    drawn = words(space.code)
    if is_discrete(space.code):
        drawn += f", {len(space):,} items on {space.n_places:,} {'place' if space.n_places == 1 else 'places'},"
    if isinstance(space.projection, AngleMap):
        return f"{' and '.join(space.projection.axes)} in degrees{lying_in(space.geometry)}"
    if space.projection is None or space.projection.is_latent:
        return drawn.removesuffix(",")
    shown = f"{_directions(space)} {space.latents.z.shape[1]}{lying_in(space.geometry)}"
    shown += f": {100 * space.projection.variance:.0f} % of the variance"
    return f"{drawn} on {shown}" if drawn else shown


def _directions(space: LatentMap) -> str:
    """Which directions a linear map shows, of so many dimensions."""
    dims, part = dimensions_of(space.name), space.part
    if part is not None:
        of = f"the {len(part)} dimensions of {split_name(space.name)[0]}, of"
        return f"two principal components of {of}" if len(part) > len(space.axes) else of
    return f"dimensions {dims[0]} and {dims[1]} of" if dims else "two principal components of"


def is_measured(opened: OpenRun, space: LatentMap) -> bool:
    """Whether all that the badge says is known."""
    return space.is_latent or opened.trustworthiness(space) is not None


def follow_measuring(opened: OpenRun, space: LatentMap) -> None:
    """Let what surrounds this run again once all that the badge says is known."""
    said = f"{opened.name}:{opened.stamp}:{space.name}"
    identity = blake2b(f"trust:{said}".encode(), digest_size=8).hexdigest()
    progress.quietly(identity, partial(_measuring, ref(opened), ref(space)), key="measuring-trust")


def _measuring(opened: "ref[OpenRun]", space: "ref[LatentMap]") -> Standing | None:
    """That a map is being measured; it holds neither the run nor the map."""
    run, drawn = opened(), space()
    return None if run is None or drawn is None or is_measured(run, drawn) else Standing("", 0.0)


def _trust(opened: OpenRun, space: LatentMap) -> str:
    trust = opened.trustworthiness(space)
    if trust is None:
        return "; trustworthiness …"
    return f"; trustworthiness {trust:.3f}" if trust == trust else ""  # noqa: PLR0124 - NaN: too few items


def offer(opened: OpenRun, wanted: str) -> None:
    """Below the bar, while a wanted map is not there: what it costs, how far it is, or why it failed."""
    try:
        kept = opened.kept(wanted)
    except ExplorerError as error:
        problem(str(error))
        return
    title = kept.map.title
    working.bar(
        working.Work(
            key="projecting",
            name=title,
            job=kept.job,
            begin=kept.begin,
            words=f"**{title}** of {kept.n_items:,} items: about {in_words(kept.expected_seconds)}, once, in the "
            "background. The map below is PCA until then.",
            press="Compute",
            icon=":material/play_arrow:",
            failed=f"{title} could not be computed",
            steps=lambda done, total: f"{done:,} of {total:,} steps",
        )
    )


def in_words(seconds: float) -> str:
    """A rough length of time: half a minute, 3 minutes."""
    if seconds < 50:
        return f"{max(10, round(seconds / 10) * 10)} seconds"
    minutes = round(seconds / 60)
    return "a minute" if minutes == 1 else f"{minutes} minutes"
