"""The command line: `latent-explorer`.

A command is a function: its arguments are the flags, its docstring is the help. It imports what
starts slowly when it runs, so that `--help` answers at once.
"""

import os
import shlex
import sys
import webbrowser
from collections.abc import Callable, Generator, Sequence
from dataclasses import field, make_dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import quote

import tyro

from explorer import places
from explorer.data.own import ImportConfig
from explorer.errors import BadValueError, ExplorerError
from explorer.registry import lookup
from explorer.training.events import EpochEnded, Event, Progressed, Started
from explorer.ui import server

if TYPE_CHECKING:
    from explorer.settings import Settings

Text = str | None
Device = Literal["auto", "cpu", "cuda", "mps"] | None
DESCRIPTION = """See, question and use the latent space of an autoencoder, in the browser.

For example:
  latent-explorer app
  latent-explorer app --help"""


def app(
    run: Annotated[tyro.conf.Positional[str | None], tyro.conf.arg(metavar="[RUN]", help_behavior_hint="")] = None,
    *,
    port: int = 8501,
    browser: bool = True,
) -> None:
    """Open the dashboard in the browser; Ctrl-C ends it.

    For example:
      latent-explorer app
      latent-explorer app textures-petals
      latent-explorer app --no-browser --port 9000

    Args:
        run: run to open on the map, a name of `latent-explorer models list`; without it, the start page.
        port: the page is served on this port of this machine alone; if it is busy, on the next free one.
        browser: open the page in the browser.
    """
    if run:
        from explorer.workflows.runs import open_run

        open_run(run)  # an unknown name is said here, not in the browser
    path = map_path(run) if run else ""
    free = server.free_port(port)
    if free != port:
        print(f"Port {port} is busy; using {free}.", flush=True)
    address = f"http://{server.HOST}:{free}/{path}"

    def announce() -> None:
        print(f"The dashboard is at {address} (Ctrl-C ends it).", flush=True)
        if browser:
            webbrowser.open(address)

    server.serve(places.entry_script(), free, announce)


def map_path(run: str) -> str:
    """The address of a run's map, below the server's root."""
    return f"Map?run={quote(run, safe='')}"


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
    settings = _settings(device)
    _follow(training.resume(resume, settings, _loading), resume)


def train_new(arguments: Sequence[str]) -> None:
    """Run `train METHOD DATA ...`: its flags are read off the configurations of both."""
    from explorer.data import DATASETS
    from explorer.methods import METHODS  # imports torch
    from explorer.training.config import TrainingConfig
    from explorer.workflows import training

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
    plan = training.Plan(said.name, method, said.method, source, said.data, said.training, command, said.title)
    _follow(training.train_repeats(plan, said.repeats, _settings(said.device), _loading), said.name)


def models(
    action: tyro.conf.Positional[Literal["list", "show"]],
    name: Annotated[tyro.conf.Positional[Text], tyro.conf.arg(metavar="[NAME]")] = None,
) -> None:
    """List the runs there are, shipped ones included, or show one's card.

    For example:
      latent-explorer models list
      latent-explorer models show textures-petals

    Args:
        action: list or show.
        name: of the run to show.
    """
    from explorer.workflows import runs

    if action == "show":
        if name is None:
            raise BadValueError("Say which run to show: latent-explorer models show NAME.")
        print(runs.open_run(name).card.model_dump_json(indent=2))
        return
    for entry in runs.shelf():
        if entry.card is None:
            print(f"{entry.name:32} cannot be opened: {entry.problem}")
            continue
        accuracy = entry.card.metrics.get("test_accuracy")
        score = f"test accuracy {accuracy.value:.3f}" if accuracy else ""
        print(f"{entry.name:32} {entry.card.status:12} {entry.card.method} on {entry.card.data.name}  {score}")


