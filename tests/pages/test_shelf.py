"""The Start page: cards, their menus, undo, the trash, search and order; and what other sessions see of a change."""

import json
import shutil
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import TextInput

from explorer import places
from explorer.labeling.records import Plan
from explorer.labeling.store import open_store
from explorer.settings import load_settings
from explorer.training.events import Ended, EpochEnded, Started, append_event
from explorer.ui import managing, state
from explorer.ui.shelf import MANY
from explorer.workflows import shelving
from explorer.workflows.runs import open_run, shelf
from explorer.zoo.lock import training_alone
from tests.pages.test_pages import MAP, RUN, START, html, sentences
from tests.workflows.test_search import make_run


@pytest.fixture
def own(runs_root: Path) -> Path:
    """An own run, `mine`."""
    make_run(runs_root / "mine")
    return runs_root


def fine_tuned(root: Path, name: str, run: str, session: str = "may", created: str = "") -> None:
    """A run whose card says that it was fine-tuned from another one in a session."""
    make_run(root / name)
    file = root / name / "card.json"
    card = json.loads(file.read_text()) | {"name": name, "origin": {"run": run, "session": session}}
    file.write_text(json.dumps(card | ({"created": created} if created else {})))


@pytest.fixture
def session(own: Path, monkeypatch: pytest.MonkeyPatch):
    """The session `may`, begun with `mine` and fine-tuned twice."""
    monkeypatch.setenv("LATENT_EXPLORER_DATABASE_URL", f"sqlite:///{own}/labels.sqlite")
    state.settings.cache_clear()
    store = open_store(state.settings())
    found = store.create(Plan("may", "textures", "mine"), "Ann", ["a"])
    for number, run in enumerate(("mine", "may-1", "may-2")):
        store.refit(found, "Ann", str(number), run=run)
    fine_tuned(own, "may-1", "mine", created="2026-01-01T10:00:00+00:00")
    fine_tuned(own, "may-2", "may-1", created="2026-01-01T11:00:00+00:00")
    yield found
    store.close()
    state.settings.cache_clear()


def opened_cards(at: AppTest) -> list[str]:
    return [str(b.key).removeprefix("open-") for b in at.button if str(b.key).startswith("open-")]


def own_names() -> list[str]:
    return sorted(entry.name for entry in shelf(load_settings()) if entry.is_own)


def words(at: AppTest) -> str:
    return " ".join(element.value for element in [*at.markdown, *at.caption, *at.info]).replace("\\", "")


def ask(at: AppTest, name: str, action: str) -> AppTest:
    return at.menu_button(key=f"menu-{name}").click(action).run()


def press(at: AppTest, label: str) -> AppTest:
    """Press the button of this label, the only one."""
    return next(button for button in at.button if button.label == label).click().run()


def toasts(at: AppTest) -> list[str]:
    return [toast.value.replace("\\", "") for toast in at.toast]


def unfinished(folder: Path, status: str, done: int = 0, **changes: object) -> None:
    """Make a run's card that of a training of nine epochs which is not finished; its events tell of two."""
    file = folder / "card.json"
    card = json.loads(file.read_text()) | {"status": status, "epochs_done": done, "training": {"epochs": 9}} | changes
    file.write_text(json.dumps(card))
    for event in (Started(0, 9, 40, 2, "cpu"), EpochEnded(1, {}, 1.0), EpochEnded(2, {}, 1.0)):
        append_event(folder / "events.jsonl", event)


def name_field(at: AppTest) -> TextInput:
    """The field of the dialog, not that of the search."""
    (field,) = (field for field in at.text_input if field.key != "find")
    return field


def refused(at: AppTest) -> str:
    assert not at.exception
    assert len(at.error) == 1
    return sentences(at)[0]


def test_cards_show_what_a_run_is_what_it_takes_and_its_note(open_page, own):
    shelving.annotate("mine", "<b>keep</b> & compare")
    at = open_page(START)
    shown = html(at)
    size = shelving.in_bytes(sum(file.stat().st_size for file in (own / "mine").iterdir()))
    assert f"supervised on textures, 40 training items, {size}" in shown
    assert '<div class="le-note" title="&lt;b&gt;keep&lt;/b&gt; &amp; compare">&lt;b&gt;keep' in shown
    assert f"Your runs<span>1, {size} on disk</span>" in shown
    assert "Shipped runs<span>" in shown


