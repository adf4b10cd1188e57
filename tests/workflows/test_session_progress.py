"""How far a session is: counts from its log, each round measured again, random picks simulated."""

import shutil
from dataclasses import replace

import numpy as np
import pytest

from explorer.errors import UnknownNameError
from explorer.labeling.progress import Known, measured, random_curve
from explorer.labeling.records import Plan, Press
from explorer.labeling.rounds import make_round
from explorer.labeling.schema import Kind
from explorer.labeling.stopping import compared
from explorer.labeling.store import LabelStore
from explorer.latent.confidence import fit_svm
from explorer.settings import Settings
from explorer.workflows import labels, session_progress
from explorer.workflows.desk import Desk
from explorer.workflows.runs import open_run
from explorer.workflows.session_progress import counts
from explorer.workflows.session_random import random_picks, simulated_labels
from explorer.workflows.tuning_job import NOTE
from explorer.zoo.trash import throw_away
from tests.runs import train_two

PLAN = Plan("first", "textures", "tiny", batch_size=4, refit_every=6, held_out=0.3)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return train_two(tmp_path_factory.mktemp("progress"))


def opened(store: LabelStore, home: Settings, run: str = "tiny", **changes: object) -> Desk:
    return Desk(store, labels.begin(store, open_run(run, home), "ann", replace(PLAN, **changes)), home)


def label(desk: Desk, who: str, rows, shift: int = 0) -> None:
    """Label items as they truly are, or by another class."""
    items = desk.items()
    for row in rows:
        press = Press(Kind.LABEL, f"{who}-{row}-{shift}", (int(items.ids[row]),), (int(items.truth[row]) + shift) % 5)
        assert not desk.record(who, [press])[0].refusal
        desk.latest(10)


def test_counts_are_the_logs(store, home):
    desk = opened(store, home)
    desk.latest(10)
    label(desk, "ann", range(5))
    label(desk, "bob", [4, 5], shift=1)
    desk.record("bob", [Press(Kind.SKIP, "s", (int(desk.items().ids[9]),)), Press(Kind.UNDO, "u")])
    desk.record("bob", [Press(Kind.FLAG, "f", (int(desk.items().ids[8]),))])
    found = counts(desk, "bob")
    assert (found.items, found.here, found.own, found.known) == (96, 6, 2, 0)
    assert found.held_out == desk.items().held_out[:6].sum()
    assert (found.conflicts, found.skipped, found.flagged) == (1, 0, 1)
    assert found.rate == pytest.approx(7 / 2 * found.own_rate, rel=0.01)  # over the same minutes
    assert counts(desk, "eve").own_rate == counts(desk, "eve").own == 0


def test_nobody_is_slower_than_all_together_and_what_was_taken_back_has_no_pace(store, home):
    desk = opened(store, home)
    label(desk, "bob", range(2))
    label(desk, "ann", range(2, 5))
    assert counts(desk, "ann").own_rate <= counts(desk, "ann").rate
    for n, who in enumerate(["bob"] * 2 + ["ann"] * 3):
        assert not desk.record(who, [Press(Kind.UNDO, f"u{n}")])[0].refusal
    found = counts(desk, "ann")
    assert (found.here, found.own, found.rate, found.own_rate) == (0, 0, 0, 0)


def test_known_labels_and_those_of_the_session_are_told_apart(store, home):
    desk = opened(store, home, "some")
    items = desk.items()
    known = np.flatnonzero(items.known >= 0)
    label(desk, "ann", np.flatnonzero((items.known < 0) & (items.truth >= 0))[:5])
    item = int(items.ids[known[0]])
    desk.record("ann", [Press(Kind.LABEL, "again", (item,), 0)])  # a known one, labelled anew
    found = counts(desk, "ann")
    assert (found.here, found.known) == (6, len(known) - 1)
    learned = int((items.learned(desk.state()) >= 0).sum())
    assert found.here - found.held_out + found.known == learned == session_progress.n_learned(desk)


def test_rounds_with_labels_that_were_taken_back_are_left_out(store, home):
    desk = opened(store, home)
    desk.latest(10)
    label(desk, "ann", range(30))
    before = [one.n_labels for one in session_progress.session_progress(desk).tested]
    for n in range(20):
        desk.record("ann", [Press(Kind.UNDO, f"u{n}")])
        desk.latest(10)
    desk.refit("ann")
    desk.latest(10)
    now = session_progress.n_learned(desk)
    found = session_progress.session_progress(desk)
    after = [one.n_labels for one in found.tested]
    assert max(before) > now
    assert after == sorted(after)
    assert after[-1] == found.n_labels == now


