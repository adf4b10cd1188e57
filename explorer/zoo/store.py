"""Runs on disk: folders with a card, weights, latents and events.

The card vouches for the other files by their SHA-256, so it is written last.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as parse_tensors
from safetensors.numpy import save as dump_tensors

from explorer.data.dataset import Split
from explorer.errors import BadRunError, UnknownNameError
from explorer.files import is_plain_name, write_atomically
from explorer.registry import lookup
from explorer.zoo.card import Card, parse_card
from explorer.zoo.lock import is_training

CARD, WEIGHTS, LATENTS, SVM, EVENTS, STATE, LABELS = (
    "card.json",
    "weights.safetensors",
    "latents.safetensors",
    "svm.safetensors",
    "events.jsonl",
    "training.safetensors",
    "labels.safetensors",
)
SPLITS: tuple[Split, ...] = ("train", "test")
OPTIONAL = ("probabilities", "std", "error", "known")  # rows of no columns where a run has none
MAX_CARD_BYTES = 1_000_000
MAP_DIMS = 2
MOST_KEPT = {"compact": 10_000, "gallery": 20_000}  # items a split
LARGEST = np.float32(np.finfo(np.float16).max)


@dataclass(frozen=True)
class Latents:
    """What a run keeps of each item of a split.

    Args:
        ids: item ids, shape (n,).
        z: latents, shape (n, d), float32.
        labels: classes, shape (n,); -1 for unlabelled items.
        probabilities: of each class by the run's classifier, shape (n, c), or (n, 0) without one.
        std: standard deviation of each latent's posterior, shape (n, d), or (n, 0) without one.
        error: root mean squared error of each item's reconstruction, shape (n, 1), or (n, 0) without a decoder.
        known: 1 where the training saw the label, else 0, shape (n, 1); (n, 0) where it saw all training labels.
    """

    ids: NDArray[np.int64]
    z: NDArray[np.float32]
    labels: NDArray[np.int64]
    probabilities: NDArray[np.float32]
    std: NDArray[np.float32]
    error: NDArray[np.float32]
    known: NDArray[np.float32]

    def at(self, rows: NDArray[np.intp]) -> "Latents":
        """Some of the items."""
        return Latents(*(getattr(self, column.name)[rows] for column in fields(self)))


def kept_rows(items: int, latent_dims: int, kept: str) -> NDArray[np.intp]:
    """Which items of a split a run keeps latents of, ascending: the same ones whenever it is asked.

    Args:
        items: of the split.
        latent_dims: d.
        kept: "all"; or "compact" or "gallery", a fair sample where the map is not the latent itself.
    """
    most = _most_kept(items, latent_dims, kept)
    return np.arange(items) if most == items else np.sort(np.random.default_rng(0).permutation(items)[:most])


def kept_items(card: Card, split: Split) -> int:
    """How many items of a split a run keeps latents of."""
    items = card.data.train_items if split == "train" else card.data.test_items
    return _most_kept(items, card.latent_dims, card.training.get("kept", "all"))


def _most_kept(items: int, latent_dims: int, kept: str) -> int:
    return items if kept == "all" or latent_dims <= MAP_DIMS else min(items, MOST_KEPT.get(str(kept), 0))


def run_folders(roots: Iterable[Path]) -> dict[str, Path]:
    """Folders with a card below the roots, by name, alphabetically; an earlier root wins."""
    found: dict[str, Path] = {}
    for root in roots:
        if root.is_dir():
            for card in sorted(root.glob(f"*/{CARD}")):
                found.setdefault(card.parent.name, card.parent)
    return dict(sorted(found.items()))


def find_run(name: str, roots: Iterable[Path]) -> Path:
    """Folder of the run called `name`.

    Raises:
        UnknownNameError: no such run; the message lists those there are.
    """
    folders = run_folders(roots)
    if not folders:
        raise UnknownNameError(f"There is no run {name!r}, and no other. Train one: latent-explorer train --help.")
    return lookup(folders, name, "run")


def read_card(folder: Path) -> Card:
    """Read a run's card; a run is called as its folder is, whatever it was called when it was trained.

    Raises:
        BadRunError: no card, or one that cannot be used (see `parse_card`).
    """
    try:
        if not (folder / CARD).is_file():  # opening a pipe would wait for ever
            raise FileNotFoundError(CARD)
        with (folder / CARD).open("rb") as file:
            raw = file.read(MAX_CARD_BYTES + 1)
    except OSError:
        raise BadRunError(
            f"{folder.name} is no run: its {CARD} cannot be read. Name a run's folder, or train one."
        ) from None
    if len(raw) > MAX_CARD_BYTES:
        raise BadRunError(f"The card of {folder.name} is over 1 MB; restore card.json or train the run again.")
    card = parse_card(raw.decode("utf-8", errors="replace"), folder.name)
    return card.model_copy(update={"name": folder.name}) if is_plain_name(folder.name) else card


def write_card(folder: Path, card: Card) -> None:
    """Write a run's card; the folder must exist."""
    write_bytes(folder, CARD, (card.model_dump_json(indent=2) + "\n").encode())


