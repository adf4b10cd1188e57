"""What a touch leaves in the address and in the session, and what an address is taken for."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from explorer.errors import ExplorerError
from explorer.ui import address_bar, touching
from explorer.ui.scatter import Click, Lasso
from explorer.ui.touching import Place, asked, remember
from explorer.workflows.maps import LatentMap
from tests.workflows.test_search import space  # noqa: F401 - a fixture

HERE, ELSEWHERE = Place("map", "one:1"), Place("map", "one:1:replay")
LASSO, NONE = Lasso(2, np.array([True, True, False])), Lasso(0, np.zeros(3, np.bool_))


@pytest.fixture(autouse=True)
def page(monkeypatch):
    """An address and a session without Streamlit."""
    page = SimpleNamespace(session_state={}, query_params={})
    for module in (touching, address_bar):
        monkeypatch.setattr(module, "st", page)
    return page


def test_a_clicked_point_stands_in_the_address_by_its_id(page, space):  # noqa: F811
    page.query_params["at"] = "1,2"
    remember(HERE, space, Click(7, 0.0, 0.0), None)
    assert page.query_params == {"item": str(space.latents.ids[7])}
    assert asked(space) == (7, None)
    assert asked(space, beside="other") == (7, None)


def test_an_empty_place_bears_the_name_of_a_map_of_its_own(page, space):  # noqa: F811
    page.query_params["item"] = "5"
    remember(HERE, space, Click(-1, 0.25, -1234567.0), None)
    assert page.query_params == {"at": "0.25,-1.23457e+06"}
    assert asked(space) == (None, (0.25, -1234570.0))
    assert asked(space, beside="other") == (None, None)


def test_a_place_on_the_map_beside_is_one_of_these_two_maps(page, space):  # noqa: F811
    laid = replace(space, onto="one!17a!z1-z3")
    remember(HERE, laid, Click(-1, 1.0, 2.0), None, beside="other")
    assert page.query_params == {"at": "1,2@beside!other!pca!z1-z3"}
    assert asked(laid, beside="other") == (None, (1.0, 2.0))
    assert asked(replace(laid, onto="one!17b!z1-z3"), beside="other") == (None, (1.0, 2.0))  # a note has been written
    for another in (laid, replace(laid, name="umap"), replace(laid, onto="one!17a!pca")):
        assert asked(another, beside="third" if another is laid else "other") == (None, None)
    assert asked(space) == asked(laid) == (None, None)


def test_a_place_of_another_map_is_no_place_here(page, space):  # noqa: F811
    page.query_params["at"] = "1,2@umap"
    assert asked(space) == (None, None)
    page.query_params["at"] = "1,2@pca"
    assert asked(space) == (None, (1.0, 2.0))


@pytest.mark.parametrize("text", ["--5", "-", "5-", "1e3", "0x10", " 5", "\u0663", "\u00b2", "9" * 5000, ""])
def test_an_item_that_is_no_number_is_one_sentence(page, space, text):  # noqa: F811
    page.query_params["item"] = text
    with pytest.raises(ExplorerError, match="has no item"):
        asked(space)
    assert asked(space, beside="other") == (None, None)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(key=some.sampled_from(["item", "at"]), text=some.text())
def test_any_address_is_an_answer_or_one_sentence(page, space: LatentMap, key, text):  # noqa: F811
    page.query_params.clear()
    page.query_params[key] = text
    said, row, place = "", None, None
    try:
        row, place = asked(space)
    except ExplorerError as error:
        said = str(error)
    assert "\n" not in said
    assert len(said) < 300
    assert row is None or 0 <= row < len(space)
    assert place is None or len(place) == 2


def test_a_lasso_holds_until_something_else_is_done(page, space):  # noqa: F811
    remember(HERE, space, None, LASSO)
    assert HERE.lasso is LASSO
    remember(HERE, space, None, None)
    assert HERE.lasso is LASSO
    remember(HERE, space, Click(3, 0.0, 0.0), None)
    assert HERE.lasso is None
    assert HERE.cleared == 1
    assert "item" in page.query_params


def test_a_lasso_that_was_cleared_in_the_browser_is_not_cleared_there_again(space):  # noqa: F811
    remember(HERE, space, None, LASSO)
    remember(HERE, space, None, NONE)
    assert HERE.lasso is None
    HERE.forget_lasso()
    assert HERE.cleared == 0


def test_a_lasso_is_one_of_its_items_and_its_component(space):  # noqa: F811
    remember(HERE, space, None, LASSO)
    assert ELSEWHERE.lasso is None
    assert Place("map-beside", HERE.items).lasso is None
    ELSEWHERE.forget_lasso()
    assert (HERE.lasso, ELSEWHERE.cleared) == (LASSO, 0)


def test_maps_of_the_same_items_share_items_but_not_places(space):  # noqa: F811
    other = replace(space, name="umap")
    remember(HERE, space, Click(3, 0.0, 0.0), None)
    assert asked(other) == asked(space) == (3, None)
    remember(HERE, space, Click(-1, 1.0, 2.0), None)
    assert (asked(space), asked(other)) == ((None, (1.0, 2.0)), (None, None))
