"""What a training changes, and how it takes a step."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from explorer.errors import BadValueError, TrainingError
from explorer.fields import Config
from explorer.method import Batch, Method
from explorer.networks.autoencoder import Autoencoder
from explorer.training.config import TrainingConfig
from explorer.zoo.run import ITEMS_AT_ONCE

PLAIN_PRECISION: Literal["32-true"] = "32-true"


@dataclass
class Trainee:
    """What a training changes: it can be saved at an epoch's boundary and put back.

    Args:
        network: under training.
        optimizer: its Adam.
        epoch: epochs done.
    """

    network: Autoencoder
    optimizer: torch.optim.Adam
    epoch: int = 0


class _Objective(nn.Module):
    """Network and loss as one module, so that Fabric sees one forward pass."""

    def __init__(self, network: Autoencoder, method: Method, config: Config) -> None:
        super().__init__()
        self.network, self.method, self.config = network, method, config

    def forward(self, **parts: Any) -> dict[str, Tensor]:
        """The loss terms of one batch, float32. In parts, as Fabric cannot look into a frozen Batch."""
        terms = self.method.loss(self.network, Batch(**parts), self.config)
        return {name: term.float() for name, term in terms.items()}


def pick_device(name: str) -> str:
    """Turn "auto" into the best device there is; check any other.

    Raises:
        BadValueError: a device that is not known or not here.
    """
    available = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name == "auto":
        return next(device for device in ("cuda", "mps", "cpu") if available[device])
    if name not in available:
        raise BadValueError(f"device = {name!r}, but it must be auto, {', '.join(available)}.")
    if not available[name]:
        raise BadValueError(f"This machine has no {name} device; use --device cpu or auto.")
    return name


def start(network: Autoencoder, run: TrainingConfig, *, device: str = "cpu") -> Trainee:
    """Move a network to the device and give it an Adam, fused: its whole step is one kernel."""
    network.to(torch.device(device)).to(memory_format=torch.channels_last)
    return Trainee(network, torch.optim.Adam(network.parameters(), lr=run.learning_rate, fused=True))


def put_back(trainee: Trainee, moments: Mapping[int, Mapping[str, Tensor]], epoch: int) -> None:
    """Give a new trainee the state of an epoch's boundary.

    Args:
        trainee: of the network as it was then.
        moments: Adam's state by parameter number, as in its `state_dict()["state"]`.
        epoch: epochs done.
    """
    groups = trainee.optimizer.state_dict()["param_groups"]
    trainee.optimizer.load_state_dict({"state": moments, "param_groups": groups})
    for parameter, state in trainee.optimizer.state.items():
        for key, value in state.items():
            if value.shape == parameter.shape:
                # Fused Adam walks parameters and moments in memory order: another order mixes them up silently.
                state[key] = torch.empty_like(parameter, requires_grad=False).copy_(value)
    trainee.epoch = epoch


class Stepper:
    """Network, loss and optimiser behind Fabric: takes training steps.

    Args:
        trainee: whose network is changed.
        method, config: whose loss is minimised.
        precision: number format of the layers; "auto" is float32 here.
    """

    def __init__(self, trainee: Trainee, method: Method, config: Config, precision: str) -> None:
        from lightning_fabric import Fabric  # imports slowly

        logging.getLogger("lightning_fabric").setLevel(logging.WARNING)  # it tells each precision as it is tried
        device = next(trainee.network.parameters()).device.type
        number_format: Any = PLAIN_PRECISION if precision == "auto" else precision
        self._fabric = Fabric(accelerator=device, devices=1, precision=number_format)
        objective = _Objective(trainee.network, method, config)
        self._objective, self._optimizer = self._fabric.setup(objective, trainee.optimizer)

    def begin(self) -> None:
        """Switch the network to training mode."""
        self._objective.train()

    def step(self, batch: Batch, rate: float) -> dict[str, Tensor]:
        """Forward, backward, one step of Adam; returns the loss terms."""
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        terms: dict[str, Tensor] = self._objective(**vars(batch))
        self._optimizer.zero_grad()
        self._fabric.backward(torch.stack(list(terms.values())).sum())
        self._optimizer.step()
        return terms


def check_weights(trainee: Trainee) -> None:
    """Raise TrainingError where a finite loss had a gradient that was not."""
    for name, tensor in trainee.network.state_dict().items():
        if not tensor.isfinite().all():
            raise TrainingError(
                f"The weights {name} became infinite or NaN in epoch {trainee.epoch}. Lower --learning-rate; "
                "the run is kept as it was after its last whole epoch."
            )


def encode(network: Autoencoder, parts: Iterable[NDArray[np.uint8] | NDArray[np.float32]]) -> NDArray[np.float32]:
    """Latents of items, part by part, as the network stands; it is left in evaluation mode.

    Args:
        network: on any device.
        parts: items as a data set holds them.

    Returns:
        Shape (n, d), of all parts in turn; the mean where there is a posterior.
    """
    device = next(network.parameters()).device
    network.eval()
    with torch.inference_mode():
        z = [
            network.encode(network.normalise(some.to(device)))
            for part in parts
            for some in torch.split(torch.from_numpy(part), ITEMS_AT_ONCE)
        ]
    return np.asarray(torch.cat(z).float().cpu().numpy())
