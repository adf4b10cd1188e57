"""How far a labeling session is: who labelled how much, and what each round came to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from explorer.data.dataset import Progress
from explorer.errors import BadRunError, UnknownNameError
from explorer.labeling.classes import Classes
from explorer.labeling.progress import Measured, measured, per_minute
from explorer.labeling.rounds import FEWEST_CLASSES
from explorer.labeling.stopping import FEW_MEASURED, ROUNDS, Advice, advice, changed, compared, near_boundary
from explorer.latent.confidence import fit_svm
from explorer.workflows.desk import Desk
from explorer.workflows.session_tuning import last_tuning
from explorer.workflows.tuning_job import NOTE

MOST_ROUNDS = 24  # of a session that are measured; of more, every second, fourth, ... and the last ones
NOTHING = np.empty(0, np.int16)
PAIR = ("before", "after")


@dataclass(frozen=True)
class Counts:
    """Who did how much.

    Args:
        items: that can be labelled.
        here: of them, those that anybody labelled in the session.
        own: of these, those that this annotator has an opinion on.
        known: further ones, whose label was known before.
        held_out: of `here`, those that are held out and not learned from.
        conflicts, skipped, flagged: items.
        own_rate, rate: labels a minute of late, this annotator's and everybody's; 0 after a pause.
    """

    items: int
    here: int
    own: int
    known: int
    held_out: int
    conflicts: int
    skipped: int
    flagged: int
    own_rate: float
    rate: float


@dataclass(frozen=True, eq=False)
class Fitted:
    """What the classifier of a past round says.

    Args:
        seq, run: of the round.
        n_labels: that it learned from.
        predicted: class of each item, shape (n,), -1 without a classifier.
        tested: the same of each test item whose label is known, shape (m,).
        near: share of unlabelled items near a boundary.
    """

    seq: int
    run: str
    n_labels: int
    predicted: NDArray[np.int16]
    tested: NDArray[np.int16]
    near: float


@dataclass(frozen=True)
class SessionProgress:
    """What the rounds of a session came to, the newest last.

    Args:
        tested: error on the test items whose labels are known; empty where none is.
        held_out: error on the items held out that are labelled by now; empty where none is.
        advice: whether to go on.
        run: of the newest round.
        n_labels: that the newest round learned from.
        is_fitted: whether it has a classifier.
        tuning: what the newest fine-tuning came to, where its run is in use.
    """

    tested: tuple[Measured, ...]
    held_out: tuple[Measured, ...]
    advice: Advice
    run: str
    n_labels: int
    is_fitted: bool
    tuning: "Tuned | None" = None


@dataclass(frozen=True)
class Tuned:
    """What a fine-tuning came to: the classifier learned from the same labels on both runs.

    Args:
        run: that came of it.
        at: when it came into use.
        before, after: errors on the same items; None where none is measured.
        on: which those are.
    """

    run: str
    at: datetime
    before: Measured | None
    after: Measured | None
    on: str


_fitted: WeakKeyDictionary[Desk, dict[tuple[int, str], Fitted]] = WeakKeyDictionary()  # a past round never changes


def counts(desk: Desk, who: str) -> Counts:
    """Who did how much, from the log alone.

    Args:
        desk: of the session.
        who: the annotator whose own labels are counted.
    """
    state, items = desk.state(), desk.items()
    me = next((number for number, name in desk.store.annotators().items() if name == who), -1)
    newest = np.array(desk.store.newest_labels(desk.session), np.int64).reshape(-1, 2)
    now, times = desk.store.now() / 1e6, newest[:, 1] / 1e6
    began = float(times.min(initial=now))
    rows = items.by_id.rows(state.labels().ids)
    rows = rows[rows >= 0]
    opinions = state.held()[0]
    own = int((items.by_id.rows(opinions.items[opinions.annotators == me]) >= 0).sum())
    return Counts(
        items=len(items),
        here=len(rows),
        own=own,
        known=int((items.labels(state) >= 0).sum()) - len(rows),
        held_out=int(items.held_out[rows].sum()),
        conflicts=len(state.in_conflict()),
        skipped=len(state.skipped()),
        flagged=len(state.flagged()),
        own_rate=per_minute(times[newest[:, 0] == me], now, began=began) if own else 0.0,
        rate=per_minute(times, now, began=began) if len(rows) else 0.0,
    )


def session_progress(desk: Desk, progress: Progress | None = None) -> SessionProgress:
    """Measure the rounds of a session; what was measured before is kept as long as the desk is.

    Each round's classifier is fitted again from the log before its refit. All are measured on the same items: those
    held out that are labelled now, and the test items with known labels. Past rounds whose run is gone are left out,
    and those that learned from more labels than a later one: they were taken back since.

    Args:
        desk: of the session.
        progress: called with rounds fitted and rounds in all.

    Raises:
        UnknownNameError, BadRunError: the run in use is gone or cannot be used.
    """
    desk.items()
    rounds = [(0, desk.session.plan.run), *((event.seq, event.run) for event in desk.store.refits(desk.session))]
    thinned, compares = _thinned(rounds), _around_tuning(desk)
    wanted, kept = [*thinned, *(one for one in compares if one not in thinned)], _fitted.setdefault(desk, {})
    for one in set(kept) - set(wanted):
        kept.pop(one, None)
    for done, (seq, run) in enumerate(wanted):
        if (seq, run) not in kept and (at_hand := _fit_if_there(desk, seq, run)) is not None:
            kept[seq, run] = at_hand
        if progress is not None:
            progress(done + 1, len(wanted))
    past, classes = _that_stand([kept[one] for one in thinned if one in kept]), desk.state().classes
    newest, tested, held_out = past[-1], _tested(desk, past, classes), _held_out(desk, past, classes)
    is_fitted = bool((newest.predicted >= 0).all())
    tuning = _tuned(desk, [kept[one] for one in compares if one in kept], classes)
    words = _advice(desk, past, classes)
    return SessionProgress(tested, held_out, words, newest.run, newest.n_labels, is_fitted, tuning)


def n_learned(desk: Desk) -> int:
    """Labels that a classifier would learn from now."""
    return int((desk.items().learned(desk.state()) >= 0).sum())


def _that_stand(past: Sequence[Fitted]) -> list[Fitted]:
    """Rounds without those that learned from more labels than a later one."""
    found: list[Fitted] = []
    for one in reversed(past):
        if not found or one.n_labels <= found[-1].n_labels:
            found.append(one)
    return found[::-1]


def _around_tuning(desk: Desk) -> list[tuple[int, str]]:
    """The round of the newest fine-tuning whose run is in use: on the run before, and on its own."""
    runs = last_tuning(desk.store, desk.session)
    if runs is None or runs[1] != desk.run_name:
        return []
    seq = next(one.seq for one in desk.store.refits(desk.session) if one.run == runs[1] and one.text == NOTE)
    return [(seq, run) for run in runs]


def _tuned(desk: Desk, both: Sequence[Fitted], classes: Classes) -> Tuned | None:
    if not both:
        return None
    newest = both[-1]
    at = next(one.at for one in desk.store.refits(desk.session) if one.seq == newest.seq)
    for on, measure in (("test items", _tested), ("items held out", _held_out)):
        errors = measure(desk, both, classes)
        if len(errors) == len(PAIR) and errors[0].items >= FEW_MEASURED:
            return Tuned(newest.run, at, errors[0], errors[1], on)
    return Tuned(newest.run, at, None, None, "")


def _advice(desk: Desk, past: Sequence[Fitted], classes: Classes) -> Advice:
    """Whether to go on, by the newest rounds on the run in use."""
    alike = [one for one in past if one.run == past[-1].run and (one.predicted >= 0).all()]
    late = alike[-1 - n :] if (n := compared([one.n_labels for one in alike])) else []
    ends = [late[0], late[-1]] if late else list(past[-1:])
    errors = _tested(desk, ends, classes) or _held_out(desk, ends, classes)
    before = errors[0] if len(errors) == len(PAIR) and errors[0].items >= FEW_MEASURED else None
    came = late[-1].n_labels - late[0].n_labels if late else 0
    return advice(_changes(desk, late, classes), past[-1].near, errors[-1] if errors else None, before, came=came)


def _thinned(rounds: Sequence[tuple[int, str]]) -> list[tuple[int, str]]:
    """Rounds to measure: so many, evenly, that most stay the same as the session goes on; and those just made."""
    step = 1
    while len(rounds) / step > MOST_ROUNDS:
        step *= 2
    return [one for at, one in enumerate(rounds) if at % step == 0 or at >= len(rounds) - ROUNDS - 1]


def _fit_if_there(desk: Desk, seq: int, run: str) -> Fitted | None:
    try:
        return _fit(desk, seq, run)
    except (UnknownNameError, BadRunError):
        return None


def _fit(desk: Desk, seq: int, run: str) -> Fitted:
    """The classifier of a round, from the log before it."""
    items, tested = desk.items(run), desk.tested(run)
    state = desk.store.state_before(desk.session, max(seq, 1))
    learned = items.learned(state)
    there, n_labels = np.unique(learned[learned >= 0]), int((learned >= 0).sum())
    if len(there) < FEWEST_CLASSES:
        return Fitted(seq, run, n_labels, np.full(len(items), -1, np.int16), np.full(len(tested.z), -1, np.int16), 1.0)
    svm = fit_svm(items.z, learned, len(state.classes.names))
    scores = svm.scores(items.z)
    near = near_boundary(scores[:, there], np.flatnonzero(learned < 0))
    predicted = scores.argmax(axis=1).astype(np.int16)
    on_tested = svm.predict(tested.z).astype(np.int16) if len(tested.z) else NOTHING
    return Fitted(seq, run, n_labels, predicted, on_tested, near)


def _changes(desk: Desk, late: Sequence[Fitted], classes: Classes) -> list[float]:
    """Share of predictions on unlabelled items that changed from each round to the next, and from first to last."""
    if not late:
        return []
    rows = np.flatnonzero(desk.items(late[-1].run).labels(desk.state()) < 0)
    pairs = [*zip(late[:-1], late[1:], strict=True), (late[0], late[-1])]
    return [changed(classes.follow(one.predicted), classes.follow(after.predicted), rows) for one, after in pairs]


def _tested(desk: Desk, past: Sequence[Fitted], classes: Classes) -> tuple[Measured, ...]:
    found = []
    for one in past:
        truth = classes.follow(desk.tested(one.run).truth)
        found.append(_measured(one, classes.follow(one.tested), truth))
    return tuple(point for point in found if point is not None)


def _held_out(desk: Desk, past: Sequence[Fitted], classes: Classes) -> tuple[Measured, ...]:
    state, found = desk.state(), []
    for one in past:
        items = desk.items(one.run)
        truth = np.where(items.held_out, items.labels(state), -1)
        found.append(_measured(one, classes.follow(one.predicted), truth))
    return tuple(point for point in found if point is not None)


def _measured(one: Fitted, predicted: NDArray[np.integer], truth: NDArray[np.integer]) -> Measured | None:
    """The error where a class is known; None before there is a classifier, and where none is known."""
    known = truth >= 0
    if not known.any() or (one.predicted < 0).any():
        return None
    return measured(one.n_labels, int((predicted[known] != truth[known]).sum()), int(known.sum()))
