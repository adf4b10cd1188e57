"""What simulated campaigns came to: settings, records on disk, and the share of labels that guidance saves."""

import hashlib
import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from explorer import places
from explorer.errors import ExplorerError
from explorer.fields import Config, hyper
from explorer.files import telling_of_the_disk
from explorer.settings import Settings
from explorer.workflows.background import DISK_ADVICE
from explorer.zoo.store import read_bytes, write_bytes

FOLDER = "campaigns"  # of the data root, and beside the shipped runs
GUIDED, CHANCE = "margin", "random"
STRATEGIES = (CHANCE, GUIDED)
MOST_BYTES = 1_000_000
LETTERS_OF_THE_KEY = 16


class Setup(Config):
    """How a campaign is made."""

    data: str
    items: int = hyper(10_000, low=10, help="training items, drawn anew with each seed")
    start: int = hyper(40, low=2, help="labels to begin with, drawn by chance")
    per_round: int = hyper(40, low=1, help="labels asked for in a round")
    rounds: int = hyper(12, low=1, high=1000, help="rounds of asking")
    epochs: int = hyper(3, low=1, high=1000, help="of training by the structuring loss in each round")
    pretraining: int = hyper(6, low=1, high=1000, help="epochs without labels before the first round")
    seeds: int = hyper(3, low=1, high=100, help="each draws items, first labels, weights and picks anew")
    latent_dims: int = hyper(16, low=1, high=512, help="dimensions of the latent space", symbol="d")
    width: float = hyper(0.25, low=0.0625, high=2, help="scales the network's channels")
    structural_weight: float = hyper(0.9, low=0.001, high=1, help="of the structuring loss", symbol="a")
    learning_rate: float = hyper(0.001, low=0, help="Adam's, in each round")

    @property
    def labels(self) -> NDArray[np.int64]:
        """Labels at the end of each round, from the start on, shape (rounds + 1,)."""
        return self.start + self.per_round * np.arange(self.rounds + 1)

    @property
    def key(self) -> str:
        """Names these settings."""
        said = json.dumps(self.model_dump(), sort_keys=True).encode()
        return f"{self.data}-{hashlib.sha256(said).hexdigest()[:LETTERS_OF_THE_KEY]}"


class Campaign(BaseModel):
    """What came out of a campaign.

    Args:
        setup: how it was made.
        errors: of each strategy, for each seed the share of test items in the wrong class after each round.
        classes: what was told apart.
        test_items: on which the error was measured.
        command: that makes it.
        created: when it ended; empty while seeds are missing.
        seconds: that it took.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    setup: Setup
    errors: dict[str, list[list[float]]]
    classes: list[str]
    test_items: int
    command: str
    created: str = ""
    seconds: float = 0.0

    def of(self, strategy: str) -> NDArray[np.float64]:
        """Error of a strategy, a row a seed and a column a round."""
        return np.array(self.errors[strategy], np.float64)

    @property
    def reached(self) -> int | None:
        """The labels with which guided picks, by the mean over seeds, first did as well as random ones at their end.

        None where they never did.
        """
        return _reached(self.of(GUIDED).mean(axis=0), self.of(CHANCE).mean(axis=0)[-1], self.setup.labels)

    @property
    def share(self) -> float | None:
        """`reached` as a share of all labels of the campaign; None where they never did."""
        return None if self.reached is None else self.reached / int(self.setup.labels[-1])

    @property
    def shares(self) -> list[float | None]:
        """The same seed by seed, against each seed's own random picks."""
        pairs = zip(self.of(GUIDED), self.of(CHANCE)[:, -1], strict=True)
        found = [_reached(errors, end, self.setup.labels) for errors, end in pairs]
        return [None if one is None else one / int(self.setup.labels[-1]) for one in found]


def in_words(found: Campaign) -> str:
    """What a campaign comes to, in a sentence."""
    end = 100 * found.of(CHANCE).mean(axis=0)[-1]
    asked, seeds = int(found.setup.labels[-1]), found.setup.seeds
    begin = f"Random picks end at {end:.1f} % error with {asked:,} labels, mean of {seeds} seed{'s' * (seeds != 1)}; "
    if found.reached is None or found.share is None:
        return f"{begin}guided picks did not get there."
    each = ", ".join("never" if share is None else f"{100 * share:.0f}" for share in found.shares)
    by_seed = f" (seed by seed: {each})" if seeds > 1 else ""
    return f"{begin}guided picks are there with {found.reached:,}, {100 * found.share:.0f} % of them{by_seed}."


def _reached(errors: NDArray[np.float64], wanted: float, labels: NDArray[np.int64]) -> int | None:
    there = np.flatnonzero(errors <= wanted)
    return int(labels[there[0]]) if len(there) else None


def kept(setup: Setup, settings: Settings) -> Campaign | None:
    """What there is of a campaign of these settings below the data root; None for nothing, or a damaged file."""
    found = _read(settings.data_root / FOLDER / f"{setup.key}.json")
    return found if found is not None and found.setup == setup else None


def records(settings: Settings) -> list[Campaign]:
    """Every whole campaign there is, the user's own first, then the shipped ones, each part with the newest first.

    Of two with the same settings the first alone.
    """
    own = (settings.data_root / FOLDER).glob("*.json")
    shipped = (places.models() / FOLDER).glob("*.json")
    parts = [[_read(path) for path in sorted(paths)] for paths in (own, shipped)]
    every = [
        one
        for part in parts
        for one in sorted((c for c in part if c is not None and c.created), key=lambda c: c.created, reverse=True)
    ]
    firsts: dict[str, Campaign] = {}
    for one in every:
        firsts.setdefault(one.setup.key, one)
    return list(firsts.values())


def write(found: Campaign, settings: Settings) -> None:
    """Keep a campaign below the data root, whole or as far as it is.

    Raises:
        ExplorerError: a disk that cannot be written.
    """
    folder = settings.data_root / FOLDER
    with telling_of_the_disk(folder, DISK_ADVICE):
        folder.mkdir(parents=True, exist_ok=True)
        write_bytes(folder, f"{found.setup.key}.json", (found.model_dump_json(indent=1) + "\n").encode())


def _read(path: Path) -> Campaign | None:
    """The record in a file; None for one that is none, or whose rows do not fit."""
    try:
        if path.stat().st_size > MOST_BYTES:
            return None
        found = Campaign.model_validate_json(read_bytes(path))
    except (OSError, ValidationError, ValueError, ExplorerError):
        return None
    columns = {len(row) for rows in found.errors.values() for row in rows}
    fits = set(found.errors) == set(STRATEGIES) and columns <= {found.setup.rounds + 1}
    whole = {len(rows) for rows in found.errors.values()} == {found.setup.seeds}
    return found if fits and (whole or not found.created) else None
