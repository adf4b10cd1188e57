"""What a run gives to a structuring autoencoder that goes on from it: settings and weights."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from explorer.errors import BadValueError
from explorer.fields import parse
from explorer.zoo.run import Run

if TYPE_CHECKING:
    from torch import Tensor

    from explorer.methods.structuring import StructuringConfig
    from explorer.networks.autoencoder import Autoencoder

STRUCTURAL_WEIGHT = 0.9  # in trials on MNIST labels told more with it than with 0.5
LEFT_OUT = ("classifier.", "critics.")  # a structuring autoencoder asks none


def taken_over(run: Run, n_classes: int, **changes: Any) -> "tuple[StructuringConfig, Autoencoder]":
    """A structuring autoencoder that encodes and decodes as a run does.

    Of a posterior the mean is taken. Settings of a structuring run stay; any other one has the `class_distance` of
    its latents.

    Args:
        run: with weights and latents.
        n_classes: c, at least 2.
        changes: settings that are to differ.

    Returns:
        The settings, and the network with the run's weights.

    Raises:
        BadValueError: a run in another space, without a decoder, or whose network has parts that no structuring
            autoencoder has.
    """
    from explorer.method import InputSpec  # imports torch
    from explorer.methods.structuring import StructuringConfig, build

    card = run.card
    if card.geometry != "euclidean":
        raise _refused(run, f"its latents lie in another space ({card.geometry})")
    if not card.has_decoder:
        raise _refused(run, "it has no decoder")
    said = {name: value for name, value in card.config.items() if name in StructuringConfig.model_fields}
    said |= {"pretrained": "none", "class_distances": ""}
    if "class_distance" not in said:
        said["class_distance"] = class_distance(run.latents("train").z, n_classes)
    if not said.get("structural_weight"):  # another method, or the plain autoencoder of a comparison
        said["structural_weight"] = STRUCTURAL_WEIGHT
    config = parse(StructuringConfig, said | changes, f"The card of {card.name}")
    network = build(config, InputSpec(card.shape, n_classes))
    network.load_state_dict(_weights(run, network))
    return config, network


def class_distance(z: NDArray[np.floating], n_classes: int) -> float:
    """The distance at which so many equal classes spread as far as latents do.

    D = sqrt(2c / (c - 1)) * sqrt(mean ||z - mean||^2).

    Args:
        z: latents, shape (n, d).
        n_classes: c, at least 2.
    """
    z = z.astype(np.float64)
    spread = float(np.sqrt(((z - z.mean(axis=0)) ** 2).sum(axis=1).mean()))
    return max(1e-3, spread * float(np.sqrt(2 * n_classes / (n_classes - 1))))


def _weights(run: Run, network: "Autoencoder") -> "dict[str, Tensor]":
    """The run's weights by the names of another network."""
    from explorer.networks.heads import PolarHead

    head = run.network.head
    if head is not None and not isinstance(head, PolarHead):  # before the fold of a polar run lies a latent too
        raise _refused(run, "its latents are made by a layer of their own")
    wanted = network.state_dict()
    found = {n: t for n, t in run.network.state_dict().items() if not n.startswith(LEFT_OUT)}
    if run.network.variational:
        found = {name: _mean_part(tensor, wanted.get(name)) for name, tensor in found.items()}
    odd = sorted(n for n in wanted.keys() | found.keys() if n not in wanted or n not in found)
    odd += [name for name in wanted if name in found and wanted[name].shape != found[name].shape]
    if odd:
        raise _refused(run, f"its network has other parts ({odd[0]})")
    return {name: tensor.clone() for name, tensor in found.items()}


def _mean_part(tensor: "Tensor", wanted: "Tensor | None") -> "Tensor":
    """The first half of a layer that gives means and then log-variances."""
    doubled = wanted is not None and wanted.ndim > 0 and tensor.shape == (2 * len(wanted), *wanted.shape[1:])
    return tensor[: len(tensor) // 2] if doubled else tensor


def _refused(run: Run, why: str) -> BadValueError:
    return BadValueError(
        f"{run.card.name}, trained by {run.card.method}, cannot be fine-tuned: {why}. Begin a session with a run of "
        "structuring, ae or vae, or of supervised with a decoder."
    )
