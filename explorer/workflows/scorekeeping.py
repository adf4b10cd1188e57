"""Scoreboards and sweeps as they are kept below the data root."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.data.dataset import Progress
from explorer.evaluation.galleries import DEPTH
from explorer.evaluation.ranking import RECALL_LEVELS
from explorer.settings import Settings
from explorer.workflows.keeping import Kept, digest_of
from explorer.workflows.retrieving import Collection
from explorer.workflows.scoreboard import (
    ESTIMATE,
    QUERIES,
    ByQuery,
    Scoreboard,
    relevances_of,
    score,
    scoreboard_of,
    spaced,
)
from explorer.workflows.sweeping import GLANCE, SWEPT, Sweep, slider_of, sweep
from explorer.workflows.ways import Way
from explorer.zoo.card import Card
from explorer.zoo.store import LATENTS

FOLDER = "scores"
PARTS = tuple(field.name for field in fields(ByQuery))
BITS = 8
VERSION = 1  # raised when the same question gets another answer


@dataclass(frozen=True, eq=False)
class Question:
    """What a scoreboard answers: who looks for whom, ranked in which way.

    Args:
        card: of the run whose latents they are.
        way: how the gallery is ranked.
        asked, gallery: who looks for whom.
        settings: of the installation; answers are kept below its data root.
    """

    card: Card
    way: Way
    asked: Collection
    gallery: Collection
    settings: Settings

    def first(self, progress: Progress | None = None) -> Scoreboard:
        """The whole score where it is kept, else an estimate of it by the first queries; see `score`."""
        return self._kept_score() or self._score(ESTIMATE, progress)

    def whole(self, progress: Progress | None = None) -> Scoreboard:
        """The score by all queries, read where it is kept, else measured and kept; see `score`."""
        found = self._kept_score()
        if found is None:
            found = self._score(QUERIES, progress)
            arrays = {_name(of, part): _packed(getattr(one, part)) for of, one in found.found.items() for part in PARTS}
            self._kept("score", self.way.words).write(arrays)
        return found

    def glance(self, progress: Progress | None = None) -> Sweep | None:
        """The whole sweep where it is kept, else a first look by few queries; None without a slider; see `sweep`."""
        return self._kept_sweep() or self._sweep(GLANCE, progress)

    def swept(self, progress: Progress | None = None) -> Sweep | None:
        """The sweep by all its queries, read where it is kept, else measured and kept; see `sweep`."""
        found, slider = self._kept_sweep(), slider_of(self.way)
        if found is None and slider is not None:
            found = self._sweep(SWEPT, progress)
            if found is not None:
                self._kept("sweep", slider.key).write(found.found)
        return found

    def _score(self, queries: int, progress: Progress | None) -> Scoreboard:
        return score(self.card, self.way, self.asked, self.gallery, queries=queries, progress=progress)

    def _sweep(self, queries: int, progress: Progress | None) -> Sweep | None:
        return sweep(self.card, self.way, self.asked, self.gallery, queries=queries, progress=progress)

    def _kept_score(self) -> Scoreboard | None:
        rows = spaced(len(self.asked), QUERIES)
        there = len(self.gallery) - (self.asked.key == self.gallery.key)
        relevances = relevances_of(self.asked, self.gallery, rows)
        n, depth = len(rows), max(0, min(DEPTH, there))
        shapes = {part: (n,) for part in PARTS} | {"precision": (n, RECALL_LEVELS), "marks": (n, -(-depth // BITS))}
        like = {_name(of, part): (_type(part), shape) for of in relevances for part, shape in shapes.items()}
        arrays = self._kept("score", self.way.words).read(like)
        if arrays is None:
            return None
        found = {of: _by_query(arrays, of, depth) for of in relevances}
        return scoreboard_of(found, self.asked, self.gallery, rows)

    def _kept_sweep(self) -> Sweep | None:
        slider = slider_of(self.way)
        if slider is None:
            return None
        rows = spaced(len(self.asked), SWEPT)
        shape = len(slider.stops), len(rows)
        like = {of: (np.float64, shape) for of in relevances_of(self.asked, self.gallery, rows)}
        arrays = self._kept("sweep", slider.key).read(like)
        return None if arrays is None else Sweep(slider.name, tuple(slider.stops), arrays, len(self.asked))

    def _kept(self, kind: str, ways: str) -> Kept:
        targets = self.card.class_targets
        made_of = {
            "kind": kind,
            "version": VERSION,
            "latents": self.card.files.get(LATENTS, ""),
            "method": self.card.method,
            "geometry": self.card.geometry,
            "categories": self.card.config.get("classes"),
            "targets": "" if targets is None else digest_of(targets.centres, targets.radii),
            "ways": ways,
            "asked": self.asked.digest,
            "gallery": self.gallery.digest,
            "themselves": self.asked.key == self.gallery.key,
            "queries": QUERIES if kind == "score" else SWEPT,
        }
        return Kept(self.settings.data_root / FOLDER, made_of)


def _name(relevance: str, part: str) -> str:
    return f"{part} by {relevance}"


def _type(part: str) -> type[np.generic]:
    return np.uint8 if part == "marks" else np.float64


def _packed(array: NDArray[Any]) -> NDArray[Any]:
    return np.packbits(array, axis=1) if array.dtype == np.bool_ else array


def _by_query(arrays: Mapping[str, NDArray[Any]], relevance: str, depth: int) -> ByQuery:
    parts = {part: arrays[_name(relevance, part)] for part in PARTS}
    return ByQuery(**parts | {"marks": np.unpackbits(parts["marks"], axis=1, count=depth).astype(np.bool_)})
