"""A parametric human body: a skeleton of joints, and tubes of vertices around its bones.

Lengths are shares of the stature, after the usual tables of body segments (Drillis and Contini);
shape and pose come in, so that nothing here is random.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
AROUND = 12  # vertices of a ring
TORSO_RINGS, LIMB_RINGS, HEAD_RINGS = 9, 5, 7
RINGS = np.array([TORSO_RINGS, HEAD_RINGS, *[LIMB_RINGS] * 13])  # of each tube, in the order of the vertices
SIDES = (-1, 1)  # right, left: x grows to the body's left, y up, z forward
SHAPE = ("stature", "shoulders", "waist", "hips", "depth", "bust", "girth")
POSE = (
    *("bend", "lean", "twist", "nod", "turn"),
    *(f"{joint} {side}" for joint in ("arm out", "arm forward", "elbow") for side in ("right", "left")),
    *(f"{joint} {side}" for joint in ("leg out", "leg forward", "knee") for side in ("right", "left")),
)


@dataclass(frozen=True)
class Frame:
    """A place and a direction of each body.

    Args:
        origin: shape (n, 3).
        turn: rotation, shape (n, 3, 3).
    """

    origin: Array
    turn: Array

    def at(self, x: Array | float, y: Array | float, z: Array | float) -> Array:
        """Points given in this frame, each coordinate a number or of shape (n,), to the body's own, (n, 3)."""
        n = len(self.origin)
        local = np.stack([np.broadcast_to(part, n) for part in (x, y, z)], axis=1)
        return np.asarray(self.origin + np.einsum("nij,nj->ni", self.turn, local))


def vertices(shape: Mapping[str, Array], pose: Mapping[str, Array]) -> Array:
    """Vertices of bodies.

    Args:
        shape: for each name in SHAPE an array (n,): "stature" in metres; widths of shoulders, waist and hips, "depth"
            of the trunk and "bust" as shares of the stature; "girth" of the limbs as a factor around 1.
        pose: for each name in POSE an angle in radians, (n,); 0 stands upright with hanging arms.

    Returns:
        Metres, shape (n, v, 3), the pelvis at the origin; always the same vertices in the same order.
    """
    pelvis, chest, neck = _spine(shape, pose)
    parts = [_trunk(shape, pelvis, chest), _head(shape, neck), _neck(shape, chest, neck)]
    for side, name in zip(SIDES, ("right", "left"), strict=True):
        parts += _arm(shape, pose, chest, side, name) + _leg(shape, pose, pelvis, side, name)
    return np.concatenate(parts, axis=1)


def bones(points: NDArray[np.floating]) -> Array:
    """Directions of the bones of bodies, read off their vertices: the pose, whatever the size and the shape.

    Args:
        points: vertices in the order of `vertices`, shape (n, v, 3) or (n, 3v).

    Returns:
        From each tube's first ring to its last, unit vectors, shape (n, 15, 3).
    """
    rings = np.asarray(points, np.float64).reshape(len(points), -1, AROUND, 3).mean(axis=2)
    ends = np.cumsum(RINGS)
    along = rings[:, ends - 1] - rings[:, ends - RINGS]
    return np.asarray(along / np.linalg.norm(along, axis=2, keepdims=True))


def faces() -> NDArray[np.int64]:
    """Triangles between the vertices, shape (m, 3): the sides of all tubes, whose ends are open."""
    found, start = [], 0
    for rings in RINGS:
        for ring in range(rings - 1):
            for step in range(AROUND):
                a, b = (start + ring * AROUND + (step + k) % AROUND for k in (0, 1))
                found += [(a, b, a + AROUND), (b, b + AROUND, a + AROUND)]
        start += rings * AROUND
    return np.array(found, np.int64)


def _about(axis: int, angle: Array) -> Array:
    """Rotations about an axis (0 is x), shape (n, 3, 3)."""
    turn = np.tile(np.eye(3), (len(angle), 1, 1))
    first, second = (axis + 1) % 3, (axis + 2) % 3
    turn[:, first, first] = turn[:, second, second] = np.cos(angle)
    turn[:, second, first] = np.sin(angle)
    turn[:, first, second] = -np.sin(angle)
    return turn


def _spine(shape: Mapping[str, Array], pose: Mapping[str, Array]) -> tuple[Frame, Frame, Frame]:
    """Frames of pelvis, chest and neck; the trunk bends between the first two."""
    tall, n = shape["stature"], len(shape["stature"])
    pelvis = Frame(np.zeros((n, 3)), np.tile(np.eye(3), (n, 1, 1)))
    turn = _about(1, pose["twist"]) @ _about(2, pose["lean"]) @ _about(0, pose["bend"])
    chest = Frame(pelvis.at(0, 0.12 * tall, 0), turn)
    head = turn @ _about(1, pose["turn"]) @ _about(0, pose["nod"])
    return pelvis, chest, Frame(chest.at(0, 0.19 * tall, 0), head)


