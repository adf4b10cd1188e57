"""What stands for an item on a linear map in place of its latent: a sample of its posterior, or a shorter code.

Reference: Torres Fernández, Designing variational autoencoders for image retrieval, Figures 3.5, 3.7 and 3.8.
"""

import re

import numpy as np
from numpy.typing import NDArray

from explorer.retrieval.codes import binarise, clip, quantise
from explorer.workflows.ways import LEVELS, Code, no_code
from explorer.zoo.card import Card

MEAN, SAMPLE = "mean", "sample"
MARK = "~"  # in a map's name, before the code: "pca~binary", "z1-z3~quantised-8"
SHORT: tuple[Code, ...] = ("clipped", "binary", "quantised")
QUANTISED = re.compile("quantised-([0-9]{1,2})")
SAMPLE_SEED = 0


def drawn_codes(card: Card, std: NDArray[np.float32]) -> tuple[str, ...]:
    """Codes under which a run's items can be drawn, beside their mean.

    Args:
        card: of the run.
        std: deviations of its posteriors, shape (n, d) or (n, 0).
    """
    sample = (SAMPLE,) if std.shape[1] else ()
    return sample + tuple(code for code in SHORT if not no_code(card, code))


def split_name(name: str) -> tuple[str, str]:
    """The map and the code that a name tells: "pca~binary" is ("pca", "binary"); the mean where none is told."""
    stem, mark, code = name.partition(MARK)
    return stem, code if mark else MEAN


def kind_of(code: str) -> str:
    """The code without its setting: "quantised" for "quantised-8"; empty for one that there is not."""
    found = QUANTISED.fullmatch(code)
    if found is not None:
        return "quantised" if int(found[1]) in LEVELS and found[1] == str(int(found[1])) else ""
    return code if code in (MEAN, SAMPLE, "clipped", "binary") else ""


def is_discrete(code: str) -> bool:
    """Whether many items share one code."""
    return kind_of(code) in ("binary", "quantised")


def under(code: str, z: NDArray[np.floating], std: NDArray[np.floating]) -> NDArray[np.floating]:
    """What stands for each latent.

    Args:
        code: a code that there is, with its setting.
        z: latents, shape (n, d).
        std: deviations of their posteriors, shape (n, d); (n, 0) where there are none: then a sample is the mean.

    Returns:
        Shape (n, d); of a sample mean + std * eps, where eps is normal and drawn once for each item.
    """
    kind = kind_of(code)
    if kind == SAMPLE and std.shape[1]:
        noise = np.random.default_rng(SAMPLE_SEED).standard_normal(z.shape, np.float32)
        return np.asarray(z + std * noise)
    if kind == "clipped":
        return clip(z)
    if kind == "binary":
        return binarise(z).astype(np.float64)
    return quantise(z, levels=int(code.removeprefix("quantised-"))) if kind == "quantised" else z


def words(code: str) -> str:
    """What is drawn, for a person; empty for the mean."""
    kind = kind_of(code)
    if kind == SAMPLE:
        return "a sample of each item's posterior"
    if kind == "quantised":
        return f"codes of {code.removeprefix('quantised-')} levels"
    return "" if kind == MEAN else f"{kind} codes"