def test_without_own_runs_there_are_no_headings_and_no_trash(open_page):
    at = open_page(START)
    assert "Your runs" not in html(at)
    assert not at.expander
    assert {menu.key for menu in at.menu_button} == {f"menu-{entry.name}" for entry in shelf(load_settings())}


def test_when_the_last_own_run_is_deleted_nothing_is_counted(open_page, own):  # noqa: ARG001
    at = ask(open_page(START), "mine", managing.DELETE)
    assert '<h2 class="le-shelf">Your runs</h2>' in html(at)


def test_menu_of_an_own_run_changes_it_and_that_of_a_shipped_one_only_copies(open_page, own):  # noqa: ARG001
    at = open_page(START)
    assert [label.split()[-1] for label in at.menu_button(key="menu-mine").options] == [
        "Rename",
        "Note",
        "Duplicate",
        "Delete",
    ]
    assert [label.split()[-1] for label in at.menu_button(key=f"menu-{RUN}").options] == ["Duplicate"]


def test_rename_asks_for_a_name_and_says_what_is_done(open_page, own):  # noqa: ARG001
    at = ask(open_page(START), "mine", managing.RENAME)
    assert name_field(at).value == "mine"
    name_field(at).set_value(" yours ")
    at = press(at, "Rename")
    assert not at.exception
    assert own_names() == ["yours"]
    assert [toast.value for toast in at.toast] == ["mine is now called yours."]
    assert not [field for field in at.text_input if field.key != "find"], "the dialog is closed"


def test_run_that_was_in_use_stays_in_use_under_its_new_name(open_page, own):  # noqa: ARG001
    at = open_page(START)
    at.session_state["run used"] = "mine"
    at = ask(at, "mine", managing.RENAME)
    name_field(at).set_value("yours")
    at = press(at, "Rename")
    at.switch_page(str(places.pages() / MAP)).run()
    assert not sentences(at)
    assert at.sidebar.selectbox[0].value == "yours"


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("a/b", "no run name"),
        ("", "no run name"),
        (RUN, "There is a run 'textures-petals' already. Choose another name."),
    ],
)
def test_a_name_that_cannot_be_is_told_in_the_dialog(open_page, own, name, sentence):  # noqa: ARG001
    for action in (managing.RENAME, managing.DUPLICATE):
        at = ask(open_page(START), "mine", action)
        name_field(at).set_value(name)
        press(at, action)
        if name or action == managing.RENAME:
            assert sentence in refused(at)
    assert "mine" in own_names()


def test_note_is_written_and_changed(open_page, own):  # noqa: ARG001
    at = ask(open_page(START), "mine", managing.NOTE)
    at.text_area[0].set_value("before the new labels")
    at = press(at, "Save")
    assert "before the new labels" in html(at)
    assert toasts(at) == ["The note on mine is kept."]
    at = ask(at, "mine", managing.NOTE)
    assert at.text_area[0].value == "before the new labels"
    at.text_area[0].set_value("")
    at = press(at, "Save")
    assert open_run("mine", load_settings()).card.note == ""
    assert 'class="le-note"' not in html(at)


@pytest.mark.parametrize("name", ["mine", RUN])
def test_duplicate_proposes_a_free_name(open_page, own, name):  # noqa: ARG001
    at = ask(open_page(START), name, managing.DUPLICATE)
    assert name_field(at).value == f"{name}-copy"
    at = press(at, "Duplicate")
    assert own_names() == sorted(["mine", f"{name}-copy"])
    assert [toast.value.replace("\\", "") for toast in at.toast] == [f"{name}-copy is a copy of {name}."]
    assert at.button(key=f"open-{name}-copy")


def test_delete_leaves_undo_in_its_place_until_it_is_used(open_page, own):  # noqa: ARG001
    at = ask(open_page(START), "mine", managing.DELETE)
    assert own_names() == []
    assert "mine** is deleted." in words(at)
    at.run()
    at = at.switch_page(str(places.pages() / MAP)).run().switch_page(str(places.pages() / START)).run()
    at = press(at, "Undo")
    assert own_names() == ["mine"]
    assert toasts(at) == ["mine is back."]
    assert "is deleted" not in words(at)
    assert at.button(key="open-mine")


