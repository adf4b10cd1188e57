import numpy as np
import pytest

from explorer.data.anatomy import AROUND, POSE, SHAPE, bones, faces, vertices
from explorer.data.bodies import MEANS, BodiesConfig, load

UPRIGHT = {name: np.zeros(1) for name in POSE}
MEAN = {name: np.array([sum(MEANS[name]) / 2]) for name in SHAPE}


def body(**changes: float) -> np.ndarray:
    """Vertices of one body of mean shape, upright but for these settings (radians)."""
    pose = {name: np.array([changes.get(name, 0.0)]) for name in POSE}
    shape = {name: np.array([changes[name]]) if name in changes else MEAN[name] for name in SHAPE}
    return vertices(shape, pose)[0]


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return load(BodiesConfig(n=600), tmp_path_factory.mktemp("data"))


def test_upright_body_is_as_tall_as_it_is_said_to_be_and_the_same_on_both_sides():
    points = body()
    assert np.ptp(points[:, 1]) == pytest.approx(MEAN["stature"][0], rel=0.05)
    mirrored = points * [-1, 1, 1]
    assert all(np.abs(points - point).max(axis=1).min() < 1e-9 for point in mirrored)


def test_size_scales_everything():
    assert body(stature=2.0) == pytest.approx(2 * body(stature=1.0))


@pytest.mark.parametrize("name", POSE)
def test_each_joint_moves_a_part_and_leaves_another(name):
    moved = np.linalg.norm(body(**{name: 0.6}) - body(), axis=1)
    assert moved.max() > 0.02
    assert (moved < 1e-12).sum() > AROUND


@pytest.mark.parametrize(
    ("joint", "axis", "sign"),
    [("arm out left", 0, 1), ("arm out right", 0, -1), ("arm forward left", 2, 1), ("leg forward right", 2, 1),
     ("knee left", 2, -1), ("elbow right", 2, 1), ("bend", 2, 1)],
)  # fmt: skip
def test_joints_turn_the_way_a_body_does(joint, axis, sign):
    moved = body(**{joint: 0.8}) - body()
    farthest = moved[np.linalg.norm(moved, axis=1).argmax()]
    assert np.sign(farthest[axis]) == sign


def test_bones_keep_their_lengths_in_every_pose():
    rng = np.random.default_rng(0)
    upright, bent = body(), body(**dict(zip(POSE, rng.uniform(-0.5, 0.5, len(POSE)), strict=True)))
    for start in range(len(upright) - 12 * 5 * AROUND, len(upright), 5 * AROUND):  # each tube of a limb
        tube, other = (points[start : start + 5 * AROUND] for points in (upright, bent))
        lengths = [np.linalg.norm(part[:AROUND].mean(axis=0) - part[-AROUND:].mean(axis=0)) for part in (tube, other)]
        assert lengths[0] == pytest.approx(lengths[1])


def test_faces_are_triangles_of_neighbours():
    points, triangles = body(), faces()
    assert triangles.min() == 0
    assert triangles.max() == len(points) - 1
    assert len(np.unique(triangles)) == len(points)
    sides = np.linalg.norm(points[triangles] - points[np.roll(triangles, 1, axis=1)], axis=2)
    assert sides.max() < 0.2


def test_pose_varies_far_more_than_the_sex(dataset):
    items, labels = np.asarray(dataset.items), dataset.labels
    between = np.square(items[labels == 0].mean(axis=0) - items[labels == 1].mean(axis=0)).mean()
    within = items[labels == 0].var(axis=0).mean()
    assert within > 10 * between


def test_sexes_overlap_in_size_and_share_their_poses(dataset):
    tall = dataset.factors["stature"]
    shortest_man, tallest_woman = tall[dataset.labels == 1].min(), tall[dataset.labels == 0].max()
    assert shortest_man < tall.mean() < tallest_woman
    assert tall[dataset.labels == 1].mean() - tall[dataset.labels == 0].mean() == pytest.approx(0.13, abs=0.02)
    for name in POSE:
        angles = dataset.factors[name]
        assert abs(angles[dataset.labels == 0].mean() - angles[dataset.labels == 1].mean()) < 0.15 * np.ptp(angles)


def test_body_depends_on_its_number_alone_and_the_split_is_a_fifth(dataset, tmp_path):
    fewer = load(BodiesConfig(n=300), tmp_path)
    assert np.array_equal(fewer.items, dataset.items[:300])
    assert fewer.ids.tolist() == dataset.ids[:300].tolist()
    assert dataset.is_test.mean() == pytest.approx(0.2)
    assert np.bincount(dataset.labels[dataset.is_test]).tolist() == [60, 60]


def test_vertices_come_from_the_factors_and_the_cache(dataset, tmp_path):
    told = []
    load(BodiesConfig(n=300), tmp_path, lambda *of: told.append(of))
    again = load(BodiesConfig(n=300), tmp_path, lambda *of: told.append(of))
    assert told == [(250, 300), (300, 300)]
    assert isinstance(again.items, np.memmap)
    height = np.asarray(dataset.items).reshape(600, -1, 3)[:, :, 1]
    assert np.corrcoef(np.ptp(height, axis=1), dataset.factors["stature"])[0, 1] > 0.1


def test_bones_say_the_pose_and_nothing_of_the_shape():
    slim, broad = (bones(body(bend=0.3, stature=tall, girth=girth)[None]) for tall, girth in ((1.5, 0.9), (1.9, 1.2)))
    np.testing.assert_allclose(slim, broad, atol=1e-9)
    turned = bones(body(**{"bend": 0.3, "elbow left": 0.5})[None])
    angles = np.arccos((slim * turned).sum(axis=2).clip(-1, 1))[0]
    assert angles.max() == pytest.approx(0.5)
    assert (angles > 1e-6).sum() == 2, "the forearm and the hand"
    np.testing.assert_allclose(np.linalg.norm(slim, axis=2), 1)
