"""Labeling sessions on a run and its data set."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from explorer.data.dataset import Dataset, Progress
from explorer.errors import BadValueError
from explorer.labeling.decoding import decode
from explorer.labeling.importing import Changes, plan_import
from explorer.labeling.records import Plan, Session
from explorer.labeling.store import LabelStore
from explorer.labeling.strategies import STRATEGIES, problem
from explorer.settings import Settings
from explorer.workflows.runs import load_dataset
from explorer.workflows.session_items import refuse_other_items
from explorer.workflows.strangeness import needs_data
from explorer.zoo.card import Card
from explorer.zoo.run import Run


def begin(
    store: LabelStore,
    run: Run,
    who: str,
    plan: Plan,
    more_classes: Sequence[str] = (),
    settings: Settings | None = None,
) -> Session:
    """Make a session on a run, with its data set and the classes of its card.

    Args:
        store: where to keep it.
        run: whose map and scores it begins with.
        who: the annotator who makes it.
        plan: name and choices; data set and run are filled in.
        more_classes: behind those of the card.
        settings: of the installation; None reads them.

    Raises:
        UnknownNameError: no such strategy.
        BadValueError: a name that is taken, classes that cannot be kept, or a strategy whose extra is missing.
        MissingDataError, BadRunError: a strategy that needs items of the data set which are not at hand.
        StoreError: the database cannot be written.
    """
    if why := problem(plan.strategy):
        raise BadValueError(why)
    if STRATEGIES[plan.strategy].needs_strangeness and needs_data(run):
        load_dataset(run.card, settings, download=False)
    data = run.card.data
    whole = replace(
        plan,
        dataset=data.name,
        dataset_settings=dict(data.settings),
        dataset_identity=data.identity,
        run=run.card.name,
    )
    session = store.create(whole, who, [*run.card.classes, *more_classes])
    store.refit(session, who, "begin", run=whole.run, note="begin")
    return session


def data_of(session: Session, card: Card, settings: Settings, progress: Progress | None = None) -> Dataset:
    """The items that a session labels.

    Args:
        session: which.
        card: of a run on the same items, the session's own or one that was trained since.
        settings: of the installation.
        progress: of loading.

    Raises:
        BadRunError: a run on other items.
        MissingDataError: items that are not on this machine.
    """
    refuse_other_items(session, card)
    return load_dataset(card, settings, progress, download=False)


def look_at_import(
    store: LabelStore, session: Session, file: bytes, kind: str, who: str, ids: NDArray[np.int64]
) -> Changes:
    """What the labels of a file would change in a session; nothing is written.

    Args:
        store: where the session is.
        session: which.
        file: its content.
        kind: "csv", "jsonl", "parquet" or "label-studio".
        who: the annotator of rows that name none.
        ids: of the items that may be labelled.

    Raises:
        BadDataError: a file that cannot be read.
    """
    return plan_import(store, session, decode(file, kind), who, ids)
