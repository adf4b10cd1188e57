"""The command line: `latent-explorer`.

A command is a function: its arguments are the flags, its docstring is the help. It imports what
starts slowly when it runs, so that `--help` answers at once.
"""

import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

import tyro

from explorer.cli.dashboard import app
from explorer.cli.evaluating import evaluate
from explorer.cli.runs import models
from explorer.cli.shelf import data, project, suggest
from explorer.cli.training import train, train_new
from explorer.errors import BadValueError, ExplorerError

DESCRIPTION = """See, question and use the latent space of an autoencoder, in the browser.

For example:
  latent-explorer app
  latent-explorer app --help"""
COMMANDS: dict[str, Callable[..., Any]] = {
    "app": app,
    "train": train,
    "models": models,
    "data": data,
    "project": project,
    "suggest": suggest,
    "evaluate": evaluate,
}
NAMES_BEFORE_FLAGS = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns:
        0, or 2 after a mistake that its user can mend: one sentence on stderr says how.
    """
    said = list(sys.argv[1:] if arguments is None else arguments)
    # Before torch is loaded: threads that spin while they wait fight the other programs of a busy machine.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        if said[:1] == ["train"] and _names_both(said[1:]):
            train_new(said[1:])
        elif said[:1] == ["train"] and not {"--resume", "--help", "-h"} & set(said) and len(said) > 1:
            raise BadValueError(
                "Say METHOD and DATA first, then the flags: latent-explorer train ae digits --name first."
            )
        else:
            tyro.extras.subcommand_cli_from_dict(
                COMMANDS, prog="latent-explorer", description=DESCRIPTION, args=said or ["--help"]
            )
    except ExplorerError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # its reader, `head` for example, has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return 0


def _names_both(said: Sequence[str]) -> bool:
    """Whether method and data set come first, so that their flags are known."""
    return [text[:1] == "-" for text in said[:NAMES_BEFORE_FLAGS]] == [False] * NAMES_BEFORE_FLAGS
