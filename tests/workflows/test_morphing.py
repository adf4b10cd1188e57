"""A morph: its ends, what each frame is compared with, and when it lies off the data."""

from types import SimpleNamespace

import numpy as np
import pytest

import explorer
from explorer.errors import BadDataError, BadValueError
from explorer.evaluation.structure import distance_to_nearest
from explorer.figures.film import LARGEST
from explorer.workflows import maps
from explorer.workflows.decodings import (
    deformation,
    deformed,
    examples,
    grid,
    prior_reach,
    reconstructed,
    samples,
    traversal,
    why_no_grid,
    why_no_samples,
)
from explorer.workflows.ends import class_centres, end_of, usual_ends
from explorer.workflows.maps import LatentMap, latent_map
from explorer.workflows.morph_paths import path, refusals
from explorer.workflows.morphing import decoded_in_parts, look_at, morph, off_data
from explorer.workflows.outside import reach
from explorer.zoo.run import Run

VAE, PETALS, BODIES = "digits-vae", "textures-petals", "bodies-structured"
REACH = 0.3
ROUNDED = 0.51 / 255  # of a value that is kept as a byte


@pytest.fixture(scope="module")
def vae() -> tuple[Run, LatentMap]:
    run = explorer.load(VAE)
    return run, latent_map(run)


@pytest.fixture(scope="module")
def petals() -> tuple[Run, LatentMap]:
    run = explorer.load(PETALS)
    return run, latent_map(run)


def classes(run: Run) -> tuple[str, ...]:
    return tuple(run.card.classes)


def test_a_class_ends_at_its_configured_centre_else_at_the_mean_of_its_training_items(vae, petals):
    run, space = petals
    np.testing.assert_array_equal(end_of(space, classes(run), "dots").z, run.card.class_targets.centres[4])
    run, space = vae
    train = run.latents("train")
    found = end_of(space, classes(run), "3")
    np.testing.assert_allclose(found.z, train.z[train.labels == 3].mean(axis=0), atol=1e-6)
    assert (found.kind, found.label) == ("mean", 3)


def test_an_item_and_a_place_are_ends_too(petals):
    run, space = petals
    found = end_of(space, classes(run), f"item {space.latents.ids[7]}")
    np.testing.assert_array_equal(found.z, space.latents.z[7])
    assert (found.row, found.label) == (7, space.latents.labels[7])
    np.testing.assert_allclose(end_of(space, classes(run), "place 0.5, -1").z, [0.5, -1])


@pytest.mark.parametrize("text", ["none", "item 99999999", "item x", "place 1", "place a, b", "place nan, 1", ""])
def test_an_end_that_there_is_not_is_told_in_one_sentence(petals, text):
    with pytest.raises(BadValueError):
        end_of(petals[1], classes(petals[0]), text)


def test_usual_ends_are_3_and_8_or_the_first_classes_or_far_items(vae, petals):
    assert usual_ends(vae[1], classes(vae[0])) == ("3", "8")
    assert usual_ends(petals[1], classes(petals[0])) == ("uniform", "horizontal lines")
    a, b = (end_of(vae[1], (), name) for name in usual_ends(vae[1], ()))
    assert vae[1].places[b.row, 0] > vae[1].places[a.row, 0]


def test_each_frame_is_compared_with_the_items_as_a_slow_search_does(vae):
    run, space = vae
    ends = end_of(space, classes(run), "3"), end_of(space, classes(run), "8")
    film = morph(run, space, ends, reach=REACH, frames=9)
    np.testing.assert_allclose(film.z, np.linspace(ends[0].z, ends[1].z, 9))
    everyone = np.linalg.norm(film.z[:, None] - space.latents.z[None].astype(float), axis=2)
    np.testing.assert_array_equal(film.rows, everyone.argmin(axis=1))
    np.testing.assert_allclose(film.distances, everyone.min(axis=1))
    nearest = np.where(space.is_test, np.inf, everyone).min(axis=1)
    np.testing.assert_allclose(film.off, nearest / REACH)
    np.testing.assert_array_equal(film.is_off, nearest > REACH)
    np.testing.assert_allclose(film.decoded / 255, run.decode(film.z), atol=ROUNDED)
    np.testing.assert_array_equal(film.confidence, space.svm.confidence(film.z))
    assert (film.near(0), film.near(0.5), film.near(1), film.near(7)) == (0, 4, 8, 8)


def test_confidence_is_the_classifiers_where_there_is_one(petals):
    run, space = petals
    film = look_at(run, space, space.latents.z[:5].astype(float), REACH)
    np.testing.assert_allclose(film.confidence, space.latents.probabilities[:5], atol=2e-3)
    np.testing.assert_array_equal(film.distances, 0)


def test_a_far_place_is_off_the_data_and_a_training_item_is_not(petals):
    run, space = petals
    limit = reach(run)
    item = space.latents.z[np.flatnonzero(~space.is_test)[:1]].astype(float)
    film = look_at(run, space, np.vstack([item, item + 100]), limit)
    assert film.is_off.tolist() == [False, True]
    np.testing.assert_array_equal(off_data(np.array([0.0, 2.0]), 0.0), [0, np.inf])


