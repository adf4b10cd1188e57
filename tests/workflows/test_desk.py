"""The desk of a session: what is pressed is kept, fitted and asked about, on a real run."""

import json
import shutil
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier, BrokenBarrierError, Thread

import numpy as np
import pytest

from explorer.errors import BadRunError, ExplorerError, StoreError, UnknownNameError
from explorer.labeling.records import Plan, Press
from explorer.labeling.rounds import make_round
from explorer.labeling.schema import Kind
from explorer.labeling.store import LabelStore
from explorer.settings import Settings
from explorer.workflows import desk as module
from explorer.workflows import labels, picks_told
from explorer.workflows.desk import AHEAD, AT_HAND, Desk
from explorer.workflows.runs import open_run
from explorer.zoo.trash import throw_away
from tests.runs import train_two

PLAN = Plan("first", "textures", "tiny", batch_size=4, refit_every=3)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return train_two(tmp_path_factory.mktemp("desk"))


def opened(store: LabelStore, home: Settings, run: str = "tiny", **changes: object) -> Desk:
    return Desk(store, labels.begin(store, open_run(run, home), "ann", replace(PLAN, **changes)), home)


def answer(desk: Desk, who: str, picks, tab: str = "t") -> None:
    """Label items as they truly are."""
    items = desk.items()
    presses = [Press(Kind.LABEL, f"{tab}-{pick.item}", (pick.item,), int(items.truth[pick.row])) for pick in picks]
    assert not [found.refusal for found in desk.record(who, presses) if found.refusal]


def test_labels_that_the_training_saw_are_set_aside_or_known(store, home):
    rehearsal = opened(store, home).items()
    assert rehearsal.is_rehearsal
    assert (rehearsal.known < 0).all()
    partly = opened(store, home, "some", name="second").items()
    latents = open_run("some", home).latents("train")
    seen = latents.known[:, 0] == 1
    assert partly.known.tolist() == np.where(seen, latents.labels, -1).tolist()
    assert partly.truth.tolist() == np.where(seen, -1, latents.labels).tolist()


def test_session_goes_on_to_the_end_and_asks_about_each_item_once(store, home):
    desk = opened(store, home)
    asked: list[int] = []
    while picks := desk.questions("ann", "t", wait=10):
        asked += items_of(picks[:6])
        answer(desk, "ann", picks[:6])
        desk.latest(10)  # each answer makes a round due, and none is under way then
    assert sorted(asked) == sorted(desk.items().ids)
    assert len(store.refits(desk.session)) == 1 + len(asked) / 6
    assert (desk.latest(10).predicted == desk.items().truth).mean() > 0.3  # of 5 classes, by a tiny network


def items_of(picks):
    return [pick.item for pick in picks]


def test_no_item_is_on_two_screens(store, home):
    desk = opened(store, home)
    screens = [desk.questions(who, tab, wait=10) for who, tab in (("ann", "t"), ("ann", "u"), ("bob", "t"))]
    held = [item for screen in screens for item in items_of(screen)]
    assert len(held) == len(set(held))
    assert len(screens[0]) == PLAN.batch_size + AHEAD


def test_item_on_the_screen_stays_when_a_round_begins(store, home):
    desk = opened(store, home)
    first = desk.questions("ann", "t", wait=10)
    answer(desk, "ann", first[:3])
    desk.latest(10)
    then = desk.questions("ann", "t")
    assert items_of(then[:AT_HAND]) == items_of(first[3 : 3 + AT_HAND])
    assert then[AT_HAND].item == next(item for item in desk.latest().picks if item not in items_of(then[:AT_HAND]))
    assert len(store.refits(desk.session)) == 2


def test_another_server_goes_on_with_the_same_picks(store, home):
    desk = opened(store, home)
    answer(desk, "ann", desk.questions("ann", "t", wait=10)[:9])
    made = desk.latest(10)
    answer(desk, "ann", desk.questions("ann", "t")[:2])
    other = Desk(store, desk.session, home)
    found = other.latest(10)
    assert (found.seq, found.picks.tolist()) == (made.seq, made.picks.tolist())
    event = store.refits(desk.session)[-1]
    before = store.state_before(desk.session, event.seq)
    again = make_round(desk.items(), before, desk.session.plan, event.seq, "tiny")
    assert again.picks.tolist() == made.picks.tolist()


