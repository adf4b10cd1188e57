"""The Label page through AppTest: begin, open, say who labels, press, and label by a lasso."""

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from itertools import count
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from explorer.data import DATASETS
from explorer.data.own import ImportConfig, OwnConfig
from explorer.errors import StoreError
from explorer.labeling.archive import archive, archived
from explorer.labeling.records import Plan, Press, Session
from explorer.labeling.schema import Kind
from explorer.methods import METHODS
from explorer.ui import desks, labeling_ask, labeling_progress, state
from explorer.ui.gallery import plain
from explorer.workflows import shelving
from explorer.workflows.desk import Desk
from explorer.workflows.importing import import_own
from tests.pages.scatters import lasso, maps
from tests.pages.test_pages import html, sentences
from tests.runs import train

LABEL, RUN, NAME = "6_Label.py", "digits-structured", "first"
ASK, MAP = "label-questions", "label-map"
Open = Callable[..., AppTest]
NUMBERS = count(1)


@pytest.fixture
def labels(runs_root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty database of labels."""
    file = runs_root / "labels.sqlite"
    monkeypatch.setenv("LATENT_EXPLORER_DATABASE_URL", f"sqlite:///{file}")
    state.settings.cache_clear()
    return file


@pytest.fixture
def begun(open_page: Open, labels: Path) -> AppTest:  # noqa: ARG001 - sets the database up
    """A page on which a session has just been begun by Ann."""
    at = open_page(LABEL, run=RUN)
    at.text_input[0].set_value(NAME)
    at.text_input[1].set_value("Ann")
    at.text_area[0].set_value("other\n\n  none of these ")
    at.number_input[0].set_value(4)
    at.number_input[1].set_value(3)
    press(at, "Begin")
    assert not sentences(at)
    return at


def desk() -> Desk:
    return desks.desk(NAME)


def press(at: AppTest, label: str) -> AppTest:
    return next(button for button in at.button if button.label == label).click().run()


def deck(at: AppTest) -> dict[str, Any]:
    """What the browser is told to ask."""
    told = (json.loads(element.proto.json)[0] for element in at.get("bidi_component"))
    return next(one for one in told if "questions" in one)


def report(at: AppTest, *presses: dict[str, Any]) -> AppTest:
    """Let the browser say what was pressed."""
    identity = deck(at)["identity"]
    about = {"identity": identity, "seq": next(NUMBERS), "tab": "abcdefgh12345678"}
    at.session_state[ASK] = {"report": {**about, "presses": list(presses)}}
    with suppress(StoreError):
        desk().latest(30)
    return at.run()


def said(item: str, number: int, key: str) -> dict[str, Any]:
    return {"key": key, "kind": "label", "item": item, "number": number}


def test_session_is_begun_with_what_the_form_says(begun):
    plan = desk().session.plan
    assert (plan.name, plan.run, plan.batch_size, plan.refit_every, plan.strategy) == (NAME, RUN, 4, 3, "margin")
    assert begun.query_params["session"] == NAME
    names = list(desk().state().classes.living.values())
    assert names[-2:] == ["other", "none of these"]
    assert NAME in html(begun)


def test_nothing_is_asked_before_the_browser_has_said_its_tab(begun):
    assert deck(begun)["questions"] == []
    asked = deck(report(begun))["questions"]
    assert len(asked) > 4
    assert asked[0]["image"]
    assert "Far from all that is labelled" in asked[0]["why"]


def test_label_is_written_before_it_is_acknowledged_and_the_next_items_come(begun):
    item, other = (question["item"] for question in deck(report(begun))["questions"][:2])
    at = report(begun, said(item, 1, "k1"), {"key": "k2", "kind": "skip", "item": other})
    assert deck(at)["answered"] == {"k1": "", "k2": ""}
    assert not {item, other} & {question["item"] for question in deck(at)["questions"]}
    found = desk().state().labels()
    assert dict(zip(found.ids.tolist(), found.classes.tolist(), strict=True)) == {int(item): 1}
    at = report(at, {"key": "k3", "kind": "undo"}, {"key": "k4", "kind": "undo"})
    assert deck(at)["back"]["item"] == item
    assert len(desk().state().labels().ids) == 0


def test_class_that_was_deleted_meanwhile_is_refused_in_a_sentence(begun):
    item = deck(report(begun))["questions"][0]["item"]
    desk().store.record(desk().session, "Bob", [Press(Kind.CLASS_DELETED, "gone", class_number=1)])
    told = deck(report(begun, said(item, 1, "k1")))["answered"]["k1"]
    assert "deleted meanwhile" in told


def test_reasons_come_with_the_first_classifier(begun):
    report(begun)
    items = desk().items()
    for number, row in ((0, 0), (0, 1), (1, 2), (1, 3)):
        id_ = str(items.ids[row])
        report(begun, said(id_, number, f"r{row}"))
    asked = deck(report(begun))["questions"][8]
    assert len(asked["guesses"]) == 2
    assert asked["margin"] >= 0
    assert len(asked["nearest"]) == 4
    assert asked["place"] is not None


def test_database_that_fails_is_told_and_the_press_counts_later(begun):
    item = deck(report(begun))["questions"][0]["item"]
    with desk().store.database.engine.connect() as connection:
        connection.exec_driver_sql("CREATE TRIGGER full BEFORE INSERT ON events BEGIN SELECT RAISE(FAIL, 'x'); END")
        connection.commit()
    at = report(begun, said(item, 0, "k1"))
    assert "k1" not in deck(at)["answered"]
    assert deck(at)["problem"]
    with desk().store.database.engine.connect() as connection:
        connection.exec_driver_sql("DROP TRIGGER full")
        connection.commit()
    at = report(at, said(item, 0, "k1"))
    assert deck(at)["answered"] == {"k1": ""}
    assert not deck(at)["problem"]


def test_person_is_asked_for_before_anything_else(open_page, begun):  # noqa: ARG001 - there is a session
    at = open_page(LABEL, session=NAME)
    assert not [one for one in at.get("bidi_component") if "questions" in one.proto.json]
    at.text_input[0].set_value("  Bob ")
    press(at, "Start labeling")
    assert deck(at)["identity"].startswith(f"Bob in {NAME}:")


@pytest.mark.usefixtures("labels")
@pytest.mark.parametrize("name", ["", "\u200b", "'=1"])
def test_name_that_cannot_be_kept_is_told(open_page, name):
    at = open_page(LABEL, run=RUN)
    at.text_input[1].set_value(name)
    press(at, "Begin")
    assert len(sentences(at)) == 1
    assert desks.sessions() == []


def test_name_of_a_session_that_is_taken_or_unknown_is_told(open_page, begun):  # noqa: ARG001
    at = open_page(LABEL, run=RUN)
    assert at.text_input[0].value != NAME
    at.text_input[0].set_value(NAME)
    at.text_input[1].set_value("Ann")
    press(at, "Begin")
    assert "called first already" in sentences(at)[0]
    assert "no labeling session called 'nobody'" in sentences(open_page(LABEL, session="nobody"))[0]


def test_session_is_opened_from_the_list_and_closed(open_page, begun):  # noqa: ARG001
    at = press(open_page(LABEL, run="textures-petals"), "Open")
    assert (at.query_params["session"], at.query_params["run"]) == (NAME, RUN)
    at.text_input[0].set_value("Ann")
    press(at, "Start labeling")
    press(at, "Close the session")
    assert "session" not in at.query_params
    assert "Begin a session" in html(at)


def held(who: str) -> list[int]:
    """Items that this person cannot be asked about now."""
    ids = desk().items().ids
    return sorted(set(ids) - set(desk().store.candidates(desk().session, who, ids)))


@pytest.mark.parametrize("how", ["closed", "another person"])
def test_what_was_held_is_given_back(begun, how):
    at = report(begun)
    assert held("Bob")
    if how == "closed":
        press(at, "Close the session")
        assert "session" not in at.query_params
    else:
        next(one for one in at.text_input if one.label == "Somebody else labels here now").set_value("Cid")
        press(at, "Change")
        desk().release("Cid", "abcdefgh12345678")
    assert not held("Bob")


def test_another_run_in_the_sidebar_closes_the_session_and_says_so(begun):
    begun.sidebar.selectbox[0].set_value("textures-petals").run()
    assert "session" not in begun.query_params
    assert "Begin a session on textures-petals" in html(begun)
    said = plain(f"{NAME} is closed, as textures-petals is in use now. Its labels are all kept.")
    assert said in [line.value for line in begun.markdown]
    press(begun, "Open it again")
    assert begun.query_params["session"] == NAME
    assert deck(begun)["identity"].startswith(f"Ann in {NAME}:")
    assert said not in [line.value for line in begun.markdown]


def test_word_of_a_closed_session_goes_with_the_run_that_closed_it(begun):
    for run in ("textures-petals", RUN):
        begun.sidebar.selectbox[0].set_value(run).run()
    assert "is closed" not in " ".join(line.value for line in begun.markdown)


def test_session_opens_again_after_another_run_was_used_meanwhile(begun):
    press(begun, "Close the session")
    begun.sidebar.selectbox[0].set_value("textures-petals").run()
    assert "is closed" not in " ".join(line.value for line in begun.markdown)
    press(begun, "Open")
    assert begun.query_params["session"] == NAME
    assert begun.query_params["run"] == RUN
    assert deck(begun)["identity"].startswith(f"Ann in {NAME}:")


def test_another_person_takes_over(begun):
    begun.text_input(key="label-new-name").set_value("Cleo")
    press(begun, "Change")
    assert deck(begun)["identity"].startswith(f"Cleo in {NAME}:")


@pytest.fixture
def mapped(begun: AppTest) -> AppTest:
    report(begun)
    return begun.segmented_control(key="show").set_value("Map").run()


@pytest.mark.parametrize("view", ["Ask", "Map", "Review", "Files"])
def test_progress_and_fine_tuning_stand_beside_every_view(begun, view):
    begun.segmented_control(key="show").set_value(view).run()
    assert not sentences(begun)
    assert "labels here" in html(begun)
    assert "Fine-tuning: once two classes have labels" in html(begun)


def test_map_shows_no_class_but_the_sessions(mapped):
    told = maps(mapped)[MAP]
    assert told["classes"] == []
    assert told["colouring"]["title"] == "Labels so far"
    assert len(told["marks"]["hits"]) == 10
    at = mapped.segmented_control(key="points").set_value("margin").run()
    assert maps(at)[MAP]["colouring"]["groups"] == []


def test_lasso_labels_all_its_items_after_a_confirmation_and_undo_takes_all_back(mapped):
    ids, items = state.open_for_page(RUN).space.latents.ids, desk().items()
    mask = np.zeros(len(ids), bool)
    mask[:40] = True
    rows = items.by_id.rows(ids[:40])
    inside, is_held_out = ids[:40][rows >= 0], items.held_out[rows[rows >= 0]]
    assert 0 < is_held_out.sum() < len(inside) < 40
    at = lasso(mapped, mask, MAP)
    assert f"{len(inside)} items of the session in the lasso" in html(at)
    assert f"{40 - len(inside)} more are test items" in html(at)
    assert f"{is_held_out.sum()} are held out to measure progress" in html(at)
    at.selectbox(key="label-as").set_value(2).run()
    at.button(key="label-lasso").click().run()
    assert len(desk().state().labels().ids) == 0
    assert "Undo takes all of them back" in at.warning[0].value
    at.button(key="label-sure").click().run()
    found = desk().state().labels()
    assert found.ids.tolist() == sorted(inside[~is_held_out].tolist())
    assert set(found.classes.tolist()) == {2}
    assert not at.warning
    desk().record("Ann", [Press(Kind.UNDO, "u")])
    assert len(desk().state().labels().ids) == 0


def test_map_takes_back_what_was_said_last(mapped):
    ids, items = state.open_for_page(RUN).space.latents.ids, desk().items()
    inside = ids[items.by_id.rows(ids) >= 0][:3]
    desk().record("Ann", [Press(Kind.LABEL, "a", tuple(inside.tolist()), class_number=0)])
    mapped.button(key="label-undo").click().run()
    assert len(desk().state().labels().ids) == 0
    assert "3 labels fewer" in mapped.toast[0].value
    mapped.button(key="label-undo").click().run()
    assert "nothing to undo" in sentences(mapped)[0]


def test_what_was_known_before_is_labelled_too(open_page, labels):  # noqa: ARG001 - sets the database up
    at = open_page(LABEL, run="fashion-seasons")
    at.text_input[1].set_value("Ann")
    press(at, "Begin")
    at.segmented_control(key="show").set_value("Map").run()
    space, items = state.open_for_page("fashion-seasons").space, desks.desk("fashion-seasons-labels").items()
    ids = items.ids[np.flatnonzero((items.known == 1) & ~items.held_out)[:5]]
    at = lasso(at, np.isin(space.latents.ids, ids), MAP)
    assert "5 items of the session in the lasso, 5 of them labelled" in html(at)
    at.selectbox(key="label-as").set_value(0).run()
    at.checkbox(key="label-again").check().run()
    at.button(key="label-lasso").click().run()
    assert "5 of them have another label" in at.warning[0].value


def test_undo_of_many_names_no_item(begun):
    report(begun)
    ids = desk().items().ids[:3]
    desk().record("Ann", [Press(Kind.LABEL, "many", tuple(ids.tolist()), class_number=0)])
    at = report(begun, {"key": "u1", "kind": "undo"})
    assert deck(at)["undone"] == {"u1": ""}
    assert deck(at)["back"] is None


def test_lasso_leaves_labelled_items_alone_unless_asked(mapped):
    ids, items = state.open_for_page(RUN).space.latents.ids, desk().items()
    rows = items.by_id.rows(ids)
    inside = ids[(rows >= 0) & ~items.held_out[rows]][:5]
    desk().record("Bob", [Press(Kind.LABEL, "b", tuple(inside[:2].tolist()), class_number=0)])
    at = lasso(mapped, np.isin(ids, inside), MAP)
    at.selectbox(key="label-as").set_value(1).run()
    assert at.button(key="label-lasso").label == "Label 3 items"
    at.checkbox(key="label-again").check().run()
    at.button(key="label-lasso").click().run()
    assert "2 of them have another label" in at.warning[0].value
    at.button(key="label-unsure").click().run()
    assert not at.warning
    assert len(desk().state().labels().ids) == 2


@pytest.fixture
def asked(mapped: AppTest) -> AppTest:
    """A page on which five lassoed items wait to be labelled as the last class."""
    ids, items = state.open_for_page(RUN).space.latents.ids, desk().items()
    rows = items.by_id.rows(ids)
    mask = np.isin(ids, ids[(rows >= 0) & ~items.held_out[rows]][:5])
    at = lasso(mapped, mask, MAP)
    at.selectbox(key="label-as").set_value(max(desk().state().classes.living)).run()
    at.button(key="label-lasso").click().run()
    assert "Label 5 items" in at.warning[0].value
    return at


def test_lasso_that_waits_for_a_class_that_is_gone_is_one_sentence(asked):
    last = max(desk().state().classes.living)
    desk().store.record(desk().session, "Bob", [Press(Kind.CLASS_DELETED, "gone", class_number=last)])
    at = asked.run()
    assert not at.exception
    assert not at.warning
    assert "deleted or merged meanwhile" in at.error[0].value


def test_lasso_that_waits_is_over_for_another_person_and_when_it_is_cleared(asked):
    asked.text_input(key="label-new-name").set_value("Cleo")
    press(asked, "Change")
    assert not asked.warning
    asked.text_input(key="label-new-name").set_value("Ann")
    press(asked, "Change")
    assert asked.warning
    asked.button(key="label-clear").click().run()
    assert not asked.warning


def test_lasso_that_waits_is_of_its_session_alone(asked):
    from explorer.workflows.labels import begin

    begin(desks.store(), state.open_for_page(RUN).run, "Ann", Plan("second", "", RUN), [])
    asked.query_params["session"] = "second"
    at = asked.run()
    assert not at.exception
    assert not at.warning


def test_run_that_a_session_needs_and_that_is_gone_is_one_sentence(open_page, labels):  # noqa: ARG001
    from explorer.workflows.labels import begin

    session = begin(desks.store(), state.open_for_page(RUN).run, "Ann", Plan("second", "", RUN), [])
    desks.store().refit(session, "Ann", "gone", run="renamed-since")
    for address in ({}, {"run": "renamed-since"}):
        at = open_page(LABEL, session="second", **address)
        assert not at.exception
        assert len(sentences(at)) == 1
        assert "and the session second needs it" in sentences(at)[0]
        assert "Begin a session" in html(press(at, "Other sessions"))
        assert not sentences(at)


def test_session_says_what_it_was_made_with_and_what_happens_when_several_label(begun):
    shown = html(begun)
    for words in (
        "margin, items whose two likeliest",
        "4 items at a time",
        "after each 3 labels",
        "10% of the items that have no known label",
    ):
        assert words in shown
    assert "Two people, one item:" in shown


def test_store_that_is_away_leaves_the_browser_with_what_it_has_and_comes_back(begun, labels):
    item = deck(report(begun))["questions"][0]["item"]
    names = [one["name"] for one in deck(begun)["classes"]]
    away = labels.with_name("away")
    desk().store.close()
    for file in labels.parent.glob("labels.sqlite*"):
        file.rename(away.with_name(file.name.replace("labels", "away")))
    labels.mkdir()
    at = report(begun, said(item, 1, "k1"))
    assert not at.exception
    told = deck(at)
    assert told["problem"]
    assert told["questions"] == []
    assert [one["name"] for one in told["classes"]] == names
    assert "k1" not in told["answered"]
    labels.rmdir()
    for file in labels.parent.glob("away.sqlite*"):
        file.rename(labels.with_name(file.name.replace("away", "labels")))
    at = report(at, said(item, 1, "k1"))
    assert deck(at)["answered"] == {"k1": ""}
    assert not deck(at)["problem"]
    assert desk().state().labels().ids.tolist() == [int(item)]


def test_press_is_written_though_another_view_was_chosen_at_once(begun):
    item = deck(report(begun))["questions"][0]["item"]
    begun.session_state["show"] = "Files"
    at = report(begun, said(item, 1, "k1"))
    assert desk().state().labels().ids.tolist() == [int(item)]
    assert (deck(at)["quiet"], deck(at)["answered"]) == (True, {"k1": ""})


@pytest.mark.parametrize("view", ["Map", "Review", "Files"])
def test_press_that_comes_on_another_view_is_written_and_answered_there(begun, view):
    item = deck(report(begun))["questions"][0]["item"]
    begun.segmented_control(key="show").set_value(view).run()
    assert deck(begun)["quiet"]
    assert deck(begun)["questions"] == []
    at = report(begun, said(item, 1, "k1"), said(item, 99, "k2"))
    answered = deck(at)["answered"]
    assert answered["k1"] == ""
    assert "no such class" in answered["k2"]
    assert desk().state().labels().ids.tolist() == [int(item)]
    assert not deck(begun.segmented_control(key="show").set_value("Ask").run())["quiet"]


def test_session_of_the_same_name_after_a_restore_has_another_identity(begun):  # noqa: ARG001 - there is a session
    here = desk()
    before = labeling_ask._identity(here, "Ann")
    other = Session(here.session.id, here.session.plan, here.session.created + timedelta(seconds=1))
    assert labeling_ask._identity(Desk(here.store, other, state.settings()), "Ann") != before


def test_class_that_goes_leaves_the_keys_of_the_others_as_they_are(begun):
    before = {one["number"]: one["key"] for one in deck(report(begun))["classes"]}
    desk().store.record(desk().session, "Bob", [Press(Kind.CLASS_DELETED, "gone", class_number=0)])
    after = {one["number"]: one["key"] for one in deck(report(begun))["classes"]}
    assert after == {number: key for number, key in before.items() if number}


def test_session_whose_run_was_deleted_goes_on_with_its_first_one(begun):
    report(begun)
    desk().store.refit(desk().session, "Ann", "tuned", run="tuned-and-gone")
    at = begun.run()
    assert not at.exception
    assert len(sentences(at)) == 1
    assert "tuned-and-gone" in sentences(at)[0]
    assert not [button for button in at.button if button.key == "label-restore-run"]
    at.button(key="label-first-run").click().run()
    assert not sentences(at)
    assert desk().run_name == RUN
    assert deck(report(at))["questions"]


def test_session_whose_run_was_deleted_goes_on_with_it_once_it_is_restored(begun):
    report(begun)
    shelving.duplicate(RUN, "tuned-1")
    desk().store.refit(desk().session, "Ann", "tuned", run="tuned-1")
    assert not sentences(begun.run())
    shelving.delete("tuned-1")
    at = begun.run()
    assert len(sentences(at)) == 1
    assert "The run tuned-1 was deleted or renamed" in sentences(at)[0]
    at.button(key="label-restore-run").click().run()
    assert not sentences(at)
    assert desk().run_name == "tuned-1"
    assert deck(report(at))["questions"]


def test_name_in_other_letters_is_the_same_person(open_page, begun):  # noqa: ARG001 - Ann has begun the session
    report(begun, said(deck(report(begun))["questions"][0]["item"], 1, "k1"))
    at = open_page(LABEL, session=NAME)
    assert "Here already: Ann." in " ".join(one.value.replace("\\", "") for one in at.caption)
    at.text_input[0].set_value("ann")
    press(at, "Start labeling")
    assert deck(at)["identity"] == deck(begun)["identity"]


def test_session_is_begun_by_the_person_who_labels_here_already(open_page, begun):  # noqa: ARG001 - Ann labels here
    at = open_page(LABEL, run=RUN)
    at.text_input[1].set_value("ANN")
    press(at, "Begin")
    assert set(desks.store().annotators().values()) == {"Ann"}


def test_way_on_that_the_store_refuses_is_one_sentence(begun, monkeypatch):
    report(begun)
    desk().store.refit(desk().session, "Ann", "tuned", run="tuned-and-gone")
    begun.run()

    def refuse(*_: object, **__: object) -> None:
        raise StoreError("It is full.")

    monkeypatch.setattr(Desk, "refit", refuse)
    begun.button(key="label-first-run").click().run()
    assert not begun.exception
    assert "It is full." in sentences(begun)


def test_session_needs_a_class(open_page, labels, runs_root):  # noqa: ARG001 - sets the database up
    settings = state.settings().model_copy(update={"data_root": runs_root / "data"})
    np.savez(runs_root / "vectors.npz", x=np.random.default_rng(0).normal(size=(60, 12)).astype(np.float32))
    import_own(runs_root / "vectors.npz", ImportConfig(name="vectors"), settings)
    data, ae = OwnConfig(name="vectors"), METHODS["ae"]
    train(settings, "plain", source=DATASETS["arrays"], data=data, method=ae, config=ae.config())
    at = open_page(LABEL, run="plain")
    at.text_input[1].set_value("Ann")
    press(at, "Begin")
    assert "has no class yet" in sentences(at)[0]
    at.text_area[0].set_value("a\na\nb")
    press(at, "Begin")
    assert list(desks.desk("plain-labels").state().classes.living.values()) == ["a", "b"]


def test_page_stays_whole_while_its_rounds_are_measured(begun, monkeypatch):
    held = Event()
    monkeypatch.setattr(labeling_progress, "session_progress", lambda *_: held.wait(60))
    try:
        report(begun)
        desk().refit("Ann")  # a new round, which is then being measured
        at = begun.run()
        assert not at.exception
        assert "Fine-tuning: once two classes have labels" in html(at)
    finally:
        held.set()


def test_session_is_archived_from_the_list_and_brought_back_there(open_page, begun):
    press(begun, "Close the session")
    number = desk().session.id
    at = begun.button(key=f"archive-session-{number}").click().run()
    assert archived(desk().store, desk().session) is None, "it is asked first"
    at.button(key="FormSubmitter:archive-who-Archive").click().run()
    assert not sentences(at)
    assert archived(desk().store, desk().session).who == "Ann"
    assert [one.label for one in at.expander] == ["Archived (1)"]
    assert [one.key for one in at.button if one.key.startswith("archive-session")] == []
    at = open_page(LABEL, run=RUN)  # another browser, which knows nobody
    at.button(key=f"unarchive-session-{number}").click().run()
    assert archived(desk().store, desk().session), "nobody has said who brings it back"
    at.text_input(key="archive-name").set_value(" ann")
    at.button(key="FormSubmitter:archive-who-Bring back").click().run()
    assert not sentences(at)
    assert archived(desk().store, desk().session) is None
    assert not at.expander
    assert at.button(key=f"archive-session-{number}")
    newest = desk().store.events(desk().session, [desk().state().seq])
    assert [(event.who, event.kind) for event in newest] == [("Ann", Kind.BROUGHT_BACK)], "a person has one spelling"


@pytest.mark.parametrize("view", ["Ask", "Map", "Review", "Files"])
def test_archived_session_opens_by_its_link_and_takes_labels_once_it_is_back(open_page, begun, view):
    item = deck(report(begun))["questions"][0]["item"]
    archive(desk().store, desk().session, "Cid <b>")
    at = open_page(LABEL, session=NAME, show=view)
    at.text_input[0].set_value("Ann")
    press(at, "Start labeling")
    assert not sentences(at)
    assert plain("Cid <b> archived this session") in at.info[0].value
    assert (deck(at)["quiet"], deck(at)["questions"]) == (True, [])
    assert "Fine-tuning" not in html(at)
    at.button(key="label-bring-back").click().run()
    assert "archived" not in " ".join(one.value for one in at.info)
    at = report(at.segmented_control(key="show").set_value("Ask").run(), said(item, 1, "k2"))
    assert deck(at)["answered"]["k2"] == ""
    assert desk().state().labels().ids.tolist() == [int(item)]


@pytest.mark.parametrize("view", ["Ask", "Map"])
def test_what_a_tab_holds_while_its_session_is_archived_is_recorded_once_it_is_back(begun, view):
    first, item = (question["item"] for question in deck(report(begun))["questions"][:2])
    at = begun.segmented_control(key="show").set_value(view).run()
    report(at, said(first, 0, "k0"))
    archive(desk().store, desk().session, "Cid")
    at = report(at, said(first, 0, "k0"), said(item, 1, "k1"), {"key": "k2", "kind": "undo", "item": item})
    told = deck(at)
    assert told["answered"] == {"k0": ""}, "the tab keeps what is not answered"
    assert "archived, so nothing was recorded" in told["problem"]
    assert told["quiet"]
    at.button(key="label-bring-back").click().run()
    assert not sentences(at)
    assert deck(at)["answered"] == {"k0": "", "k1": "", "k2": ""}
    assert deck(at)["problem"] == ""
    assert desk().state().labels().ids.tolist() == [int(first)], "the other label is recorded and taken back"
    assert [event.kind for event in desk().store.history(desk().session, int(item))] == [Kind.LABEL, Kind.UNDO]


def test_what_archives_while_the_store_is_away_is_one_sentence(begun, monkeypatch):
    press(begun, "Close the session")
    number = desk().session.id

    def away(*_: object) -> None:
        raise StoreError("It is away.")

    monkeypatch.setattr(desks.store(), "record", away)
    begun.button(key=f"archive-session-{number}").click().run()
    at = begun.button(key="FormSubmitter:archive-who-Archive").click().run()
    assert sentences(at) == ["It is away."]
