"""Loss terms and rate of the epoch under way."""

from dataclasses import dataclass, field
from time import perf_counter

import torch
from torch import Tensor

from explorer.errors import TrainingError
from explorer.training.events import Progressed

REPORT_SECONDS = 0.25


@dataclass
class Report:
    """Adds the loss terms of an epoch up without waiting for the device at every step."""

    epoch: int
    batch_size: int
    step: int = 0
    names: tuple[str, ...] = ()
    pending: list[Tensor] = field(default_factory=list)
    sums: Tensor | None = None
    since: float = field(default_factory=perf_counter)

    def add(self, terms: dict[str, Tensor]) -> None:
        """Note the terms of one step."""
        self.names = tuple(terms)
        self.pending.append(torch.stack([term.detach() for term in terms.values()]))

    def due(self) -> bool:
        """Whether it is time to tell."""
        return perf_counter() - self.since >= REPORT_SECONDS

    def progress(self) -> Progressed:
        """Empty what is pending into one event; raises TrainingError at the first term that is not finite."""
        new = torch.stack(self.pending).cpu().double()  # (steps, terms); this waits for the device
        bad = (~new.isfinite()).nonzero()
        if len(bad):
            step, term = (int(value) for value in bad[0])
            raise TrainingError(
                f"The {self.names[term]} loss became {new[step, term].item()} in epoch {self.epoch}, step "
                f"{self.step + step + 1}. Lower --learning-rate or that term's weight; "
                "the run is kept as it was after its last whole epoch."
            )
        rate = len(new) * self.batch_size / max(perf_counter() - self.since, 1e-9)
        self.sums = new.sum(dim=0) + (0 if self.sums is None else self.sums)
        self.step += len(new)
        self.pending, self.since = [], perf_counter()
        means = dict(zip(self.names, new.mean(dim=0).tolist(), strict=True))
        return Progressed(self.epoch, self.step, means, rate)

    def means(self) -> dict[str, float]:
        """Mean of each loss term over the steps so far."""
        if self.sums is None:
            return {}
        return dict(zip(self.names, (self.sums / self.step).tolist(), strict=True))
