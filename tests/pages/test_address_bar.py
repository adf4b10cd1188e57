"""The page's address: what a run writes outlives runs that the browser asked for before it heard of it."""

import pytest
from streamlit.testing.v1 import AppTest

from explorer.ui import address_bar


def page() -> None:
    import streamlit as st

    from explorer.ui.address_bar import catch_up, write

    catch_up(is_whole=True)
    for item in "56":
        if st.button(item):
            write("item", item)
    if st.button("remove"):
        write("item", None)
    st.button("by a callback", on_click=write, args=("item", "8"))
    if st.button("and again"):
        write("item", "8")
        st.rerun()
    catch_up()  # as the page's fragment does
    st.text(st.query_params.get("item", "none"))


def shown(app: AppTest) -> str:
    assert not app.exception
    return str(app.text[0].value)


def press(app: AppTest, label: str) -> None:
    next(button for button in app.button if button.label == label).click()
    app.run()


def arrive(app: AppTest, item: str | None) -> None:
    """A run that the browser asks for with this in its address."""
    app.query_params.clear()
    if item is not None:
        app.query_params["item"] = item
    app.run()


@pytest.fixture
def app() -> AppTest:
    return AppTest.from_function(page, default_timeout=60).run()


def test_late_address_takes_nothing_back(app: AppTest) -> None:
    press(app, "5")
    arrive(app, None)
    assert shown(app) == "5"
    assert app.query_params["item"] == "5"  # the browser is told once more


@pytest.mark.parametrize("late", [None, "5"])
def test_address_may_be_two_writes_late(app: AppTest, late: str | None) -> None:
    press(app, "5")
    app.query_params.clear()
    press(app, "6")
    arrive(app, late)
    assert shown(app) == "6"


def test_what_was_removed_stays_removed(app: AppTest) -> None:
    arrive(app, "7")
    press(app, "remove")
    arrive(app, "7")
    assert shown(app) == "none"


def test_person_leads_elsewhere(app: AppTest) -> None:
    press(app, "5")
    arrive(app, "7")
    assert shown(app) == "7"
    arrive(app, None)
    assert shown(app) == "none"


@pytest.mark.parametrize("how", ["by a callback", "and again"])
def test_late_addresses_after_a_callback_or_a_rerun_take_nothing_back(app: AppTest, how: str) -> None:
    press(app, how)
    for _ in range(2):
        arrive(app, None)
        assert shown(app) == "8"


def test_what_was_written_late_is_written(app: AppTest) -> None:
    press(app, "5")
    app.query_params.clear()
    press(app, "remove")
    arrive(app, "5")
    assert shown(app) == "none"


def test_after_a_while_an_old_address_is_meant(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    press(app, "5")
    monkeypatch.setattr(address_bar, "LATE", 0.0)
    arrive(app, None)
    assert shown(app) == "none"
