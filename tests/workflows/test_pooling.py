import numpy as np
import pytest
import torch

import explorer
from explorer.cli import main
from explorer.retrieval.rmac import rmac
from explorer.retrieval.similarity import cosine
from explorer.workflows.evaluating import recorded
from explorer.workflows.pooling import cosine_distances, pooled
from explorer.workflows.runs import load_dataset
from tests.commands import CASES, set_up, train


@pytest.fixture(scope="module", autouse=True)
def home(tmp_path_factory):
    """An installation with three runs on a tiny MNIST."""
    with pytest.MonkeyPatch.context() as patch:
        home = set_up(tmp_path_factory.mktemp("installation"), patch)
        CASES["mnist"].prepare(home)
        for method in ("classifier", "separate", "ae"):
            assert train(method, "mnist", method) == 0
        assert train("classifier", "mnist", "dense", "--network", "mlp") == 0
        yield home


def of_retrieval(record) -> dict[tuple[str, str], float]:
    return {(score.measure, score.of): score.value for score in record.scores if score.topic == "retrieval"}


@pytest.mark.parametrize("name", ["classifier", "separate"])
def test_vectors_are_of_the_classifiers_last_maps(name):
    run = explorer.load(name)
    dataset = load_dataset(run.card)
    ids, done = run.latents("train").ids[::-1][:5], []
    vectors = pooled(run, dataset, ids, done.append)
    encoder = run.network.encoder if name == "classifier" else run.network.encoder.second[0]
    rows = [list(dataset.ids).index(one) for one in ids]
    with torch.inference_mode():
        maps = encoder.stages(torch.from_numpy(dataset.items[rows]).float() / 255).numpy()
    np.testing.assert_allclose(vectors, rmac(maps), atol=1e-5)
    assert done == [5]


def test_distance_is_one_minus_the_cosine():
    vectors = np.random.default_rng(0).random((6, 4)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors[5] = 0
    distances = cosine_distances(vectors[:3], vectors)(np.array([2, 0]))
    np.testing.assert_allclose(distances, 1 - cosine(vectors[[2, 0]], vectors), atol=1e-6)
    assert (distances >= 0).all()


@pytest.mark.parametrize("name", ["classifier", "separate"])
def test_record_holds_r_mac_by_both_relevances_once_it_is_asked_for(name):
    plain = of_retrieval(recorded(name, queries=5))
    assert not any("R-MAC" in of for _, of in plain)
    told = []
    found = of_retrieval(recorded(name, queries=5, rmac=True, progress=lambda *steps: told.append(steps)))
    assert {("MAP", "R-MAC"), ("NN", "R-MAC"), ("MAP", "R-MAC, fine-grained")} <= set(found)
    assert plain.items() <= found.items()
    assert (45, 45) in told  # 5 that ask and 40 of the gallery are encoded
    assert of_retrieval(recorded(name)) == of_retrieval(recorded(name, queries=5)) == found


@pytest.mark.parametrize(("name", "lacks"), [("ae", "has no classifier"), ("dense", "has no convolutions")])
def test_run_without_maps_of_a_classifier_is_one_sentence(name, lacks, capsys):
    assert main(["evaluate", name, "--rmac"]) != 0
    said = capsys.readouterr().err
    assert lacks in said
    assert "Traceback" not in said


def test_missing_images_are_one_sentence(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("LATENT_EXPLORER_DATA_ROOT", str(tmp_path))
    assert main(["evaluate", "classifier", "--rmac", "--again"]) != 0
    said = capsys.readouterr().err
    assert "data prepare mnist" in said
    assert "Traceback" not in said