def _rings(frames: list[Frame], width: list[Array], depth: list[Array], bulge: Array | None = None) -> Array:
    """Elliptic rings, one around each frame's origin, shape (n, rings * AROUND, 3)."""
    angle = 2 * np.pi * np.arange(AROUND) / AROUND
    rings = []
    for number, (frame, a, b) in enumerate(zip(frames, width, depth, strict=True)):
        x, z = np.outer(a, np.cos(angle)), np.outer(b, np.sin(angle))  # (n, AROUND)
        if bulge is not None:
            z = z + np.outer(bulge[:, number], np.clip(np.sin(angle), 0, None) ** 2)
        local = np.stack([x, np.zeros_like(x), z], axis=2)
        rings.append(frame.origin[:, None] + np.einsum("nij,nkj->nki", frame.turn, local))
    return np.concatenate(rings, axis=1)


def _trunk(shape: Mapping[str, Array], pelvis: Frame, chest: Frame) -> Array:
    """From the hips to the shoulders; below the waist it turns with the pelvis, above with the chest."""
    tall = shape["stature"]
    wide = np.stack([shape["hips"], shape["hips"], shape["waist"], shape["shoulders"], shape["shoulders"]])
    levels = np.linspace(0, 1, TORSO_RINGS)
    frames, width, depth = [], [], []
    for level in levels:
        if level <= 0.5:  # noqa: PLR2004 - the waist
            frames.append(Frame(pelvis.at(0, (0.24 * level - 0.02) * tall, 0), pelvis.turn))
        else:
            frames.append(Frame(chest.at(0, 0.36 * (level - 0.5) * tall, 0), chest.turn))
        part = level * (len(wide) - 1)
        low, share = min(int(part), len(wide) - 2), part - min(int(part), len(wide) - 2)
        width.append(tall * (wide[low] * (1 - share) + wide[low + 1] * share) * (0.5 if level < 1 else 0.3))
        depth.append(tall * shape["depth"] * (0.5 if level < 1 else 0.3))
    bump = np.exp(-(((levels - 0.75) / 0.1) ** 2))
    return _rings(frames, width, depth, np.outer(tall * shape["bust"], bump))


def _head(shape: Mapping[str, Array], neck: Frame) -> Array:
    """An ellipsoid above the neck."""
    tall = shape["stature"]
    turns = np.linspace(-0.45, 0.45, HEAD_RINGS) * np.pi
    frames = [Frame(neck.at(0, (0.085 + 0.07 * np.sin(turn)) * tall, 0.01 * tall), neck.turn) for turn in turns]
    return _rings(frames, [0.048 * np.cos(t) * tall for t in turns], [0.058 * np.cos(t) * tall for t in turns])


def _neck(shape: Mapping[str, Array], chest: Frame, neck: Frame) -> Array:
    """From between the shoulders to within the head."""
    tall = shape["stature"]
    foot, top = chest.at(0, 0.165 * tall, 0), neck.at(0, 0.04 * tall, 0.005 * tall)
    frames = [Frame(foot + level * (top - foot), chest.turn) for level in np.linspace(0, 1, LIMB_RINGS)]
    return _rings(frames, [0.027 * tall] * LIMB_RINGS, [0.027 * tall] * LIMB_RINGS)


def _limb(start: Frame, length: Array, thick: Array, thin: Array) -> tuple[Array, Array]:
    """A tube downwards from a frame, and where it ends: (n, rings * AROUND, 3) and (n, 3)."""
    levels = np.linspace(0, 1, LIMB_RINGS)
    frames = [Frame(start.at(0, -level * length, 0), start.turn) for level in levels]
    radii = [thick * (1 - level) + thin * level for level in levels]
    return _rings(frames, radii, radii), start.at(0, -length, 0)


def _arm(shape: Mapping[str, Array], pose: Mapping[str, Array], chest: Frame, side: int, name: str) -> list[Array]:
    tall, girth = shape["stature"], shape["stature"] * shape["girth"]
    shoulder = chest.at(side * shape["shoulders"] * tall * 0.44, 0.155 * tall, 0)
    turn = chest.turn @ _about(0, -pose[f"arm forward {name}"]) @ _about(2, side * pose[f"arm out {name}"])
    upper, elbow = _limb(Frame(shoulder, turn), 0.186 * tall, 0.028 * girth, 0.022 * girth)
    turn = turn @ _about(0, -pose[f"elbow {name}"])
    fore, wrist = _limb(Frame(elbow, turn), 0.146 * tall, 0.022 * girth, 0.015 * girth)
    hand, _ = _limb(Frame(wrist, turn), 0.1 * tall, 0.02 * girth, 0.008 * girth)
    return [upper, fore, hand]


def _leg(shape: Mapping[str, Array], pose: Mapping[str, Array], pelvis: Frame, side: int, name: str) -> list[Array]:
    tall, girth = shape["stature"], shape["stature"] * shape["girth"]
    hip = pelvis.at(side * shape["hips"] * tall / 4, 0, 0)
    turn = pelvis.turn @ _about(0, -pose[f"leg forward {name}"]) @ _about(2, side * pose[f"leg out {name}"])
    thigh, knee = _limb(Frame(hip, turn), 0.245 * tall, 0.05 * girth, 0.033 * girth)
    turn = turn @ _about(0, pose[f"knee {name}"])
    shin, ankle = _limb(Frame(knee, turn), 0.246 * tall, 0.033 * girth, 0.02 * girth)
    quarter = _about(0, np.full(len(tall), -np.pi / 2))
    foot, _ = _limb(Frame(ankle, turn @ quarter), 0.14 * tall, 0.025 * girth, 0.018 * girth)
    return [thigh, shin, foot]
