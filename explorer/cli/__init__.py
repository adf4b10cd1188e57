"""The command line: `latent-explorer`.

A command is a function: its arguments are the flags, its docstring is the help. Only the one that is
asked for is imported, and it imports what starts slowly when it runs.
"""

import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

import tyro

from explorer.errors import BadValueError, ExplorerError

DESCRIPTION = """See, question and use the latent space of an autoencoder, in the browser.

For example:
  latent-explorer app
  latent-explorer app --help"""
COMMANDS = {  # the module of each
    "app": "dashboard",
    "train": "training",
    "models": "runs",
    "data": "shelf",
    "project": "shelf",
    "suggest": "shelf",
    "evaluate": "evaluating",
    "label": "labeling",
    "tune": "tuning",
    "campaign": "tuning",
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
            from explorer.cli.training import train_new

            train_new(said[1:])
        elif said[:1] == ["train"] and not {"--resume", "--help", "-h"} & set(said) and len(said) > 1:
            raise BadValueError(
                "Say METHOD and DATA first, then the flags: latent-explorer train ae digits --name first."
            )
        elif said[:1] and said[0] in COMMANDS:
            tyro.cli(_command(said[0]), prog=f"latent-explorer {said[0]}", args=said[1:])
        else:
            commands = {name: _command(name) for name in COMMANDS}
            tyro.extras.subcommand_cli_from_dict(
                commands, prog="latent-explorer", description=DESCRIPTION, args=said or ["--help"]
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


def _command(name: str) -> Callable[..., Any]:
    """The function of a command; its module is imported only now."""
    command: Callable[..., Any] = getattr(import_module(f"explorer.cli.{COMMANDS[name]}"), name)
    return command


def _names_both(said: Sequence[str]) -> bool:
    """Whether method and data set come first, so that their flags are known."""
    return [text[:1] == "-" for text in said[:NAMES_BEFORE_FLAGS]] == [False] * NAMES_BEFORE_FLAGS