def test_dismissed_run_stays_in_the_trash(open_page, own):  # noqa: ARG001
    at = press(ask(open_page(START), "mine", managing.DELETE), "Dismiss")
    assert "is deleted." not in words(at)
    assert at.expander[0].label.startswith("Deleted runs (1, ")
    at = press(at, "Restore")
    assert own_names() == ["mine"]
    assert toasts(at) == ["mine is back."]
    assert not at.expander


def test_restored_under_another_name_is_said(open_page, own):  # noqa: ARG001
    shelving.delete("mine")
    shelving.duplicate(RUN, "mine")
    at = press(open_page(START), "Restore")
    assert own_names() == ["mine", "mine-2"]
    assert [toast.value.replace("\\", "") for toast in at.toast] == [
        "mine is back under the name mine-2, as another run has taken its own."
    ]


def test_erase_frees_the_disk_for_good(open_page, own):
    for name in ("a", "b", "c"):
        shelving.duplicate("mine", name)
        shelving.delete(name)
    at = open_page(START)
    at = at.button(key=f"sure-{shelving.deleted()[0].key}").click().run()
    assert [one.entry.name for one in shelving.deleted()] == ["b", "a"]
    at = press(at, "Erase all for good")
    assert not at.exception
    assert toasts(at)[0].startswith("2 runs are gone for good; ")
    assert shelving.deleted() == []
    assert not at.expander
    assert list((own / ".scrap").iterdir()) == []


def test_run_in_training_is_refused_on_its_card(open_page, own):
    at = open_page(START)
    with training_alone(own / "mine"):
        at = ask(at, "mine", managing.DELETE)
    assert "mine is being trained by another process" in refused(at)
    assert not sentences(at.run())  # told once


def test_broken_run_can_be_renamed_or_deleted(open_page, own):
    (own / "mine" / "card.json").write_text("{")
    at = open_page(START)
    assert [label.split()[-1] for label in at.menu_button(key="menu-mine").options] == ["Rename", "Delete"]
    at = ask(at, "mine", managing.DELETE)
    assert not sentences(at)
    assert own_names() == []


def test_search_and_order_come_with_many_runs_and_from_the_address(open_page, own, monkeypatch):
    assert len(shelf(load_settings())) >= MANY
    monkeypatch.setattr("explorer.ui.shelf.MANY", len(shelf(load_settings())) + 1)
    assert not open_page(START).text_input
    for number in range(9):
        shelving.duplicate("mine", f"copy-{number}")
    shelving.annotate("copy-3", "the one with few labels")
    at = open_page(START)
    assert len([b for b in at.button if str(b.key).startswith("open-")]) == 10 + len(
        list(places.models().glob("*/card.json"))
    )
    at.text_input(key="find").set_value("FEW supervised").run()
    assert [b.key for b in at.button if str(b.key).startswith("open-")] == ["open-copy-3"]
    at.text_input(key="find").set_value("<nothing>").run()
    assert "No run matches '<nothing>'" in words(at)
    at = open_page(START, find="copy", order="Name")
    assert [b.key for b in at.button if str(b.key).startswith("open-")] == [f"open-copy-{n}" for n in range(9)]
    (own / "copy-7" / "events.jsonl").write_text(" " * 9_999_999)
    at.button_group(key="order").set_value("Disk use").run()
    assert next(b.key for b in at.button if str(b.key).startswith("open-")) == "open-copy-7"


def test_order_by_accuracy_puts_the_best_first_and_what_was_not_measured_last(open_page, own):
    for number in range(4):
        shelving.duplicate("mine", f"copy-{number}")
    for name, key, value in (("copy-1", "test_accuracy", 0.4), ("copy-3", "test_svm_accuracy", 0.9)):
        file = own / name / "card.json"
        measured = {key: {"value": value, "items": 15, "meaning": ""}}
        file.write_text(json.dumps(json.loads(file.read_text()) | {"metrics": measured}))
    at = open_page(START, order="Accuracy", find="copy")
    found = [b.key for b in at.button if str(b.key).startswith("open-")]
    assert found[:2] == ["open-copy-3", "open-copy-1"]
    assert len(found) == 4


