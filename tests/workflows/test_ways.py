"""Ways to rank: what fits which run, and that each ranks as its definition says."""

import numpy as np
import pytest

from explorer.errors import BadValueError
from explorer.retrieval.similarity import class_similarity, cosine, latent_similarity
from explorer.workflows.runs import open_run
from explorer.workflows.ways import CODES, MEASURES, Vectors, Way, distances, no_code, no_measure
from explorer.zoo.card import Card

RNG = np.random.default_rng(0)
ALL = np.arange(3)


def card(run: str, **changes: object) -> Card:
    return open_run(run).card.model_copy(update=changes)


def vectors(dims: int, std: float | None = None) -> tuple[Vectors, Vectors]:
    parts = [RNG.normal(size=(n, dims)).astype(np.float32) for n in (3, 40)]
    made = [Vectors.of(z) if std is None else Vectors(z, np.full_like(z, std)) for z in parts]
    return made[0], made[1]


@pytest.mark.parametrize(
    ("run", "measures", "codes"),
    [
        ("textures-petals", {"distance", "cosine", "latent similarity", "criterion"}, {"mean"}),
        ("digits-vae", {"distance", "cosine", "criterion"}, {"mean", "sample", "clipped", "binary", "quantised"}),
        ("mnist-separate", {"distance", "cosine", "weighted cosine", "criterion"}, {"mean"}),
    ],
)
def test_only_what_fits_a_run_is_offered(run: str, measures: set[str], codes: set[str]):
    of = card(run)
    assert {measure for measure in MEASURES if not no_measure(of, measure)} == measures
    assert {code for code in CODES if not no_code(of, code)} == codes
    assert all(why.endswith(".") for measure in MEASURES if (why := no_measure(of, measure)))


def test_gumbel_runs_have_one_hot_codes_alone():
    of = card("digits-vae", method="code-vae", config={"code": "gumbel", "classes": 4})
    assert [code for code in CODES if not no_code(of, code)] == ["mean", "one-hot"]


def test_curved_spaces_have_their_distance_alone():
    of = card("digits-structured", method="ae", config={"geometry": "sphere"})
    assert [measure for measure in MEASURES if not no_measure(of, measure)] == ["distance"]


@pytest.mark.parametrize(
    "way",
    [
        Way("latent similarity"),
        Way("weighted cosine"),
        Way("cosine", "binary"),
        Way("criterion", "clipped", dims=(0,)),
        Way("criterion"),
        Way("criterion", dims=(8,)),
        Way("criterion", dims=(-1,)),
        Way(code="one-hot"),
    ],
)
def test_way_that_does_not_fit_is_refused(way: Way):
    of = card("digits-vae")
    assert of.latent_dims == 8
    with pytest.raises(BadValueError):
        distances(of, way, *vectors(8))


def test_cosine_and_criterion_rank_as_their_definitions_say():
    of, (queries, gallery) = card("digits-vae"), vectors(8)
    assert 1 - distances(of, Way("cosine"), queries, gallery)(ALL) == pytest.approx(cosine(queries.z, gallery.z))
    found = distances(of, Way("criterion", criterion="hue", dims=(1, 4)), queries, gallery)(ALL)
    apart = queries.z[:, None, [1, 4]].astype(float) - gallery.z[:, [1, 4]]
    assert found == pytest.approx(np.square(apart).sum(axis=2))


def test_boundary_similarity_is_that_of_the_way():
    of, (queries, gallery) = card("textures-petals"), vectors(2)
    targets = of.class_targets
    assert targets is not None
    found = [
        1 - distances(of, Way("latent similarity", boundary_similarity=b), queries, gallery)(ALL) for b in (0, 0.9)
    ]
    for b, similarities in zip((0, 0.9), found, strict=True):
        classes = (class_similarity(one.z, targets, boundary_similarity=b) for one in (queries, gallery))
        assert similarities == pytest.approx(latent_similarity(*classes))
    assert not np.allclose(*found)


def test_samples_are_the_same_each_time_and_of_the_size_of_the_posterior():
    of, (queries, gallery) = card("digits-vae"), vectors(8, std=0.5)
    found, again = (distances(of, Way(code="sample"), queries, gallery)(ALL) for _ in range(2))
    assert (found == again).all()
    assert not np.allclose(found, distances(of, Way(), queries, gallery)(ALL))
    (queries, gallery) = (Vectors(np.zeros((3, 8), np.float32), one.std[:3]) for one in (queries, gallery))
    spread = distances(of, Way(code="sample"), queries, gallery)(ALL).mean()
    assert spread == pytest.approx(8 * 2 * 0.5**2, rel=0.5), "a query is not sampled as the item of its own row is"


def test_words_tell_ways_apart():
    ways = [
        Way(), Way("cosine"), Way("latent similarity"), Way("latent similarity", boundary_similarity=0.1),
        Way("weighted cosine"), Way("weighted cosine", semantic_weight=0.2), Way(code="quantised"),
        Way(code="quantised", levels=4), Way("criterion", criterion="hue", dims=(0, 3)),
        Way("criterion", criterion="hue", dims=(1, 3)), Way("cosine", "clipped"), Way(code="clipped"),
    ]  # fmt: skip
    assert len({way.words for way in ways}) == len(ways)
    assert Way("latent similarity").words == "latent similarity b_c 0.79"
    assert Way("criterion", criterion="hue", dims=(0, 3)).words == "criterion hue, dimensions 1, 4"
    assert Way("cosine", "quantised").words == "cosine of quantised, 8 levels"
