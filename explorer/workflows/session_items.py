"""The items of a labeling session, as a run sees them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explorer.data.dataset import UNLABELLED
from explorer.data.ids import Ids
from explorer.errors import BadRunError
from explorer.labeling.records import Session
from explorer.labeling.rounds import SessionItems, drawn
from explorer.zoo.card import Card
from explorer.zoo.run import Run
from explorer.zoo.store import Latents


@dataclass(frozen=True, eq=False)
class Tested:
    """Test items whose labels are known: an error can be measured on them.

    Args:
        z: latents, shape (n, d).
        truth: class numbers of the session, shape (n,).
    """

    z: NDArray[np.floating]
    truth: NDArray[np.int64]


def refuse_other_items(session: Session, card: Card) -> None:
    """Refuse a run that was trained on other items than those that a session labels.

    Raises:
        BadRunError: another data set, other settings of it, or another import.
    """
    plan, data = session.plan, card.data
    ours = (plan.dataset, dict(plan.dataset_settings), plan.dataset_identity)
    if ours != (data.name, dict(data.settings), data.identity):
        raise BadRunError(
            f"{card.name} was trained on other items than the session {plan.name} labels. "
            f"Choose a run on {plan.dataset}, of the same settings and import."
        )


def session_items(session: Session, began: Run, run: Run) -> SessionItems:
    """The training items that a session labels.

    Labels that the training of the run that the session began with saw are known, unless it saw all of them: then the
    session begins as if none were. Those that are not known, but that the data set has, are its truth. No item whose
    label is known is held out: the run's training has learned from it.

    Args:
        session: which.
        began: the run that it began with.
        run: the one in use, on the same data.

    Raises:
        BadRunError: runs without an item in common, or latents that cannot be used.
    """
    first, latents = began.latents("train"), run.latents("train")
    latents = latents.at(np.flatnonzero(np.isin(latents.ids, first.ids)))
    if not len(latents.ids):
        raise BadRunError(
            f"{run.card.name} kept no training item of {began.card.name}, with which the session {session.plan.name} "
            "began. Use a run on the same data."
        )
    seen = _seen(first)
    if (seen >= 0).all():
        seen = np.full(len(seen), UNLABELLED)
    known = _labels_of(latents.ids, first.ids, seen)
    truth = _labels_of(latents.ids, first.ids, np.where(seen < 0, first.labels, UNLABELLED))
    held_out = drawn(latents.ids, session.plan.held_out, session.plan.seed) & (known < 0)
    return SessionItems(latents.ids, latents.z, known, truth, held_out)


def tested_items(began: Run, run: Run) -> Tested:
    """The run's test items with the labels that the session's first run knows; (0, d) where it knows none."""
    first, latents = began.latents("test"), run.latents("test")
    truth = _labels_of(latents.ids, first.ids, first.labels)
    return Tested(latents.z[truth >= 0], truth[truth >= 0])


def _seen(latents: Latents) -> NDArray[np.int64]:
    """The labels that the training saw, -1 for the others."""
    return np.where(latents.known[:, 0] == 1, latents.labels, UNLABELLED) if latents.known.size else latents.labels


def _labels_of(wanted: NDArray[np.int64], ids: NDArray[np.int64], labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """The label of each wanted id, -1 for an id that is not among them."""
    rows = Ids(ids).rows(wanted)
    found: NDArray[np.int64] = np.append(labels, UNLABELLED)[rows]
    return found
