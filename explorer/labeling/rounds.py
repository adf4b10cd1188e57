"""Rounds of a session: at the moment of each refit, what was labelled decides what is asked about next.

A round is a function of the log before its refit, so that a replay gives the same classifier and the same picks.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from explorer.data.ids import Ids
from explorer.labeling.classes import NONE
from explorer.labeling.pool import Pool
from explorer.labeling.records import Plan
from explorer.labeling.state import State
from explorer.labeling.strategies import picks
from explorer.latent.confidence import LinearSVM, fit_svm

BATCHES = 10  # of picks in a round, and
SPARE = 200  # more, since what several annotators have on their screens is left out only when it is asked for
FEWEST_CLASSES = 2
ENOUGH = 3  # labels a class, with which scores guide the picks though a class has none
MIX = (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)  # of splitmix64


@dataclass(frozen=True, eq=False)
class SessionItems:
    """The items that a session labels, as one run sees them.

    Args:
        ids: shape (n,).
        z: latents, shape (n, d).
        known: class number of each item that was labelled before the session began, else -1, shape (n,).
        truth: class numbers that the data set has and the session does not see, to measure with, else -1, shape (n,).
        held_out: whose labels measure progress and are never learned from, shape (n,).
        strangeness: how badly the run's network knows each item, shape (n,); None where that was not measured.
    """

    ids: NDArray[np.int64]
    z: NDArray[np.floating]
    known: NDArray[np.int64]
    truth: NDArray[np.int64]
    held_out: NDArray[np.bool_]
    strangeness: NDArray[np.floating] | None = None

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def is_rehearsal(self) -> bool:
        """Whether labels that are asked for are in the data set already."""
        return bool((self.truth >= 0).any())

    @cached_property
    def by_id(self) -> Ids:
        """Where the items are."""
        return Ids(self.ids)

    def labels(self, state: State) -> NDArray[np.int64]:
        """The class number of each item as it stands, what the session says before what was known, -1 for none."""
        found = state.classes.follow(self.known) if len(state.classes.fates) else np.full(len(self), NONE)
        said = state.labels()
        rows = self.by_id.rows(said.ids)
        found[rows[rows >= 0]] = said.classes[rows >= 0]
        return found

    def learned(self, state: State) -> NDArray[np.int64]:
        """`labels` without those of items held out."""
        return np.where(self.held_out, NONE, self.labels(state))


@dataclass(frozen=True, eq=False)
class Round:
    """What a refit came to.

    Args:
        seq: of its event; 0 before the first one.
        run: whose latents it learned from.
        svm: None before two classes have labels.
        scores: of each class for each item, shape (n, classes ever), -inf for a class without labels; (n, 0) without
            a classifier.
        picks: ids, the best first; then, in `rest`, all other unlabelled items by chance.
        rest: ids.
        n_labels: labels that it learned from.
        fates: of the classes at that time, see `Classes`.
        is_cold: whether too little is labelled for scores to guide the picks: until each class has a label, or there
            are three a class, items far from each other find the classes better.
    """

    seq: int
    run: str
    svm: LinearSVM | None
    scores: NDArray[np.float64]
    picks: NDArray[np.int64]
    rest: NDArray[np.int64]
    n_labels: int
    fates: tuple[int, ...]
    is_cold: bool

    @cached_property
    def predicted(self) -> NDArray[np.int64]:
        """The likeliest class of each item, -1 without a classifier, shape (n,)."""
        return np.full(len(self.scores), NONE) if self.svm is None else self.scores.argmax(axis=1)

    def two_likeliest(self, row: int) -> tuple[tuple[int, ...], float]:
        """The two best classes of an item and the margin between their scores; none and NaN without a classifier."""
        if self.svm is None:
            return (), float("nan")
        second, first = np.argsort(self.scores[row], kind="stable")[-2:].tolist()
        return (first, second), float(self.scores[row, first] - self.scores[row, second])


def make_round(items: SessionItems, state: State, plan: Plan, seq: int, run: str) -> Round:
    """Fit the classifier on what is labelled, and pick what to ask about.

    Args:
        items: as the run sees them.
        state: before the refit.
        plan: the session's.
        seq: of the refit's event; with the plan's seed it is the seed of what is drawn.
        run: its name.

    Raises:
        UnknownNameError: a strategy that there is not.
        BadDataError: latents that are not finite.
    """
    rng = np.random.default_rng([plan.seed, seq])
    labels, learned = items.labels(state), items.learned(state)
    there = np.unique(learned[learned >= 0])
    svm, scores = None, np.empty((len(items), 0))
    if len(there) >= FEWEST_CLASSES:
        svm = fit_svm(items.z, learned, len(state.classes.names))
        scores = svm.scores(items.z)
    is_open = labels < 0
    candidates = np.flatnonzero(is_open & ~items.held_out)
    n = BATCHES * plan.batch_size + SPARE
    said = items.strangeness
    classes, n_labels = len(state.classes.living), int((learned >= 0).sum())
    is_cold = svm is None or (len(there) < classes and n_labels < ENOUGH * classes)
    pool = Pool(
        items.z,
        np.empty((len(items), 0)) if is_cold else scores[:, there],
        candidates,
        learned,
        None if said is None else lambda: said,
    )
    rows = picks(plan.strategy, pool, n, rng)
    held_out = rng.permutation(np.flatnonzero(is_open & items.held_out))
    rows = _with_held_out(rows, held_out, plan.held_out, rng.random())
    rest = np.setdiff1d(np.flatnonzero(is_open), rows)
    asked, others = items.ids[rows], items.ids[rng.permutation(rest)]
    return Round(seq, run, svm, scores, asked, others, n_labels, state.classes.fates, is_cold)


def is_due(latest: Round, items: SessionItems, state: State, plan: Plan) -> bool:
    """Whether a new round has to begin: so many labels came or went, or classes changed.

    Args:
        latest: the newest round.
        items: as its run sees them.
        state: of the session now.
        plan: the session's.
    """
    if state.classes.fates != latest.fates or int((state.labels().seqs > latest.seq).sum()) >= plan.refit_every:
        return True
    return abs(int((items.learned(state) >= 0).sum()) - latest.n_labels) >= plan.refit_every


def _with_held_out(rows: NDArray[np.intp], held_out: NDArray[np.intp], share: float, phase: float) -> NDArray[np.intp]:
    """The picks with one of the items held out at every 1 / share-th place.

    The first one's place is `phase` of the way there, by chance: of a round that ends early the last ones are not asked
    about, and yet a share of all questions must be of items held out.
    """
    if share == 0 or not len(held_out):
        return rows
    places = np.floor((np.arange(len(held_out)) + phase) / share)
    n = min(len(held_out), int(np.ceil(len(rows) * share / (1 - share))))
    return np.insert(rows, np.minimum(places[:n] - np.arange(n), len(rows)).astype(np.intp), held_out[:n])


def drawn(ids: NDArray[np.int64], share: float, seed: int) -> NDArray[np.bool_]:
    """Draw a share of items by their ids alone, so that an item stays drawn whatever others there are, shape (n,)."""
    with np.errstate(over="ignore"):
        mixed = ids.astype(np.uint64) + np.uint64(seed) * np.uint64(MIX[1]) + np.uint64(MIX[0])
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(MIX[1])
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(MIX[2])
        mixed ^= mixed >> np.uint64(31)
    return (mixed >> np.uint64(11)) / 2.0**53 < share
