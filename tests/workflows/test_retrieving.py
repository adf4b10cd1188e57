"""What a query finds: against the library's own functions, by every way."""

import csv
from dataclasses import replace

import numpy as np
import pytest

from explorer.data.dataset import UNLABELLED, Dataset
from explorer.retrieval.codes import binarise
from explorer.retrieval.similarity import class_similarity, latent_similarity
from explorer.workflows.exporting import export_hits
from explorer.workflows.maps import latent_map
from explorer.workflows.retrieving import (
    CLASS,
    Asked,
    Collection,
    asked_of,
    criteria_of,
    information,
    retrieve,
    rows_of,
    split_of,
)
from explorer.workflows.runs import open_run
from explorer.workflows.search import query_at, search
from explorer.workflows.ways import Vectors, Way
from explorer.zoo.run import Run


@pytest.fixture(scope="module")
def petals() -> Run:
    return open_run("textures-petals")


@pytest.fixture(scope="module")
def digits() -> Run:
    return open_run("digits-vae")


def collection(
    z: list[list[float]], labels: list[int], fine: list[int] | None = None, key: str = "train"
) -> Collection:
    ids = np.arange(len(z), dtype=np.int64) + 100
    styles = None if fine is None else np.array(fine)
    vectors = Vectors.of(np.array(z, np.float32))
    return Collection(key, "Some", ids, np.array(labels), ("a", "b"), vectors, styles)


def test_distance_is_euclids_and_a_query_never_finds_itself(petals: Run):
    test = split_of(petals, "test")
    found = retrieve(petals.card, Way(), asked_of(test, 3, test), test, 5)
    far = np.linalg.norm(test.vectors.z.astype(float) - test.vectors.z[3], axis=1)
    far[3] = np.inf
    order = np.argsort(far, kind="stable")[:5]
    assert found.rows.tolist() == order.tolist()
    assert found.scores == pytest.approx(far[order])
    assert found.scored == "distance"
    assert [verdict == "right" for verdict in found.verdicts] == (test.labels[order] == test.labels[3]).tolist()


def test_item_of_one_split_may_find_all_of_the_other(petals: Run):
    test, train = split_of(petals, "test"), split_of(petals, "train")
    assert asked_of(test, 3, train).row is None
    found = retrieve(petals.card, Way(), asked_of(test, 3, train), train, len(train) + 10)
    assert sorted(found.rows.tolist()) == list(range(len(train)))


def test_latent_similarity_is_the_librarys(petals: Run):
    test, targets = split_of(petals, "test"), petals.card.class_targets
    assert targets is not None
    found = retrieve(petals.card, Way("latent similarity", boundary_similarity=0.4), asked_of(test, 0, test), test, 9)
    classes = class_similarity(test.vectors.z, targets, boundary_similarity=0.4)
    near = latent_similarity(classes[:1], classes)[0]
    near[0] = -1
    assert found.scores == pytest.approx(np.sort(near)[::-1][:9])
    assert found.scored == "similarity"


def test_bits_are_counted(digits: Run):
    test = split_of(digits, "test")
    found = retrieve(digits.card, Way(code="binary"), asked_of(test, 0, test), test, 9)
    bits = binarise(test.vectors.z)
    assert found.scores.tolist() == (bits[found.rows] != bits[0]).sum(axis=1).tolist()
    assert found.scored == "bits that differ"


@pytest.mark.parametrize(
    ("fine", "verdicts"),
    [(None, ("right", "right", "wrong", "")), ([7, 6, 7, 7], ("right", "class", "wrong", ""))],
)
def test_hits_are_marked_by_class_and_fine_label(petals: Run, fine: list[int] | None, verdicts: tuple[str, ...]):
    gallery = collection([[0, 0], [1, 0], [2, 0], [3, 0]], [0, 0, 1, UNLABELLED], fine)
    asked = Asked(Vectors.of(np.zeros((1, 2), np.float32)), "a", 7)
    assert retrieve(petals.card, Way(), asked, gallery, 4).verdicts == verdicts