def test_a_fine_tuning_is_measured_before_and_after_with_the_same_labels(store, home):
    desk = opened(store, home)
    desk.latest(10)
    label(desk, "ann", range(40))
    assert session_progress.session_progress(desk).tuning is None
    desk.refit("ann", "some", note=NOTE)
    desk.latest(10)
    session_progress.FEW_MEASURED, few = 1, session_progress.FEW_MEASURED
    try:
        found = session_progress.session_progress(desk)
    finally:
        session_progress.FEW_MEASURED = few
    assert (found.tuning.run, found.tuning.on) == ("some", "test items")
    assert found.tuning.before.n_labels == found.tuning.after.n_labels == session_progress.n_learned(desk)
    assert found.tuning.after == found.tested[-1]
    state, items = desk.state(), desk.items("tiny")
    svm = fit_svm(items.z, items.learned(state), len(state.classes.names))
    tested = desk.tested("tiny")
    assert found.tuning.before.error == pytest.approx((svm.predict(tested.z) != tested.truth).mean())
    desk.refit("ann", "tiny")  # back to the one before
    desk.latest(10)
    assert session_progress.session_progress(desk).tuning is None


def test_a_lasso_is_one_press_of_the_pace(store, home):
    desk = opened(store, home)
    desk.record("ann", [Press(Kind.LABEL, "l", tuple(desk.items().ids[:50].tolist()), 0)])
    assert len(store.newest_labels(desk.session)) == 1
    assert counts(desk, "ann").here == 50


def test_each_round_is_measured_as_it_was(store, home):
    desk = opened(store, home)
    desk.latest(10)
    label(desk, "ann", range(70))
    items, tested, steps = desk.items(), desk.tested(), []
    found = session_progress.session_progress(desk, lambda *step: steps.append(step))
    rounds = [
        make_round(items, store.state_before(desk.session, event.seq), desk.session.plan, event.seq, "tiny")
        for event in store.refits(desk.session)
    ]
    rounds = [one for one in rounds if one.svm is not None]
    assert len(rounds) > 3
    wrong = [int((one.svm.predict(tested.z) != tested.truth).sum()) for one in rounds]
    assert found.tested == tuple(
        measured(one.n_labels, n, len(tested.truth)) for one, n in zip(rounds, wrong, strict=True)
    )
    is_measured = items.held_out & (np.arange(96) < 70)
    wrong = [int((one.predicted != items.truth)[is_measured].sum()) for one in rounds]
    assert [(one.error, one.items) for one in found.held_out] == [
        (n / is_measured.sum(), is_measured.sum()) for n in wrong
    ]
    n = len(store.refits(desk.session)) + 1
    assert steps[-1] == (n, n)
    late = rounds[-1 - compared([one.n_labels for one in rounds]) :]
    assert len(late) > 3
    pairs = [*zip(late[:-1], late[1:], strict=True), (late[0], late[-1])]
    changes = [(before.predicted != after.predicted)[70:].mean() for before, after in pairs]
    if found.advice.words.startswith("Not settled"):
        assert found.tested[-1].error > found.tested[-len(late)].error
    else:
        assert f"{100 * max(changes):.1f} %" in found.advice.words
        assert found.advice.is_settled == (max(changes) <= 0.01)


def test_past_rounds_are_fitted_once(store, home, monkeypatch):
    desk = opened(store, home)
    desk.latest(10)
    label(desk, "ann", range(20))
    fits, fit = [], session_progress._fit
    monkeypatch.setattr(session_progress, "_fit", lambda desk, seq, run: fits.append(seq) or fit(desk, seq, run))
    first = session_progress.session_progress(desk)
    n = len(fits)
    assert n == len(store.refits(desk.session)) + 1
    assert session_progress.session_progress(desk) == first
    assert len(fits) == n
    desk.refit("ann")
    session_progress.session_progress(desk)
    assert len(fits) == n + 1


