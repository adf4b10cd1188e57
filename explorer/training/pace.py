"""Which number format and how many threads train fastest here, by trying them.

Two threads on a busy machine can be slower than one, and bfloat16 pays only where the processor
has instructions for it: no rule knows, a second of steps does.
"""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from time import perf_counter
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from explorer.data.dataset import Dataset
from explorer.fields import Config
from explorer.method import Batch, Method
from explorer.networks.autoencoder import Autoencoder
from explorer.training.config import TrainingConfig
from explorer.training.sampler import Sampler
from explorer.training.trainee import PLAIN_PRECISION, Stepper, start

Precision = Literal["32-true", "bf16-mixed"]
WORTH_MEASURING = 10.0  # seconds of training; below, the plain choice costs less than a measurement
TRIAL = 0.2  # seconds of steps a choice
WARM_UP = 2  # steps
GAIN = 0.9  # another choice must need this share of the plain one's time, or less


def settle(
    network: Autoencoder, method: Method, config: Config, dataset: Dataset, run: TrainingConfig, device: str
) -> TrainingConfig:
    """Put the measured precision and number of threads in place of "auto" and 0.

    Args:
        network: about to be trained; a copy of it is tried.
        method, config: what is trained.
        dataset: some of its training items make the batch.
        run: its other settings stay.
        device: where it will be trained.

    Returns:
        A configuration without "auto"; "32-true" and all cores where the training is short or
        nothing else is clearly faster.
    """
    if run.precision != "auto" and run.threads:
        return run
    cores = torch.get_num_threads()  # the cores there are, unless OMP_NUM_THREADS says otherwise
    threads = [run.threads] if run.threads else [cores] if device != "cpu" else sorted({cores, 1}, reverse=True)
    precisions: list[Precision] = [PLAIN_PRECISION, "bf16-mixed"] if run.precision == "auto" else [run.precision]
    choices = [run.model_copy(update={"precision": p, "threads": t}) for p, t in product(precisions, threads)]
    plain, *others = choices
    cost = _seconds_a_step(network, method, config, dataset, plain, device)
    if cost * run.epochs * len(dataset.rows("train")) / run.batch_size < WORTH_MEASURING:
        return plain
    costs = [_seconds_a_step(network, method, config, dataset, choice, device) for choice in others]
    fastest = min(range(len(others)), key=costs.__getitem__, default=None)
    return others[fastest] if fastest is not None and costs[fastest] < GAIN * cost else plain


@contextmanager
def threads(number: int) -> Iterator[None]:
    """Let torch use so many threads for a while; 0 leaves its own choice."""
    before = torch.get_num_threads()
    torch.set_num_threads(number or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _seconds_a_step(
    network: Autoencoder, method: Method, config: Config, dataset: Dataset, run: TrainingConfig, device: str
) -> float:
    """Mean time of a training step of a copy of the network: on a busy machine that counts, not the best."""
    train = dataset.rows("train")
    sampler = Sampler(method, config, dataset, dataset.labels[train], run.batch_size)
    rows = train[next(sampler.epoch(np.random.default_rng(0), torch.Generator())).numpy()]
    trainee = start(copy.deepcopy(network), run, device=device)
    x = trainee.network.normalise(torch.from_numpy(dataset.items[rows]).to(device))
    labels = torch.from_numpy(dataset.labels[rows]).to(device)
    targets = torch.zeros(len(rows), network.latent_dims, device=device)
    batch = Batch(x, labels, torch.Generator(device).manual_seed(0), targets, sampler.size)
    with threads(run.threads):
        stepper = Stepper(trainee, method, config, run.precision)
        stepper.begin()
        for _ in range(WARM_UP):
            _wait_for(stepper.step(batch, run.learning_rate))
        begun, steps = perf_counter(), 0
        while not steps or perf_counter() - begun < TRIAL:
            _wait_for(stepper.step(batch, run.learning_rate))
            steps += 1
    return (perf_counter() - begun) / steps


def _wait_for(terms: dict[str, Tensor]) -> None:
    """Let the device finish the step that gives these terms."""
    float(torch.stack([term.detach() for term in terms.values()]).sum())
