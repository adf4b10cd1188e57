"""Which colourings a run has, and that each item gets its own byte whatever the order."""

from dataclasses import replace

import numpy as np
import pytest

from explorer.data.dataset import Dataset
from explorer.errors import BadRunError, UnknownNameError
from explorer.workflows.colouring import column, offered
from explorer.workflows.maps import LatentMap, latent_map
from explorer.workflows.runs import Items
from tests.workflows.test_search import CLASSES, make_run

SCORES = {
    "confidence": "Confidence",
    "verdict": "Right or wrong",
    "predicted": "Predicted class",
    "split": "Split",
}


@pytest.fixture
def run(tmp_path):
    return make_run(tmp_path / "tiny")


@pytest.fixture
def space(run):
    return latent_map(run)


def items_of(space: LatentMap, **factors: np.ndarray) -> Items:
    """The data set behind a map in the order of its ids, with these factors."""
    ids = np.sort(space.latents.ids)
    n = len(ids)
    images = np.zeros((n, 1, 4, 4), np.uint8)
    dataset = Dataset("made", images, np.full(n, -1), (), ids, np.zeros(n, np.bool_), factors)
    return Items(dataset)


def test_scores_are_offered_where_something_predicts(space, tmp_path):
    assert offered(space) == SCORES
    bare = latent_map(make_run(tmp_path / "bare", classifier=False))
    assert offered(bare) == {"split": "Split"}
    only_train = replace(bare, is_test=np.zeros(len(bare), np.bool_))
    assert offered(only_train) == {}
    unlabelled = replace(space, latents=replace(space.latents, labels=np.full(len(space), -1)))
    assert "verdict" not in offered(unlabelled)
    assert "predicted" in offered(unlabelled)


def test_what_is_offered_is_there_and_nothing_else(space, run, tmp_path):
    for name in offered(space):
        assert column(space, run.card, name).name == name
    bare = latent_map(make_run(tmp_path / "bare", classifier=False))
    for name in ("confidence", "verdict", "predicted", "error", "factor:angle", "", "factor:", "../x"):
        with pytest.raises(UnknownNameError, match="it has: split"):
            column(bare, run.card, name)


def test_scores_say_what_the_map_says(space, run):
    columns = {name: column(space, run.card, name) for name in SCORES}
    assert columns["confidence"].codes / 254 == pytest.approx(space.confidence, abs=0.5 / 254 + 1e-6)
    assert columns["confidence"].title == "Confidence of the classifier, 0 to 1"
    assert columns["predicted"].codes.tolist() == space.predicted.tolist()
    assert columns["predicted"].groups == tuple(CLASSES)
    assert columns["split"].codes.tolist() == space.is_test.tolist()
    assert columns["split"].groups == ("train", "test")
    assert columns["verdict"].groups == ("right", "wrong")
    verdicts = [
        255 if label < 0 else int(label != guess)
        for label, guess in zip(space.latents.labels, space.predicted, strict=True)
    ]
    assert columns["verdict"].codes.tolist() == verdicts
    assert set(verdicts) == {0, 1, 255}


def test_reconstruction_error_is_in_the_units_of_the_items(space, run):
    error = np.linspace(0, 0.5, len(space), dtype=np.float32)[:, None]
    measured = replace(space, latents=replace(space.latents, error=error))
    assert offered(measured)["error"] == "Reconstruction error"
    column_of_images = column(measured, run.card, "error")
    assert column_of_images.title.endswith("root mean square of pixels from 0 to 1")
    assert (column_of_images.low, column_of_images.high) == ("0.00926", "0.491")
    assert (np.diff(column_of_images.codes.astype(int)) >= 0).all()
    vectors = run.card.model_copy(update={"shape": (4,)})
    assert column(measured, vectors, "error").title.endswith("in standard deviations of the features")
    without = replace(space, latents=replace(space.latents, error=error[:, :0]))
    assert "error" not in offered(without)


def test_a_factor_reaches_each_item_in_the_order_of_the_map(space, run):
    ids = np.sort(space.latents.ids)
    made = items_of(space, angle=ids.astype(np.float64), kind=np.where(ids % 2, "odd", "even"))
    assert offered(space, made.dataset) == SCORES | {"factor:angle": "Angle", "factor:kind": "Kind"}
    kinds = column(space, run.card, "factor:kind", made)
    wanted = ["odd" if number % 2 else "even" for number in space.latents.ids]
    assert [kinds.groups[code] for code in kinds.codes] == wanted
    angles = column(space, run.card, "factor:angle", made)
    assert (np.diff(angles.codes[np.argsort(space.latents.ids)].astype(int)) >= 0).all()


def test_a_factor_may_be_called_as_a_score_or_as_another_factor(space, run):
    values = np.arange(len(space)) % 3
    made = items_of(space, split=values, Class=values, mean_tone=values, **{"mean tone": values, "": values})
    titles = offered(space, made.dataset)
    assert titles["factor:split"] == "Split (factor split)"
    assert titles["factor:Class"] == "Class (factor Class)"
    assert (titles["factor:mean_tone"], titles["factor:mean tone"]) == ("Mean tone", "Mean tone (factor mean tone)")
    assert len(set(titles.values())) == len(titles)
    assert column(space, run.card, "split", made).groups == ("train", "test")
    assert column(space, run.card, "factor:split", made).groups == ("0", "1", "2")
    assert column(space, run.card, "factor:", made).title == "Factor"


def test_factors_that_tell_nothing_are_not_there(space, run):
    made = items_of(space, file=np.array([f"{i}.png" for i in range(len(space))]), one=np.ones(len(space)))
    assert offered(space, made.dataset) == SCORES
    with pytest.raises(UnknownNameError, match="no colouring 'factor:file'"):
        column(space, run.card, "factor:file", made)


def test_items_of_other_data_are_refused(space, run):
    made = items_of(replace(space, latents=replace(space.latents, ids=space.latents.ids + 1)), kind=np.arange(55))
    with pytest.raises(BadRunError, match="belong to other items"):
        column(space, run.card, "factor:kind", made)