def test_of_many_rounds_the_same_few_and_the_newest_are_measured():
    for n in (1, 24, 25, 60, 500):
        seqs = [seq for seq, _ in session_progress._thinned([(at, "run") for at in range(n)])]
        assert seqs[-4:] == list(range(n))[-4:]
        assert seqs[0] == 0
        assert len(seqs) <= 24 + 4
        grown = [seq for seq, _ in session_progress._thinned([(at, "run") for at in range(n + 1)])]
        assert len(set(grown) - set(seqs)) <= 1  # at most the new one is fitted


def test_a_round_on_another_run_is_not_compared(store, home):
    desk = opened(store, home)
    desk.latest(10)
    label(desk, "ann", range(40))
    desk.refit("ann", "some")
    desk.latest(10)
    found = session_progress.session_progress(desk)
    assert "Too early to say" in found.advice.words
    assert len(found.tested) > 3
    assert found.run == "some"


def test_rounds_whose_run_is_gone_are_left_out(store, home, tmp_path):
    settings = home.model_copy(update={"runs_root": tmp_path / "runs"})
    shutil.copytree(home.runs_root, settings.runs_root)
    desk = opened(store, home)
    desk.latest(10)
    label(desk, "ann", range(20))
    for run in ("some", "tiny"):
        desk.refit("ann", run)
        desk.latest(10)
    whole = session_progress.session_progress(desk)
    throw_away(settings.runs_root / "some")
    found = session_progress.session_progress(Desk(store, desk.session, settings))
    assert found.tested == (*whole.tested[:-2], whole.tested[-1])
    throw_away(settings.runs_root / "tiny")
    with pytest.raises(UnknownNameError, match="restore it"):
        session_progress.session_progress(Desk(store, desk.session, settings))


def test_merged_classes_are_one_in_all_rounds(store, home):
    desk = opened(store, home)
    desk.latest(10)
    label(desk, "ann", range(40))
    before = session_progress.session_progress(desk).tested[-1].error
    for number in range(1, 5):
        desk.record("ann", [Press(Kind.CLASS_MERGED, f"m{number}", class_number=number, into=0)])
        desk.latest(10)
    found = session_progress.session_progress(desk)
    assert before > 0
    assert {one.error for one in found.tested} == {0.0}


def test_random_picks_are_simulated_on_the_first_run(store, home):
    desk = opened(store, home)
    desk.latest(10)
    label(desk, "ann", range(3))
    assert simulated_labels(desk) == 40
    label(desk, "ann", range(3, 45))
    learned = 45 - int(desk.items().held_out[:45].sum())
    assert simulated_labels(desk) == next(n for n in (40, 57) if n >= learned)
    items, tested = desk.items(), desk.tested()
    slow = random_curve(
        Known(items.z, items.truth),
        np.flatnonzero(~items.held_out),
        [10, 14, 20, 28, 40, 57],
        Known(tested.z, tested.truth),
        (0, 1, 2),
    )
    found = random_picks(desk, 57)
    assert found.counts.tolist() == [10, 14, 20, 28, 40, 57]
    assert found.mean.tolist() == slow.mean.tolist()


def test_labels_known_before_the_session_are_the_beginning_of_the_random_picks(store, home):
    desk = opened(store, home, "some")
    known, held_out = desk.items().known >= 0, desk.items().held_out
    start = int(known.sum())
    assert 0 < start < (~held_out).sum()
    assert not (known & held_out).any()  # the run's training has learned from them
    assert simulated_labels(desk) == start + 40
    found, curve = session_progress.session_progress(desk), random_picks(desk, start + 40)
    assert curve.counts.tolist() == [
        start,
        *(start + n for n in (10, 14, 20, 28, 40) if n <= (~known & ~held_out).sum()),
    ]
    assert found.tested[-1].n_labels == start
    assert found.tested[-1].error == pytest.approx(curve.mean[0])  # both have learned from the same
    assert curve.low[0] == curve.high[0]
    assert not found.held_out
    label(desk, "ann", np.flatnonzero(held_out)[:3])
    assert session_progress.session_progress(desk).held_out[-1].items == 3


def test_where_no_label_is_known_nothing_is_simulated(store, home):
    desk = opened(store, home)
    run, items = desk._runs.setdefault("tiny", (open_run("tiny", home), desk.items()))
    desk._runs["tiny"] = run, replace(items, truth=np.full(len(items), -1))
    assert simulated_labels(desk) == 0
