"""Solids that travel: aeroplane, boat, bus, car and train."""

import numpy as np

from explorer.data.parts import DARK, DEEP, GREY, PALE, Part, box, rounded, skin, slab, tube, wheel

SIDES = (-1, 1)


def aeroplane(rng: np.random.Generator) -> list[Part]:
    """An aeroplane: swept wings above or below, engines at the wings or a propeller at the nose."""
    length, radius, span = rng.uniform(6, 9), rng.uniform(0.42, 0.62), rng.uniform(2.8, 4.3)
    chord, sweep, taper = rng.uniform(1.2, 1.8), rng.uniform(0.2, 2.0), rng.uniform(0.35, 0.8)
    wings, fin = rng.choice([-0.5, 0.7]) * radius, rng.uniform(1.0, 1.6)
    engines, nose = rng.choice([0, 2, 4]), length / 2

    def pair(front: float, root: float, half: float, back: float, tip: float) -> list[tuple[float, float]]:
        right = [(front, 0.0), (front - back, half), (front - back - tip, half), (front - root, 0.0)]
        return right + [(x, -y) for x, y in reversed(right[1:3])]

    stations = np.array([-0.5, -0.42, -0.2, 0.32, 0.42, 0.48, 0.5]) * length
    lift = [0.6 * radius, 0.5 * radius, 0.0, 0.0, 0.0, -0.1 * radius, -0.1 * radius]
    body = [(x, 0.0, z) for x, z in zip(stations, lift, strict=True)]
    tail, rear = [(0, 0), (-0.9, 0), (-1.2, fin), (-0.65, fin)], 0.9 - nose
    parts = [
        tube(body, [radius * share for share in (0.1, 0.35, 1, 1, 0.85, 0.5, 0.1)]),
        rounded((1.0, 1.2 * radius, 0.6 * radius), (0.4 * length, 0, 0.65 * radius), DARK),
        slab(pair(chord / 2 + 0.6, chord, span, sweep, taper * chord), 0.16, "z", (0, 0, wings), DEEP),
        slab(pair(0, 0.9, 0.4 * span, 0.4 * sweep + 0.2, 0.5), 0.12, "z", (rear, 0, 0.5 * radius), DEEP),
        slab(tail, 0.14, "y", (rear, 0, 0.5 * radius)),
    ]
    for place in (0.33, 0.62)[: engines // 2]:
        for side in SIDES:
            x, y, z = chord / 2 + 0.75 - sweep * place, side * place * span, wings - 0.3
            parts.append(tube([(x, y, z), (x - 1.0, y, z)], [0.28, 0.2], GREY))
    if not engines:
        blades, turned = rng.choice([90.0, 60.0]), rng.uniform(0, 90)
        for number in range(int(180 / blades)):
            parts.append(
                box((0.08, 2.4 * radius + 1.0, 0.2), (nose + 0.05, 0, 0), DARK, (turned + number * blades, 0, 0))
            )
    return parts


def boat(rng: np.random.Generator) -> list[Part]:
    """A sailing boat: a hull with a pointed bow, one or two masts, a cabin."""
    length, width, deep = rng.uniform(2.6, 3.8), rng.uniform(0.4, 0.6), rng.uniform(0.4, 0.65)
    stern, sheer, masts = rng.uniform(0.4, 0.8), rng.uniform(0.05, 0.3), rng.integers(1, 3)
    along, around = np.linspace(-1, 1, 15)[:, None], np.linspace(0, np.pi, 11)
    half = width * np.where(along > 0, 1 - abs(along) ** 2.2, 1 - (1 - stern) * along**2)
    rail = sheer * np.clip(along, 0, None) ** 2
    bottom = deep * (1 - 0.6 * np.clip(along, 0, None) ** 3)
    hull = np.stack(
        [along * length / 2 + 0 * around, half * np.cos(around), rail - bottom * np.sin(around) ** 0.7], axis=2
    )
    deck = np.stack([hull[:, 0], hull[:, -1]])
    cabin, tall = length * rng.uniform(0.18, 0.3), length * rng.uniform(0.8, 1.1)
    parts = [
        skin(hull),
        skin(np.stack([hull[0], hull[0] * (1, 0, 1)]), DEEP),
        skin(deck - (0, 0, 0.04), PALE),
        box((cabin, width, 0.3), (-0.22 * length, 0, 0.15), GREY),
    ]
    for number in range(masts):
        foot, high = length * (0.15 - 0.42 * number), tall * (1 - 0.3 * number)
        boom = length * rng.uniform(0.3, 0.42) * (1 - 0.25 * number)
        sail = [(foot - 0.05, 0.3), (foot - boom, 0.36), (foot - 0.05, 0.97 * high)]
        parts += [tube([(foot, 0, 0), (foot, 0, high)], 0.035, DARK), slab(sail, 0.03, "y", paint=PALE)]
    if rng.random() < 0.7:
        front, high = 0.15 * length, tall * rng.uniform(0.65, 0.95)
        parts.append(
            slab([(front + 0.08, high), (front + 0.12, 0.3), (0.48 * length, 0.1 + sheer)], 0.03, "y", paint=DEEP)
        )
    return parts


def bus(rng: np.random.Generator) -> list[Part]:
    """A bus of one or two decks: a long box with a row of windows, a windscreen and a door."""
    length, width, decks = rng.uniform(4.2, 6.5), rng.uniform(1.5, 1.8), 1 + int(rng.random() < 0.3)
    low, storey, radius = rng.uniform(0.25, 0.4), rng.uniform(1.35, 1.6), rng.uniform(0.32, 0.4)
    height, windows, front = storey * (1 if decks == 1 else 1.75), rng.integers(4, 8), length / 2
    roof, tall = low + height, 0.36 * storey
    parts = [box((length, width, height), (0, 0, low + height / 2))]
    parts.append(rounded((0.98 * length, 0.96 * width, 0.3), (0, 0, roof), corners=0.25))
    for deck in range(decks):
        z, pitch = low + 0.68 * storey + deck * 0.75 * storey, 0.92 * length / windows
        for x in (np.arange(windows) - (windows - 1) / 2) * pitch:
            parts.append(box((0.82 * pitch, width + 0.04, tall), (x, 0, z), DARK))
        parts.append(box((0.1, 0.88 * width, 1.3 * tall), (front, 0, z - 0.05), DARK))
        parts.append(box((0.1, 0.7 * width, tall), (-front, 0, z), DARK))
    parts.append(box((0.13 * length, 0.1, 0.75 * storey), (0.4 * length, -width / 2, low + 0.42 * storey), GREY))
    axles = [0.3, -0.3] if rng.random() < 0.7 else [0.3, -0.22, -0.34]
    for x in np.array(axles) * length:
        parts += [wheel(x, side * (width / 2 - 0.08), radius, 0.3) for side in SIDES]
    lamps = [(side * 0.36 * width, low + 0.2) for side in SIDES]
    return parts + [box((0.1, 0.24, 0.2), (front, y, z), PALE) for y, z in lamps]


def car(rng: np.random.Generator) -> list[Part]:
    """A car: bonnet, cabin of glass below a roof, and boot, each of its own length."""
    length, width, belt = rng.uniform(3.4, 4.6), rng.uniform(1.55, 1.85), rng.uniform(0.75, 0.95)
    bonnet, boot, cabin = rng.uniform(0.22, 0.34), rng.uniform(0.0, 0.24), rng.uniform(0.45, 0.7)
    low, radius, front = rng.uniform(0.2, 0.32), rng.uniform(0.32, 0.42), length / 2
    screen, window = front - bonnet * length, boot * length - front
    side = [(-front, low), (front, low), (front, 0.75 * belt), (0.96 * front, 0.87 * belt), (screen, belt)]
    side += [(window, belt), (-0.98 * front, 0.94 * belt)]
    rake = rng.uniform(0.3, 0.6)
    first, last = screen - rake, window + rng.uniform(0.1, 0.4)
    roof = belt + cabin
    glass = [(screen, belt), (first, roof), (last, roof), (window + 0.02, belt)]
    parts = [
        slab(side, width, "y"),
        slab(glass, 0.86 * width, "y", paint=DARK),
        box((first - last + 0.1, 0.88 * width, 0.1), ((first + last) / 2, 0, roof)),
        box((0.12, 0.9 * width, cabin), ((first + last) / 2, 0, belt + cabin / 2), DEEP),
        box((0.1, 0.5 * width, 0.14), (front, 0, low + 0.12), DARK),
    ]
    for x in (0.31 * length, -0.31 * length):
        for edge in SIDES:
            parts.append(wheel(x, edge * (width / 2 - 0.08), radius, 0.26))
            parts.append(wheel(x, edge * (width / 2 + 0.06), radius, 0.02, DARK))
            parts.append(
                tube([(x, edge * width / 2, radius), (x, edge * (width / 2 + 0.08), radius)], 0.5 * radius, PALE)
            )
    for y in (-0.38 * width, 0.38 * width):
        parts += [box((0.1, 0.26, 0.15), (front - 0.02, y, 0.65 * belt), PALE)]
        parts += [box((0.06, 0.2, 0.15), (-front, y, 0.75 * belt), GREY)]
    return parts


def train(rng: np.random.Generator) -> list[Part]:
    """A steam train: boiler, chimney, dome and cab on large wheels, and one or two carriages behind."""
    boiler, radius, cab = rng.uniform(1.3, 1.9), rng.uniform(0.42, 0.58), rng.uniform(0.7, 1.0)
    floor, wheels, carriages = rng.uniform(0.5, 0.65), rng.integers(2, 5), rng.integers(1, 3)
    width, size = 2 * radius + rng.uniform(0.2, 0.4), rng.uniform(0.26, 0.36)
    chimney, top = rng.uniform(0.45, 0.8), floor + 2 * radius
    x, z = boiler - 0.3, floor + radius
    parts = [
        tube([(0, 0, z), (boiler, 0, z)], radius),
        tube([(boiler, 0, z), (boiler + 0.05, 0, z)], [radius, 0.8 * radius], DARK),
        tube([(x, 0, top - 0.1), (x, 0, top + 0.5 * chimney), (x, 0, top + chimney)], [0.13, 0.14, 0.26], DARK),
        rounded((0.4, 0.4, 0.5), (0.45 * boiler, 0, top), PALE),
        box((boiler + cab, 0.8 * width, 0.16), ((boiler - cab) / 2, 0, floor - 0.05), DARK),
        box((cab, width, 2 * radius + 0.5), (-cab / 2, 0, floor + radius + 0.25), DEEP),
        box((0.6 * cab, width + 0.04, 0.4), (-cab / 2, 0, top + 0.12), DARK),
        box((cab + 0.3, width + 0.2, 0.1), (-cab / 2, 0, top + 0.55)),
        slab([(boiler + 0.5, 0.1), (boiler, 0.1), (boiler, floor)], 0.8 * width, "y", paint=GREY),
    ]
    parts += [
        wheel(place, side * 0.45 * width, size, 0.12)
        for place in np.linspace(0.2 - cab, boiler - 0.3, wheels + 1)
        for side in SIDES
    ]
    length, tall, rear = rng.uniform(1.3, 1.9), 2 * radius + rng.uniform(0.1, 0.4), -cab - 0.25
    for _ in range(carriages):
        parts += _carriage(rear, length, width, floor, tall, int(rng.integers(2, 5)))
        rear -= length + 0.25
    return parts


def _carriage(front: float, length: float, width: float, floor: float, tall: float, windows: int) -> list[Part]:
    middle, pitch = front - length / 2, 0.9 * length / windows
    places = middle + (np.arange(windows) - (windows - 1) / 2) * pitch
    return [
        box((length, width, tall), (middle, 0, floor + tall / 2)),
        box((length + 0.1, width + 0.12, 0.12), (middle, 0, floor + tall), DEEP),
        box((length + 0.5, 0.2, 0.12), (middle, 0, floor - 0.05), DARK),
        *(box((0.65 * pitch, width + 0.04, 0.36 * tall), (x, 0, floor + 0.62 * tall), DARK) for x in places),
        *(wheel(middle + end * 0.32 * length, side * 0.42 * width, 0.26, 0.12) for end in SIDES for side in SIDES),
    ]
