import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from explorer.errors import BadValueError
from explorer.latent.targets import ClassTargets, class_circle, simplex
from explorer.retrieval.similarity import class_similarity, cosine, latent_similarity, weighted_cosine
from tests import reference

PETALS = class_circle(5)
LATENTS = arrays(np.float64, (6, 2), elements=st.floats(-3, 3))
VALUES = arrays(np.float64, st.tuples(st.integers(1, 6), st.just(4)), elements=st.floats(0, 1))


def away(distance: float, boundary_similarity: float = 0.79) -> float:
    """Similarity to the first class at a distance from its centre."""
    z = PETALS.centres[:1] + [[distance, 0]]
    return float(class_similarity(z, PETALS, boundary_similarity=boundary_similarity)[0, 0])


@pytest.mark.parametrize(("distance", "expected"), [(0, 1), (0.17, 0.880353), (0.34, 0.79), (0.7, 0.358591), (1.2, 0)])
def test_known_answers(distance, expected):
    assert away(distance) == pytest.approx(expected, abs=5e-7)


def test_slope_constant_is_the_papers():
    assert (1 - away(0.17)) / np.sin(0.5) == pytest.approx(0.249563, abs=5e-7)


@given(st.floats(0, 1))
def test_similarity_is_continuous_at_the_circle(boundary):
    assert away(0.34 - 1e-9, boundary) == pytest.approx(boundary, abs=1e-7)
    assert away(0.34 + 1e-9, boundary) == pytest.approx(boundary, abs=1e-7)


@given(st.floats(0, 3), st.floats(0, 3), st.floats(0, 1))
def test_similarity_never_rises_with_distance(a, b, boundary):
    near, far = sorted((a, b))
    assert away(near, boundary) >= away(far, boundary) - 1e-12


def test_similarity_ends_at_the_distance_of_the_nearest_other_centre():
    reach = PETALS.neighbour_distances[0]
    assert away(reach - 1e-6) > 0
    assert away(reach + 1e-6) == 0


@given(LATENTS, st.floats(0, 1))
def test_class_similarity_equals_slow_loop(z, boundary):
    found = class_similarity(z, PETALS, boundary_similarity=boundary)
    slow = reference.class_similarity(z, PETALS.centres, PETALS.radii, boundary)
    assert found == pytest.approx(np.array(slow), abs=1e-9)
    assert 0 <= found.min() <= found.max() <= 1


def test_each_class_has_its_own_radius_and_reach():
    targets = ClassTargets([[0, 0, 0], [1, 0, 0], [4, 0, 0]], [0.2, 0.5, 1.5])
    z = np.random.default_rng(0).uniform(-1, 6, (50, 3))
    slow = reference.class_similarity(z, targets.centres, targets.radii, 0.6)
    assert class_similarity(z, targets, boundary_similarity=0.6) == pytest.approx(np.array(slow))


def test_single_class_stays_at_the_boundary_similarity_outside_its_circle():
    found = class_similarity([[0.85, 0], [0.85 + 0.34, 0], [90, 0]], class_circle(1))
    assert found[:, 0] == pytest.approx([1, 0.79, 0.79])


def test_latents_of_many_dimensions_work_with_a_simplex():
    targets = simplex(4, 6, distance=1, radius=0.3)
    assert class_similarity(targets.centres, targets) == pytest.approx(np.eye(4), abs=1e-6)


@pytest.mark.parametrize("n_classes", [16, 40])
def test_circles_that_swallow_the_next_centre_are_refused(n_classes):
    with pytest.raises(BadValueError, match="larger distance between centres or smaller radii"):
        class_similarity(np.zeros((1, 2)), class_circle(n_classes))


def test_radius_as_large_as_the_gap_is_refused():
    with pytest.raises(BadValueError, match="has radius"):
        class_similarity(np.zeros((1, 1)), ClassTargets([[0], [1]], [1, 0.5]))


def test_fifteen_classes_on_the_fixed_circle_still_have_a_similarity():
    assert class_similarity(np.zeros((1, 2)), class_circle(15)).shape == (1, 15)


