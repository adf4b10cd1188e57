import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.distance import cdist

from explorer.retrieval.codes import pack
from explorer.retrieval.distances import hamming, ranked, squared_euclidean


@pytest.mark.parametrize("dims", [1, 2, 16, 17, 128])
def test_squared_distances_are_scipys(dims):
    rng = np.random.default_rng(dims)
    queries, gallery = rng.normal(size=(20, dims)) + 5, rng.normal(size=(30, dims))
    assert squared_euclidean(queries, gallery) == pytest.approx(cdist(queries, gallery) ** 2, rel=1e-9)


@pytest.mark.parametrize("dims", [3, 60])
def test_copies_lie_at_distance_zero_even_far_from_the_origin(dims):
    z = np.random.default_rng(0).normal(size=(40, dims)) + 1000
    assert squared_euclidean(z, z).diagonal().tolist() == [0.0] * 40


@pytest.mark.parametrize("bits", [1, 10, 64, 65, 200])
def test_hamming_counts_the_bits_that_differ(bits):
    rng = np.random.default_rng(bits)
    one, other = rng.choice([-1, 1], (15, bits)), rng.choice([-1, 1], (25, bits))
    assert hamming(pack(one), pack(other)).tolist() == (one[:, None] != other).sum(axis=2).tolist()


@given(
    arrays(
        np.float64,
        st.tuples(st.integers(1, 4), st.integers(1, 60)),
        elements=st.sampled_from([0, 1e-300, 0.5, 1, 1 + 1e-6, 7, 1e300]),
    )
)
def test_ranking_sorts_by_distance_and_then_by_row(distances):
    assert ranked(distances).tolist() == distances.argsort(axis=1, kind="stable").tolist()


@given(arrays(np.uint16, st.tuples(st.integers(1, 4), st.integers(1, 60)), elements=st.integers(0, 5)))
def test_whole_numbers_rank_the_same_way(distances):
    assert ranked(distances).tolist() == distances.argsort(axis=1, kind="stable").tolist()


def test_ranking_of_a_large_gallery_is_an_argsort():
    distances = np.random.default_rng(0).random((3, 100_003))
    assert ranked(distances).tolist() == distances.argsort(axis=1).tolist()
