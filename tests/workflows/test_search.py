from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from explorer.errors import BadValueError
from explorer.latent.confidence import fit_svm
from explorer.latent.targets import class_circle
from explorer.workflows.maps import LatentMap, laid_out, latent_map
from explorer.workflows.projecting import Places
from explorer.workflows.search import query_at, search
from explorer.zoo.card import Card, DataPart, TargetsPart
from explorer.zoo.classifier import write_svm
from explorer.zoo.run import Run
from explorer.zoo.store import LATENTS, SVM, Latents, write_card, write_latents
from tests import reference

CLASSES = ["stripes", 'dots, "big"', "plain"]
TRAIN, TEST = 40, 15
TARGETS = class_circle(3)


def latents(n: int, first_id: int, *, dims: int = 2, classifier: bool = True, posterior: bool = False) -> Latents:
    rng = np.random.default_rng(first_id)
    z = rng.normal(size=(n, dims)).astype(np.float32)
    z[1] = z[0]  # a tie
    probabilities = rng.dirichlet(np.ones(3), n) if classifier else np.empty((n, 0))
    ids = np.arange(first_id, first_id + n, dtype=np.int64)
    labels = rng.integers(-1, 3, n)
    std = rng.uniform(0.1, 0.5, z.shape) if posterior else np.empty((n, 0))
    none = np.empty((n, 0), np.float32)
    return Latents(ids, z, labels, half(probabilities), half(std), none, none)


def half(values: np.ndarray) -> np.ndarray:
    """As precise as a file of latents holds them."""
    return values.astype(np.float16).astype(np.float32)


def make_run(
    folder: Path,
    *,
    dims: int = 2,
    targets: bool = True,
    classifier: bool = True,
    svm: bool = False,
    posterior: bool = False,
    train: Latents | None = None,
) -> Run:
    """A run of random latents, without a network."""
    folder.mkdir()
    train = train or latents(TRAIN, 1000, dims=dims, classifier=classifier, posterior=posterior)
    test = latents(TEST, 2**52, dims=dims, classifier=classifier, posterior=posterior)
    files = {LATENTS: write_latents(folder, {"train": train, "test": test})}
    if svm:
        files[SVM] = write_svm(folder, fit_svm(train.z, train.labels, n_classes=3))
    layout = TargetsPart(centres=TARGETS.centres.tolist(), radii=TARGETS.radii.tolist())
    card = Card(
        name=folder.name,
        status="finished",
        method="supervised",
        config={},
        paper="",
        data=DataPart(name="textures", settings={}, train_items=len(train.ids), test_items=TEST),
        classes=CLASSES,
        shape=(1, 4, 4),
        latent_dims=dims,
        has_decoder=False,
        targets=layout if targets else None,
        training={},
        epochs_done=1,
        device="cpu",
        command="latent-explorer train",
        created="2026-01-01T00:00:00+00:00",
        versions={},
        files=files,
    )
    write_card(folder, card)
    return Run(folder)


@pytest.fixture
def space(tmp_path: Path) -> LatentMap:
    return latent_map(make_run(tmp_path / "tiny"))


def test_query_at_a_point_is_its_latent(space):
    query = query_at(space, row=7)
    assert query.row == 7
    assert query.z.tolist() == space.latents.z[7].tolist()


def test_query_at_an_empty_place_is_the_latent_there(space):
    query = query_at(space, place=(0.25, -3.5))
    assert query.row is None
    assert query.z.tolist() == [0.25, -3.5]


def test_query_on_a_flattened_map_is_inverted(tmp_path):
    space = latent_map(make_run(tmp_path / "deep", dims=5, targets=False))
    query = query_at(space, place=(0.25, -3.5))
    assert query.z.shape == (5,)
    assert space.projection.apply(query.z[None])[0] == pytest.approx([0.25, -3.5])


def neighbour_map(tmp_path: Path) -> LatentMap:
    """Five dimensions on a made-up map, in which item i of the run's order lies at (i, 0)."""
    space = latent_map(make_run(tmp_path / "deep", dims=5, targets=False))
    places = np.stack([np.arange(TRAIN + TEST), np.zeros(TRAIN + TEST)], axis=1).astype(np.float32)
    return laid_out(space, "umap", Places(places, 0.9))


