"""Fine-tuning on the Label page, and the frames that show how the points moved."""

from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from explorer.errors import StoreError
from explorer.labeling.records import Plan, Press
from explorer.labeling.schema import Kind
from explorer.ui import desks, loading, state
from explorer.workflows import labels
from explorer.workflows.background import Status
from explorer.workflows.beside import lay_beside
from explorer.workflows.moving import before_and_after
from explorer.workflows.runs import load_dataset, open_run
from explorer.workflows.tuning import tuned
from explorer.workflows.tuning_job import NOTE, Tuning, Wish, choices, labels_since_tuning
from explorer.zoo.own_labels import OwnLabels
from tests.ui.test_routes import ask  # noqa: F401 - a fixture


@pytest.fixture
def desk(installation: Path, monkeypatch: pytest.MonkeyPatch):
    """A session on `tiny`, in a store of its own."""
    own = installation / "data"
    own.mkdir()
    (own / "textures").symlink_to(Path(state.load_settings().data_root) / "textures")
    monkeypatch.setenv("LATENT_EXPLORER_DATA_ROOT", str(own))
    state.settings.cache_clear()
    labels.begin(desks.store(), open_run("tiny", state.settings()), "ann", Plan("may", "", "tiny"))
    yield desks.desk("may")
    state.settings.cache_clear()


def press(desk, *classes: int, n: int = 3) -> None:
    items = desk.items()
    for number in classes:
        rows = np.flatnonzero(items.truth == number)[:n]
        desk.record("ann", [Press(Kind.LABEL, f"{number}-{n}", tuple(items.ids[rows].tolist()), number)])


def fine_tuned(desk) -> None:
    """`tiny-1` in use, as the process would leave it."""
    run, settings = open_run("tiny", state.settings()), state.settings()
    own = OwnLabels(run.latents("train").ids[:6], np.arange(6) % 2)
    list(tuned(run, load_dataset(run.card, settings), own, ("a", "b"), "tiny-1", settings=settings, epochs=1))
    desk.store.refit(desk.session, "ann", "tuned", run="tiny-1", note=NOTE)


def test_that_a_new_run_is_in_use_is_told(desk):
    press(desk, 0, 1)
    fine_tuned(desk)
    page("tiny-1")
    for work in [one for key, one in loading._under_way.items() if key[0] == "label-progress"]:
        assert work.wait(60)
    text = " ".join(one.proto.body for one in page("tiny-1").get("html"))
    assert "tiny-1 is in use since" in text
    assert "is in use since" not in " ".join(one.proto.body for one in page("tiny").get("html"))


def page(run: str = "tiny", **query: str) -> AppTest:
    def script(run: str) -> None:
        import streamlit as st

        from explorer.ui import desks, labeling_progress, labeling_tuning
        from explorer.ui.state import open_for_page

        desk, opened = desks.desk("may"), open_for_page(run)
        found = labeling_tuning.moves(desk, opened)
        labeling_tuning.show(desk, opened, "ann", labeling_progress.show(desk, "ann"))
        st.session_state["found"] = found

    at = AppTest.from_function(script, args=(run,), default_timeout=60)
    for name, value in query.items():
        at.query_params[name] = value
    return at.run()


def said(at: AppTest) -> str:
    return " ".join(one.proto.body for one in at.get("html"))


def test_button_waits_for_labels_of_two_classes(desk):
    press(desk, 0)
    at = page()
    assert not at.exception
    assert not at.button
    assert "once two classes have labels" in " ".join(one.proto.body for one in at.get("html"))
    press(desk, 1)
    at = page()
    assert [button.label for button in at.button] == ["Fine-tune with 6 labels"]
    assert "It learns from 6 labelled here." in " ".join(one.value for one in at.markdown)
    assert at.selectbox(key="retune").value == 0


