"""Solids that stand in a room: bed, bench, chair, guitar, piano and table."""

import numpy as np

from explorer.data.parts import DARK, DEEP, GREY, LIGHT, PALE, Part, box, ellipse, rounded, slab, smooth, tube


def bed(rng: np.random.Generator) -> list[Part]:
    """A bed with its head away from the viewer: boards, pillows and a cover."""
    length, width, height = rng.uniform(1.9, 2.4), rng.uniform(0.9, 2.0), rng.uniform(0.3, 0.5)
    head, foot, thick = rng.uniform(0.35, 0.9), rng.choice([0.0, 0.2, 0.35]), rng.uniform(0.18, 0.3)
    arch, covered = rng.choice([0.0, 0.35]) * width, length * rng.uniform(0.5, 0.72)
    top, end = height + thick, length / 2
    board = [(-width / 2, 0), (width / 2, 0), (width / 2, top + head)]
    board += [(0.3 * width * side, top + head + 0.6 * arch * head) for side in (1, -1)] + [(-width / 2, top + head)]
    parts = [
        slab(board, 0.1, "x", (-end - 0.05, 0, 0), DEEP),
        box((length, width, 0.14), (0, 0, height - 0.07), DEEP),
        box((length - 0.04, width - 0.06, thick), (0, 0, height + thick / 2), PALE),
        box((covered, width + 0.03, thick + 0.04), (end - covered / 2 + 0.01, 0, height + thick / 2 + 0.03)),
    ]
    if foot:
        parts.append(box((0.08, width, height + foot), (end + 0.04, 0, (height + foot) / 2), DEEP))
    pillows = 2 if width > 1.3 else 1
    for place in range(pillows):
        y = (place - (pillows - 1) / 2) * width / pillows
        parts.append(rounded((0.42, 0.8 * width / pillows, 0.24), (0.3 - end, y, top + 0.08), PALE, corners=0.6))
    legs = [(x, y) for x in (0.12 - end, end - 0.12) for y in (0.1 - width / 2, width / 2 - 0.1)]
    return parts + [box((0.12, 0.12, height), (x, y, height / 2), DARK) for x, y in legs]


def bench(rng: np.random.Generator) -> list[Part]:
    """A bench for a park: slats on legs, with a back that leans."""
    width, depth, height = rng.uniform(1.7, 3.0), rng.uniform(0.45, 0.65), rng.uniform(0.42, 0.52)
    seats, backs, lean = rng.integers(3, 6), rng.integers(2, 5), rng.uniform(8, 22)
    tall, supports, arms = rng.uniform(0.4, 0.6), rng.integers(2, 4), rng.random() < 0.5
    parts = []
    for x in np.linspace(-depth / 2, depth / 2, seats):
        parts.append(box((0.75 * depth / (seats - 1), width, 0.06), (x, 0, height)))
    slope = np.tan(np.radians(lean))
    for z in np.linspace(0.2, tall, backs):
        parts.append(
            box((0.05, width, 0.6 * tall / backs), (-depth / 2 - slope * z, 0, height + z), turn=(0, -lean, 0))
        )
    for y in np.linspace(-0.42, 0.42, supports) * width:
        for x in (-0.4 * depth, 0.4 * depth):
            parts.append(box((0.08, 0.08, height), (x, y, height / 2), DARK))
        back = [(-depth / 2, y, height - 0.05), (-depth / 2 - slope * (tall + 0.05), y, height + tall + 0.05)]
        parts.append(tube(back, 0.035, DARK))
        if arms:
            rest = [(0.45 * depth, y, height), (0.45 * depth, y, height + 0.25), (-depth / 2, y, height + 0.27)]
            parts.append(tube(rest, 0.035, DARK))
    return parts


def chair(rng: np.random.Generator) -> list[Part]:
    """A chair: four splayed legs, a seat, a back of one panel or of rods, sometimes arms."""
    width, depth, height = rng.uniform(0.42, 0.6), rng.uniform(0.42, 0.55), rng.uniform(0.4, 0.55)
    tall, lean, splay = rng.uniform(0.4, 0.75), rng.uniform(3, 16), rng.uniform(0.0, 0.08)
    rods, thin, corners = rng.choice([0, 2, 3, 4]), rng.uniform(0.02, 0.035), rng.uniform(0.15, 0.7)
    slope = np.tan(np.radians(lean))
    parts = [slab(ellipse(depth, width, corners=corners), 0.07, "z", (0, 0, height))]
    for x, y in [(i * depth * 0.42, j * width * 0.42) for i in (-1, 1) for j in (-1, 1)]:
        foot = (x + np.sign(x) * splay, y + np.sign(y) * splay, 0)
        parts.append(tube([foot, (x, y, height)], [0.8 * thin, thin], DEEP))

    def back(y: float, z: float) -> tuple[float, float, float]:
        return -0.45 * depth - slope * z, y, height + z

    parts += [tube([back(y, 0), back(y, tall)], thin, DEEP) for y in (-0.42 * width, 0.42 * width)]
    rail = 0.16 if rods else 0.75 * tall
    parts.append(box((0.05, width, rail), back(0, tall - rail / 2), turn=(0, -lean, 0)))
    parts += [tube([back(y, 0), back(y, tall)], 0.018, DEEP) for y in np.linspace(-0.28, 0.28, rods) * width]
    if rng.random() < 0.35:
        for y in (-0.5 * width, 0.5 * width):
            arm = [(0.3 * depth, y, height), (0.34 * depth, y, height + 0.22), back(y, 0.24)]
            parts.append(tube(arm, 0.022, DEEP))
    return parts