def test_place_on_a_map_by_neighbours_has_no_latent_and_finds_what_lies_near_on_the_map(tmp_path):
    space = neighbour_map(tmp_path)
    query = query_at(space, place=(6.2, 0.5))
    assert query.z is None
    assert query.place.tolist() == [6.2, 0.5]
    answer = search(space, query, k=3, measure="latent similarity", boundary_similarity=0.79)
    assert space.latents.ids[answer.hits.rows].tolist() == [1006, 1007, 1005]
    assert answer.distances == pytest.approx(np.hypot([0.2, 0.8, 1.2], 0.5))
    assert answer.similarities is None
    assert answer.classes is None


def test_point_on_a_map_by_neighbours_finds_its_neighbours_in_the_latent_space(tmp_path):
    space = neighbour_map(tmp_path)
    flat = latent_map(Run(tmp_path / "deep"))
    query = query_at(space, row=9)
    assert query.place.tolist() == space.places[9].tolist()
    found, wanted = (
        search(one, query_at(one, row=9), k=5, measure="Euclidean", boundary_similarity=0.79) for one in (space, flat)
    )
    assert found.hits.rows.tolist() == wanted.hits.rows.tolist()
    assert found.distances.tolist() == wanted.distances.tolist()


@pytest.mark.parametrize("row", [-1, TRAIN + TEST, 10**12])
def test_point_that_is_not_there_is_refused(space, row):
    with pytest.raises(BadValueError, match=f"no item {row} on this map; it has 55"):
        query_at(space, row=row)


@pytest.mark.parametrize("place", [None, (float("nan"), 0.0), (0.0, float("inf")), (1.0,), (1.0, 2.0, 3.0)])
def test_place_that_is_none_is_refused(space, place):
    with pytest.raises(BadValueError, match="two finite numbers"):
        query_at(space, place=place)


def slow_similarities(space: LatentMap, z: np.ndarray, boundary: float) -> list[float]:
    targets = space.targets
    own, gallery = (
        reference.class_similarity(points, targets.centres, targets.radii, boundary)
        for points in ([z], space.latents.z.astype(float))
    )
    return reference.latent_similarity(own, gallery)[0]


@pytest.mark.parametrize("row", range(0, TRAIN + TEST, 6))
def test_euclidean_search_equals_brute_force(space, row):
    query = query_at(space, row=row)
    answer = search(space, query, k=12, measure="Euclidean", boundary_similarity=0.79)
    slow = [float(np.sqrt(((z.astype(float) - query.z) ** 2).sum())) for z in space.latents.z]
    assert answer.hits.rows.tolist() == reference.best(slow, 12, largest=False, leave_out=row)
    assert answer.distances == pytest.approx([slow[hit] for hit in answer.hits.rows])
    similar = slow_similarities(space, query.z, 0.79)
    assert answer.similarities == pytest.approx([similar[hit] for hit in answer.hits.rows])


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.floats(-2, 2), st.floats(-2, 2), st.integers(0, 100).map(lambda percent: percent / 100))
def test_similarity_search_equals_brute_force(space, x, y, boundary):
    query = query_at(space, place=(x, y))
    answer = search(space, query, k=12, measure="latent similarity", boundary_similarity=boundary)
    slow = np.array(slow_similarities(space, query.z, boundary))
    # Values to the last bits only: which of two equally similar items is the better one is a matter of rounding.
    assert answer.similarities == pytest.approx(np.sort(slow)[::-1][:12], abs=1e-9)
    assert slow[answer.hits.rows] == pytest.approx(answer.similarities, abs=1e-9)
    assert len(set(answer.hits.rows.tolist())) == 12
    assert answer.classes == pytest.approx(
        reference.class_similarity([query.z], TARGETS.centres, TARGETS.radii, boundary)[0], abs=1e-9
    )