def test_query_without_a_class_marks_nothing(petals: Run):
    gallery = collection([[0, 0], [1, 0]], [0, 1])
    assert retrieve(petals.card, Way(), Asked(gallery.vectors), gallery, 2).verdicts == ("", "")


def test_gallery_that_nothing_tells_apart_is_told(petals: Run):
    gallery = collection([[90, 90], [80, 90], [70, 90]], [0, 1, 0])
    targets = petals.card.class_targets
    assert targets is not None
    near_a_class = Asked(Vectors.of(targets.centres[:1].astype(np.float32)), "a")
    assert retrieve(petals.card, Way("latent similarity"), near_a_class, gallery, 2).is_tied
    assert not retrieve(petals.card, Way(), near_a_class, gallery, 2).is_tied


def test_query_too_far_for_latent_similarity_is_answered_by_distance_as_on_the_map(petals: Run):
    space, train = latent_map(petals), split_of(petals, "train")
    query = query_at(space, place=(5.0, 5.0))
    assert query.z is not None
    found = retrieve(petals.card, Way("latent similarity"), Asked(Vectors.of(query.z[None])), train, 5)
    assert found.is_far
    assert found.scored == "distance"
    on_map = search(space, query, k=50, measure="latent similarity", boundary_similarity=0.79)
    of_train = [row for row in on_map.hits.rows if not space.is_test[row]][:5]
    assert train.ids[found.rows].tolist() == space.latents.ids[of_train].tolist()


def test_information_tells_the_dimensions_of_a_criterion():
    run = open_run("coloured-gvae-nt")
    content = run.card.config["content_dims"]
    found = information(run, None, CLASS)
    assert found.shared.shape == (run.card.latent_dims,)
    assert set(found.dims) <= set(range(content)), "of the digit the content speaks"


def test_criteria_are_what_the_data_say_of_the_training_items(petals: Run):
    assert criteria_of(petals, None) == [CLASS]
    ids = np.sort(np.concatenate([petals.latents(split).ids for split in ("train", "test")]))
    n, is_test = len(ids), np.isin(ids, petals.latents("test").ids)
    factors = {"hue": ids % 3, "size": ids / 2, "only in test": is_test.astype(np.int64)}
    dataset = Dataset("d", np.zeros((n, 2), np.float32), np.zeros(n, np.int64), ("a",), ids, is_test, factors)
    assert criteria_of(petals, dataset) == [CLASS, "hue"]


def test_rows_of_ids():
    assert rows_of(np.array([5, 3, 9]), [9, 4, 5]).tolist() == [2, -1, 0]


def test_exported_hits_come_back_row_by_row(petals: Run):
    test = split_of(petals, "test")
    found = retrieve(petals.card, Way("latent similarity"), asked_of(test, 0, test), test, 4)
    lines = list(csv.DictReader(export_hits(found, test, {"run": "=petals"}).decode().splitlines()))
    assert [int(line["rank"]) for line in lines] == [1, 2, 3, 4]
    assert [int(line["id"]) for line in lines] == test.ids[found.rows].tolist()
    assert [float(line["similarity"]) for line in lines] == pytest.approx(found.scores)
    assert [line["verdict"] for line in lines] == list(found.verdicts)
    assert {line["run"] for line in lines} == {"'=petals"}
    assert [line["class"] for line in lines] == [test.named(int(row)) for row in found.rows]


def test_class_names_that_are_formulas_are_harmless_in_exported_hits(petals: Run):
    gallery = collection([[0, 0]], [0])
    gallery = replace(gallery, classes=("=1+1", "b"))
    found = retrieve(petals.card, Way(), Asked(gallery.vectors), gallery, 1)
    assert "'=1+1" in export_hits(found, gallery, {}).decode()
