"""Two-dimensional maps that keep neighbours together, and no distances: UMAP and t-SNE.

Both start from the two principal components, so that a map lies as the one before it does, and
both draw their chances from one seed on one thread: the same latents give the same map.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version

import numpy as np
from numpy.typing import NDArray

from explorer.errors import BadDataError
from explorer.latent import projection
from explorer.registry import lookup

Report = Callable[[str, int, int], None]
SEED = 0
FEWEST = 5
LAYING_OUT = "laying out the map"
FINDING = "finding neighbours"
EACH_STEP = {"mininterval": 0, "miniters": 1}  # however fast they are
TSNE_EXAGGERATED, TSNE_STEPS, TSNE_STRIDE = 250, 500, 10


@dataclass(frozen=True)
class NeighbourMap:
    """One line of NEIGHBOUR_MAPS.

    Args:
        name: as typed on the command line and kept on disk.
        title: for people.
        library: the package that computes it; another version may give another map.
        settings: what else decides the map.
        layout: (latents, settings, report) to places, shape (n, 2).
        seconds: about how long it takes: a fixed part, and a part for 1,000 items.
    """

    name: str
    title: str
    library: str
    settings: Mapping[str, float]
    layout: Callable[[NDArray[np.float32], Mapping[str, float], Report], NDArray[np.floating]]
    seconds: tuple[float, float]

    @property
    def library_version(self) -> str:
        """Version of the installed library."""
        return version(self.library)

    def expected_seconds(self, n: int) -> float:
        """About how long a map of n items takes on a small machine, seconds."""
        return self.seconds[0] + self.seconds[1] * n / 1000


def fit(name: str, z: NDArray[np.floating], report: Report) -> NDArray[np.float32]:
    """Places of latents on a map by their neighbours.

    Args:
        name: of the map, in NEIGHBOUR_MAPS.
        z: latents, shape (n, d).
        report: called with what is being done, steps done and steps in all (0 and 0 where that is not known); what it
            raises ends the computation.

    Returns:
        Shape (n, 2), float32; the same for the same latents.

    Raises:
        UnknownNameError: no such map.
        BadDataError: fewer than five items, or latents that are all the same.
    """
    wanted = lookup(NEIGHBOUR_MAPS, name, "map")
    if len(z) < FEWEST:
        raise BadDataError(f"A {wanted.title} map needs {FEWEST} items or more, but there are {len(z)}; use PCA.")
    if not np.ptp(z, axis=0).any():
        raise BadDataError(f"All {len(z):,} latents are the same, so {wanted.title} has nothing to lay out; use PCA.")
    report(f"loading {wanted.title}", 0, 0)
    places = wanted.layout(np.ascontiguousarray(z, np.float32), wanted.settings, report).astype(np.float32)
    if not np.isfinite(places).all():
        raise BadDataError(f"{wanted.title} found no finite place for some of these latents; use PCA.")
    return places


def _start(z: NDArray[np.float32]) -> NDArray[np.float64]:
    """The two principal components; a line's second one is a little noise, which a layout can pull apart."""
    places: NDArray[np.float64] = projection.fit(z).apply(z)
    noise = np.random.default_rng(SEED).normal(scale=1e-4 * places.std(), size=places.shape)
    return np.asarray(places + noise)


def _umap(z: NDArray[np.float32], settings: Mapping[str, float], report: Report) -> NDArray[np.floating]:
    from umap import UMAP

    report(FINDING, 0, 0)
    fitted = UMAP(
        n_neighbors=min(int(settings["n_neighbors"]), len(z) - 1),
        min_dist=settings["min_dist"],
        init=_start(z).astype(np.float32),
        random_state=SEED,
        n_jobs=1,  # more threads would each draw chances of their own
        tqdm_kwds={"disable": False, "file": _Bar(report), "bar_format": "{n}/{total}"} | EACH_STEP,
    )
    return np.asarray(fitted.fit_transform(z))


class _Bar:
    """Reads the progress bar that UMAP draws: it offers no other word about its progress."""

    def __init__(self, report: Report) -> None:
        self.report = report

    def write(self, text: str) -> None:
        """Take one drawing of the bar."""
        found = re.search(r"(\d+)/(\d+)", text)
        if found:
            self.report(LAYING_OUT, int(found[1]), int(found[2]))

    def flush(self) -> None:
        """Nothing is held back; the bar asks for it as of any file."""


def _tsne(z: NDArray[np.float32], settings: Mapping[str, float], report: Report) -> NDArray[np.floating]:
    from openTSNE import TSNE
    from openTSNE.initialization import rescale

    report(FINDING, 0, 0)
    done = 0

    def tell(_step: int, _error: float, _places: NDArray[np.float64]) -> None:
        nonlocal done
        done += TSNE_STRIDE  # the library counts each of its two phases anew
        report(LAYING_OUT, done, TSNE_EXAGGERATED + TSNE_STEPS)

    layout = TSNE(
        perplexity=min(settings["perplexity"], (len(z) - 1) / 3),
        initialization=rescale(_start(z)),
        early_exaggeration_iter=TSNE_EXAGGERATED,
        n_iter=TSNE_STEPS,
        random_state=SEED,
        n_jobs=1,  # sums over threads would differ in their last bits
        callbacks=tell,
        callbacks_every_iters=TSNE_STRIDE,
    )
    return np.asarray(layout.fit(z))


NEIGHBOUR_MAPS: dict[str, NeighbourMap] = {
    "umap": NeighbourMap("umap", "UMAP", "umap-learn", {"n_neighbors": 15, "min_dist": 0.1}, _umap, (20, 1.3)),
    "tsne": NeighbourMap("tsne", "t-SNE", "openTSNE", {"perplexity": 30}, _tsne, (8, 2.4)),
}