def test_off_the_data_counts_training_items_alone(vae):
    run, space = vae
    item = np.flatnonzero(space.is_test)[0]
    film = look_at(run, space, space.latents.z[[item]].astype(float), REACH)
    assert film.rows.tolist() == [item]
    train = run.latents("train").z.astype(float)
    nearest = np.linalg.norm(train - space.latents.z[item], axis=1).min()
    assert nearest > 0
    np.testing.assert_allclose(film.off, nearest / REACH)


def test_reach_is_what_99_percent_of_the_test_items_keep_to(vae):
    run, _ = vae
    train, test = run.latents("train").z, run.latents("test").z
    far = distance_to_nearest(test, train)
    assert (far <= reach(run)).mean() == pytest.approx(0.99, abs=0.01)


def test_paths_are_offered_where_they_fit_and_refused_with_a_sentence(vae, petals):
    assert refusals(petals[1], 5) == {"straight": "", "circle": "", "data": ""}
    refused = refusals(vae[1], 10)
    assert "do not lie on a circle" in refused["circle"]
    with pytest.raises(BadValueError, match="circle"):
        path(vae[1], "circle", np.zeros(8), np.ones(8), 5, n_classes=10, graph=pytest.fail)
    with pytest.raises(BadValueError, match="straight, circle, data"):
        path(vae[1], "sideways", np.zeros(8), np.ones(8), 5, n_classes=10, graph=pytest.fail)


def test_around_the_petals_passes_the_centres_between_and_through_the_data_stays_on_it(petals):
    run, space = petals
    ends = end_of(space, classes(run), "uniform"), end_of(space, classes(run), "vertical lines")
    centres, limit = run.card.class_targets.centres, reach(run)
    circle = morph(run, space, ends, "circle", reach=limit, frames=9)
    np.testing.assert_allclose(circle.z[4], centres[1], atol=1e-9)
    straight, data = (morph(run, space, ends, kind, reach=limit, frames=41) for kind in ("straight", "data"))
    assert data.is_off.mean() < 0.7 * straight.is_off.mean()


def test_a_class_added_at_strength_1_moves_the_mean_of_one_class_onto_the_other(vae):
    run, space = vae
    centres = class_centres(space, 10)
    vector = deformation(centres, 3, 8)
    rows = np.flatnonzero((space.latents.labels == 3) & ~space.is_test)
    moved = deformed(space, rows, vector, np.array([0.0, 1.0]))
    np.testing.assert_array_equal(moved[:, 0], space.latents.z[rows])
    np.testing.assert_allclose(moved[:, 1].mean(axis=0), centres[8], atol=1e-6)
    np.testing.assert_allclose(np.ptp(moved[:, 1] - moved[:, 0], axis=0), 0, atol=1e-9)  # the rest is kept


def test_male_added_to_female_bodies_makes_bodies_that_are_taken_for_male():
    run = explorer.load(BODIES)
    space = latent_map(run)
    rows = examples(space, 0, 8)
    vector = deformation(class_centres(space, 2), 0, 1)
    moved = deformed(space, rows, vector, np.array([0.0, 1.0]))
    assert space.svm.predict(moved[:, 0]).mean() < 0.2
    assert space.svm.predict(moved[:, 1]).mean() > 0.8
    stature = [np.ptp(run.decode(part).reshape(8, -1, 3)[:, :, 1], axis=1) for part in (moved[:, 0], moved[:, 1])]
    assert (stature[1] > stature[0]).mean() > 0.7  # males are taller


def test_a_grid_covers_two_dimensions_from_the_top_left_and_keeps_the_others_at_their_mean(vae):
    run, space = vae
    made = grid(run, space, (7, 2), 5, REACH)
    cells = made.z.reshape(5, 5, 8)
    z = space.latents.z
    np.testing.assert_allclose(cells[0, 0, [7, 2]], [np.percentile(z[:, 7], 1), np.percentile(z[:, 2], 99)], rtol=1e-5)
    np.testing.assert_allclose(
        cells[-1, -1, [7, 2]], [np.percentile(z[:, 7], 99), np.percentile(z[:, 2], 1)], rtol=1e-5
    )
    others = [0, 1, 3, 4, 5, 6]
    np.testing.assert_allclose(cells[..., others], np.broadcast_to(z.mean(axis=0)[others], (5, 5, 6)), atol=1e-5)
    one_by_one = np.concatenate([run.decode(cell) for cell in made.z])
    np.testing.assert_allclose(made.items / 255, one_by_one, atol=ROUNDED)
    for dims in ((0, 0), (0, 8), (-1, 2)):
        with pytest.raises(BadValueError):
            grid(run, space, dims, 5, REACH)


def test_a_walk_changes_one_dimension_a_row_and_passes_the_latent_itself(vae):
    run, space = vae
    around = space.latents.z[0].astype(float)
    made = traversal(run, space, around, 5, REACH)
    cells = made.z.reshape(8, 5, 8)
    np.testing.assert_array_equal(cells[:, 2], np.tile(around, (8, 1)))
    spread = space.latents.z.std(axis=0, dtype=np.float64)
    assert [spread[dim] for dim in made.dims] == sorted(spread, reverse=True)
    for row, dim in zip(cells, made.dims, strict=True):
        np.testing.assert_allclose(row[:, dim] - around[dim], spread[dim] * np.linspace(-2, 2, 5))
        np.testing.assert_array_equal(np.delete(row, dim, axis=1), np.delete(np.tile(around, (5, 1)), dim, axis=1))


