"""Which map of the latents is drawn; maps by neighbours are offered, watched and cancelled here."""

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer.errors import ExplorerError
from explorer.latent.angles import AngleMap
from explorer.latent.neighbour_maps import NEIGHBOUR_MAPS
from explorer.ui import unknowns, working
from explorer.ui.gallery import problem
from explorer.ui.spaces import lying_in
from explorer.ui.state import OpenRun
from explorer.workflows.maps import ANGLES, PCA, SAMPLE, LatentMap, dimensions_of, has_angles, is_linear

DIMENSIONS = "Two dimensions"
CHOICES = {"PCA": PCA, "Angles": ANGLES, DIMENSIONS: "", **{one.title: one.name for one in NEIGHBOUR_MAPS.values()}}
MEAN, DRAWN = "its mean", "a sample"
TITLES = {name: title for title, name in CHOICES.items()}
SAID = "The mean of each item's posterior, or one draw from it: the same draw each time."
HELP = (
    "PCA: the two directions in which the latents vary most; distances are theirs, flattened. "
    "UMAP and t-SNE keep near items near; far distances, sizes and gaps mean little. "
    "Angles, of a sphere or a torus: all of it, cut open; where an angle is -180 and 180 the two sides are one."
)


def choice(opened: OpenRun) -> str:
    """The controls above the map, and which map is wanted; up to two dimensions are a map already."""
    name = PCA
    if not opened.space.is_latent:
        titles = [title for title, name in CHOICES.items() if name != ANGLES or has_angles(opened.space)]
        unknowns.expect("projection", titles.__contains__)
        picked = st.selectbox("Map", titles, key="projection", bind="query-params", help=HELP, width=160)
        name = CHOICES[picked] or _dimensions(opened.space.latents.z)
    return name


def posterior(opened: OpenRun, name: str) -> str:
    """The control of what stands for an item of a run with posteriors, and the map that is wanted then."""
    if not (opened.space.latents.std.shape[1] and is_linear(name)):
        return name
    unknowns.expect("drawn", (MEAN, DRAWN).__contains__)
    drawn = st.segmented_control(
        "An item is drawn at", [MEAN, DRAWN], default=MEAN, required=True, key="drawn", bind="query-params", help=SAID
    )
    return name + SAMPLE if drawn == DRAWN else name


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
    drawn = "a sample of each item's posterior" if space.is_sample else ""
    if isinstance(space.projection, AngleMap):
        return f"{' and '.join(space.projection.axes)} in degrees{lying_in(space.geometry)}"
    if space.projection is None or space.projection.is_latent:
        return drawn
    dims = dimensions_of(space.name)
    which = f"dimensions {dims[0]} and {dims[1]} of" if dims else "two principal components of"
    shown = f"{which} {space.latents.z.shape[1]}{lying_in(space.geometry)}"
    shown += f": {100 * space.projection.variance:.0f} % of the variance"
    return f"{drawn} on {shown}" if drawn else shown


def is_measured(opened: OpenRun, space: LatentMap) -> bool:
    """Whether all that the badge says is known."""
    return space.is_latent or opened.trustworthiness(space) is not None


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
