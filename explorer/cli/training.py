"""The command that trains, and what it shows while it does."""

import shlex
import sys
from collections.abc import Generator, Sequence
from dataclasses import field, make_dataclass
from typing import Annotated, Any

import tyro

from explorer.cli.terminal import Device, Text, count, loading, settings_for
from explorer.errors import BadValueError
from explorer.registry import lookup
from explorer.training.events import EpochEnded, Event, Progressed, Started


def train(
    method: Annotated[tyro.conf.Positional[Text], tyro.conf.arg(metavar="METHOD")] = None,
    data: Annotated[tyro.conf.Positional[Text], tyro.conf.arg(metavar="DATA")] = None,
    *,
    resume: Text = None,
    device: Device = None,
) -> None:
    """Train a method on a data set; Ctrl-C leaves a run that opens, and that --resume goes on with.

    `latent-explorer train METHOD DATA --help` shows the flags of that method and data set;
    `latent-explorer data list` names the data sets. For example:
      latent-explorer train supervised textures --name my-petals
      latent-explorer train supervised textures --name plain --geometric-weight 0 --epochs 10
      latent-explorer train --resume my-petals

    Args:
        method: how to train, for example supervised.
        data: what to train on, for example textures.
        resume: name of an unfinished run to go on with, instead of METHOD and DATA.
        device: auto, cpu, cuda or mps; the settings' device if nothing is said.
    """
    from explorer.data import DATASETS
    from explorer.methods import METHODS  # imports torch
    from explorer.workflows import training

    if resume is None:
        raise BadValueError(
            f"Say what to train: latent-explorer train METHOD DATA, or --resume NAME. "
            f"Methods: {', '.join(METHODS)}. Data sets: {', '.join(DATASETS)}. "
            f"You said METHOD {method or '-'}, DATA {data or '-'}."
        )
    settings = settings_for(device)
    follow(training.resume(resume, settings, loading), resume)


def train_new(arguments: Sequence[str]) -> None:
    """Run `train METHOD DATA ...`: its flags are read off the configurations of both."""
    from explorer.data import DATASETS
    from explorer.methods import METHODS  # imports torch
    from explorer.training.config import TrainingConfig
    from explorer.workflows import training
    from explorer.workflows.planning import Plan

    method = lookup(METHODS, arguments[0], "method")
    source = lookup(DATASETS, arguments[1], "data set")
    plain: Any = tyro.conf.OmitArgPrefixes  # --epochs and --width, not --training.epochs and --method.width
    fields: list[Any] = [
        ("name", Annotated[str, tyro.conf.arg(help="of the run, for its folder")]),
        ("title", Annotated[str, tyro.conf.arg(help="one line about it, for its card")], field(default="")),
        ("repeats", Annotated[int, tyro.conf.arg(help="train with so many successive seeds")], field(default=1)),
        ("device", Annotated[Device, tyro.conf.arg(help="where to train")], field(default=None)),
        ("training", plain[TrainingConfig], field(default=TrainingConfig(**source.training))),
        ("method", plain[method.config], field(default=method.config())),
        ("data", source.config, field(default=source.config())),
    ]
    said: Any = tyro.cli(
        make_dataclass("Flags", fields),
        args=arguments[2:],
        prog=f"latent-explorer train {method.name} {source.name}",
        description=f"{method.title}, on: {source.title}.",
    )
    command = shlex.join(["latent-explorer", "train", *arguments])
    plan = Plan(said.name, method, said.method, source, said.data, said.training, command, said.title)
    follow(training.train_repeats(plan, said.repeats, settings_for(said.device), loading), said.name)


def follow(events: Generator[Event, None, None], name: str) -> None:
    """Show a training as it happens: a bar with rate and time left, and what to do at its end."""
    from tqdm import tqdm

    bar = tqdm(unit=" steps", disable=None)
    steps, under_way = 0, ""
    try:
        for event in events:
            match event:
                case Started():
                    _tell_of_start(event)
                    steps, under_way = event.steps, event.run
                    bar.reset(total=event.epochs * steps)
                    bar.update(event.epoch * steps)
                case EpochEnded() if bar.disable:  # no terminal to draw a bar in
                    terms = ", ".join(f"{term} {value:.3g}" for term, value in event.terms.items())
                    print(f"Epoch {event.epoch}: {event.rate:,.0f} items/s, {terms}", flush=True)
                case Progressed():
                    bar.update((event.epoch - 1) * steps + event.step - bar.n)
                    terms = ", ".join(f"{term} {value:.3g}" for term, value in event.terms.items())
                    bar.set_postfix_str(f"{event.rate:,.0f} items/s, {terms}")
    except KeyboardInterrupt:
        go_on = f"at the last whole epoch. Go on: latent-explorer train --resume {under_way}"
        print(f"\nStopped {go_on if under_way else 'before the training began.'}", file=sys.stderr)
        raise
    finally:
        bar.close()
        events.close()
    from explorer.workflows.runs import open_run

    for metric, measured in open_run(name).card.metrics.items():
        print(f"{metric:32} {measured.value:.4f}")
    print(f"See it: latent-explorer app {name}")


def _tell_of_start(event: Started) -> None:
    left = count(event.epochs - event.epoch, "epoch")
    print(f"Training on {event.device}: {count(event.items, 'item')}, {left}.")
    if event.weights:
        print(event.weights)