def test_samples_are_the_seeds_of_a_standard_normal_and_of_variational_runs_alone(vae, petals):
    made = samples(vae[0], 3, 4, 5, prior_reach(vae[0]))
    np.testing.assert_array_equal(made.z, np.random.default_rng(5).standard_normal((12, 8)))
    assert 0 <= made.is_off.mean() < 0.5  # a VAE's prior is where its posteriors are
    with pytest.raises(BadValueError, match="variational"):
        samples(petals[0], 3, 4, 5, 1.0)
    assert why_no_samples(vae[0].card) == why_no_grid(vae[0].card) == ""


def test_a_run_without_decoder_says_why_it_has_no_grid_and_keeps_its_real_items(vae):
    run, space = explorer.load(VAE), vae[1]
    run.card = run.card.model_copy(update={"has_decoder": False})
    assert "no decoder" in why_no_grid(run.card)
    film = look_at(run, space, np.zeros((2, 8)), REACH)
    assert film.decoded is None
    assert len(film.rows) == 2


def test_reconstructions_come_worst_first_or_best_first_of_a_class(vae):
    _, space = vae
    worst, best = (reconstructed(space, order, 3, 10) for order in ("worst", "best"))
    errors = space.latents.error[:, 0]
    assert (space.latents.labels[worst] == 3).all()
    of_3 = np.sort(errors[space.latents.labels == 3])
    np.testing.assert_array_equal(errors[worst], of_3[::-1][:10])
    np.testing.assert_array_equal(errors[best], of_3[:10])
    assert len(reconstructed(space, "any", -1, 10)) == 10


def test_examples_are_test_items_first(vae):
    _, space = vae
    assert space.is_test[examples(space, 3, 5)].all()


def run_of(train: np.ndarray, test: np.ndarray) -> SimpleNamespace:
    """A run of these latents, without posteriors."""
    parts = {"train": train, "test": test}
    card = SimpleNamespace(name="sorted", geometry="euclidean")
    return SimpleNamespace(
        card=card, latents=lambda split: SimpleNamespace(z=parts[split], std=np.empty((len(parts[split]), 0)))
    )


def test_the_limit_of_samples_is_that_of_all_classes_of_a_sorted_test_set_and_needs_test_items():
    train = np.zeros((50, 2))
    near, far = np.zeros((2500, 2)), np.full((2500, 2), [3.0, 4.0])
    run = run_of(train, np.vstack([near, far]))
    assert prior_reach(run) == reach(run) == 5.0
    with pytest.raises(BadDataError, match="0 test items"):
        prior_reach(run_of(train, train[:0]))


class Decoder:
    """A run that decodes to large images and counts how many it holds at once."""

    def __init__(self, side: int) -> None:
        self.card = SimpleNamespace(shape=(3, side, side), has_decoder=True)
        self.asked: list[int] = []

    def decode(self, z: np.ndarray) -> np.ndarray:
        """Grey images, as bright as the latent's first value."""
        self.asked.append(len(z))
        return np.broadcast_to(z[:, :1, None, None], (len(z), *self.card.shape)).astype(np.float32)


def test_large_images_are_decoded_few_at_once_and_kept_small():
    run, z = Decoder(1024), np.linspace(0, 1, 5)[:, None]
    made = decoded_in_parts(run, z)
    assert max(run.asked) * 4 * 3 * 1024**2 <= 2**24
    assert (made.shape, made.dtype) == ((5, 3, LARGEST, LARGEST), np.uint8)
    np.testing.assert_array_equal(made[:, 0, 0, 0], np.round(255 * z[:, 0]))


def test_a_grid_of_large_images_is_kept_small(vae):
    run = Decoder(256)
    assert grid(run, vae[1], (0, 1), 5, REACH).items.shape == (25, 3, 64, 64)


def test_decoding_ends_at_the_next_part_once_it_is_cancelled():
    run = Decoder(28)

    def cancelled(done: int, total: int) -> None:
        assert (done, total) == (64, 900)
        raise InterruptedError

    with pytest.raises(InterruptedError):
        decoded_in_parts(run, np.zeros((900, 2)), cancelled)
    assert run.asked == [64]


def test_class_means_are_computed_once_a_map(monkeypatch):
    run = explorer.load(VAE)
    space, asked = latent_map(run), []
    centroids = maps.class_centroids
    monkeypatch.setattr(maps, "class_centroids", lambda *args: asked.append(1) or centroids(*args))
    first = class_centres(space, 10)
    first[:] = 0  # whoever changes what is given changes it for nobody else
    usual_ends(space, classes(run))
    assert (class_centres(space, 12)[:10] != 0).all()
    assert np.isnan(class_centres(space, 12)[10:]).all()
    assert asked == [1]
