"""`latent-explorer label`: labels into files and out of them, and copies of the whole store."""

import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, BinaryIO, Literal

from tyro.conf import FlagCreatePairsOff, arg

from explorer.cli import labeling_told as told
from explorer.cli.labeling_arguments import File, Session, Who, store
from explorer.cli.terminal import count
from explorer.errors import BadDataError, BadValueError

Kind = Literal["csv", "jsonl", "parquet", "label-studio"]


@dataclass(frozen=True)
class Export:
    """Write the labels of a session, a row an opinion, so that conflicts travel too.

    For example:
      latent-explorer label export first --to labels.csv
      latent-explorer label export first --kind label-studio --to tasks.json

    Args:
        session: its name.
        kind: csv, jsonl, parquet or label-studio.
        to: the file; without it, the labels are printed.
        force: write over a file that is there.
    """

    session: Session
    kind: Kind = "csv"
    to: Annotated[Path | None, arg(metavar="FILE", help_behavior_hint="")] = None
    force: FlagCreatePairsOff[bool] = False

    def __call__(self) -> None:
        """Write the file."""
        from explorer.files import telling_of_the_disk, write_atomically
        from explorer.labeling.exporting import export_labels

        if self.to is not None:
            _refuse_to_overwrite(self.to, self.force)
        elif self.kind == "parquet" and sys.stdout.isatty():
            raise BadValueError("Parquet is nothing to read on a terminal. Name a file: --to FILE.")
        labels = store()
        content = export_labels(labels, labels.session(self.session), self.kind)
        if self.to is None:
            sys.stdout.buffer.write(content)
            return
        with telling_of_the_disk(self.to, "Nothing was written; choose another place."):
            write_atomically(self.to, partial(_put, content))
        print(f"{count(told.labels_of(labels, self.session), 'label')} of {self.session} are in {self.to}.")


@dataclass(frozen=True)
class Import:
    """Say what the labels of a file would change in a session; with --apply, change it.

    For example:
      latent-explorer label import first labels.csv --annotator Ann
      latent-explorer label import first labels.csv --annotator Ann --apply --with-conflicts

    Args:
        session: its name.
        file: with the columns id, class and annotator, or an export of Label Studio.
        annotator: of rows that name none.
        kind: csv, jsonl, parquet or label-studio; by the ending of the file's name where it is not said.
        apply: change the session; without it, nothing is written.
        with_conflicts: take the labels too from which another annotator differs: both are kept, theirs counts no more.
    """

    session: Session
    file: File
    annotator: Who
    kind: Annotated[Kind | None, arg(help_behavior_hint="")] = None
    apply: FlagCreatePairsOff[bool] = False
    with_conflicts: FlagCreatePairsOff[bool] = False

    def __call__(self) -> None:
        """Look at the file, and take it where that is asked for."""
        from explorer.labeling.importing import apply_import
        from explorer.workflows.label_files import kind_of
        from explorer.workflows.labels import look_at_import
        from explorer.workflows.runs import open_run

        labels = store()
        session, kind = labels.session(self.session), self.kind or kind_of(self.file.name)
        ids = open_run(session.plan.run).latents("train").ids
        changes = look_at_import(labels, session, _content(self.file), kind, self.annotator, ids)
        told.piles(changes)
        if not (changes.added or changes.changed or changes.conflicts):
            print("Nothing was changed, and nothing is left to take.")
            return
        if not self.apply:
            print("Nothing was changed. To take them: say it again with --apply.")
            return
        n = apply_import(labels, session, changes, with_conflicts=self.with_conflicts)
        print(f"{count(n, 'label')} taken into {self.session}.")


@dataclass(frozen=True)
class Backup:
    """Write a copy of all sessions; those who label meanwhile wait for nothing.

    For example:
      latent-explorer label backup labels-monday.sqlite

    Args:
        file: the copy: a database of SQLite, or JSON Lines where the labels lie in PostgreSQL.
        force: write over a file that is there.
    """

    file: File
    force: FlagCreatePairsOff[bool] = False

    def __call__(self) -> None:
        """Write the copy."""
        from explorer.labeling.backup import back_up

        _refuse_to_overwrite(self.file, self.force)
        labels = store()
        back_up(labels, self.file)
        print(f"{count(len(labels.sessions()), 'session')} copied to {self.file}.")


@dataclass(frozen=True)
class Restore:
    """Put a backup in the place of all sessions; what was there is first copied beside it.

    For example:
      latent-explorer label restore labels-monday.sqlite --yes

    Args:
        file: as `backup` wrote it.
        yes: replace sessions that are there without being asked again.
    """

    file: File
    yes: FlagCreatePairsOff[bool] = False

    def __call__(self) -> None:
        """Replace what is there."""
        from explorer.labeling.backup import refuse_what_is_no_backup, restore

        is_copy = refuse_what_is_no_backup(self.file)
        labels = store()
        there = len(labels.sessions())
        if is_copy and there and not self.yes and not _is_sure(there, self.file):
            print("Nothing is restored.")
            return
        before = restore(labels, self.file)
        print(f"{count(len(labels.sessions()), 'session')} restored. Start the dashboard again.")
        if before is not None:
            print(f"What was there before: {before}")


def _put(content: bytes, file: BinaryIO) -> None:
    file.write(content)


def _refuse_to_overwrite(path: Path, force: bool) -> None:
    if path.is_dir():
        raise BadValueError(f"{path} is a folder; name a file.")
    if path.exists() and not force:
        raise BadValueError(f"{path} is there already; name another file, or write over it with --force.")


def _content(path: Path) -> bytes:
    """What a file of labels holds; of one that is too large, enough to be refused."""
    from explorer.labeling.decoding import MOST_BYTES

    if not path.is_file():
        raise BadDataError(f"There is no file {path}. Name a file of labels.")
    try:
        with open(path, "rb") as file:
            return file.read(MOST_BYTES + 1)
    except OSError as error:
        raise BadDataError(f"{path} could not be read: {error.strerror}. Name a file that you may read.") from None


def _is_sure(there: int, path: Path) -> bool:
    """Ask whether all sessions shall be replaced; where nobody can answer, --yes must be said."""
    if not sys.stdin.isatty():
        raise BadValueError(
            f"The store holds {count(there, 'session')}, which the backup would replace; say --yes: "
            f"latent-explorer label restore {path} --yes"
        )
    return input(f"Replace {count(there, 'session')}? [y/N] ").strip().casefold() in ("y", "yes")
