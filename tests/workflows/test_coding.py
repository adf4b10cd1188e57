"""Items drawn at their codes, and content and perspective dimensions apart: what a place is, and what is refused."""

from dataclasses import replace

import numpy as np
import pytest

from explorer import places
from explorer.errors import BadValueError
from explorer.latent import projection
from explorer.retrieval.codes import binarise, clip, quantise
from explorer.workflows.coding import drawn_codes, is_discrete, kind_of, split_name, words
from explorer.workflows.linear_maps import linear_map
from explorer.workflows.maps import LatentMap, is_linear, latent_map
from explorer.workflows.others import OtherItems, places_of
from explorer.workflows.search import query_at
from explorer.workflows.ways import LEVELS
from explorer.zoo.run import Run
from tests.workflows.test_search import make_run

ALL = ("sample", "clipped", "binary", "quantised")


@pytest.fixture(scope="module")
def shipped() -> dict[str, LatentMap]:
    return {name: latent_map(Run(places.models() / name)) for name in ("digits-vae", "coloured-gvae-nt")}


@pytest.fixture
def deep(tmp_path) -> LatentMap:
    """Five dimensions with posteriors, some of them apart."""
    space = latent_map(make_run(tmp_path / "deep", dims=5, targets=False, posterior=True))
    return replace(space, codes=ALL, content_dims=3)


def code_of(name: str, z: np.ndarray) -> np.ndarray:
    return {
        "clipped": clip,
        "binary": binarise,
        **{f"quantised-{levels}": lambda z, levels=levels: quantise(z, levels=levels) for levels in LEVELS},
    }[name](z)


@pytest.mark.parametrize("stem", ["pca", "z4-z2", "content", "perspective"])
@pytest.mark.parametrize("code", ["clipped", "binary", *(f"quantised-{levels}" for levels in LEVELS)])
def test_items_lie_at_their_codes_on_the_axes_of_the_latents(deep, stem, code):
    plain, coded = linear_map(deep, stem), linear_map(deep, f"{stem}~{code}")
    assert coded.places == pytest.approx(plain.projection.apply(code_of(code, deep.latents.z)), abs=1e-5)
    assert (coded.name, coded.code, coded.axes) == (f"{stem}~{code}", code, plain.axes)
    assert coded.latents is deep.latents
    assert not coded.is_latent
    spot = np.array([[0.3, -0.2]])
    assert coded.latents_at(spot).tolist() == plain.latents_at(spot).tolist()
    assert query_at(coded, place=(0.3, -0.2)).z.tolist() == query_at(plain, place=(0.3, -0.2)).z.tolist()


def test_items_of_one_code_lie_at_one_place_exactly(shipped):
    space = shipped["digits-vae"]
    coded = linear_map(space, "pca~binary")
    codes = binarise(space.latents.z)
    kinds, which, counts = np.unique(codes, axis=0, return_inverse=True, return_counts=True)
    assert coded.n_places == len(kinds) < len(coded) / 4
    for kind in np.flatnonzero(counts > 1)[:20]:
        assert len(np.unique(coded.places[which == kind], axis=0)) == 1
    row = int(np.flatnonzero(counts[which] == counts.max())[0])
    assert coded.sharing(row) == counts.max() - 1


def test_two_levels_lie_as_signs_do_and_many_levels_as_latents_do(shipped):
    space = shipped["digits-vae"]
    two, signs = (linear_map(space, f"pca~{code}").places for code in ("quantised-2", "binary"))
    middle = space.projection.apply(np.zeros((1, 8)))
    assert two - middle == pytest.approx(2 * (signs - middle), abs=1e-4)
    far = [np.abs(linear_map(space, f"pca~quantised-{levels}").places - space.places).max() for levels in (4, 8, 32)]
    assert far[0] > far[1] > far[2]
    assert linear_map(space, "pca~quantised-32").n_places > linear_map(space, "pca~quantised-4").n_places


def test_other_items_lie_under_the_maps_code_too(deep):
    z = np.random.default_rng(0).normal(size=(4, 5)).astype(np.float32)
    others = OtherItems(
        "others", ("a",), np.zeros(4, np.int64), z, std=z[:, :0], items=np.zeros((4, 1, 2, 2)), ids=np.arange(4)
    )
    coded = linear_map(deep, "pca~binary")
    assert places_of(others, coded) == pytest.approx(deep.projection.apply(binarise(z)))
    assert places_of(others, linear_map(deep, "pca~sample")) == pytest.approx(deep.projection.apply(z))