def data(
    action: tyro.conf.Positional[Literal["list", "prepare", "import"]],
    what: Annotated[tyro.conf.Positional[Text], tyro.conf.arg(metavar="[NAME|PATH]")] = None,
    *,
    asked: Annotated[ImportConfig, tyro.conf.arg(name="")] = ImportConfig(),  # noqa: B008 - it is frozen
) -> None:
    """List the data sets, prepare one so that nothing waits for it later, or import your own under a name.

    For example:
      latent-explorer data list
      latent-explorer data prepare textures
      latent-explorer data import pictures --name my-pictures

    Args:
        action: list, prepare or import.
        what: the data set to prepare, with its default settings; or the folder or file to import.
        asked: of an import.
    """
    from explorer.workflows.importing import run

    print(*run(action, what or "", asked, _settings(None), _loading), sep="\n")


def project(
    run: Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="RUN", help_behavior_hint="")],
    *,
    method: Annotated[Literal["umap", "tsne"], tyro.conf.arg(name="map")],
) -> None:
    """Lay a run's latents of more than two dimensions out by UMAP or t-SNE; the map is kept for the Map page.

    For example:
      latent-explorer project my-run --map umap

    Args:
        run: name of the run.
        method: umap or tsne.
    """
    from explorer.workflows.projecting import Kept, compute
    from explorer.workflows.runs import open_run

    kept = Kept(open_run(run), method, _settings(None))
    found = compute(kept, lambda stage, done, total: _loading(done, total, stage))
    print(f"The {kept.map.title} map of {run} is kept; its trustworthiness is {found.trustworthiness:.3f}.")


def _settings(device: str | None) -> "Settings":
    from explorer.settings import load_settings

    settings = load_settings()
    return settings if device is None else settings.model_copy(update={"device": device})


def _loading(done: int, total: int, stage: str = "Preparing the data") -> None:
    """A line that says what is being done and counts its steps, where somebody watches."""
    if sys.stderr.isatty():
        steps = f": {done:,} of {total:,}" if total else ""
        print(f"\r{stage}{steps}", end="\n" if done >= total else "", file=sys.stderr)


def _follow(events: Generator[Event, None, None], name: str) -> None:
    """Show a training as it happens: a bar with rate and time left, and what to do at its end."""
    from tqdm import tqdm

    bar = tqdm(unit=" steps", disable=None)
    steps = 0
    try:
        for event in events:
            match event:
                case Started():
                    print(f"Training on {event.device}: {event.items:,} items, {event.epochs - event.epoch} epochs.")
                    steps = event.steps
                    bar.reset(total=event.epochs * steps)
                    bar.update(event.epoch * steps)
                case EpochEnded() if bar.disable:  # no terminal to draw a bar in
                    terms = ", ".join(f"{term} {value:.3g}" for term, value in event.terms.items())
                    print(f"Epoch {event.epoch}: {event.rate:,.0f} images/s, {terms}", flush=True)
                case Progressed():
                    bar.update((event.epoch - 1) * steps + event.step - bar.n)
                    terms = ", ".join(f"{term} {value:.3g}" for term, value in event.terms.items())
                    bar.set_postfix_str(f"{event.rate:,.0f} images/s, {terms}")
    except KeyboardInterrupt:
        print(f"\nStopped at the last whole epoch. Go on: latent-explorer train --resume {name}", file=sys.stderr)
        raise
    finally:
        bar.close()
        events.close()
    from explorer.workflows.runs import open_run

    for metric, measured in open_run(name).card.metrics.items():
        print(f"{metric:32} {measured.value:.4f}")
    print(f"See it: latent-explorer app {name}")


COMMANDS: dict[str, Callable[..., Any]] = {
    "app": app,
    "train": train,
    "models": models,
    "data": data,
    "project": project,
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
        if said[:1] == ["train"] and [text[:1] == "-" for text in said[1:3]] == [False] * NAMES_BEFORE_FLAGS:
            train_new(said[1:])
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
