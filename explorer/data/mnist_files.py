"""The four files behind `mnist` and `fashion-mnist`: read them, or download those that are missing."""

import gzip
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from explorer.data.dataset import Progress
from explorer.data.downloading import downloaded, keep, md5
from explorer.errors import BadDataError

FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
SIDE = 28
UNSIGNED_BYTE = 8  # its number in the idx format
LARGEST = 64 << 20  # bytes of one archive


@dataclass(frozen=True)
class Origin:
    """Where the four archives of a data set can be had.

    Args:
        mirrors: addresses that an archive's name completes; all give the same.
        checksums: MD5 of each archive, in the order of FILES.
        size: of all four, bytes.
    """

    mirrors: tuple[str, ...]
    checksums: tuple[str, ...]
    size: int


ORIGINS = {  # by the folder's name, which is torchvision's too
    "MNIST": Origin(
        ("https://ossci-datasets.s3.amazonaws.com/mnist/", "http://yann.lecun.com/exdb/mnist/"),
        (
            "f68b3c2dcbeaaa9fbdd348bbdeb94873",
            "d53e105ee54ea40749a09fcbcd1e9432",
            "9fb629c4189551a2d022fa330f9573f3",
            "ec29112dd5afa0611ce80d1b7f02629c",
        ),
        11_594_722,
    ),
    "FashionMNIST": Origin(
        ("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",),
        (
            "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
            "25c81989df183df01b3e8a0aad5dffbe",
            "bef4ecab320f06d8554ea6380940ec79",
            "bb300cfdad3c16e7a12a480ee83cd310",
        ),
        30_878_645,
    ),
}


def read_split(folder: Path, files: Sequence[str]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Read the items of one split.

    Args:
        folder: holds the files.
        files: that of the images, then that of the labels.

    Returns:
        Images (n, 28, 28) and labels (n,); n may be smaller than the official one.

    Raises:
        BadDataError: a damaged file, or two that do not fit together.
    """
    images, labels = _read_idx(folder / files[0], 3), _read_idx(folder / files[1], 1)
    if images.shape != (len(labels), SIDE, SIDE) or len(labels) == 0 or labels.max() > 9:
        raise BadDataError(
            f"{files[0]} and {files[1]} in {folder} do not fit together: expected n images of {SIDE}x{SIDE} and n "
            f"labels of 0 to 9, but found shapes {images.shape} and {labels.shape} with labels up to "
            f"{labels.max(initial=0)}. Remove both, so that they are downloaded again, or put the right ones there."
        )
    return images, labels.astype(np.int64)


def _read_idx(path: Path, dims: int) -> NDArray[np.uint8]:
    """Read one file of bytes: two zeros, the type, the dimensions, each size in four bytes, then the values.

    Differs:
        torchvision would read it too, but imports torch first and does not say which file is damaged.
    """
    try:
        content = np.fromfile(path, np.uint8)
    except OSError as error:
        raise BadDataError(f"{path} cannot be read ({error.strerror}). Correct its permissions.") from error
    start = 4 + 4 * dims
    shape = tuple(content[4:start].view(">u4").tolist()) if len(content) >= start else ()
    if content[:4].tolist() != [0, 0, UNSIGNED_BYTE, dims] or prod(shape) != len(content) - start:
        raise BadDataError(
            f"{path} is truncated or no file of {dims}-dimensional bytes in the idx format. Remove it, so that it is "
            "downloaded again, or put the right one there."
        )
    return content[start:].reshape(shape)


def fetch(source: str, data_root: Path, progress: Progress | None = None) -> None:
    """Put the files that are missing into `source/raw`; an archive that lies there needs no network.

    A file is written when all of it has come and its checksum is right, and never half.

    Args:
        source: name in ORIGINS.
        data_root: holds the folder.
        progress: called with (bytes done, bytes in all).

    Raises:
        BadDataError: no network, a server that gives something else, or a disk that is full or cannot be written.

    Differs:
        torchvision's download unpacks in place, so that one cut off leaves a truncated file.
    """
    origin, folder, done = ORIGINS[source], data_root / source / "raw", 0
    for name, checksum in zip(FILES, origin.checksums, strict=True):
        if _is_sound(folder / name):
            continue

        def report(so_far: int, before: int = done) -> None:
            if progress:
                progress(min(before + so_far, origin.size), origin.size)

        report(0)
        packed = _lying_there(folder / f"{name}.gz", checksum)
        if packed is None:
            addresses = [f"{mirror}{name}.gz" for mirror in origin.mirrors]
            packed, problem = downloaded(addresses, checksum, report, largest=LARGEST)
            if packed is None:
                raise _not_downloaded(source, folder, problem)
        keep(folder / name, gzip.decompress(packed))
        done += len(packed)
    if progress:
        progress(origin.size, origin.size)


def _is_sound(path: Path) -> bool:
    try:
        _read_idx(path, 3 if "images" in path.name else 1)
    except BadDataError:
        return False
    return True


def _lying_there(path: Path, checksum: str) -> bytes | None:
    """An archive that somebody has put there, if it is the right one."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    return content if md5(content) == checksum else None


def _not_downloaded(source: str, folder: Path, problem: str) -> BadDataError:
    return BadDataError(
        f"The files of {source} are not all in {folder} and could not be downloaded ({problem}). Try again with a "
        f"network, put {', '.join(FILES)} there, packed as .gz or not, or set LATENT_EXPLORER_DATA_ROOT to a "
        f"folder that holds {source}/raw."
    )
