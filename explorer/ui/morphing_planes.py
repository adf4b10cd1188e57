"""What the decoder makes of a plane, of each dimension around a latent, and of the prior."""

from dataclasses import dataclass, replace

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer.data.dataset import Progress
from explorer.figures import film
from explorer.ui import ending, films, overlaying, sheets, unknowns
from explorer.ui.gallery import facts, remark
from explorer.ui.loading import shared
from explorer.ui.scatter import scatter
from explorer.ui.sheets import Sheet
from explorer.ui.state import OpenRun
from explorer.workflows.decodings import Decodings, grid, samples, traversal
from explorer.workflows.maps import PCA

SIZES = (10, 15, 20, 30)
USUAL_SIZE = 20
WIDE = 640  # pixels that a picture of many may take
STEPS = 9
SAMPLE_ROWS, SAMPLE_COLUMNS = 8, 12
MOST_SEED = 9999
FADE = "Pale: off the data"
FADE_HELP = "Farther from every training item than 99 % of the run's own test items are from theirs."


@dataclass(frozen=True)
class Drawn:
    """One picture of many decodings.

    Args:
        made: the decodings.
        png, pale: the picture, and the same with what lies off the data pale.
    """

    made: Decodings
    png: bytes
    pale: bytes


def _drawn(opened: OpenRun, made: Decodings, progress: Progress) -> Drawn:
    n = len(made.items)
    rows = n // made.columns
    side, scale = max(20, WIDE // max(made.columns, rows)), films.scale_of(opened)
    gap = 0 if made.across else 4
    tiles = []
    for i, item in enumerate(made.items):
        tiles.append(film.tile(item, scale, side))
        progress(n + i + 1, 2 * n)
    plain, pale = (film.mosaic_png(tiles, made.columns, faded=faded, gap=gap) for faded in (None, made.is_off))
    return Drawn(made, plain, pale)


def _first_half(progress: Progress) -> Progress:
    """The progress of decoding, before as many items are drawn."""
    return lambda done, total: progress(done, 2 * total)


def _fade() -> bool:
    unknowns.expect("pale", unknowns.is_switch)
    return st.toggle(FADE, value=True, key="pale", bind="query-params", help=FADE_HELP)


def show_grid(opened: OpenRun, bar: DeltaGenerator) -> None:
    """A plane of the latent space, decoded."""
    with bar:
        dims, size = _plane(opened), _size()
        fade = _fade()

    def work(progress: Progress) -> Drawn:
        made = grid(opened.run, opened.space, dims, size, films.reach_of(opened), _first_half(progress))
        return _drawn(opened, made, progress)

    key = ("grid", opened.name, opened.stamp, f"{dims}", f"{size}")
    with st.container(key="maps"):
        left, right = st.columns([2, 1], gap="medium")
    with left:
        found = shared(key, work, "Decoding the plane", replaces=True)
        if found is not None:
            across, up = found.made.across, found.made.up
            said = f"z{dims[0] + 1}, {across[0]:.3g} to {across[-1]:.3g}"
            side = f"z{dims[1] + 1}, {up[-1]:.3g} to {up[0]:.3g}" if len(up) > 1 else ""
            sheets.picture(found.pale if fade else found.png, name="Grid of decodings", across=said, up=side)
    with right:
        _plane_on_map(opened, dims, found)
        if found is not None:
            _share_off(found.made, "cells")
            remark(_covered(opened.run.card.latent_dims))


def _covered(latent_dims: int) -> str:
    """What the grid shows of the latent."""
    if latent_dims == 1:
        return "The row covers the middle 98 % of the latent's one dimension."
    kept = " The other dimensions stay at their mean." if latent_dims > 2 else ""
    return f"The rectangle on the map is what the grid covers: the middle 98 % of each dimension.{kept}"


def _plane(opened: OpenRun) -> tuple[int, int]:
    """The two dimensions, counted from 0; at first those that vary most."""
    z = opened.space.latents.z
    if z.shape[1] <= 2:
        return 0, z.shape[1] - 1
    names = [f"z{i + 1}" for i in range(z.shape[1])]
    widest = [names[i] for i in np.argsort(-z.std(axis=0), kind="stable")]
    unknowns.expect("gx", names.__contains__)
    across = st.selectbox("Across", names, index=names.index(widest[0]), key="gx", bind="query-params", width=80)
    others = [name for name in names if name != across]
    second = next(name for name in widest if name != across)
    unknowns.expect("gy", others.__contains__)
    up = st.selectbox("Up", others, index=others.index(second), key="gy", bind="query-params", width=80)
    return names.index(across), names.index(up)


def _size() -> int:
    unknowns.expect("size", [str(size) for size in SIZES].__contains__)
    named = {f"{size}": size for size in SIZES}
    picked = st.selectbox(
        "A side", list(named), index=SIZES.index(USUAL_SIZE), key="size", bind="query-params", width=90
    )
    return named[picked]


def _plane_on_map(opened: OpenRun, dims: tuple[int, int], found: Drawn | None) -> None:
    """The items on a map of the same two dimensions, with what the grid covers."""
    name = PCA if opened.run.card.latent_dims <= 2 else f"z{dims[0] + 1}-z{dims[1] + 1}"
    space = opened.on(name) or opened.space
    marks = overlaying.marks(opened, space, overlaying.usual(opened, space))
    if found is not None and len(found.made.up) > 1:
        across, up = found.made.across, found.made.up
        marks = replace(marks, borders=((across[0], up[-1], across[-1], up[0]),))
    scatter(opened.cloud(space), key="grid-map", marks=marks, axes=space.axes, height="max(340px, 100vh - 330px)")


def _share_off(made: Decodings, what: str) -> None:
    off = int(made.is_off.sum())
    facts([(f"{off:,} of {len(made.items):,} {what}", "lie off the data.")])


def show_dimensions(opened: OpenRun, bar: DeltaGenerator) -> None:
    """A walk along each dimension around one latent."""
    with bar:
        around = ending.one(opened, "around", "Around")

    def work(progress: Progress) -> Sheet:
        made = traversal(opened.run, opened.space, around.z, STEPS, films.reach_of(opened), progress)
        spread = opened.space.latents.z.std(axis=0)
        return Sheet(
            heads=tuple("0" if step == 0 else f"{step:+.3g} σ" for step in made.across),
            labels=tuple(f"z{dim + 1}" for dim in made.dims),
            urls=sheets.urls_of(made.items, STEPS, scale=films.scale_of(opened)),
            off=sheets.rows_of(made.is_off, STEPS),
            notes=tuple(f"σ {spread[dim]:.3g}" for dim in made.dims),
        )

    found = shared(
        ("dimensions", opened.name, opened.stamp, around.name), work, "Walking along the dimensions", replaces=True
    )
    if found is not None:
        dims = opened.run.card.latent_dims
        shown = f"the {len(found.labels)} of {dims} dimensions that vary most" if len(found.labels) < dims else "each"
        remark(
            f"One row a dimension ({shown}): only it changes, by up to two standard deviations of the data; "
            "the middle is the latent itself. Dashed: off the data."
        )
        sheets.show(found, name="Walk along each dimension")


def show_samples(opened: OpenRun, bar: DeltaGenerator) -> None:
    """Draws from the prior, decoded."""
    with bar:
        unknowns.expect("seed", unknowns.within(0, MOST_SEED))
        seed = int(
            st.number_input("Seed", 0, MOST_SEED, 0, 1, key="seed", bind="query-params", width=130, help="Of the draw")
        )
        fade = _fade()

    def work(progress: Progress) -> Drawn:
        reach, told = films.prior_reach_of(opened), _first_half(progress)
        return _drawn(opened, samples(opened.run, SAMPLE_ROWS, SAMPLE_COLUMNS, seed, reach, told), progress)

    found = shared(("samples", opened.name, opened.stamp, f"{seed}"), work, "Sampling the prior", replaces=True)
    if found is not None:
        _share_off(found.made, "samples of the prior N(0, 1)")
        sheets.picture(found.pale if fade else found.png, name="Samples from the prior")
        remark(
            "What the decoder makes of draws from the standard Gaussian that the training aims at. Off the data "
            "lies what is farther from draws of the training items' posteriors than 99 % of such draws of test items."
        )
