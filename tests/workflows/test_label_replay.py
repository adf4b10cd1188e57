"""A session is rebuilt from its log alone: the picks that its annotators had, and the state that it came to."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from explorer.labeling.records import Plan, Press
from explorer.labeling.schema import SETTLES, Kind, events
from explorer.labeling.store import LabelStore, open_store
from explorer.settings import Settings
from explorer.workflows.desk import Desk
from explorer.workflows.label_replay import rebuilt, rounds
from explorer.workflows.labels import begin
from explorer.workflows.runs import open_run
from tests.labeling.databases import label

RUN = "digits-weight-50"


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    return Settings(data_root=tmp_path, runs_root=tmp_path / "runs", device="cpu")


@pytest.fixture
def store(home: Settings) -> Iterator[LabelStore]:
    store = open_store(home)
    yield store
    store.close()


def worked(store: LabelStore, home: Settings, strategy: str = "margin") -> tuple[Desk, list[list[int]]]:
    """A session of four rounds with labels, an undo and a merge between them; its desk, and the picks of each round."""
    plan = Plan("first", "", RUN, strategy=strategy, batch_size=3, refit_every=5, held_out=0.1, seed=3)
    desk = Desk(store, begin(store, open_run(RUN, home), "Ann", plan), home)
    items, seen = desk.items(), []
    for turn in range(4):
        latest = desk.latest(wait=60)
        assert latest is not None
        seen.append(latest.picks.tolist())
        asked = latest.picks[:5]
        truth = items.truth[items.by_id.rows(asked)]
        for item, number in zip(asked.tolist(), truth.tolist(), strict=True):
            desk.store.record(desk.session, "Ann", [label(f"{turn}-{item}", item, number)])
        desk.store.record(desk.session, "Bob", [label(f"{turn}", items.ids[turn].item(), 1)])
        if turn == 1:
            desk.store.record(
                desk.session, "Ann", [Press(Kind.UNDO, "u"), Press(Kind.REDO, "r"), Press(Kind.UNDO, "v")]
            )
            desk.store.record(desk.session, "Ann", [Press(Kind.CLASS_MERGED, "m", class_number=3, into=8)])
        if turn < 3:
            desk.refit("Ann")
    return desk, seen


@pytest.mark.parametrize("strategy", ["margin", "random", "diversity"])
def test_log_alone_gives_the_picks_that_the_annotators_had(store, home, strategy):
    desk, seen = worked(store, home, strategy)
    assert len({tuple(picks) for picks in seen}) == 4
    fresh = Desk(open_store(home), desk.session, home)  # knows nothing of what was
    steps = []
    found = list(rounds(fresh, lambda done, total: steps.append((done, total))))
    fresh.store.close()
    assert [one.picks.tolist() for one in found] == seen
    assert [one.number for one in found] == [1, 2, 3, 4]
    assert steps == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert [one.n_after for one in found] == [6, 6, 6, 6]
    assert all(5 <= one.n_picked <= 6 for one in found)


def test_walk_comes_to_what_the_store_says(store, home):
    desk, _ = worked(store, home)
    desk.store.record(desk.session, "Bob", [Press(Kind.FLAG, "f", (1, 2)), Press(Kind.SKIP, "s", (3,))])
    desk.store.record(desk.session, "Bob", [Press(Kind.CLASS_DELETED, "d", class_number=1)])
    found, wrong = rebuilt(desk)
    assert wrong == []
    assert found.flagged() == {1, 2}
    assert set(found.opinions()) == set(desk.state().labels().ids.tolist())


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        (update(events).where(events.c.kind == Kind.LABEL).values({"class": 0}), ["opinions"]),
        (update(events).where(events.c.text == SETTLES).values(text=None), ["settlements"]),
        (update(events).where(events.c.kind == Kind.FLAG).values(item=7), ["flags"]),
        (update(events).where(events.c.kind == Kind.SKIP).values(item=7), ["skips"]),
        (delete(events).where(events.c.kind == Kind.SKIP), ["the length of the log", "skips"]),
    ],
)
def test_log_that_was_tampered_with_is_seen(store, home, change, wrong):
    desk, _ = worked(store, home)
    desk.record("Bob", [Press(Kind.LABEL, "settle", (int(desk.items().ids[0]),), 0, text=SETTLES)])
    desk.store.record(desk.session, "Bob", [Press(Kind.FLAG, "f", (1, 2)), Press(Kind.SKIP, "s", (3,))])
    desk.state()
    with store.database.writing() as connection:
        connection.execute(change)
    assert rebuilt(desk)[1] == wrong


def test_round_on_a_run_that_is_gone_says_so_and_the_others_go_on(store, home):
    desk, _ = worked(store, home)
    with store.database.writing() as connection:
        connection.execute(
            update(events).where(events.c.seq == desk.store.refits(desk.session)[1].seq).values(run="no")
        )
    store.reload()  # refits are read once
    found = list(rounds(Desk(store, desk.session, home)))
    assert ["no run 'no'" in one.problem for one in found] == [False, True, False, False]
    assert len(found[2].picks)
