"""Maps of a run: what each holds, and what is refused."""

import numpy as np
import pytest

from explorer.errors import BadValueError
from explorer.workflows.linear_maps import linear_map
from explorer.workflows.maps import LatentMap, dimensions_of, is_linear, laid_out, latent_map
from explorer.workflows.projecting import Places
from explorer.zoo.run import Run
from tests.workflows.test_search import TARGETS, TEST, TRAIN, make_run


@pytest.fixture
def space(tmp_path) -> LatentMap:
    return latent_map(make_run(tmp_path / "tiny"))


@pytest.fixture
def deep(tmp_path) -> LatentMap:
    """Five dimensions with posteriors."""
    return latent_map(make_run(tmp_path / "deep", dims=5, targets=False, posterior=True))


def test_map_holds_every_item_of_both_splits_once_with_its_own_values(tmp_path):
    run = make_run(tmp_path / "tiny")
    space = latent_map(run)
    assert len(space) == TRAIN + TEST
    for split, is_test in (("train", False), ("test", True)):
        part, here = run.latents(split), np.flatnonzero(space.is_test == is_test)
        here = here[np.argsort(space.latents.ids[here])]
        assert space.latents.ids[here].tolist() == part.ids.tolist()
        assert space.latents.z[here].tolist() == part.z.tolist()
        assert space.latents.labels[here].tolist() == part.labels.tolist()
        assert space.latents.probabilities[here].tolist() == part.probabilities.tolist()


def test_order_is_the_same_each_time_and_mixes_the_splits(tmp_path):
    space = latent_map(make_run(tmp_path / "tiny"))
    again = latent_map(Run(tmp_path / "tiny"))
    assert again.latents.ids.tolist() == space.latents.ids.tolist()
    assert 0 < space.is_test[: len(space) // 2].sum() < TEST


def test_map_of_two_dimensions_is_the_latent_itself(space):
    assert space.projection.is_latent
    assert space.places.tolist() == space.latents.z.tolist()
    assert space.targets.centres.tolist() == TARGETS.centres.tolist()


def test_map_of_more_dimensions_is_flat(tmp_path):
    space = latent_map(make_run(tmp_path / "deep", dims=5, targets=False))
    assert not space.projection.is_latent
    assert space.places.shape == (TRAIN + TEST, 2)
    assert space.targets is None


def test_bytes_are_places_then_class_confidence_and_split(space):
    n, raw = len(space), space.as_bytes()
    assert len(raw) == 11 * n
    assert np.frombuffer(raw, "<f4", 2 * n).reshape(n, 2).tolist() == space.places.tolist()
    label, confidence, is_test = np.frombuffer(raw, np.uint8, offset=8 * n).reshape(3, n)
    assert set(label) == {0, 1, 2, 255}
    assert label.tolist() == [255 if known < 0 else known for known in space.latents.labels]
    assert confidence / 255 == pytest.approx(space.latents.probabilities.max(axis=1), abs=0.5 / 255 + 1e-6)
    assert is_test.tolist() == space.is_test.tolist()


def test_run_without_any_scores_predicts_nothing_and_is_drawn_as_sure(tmp_path):
    space = latent_map(make_run(tmp_path / "bare", classifier=False))
    assert space.predicted is None
    assert space.confidence is None
    assert set(space.as_bytes()[9 * len(space) : 10 * len(space)]) == {255}


def test_run_without_classifier_is_as_sure_as_its_svm(tmp_path):
    space = latent_map(make_run(tmp_path / "svm", classifier=False, svm=True))
    assert space.predicted.tolist() == space.svm.predict(space.latents.z).tolist()
    assert space.confidence == pytest.approx(space.svm.confidence(space.latents.z).max(axis=1))
    assert space.predictor == "a linear SVM"


def test_classifier_goes_before_the_svm(tmp_path):
    space = latent_map(make_run(tmp_path / "both", svm=True))
    assert space.confidence.tolist() == space.latents.probabilities.max(axis=1).tolist()
    assert space.predicted.tolist() == space.latents.probabilities.argmax(axis=1).tolist()
    assert space.predictor == "the classifier"


def test_two_dimensions_are_drawn_as_they_are_and_the_others_stay_at_their_mean(deep):
    space = linear_map(deep, "z4-z2")
    z = deep.latents.z
    assert space.places.tolist() == z[:, [3, 1]].tolist()
    assert (space.name, space.axes, space.is_latent, space.code) == ("z4-z2", ("z4", "z2"), False, "mean")
    back = space.projection.invert(np.array([[0.25, -3.5]]))[0]
    assert back[[3, 1]].tolist() == [0.25, -3.5]
    assert back[[0, 2, 4]] == pytest.approx(z.mean(axis=0)[[0, 2, 4]])
    variances = z.var(axis=0, dtype=np.float64)
    assert space.projection.variance == pytest.approx(variances[[1, 3]].sum() / variances.sum())
    assert space.latents is deep.latents


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("z0-z1", "z0 and z1; choose two different ones of z1 to z5"),
        ("z1-z1", "z1 and z1"),
        ("z1-z6", "z1 and z6"),
        ("z1-z999999999", "z1 and z999999999"),
        ("z3-z3~sample", "z3 and z3"),
    ],
)
def test_dimensions_that_are_not_there_are_refused(deep, name, words):
    with pytest.raises(BadValueError, match=words):
        linear_map(deep, name)