def write_bytes(folder: Path, name: str, content: bytes) -> str:
    """Write one file of a run and return its SHA-256 for the card."""

    def write(file: BinaryIO) -> None:
        file.write(content)

    write_atomically(folder / name, write)
    return hashlib.sha256(content).hexdigest()


def read_bytes(path: Path) -> bytes:
    """Content of a regular file.

    Raises:
        OSError: no such file, or a device or pipe, which a foreign folder could hold to block us for ever.
    """
    if not path.is_file():
        raise FileNotFoundError(path)
    return path.read_bytes()


def verified(folder: Path, card: Card, name: str) -> bytes:
    """Content of a file that the card vouches for.

    Raises:
        BadRunError: the file is missing, or is not the one that the card was written for.
    """
    again = "copy the run's folder again, or train it again by the command in its card."
    try:
        content = read_bytes(folder / name)
    except OSError:
        raise BadRunError(f"{name} of {folder.name} is missing or cannot be read; {again}") from None
    if hashlib.sha256(content).hexdigest() != card.files.get(name):
        raise BadRunError(f"{name} of {folder.name} is truncated or altered: it is not the file of its card; {again}")
    return content


def write_latents(folder: Path, latents: Mapping[Split, Latents], kept: str = "all") -> str:
    """Write the latents of both splits, or what `kept_rows` leaves of them, and return the file's SHA-256."""
    arrays: dict[str, NDArray[Any]] = {}
    for split, whole in latents.items():
        part = whole.at(kept_rows(len(whole.ids), whole.z.shape[1], kept))
        arrays[f"{split}.ids"] = part.ids.astype(np.int64)
        arrays[f"{split}.z"] = part.z if kept == "all" else part.z.clip(-LARGEST, LARGEST).astype(np.float16)
        arrays[f"{split}.labels"] = part.labels.astype(np.int64)
        for key in OPTIONAL:  # a standard deviation may be larger than a float16 can be
            arrays[f"{split}.{key}"] = np.ascontiguousarray(getattr(part, key).clip(0, LARGEST), np.float16)
    return write_bytes(folder, LATENTS, dump_tensors(arrays))


def check_latents(folder: Path, card: Card) -> None:
    """Raise BadRunError for a run without latents, without reading them."""
    if LATENTS not in card.files and is_training(folder):
        raise BadRunError(f"{folder.name} is being trained now; its map is drawn when the training ends or is stopped.")
    if LATENTS not in card.files:
        raise BadRunError(
            f"{folder.name} has no latents yet: its training was cut off. "
            f"Go on with it: latent-explorer train --resume {folder.name}"
        )


def read_latents(folder: Path, card: Card) -> dict[Split, Latents]:
    """Read the latents of both splits.

    Raises:
        BadRunError: a run without latents, an altered file, or rows that do not match the items.
    """
    check_latents(folder, card)
    try:
        arrays = parse_tensors(verified(folder, card, LATENTS))
    except (SafetensorError, ValueError, KeyError, TypeError, AttributeError):
        raise BadRunError(
            f"{LATENTS} of {folder.name} is no tensor file; train the run again: {card.command}"
        ) from None
    return {split: _checked(arrays, split, kept_items(card, split), card, folder.name) for split in SPLITS}


def _checked(arrays: Mapping[str, NDArray[Any]], split: Split, items: int, card: Card, where: str) -> Latents:
    """One split's arrays, each with as many rows as the split has items."""
    shapes = {"ids": (items,), "z": (items, card.latent_dims), "labels": (items,)}
    for key, shape in shapes.items():
        found = arrays[f"{split}.{key}"].shape if f"{split}.{key}" in arrays else None
        if found != shape:
            raise BadRunError(
                f"The latents of {where} do not match its items: {split}.{key} is {found or 'missing'}, expected "
                f"{shape}. Train the run again: {card.command}"
            )
    optional = [arrays.get(f"{split}.{key}", np.empty((items, 0), np.float32)) for key in OPTIONAL]
    columns = (len(card.classes), card.latent_dims, 1, 1)
    fit = all(array.shape in {(items, 0), (items, n)} for array, n in zip(optional, columns, strict=True))
    kinds = {arrays[f"{split}.{key}"].dtype.kind for key in ("ids", "labels")}
    if kinds != {"i"} or not fit:
        raise BadRunError(
            f"The latents of {where} hold ids or labels that are no whole numbers, or scores that do not fit "
            f"its {len(card.classes)} classes; train the run again: {card.command}"
        )
    with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, and is told below
        z, *optional = (array.astype(np.float32) for array in (arrays[f"{split}.z"], *optional))
    if not all(np.isfinite(array).all() for array in (z, *optional)):
        raise BadRunError(
            f"The latents of {where} hold values that are NaN or infinite; train the run again: {card.command}"
        )
    labels = arrays[f"{split}.labels"].astype(np.int64)
    if ((labels < -1) | (labels >= len(card.classes))).any():
        raise BadRunError(f"The latents of {where} hold labels that are no class; train the run again: {card.command}")
    ids = arrays[f"{split}.ids"].astype(np.int64)
    return Latents(ids, z, labels, *optional)
