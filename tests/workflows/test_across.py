import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from explorer.cli import main
from explorer.data.dataset import UNLABELLED, Dataset
from explorer.errors import BadValueError
from explorer.retrieval.similarity import class_similarity, latent_similarity
from explorer.settings import load_settings
from explorer.workflows.across import across, others_of, shared_labels
from explorer.workflows.evaluating import recorded
from explorer.workflows.others import OtherItems
from explorer.workflows.runs import Items, open_run


def other_items(title: str, classes: tuple[str, ...], labels: np.ndarray, z: np.ndarray) -> OtherItems:
    ids, is_test = np.arange(len(z), dtype=np.int64), np.ones(len(z), bool)
    std, items = np.empty((len(z), 0), np.float32), Items(Dataset(title, z, labels, classes, ids, is_test))
    return OtherItems(title, classes, labels, z, std, items, ids)


@pytest.fixture
def petals():
    return open_run("textures-petals", load_settings())


@pytest.fixture
def others(petals):
    """Four items of the run's own latents under names of which it knows one, and one without a label."""
    z = petals.latents("test").z[:5]
    return other_items("cloth", ("dots", "paisley"), np.array([0, 0, 1, 1, UNLABELLED]), z)


def test_classes_are_the_same_where_their_names_are(petals, others):
    own = petals.card.classes.index("dots")
    assert shared_labels(others, petals.card.classes).tolist() == [own, own, -1, -1, -1]
    assert shared_labels(other_items("bare", (), np.full(2, UNLABELLED), others.z[:2]), ["dots"]).tolist() == [-1, -1]


def test_latent_similarity_across_is_scikit_learns_average_precision(petals, others):
    gallery = petals.latents("train")
    found = dict(across(petals, others, gallery))
    ranked = found["latent similarity, cloth in training items"]
    of_own, of_gallery = (class_similarity(z, petals.card.class_targets) for z in (others.z[:2], gallery.z))
    near = latent_similarity(of_own, of_gallery)
    near = near - np.arange(near.shape[1]) * 1e-12  # ties in the gallery's order
    marks = gallery.labels == petals.card.classes.index("dots")
    expected = [average_precision_score(marks, row) for row in near]
    np.testing.assert_allclose(ranked.average_precision[:2], expected, rtol=1e-6)
    assert np.isnan(ranked.average_precision[2:]).all(), "a class that the run does not have finds nothing"


def test_classes_that_a_run_never_saw_still_find_each_other(petals, others):
    found = dict(across(petals, others, petals.latents("train")))["latent, cloth among themselves"]
    assert np.isfinite(found.average_precision[:4]).all()
    assert np.isnan(found.average_precision[4])
    assert all(row not in found.first[row] for row in range(5)), "no item retrieves itself"


def test_run_without_centres_and_data_without_classes_are_ranked_by_what_they_have():
    plain = open_run("digits-vae", load_settings())
    bare = other_items("bare", (), np.full(3, UNLABELLED), plain.latents("test").z[:3])
    assert dict(across(plain, bare, plain.latents("train"))) == {}
    named = other_items("named", ("0",), np.zeros(3, np.int64), plain.latents("test").z[:3])
    assert set(dict(across(plain, named, plain.latents("train")))) == {
        "latent, named in training items",
        "latent, named among themselves",
    }


def test_shifts_are_measured_unasked_and_a_data_set_of_another_shape_is_refused(petals):
    settings = load_settings()
    assert [others.title for others in others_of(petals, (), settings)] == ["other cameras"]
    with pytest.raises(BadValueError, match=r"'digits'.*another shape; choose of.*shift:other_cameras"):
        list(others_of(petals, ("digits",), settings))


def test_record_knows_which_data_sets_were_asked_for(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("LATENT_EXPLORER_DATA_ROOT", str(tmp_path))
    settings = load_settings()
    first = recorded("digits-vae", settings, queries=5)
    assert first.across == []
    with pytest.raises(BadValueError, match="'mnist' was asked for.*another shape; no other data set"):
        recorded("digits-vae", settings, queries=5, across=("mnist",))
    again = recorded("textures-petals", settings, queries=5, across=("shift:other_cameras",))
    assert again.across == ["shift:other_cameras"]
    assert recorded("textures-petals", settings) == again
    assert "latent similarity, other cameras in training items" in {score.of for score in again.scores}
    assert main(["evaluate", "digits-vae", "--across", "nowhere"]) == 2
    assert "nowhere" in capsys.readouterr().err
