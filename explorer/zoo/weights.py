"""Networks and training states as tensor files; nothing in them is ever executed."""

from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as parse_tensors
from safetensors.torch import save as dump_tensors
from torch import Tensor, nn

from explorer.errors import BadRunError
from explorer.fields import parse
from explorer.method import InputSpec
from explorer.methods import METHODS
from explorer.networks.autoencoder import Autoencoder
from explorer.registry import lookup
from explorer.zoo.card import Card

NETWORK, OPTIMIZER = "network.", "optimizer."
ADAM = ("step", "exp_avg", "exp_avg_sq")


def dump_network(network: nn.Module, *, half: bool = False) -> bytes:
    """A network's parameters and buffers as a tensor file.

    Args:
        network: of any device.
        half: its weight matrices and kernels in half precision, which `load_network` reads as float32.
    """
    tensors = _plain(network.state_dict())
    if half:
        tensors = {name: _halved(t) if t.dtype == torch.float32 and t.ndim > 1 else t for name, t in tensors.items()}
    return dump_tensors(tensors)


def _halved(weights: Tensor) -> Tensor:
    limit = torch.finfo(torch.float16).max
    return weights.clamp(-limit, limit).half()


def load_network(card: Card, content: bytes) -> Autoencoder:
    """Rebuild a run's network from its card and its weights, ready to encode.

    Raises:
        UnknownNameError: a method that this version does not have.
        BadValueError: settings that the method does not take.
        BadRunError: not a tensor file, or tensors that are not this network's.
    """
    tensors = {
        name: tensor.float() if tensor.dtype == torch.float16 else tensor
        for name, tensor in _parsed(content, card.name).items()
        if not name.startswith((NETWORK, OPTIMIZER))
    }
    return _assemble(card, tensors)


def dump_state(network: nn.Module, optimizer: torch.optim.Optimizer, epoch: int) -> bytes:
    """Everything that a training needs to go on from an epoch's boundary, as one tensor file."""
    tensors = {NETWORK + name: tensor for name, tensor in _plain(network.state_dict()).items()}
    for index, entry in optimizer.state_dict()["state"].items():
        for key, value in entry.items():
            tensors[f"{OPTIMIZER}{index}.{key}"] = value.detach().cpu().contiguous()
    return dump_tensors(tensors | {"epoch": torch.tensor(epoch)})


def load_state(card: Card, content: bytes) -> tuple[Autoencoder, dict[int, dict[str, Tensor]], int]:
    """Network, Adam's state by parameter, and epochs done, as `dump_state` wrote them.

    Raises:
        BadRunError: not a tensor file, or tensors that are not this network's.
    """
    tensors = _parsed(content, card.name)
    network = _assemble(card, {n.removeprefix(NETWORK): t for n, t in tensors.items() if n.startswith(NETWORK)})
    moments: dict[int, dict[str, Tensor]] = {}
    wanted = {
        f"{OPTIMIZER}{index}.{key}": parameter.shape if key != "step" else torch.Size()
        for index, parameter in enumerate(network.parameters())
        for key in ADAM
    }
    found = {name: tensor.shape for name, tensor in tensors.items() if name.startswith(OPTIMIZER)}
    epoch = tensors.get("epoch", torch.empty(0))
    if (found and found != wanted) or epoch.shape or epoch.is_floating_point() or epoch < 0:
        raise BadRunError(f"The training state of {card.name} is damaged; train it again: {card.command}")
    for name in found:  # none before the first step
        index, key = name.removeprefix(OPTIMIZER).split(".")
        moments.setdefault(int(index), {})[key] = tensors[name]
    return network, moments, int(epoch)


def _assemble(card: Card, tensors: dict[str, Tensor]) -> Autoencoder:
    """The card's network with these tensors; shapes are compared before any memory is taken."""
    method = lookup(METHODS, card.method, "method")
    config = parse(method.config, card.config, f"The card of {card.name}")
    with torch.device("meta"):
        network = method.build(config, InputSpec(card.shape, len(card.classes)))
    if (network.latent_dims, network.decoder is not None) != (card.latent_dims, card.has_decoder):
        raise BadRunError(
            f"The card of {card.name} does not fit its own settings: they make a network of {network.latent_dims} "
            f"latent dimensions. Restore card.json or train it again: {card.command}"
        )
    wanted: dict[str, Any] = {name: _kind(tensor) for name, tensor in network.state_dict().items()}
    found = {name: _kind(tensor) for name, tensor in tensors.items()}
    if wanted != found:
        odd = sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))
        raise BadRunError(
            f"The weights of {card.name} belong to another network: {len(odd)} tensors do not fit ({odd[0]}: "
            f"{found.get(odd[0], 'missing')}, expected {wanted.get(odd[0], 'none')}). "
            f"Put its own weights back or train it again: {card.command}"
        )
    if not all(tensor.isfinite().all() for tensor in tensors.values()):
        raise BadRunError(f"The weights of {card.name} hold values that are no numbers; train it again: {card.command}")
    network.load_state_dict(tensors, assign=True)
    network.to(memory_format=torch.channels_last).requires_grad_(False)
    return network.eval()


def _kind(tensor: Tensor) -> str:
    """Shape and number format, for comparing and telling."""
    return f"{tuple(tensor.shape)} {str(tensor.dtype).removeprefix('torch.')}"


def _parsed(content: bytes, where: str) -> dict[str, Tensor]:
    try:
        return parse_tensors(content)
    except (SafetensorError, ValueError, KeyError, RuntimeError):
        raise BadRunError(
            f"The weights of {where} are no tensor file or are cut off; restore or train it again."
        ) from None


def _plain(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """On the CPU, in the plain memory order that tensor files need."""
    return {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
