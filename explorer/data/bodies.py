"""The data set `bodies`: vertices of human bodies, female and male, in many poses, computed.

Reference: Rudolph, Wandt and Rosenhahn, Structuring autoencoders, section 3.7, whose meshes are not free.
"""

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from explorer.data.anatomy import POSE, SHAPE, faces, vertices
from explorer.data.cache import through_cache
from explorer.data.dataset import Dataset, DatasetSource, Progress
from explorer.fields import Config, hyper

CLASSES = ("female", "male")
VERSION = 1  # raise it when the vertices change
CHUNK = 250  # bodies that share a random stream
TEST_EACH = 5  # every so many bodies one is for the test
DIGITS = 4  # millimetres and a tenth: nothing below is meant
# Mean of each sex and the spread that both share: the ranges overlap in each of them.
MEANS = {
    "stature": (1.64, 1.77),
    "shoulders": (0.215, 0.235),
    "waist": (0.155, 0.172),
    "hips": (0.205, 0.190),
    "depth": (0.115, 0.125),
    "bust": (0.024, 0.006),
    "girth": (0.97, 1.06),
}
SPREADS = dict(zip(SHAPE, (0.07, 0.012, 0.014, 0.012, 0.012, 0.006, 0.08), strict=True))
# Lowest and highest angle of each joint, degrees.
RANGES = {
    "bend": (-15, 50), "lean": (-20, 20), "twist": (-35, 35), "nod": (-25, 30), "turn": (-50, 50),
    "arm out": (0, 120), "arm forward": (-40, 130), "elbow": (0, 130),
    "leg out": (0, 40), "leg forward": (-25, 90), "knee": (0, 110),
}  # fmt: skip


class BodiesConfig(Config):
    """Settings of the data set `bodies`."""

    n: int = hyper(4000, low=20, high=200_000, help="Bodies, a fifth of them for the test", unit="bodies")
    seed: int = hyper(0, low=0, high=99_999_999, help="Another seed gives other bodies")


def load(config: BodiesConfig, data_root: Path, progress: Progress | None = None) -> Dataset:
    """Read the data set from its cache, or compute and cache it.

    Args:
        config: the settings.
        data_root: the cache lies in its folder `bodies`.
        progress: called with (bodies done, bodies in all).

    Returns:
        Vectors x, y, z of each vertex in metres, the pelvis at the origin, shape (n, 3v), memory-mapped; classes
        take turns; factors are the stature in metres and the angle of each joint in degrees. A body depends on the
        seed and its number alone. `explorer.data.anatomy.faces` gives the triangles.
    """
    return through_cache(
        data_root / "bodies" / f"v{VERSION}-n{config.n}-seed{config.seed}",
        json.dumps({"version": VERSION, **config.model_dump()}),
        lambda: _computed(config, progress),
        name="bodies",
    )


def _computed(config: BodiesConfig, progress: Progress | None) -> Dataset:
    parts, shapes, poses = [], [], []
    for chunk, start in enumerate(range(0, config.n, CHUNK)):
        shape, pose = _drawn(config, chunk)
        count = min(CHUNK, config.n - start)
        points = vertices(shape, {name: np.radians(angle) for name, angle in pose.items()})[:count]
        parts.append(points.reshape(count, -1).round(DIGITS).astype(np.float32))
        shapes.append(shape["stature"][:count])
        poses.append(np.stack([pose[name] for name in POSE], axis=1)[:count])
        if progress:
            progress(start + count, config.n)
    numbers, angles = np.arange(config.n), np.concatenate(poses)
    factors = {"stature": np.concatenate(shapes).round(3)}
    factors |= {name: angles[:, column].round(1) for column, name in enumerate(POSE)}
    return Dataset(
        name="bodies",
        items=np.concatenate(parts),
        labels=numbers % len(CLASSES),
        classes=CLASSES,
        ids=(config.seed << 20) + numbers,
        is_test=numbers // len(CLASSES) % TEST_EACH == 0,
        factors=factors,
    )


def _drawn(config: BodiesConfig, chunk: int) -> tuple[dict[str, NDArray[np.float64]], dict[str, NDArray[np.float64]]]:
    """Shape and pose (degrees) of some bodies; the sex moves the shape alone."""
    rng = np.random.default_rng([config.seed, chunk])
    sex = np.arange(CHUNK) % len(CLASSES)
    shape = {
        name: np.array(MEANS[name])[sex] + SPREADS[name] * rng.normal(size=CHUNK).clip(-2.5, 2.5) for name in SHAPE
    }
    shape["bust"] = shape["bust"].clip(min=0)
    ranges = {name: RANGES[name.removesuffix(" right").removesuffix(" left")] for name in POSE}
    return shape, {name: rng.uniform(*ends, CHUNK) for name, ends in ranges.items()}


BODIES = DatasetSource(
    "bodies",
    "Human bodies as vertices, female and male, in poses that differ far more than the sexes, computed",
    BodiesConfig,
    load,
    training={"augment": False, "batch_size": 64, "epochs": 60},
    faces=faces,
)