@pytest.mark.parametrize("boundary", [-0.01, 1.01, float("nan")])
def test_boundary_similarity_outside_its_range_is_refused(boundary):
    with pytest.raises(BadValueError, match="boundary_similarity = .* 0 to 1"):
        class_similarity(np.zeros((1, 2)), PETALS, boundary_similarity=boundary)


@pytest.mark.parametrize("shape", [(2,), (1, 3), (1, 1, 2)])
def test_latents_of_another_shape_are_refused(shape):
    with pytest.raises(BadValueError, match=r"expected \(n, 2\)"):
        class_similarity(np.zeros(shape), PETALS)


@given(VALUES, VALUES)
def test_latent_similarity_equals_slow_loop(query, gallery):
    found = latent_similarity(query, gallery)
    assert found.shape == (len(query), len(gallery))
    assert found == pytest.approx(np.array(reference.latent_similarity(query, gallery)))


@given(VALUES, VALUES)
def test_latent_similarity_is_symmetric_and_within_zero_and_one(query, gallery):
    found = latent_similarity(query, gallery)
    assert found.tolist() == latent_similarity(gallery, query).T.tolist()
    assert 0 <= found.min() <= found.max() <= 1


def test_rounding_makes_no_similarity_of_ten_classes_larger_than_one():
    v = np.random.default_rng(0).random((200, 10))
    assert latent_similarity(v, v).max() == 1


@given(VALUES)
def test_equal_points_are_fully_similar_where_any_class_is_and_not_at_all_elsewhere(values):
    own = np.diag(latent_similarity(values, values))
    assert own == pytest.approx((values.sum(axis=1) > 0).astype(float))


def test_points_far_from_every_class_have_no_similarity():
    v = class_similarity([[99, 99], [99, 98]], PETALS)
    assert latent_similarity(v, v).tolist() == [[0, 0], [0, 0]]


def test_different_numbers_of_classes_are_refused():
    with pytest.raises(BadValueError, match=r"\(1, 2\) and \(1, 3\)"):
        latent_similarity(np.zeros((1, 2)), np.zeros((1, 3)))


# Below the smallest normal number the slow loop itself rounds a length by half of it.
PARTS = arrays(np.float64, (5, 3), elements=st.floats(-1e200, 1e200, allow_subnormal=False))


@given(PARTS, PARTS, st.floats(0, 1))
def test_weighted_cosine_equals_slow_loop(style, semantic, weight):
    found = weighted_cosine((style, semantic), (style, semantic), semantic_weight=weight)
    slow = [
        [
            weight * reference.cosine(semantic[i], semantic[j]) + (1 - weight) * reference.cosine(style[i], style[j])
            for j in range(5)
        ]
        for i in range(5)
    ]
    assert found == pytest.approx(np.array(slow), abs=1e-9)
    assert (np.abs(found) <= 1).all()


def test_weight_of_zero_is_style_alone_and_of_one_class_alone():
    rng = np.random.default_rng(0)
    query, gallery = (
        (rng.normal(size=(2, 3)), rng.normal(size=(2, 4))),
        (rng.normal(size=(6, 3)), rng.normal(size=(6, 4))),
    )
    for weight, part in ((0, 0), (1, 1)):
        found = weighted_cosine(query, gallery, semantic_weight=weight)
        assert found.tolist() == cosine(query[part], gallery[part]).tolist()


def test_zero_vector_is_like_nothing_not_even_itself():
    assert cosine([[0, 0]], [[0, 0], [1, 2]]).tolist() == [[0, 0]]


@pytest.mark.parametrize("weight", [-0.1, 1.1, np.nan])
def test_semantic_weight_outside_zero_to_one_is_refused(weight):
    with pytest.raises(BadValueError, match="semantic_weight"):
        weighted_cosine(([[1]], [[1]]), ([[1]], [[1]]), semantic_weight=weight)


def test_latents_of_other_dimensions_are_refused():
    with pytest.raises(BadValueError, match="2 and 3 dimensions"):
        cosine([[1, 2]], [[1, 2, 3]])


def test_no_rounding_makes_a_similarity_larger_than_one_or_one_of_equal_rows_smaller():
    values = np.random.default_rng(0).uniform(0, 1, (400, 10))
    values[:200] = values[200:]
    found = latent_similarity(values, values)
    assert found.max() == 1
    assert (np.diagonal(found) == 1).all()
