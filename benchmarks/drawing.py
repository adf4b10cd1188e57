"""Images a second: `coloured` as it is drawn, and images as they are varied in training.

The peer does the same to one image after the other by torchvision's transforms v2 on tensors. `coloured` is drawn
from scikit-learn's digits and written to its cache; the peer only draws.
"""

import argparse
import colorsys
import time
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from harness import table
from harness.training import Contestant, in_turn, repeat
from torch import Tensor

from explorer.data.backgrounds import PATTERNS, backgrounds
from explorer.data.coloured import COLOURED, HUES, ORIENTATIONS, SIDE, ColouredConfig
from explorer.data.digits import DIGITS, DigitsConfig
from explorer.training.augment import AugmentConfig, augment

BATCH = 128
SHAPES = {"grey, 28 x 28": (1, 28, 28), "colour, 28 x 28": (3, 28, 28), "colour, 96 x 96": (3, 96, 96)}


def coloured(instances: int) -> Contestant:
    """Ours: the whole data set, drawn anew each time."""

    def go(seconds: float) -> float:
        begun, images = time.perf_counter(), 0
        while time.perf_counter() - begun < seconds:
            with TemporaryDirectory() as folder:
                images += len(COLOURED.load(ColouredConfig(n=instances, source="digits"), Path(folder), None))
        return images / (time.perf_counter() - begun)

    return go


def one_by_one() -> Contestant:
    """The peer: a digit enlarged, turned, coloured and laid over its background, each by itself."""
    from torchvision.transforms import v2
    from torchvision.transforms.v2 import functional as F  # noqa: N812 - as everybody calls it

    with TemporaryDirectory() as folder:
        glyphs = torch.from_numpy(np.array(DIGITS.load(DigitsConfig(), Path(folder), None).items))
    rng, hues = np.random.default_rng(0), [colorsys.hsv_to_rgb(i / HUES, 1, 1) for i in range(HUES)]

    def draw(glyph: Tensor) -> Tensor:
        ink = F.pad(F.resize(glyph, [20, 20], antialias=True), [4]).float() / 255
        angle = 360 / ORIENTATIONS * int(rng.integers(ORIENTATIONS))
        turned = F.rotate(ink, angle, interpolation=v2.InterpolationMode.BILINEAR)
        colour = torch.tensor(hues[rng.integers(HUES)])[:, None, None]
        pattern, shift = rng.integers(len(PATTERNS), size=1), rng.integers(SIDE, size=(1, 2))
        behind = torch.from_numpy(backgrounds(pattern, shift, SIDE))
        return (255 * (turned * colour + (1 - turned) * behind)).round().to(torch.uint8)

    return repeat(draw, cycle(glyphs), 1)


def at_once(shape: tuple[int, int, int]) -> Contestant:
    """Ours: a batch at a time."""
    x = torch.rand(BATCH, *shape).contiguous(memory_format=torch.channels_last)
    generator = torch.Generator().manual_seed(0)
    return repeat(lambda _: augment(x, AugmentConfig(), generator), cycle([None]), BATCH)


def transforms(config: AugmentConfig) -> Any:
    """The same kinds of augmentation, equally strong, by torchvision on one tensor."""
    from torchvision.transforms import v2

    how: dict[str, Any] = {"interpolation": v2.InterpolationMode.BILINEAR, "fill": 0.5}
    scale, area = (1 - config.scale, 1 + config.scale), (config.erase, config.erase)
    return v2.Compose(
        [
            v2.RandomHorizontalFlip(),
            v2.RandomVerticalFlip(),
            v2.RandomPerspective(2 * config.perspective, p=1, **how),
            v2.RandomAffine(config.rotation, (config.shift,) * 2, scale, config.shear, **how),
            v2.ColorJitter(brightness=config.jitter, contrast=config.jitter),
            v2.RandomErasing(config.erase_share, scale=area, ratio=(1 / 1.5**2, 1.5**2), value=0.5),
        ]
    )


def each_by_itself(shape: tuple[int, int, int]) -> Contestant:
    """The peer: image after image, then stacked."""
    x, vary = torch.rand(BATCH, *shape), transforms(AugmentConfig())
    return repeat(lambda _: torch.stack([vary(image) for image in x]), cycle([None]), BATCH)


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="tiny sizes: does it run?")
    parser.add_argument("--rounds", type=int, default=5, help="of each contestant")
    parser.add_argument("--seconds", type=float, default=3, help="of each round")
    flags = parser.parse_args()
    if flags.quick:
        flags.rounds, flags.seconds = 2, 0.3
    table.header(f"Drawing and varying images, batches of {BATCH}", flags.rounds)
    found = in_turn({"ours": coloured(200 if flags.quick else 1500), "peer": one_by_one()}, flags.rounds, flags.seconds)
    table.row("coloured", found["ours"], found["peer"], "im/s", best="high")
    for name, shape in SHAPES.items():
        found = in_turn({"ours": at_once(shape), "peer": each_by_itself(shape)}, flags.rounds, flags.seconds)
        table.row(f"varied: {name}", found["ours"], found["peer"], "im/s", best="high")


if __name__ == "__main__":
    main()