@pytest.mark.parametrize("name", ["z1-z2", "z2-z1", "z1-z2~sample"])
def test_latent_of_two_dimensions_is_its_own_only_map(space, name):
    with pytest.raises(BadValueError, match="it is its own map; choose pca"):
        linear_map(space, name)


@pytest.mark.parametrize(
    "name", ["umap", "z1", "z1-z2-z3", "Z1-Z2", "z-1-z2", "z\u0661-z2", "z1-z" + "9" * 99, "pca~", ""]
)
def test_other_names_are_no_linear_maps(name):
    assert not is_linear(name)
    assert dimensions_of(name) is None


@pytest.mark.parametrize("stem", ["pca", "z1-z3"])
def test_sample_lies_on_the_axes_of_the_means_map_around_the_means(deep, stem):
    means, sample = linear_map(deep, stem), linear_map(deep, f"{stem}~sample")
    assert (sample.name, sample.code, sample.axes) == (f"{stem}~sample", "sample", means.axes)
    assert sample.projection.axes.tolist() == means.projection.axes.tolist()
    assert sample.latents.z.tolist() == deep.latents.z.tolist()
    off = sample.places - means.places
    spread = np.sqrt((deep.latents.std**2) @ means.projection.axes.T**2)
    scaled = off / spread  # standard normal, 110 numbers
    assert np.abs(scaled.mean()) < 0.3
    assert 0.8 < scaled.std() < 1.2


def test_sample_is_the_same_on_each_map_and_each_time(deep):
    noise = linear_map(deep, "z1-z3~sample").places[:, 1] - deep.latents.z[:, 2]
    assert linear_map(deep, "z3-z5~sample").places[:, 0] - deep.latents.z[:, 2] == pytest.approx(noise, abs=1e-6)
    again = linear_map(deep, "pca~sample").places
    assert again.tolist() == linear_map(deep, "pca~sample").places.tolist()


def test_sample_of_a_latent_in_the_plane_is_no_longer_the_latent_itself(tmp_path):
    space = latent_map(make_run(tmp_path / "flat", posterior=True))
    sample = linear_map(space, "pca~sample")
    assert space.is_latent
    assert not sample.is_latent
    assert sample.circles == space.circles
    assert (sample.places != space.places).any()
    assert sample.axes == ("z1", "z2")


def test_run_without_posteriors_has_no_sample(space):
    with pytest.raises(BadValueError, match="keeps no posteriors"):
        linear_map(space, "pca~sample")


def test_axes_are_named_after_the_map(space, deep):
    by_neighbours = laid_out(deep, "tsne", Places(np.zeros((TRAIN + TEST, 2), np.float32), 0.5))
    assert [one.axes for one in (space, deep, by_neighbours)] == [("z1", "z2"), ("PC1", "PC2"), ("t-SNE 1", "t-SNE 2")]


def test_ellipse_of_an_item_is_its_posterior_around_its_mean(deep):
    x, y, a, b, angle = linear_map(deep, "z1-z3~sample").posterior_ellipse(7)
    std = deep.latents.std[7].astype(float)
    assert [x, y] == deep.latents.z[7, [0, 2]].tolist()
    assert sorted([a, b]) == pytest.approx(sorted(std[[0, 2]]))
    assert abs(angle) == pytest.approx(0 if std[0] > std[2] else np.pi / 2, abs=1e-9)


def test_there_is_no_ellipse_without_posterior_or_without_a_way_to_the_map(space, deep):
    by_neighbours = laid_out(deep, "umap", Places(np.zeros((TRAIN + TEST, 2), np.float32), 0.5))
    assert space.posterior_ellipse(0) is None
    assert by_neighbours.posterior_ellipse(0) is None
