"""The command about labeling sessions: make, open and show them, their files, their classes, their log."""

from dataclasses import dataclass
from typing import Annotated

from tyro.conf import arg, subcommand

from explorer.cli import labeling_told as told
from explorer.cli.labeling_arguments import Run, Session, Who, store
from explorer.cli.labeling_classes import AddClass, DeleteClass, MergeClass, RenameClass
from explorer.cli.labeling_files import Backup, Export, Import, Restore
from explorer.cli.labeling_settling import Conflicts, Settle
from explorer.cli.terminal import settings_for
from explorer.errors import BadValueError

PORT = 8501


@dataclass(frozen=True)
class List:
    """List the sessions, the newest first; archived ones are marked.

    For example:
      latent-explorer label list
    """

    def __call__(self) -> None:
        """Print them."""
        told.sessions(store())


@dataclass(frozen=True)
class Start:
    """Make a session on a run.

    For example:
      latent-explorer label start mnist-ae --name first --annotator Ann

    Args:
        run: name of the run whose items are labelled.
        name: of the session; it stands in its link.
        annotator: who makes it.
        strategy: how items are picked; an unknown one is answered with all there are.
        batch_size: items picked at a time.
        refit_every: labels between two fits of the classifier.
        held_out: share of items whose labels measure progress, 0 to below 1.
        seed: of random picks and of what is held out.
        classes: further classes, behind those of the run.
    """

    run: Run
    name: Annotated[str, arg(help_behavior_hint="")]
    annotator: Who
    strategy: str = "margin"
    batch_size: int = 10
    refit_every: int = 10
    held_out: float = 0.1
    seed: int = 0
    classes: Annotated[tuple[str, ...], arg(name="class", metavar="NAME...", help_behavior_hint="")] = ()

    def __call__(self) -> None:
        """Make it, and say how to come to it."""
        from explorer.labeling.records import Plan
        from explorer.workflows.labels import begin
        from explorer.workflows.runs import open_run

        choices = {name: getattr(self, name) for name in ("strategy", "batch_size", "refit_every", "held_out", "seed")}
        plan = Plan(self.name, "", self.run, **choices)
        session = begin(store(), open_run(self.run), self.annotator, plan, self.classes)
        told.started(session, PORT)


@dataclass(frozen=True)
class Open:
    """Open the dashboard at a session; Ctrl-C ends it.

    For example:
      latent-explorer label open first

    Args:
        session: its name.
        port: as of `latent-explorer app`.
        browser: open the page in the browser.
    """

    session: Session
    port: int = PORT
    browser: bool = True

    def __call__(self) -> None:
        """Run the dashboard until it ends."""
        from explorer.cli.dashboard import label_path, serve_at

        store().session(self.session)  # an unknown name is said here, not in the browser
        serve_at(label_path(self.session), self.port, self.browser)


@dataclass(frozen=True)
class Show:
    """Show what a session came to: classes with counts, annotators, conflicts, flags and rounds.

    For example:
      latent-explorer label show first

    Args:
        session: its name.
    """

    session: Session

    def __call__(self) -> None:
        """Print it."""
        labels = store()
        told.session(labels, labels.session(self.session))


@dataclass(frozen=True)
class Archive:
    """Put a session away: it takes no labels until it is brought back, and nothing of it is lost.

    For example:
      latent-explorer label archive first --annotator Ann

    Args:
        session: its name.
        annotator: who says so.
    """

    session: Session
    annotator: Who

    def __call__(self) -> None:
        """Record it."""
        from explorer.labeling.archive import archive

        labels = store()
        archive(labels, labels.session(self.session), self.annotator)
        command = f"latent-explorer label unarchive {self.session} --annotator WHO"
        print(f"{self.session} is archived. To bring it back: {command}")


@dataclass(frozen=True)
class Unarchive:
    """Bring an archived session back: it takes labels again.

    For example:
      latent-explorer label unarchive first --annotator Ann

    Args:
        session: its name.
        annotator: who says so.
    """

    session: Session
    annotator: Who

    def __call__(self) -> None:
        """Record it."""
        from explorer.labeling.archive import bring_back

        labels = store()
        bring_back(labels, labels.session(self.session), self.annotator)
        print(f"{self.session} is back, and takes labels again.")


@dataclass(frozen=True)
class Replay:
    """Rebuild a session from its log alone: every round with its picks, then its state, held against the store's.

    For example:
      latent-explorer label replay first
      latent-explorer label replay first --picks 100

    Args:
        session: its name.
        picks: how many picks of each round are named.
    """

    session: Session
    picks: int = 10

    def __call__(self) -> None:
        """Print the rounds and the state."""
        from explorer.workflows.desk import Desk

        if self.picks < 0:
            raise BadValueError(f"picks = {self.picks}, but it must be 0 or more.")
        labels = store()
        told.replayed(Desk(labels, labels.session(self.session), settings_for()), self.picks)


Action = (
    Annotated[List, subcommand("list")]
    | Annotated[Start, subcommand("start")]
    | Annotated[Open, subcommand("open")]
    | Annotated[Show, subcommand("show")]
    | Annotated[Archive, subcommand("archive")]
    | Annotated[Unarchive, subcommand("unarchive")]
    | Annotated[Replay, subcommand("replay")]
    | Annotated[Export, subcommand("export")]
    | Annotated[Import, subcommand("import")]
    | Annotated[Backup, subcommand("backup")]
    | Annotated[Restore, subcommand("restore")]
    | Annotated[Conflicts, subcommand("conflicts")]
    | Annotated[Settle, subcommand("settle")]
    | Annotated[AddClass, subcommand("add-class")]
    | Annotated[RenameClass, subcommand("rename-class")]
    | Annotated[MergeClass, subcommand("merge-class")]
    | Annotated[DeleteClass, subcommand("delete-class")]
)


def label(action: Annotated[Action, arg(name="")]) -> None:
    """Label items in sessions that lose nothing: make, open and show them, export and import labels, change classes.

    For example:
      latent-explorer label start mnist-ae --name first --annotator Ann
      latent-explorer label open first
      latent-explorer label export first --to labels.csv
      latent-explorer label import --help

    Args:
        action: what to do.
    """
    action()
