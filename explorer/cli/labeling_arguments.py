"""What the actions of `latent-explorer label` share: their arguments, and the store."""

from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from explorer.cli.terminal import settings_for
from explorer.labeling.store import LabelStore, open_store

Session = Annotated[Positional[str], arg(metavar="SESSION", help_behavior_hint="")]
Run = Annotated[Positional[str], arg(metavar="RUN", help_behavior_hint="")]
Class = Annotated[Positional[str], arg(metavar="CLASS", help_behavior_hint="")]
NewName = Annotated[Positional[str], arg(metavar="NEW", help_behavior_hint="")]
File = Annotated[Positional[Path], arg(metavar="FILE", help_behavior_hint="")]
Who = Annotated[str, arg(metavar="WHO", help_behavior_hint="")]


def store() -> LabelStore:
    """The labels of this installation."""
    return open_store(settings_for())
