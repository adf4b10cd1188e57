import numpy as np
import pytest

from explorer.retrieval.codes import binarise, quantise
from explorer.retrieval.similarity import cosine
from explorer.workflows.codes import RECORDED, codes_of
from explorer.workflows.runs import open_run
from explorer.workflows.ways import Vectors, no_code, no_measure
from explorer.workflows.ways import distances as ranking

RNG = np.random.default_rng(0)


def card(run: str, **changes):
    return open_run(run).card.model_copy(update=changes)


def distances(name: str, of, queries: np.ndarray, gallery: np.ndarray) -> np.ndarray:
    asked, found_in = (Vectors.of(z.astype(np.float32)) for z in (queries, gallery))
    return ranking(of, RECORDED[name], asked, found_in)(np.arange(len(queries)))


def test_only_what_fits_a_run_is_offered_and_each_refusal_says_why():
    offered = {run: list(codes_of(card(run))) for run in ("textures-petals", "digits-vae", "mnist-ae")}
    assert offered["mnist-ae"] == ["latent"]
    assert offered["textures-petals"] == ["latent", "latent similarity"]
    assert {"clipped", "binary", "quantised, 4 levels"} < set(offered["digits-vae"])
    refusals = [
        no_measure(card("mnist-ae"), way.measure) or no_code(card("mnist-ae"), way.code) for way in RECORDED.values()
    ]
    assert refusals[0] == ""
    assert all(text.endswith(".") for text in refusals[1:])


def test_separate_runs_are_weighted_and_gumbel_runs_one_hot():
    assert "semantic weight 0.2" in codes_of(card("mnist-ae", method="separate"))
    gumbel = card("digits-vae", method="code-vae", config={"code": "gumbel", "classes": 4})
    assert list(codes_of(gumbel)) == ["latent", "one-hot"]


def test_codes_rank_as_their_definitions_say():
    of, queries, gallery = card("digits-vae"), RNG.normal(size=(4, 8)), RNG.normal(size=(30, 8))
    binary = distances("binary", of, queries, gallery)
    assert binary.tolist() == (binarise(queries)[:, None] != binarise(gallery)).sum(axis=2).tolist()
    quantised = distances("quantised, 8 levels", of, queries, gallery)
    coded = (quantise(queries, levels=8)[:, None] - quantise(gallery, levels=8)) ** 2
    assert quantised == pytest.approx(coded.sum(axis=2))


def test_weight_is_of_the_class_dimensions():
    of = card("mnist-ae", method="separate", latent_dims=5)
    queries, gallery = RNG.normal(size=(3, 5)), RNG.normal(size=(9, 5))
    found = 1 - distances("semantic weight 0.2", of, queries, gallery)
    assert found == pytest.approx(
        0.2 * cosine(queries[:, 3:], gallery[:, 3:]) + 0.8 * cosine(queries[:, :3], gallery[:, :3]), abs=1e-6
    )


def test_more_bits_in_common_come_first_for_one_hot():
    of = card("digits-vae", method="code-vae", config={"code": "gumbel", "classes": 2})
    found = distances(
        "one-hot", of, np.array([[0.9, 0.1, 0.2, 0.8]]), np.array([[1, 0, 0, 1], [1, 0, 1, 0], [0, 1, 1, 0]])
    )
    assert found.tolist() == [[0, 2, 4]]