def test_content_and_perspective_are_drawn_alone(deep):
    z = deep.latents.z.astype(np.float64)
    content, perspective = linear_map(deep, "content"), linear_map(deep, "perspective")
    assert perspective.places == pytest.approx(z[:, 3:], abs=1e-6)
    assert perspective.axes == ("z4", "z5")
    assert content.places == pytest.approx(projection.fit(z[:, :3]).apply(z[:, :3]), abs=1e-5)
    assert content.axes == ("PC1", "PC2")
    assert (list(content.part), list(perspective.part)) == ([0, 1, 2], [3, 4])
    for space, others in ((content, slice(3, 5)), (perspective, slice(0, 3))):
        back = space.latents_at(np.array([[0.4, 0.1]]))
        assert space.projection.apply(back) == pytest.approx(np.array([[0.4, 0.1]]))
        assert back[0, others] == pytest.approx(z.mean(axis=0)[others])
    variances = z.var(axis=0)
    assert perspective.projection.variance == pytest.approx(variances[3:].sum() / variances.sum())
    assert content.projection.variance < variances[:3].sum() / variances.sum()
    assert content.projection.variance == pytest.approx(content.places.var(axis=0).sum() / variances.sum(), rel=0.05)


def test_one_dimension_alone_is_a_line(deep):
    line = linear_map(replace(deep, content_dims=4), "perspective")
    assert line.places[:, 0] == pytest.approx(deep.latents.z[:, 4])
    assert not line.places[:, 1].any()
    assert line.axes == ("z5", "")
    there = query_at(line, place=(0.5, 3.0))
    assert there.z[4] == pytest.approx(0.5)
    assert there.place == pytest.approx([0.5, 0])


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("pca~binary", "near the standard Gaussian; choose the mean"),
        ("pca~sample", "keeps no posteriors"),
        ("content", "does not keep content and perspective"),
        ("perspective~clipped", "does not keep content"),
    ],
)
def test_what_does_not_fit_a_run_is_refused(tmp_path, name, words):
    space = latent_map(make_run(tmp_path / "plain", dims=5, targets=False))
    assert (space.codes, space.content_dims) == ((), 0)
    assert is_linear(name)
    with pytest.raises(BadValueError, match=words):
        linear_map(space, name)


@pytest.mark.parametrize(
    "name", ["pca~quantised-3", "pca~quantised-08", "pca~quantised", "pca~one-hot", "pca~binary~binary", "pca~mean~"]
    + ["umap~binary", "angles~binary", "contents", "pca~"]
)  # fmt: skip
def test_codes_that_there_are_not_make_no_map(name):
    assert not is_linear(name)


def test_codes_are_told_by_the_method_and_the_dimensions_by_the_card(shipped, tmp_path):
    assert shipped["digits-vae"].codes == ALL
    assert (shipped["coloured-gvae-nt"].codes, shipped["coloured-gvae-nt"].content_dims) == (ALL, 7)
    card = Run(places.models() / "mnist-codes").card
    gumbel = card.model_copy(update={"config": {**card.config, "code": "gumbel"}})
    std = np.ones((3, 10), np.float32)
    assert drawn_codes(card, std) == ALL
    assert drawn_codes(gumbel, std[:, :0]) == ()
    run = make_run(tmp_path / "hostile", dims=5, targets=False)
    for told in (True, 0, -1, 5, 99, 2.0, "3", None, [3]):
        run.card = run.card.model_copy(update={"config": {"content_dims": told}})
        assert latent_map(run).content_dims == 0


def test_names_say_map_and_code():
    assert split_name("pca") == ("pca", "mean")
    assert split_name("z1-z3~quantised-16") == ("z1-z3", "quantised-16")
    assert [kind_of(code) for code in ("mean", "quantised-16", "quantised-17", "")] == ["mean", "quantised", "", ""]
    assert [is_discrete(code) for code in ("binary", "quantised-2", "clipped", "sample")] == [True, True, False, False]
    assert words("quantised-16") == "codes of 16 levels"
