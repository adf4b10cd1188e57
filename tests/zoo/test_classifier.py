import numpy as np
import pytest
from safetensors.numpy import save

from explorer.errors import BadRunError
from explorer.latent.confidence import fit_svm
from explorer.zoo.classifier import NAMES, read_svm, write_svm
from explorer.zoo.run import Run
from explorer.zoo.store import SVM, write_bytes


@pytest.fixture
def run(installation) -> Run:
    return Run(installation / "runs" / "tiny")


def vouched(run: Run, digest: str):
    return run.card.model_copy(update={"files": run.card.files | {SVM: digest}})


def test_it_comes_back_with_a_class_that_it_never_predicts(run):
    rng = np.random.default_rng(0)
    svm = fit_svm(rng.normal(size=(40, 2)), rng.integers(0, 4, 40), n_classes=5)
    again = read_svm(run.folder, vouched(run, write_svm(run.folder, svm)))
    for name in NAMES:
        np.testing.assert_array_equal(getattr(again, name), getattr(svm, name))
    assert again.bias[4] == -np.inf


def test_run_without_one_has_none(run):
    card = run.card.model_copy(update={"files": {k: v for k, v in run.card.files.items() if k != SVM}})
    assert read_svm(run.folder, card) is None


@pytest.mark.parametrize(
    "change",
    [
        lambda arrays: arrays.pop("own"),
        lambda arrays: arrays.update(bias=np.zeros(3)),
        lambda arrays: arrays.update(weights=np.zeros((5, 3))),
        lambda arrays: arrays.update(bias=np.full(5, np.nan)),
        lambda arrays: arrays.update(other=np.full(5, np.inf)),
        lambda arrays: arrays.update(weights=np.full((5, 2), -np.inf)),
    ],
)
def test_numbers_that_do_not_fit_are_one_sentence(run, change):
    arrays = {"weights": np.zeros((5, 2)), "bias": np.zeros(5), "own": np.ones(5), "other": np.zeros(5)}
    change(arrays)
    digest = write_bytes(run.folder, SVM, save(arrays))
    with pytest.raises(BadRunError, match=r"svm.safetensors of tiny does not fit"):
        read_svm(run.folder, vouched(run, digest))


def test_altered_file_is_refused(run):
    (run.folder / SVM).write_bytes(b"other")
    with pytest.raises(BadRunError, match="truncated or altered"):
        _ = Run(run.folder).svm