def test_run_that_is_being_trained_says_how_far_it_is_and_is_no_error(open_page, own):
    unfinished(own / "mine", "training", files={})
    with training_alone(own / "mine"):
        for at in (open_page(START), open_page(MAP, run="mine")):
            assert not at.exception
            assert not sentences(at)
            assert [bar.proto.text for bar in at.get("progress")] == ["Being trained: 2 of 9 epochs done"]
            assert [bar.proto.value for bar in at.get("progress")] == [22]


@pytest.mark.parametrize(
    ("status", "done", "files", "said", "command"),
    [
        ("training", 0, {}, "Cut off after 2 of 9 epochs. To go on:", "latent-explorer train --resume mine"),
        ("interrupted", 5, None, "Stopped after 5 of 9 epochs. To go on:", "latent-explorer train --resume mine"),
        ("failed", 5, None, "Failed after 5 of 9 epochs. The loss is no number. Train it anew under another name.", ""),
    ],
)
def test_card_of_an_unfinished_run_says_how_it_ended_and_what_to_do(open_page, own, status, done, files, said, command):
    unfinished(own / "mine", status, done, **({} if files is None else {"files": files}))
    append_event(own / "mine" / "events.jsonl", Ended(status, "The loss is no number." if status == "failed" else ""))
    at = open_page(START)
    assert not sentences(at)
    code = f"<code>{command}</code>" if command else ""
    assert f'<div class="le-state">{said} {code}</div>' in html(at)
    assert at.button(key="open-mine").disabled == (files == {})
    if files is None:
        on_map = open_page(MAP, run="mine")
        assert said in [warning.value.replace("\\", "").split(" `")[0] for warning in on_map.warning]


def test_run_that_another_session_deleted_is_one_sentence_everywhere(open_page, own):  # noqa: ARG001
    start, dialog, on_map = open_page(START), ask(open_page(START), "mine", managing.RENAME), open_page(MAP, run="mine")
    assert not sentences(on_map)
    shelving.delete("mine")
    assert "There is no run 'mine'; it may have been renamed or deleted." in refused(on_map.run())
    name_field(dialog).set_value("yours")
    assert "There is no run 'mine'" in refused(press(dialog, "Rename"))
    assert "There is no run 'mine'" in refused(ask(start, "mine", managing.DELETE))


def test_undo_of_what_another_session_restored_or_erased_is_one_sentence(open_page, own):  # noqa: ARG001
    at = ask(open_page(START), "mine", managing.DELETE)
    shelving.erase("mine")
    assert "There is no deleted run" in refused(press(at, "Undo"))


def test_note_stands_beside_the_name_on_the_map_in_short(open_page, own):  # noqa: ARG001
    shelving.annotate("mine", "<i>first</i> " + "word " * 100)
    shown = html(open_page(MAP, run="mine"))
    line = shown.split('class="le-note-line" title="', 1)[1]
    assert "<i>" not in line
    assert len(line.split('">', 1)[1].split("</span>")[0].replace("&lt;", "<").replace("&gt;", ">")) <= 80
    assert 'class="le-note-line"' not in html(open_page(MAP, run=RUN))


def test_card_of_a_run_without_latents_says_so_and_does_not_open(open_page, own):
    file = own / "mine" / "card.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"files": {}}))
    at = open_page(START)
    assert "mine has no latents yet" in refused(at)
    assert at.button(key="open-mine").disabled


def test_page_is_drawn_without_reading_any_latents(open_page, own):
    for name in ("a", "b"):
        shutil.copytree(own / "mine", own / name)
        (own / name / "latents.safetensors").write_bytes(b"not read yet")
    at = open_page(START)
    assert not sentences(at)
    assert html(at).count("<img") == len(shelf(load_settings()))