def test_reasons_are_those_of_the_round(store, home):
    desk = opened(store, home)
    assert desk.questions("ann", "t", wait=10)[0].likeliest == ()
    answer(desk, "ann", desk.questions("ann", "t")[:12])
    made = desk.latest(10)
    pick = desk.questions("ann", "t")[4]
    scores = np.sort(made.scores[pick.row])
    assert pick.margin == pytest.approx(scores[-1] - scores[-2])
    z, labelled = desk.items().z, desk.items().labels(desk.state()) >= 0
    far = np.linalg.norm(z - z[pick.row], axis=1)
    assert far[list(pick.nearest)].tolist() == pytest.approx(np.sort(far[labelled])[:6].tolist())
    assert pick.shares[0] == pytest.approx(1 / (1 + np.exp(-pick.margin)))
    assert sum(pick.shares) == pytest.approx(1)
    assert desk.pick(pick.item) == pick
    assert desk.pick(123) is None


def test_undo_tells_which_item_comes_back(store, home):
    desk = opened(store, home)
    picks = desk.questions("ann", "t", wait=10)[:2]
    answer(desk, "ann", picks)
    (found,) = desk.record("ann", [Press(Kind.UNDO, "u")])
    assert desk.undone(found) == picks[1].item
    (found,) = desk.record("ann", [Press(Kind.LABEL, "l", (picks[1].item,), 0)])
    assert desk.undone(found) is None


def test_undo_of_a_lasso_brings_back_no_item(store, home):
    desk = opened(store, home)
    picks = desk.questions("ann", "t", wait=10)[:2]
    found = desk.record("ann", [Press(Kind.LABEL, "l", tuple(items_of(picks)), 0), Press(Kind.UNDO, "u")])
    assert desk.undone(found[1]) is None
    found = desk.record("ann", [Press(Kind.LABEL, "m", (picks[0].item,), 0), Press(Kind.UNDO, "v")])
    assert desk.undone(found[1]) == picks[0].item


def test_change_of_classes_begins_a_round(store, home):
    desk = opened(store, home)
    answer(desk, "ann", desk.questions("ann", "t", wait=10)[:12])
    before = desk.latest(10)
    desk.record("ann", [Press(Kind.CLASS_MERGED, "m", class_number=1, into=0)])
    after = desk.latest(10)
    assert after.seq > before.seq
    assert after.scores[:, 1].max() == -np.inf


def test_run_that_is_gone_is_told_and_labels_stay(store, home, tmp_path):
    settings = home.model_copy(update={"runs_root": tmp_path / "runs"})
    shutil.copytree(home.runs_root, settings.runs_root)
    session = opened(store, home).session
    throw_away(settings.runs_root / "tiny")
    with pytest.raises(UnknownNameError, match="The session first needs it: restore it"):
        Desk(store, session, settings).questions("ann", "t", wait=10)


def test_refit_that_is_due_does_not_take_back_a_fine_tuning(store, home, monkeypatch):
    desk = opened(store, home)
    picks = desk.questions("ann", "t", wait=10)
    write = store.record

    def written_while_a_tuning_ends(*args, **kwargs):
        answers = write(*args, **kwargs)
        store.refit(desk.session, "ann", "tuned", run="some")
        return answers

    monkeypatch.setattr(store, "record", written_while_a_tuning_ends)
    answer(desk, "ann", picks[:3])
    assert desk.run_name == "some"
    assert desk.latest(10).run == "some"
    monkeypatch.undo()
    answer(desk, "ann", picks[3:6])
    assert (len(store.refits(desk.session)), desk.run_name) == (3, "some")


