"""Weights that a network begins a training with: torchvision's of ImageNet, where they lie on this machine already.

Nothing is downloaded, and a run that is opened never looks for them: its own weights are in its folder.
"""

import pickle
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import torch
from torch import nn

from explorer.errors import BadDataError, BadValueError
from explorer.fields import Config
from explorer.networks.backbone import NetworkConfig
from explorer.networks.googlenet import AFTER_THE_MAPS, GoogLeNetEncoder

WEIGHTS = "googlenet-1378be20.pth"  # torchvision's name: the digits begin the file's SHA-256
MOST_BYTES = 200_000_000  # four times torchvision's
AUXILIARY = ("aux1", "aux2")


def imagenet_file(data_root: Path) -> Path | None:
    """GoogLeNet's weights in torch hub's cache or below the data root; None where they are in neither."""
    places = (Path(torch.hub.get_dir()) / "checkpoints", data_root / "weights")
    return next((place / WEIGHTS for place in places if (place / WEIGHTS).is_file()), None)


def with_pretrained(config: Config, data_root: Path) -> Config:
    """The settings with what "auto" means on this machine, so that a card says for ever what its run began with.

    Raises:
        BadValueError: ImageNet's weights for a network without any, or where they are not on this machine.
    """
    if not isinstance(config, NetworkConfig) or config.pretrained == "none":
        return config
    if config.pretrained == "imagenet" and config.network != "googlenet":
        raise BadValueError(
            f"The network {config.network} has no ImageNet weights. Choose googlenet or pretrained none."
        )
    here = config.network == "googlenet" and imagenet_file(data_root) is not None
    if config.pretrained == "imagenet" and not here:
        raise BadValueError(
            f"ImageNet's weights of googlenet are not on this machine. Put torchvision's {WEIGHTS} into the folder "
            "weights of the data root, or choose pretrained none."
        )
    return config.model_copy(update={"pretrained": "imagenet" if here else "none"})


def load_pretrained(network: nn.Module, config: Config, data_root: Path) -> None:
    """Give each GoogLeNet of a new network ImageNet's weights, where its settings say so; see `with_pretrained`.

    Raises:
        BadDataError: weights that are damaged or another's.
    """
    if not isinstance(config, NetworkConfig) or config.pretrained != "imagenet":
        return
    path = imagenet_file(data_root)
    unused = tuple(f"{name}." for name in (*AFTER_THE_MAPS, *AUXILIARY))
    try:
        if path is None:
            raise FileNotFoundError(WEIGHTS)
        content = path.read_bytes() if path.stat().st_size <= MOST_BYTES else b""
        if not sha256(content).hexdigest().startswith(path.stem.rpartition("-")[2]):
            raise ValueError("another file")
        tensors = torch.load(BytesIO(content), map_location="cpu", weights_only=True)  # numbers, nothing that runs
        kept = {name: tensor for name, tensor in tensors.items() if not name.startswith(unused)}
        for part in network.modules():
            if isinstance(part, GoogLeNetEncoder):
                part.stages.load_state_dict(kept)
    except (OSError, EOFError, ValueError, RuntimeError, AttributeError, pickle.UnpicklingError):
        raise BadDataError(
            f"{WEIGHTS} is gone, damaged or not torchvision's; remove it or put the right one in its place, "
            "or choose pretrained none."
        ) from None


def beginning(config: Config) -> str:
    """What is worth saying of the weights that a training begins with; empty where there was no choice."""
    if not isinstance(config, NetworkConfig) or config.network != "googlenet":
        return ""
    if config.pretrained == "imagenet":
        return "GoogLeNet begins with ImageNet's weights."
    return f"GoogLeNet begins with random weights: ImageNet's need {WEIGHTS} in the folder weights of the data root."
