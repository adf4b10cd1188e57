"""Twelve thumbnails as one montage: what they cost to encode, and how long until the browser has them.

On grey digits as large as MNIST's and on colour pictures of 64x64, in turn:
- encoded, in one process: `montage_png` as a map shows them, at the side of its tiles; the same items as a PNG file
  each, a pixel a pixel; torchvision's `save_image` of a grid of the same size;
- in the browser, from the request until all are decoded: one question to the route of tiles against twelve to that
  of single images, asked at once, by the script of an open Map page and past the browser's cache.
"""

import argparse
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from harness import browser, cloud, pictures, table
from harness.sides import HITS, LIMIT, OURS
from numpy.typing import NDArray
from playwright.sync_api import Page

from explorer.figures import image_png, montage_png, tile_side

ITEMS = 2000
KINDS = {"digits": "digits, 28x28x1", "photographs": "photographs, 64x64x3"}
TIMES = 20  # a set is encoded a round: one alone takes about as long as the clock's error
# Seconds until the pictures of rows are decoded, and their bytes.
FETCH = """async ({ rows, together }) => {
    const { cloud } = window.probe.find(".scatter").map;
    const montage = cloud.tiles_url.replace("{rows}", rows.join(",")).replace("{side}", String(cloud.tile_side));
    const addresses = together ? [montage] : rows.map((row) => cloud.thumbnail_url.replace("{index}", String(row)));
    const begun = performance.now();
    const sizes = await Promise.all(addresses.map(async (address) => {
        const blob = await (await fetch(address, { cache: "no-store" })).blob();
        await createImageBitmap(blob);
        return blob.size;
    }));
    return [performance.now() - begun, sizes.reduce((sum, size) => sum + size, 0)];
}"""

Encoder = Callable[[NDArray[np.uint8]], list[bytes]]


def montage(items: NDArray[np.uint8]) -> list[bytes]:
    """Ours, as the route of tiles."""
    return [montage_png(items, tile_side(items.shape[1:]))]


def singles(items: NDArray[np.uint8]) -> list[bytes]:
    """A file each, as the route of images."""
    return [image_png(item) for item in items]


def torchvision_grid(items: NDArray[np.uint8]) -> list[bytes]:
    """One file as large as ours."""
    import torch
    from torchvision.utils import save_image

    out, side = BytesIO(), tile_side(items.shape[1:])
    x = torch.nn.functional.interpolate(torch.from_numpy(items) / 255, size=(side, side), mode="nearest")
    save_image(x, out, format="png", nrow=len(items), padding=0)
    return [out.getvalue()]


def encoded(items: NDArray[np.uint8], encode: Encoder, times: int) -> float:
    """Milliseconds to encode a set of twelve."""
    begun = time.perf_counter()
    for k in range(times):
        encode(items[k * HITS : (k + 1) * HITS])
    return 1000 * (time.perf_counter() - begun) / times


def encoding(kind: str, rounds: int) -> None:
    """Print the rows of encoding."""
    items = pictures.PICTURES[kind](TIMES * HITS)
    encoders: tuple[Encoder, ...] = montage, singles, torchvision_grid
    for encode in encoders:
        encode(items[:HITS])  # imported
    rows = [[encoded(items, encode, TIMES) for encode in encoders] for _ in range(rounds)]
    ours, files, grid = map(list, zip(*rows, strict=True))
    table.row(f"{KINDS[kind]}: encoded / 12 files", ours, files, "ms", best="low")
    table.row(f"{KINDS[kind]}: encoded / save_image", ours, grid, "ms", best="low")
    sizes = [sum(map(len, encode(items[:HITS]))) / 1000 for encode in encoders]
    table.note(f"A set has {sizes[0]:.1f} kB as a montage, {sizes[1]:.1f} kB as files, {sizes[2]:.1f} kB as a grid.")


def fetching(page: Page, kind: str, rounds: int) -> None:
    """Print the row of the browser: other rows each time, and every other round the other way about first."""
    found: dict[bool, list[float]] = {True: [], False: []}
    for i in range(-1, rounds):
        for together in (True, False)[:: -1 if i % 2 else 1]:
            begin = (i + 1) * HITS
            ms, _ = page.evaluate(FETCH, {"rows": list(range(begin, begin + HITS)), "together": together})
            if i >= 0:  # the first round opens the items
                found[together].append(ms)
    table.row(f"{KINDS[kind]}: in the browser / 12 requests", found[True], found[False], "ms", best="low")


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="two rounds: does it run?")
    parser.add_argument("--rounds", type=int, default=20, help="of each pair")
    flags = parser.parse_args()
    rounds = 2 if flags.quick else flags.rounds
    port = browser.free_port()
    with TemporaryDirectory() as name, browser.chromium() as chromium:
        configs = {kind: cloud.PetalsConfig(n=ITEMS, pictures=kind) for kind in KINDS}
        extra = cloud.prepare(Path(name), *configs.values())
        with browser.process(browser.streamlit_command("map_app.py", port), port, extra) as server:
            table.header(f"{HITS} thumbnails as one montage", rounds)
            for kind, config in configs.items():
                encoding(kind, rounds)
                address = f"{server}/Map?run={cloud.name_of(config)}"
                with browser.visit(chromium, address, OURS.canvas) as page:
                    if browser.noted(page, OURS.settled, LIMIT) is not None:
                        page.wait_for_timeout(1000)
                        fetching(page, kind, rounds)
    table.note("ratio: how many times as fast the montage is; spread: of the ratio, lowest to highest.")


if __name__ == "__main__":
    main()
