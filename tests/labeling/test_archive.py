"""Sessions that are put away and brought back: nothing is lost, and nothing is recorded meanwhile."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest

from explorer.errors import BadValueError
from explorer.labeling import history
from explorer.labeling.archive import Standing, archive, archived, bring_back, standings
from explorer.labeling.backup import back_up, restore
from explorer.labeling.decoding import Given
from explorer.labeling.importing import apply_import, plan_import
from explorer.labeling.records import Press
from explorer.labeling.replaying import Rebuilt, differences
from explorer.labeling.schema import Kind
from tests.labeling.databases import CLASSES, PLAN, label, opened, press

ADDED = len(CLASSES)  # events of a new session


def labels(store, session):
    found = store.state(session).labels()
    return dict(zip(found.ids.tolist(), found.classes.tolist(), strict=True))


def test_standings_tell_events_last_moment_and_archive_of_every_session(store, session):
    empty = store.create(replace(PLAN, name="empty"), "ann")
    away = store.create(replace(PLAN, name="away"), "ann", CLASSES)
    store.record(away, "ann", [label("a", 1, 0)])
    archive(store, away, "Ann")
    found = standings(store)
    assert set(found) == {session.id, empty.id, away.id}
    assert found[empty.id] == Standing(0, empty.created, False)
    assert (found[session.id].n_events, found[session.id].is_archived) == (ADDED, False)
    assert (found[away.id].n_events, found[away.id].is_archived) == (ADDED + 2, True)
    assert abs(datetime.now(UTC) - found[away.id].last) < timedelta(minutes=1)


def test_archived_session_keeps_all_and_says_who_put_it_away(store, session):
    store.record(session, "ann", [label("a", 1, 0), label("b", 2, 1), press(Kind.FLAG, "f", 2)])
    before = labels(store, session)
    assert archived(store, session) is None
    archive(store, session, " Bob ")
    event = archived(store, session)
    assert (event.who, event.kind, event.seq) == ("Bob", Kind.ARCHIVED, ADDED + 4)
    assert labels(store, session) == before == {1: 0, 2: 1}
    assert store.state(session).flagged().tolist() == [2]
    bring_back(store, session, "Cid")
    assert archived(store, session) is None
    assert labels(store, session) == before
    assert store.record(session, "ann", [label("c", 3, 2)])[0].seq == ADDED + 6


@pytest.mark.parametrize(
    "one",
    [
        label("x", 9, 0),
        press(Kind.SKIP, "x", 9),
        press(Kind.FLAG, "x", 9),
        press(Kind.UNDO, "x"),
        press(Kind.REDO, "x"),
        Press(Kind.CLASS_ADDED, "x", text="new"),
        Press(Kind.CLASS_DELETED, "x", class_number=0),
        press(Kind.ARCHIVED, "x"),
    ],
)
def test_nothing_is_recorded_in_an_archived_session(store, session, one):
    store.record(session, "ann", [label("a", 1, 0), label("b", 2, 0), press(Kind.UNDO, "u")])
    archive(store, session, "ann")
    n = store.state(session).seq
    (answer,) = store.record(session, "ann", [one])
    assert answer.seq is None
    assert "archived, so nothing was recorded. Bring it back first." in answer.refusal
    assert answer.can_wait
    assert store.state(session).seq == n
    bring_back(store, session, "ann")
    assert store.record(session, "ann", [one])[0].seq


def test_what_was_acknowledged_before_is_answered_as_before(store, session):
    first = store.record(session, "ann", [label("a", 1, 0)])[0].seq
    archive(store, session, "ann")
    known, late = store.record(session, "ann", [label("a", 1, 0), label("b", 2, 0)])
    assert (known.seq, known.again, known.can_wait) == (first, True, False)
    assert late.can_wait


def test_what_is_refused_for_good_does_not_wait(store, session):
    nothing_to_undo, no_class, not_archived = store.record(
        session, "ann", [press(Kind.UNDO, "u"), label("a", 1, 99), press(Kind.BROUGHT_BACK, "b")]
    )
    for answer in (nothing_to_undo, no_class, not_archived):
        assert answer.refusal
        assert not answer.can_wait


def test_presses_behind_an_archiving_of_the_same_call_are_refused(store, session):
    answers = store.record(session, "ann", [label("a", 1, 0), press(Kind.ARCHIVED, "z"), label("b", 2, 0)])
    assert [bool(answer.refusal) for answer in answers] == [False, False, True]
    assert labels(store, session) == {1: 0}


def test_neither_a_refit_nor_an_import_gets_in(store, session):
    changes = plan_import(store, session, [Given(5, "zero", "ann")], "ann")
    archive(store, session, "ann")
    with pytest.raises(BadValueError, match="archived, so nothing was recorded"):
        store.refit(session, "ann", "r", run="tuned")
    assert store.refits(session) == ()
    changes = replace(changes, seq=store.state(session).seq)
    with pytest.raises(BadValueError, match="archived, so nothing was recorded"):
        apply_import(store, session, changes)
    assert labels(store, session) == {}


def test_twice_is_said(store, session):
    with pytest.raises(BadValueError, match="not archived"):
        bring_back(store, session, "ann")
    archive(store, session, "ann")
    with pytest.raises(BadValueError, match="is archived"):
        archive(store, session, "bob")
    bring_back(store, session, "ann")
    with pytest.raises(BadValueError, match="not archived"):
        bring_back(store, session, "bob")
    with pytest.raises(BadValueError, match="annotator's name"):
        archive(store, session, " ")


def test_undo_passes_over_it_and_the_log_alone_gives_the_same_state(store, session):
    store.record(session, "ann", [label("a", 1, 0), label("b", 2, 1)])
    archive(store, session, "ann")
    bring_back(store, session, "ann")
    store.record(session, "ann", [press(Kind.UNDO, "u")])
    assert labels(store, session) == {1: 0}
    archive(store, session, "ann")
    rebuilt = Rebuilt()
    with store.database.reading() as connection:
        for event in history.walk(connection, session.id):
            rebuilt.take(event)
    assert differences(rebuilt, store.state(session), store.annotators()) == []
    store.reload()  # and read in one go
    assert differences(rebuilt, store.state(session), store.annotators()) == []


def test_of_many_who_archive_at_once_one_does(store, session):
    refused = []

    def put_away(who):
        try:
            archive(store, session, who)
        except BadValueError as error:
            refused.append(str(error))

    threads = [Thread(target=put_away, args=(f"a{n}",)) for n in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 4
    assert store.state(session).seq == ADDED + 1


def test_backup_carries_it(store, session, tmp_path):
    store.record(session, "ann", [label("a", 1, 0)])
    archive(store, session, "ann")
    back_up(store, tmp_path / "copy")
    other = opened(tmp_path / "other")
    restore(other, tmp_path / "copy")
    assert archived(other, other.session(PLAN.name)).who == "ann"
    bring_back(other, other.session(PLAN.name), "bob")
    assert labels(other, other.session(PLAN.name)) == {1: 0}
    other.close()
