"""Maps of a run's latents by their neighbours: computed when asked for, kept on disk below the data root."""

import hashlib
import json
import math
import time
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.errors import BadDataError, BadRunError, BadValueError
from explorer.evaluation import faithfulness
from explorer.files import telling_of_the_disk
from explorer.latent import neighbour_maps, projection
from explorer.latent.neighbour_maps import NEIGHBOUR_MAPS, SEED, NeighbourMap
from explorer.registry import lookup
from explorer.settings import Settings
from explorer.workflows.background import DISK_ADVICE, Job, Report
from explorer.zoo.run import Run
from explorer.zoo.store import LATENTS, SPLITS, kept_items, read_bytes, write_bytes

FOLDER = "projections"
LETTERS_OF_THE_KEY = 32


@dataclass(frozen=True)
class Places:
    """A map of a run's items.

    Args:
        places: of all items, train then test in the run's order, shape (n, 2).
        trustworthiness: see `explorer.evaluation.faithfulness.trustworthiness`; NaN for very few items.
    """

    places: NDArray[np.float32]
    trustworthiness: float


class Kept:
    """Where one map of one run is kept, and the job that computes it.

    Args:
        run: the run.
        name: of the map, in NEIGHBOUR_MAPS.
        settings: of the installation.

    Raises:
        UnknownNameError: no such map.
        BadValueError: a run whose map is its latent itself.
        BadRunError: a run without latents.
    """

    def __init__(self, run: Run, name: str, settings: Settings) -> None:
        self.run = run
        self.map: NeighbourMap = lookup(NEIGHBOUR_MAPS, name, "map")
        if LATENTS not in run.card.files:
            raise BadRunError(f"{run.folder.name} has no latents yet, so it has no map; train it to its end first.")
        if run.card.latent_dims <= projection.MAP_DIMS:
            raise BadValueError(
                f"{run.folder.name} has {run.card.latent_dims} latent dimensions, so its map is the latent itself; "
                f"{self.map.title} is for runs with more."
            )
        self.made_of = {
            "latents": run.card.files[LATENTS],
            "map": name,
            "settings": dict(self.map.settings),
            "seed": SEED,
            "library": f"{self.map.library} {self.map.library_version}",
        }
        digest = hashlib.sha256(json.dumps(self.made_of, sort_keys=True).encode()).hexdigest()
        self.key = digest[:LETTERS_OF_THE_KEY]
        self.stem: Path = settings.data_root / FOLDER / f"{name}-{self.key}"
        self.job = Job(self.stem, f"The {self.map.title} map of {run.folder.name}")

    @property
    def n_items(self) -> int:
        """Items on the map."""
        return sum(kept_items(self.run.card, split) for split in SPLITS)

    @property
    def expected_seconds(self) -> float:
        """About how long computing it takes."""
        return self.map.expected_seconds(self.n_items)

    def read(self) -> Places | None:
        """The map as it is kept; None where it has not been computed.

        Raises:
            BadDataError: damaged files; they are removed, so that the map can be computed again.
        """
        if not self._file("json").exists():
            return None
        try:
            return self._checked(json.loads(read_bytes(self._file("json"))), read_bytes(self._file("npy")))
        except (OSError, ValueError, TypeError, KeyError):
            self._remove()
            raise BadDataError(
                f"The kept {self.map.title} map of {self.run.folder.name} was damaged and has been removed; "
                "compute it again."
            ) from None

    def _checked(self, about: dict[str, Any], raw: bytes) -> Places:
        """The map, if it is the one that its JSON vouches for; else ValueError, KeyError or TypeError."""
        places = np.load(BytesIO(raw), allow_pickle=False)
        is_sound = hashlib.sha256(raw).hexdigest() == about["sha256"] and about["made of"] == self.made_of
        fits = places.shape == (self.n_items, 2) and places.dtype == np.float32
        if not (is_sound and fits and np.isfinite(places).all()):
            raise ValueError("altered")
        trust = about["trustworthiness"]
        return Places(places, math.nan if trust is None else float(trust))

    def write(self, found: Places, seconds: float) -> None:
        """Keep a map: the places, then the JSON that vouches for them.

        Raises:
            ExplorerError: a disk that is full or cannot be written.
        """
        out = BytesIO()
        np.save(out, found.places.astype(np.float32), allow_pickle=False)
        with telling_of_the_disk(self.stem.parent, DISK_ADVICE):
            self.stem.parent.mkdir(parents=True, exist_ok=True)
            about = {
                "run": self.run.folder.name,
                "items": len(found.places),
                "made of": self.made_of,
                "trustworthiness": None if math.isnan(found.trustworthiness) else found.trustworthiness,
                "seconds": round(seconds, 1),
                "sha256": write_bytes(self.stem.parent, self._file("npy").name, out.getvalue()),
            }
            write_bytes(self.stem.parent, self._file("json").name, json.dumps(about, indent=2).encode())

    def begin(self) -> None:
        """Compute the map in the background, in a process of its own; nothing happens while one is at it.

        Raises:
            ExplorerError: a data root that cannot be written.
        """
        self.job.begin("project", self.run.folder.name, "--map", self.map.name)

    def _file(self, kind: str) -> Path:
        return self.stem.with_name(f"{self.stem.name}.{kind}")

    def _remove(self) -> None:
        with telling_of_the_disk(self.stem.parent, DISK_ADVICE):
            for kind in ("json", "npy"):
                self._file(kind).unlink(missing_ok=True)


def compute(kept: Kept, report: Report = lambda *_: None) -> Places:
    """Compute a map in this process and keep it; one that is kept already is read.

    Args:
        kept: where it goes.
        report: called with stage, steps done and steps in all.

    Raises:
        BadValueError: another process is at it.
        BadRunError: latents that are missing, altered or do not match the items.
        BadDataError: too few items, or latents that are all the same.
    """
    with kept.job.working(report) as told:
        with suppress(BadDataError):  # a damaged one is removed, and computed anew here
            there = kept.read()
            if there is not None:
                return there
        began = time.monotonic()
        z = np.concatenate([kept.run.latents(split).z for split in SPLITS])
        places = neighbour_maps.fit(kept.map.name, z, told)
        told("measuring how far the map can be trusted", 0, 0)
        found = Places(places, faithfulness.trustworthiness(z, places, kept.run.card.geometry))
        kept.write(found, time.monotonic() - began)
        return found
