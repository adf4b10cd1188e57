"""Maps by neighbours: neighbours are kept, progress is told, and the same latents give the same map."""

from dataclasses import replace

import numpy as np
import pytest

from explorer.errors import BadDataError, UnknownNameError
from explorer.latent.neighbour_maps import LAYING_OUT, NEIGHBOUR_MAPS, fit

MAPS = list(NEIGHBOUR_MAPS)
BLOBS = 4


def blobs(n: int = 160, dims: int = 6) -> tuple[np.ndarray, np.ndarray]:
    """Latents in four far clouds, and the cloud of each."""
    rng = np.random.default_rng(0)
    which = np.arange(n) % BLOBS
    return (rng.normal(size=(n, dims)) + 12 * np.eye(BLOBS, dims)[which]).astype(np.float32), which


def quiet(*_: object) -> None:
    """Hear nothing."""


@pytest.mark.parametrize("name", MAPS)
def test_neighbours_on_the_map_are_neighbours_in_the_latent_space_and_progress_is_told(name):
    z, which = blobs()
    told: list[tuple[str, int, int]] = []
    places = fit(name, z, lambda *said: told.append(said))
    assert places.shape == (len(z), 2)
    assert places.dtype == np.float32
    gaps = np.linalg.norm(places[:, None] - places[None], axis=2)
    np.fill_diagonal(gaps, np.inf)
    assert (which[gaps.argmin(axis=1)] == which).mean() > 0.99
    steps = [(done, total) for stage, done, total in told if stage == LAYING_OUT]
    assert steps == sorted(steps)
    assert len(steps) >= 3
    assert steps[-1][0] == steps[-1][1]
    assert told[0][0] == f"loading {NEIGHBOUR_MAPS[name].title}"


@pytest.mark.parametrize("name", MAPS)
def test_same_latents_give_the_same_map(name):
    z, _ = blobs(60)
    assert fit(name, z, quiet).tolist() == fit(name, z.copy(), quiet).tolist()


@pytest.mark.parametrize("name", MAPS)
@pytest.mark.parametrize("n", [5, 16])
def test_few_items_have_a_map_too(name, n):
    assert np.isfinite(fit(name, blobs(n)[0], quiet)).all()


@pytest.mark.parametrize("name", MAPS)
def test_latents_on_a_line_and_doubled_ones_have_a_map_too(name):
    line = np.repeat(np.arange(30, dtype=np.float32), 2)[:, None] * np.ones(3, np.float32)
    assert np.isfinite(fit(name, line, quiet)).all()


@pytest.mark.parametrize("name", MAPS)
def test_what_the_listener_raises_ends_the_computation(name):
    def stop(stage: str, *_: int) -> None:
        if stage == LAYING_OUT:
            raise TimeoutError

    with pytest.raises(TimeoutError):
        fit(name, blobs()[0], stop)


@pytest.mark.parametrize(
    ("z", "sentence"),
    [
        (np.zeros((4, 3), np.float32), "needs 5 items or more, but there are 4; use PCA"),
        (np.ones((50, 3), np.float32), "All 50 latents are the same"),
    ],
)
def test_latents_without_a_map_are_one_sentence(z, sentence):
    with pytest.raises(BadDataError, match=sentence):
        fit("tsne", z, quiet)


def test_places_that_are_not_finite_are_told(monkeypatch):
    def broken(z: np.ndarray, *_: object) -> np.ndarray:
        return np.full((len(z), 2), np.nan)

    entry = NEIGHBOUR_MAPS["umap"]
    monkeypatch.setitem(NEIGHBOUR_MAPS, "umap", replace(entry, layout=broken))
    with pytest.raises(BadDataError, match="no finite place"):
        fit("umap", blobs()[0], quiet)


def test_map_that_does_not_exist_names_those_that_do():
    with pytest.raises(UnknownNameError, match="umap, tsne"):
        fit("pacmap", blobs()[0], quiet)


def test_more_items_are_expected_to_take_longer():
    assert all(entry.expected_seconds(70_000) > entry.expected_seconds(1000) > 0 for entry in NEIGHBOUR_MAPS.values())