def guitar(rng: np.random.Generator) -> list[Part]:
    """A guitar that stands upright and shows its strings' side: waist, hole, neck and head."""
    lower, upper, waist = rng.uniform(0.38, 0.5), rng.uniform(0.26, 0.36), rng.uniform(0.18, 0.25)
    tall, thick, neck = rng.uniform(0.95, 1.25), rng.uniform(0.2, 0.36), rng.uniform(0.55, 0.85)
    half = [(lower * 0.6, 0.03), (lower, 0.27 * tall), (waist, 0.6 * tall), (upper, 0.82 * tall), (upper * 0.5, tall)]
    outline = smooth([(0.0, 0.0), *half, *((-y, z) for y, z in reversed(half))], closed=True, n=56)
    hole, hole_z, front = rng.uniform(0.1, 0.14), 0.64 * tall, thick / 2
    end, head = tall + neck, rng.uniform(0.25, 0.36)
    pegs = [(y * 0.13, end + head * share) for share in (0.35, 0.65, 0.9) for y in (-1, 1)]
    return [
        slab(outline, thick, "x", paint=DEEP),
        slab(outline * 0.93 + (0, 0.035 * tall), 0.03, "x", (front, 0, 0), LIGHT),
        slab(ellipse(2 * hole, 2 * hole), 0.02, "x", (front + 0.02, 0, hole_z), DARK),
        box((0.05, 0.4, 0.05), (front + 0.02, 0, 0.24 * tall), DARK),
        box((0.09, 0.13, neck + tall - hole_z - hole), (front, 0, (hole_z + hole + end) / 2), DARK),
        box((0.06, 0.2, head), (front - 0.03, 0, end + head / 2), DEEP, (0, -8, 0)),
        *(rounded((0.06, 0.07, 0.05), (front - 0.04, y, z), PALE) for y, z in pegs),
        slab(
            ellipse(0.03, neck + 0.6 * tall), 0.01, "x", (front + 0.06, 0, 0.24 * tall + (neck + 0.6 * tall) / 2), PALE
        ),
    ]


def piano(rng: np.random.Generator) -> list[Part]:
    """A grand piano with its lid up, the keys towards the viewer."""
    width, length = rng.uniform(1.4, 1.6), rng.uniform(1.5, 2.7)
    height, thick, angle = rng.uniform(0.6, 0.75), rng.uniform(0.26, 0.36), rng.uniform(28, 50)
    tail, bend, side = width * rng.uniform(0.4, 0.6), rng.uniform(0.35, 0.55), width / 2
    curve = smooth(
        [(-0.15 * length, side), (-bend * length, 0.75 * side), (-0.8 * length, tail - side), (-length, -0.6 * side)],
        n=20,
    )
    outline = np.array([(0.0, side), *curve, (-0.97 * length, -side), (0.0, -side)])
    top = height + thick
    prop, lid = -0.35 * length, side * float(np.tan(np.radians(angle)))  # where the lid is held, and how high
    parts = [
        slab(outline, thick, "z", (0, 0, height + thick / 2)),
        slab(outline * 0.9 - (0.05 * length, 0), 0.02, "z", (0, 0, top), GREY),
        slab(outline + (0, side), 0.05, "z", (0, -side, top + 0.03), DEEP, (angle, 0, 0)),
        box((0.3, width, 0.14), (0.15, 0, height + 0.07)),
        box((0.24, 0.9 * width, 0.04), (0.17, 0, height + 0.16), PALE),
        box((0.04, 0.6 * width, 0.22), (-0.2, 0, top + 0.1), DARK, (0, -20, 0)),
        box((0.05, 0.2, height), (-0.25, 0, height / 2), DARK),
        tube([(prop, 0, top), (prop, 0, top + lid)], 0.02, DARK),
    ]
    keys = rng.integers(7, 11)
    parts += [box((0.13, 0.04, 0.05), (0.12, y, height + 0.19), DARK) for y in np.linspace(-0.42, 0.42, keys) * width]
    legs = [(-0.05, 0.85 * side), (-0.05, -0.85 * side), (-0.85 * length, -0.6 * side)]
    return parts + [tube([(x, y, 0), (x, y, height)], [0.05, 0.08], DEEP) for x, y in legs]


def table(rng: np.random.Generator) -> list[Part]:
    """A table, angular or round, on four or three legs or on one foot."""
    length, width, height = rng.uniform(0.9, 1.4), rng.uniform(1.0, 2.1), rng.uniform(0.65, 0.85)
    corners, thick, leg = rng.choice([0.12, 0.3, 1.0]), rng.uniform(0.05, 0.1), rng.uniform(0.03, 0.06)
    parts = [slab(ellipse(length, width, corners=corners), thick, "z", (0, 0, height))]
    legs = 4 if corners < 1 else rng.choice([1, 3, 4])
    if legs == 1:
        post = [(0, 0, 0), (0, 0, 0.06), (0, 0, 0.12), (0, 0, height)]
        return [*parts, tube(post, [0.32 * length, 0.3 * length, 1.5 * leg, 1.5 * leg], DEEP)]
    reach, splay = (0.42 if corners < 1 else 0.3), rng.uniform(0.95, 1.1)
    if legs == 4:
        feet = [(i * reach * length, j * reach * width) for i in (-1, 1) for j in (-1, 1)]
    else:
        feet = [(reach * length * np.cos(turn), reach * width * np.sin(turn)) for turn in np.arange(3) * 2 * np.pi / 3]
    parts += [tube([(splay * x, splay * y, 0), (x, y, height)], [0.7 * leg, leg], DEEP) for x, y in feet]
    if corners < 1:
        parts.append(box((0.8 * length, 0.8 * width, 0.1), (0, 0, height - thick / 2 - 0.05), DEEP))
    return parts
