"""How fast a folder of pictures becomes a data set on disk.

On a folder of JPEG photographs and on one of small PNG digits, made for it, in turn:
- ours: `latent-explorer data import`, from the scan to the finished import;
- torchvision's ImageFolder with Resize and CenterCrop through a DataLoader, as most people write it, in the same
  process (0 workers) and with 2 workers, each batch written into the same memory-mapped array.

Both give uint8 squares of the same side in the same order, and both end when the file is on the disk.
"""

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from harness import pictures, table
from numpy.typing import NDArray
from PIL import Image

from explorer.data.own import ImportConfig
from explorer.settings import Settings
from explorer.workflows.importing import import_own

CLASSES = 4
BATCH = 64
MODES = {"RGB": 3, "L": 1}


def photographs(folder: Path, n: int) -> None:
    """JPEG files of 640x480 with shapes and grain, quality 90, about as large as a phone's at that size."""
    rng = np.random.default_rng(0)
    for i in range(n):
        Image.fromarray(pictures.photograph(rng, 640, 480)).save(_place(folder, i, "jpg"), quality=90)


def digits(folder: Path, n: int) -> None:
    """Grey PNG files of 28x28."""
    for i, (image,) in enumerate(pictures.digits(n)):
        Image.fromarray(image).save(_place(folder, i, "png"))


def _place(folder: Path, i: int, suffix: str) -> Path:
    path = folder / f"class {i % CLASSES}" / f"{i:05}.{suffix}"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def ours(folder: Path, size: int, mode: str, scratch: Path) -> NDArray[np.uint8]:
    """The import; gives its items."""
    asked = ImportConfig(name="ours", size=size, channels="grey" if mode == "L" else "colour", replace=True)
    import_own(folder, asked, Settings(data_root=scratch))
    return np.load(scratch / "own" / "ours" / "items.npy", mmap_mode="r")


def image_folder(workers: int) -> Callable[[Path, int, str, Path], NDArray[np.uint8]]:
    """The peer, with so many workers."""

    def go(folder: Path, size: int, mode: str, scratch: Path) -> NDArray[np.uint8]:
        from torch.utils.data import DataLoader

        found = torchvision_pictures(folder, size, mode)
        shape = len(found), MODES[mode], size, size
        items = np.lib.format.open_memmap(scratch / "peer.npy", "w+", np.uint8, shape)
        done = 0
        for images, _ in DataLoader(found, BATCH, num_workers=workers):
            items[done : done + len(images)] = images.numpy()
            done += len(images)
        items.flush()
        return items

    return go


def torchvision_pictures(folder: Path, size: int, mode: str) -> Any:
    """ImageFolder of uint8 tensors."""
    from torchvision.datasets import ImageFolder
    from torchvision.transforms import CenterCrop, Compose, Grayscale, PILToTensor, Resize

    colour = [Grayscale()] if mode == "L" else []
    return ImageFolder(str(folder), Compose([*colour, Resize(size), CenterCrop(size), PILToTensor()]))


def measure(name: str, folder: Path, n: int, size: int, mode: str, rounds: int) -> None:
    """Let all run in turn on one folder and print their rows."""
    contestants = {"ours": ours, "0": image_folder(0), "2": image_folder(2)}
    rates: dict[str, list[float]] = {contestant: [] for contestant in contestants}
    made: dict[str, NDArray[np.uint8]] = {}
    for i in range(rounds + 1):
        for contestant in list(contestants)[:: -1 if i % 2 else 1]:
            with tempfile.TemporaryDirectory() as scratch:
                begun = time.perf_counter()
                items = contestants[contestant](folder, size, mode, Path(scratch))
                seconds = time.perf_counter() - begun
                made[contestant] = np.array(items)
            if i:  # the first round loads libraries and files
                rates[contestant].append(n / seconds)
    for workers in ("0", "2"):
        table.row(f"{name}: ours / ImageFolder, {workers} workers", rates["ours"], rates[workers], "im/s", best="high")
    difference = np.abs(made["ours"].astype(np.int16) - made["0"]).mean()
    table.note(f"{n:,} files to {size} x {size}; the two differ by {difference:.2f} grey values of 255 in the mean")


def main() -> None:
    """Make the folders, measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="tiny sizes: does it run?")
    parser.add_argument("--rounds", type=int, default=5, help="of each contestant")
    parser.add_argument("--photographs", type=int, default=1000, help="JPEG files of 640x480")
    parser.add_argument("--digits", type=int, default=5000, help="PNG files of 28x28")
    flags = parser.parse_args()
    if flags.quick:
        flags.rounds, flags.photographs, flags.digits = 1, 40, 80
    home = Path(tempfile.mkdtemp(prefix="folder-import-"))
    try:
        photographs(home / "photographs", flags.photographs)
        digits(home / "digits", flags.digits)
        table.header("Folder import", flags.rounds)
        measure("photographs", home / "photographs", flags.photographs, 64, "RGB", flags.rounds)
        measure("digits", home / "digits", flags.digits, 28, "L", flags.rounds)
    finally:
        shutil.rmtree(home)


if __name__ == "__main__":
    main()
