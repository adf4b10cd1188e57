"""A session's run is fine-tuned with its labels, in the background, and the session goes on with the new run."""

import shutil
from contextlib import suppress
from itertools import count
from pathlib import Path
from secrets import token_hex

import numpy as np
from numpy.typing import NDArray

from explorer.data.dataset import UNLABELLED
from explorer.errors import BadValueError, ExplorerError
from explorer.files import LONGEST_NAME, telling_of_the_disk
from explorer.labeling.archive import archived
from explorer.labeling.records import Session
from explorer.labeling.rounds import SessionItems
from explorer.labeling.store import LabelStore, open_store
from explorer.labeling.uses import uses
from explorer.settings import Settings
from explorer.workflows.background import DISK_ADVICE, Report
from explorer.workflows.labels import data_of
from explorer.workflows.runs import ARRIVING, load_dataset, open_run, run_roots
from explorer.workflows.session_items import session_items
from explorer.workflows.tuning import EPOCHS, tuned
from explorer.workflows.tuning_job import NOTE, Tuning
from explorer.zoo.lock import training_alone
from explorer.zoo.own_labels import OwnLabels
from explorer.zoo.run import Run
from explorer.zoo.store import run_folders, write_bytes
from explorer.zoo.trash import move_run, throw_away

MAKING = ".tuning"  # of the runs root: runs in the making, too deep to be taken for runs
MADE = "made"  # what a run in the making is called


def tune(
    name: str, settings: Settings, *, who: str = NOTE, epochs: int = EPOCHS, report: Report = lambda *_: None
) -> str:
    """Fine-tune a session's run with its labels, in this process, and bring the new run into use.

    Args:
        name: of the session.
        settings: of the installation.
        who: whose wish it is, for the log.
        epochs: passes over the items.
        report: called with stage, steps done and steps in all.

    Returns:
        The new run's name: SESSION-1, SESSION-2, ..., the first that is free.

    Raises:
        BadValueError: no such session, one that is archived or being fine-tuned, or a run that cannot be gone on from.
        BadDataError: fewer than two classes with labels.
        ExplorerError: as the training; the session and the shelf are then as they were.
    """
    store = open_store(settings)
    session = store.session(name)
    tuning = Tuning(session, settings)
    with tuning.job.working(report) as told:
        if archived(store, session) is not None:
            raise BadValueError(f"The session {name} is archived, so it is not fine-tuned. Bring it back first.")
        making = settings.model_copy(update={"runs_root": settings.runs_root / MAKING / name})
        _sweep(making.runs_root)  # a killed one leaves its own; the job's lock says that nobody is at it
        _put_away(tuning, store, settings)
        tuning.note_begun(store.state(session).seq)  # later than on a page, and known after a command too
        try:
            made = _make(store, session, making, settings, epochs, told)
            return _brought_into_use(made, store, session, settings, who)
        finally:
            _sweep(making.runs_root)


def _make(
    store: LabelStore, session: Session, making: Settings, settings: Settings, epochs: int, report: Report
) -> Path:
    """Train the new run where no shelf looks."""
    from explorer.training.events import Progressed, Started  # imports torch

    report("reading the labels", 0, 0)
    run = open_run(run_in_use(store, session), settings)
    own, classes = what_is_learned(store, session, run, settings)
    report("loading the items", 0, 0)
    dataset = data_of(session, run.card, settings)
    steps = 1
    command = f"latent-explorer tune {session.plan.name} --epochs {epochs}"
    for event in tuned(
        run,
        dataset,
        own,
        classes,
        MADE,
        settings=making,
        epochs=epochs,
        seed=session.plan.seed % 100_000_000,  # as far as a training's goes
        command=command,
        title=_title(run, own),
        session=session.plan.name,
    ):
        match event:
            case Started():
                steps = event.steps
            case Progressed():
                done = (event.epoch - 1) * steps + event.step
                report("training", done, epochs * steps)
                if done == epochs * steps:
                    report("laying out the new map", 0, 0)
    return making.runs_root / MADE


def _title(run: Run, own: OwnLabels) -> str:
    """The card's: as many labels as the button says, and apart from them those of items that the page does not show."""
    here = int(np.isin(own.ids, run.latents("train").ids).sum())
    beyond = len(own.ids) - here
    more = f", and {beyond:,} known ones of items without latents in it" * (beyond > 0)
    return f"{run.card.name}, fine-tuned with {here:,} label{'s' * (here != 1)}{more}"


def knows_more(run: Run) -> bool:
    """Whether a fine-tuning may learn from known labels of items whose latents the run did not keep."""
    return run.card.data.train_items > len(run.latents("train").ids)


