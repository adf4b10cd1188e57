"""See, question and use the latent space of an autoencoder."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from explorer.zoo.run import Run

__version__ = "0.1.0"


def load(path_or_name: str | Path) -> "Run":
    """Open a trained run: `explorer.load("textures-petals").neighbours([0.85, 0], k=5)`.

    Args:
        path_or_name: a run's folder, or the name of one of your runs or of a shipped one.

    Returns:
        The run: `.card`, `.encode(images)`, `.decode(z)`, `.latents(split)`, `.neighbours(z, k)`.

    Raises:
        UnknownNameError: neither a run's folder nor a name; the message lists the names there are.
        BadRunError: its card cannot be used.
    """
    from explorer.workflows import runs  # `import explorer` alone stays cheap

    return runs.load(path_or_name)
