"""Two runs side by side: what is turned, what is carried, and which runs may lie so."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.stats import ortho_group

from explorer.errors import BadValueError
from explorer.latent.alignment import RigidMotion
from explorer.workflows.beside import Beside, Common, agreement, companions, items_in_common, lay_beside
from explorer.workflows.linear_maps import linear_map
from explorer.workflows.maps import LatentMap, laid_out, latent_map
from explorer.workflows.projecting import Places
from explorer.workflows.runs import ShelfEntry
from explorer.zoo.card import Card
from explorer.zoo.run import Run
from tests.workflows.test_search import TEST, TRAIN, latents, make_run

N = TRAIN + TEST
QUICK = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def run(tmp_path) -> Run:
    return make_run(tmp_path / "tiny")


@pytest.fixture
def space(run) -> LatentMap:
    return latent_map(run)


def copy_of(space: LatentMap, turn: np.ndarray, shift: np.ndarray) -> LatentMap:
    """The same items turned in their latent space, and in another order."""
    order = np.random.default_rng(9).permutation(len(space))
    one = space.latents
    z = (one.z @ turn + shift).astype(np.float32)
    shuffled = replace(one, ids=one.ids[order], z=z[order], labels=one.labels[order])
    return replace(space, latents=shuffled, places=z[order])


@QUICK
@given(st.integers(0, 2**32 - 1))
def test_a_turned_copy_comes_back_onto_the_map(run, space, seed):
    turn = ortho_group.rvs(2, random_state=seed)
    other = copy_of(space, turn, np.array([3, -5]))
    found = lay_beside(space, run.card, other, run.card)
    assert len(found.common) == N
    assert found.space.places[found.common.second] == pytest.approx(space.places[found.common.first], abs=1e-5)
    assert found.space.projection.apply(other.latents.z) == pytest.approx(found.space.places, abs=1e-5)
    assert found.space.projection.invert(found.space.places) == pytest.approx(other.latents.z, abs=1e-5)
    assert found.motion.is_mirrored == (np.linalg.det(turn) < 0)
    assert agreement(space, found) == 1


def test_centres_and_circles_turn_with_the_map(run, space):
    quarter = np.array([[0.0, 1], [-1, 0]])
    found = lay_beside(space, run.card, copy_of(space, quarter, np.array([2, 2])), run.card)
    centres = space.targets.centres  # those of the copy are the same numbers, in the copy's latent space
    assert [circle[:2] for circle in found.space.circles] == [
        pytest.approx(place) for place in (centres - [2, 2]) @ quarter.T
    ]
    assert [circle[2] for circle in found.space.circles] == space.targets.radii.tolist()
    assert found.words == "turned by 90 degrees clockwise"
    assert (found.space.is_latent, found.space.onto, found.space.axes) == (True, "tiny", ("turned 1", "turned 2"))


@pytest.mark.parametrize("name", ["pca", "z2-z4", "pca~sample"])
def test_flat_maps_of_deep_latents_turn_exactly(tmp_path, name):
    runs = [
        make_run(
            tmp_path / f"deep{dims}",
            dims=dims,
            targets=False,
            posterior=True,
            train=latents(TRAIN, 1000, dims=dims, posterior=True),
        )
        for dims in (4, 6)
    ]
    first, second = (latent_map(one) for one in runs)
    other = linear_map(second, name)
    found = lay_beside(first, runs[0].card, other, runs[1].card)
    moved = found.motion.apply(other.projection.apply(other.latents.z))
    assert found.space.projection.apply(other.latents.z) == pytest.approx(moved)
    place = np.array([[0.3, -2.0]])
    assert found.space.projection.apply(found.space.projection.invert(place)) == pytest.approx(place)
    off = found.space.places[found.common.second] - first.places[found.common.first]
    assert off.mean(axis=0) == pytest.approx(0, abs=1e-5)
    assert found.space.name == name
    assert 0 <= agreement(first, found) < 1


def test_map_by_neighbours_is_turned_too(tmp_path):
    run = make_run(tmp_path / "deep", dims=4, targets=False)
    first = latent_map(run)
    laid = laid_out(first, "umap", Places(np.zeros((N, 2), np.float32), 0.5))
    other = replace(laid, places=(first.places * [1, -1]).astype(np.float32))
    found = lay_beside(first, run.card, other, run.card)
    assert found.space.places == pytest.approx(first.places, abs=1e-5)
    assert found.space.projection is None
    assert found.words == "mirrored top to bottom"


@pytest.mark.parametrize(
    ("degrees", "is_mirrored", "words"),
    [
        (0.2, False, "not turned"),
        (34.4, False, "turned by 34 degrees counter-clockwise"),
        (-1.2, False, "turned by 1 degree clockwise"),
        (-179.9, False, "turned by 180 degrees"),
        (0, True, "mirrored top to bottom"),
        (90, True, "mirrored top to bottom and turned by 90 degrees counter-clockwise"),
    ],
)
def test_motion_is_told_in_words(space, degrees, is_mirrored, words):
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    turn = np.diag([1, -1 if is_mirrored else 1]) @ turn
    nothing = Common(np.empty(0, np.intp), np.empty(0, np.intp), 0, 0)
    assert Beside(space, nothing, RigidMotion(np.zeros(2), turn, np.zeros(2))).words == words


@QUICK
@given(st.integers(0, 2**32 - 1))
def test_selection_is_carried_by_id_both_ways(space, seed):
    rng = np.random.default_rng(seed)
    some = rng.permutation(N)[:30]  # the second map lacks items, and has others
    ids = np.concatenate([space.latents.ids[some], 10**6 + np.arange(7)])
    nothing = np.zeros((37, 2), np.float32)
    other = replace(space, latents=replace(space.latents, ids=ids), places=nothing)
    common = items_in_common(space, other)
    mask = rng.random(N) < 0.4
    there = common.on_second(mask)
    assert len(common) == 30
    assert set(ids[there]) == set(space.latents.ids[mask]) & set(ids)
    assert common.on_first(there).tolist() == (mask & np.isin(space.latents.ids, ids)).tolist()


def changed(card: Card, **data: object) -> Card:
    return card.model_copy(update={"data": card.data.model_copy(update=data)})


def test_companions_are_runs_on_the_same_data(run):
    card = run.card
    shelf = {
        "tiny": card,
        "same": changed(card, settings={"n": 999}),  # other settings of the same data keep ids
        "other": changed(card, name="digits"),
        "import": changed(card, identity="x1"),
        "named": changed(card, settings={"name": "photos"}),
        "unfinished": card.model_copy(update={"files": {}}),
        "broken": None,
    }
    entries = [ShelfEntry(name, Path(name), one, "") for name, one in shelf.items()]
    assert companions("tiny", card, entries) == ["same"]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"name": "digits"}, "tiny was trained on digits and tiny on textures; choose another run on textures"),
        ({"identity": "x1"}, "different imports of textures"),
    ],
)
def test_runs_on_other_data_are_refused(run, space, data, words):
    with pytest.raises(BadValueError, match=words):
        lay_beside(space, run.card, space, changed(run.card, **data))


def test_fewer_than_three_items_in_common_are_refused(run, space):
    ids = np.arange(N) + 10**7
    ids[:2] = space.latents.ids[:2]
    other = replace(space, latents=replace(space.latents, ids=ids))
    with pytest.raises(BadValueError, match="have 2 items in common, and 3 are needed"):
        lay_beside(space, run.card, other, run.card)