def run_in_use(store: LabelStore, session: Session) -> str:
    """The run of the newest refit, or the one that the session began with."""
    refits = store.refits(session)
    return refits[-1].run if refits else session.plan.run


def what_is_learned(
    store: LabelStore, session: Session, run: Run, settings: Settings
) -> tuple[OwnLabels, tuple[str, ...]]:
    """The labels that a fine-tuning learns from, and their classes: what was known, and what the session says.

    Labels of items held out are not among them, nor is a class without any.
    """
    began = open_run(session.plan.run, settings)
    items, state = session_items(session, began, run), store.state(session)
    learned = items.learned(state)
    ids, more = _known_beyond(began, items, settings)
    ids, numbers = np.concatenate([items.ids, ids]), np.concatenate([learned, state.classes.follow(more)])
    there = [number for number in state.classes.living if (numbers == number).any()]
    rows = np.flatnonzero(numbers >= 0)
    labels = np.searchsorted(there, numbers[rows])
    return OwnLabels(ids[rows], labels), tuple(state.classes.names[number] for number in there)


def _known_beyond(began: Run, items: SessionItems, settings: Settings) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """What the first run's training saw of items whose latents it did not keep: ids and labels."""
    from explorer.fields import parse
    from explorer.training.config import TrainingConfig  # imports torch
    from explorer.training.engine import training_labels

    training = parse(TrainingConfig, began.card.training, f"The card of {began.card.name}")
    if training.kept == "all" or not (items.known >= 0).any():  # all known ones may have been set aside
        return np.empty(0, np.int64), np.empty(0, np.int64)
    dataset = load_dataset(began.card, settings, download=False, folder=began.folder)
    seen = np.where(dataset.is_test, UNLABELLED, training_labels(dataset, training))
    rows = np.flatnonzero((seen != UNLABELLED) & (items.by_id.rows(dataset.ids) < 0))
    return dataset.ids[rows], seen[rows]


def _brought_into_use(made: Path, store: LabelStore, session: Session, settings: Settings, who: str) -> str:
    """Move a finished run onto the shelf, and say so in the log; an error leaves both as they were."""
    tuning = Tuning(session, settings)
    name = _shelve(made, tuning, settings, {refit.run for refit in store.refits(session)})
    try:
        store.refit(session, who, f"tuned-{token_hex(8)}", run=name, note=NOTE)
    except BaseException:
        _take_back(made, name, store, session, settings)
        raise
    with suppress(OSError):  # it is in use: the next one sees that
        (settings.runs_root / name / ARRIVING).unlink()
    return name


def _put_away(tuning: Tuning, store: LabelStore, settings: Settings) -> None:
    """Throw a run into the trash that came to stand on the shelf but not into the log: what made it was killed."""
    name = tuning.made
    folder = settings.runs_root / name
    if not name or not (folder / ARRIVING).exists():  # a copy of it is a person's own, and has no such file
        return
    with store.database.reading() as connection:
        is_needed = bool(uses(connection, name))
    with suppress(BadValueError, OSError):  # gone, or being trained further: then it is no longer ours
        (folder / ARRIVING).unlink()  # first: who brings it back from the trash keeps it
        if not is_needed:
            with training_alone(folder):
                throw_away(folder)


def _take_back(made: Path, name: str, store: LabelStore, session: Session, settings: Settings) -> None:
    """Move a run off the shelf again.

    It stays where the log names it after all, the answer alone being lost, and where nobody can say: a run that nobody
    uses is a smaller harm than a session without its run.
    """
    with suppress(ExplorerError, OSError):
        if all(refit.run != name for refit in store.refits(session)):
            with training_alone(settings.runs_root / name):
                move_run(settings.runs_root / name, made)


def _shelve(made: Path, tuning: Tuning, settings: Settings, taken: set[str]) -> str:
    """Move a finished run onto the shelf under the first free name, which is returned; a past round's is none."""
    with telling_of_the_disk(settings.runs_root, DISK_ADVICE), training_alone(made):
        write_bytes(made, ARRIVING, b"")
        for number in count(1):
            name = f"{tuning.session[: LONGEST_NAME - 8]}-{number}"
            if name in taken or name in run_folders(run_roots(settings)):
                continue
            tuning.note_made(name)  # first: killed from here on, the next one knows what to put away
            try:
                move_run(made, settings.runs_root / name)
            except FileExistsError:
                continue
            return name
    raise AssertionError  # there is always a free name


def _sweep(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


def last_tuning(store: LabelStore, session: Session) -> tuple[str, str] | None:
    """The run that was in use before the last fine-tuning, and the run that came of it; None before the first one."""
    before = session.plan.run
    found = None
    for refit in store.refits(session):
        if refit.text == NOTE and refit.run != before:
            found = before, refit.run
        before = refit.run
    return found
