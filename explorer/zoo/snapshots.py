"""Latents of a few items after each epoch, for the replay: `snapshots/` in a run's folder.

`items.safetensors` names the items, `0000.safetensors` holds their latents before the first epoch,
`0001.safetensors` after it, and so on. Each file is there whole or not at all.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as parse_tensors
from safetensors.numpy import save as dump_tensors

from explorer.errors import BadRunError
from explorer.zoo.card import Card
from explorer.zoo.store import LARGEST, kept_items, kept_rows, read_bytes, write_bytes

FOLDER = "snapshots"
ITEMS = "items.safetensors"
EPOCH = re.compile(r"(\d{4,7})\.safetensors")
FEWEST, MOST = 500, 2000
SHARE = 10  # of so many items one is followed: encoding them all after each epoch would cost a third of it
MOST_BYTES = 400_000_000  # of all files together: as much is written at most, and read
HEAD = 256  # bytes of a file that are no latents, at most


@dataclass(frozen=True)
class Snapshots:
    """Latents of the same items after each epoch.

    Args:
        ids: of the items, shape (m,).
        epochs: done when each was taken, ascending, shape (t,); 0 is before the first.
        z: shape (t, m, d), float16.
    """

    ids: NDArray[np.int64]
    epochs: NDArray[np.int64]
    z: NDArray[np.float16]


def followed_rows(train_items: int, test_items: int, latent_dims: int, kept: str, *, epochs: int) -> NDArray[np.intp]:
    """Which items are followed: a fair sample of those whose latents are kept, ascending.

    Args:
        train_items, test_items: of the data set.
        latent_dims, kept: as `kept_rows` takes them.
        epochs: of the whole training; the more, the fewer items, so that all snapshots fit into `MOST_BYTES`.

    Returns:
        Rows of the training items, then of the test items counted on from them, shape (m,).
    """
    train, test = kept_rows(train_items, latent_dims, kept), kept_rows(test_items, latent_dims, kept)
    rows = np.concatenate([train, train_items + test])
    files = epochs + 2  # the start and the names of the items
    fit = max(0, MOST_BYTES // files - HEAD) // max(8, 2 * latent_dims)  # bytes of an id, or of a latent
    wanted = max(FEWEST, min(MOST, (train_items + test_items) // SHARE))
    return np.sort(np.random.default_rng(0).permutation(rows)[: min(wanted, fit)])


def begin_snapshots(folder: Path, ids: NDArray[np.int64]) -> None:
    """Name the items that are followed; snapshots of other items, by an earlier version, are removed."""
    if (folder / FOLDER).is_symlink():  # a foreign run could have us write elsewhere
        (folder / FOLDER).unlink()
    (folder / FOLDER).mkdir(exist_ok=True)
    names = dump_tensors({"ids": np.ascontiguousarray(ids, np.int64)})
    if (folder / FOLDER / ITEMS).is_file() and read_bytes(folder / FOLDER / ITEMS) != names:
        for epoch in _epochs(folder):
            (folder / FOLDER / _file(epoch)).unlink()
    write_bytes(folder / FOLDER, ITEMS, names)


def write_snapshot(folder: Path, epoch: int, z: NDArray[np.floating]) -> None:
    """Keep the followed items' latents (m, d) as they are after an epoch: in float16's range, NaN as 0."""
    small = np.nan_to_num(z).clip(-LARGEST, LARGEST).astype(np.float16)
    write_bytes(folder / FOLDER, _file(epoch), dump_tensors({"z": np.ascontiguousarray(small)}))


def snapshots_digest(folder: Path, epochs: int) -> str:
    """SHA-256 over all snapshots up to an epoch, for the card; empty where there are none."""
    digest, names = hashlib.sha256(), [ITEMS, *(_file(epoch) for epoch in _epochs(folder) if epoch <= epochs)]
    if len(names) == 1:
        return ""
    for name in names:
        digest.update(read_bytes(folder / FOLDER / name))
    return digest.hexdigest()


def snapshot_files(folder: Path) -> list[Path]:
    """All snapshots of a run, to be copied; none where a link stands in their folder's place."""
    if (folder / FOLDER).is_symlink() or not (folder / FOLDER / ITEMS).exists():
        return []
    return [folder / FOLDER / name for name in (ITEMS, *map(_file, _epochs(folder)))]


def read_snapshots(folder: Path, card: Card) -> Snapshots | None:
    """Read a run's snapshots; None for a run without.

    Raises:
        BadRunError: snapshots that are altered, do not match the run, or are too large.
    """
    if FOLDER not in card.files:
        return None
    try:
        found = _read(folder, card)
        if snapshots_digest(folder, card.epochs_done) != card.files[FOLDER]:
            raise ValueError("altered")
    except (OSError, SafetensorError, ValueError, KeyError, TypeError, AttributeError):
        raise BadRunError(
            f"The snapshots of {folder.name} are truncated or altered, so its training cannot be replayed; copy the "
            "run's folder again, or train it again by the command in its card."
        ) from None
    return found


def _read(folder: Path, card: Card) -> Snapshots:
    """The snapshots up to the run's last epoch; ValueError or KeyError where they do not fit together."""
    epochs = [epoch for epoch in _epochs(folder) if epoch <= card.epochs_done]
    files = [folder / FOLDER / name for name in (ITEMS, *map(_file, epochs))]
    size = sum(file.stat().st_size for file in files)
    if size > MOST_BYTES:
        raise BadRunError(
            f"The snapshots of {folder.name} take {size / 1e6:,.0f} MB, and at most {MOST_BYTES / 1e6:,.0f} MB are "
            "replayed; the rest of the run can be used as it is."
        )
    ids = _one(files[0], "ids", np.int64)
    z = np.stack([_one(file, "z", np.float16) for file in files[1:]])
    most = kept_items(card, "train") + kept_items(card, "test")
    if ids.shape != z.shape[1:2] or z.shape[2:] != (card.latent_dims,) or len(ids) > most:
        raise ValueError("another shape")
    if not np.isfinite(z).all() or len(np.unique(ids)) != len(ids):
        raise ValueError("no numbers")
    return Snapshots(ids, np.array(epochs, np.int64), z)


def _one(file: Path, name: str, kind: Any) -> NDArray[Any]:
    tensors: Mapping[str, NDArray[Any]] = parse_tensors(read_bytes(file))
    if tensors[name].dtype != kind:
        raise ValueError("another type")
    return tensors[name]


def _epochs(folder: Path) -> list[int]:
    """Epochs that have a snapshot, ascending."""
    names = [path.name for path in (folder / FOLDER).glob("*.safetensors")]
    return sorted(int(found[1]) for name in names if (found := EPOCH.fullmatch(name)))


def _file(epoch: int) -> str:
    return f"{epoch:04d}.safetensors"
