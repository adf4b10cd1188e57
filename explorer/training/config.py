"""Settings of one training, whatever the method."""

from typing import Literal

from explorer.fields import Config, hyper
from explorer.training.augment import AugmentConfig


class TrainingConfig(Config):
    """How a network is trained."""

    epochs: int = hyper(40, low=1, help="passes over the training items")
    batch_size: int = hyper(32, low=2, help="items a step", unit="items")
    learning_rate: float = hyper(0.002, low=0, help="Adam's step size at the start; falls to 0 along a cosine")
    seed: int = hyper(0, low=0, high=99_999_999, help="starts weights, shuffling and augmentation")
    augment: bool = hyper(True, help="vary training images (rotation, perspective, jitter, erasing, mirroring)")
    augmentation: AugmentConfig = AugmentConfig()
    label_share: float = hyper(1, low=0, high=1, help="share of the training labels that the method sees")
    label_seed: int = hyper(0, low=0, high=99_999_999, help="which labels those are")
    labelled_part: float = hyper(
        0, low=0, high=0.9, help="part of each step's items drawn among those whose label is seen; 0 takes all in turn"
    )
    precision: Literal["auto", "32-true", "bf16-mixed"] = hyper(
        "auto", help="number format of the layers; auto measures which is faster here"
    )
    threads: int = hyper(0, low=0, high=1024, help="CPU threads; 0 measures which number is faster here")
    kept: Literal["all", "gallery", "compact"] = hyper(
        "all",
        help="what stays: all, or weights and latents in half precision and, above 2 dimensions, latents of up to "
        "20,000 (gallery) or 10,000 (compact) items a split",
    )