def test_two_who_press_at_once_begin_one_round(store, home, monkeypatch):
    desk = opened(store, home)
    picks = desk.questions("ann", "t", wait=10)
    answer(desk, "ann", picks[:2])
    look, together = desk.state, Barrier(2)

    def looked_at_together():
        with suppress(BrokenBarrierError):
            together.wait(0.3)
        return look()

    monkeypatch.setattr(desk, "state", looked_at_together)
    threads = [Thread(target=answer, args=(desk, f"p{n}", [picks[2 + n]], f"t{n}")) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(store.refits(desk.session)) == 2


def test_two_servers_begin_one_round(store, home):
    desk = opened(store, home)
    other = Desk(store, desk.session, home)
    picks = desk.questions("ann", "t", wait=10)
    other.latest(10)
    answer(desk, "ann", picks[:3])
    answer(other, "bob", picks[3:4])
    assert len(store.refits(desk.session)) == 2
    assert desk.latest(10).seq == other.latest(10).seq == store.refits(desk.session)[-1].seq


def test_round_that_fails_is_told_and_made_again(store, home, monkeypatch):
    desk = opened(store, home)

    def fails(*_):
        raise TimeoutError("never seen before")

    monkeypatch.setattr(module, "make_round", fails)
    for _ in range(2):
        with pytest.raises(ExplorerError, match=r"TimeoutError: never seen before\). All labels are kept"):
            desk.questions("ann", "t", wait=10)
    monkeypatch.undo()
    assert desk.questions("ann", "t", wait=10)


def test_press_counts_where_the_refit_behind_it_fails(store, home, monkeypatch):
    desk = opened(store, home)
    picks = desk.questions("ann", "t", wait=10)

    def fails(*_, **__):
        raise StoreError("full")

    monkeypatch.setattr(store, "refit", fails)
    answer(desk, "ann", picks[:3])
    assert len(desk.state().labels().ids) == 3
    monkeypatch.undo()
    answer(desk, "ann", picks[3:4])
    assert len(store.refits(desk.session)) == 2


def test_run_that_was_trained_on_other_data_under_the_same_name_is_refused(store, home, tmp_path):
    settings = home.model_copy(update={"runs_root": tmp_path / "runs"})
    shutil.copytree(home.runs_root, settings.runs_root)
    session = opened(store, home).session
    file = settings.runs_root / "tiny" / "card.json"
    card = json.loads(file.read_text())
    card["data"]["identity"] = "another"
    file.write_text(json.dumps(card))
    with pytest.raises(BadRunError, match="other items than the session first"):
        Desk(store, session, settings).items()


def test_item_that_the_session_does_not_have_is_refused_in_its_answer(store, home):
    desk = opened(store, home)
    there, *_ = desk.items().ids.tolist()
    presses = [
        Press(Kind.LABEL, "a", (there, 123), 0),
        Press(Kind.SKIP, "b", (there,)),
        Press(Kind.FLAG, "c", (2**62,)),
        Press(Kind.UNDO, "d"),
    ]
    answers = desk.record("ann", presses)
    assert [found.key for found in answers] == ["a", "b", "c", "d"]
    assert [found.seq is None for found in answers] == [True, False, True, False]
    assert "first has no item 123" in answers[0].refusal
    assert len(desk.state().skipped()) == 0


def test_those_near_the_screen_come_with_their_nearest_labelled_items(store, home):
    desk = opened(store, home)
    answer(desk, "ann", desk.questions("ann", "t", wait=10)[:12])
    found = [len(pick.nearest) for pick in desk.questions("ann", "t")]
    n = picks_told.LOOKED_AT
    assert len(found) > n
    assert found == [6] * n + [0] * (len(found) - n)


def test_tab_waits_for_a_round_only_where_it_has_nothing_to_show(store, home, monkeypatch):
    desk = opened(store, home)
    latest, waits = desk.latest, []

    def noted(wait=0.0):
        waits.append(wait)
        return latest(wait)

    monkeypatch.setattr(desk, "latest", noted)
    picks = desk.questions("ann", "t", wait=10)
    desk.questions("ann", "t", wait=10)
    desk.record("ann", [Press(Kind.LABEL, "all", tuple(items_of(picks)), 0)])
    desk.questions("ann", "t", wait=10)
    assert waits == [10, 0, 10]


def test_what_a_tab_gives_back_is_asked_of_others(store, home):
    desk = opened(store, home)
    held = items_of(desk.questions("ann", "t", wait=10))
    assert not set(held) & set(items_of(desk.questions("bob", "t")))
    desk.release("bob", "t")
    desk.release("ann", "t")
    assert items_of(desk.questions("bob", "t")) == held


def test_tabs_of_yesterday_are_forgotten(store, home):
    now = [datetime(2026, 1, 1, tzinfo=UTC)]
    desk = opened(LabelStore(store.database, lambda: now[0]), home)
    desk.questions("ann", "t", wait=10)
    now[0] += timedelta(days=2)
    desk.questions("ann", "u", wait=10)
    assert list(desk._held) == [("ann", "u")]


def test_first_run_and_the_newest_few_stay_open(store, home, tmp_path, monkeypatch):
    settings = home.model_copy(update={"runs_root": tmp_path / "runs"})
    names = [f"tiny-{n}" for n in range(module.RUNS_KEPT + 1)]
    for name in ["tiny", *names]:
        shutil.copytree(home.runs_root / "tiny", settings.runs_root / name)
    desk = Desk(store, opened(store, home).session, settings)
    for name in ["tiny", *names]:
        desk.items(name)
    read: list[str] = []
    monkeypatch.setattr(module, "open_run", lambda name, root: read.append(name) or open_run(name, root))
    for name in ["tiny", *names[1:], names[0]]:
        desk.items(name)
    assert set(read) == {names[0], "tiny"}


def test_decoder_reads_no_items_where_the_run_kept_its_errors(store, home, monkeypatch):
    monkeypatch.setattr(module, "load_dataset", lambda *_, **__: pytest.fail("the data set was read"))
    assert opened(store, home, strategy="decoder").questions("ann", "t", wait=10)
