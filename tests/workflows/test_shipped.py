"""What the shipped runs are there to show, measured on what they hold: no images are needed."""

import numpy as np
import pytest

from explorer import places
from explorer.data.anatomy import bones
from explorer.evaluation.galleries import Retrieval, class_retrieval, retrieval
from explorer.evaluation.ranking import average_precision_at
from explorer.workflows.codes import codes_of
from explorer.workflows.ways import Vectors, Way, distances
from explorer.zoo.run import Run
from explorer.zoo.store import Latents

FEMALE, MALE = 0, 1


def shipped(name: str) -> Run:
    return Run(places.models() / name)


def angles(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Mean angle between the bones of two bodies, degrees, shape (n,)."""
    return np.degrees(np.arccos((one * other).sum(axis=2).clip(-1, 1))).mean(axis=1)


def test_man_who_becomes_a_woman_moves_far_less_than_another_man_stands_otherwise():
    run = shipped("bodies-structured")
    train, men = run.latents("train"), run.latents("test")
    men = men.z[men.labels == MALE]
    female, male = (train.z[train.labels == sex].mean(axis=0) for sex in (FEMALE, MALE))
    morphed = men + (female - male)
    before, after = bones(run.decode(men)), bones(run.decode(morphed))
    another = before[np.random.default_rng(0).permutation(len(before))]
    moved, apart = angles(before, after), angles(before, another)
    assert moved.mean() < 0.1 * apart.mean()
    assert (moved < apart).mean() > 0.95
    assert (run.svm.predict(men) == FEMALE).mean() < 0.1
    assert (run.svm.predict(run.encode(run.decode(morphed))) == FEMALE).mean() > 0.85, "and is seen as a woman"


def ranked_by(run: Run, way: Way, asked: Latents, gallery: Latents) -> Retrieval:
    rank = distances(run.card, way, Vectors.of(asked.z), Vectors.of(gallery.z))
    return retrieval(rank, asked.labels, gallery.labels)


def test_codes_of_mnist_find_digits_and_lose_by_bits():
    run = shipped("mnist-codes")
    gallery, asked = run.latents("train"), run.latents("test").at(np.arange(0, 10_000, 50))
    assert len(gallery.ids) == 20_000
    found = {}
    for name, way in codes_of(run.card).items():
        if name in ("latent", "binary", "quantised, 4 levels", "quantised, 32 levels"):
            first = ranked_by(run, way, asked, gallery).first[:, :2]
            marks = gallery.labels[first] == asked.labels[:, None]
            found[name] = average_precision_at(marks, 2).mean()
    assert found["latent"] > 0.9
    assert found["quantised, 32 levels"] == pytest.approx(found["latent"], abs=0.03)
    assert found["binary"] < found["quantised, 4 levels"] < found["latent"]


def test_content_of_coloured_digits_is_the_digit_and_perspective_is_not():
    run = shipped("coloured-gvae-nt")
    test, content = run.latents("test"), run.card.config["content_dims"]
    first_views = test.at(np.arange(0, len(test.ids), run.card.config["group_size"]))  # not of one instance
    nearest = [
        class_retrieval(z, first_views.labels).nearest.mean() for z in np.split(first_views.z, [content], axis=1)
    ]
    assert nearest[0] > 0.4
    assert nearest[1] < 0.25


def test_structural_weight_trades_reconstruction_for_structure():
    weights = (0, 25, 50, 75, 100)
    cards = [shipped(f"digits-weight-{weight}").card for weight in weights]
    assert [card.config["structural_weight"] for card in cards] == [weight / 100 for weight in weights]
    error, accuracy = (
        [card.metrics[f"test_{metric}"].value for card in cards] for metric in ("reconstruction_rmse", "svm_accuracy")
    )
    assert error == sorted(error)
    assert min(accuracy[1:]) > accuracy[0] + 0.1


def test_shipped_runs_fit_their_budget():
    assert sum(path.stat().st_size for path in places.models().rglob("*") if path.is_file()) < 40_000_000


def test_class_of_two_networks_tells_digits_and_style_does_not_know_them_as_well():
    run = shipped("mnist-separate")
    gallery, asked = run.latents("train"), run.latents("test").at(np.arange(0, 10_000, 50))
    ways = codes_of(run.card)
    found = [
        ranked_by(run, ways[name], asked, gallery).average_precision
        for name in ("semantic weight 0", "semantic weight 0.5", "semantic weight 1")
    ]
    style, both, semantic = (values.mean() for values in found)
    assert style < 0.75
    assert 0.9 < both < semantic