@pytest.mark.parametrize("measure", ["latent similarity", "Euclidean"])
def test_query_never_retrieves_itself_but_its_twin(space, measure):
    for row in range(len(space)):
        answer = search(space, query_at(space, row=row), k=len(space), measure=measure, boundary_similarity=0.79)
        assert sorted(answer.hits.rows.tolist()) == [other for other in range(len(space)) if other != row]
    twins = np.flatnonzero(np.isin(space.latents.ids, [1000, 1001]))
    near = search(space, query_at(space, row=int(twins[0])), k=1, measure=measure, boundary_similarity=0.79)
    assert near.distances.tolist() == ([0] if measure == "Euclidean" else [near.distances[0]])


def test_place_on_top_of_a_point_retrieves_it(space):
    x, y = space.places[3].tolist()
    answer = search(space, query_at(space, place=(x, y)), k=2, measure="Euclidean", boundary_similarity=0.79)
    assert answer.distances[0] == 0


def test_moving_the_boundary_similarity_changes_the_ranking(tmp_path):
    # Asked half way between classes 0 and 1, v = (0.65, 0.65, 0.17) b_c. The item at centre 0 has v = (1, 0, 0)
    # whatever b_c is, so it is 0.07 similar for b_c = 0.1 and 0.44 for 0.9; the one outside circle 0 has
    # v = (0.42, 0, 0) b_c, so it is always 0.28 similar.
    first, second = TARGETS.centres[:2]
    z = np.array([first, first + [1, 0]], np.float32)
    none = np.empty((2, 0), np.float32)
    train = Latents(np.arange(2), z, np.zeros(2, np.int64), none, none, none, none)
    space = latent_map(make_run(tmp_path / "made", classifier=False, train=train))
    half_way = (first + second) / 2
    query, found = query_at(space, place=(half_way[0], half_way[1])), {}
    for boundary in (0.1, 0.9):
        answer = search(space, query, k=99, measure="latent similarity", boundary_similarity=boundary)
        similar = dict(zip(space.latents.ids[answer.hits.rows].tolist(), answer.similarities.tolist(), strict=True))
        found[boundary] = [(item, round(value, 2)) for item, value in similar.items() if item in (0, 1)]
    assert found == {0.1: [(1, 0.28), (0, 0.07)], 0.9: [(0, 0.44), (1, 0.28)]}


def test_ranking_by_distance_does_not_depend_on_the_boundary_similarity(space):
    rows = [
        search(space, query_at(space, row=0), k=9, measure="Euclidean", boundary_similarity=b).hits.rows.tolist()
        for b in (0.1, 0.9)
    ]
    assert rows[0] == rows[1]


def test_run_without_configured_classes_answers_by_distance_only(tmp_path):
    space = latent_map(make_run(tmp_path / "free", targets=False))
    answer = search(space, query_at(space, row=0), k=3, measure="Euclidean", boundary_similarity=0.79)
    assert answer.similarities is None
    assert answer.classes is None
    with pytest.raises(BadValueError, match="use Euclidean"):
        search(space, query_at(space, row=0), k=3, measure="latent similarity", boundary_similarity=0.79)


def test_more_hits_than_items_gives_all_others(space):
    answer = search(space, query_at(space, row=0), k=500, measure="Euclidean", boundary_similarity=0.79)
    assert len(answer.hits.rows) == len(answer.distances) == len(answer.similarities) == TRAIN + TEST - 1


@given(
    place=st.tuples(st.floats(-3, 3), st.floats(-3, 3)),
    boundaries=st.tuples(st.floats(0.05, 1), st.floats(0.05, 1)),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_outside_every_circle_b_c_does_not_change_the_order_of_hits(space, place, boundaries):
    query = query_at(space, place=place)
    found = [search(space, query, k=5, measure="latent similarity", boundary_similarity=b) for b in boundaries]
    gaps = np.linalg.norm(np.vstack([query.z, space.latents.z[found[0].hits.rows]])[:, None] - TARGETS.centres, axis=2)
    is_outside = bool((gaps > TARGETS.radii).all())
    assert found[0].is_outside == (is_outside and found[0].ranked_by == "latent similarity")
    if found[0].is_outside and found[1].is_outside:
        assert found[0].similarities == pytest.approx(found[1].similarities)