def test_button_begins_it_and_the_bar_cancels_it(desk, monkeypatch):
    press(desk, 0, 1)
    begun: list[object] = []
    monkeypatch.setattr(Tuning, "begin", lambda self, who, seq: begun.append((self.session, who, seq)))
    at = page()
    at.button[0].click().run()
    assert begun == [("may", "ann", desk.state().seq)]
    monkeypatch.setattr("explorer.workflows.background.Job.look", lambda _: Status("training", 3, 12, 1.0))
    cancelled: list[object] = []
    monkeypatch.setattr("explorer.workflows.background.Job.cancel", lambda job: cancelled.append(job.stem.name))
    at = page()
    assert [button.label for button in at.button] == ["Cancel"]
    at.button[0].click().run()
    assert cancelled == ["may"]


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Whose wish each fine-tuning was that the page began; none of them runs."""
    found: list[str] = []
    monkeypatch.setattr("explorer.workflows.background.Job.begin", lambda _, *said: found.append(said[2]) is None)
    return found


def under_way(monkeypatch: pytest.MonkeyPatch, status: Status | None) -> None:
    monkeypatch.setattr("explorer.workflows.background.Job.look", lambda _: status)


def test_choice_begins_it_by_itself_after_so_many_labels(desk, begun):
    press(desk, 0, 1)
    at = page()
    assert at.selectbox(key="retune").options == [
        "Off",
        "After each batch (10 labels)",
        "After each 50 labels",
        "After each 100 labels",
        "After each 200 labels",
    ]
    at.selectbox(key="retune").set_value(50).run()
    assert not begun
    assert "6 of 50 labels since the last one was begun, as ann chose" in said(at)
    press(desk, 2, 3, 4, n=15)
    tuning = Tuning(desk.session, state.settings())
    assert labels_since_tuning(desk, tuning) == 51
    at.run()
    assert begun == ["--who=ann"]
    assert "0 of 50 labels" in said(at)
    at.run()  # it was cancelled: look() says that nobody is at it
    assert begun == ["--who=ann"]
    press(desk, 0, 1, 2, 3, 4, n=10)
    assert labels_since_tuning(desk, tuning) == 50
    at.run()
    assert begun == 2 * ["--who=ann"]
    at.selectbox(key="retune").set_value(0).run()
    press(desk, 0, 1, 2, 3, 4, n=11)
    assert "labels since" not in said(at.run())
    assert begun == 2 * ["--who=ann"]


def test_labels_that_come_while_one_is_under_way_begin_the_next_when_it_has_ended(desk, begun, monkeypatch):
    press(desk, 0, 1)
    at = page()
    at.selectbox(key="retune").set_value(10).run()
    press(desk, 2, n=5)
    at.run()
    assert len(begun) == 1
    under_way(monkeypatch, Status("training", 3, 12, 1.0))
    press(desk, 3, n=10)
    at.run()
    assert "10 of 10 labels since the last one was begun, as ann chose for this session. It follows the" in said(at)
    assert len(begun) == 1
    fine_tuned(desk)  # its event comes after those labels, from which it did not learn
    Tuning(desk.session, state.settings()).note_made("tiny-1")
    under_way(monkeypatch, None)
    at.run()
    assert len(begun) == 2
    under_way(monkeypatch, Status("", problem="No memory left."))
    press(desk, 4, n=10)
    at.run()
    assert len(begun) == 2
    assert "After a failure it is begun by hand." in said(at)


def test_choice_is_the_sessions_and_outlives_a_reload_which_begins_nothing(desk, begun):
    press(desk, 0, 1, n=10)
    Tuning(desk.session, state.settings()).wish = Wish(10, "<b>bob</b>")
    at = page()  # a new tab, or one that was loaded again
    assert at.selectbox(key="retune").value == 10
    assert "20 of 10 labels since the last one was begun, as &lt;b&gt;bob&lt;/b&gt; chose" in said(at)
    assert "The next label begins one." in said(at)
    at.run()
    assert not begun
    press(desk, 2, n=1)
    at.run()
    assert begun == ["--who=ann"]
    again = page()
    again.selectbox(key="retune").set_value(0).run()
    assert at.run().selectbox(key="retune").value == 0  # the other tab
    assert Tuning(desk.session, state.settings()).wish == Wish(0, "")


def test_while_it_is_off_no_labels_are_looked_through(desk, begun, monkeypatch):
    press(desk, 0, 1, n=10)
    monkeypatch.setattr("explorer.ui.labeling_tuning.newest_label", lambda _: pytest.fail("looked through"))
    assert not page().exception
    assert not begun


def test_who_chooses_it_with_enough_labels_there_has_it_at_once(desk, begun):
    press(desk, 0, 1, n=10)
    at = page()
    at.selectbox(key="retune").set_value(10).run()
    assert begun == ["--who=ann"]


def test_no_link_begins_it(desk, begun):
    press(desk, 0, 1, 2, 3, n=15)
    at = page(retune="50")
    assert at.selectbox(key="retune").value == 0
    assert not begun


def test_choice_that_cannot_be_kept_is_told(desk, begun, monkeypatch):
    press(desk, 0, 1, n=10)
    at = page()

    def full(*_: object) -> None:
        raise StoreError("The disk is full.")

    monkeypatch.setattr(Tuning, "_write", full)
    at.selectbox(key="retune").set_value(10).run()
    assert [error.value for error in at.error] == ["The disk is full."]
    assert at.selectbox(key="retune").value == 0
    assert not begun
    monkeypatch.setattr(Tuning, "wish", Wish(10, "ann"))
    at.session_state["retune:since"] = {"may": 0}
    assert [error.value for error in at.run().error] == ["The disk is full."]
    assert at.selectbox(key="retune").value == 10  # it can be chosen otherwise


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"every": -3, "who": "a"}', '{"every": "9", "who": "a"}', '{"x": 1}']
)
def test_damaged_choice_is_none(desk, content):
    tuning = Tuning(desk.session, state.settings())
    tuning.note_begun(1)
    (file,) = tuning.job.stem.parent.glob("may.*.begun")
    file.with_suffix(".alone").write_text(content)
    assert tuning.wish == Wish()
    assert desk.session.plan.batch_size == 10
    assert choices(10) == (0, 10, 50, 100, 200)
    assert choices(100) == (0, 100, 200)


def test_failure_is_told_and_it_can_be_begun_again(desk, monkeypatch):
    press(desk, 0, 1)
    monkeypatch.setattr("explorer.workflows.background.Job.look", lambda _: Status("", problem="No memory left."))
    at = page()
    assert at.error[0].value.replace("\\", "") == "Fine-tuning failed, and the session is as it was: No memory left."
    assert [button.label for button in at.button] == ["Fine-tune with 6 labels"]


def test_switch_turns_the_new_map_onto_the_old_one(desk, ask):  # noqa: F811
    press(desk, 0, 1)
    fine_tuned(desk)
    assert not page("tiny").toggle
    at = page("tiny-1")
    assert at.session_state["found"] is None
    at.button(key="see-moved").click().run()  # another view: it leads to the map
    assert at.session_state["show"] == "Map"
    assert at.toggle(key="moved").value
    found = at.session_state["found"]
    assert found.timeline.labels == ("before: tiny", "now: tiny-1")
    assert page("tiny-1", moved="true").session_state["found"].timeline == found.timeline  # a link opens the same
    before, after = state.open_for_page("tiny"), state.open_for_page("tiny-1")
    laid = lay_beside(before.space, before.run.card, after.space, after.run.card).space
    wanted = before_and_after(before.space, laid)
    answer = ask("frames/tiny-1", map=found.space.address)
    assert answer.status_code == 200
    assert np.array_equal(np.frombuffer(answer.content, "<f4").reshape(2, -1, 2), wanted)


def test_items_are_where_they_lay_and_where_they_lie(desk):
    fine_tuned(desk)
    before, after = (state.open_for_page(name) for name in ("tiny", "tiny-1"))
    laid = lay_beside(before.space, before.run.card, after.space, after.run.card).space
    places = before_and_after(before.space, laid)
    where = {int(item): place for item, place in zip(before.space.latents.ids, before.space.places, strict=True)}
    assert all(np.array_equal(places[0, row], where[int(item)]) for row, item in enumerate(after.space.latents.ids))
    assert np.array_equal(places[1], laid.places)
    some = before.space.latents.at(np.arange(5))
    few = before_and_after(
        type(before.space)(
            some, before.space.is_test[:5], before.space.places[:5], before.space.projection, before.space.targets
        ),
        laid,
    )
    assert np.isfinite(few[0]).all(axis=1).sum() == 5
    assert np.isfinite(few[1]).all()