@pytest.mark.usefixtures("session")
def test_deleting_a_run_that_a_session_needs_is_asked_first(open_page):
    at = ask(open_page(START), "may-2", managing.DELETE)
    assert "may-2" in own_names()
    assert "The session may labels with this run; it would go on with its first run, mine." in words(at)
    at = press(at, "Keep it")
    assert "labels with this run" not in words(at)
    assert "may-2" in own_names()
    at = press(ask(at, "may-2", managing.DELETE), "Delete")
    assert not at.exception
    assert "may-2** is deleted." in words(at)
    assert own_names() == ["may-1", "mine"]
    at = press(at, "Undo")
    assert own_names() == ["may-1", "may-2", "mine"]
    at = ask(at, "mine", managing.DELETE)
    assert "The session may began with this run and cannot be opened without it." in words(at)
    with training_alone(load_settings().runs_root / "mine"):
        assert "mine is being trained by another process" in refused(press(at, "Delete"))
    assert "mine" in own_names()
    at = ask(open_page(START), "mine", managing.RENAME)
    assert "knows a run by its name. The session may began with this run" in words(at)


@pytest.mark.usefixtures("session")
def test_which_sessions_need_a_run_is_asked_once_for_a_dialog_of_its_name(open_page, monkeypatch):
    asked: list[str] = []
    monkeypatch.setattr(managing, "told_of_uses", lambda name, _: asked.append(name) or "Needed.")
    at = ask(open_page(START), "mine", managing.RENAME)
    assert "Needed." in words(at)
    name_field(at).set_value("a/b")
    assert "no run name" in refused(press(at, "Rename"))
    assert asked == ["mine"]


@pytest.mark.usefixtures("session")
def test_erasing_says_which_sessions_need_the_run_once_it_is_asked_for(open_page, monkeypatch):
    for name in ("may-1", "may-2"):
        shelving.delete(name)
    told, asked = managing.told_of_erased, []
    monkeypatch.setattr(managing, "told_of_erased", lambda names, of: asked.append(names) or told(names, of))
    at = open_page(START)
    assert not asked
    at.session_state[f"erase-{shelving.deleted()[1].key}"] = True
    assert "The session may needs this run to be replayed." in words(at.run())
    assert asked == [["may-1"]]
    at = open_page(START)
    at.session_state["erase-all"] = True
    assert "Labeling sessions began with may-2 and may-1 or need them to be replayed." in words(at.run())


@pytest.mark.usefixtures("session")
def test_run_that_no_session_needs_is_deleted_at_once_as_where_no_labels_can_be_asked(open_page, own, monkeypatch):
    make_run(own / "free")
    at = ask(open_page(START), "free", managing.DELETE)
    assert "free** is deleted." in words(at)
    monkeypatch.setenv("LATENT_EXPLORER_DATABASE_URL", "postgresql://nobody@127.0.0.1:9/none")
    state.settings.cache_clear()
    at = ask(open_page(START), "may-2", managing.DELETE)
    assert "may-2** is deleted." in words(at)


@pytest.mark.usefixtures("session")
def test_replaced_runs_are_folded_and_found_by_a_search(open_page):
    at = open_page(START)
    cards = opened_cards(at)
    assert {"may-2", "mine"} < set(cards)
    assert "may-1" not in cards
    (folded,) = [one for one in at.expander if one.label.startswith("1 earlier run of the session may, ")]
    assert not folded.button
    assert "may-1" in opened_cards(open_page(START, find="may"))
    at = ask(at, "may-2", managing.DELETE)
    at = press(at, "Delete")
    assert "may-1" in opened_cards(at)  # now it is the newest one
    assert not [one for one in at.expander if "earlier" in one.label]


@pytest.mark.usefixtures("session")
def test_folded_runs_are_drawn_once_they_are_opened(open_page):
    at = open_page(START)
    at.session_state["earlier-may"] = True
    assert "may-1" in opened_cards(at.run())


@pytest.mark.usefixtures("session")
def test_choosers_list_the_newest_run_of_a_session_and_a_link_opens_any(open_page):
    at = open_page(MAP, run="mine")
    assert {"mine", "may-2"} < set(at.sidebar.selectbox[0].options)
    assert "may-1" not in at.sidebar.selectbox[0].options
    assert "may-1" not in at.selectbox(key="beside").options
    at = open_page(MAP, run="may-1", beside="may-2")
    assert not sentences(at)
    assert at.sidebar.selectbox[0].value == "may-1"
    assert at.selectbox(key="beside").value == "may-2"
    at.sidebar.selectbox[0].set_value("mine").run()
    assert not sentences(at)
    assert "may-1" not in at.run().sidebar.selectbox[0].options
    at = open_page(MAP, run="mine", beside="may-1")
    assert at.selectbox(key="beside").value == "may-1"
