import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.data.mnist import DIGITS, GARMENTS
from explorer.data.shapes import CATEGORIES
from explorer.data.textures import CLASSES
from explorer.errors import BadValueError
from explorer.latent.targets import class_circle
from explorer.retrieval.text_query import parse_query


def shares(text: str, classes=CLASSES, **options) -> dict[str, float]:
    weights = parse_query(text, classes, **options).weights
    return {name: round(float(weight), 4) for name, weight in zip(classes, weights, strict=True) if weight}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("dots", {"dots": 1}),
        ("Between squares and dots", {"squares": 0.5, "dots": 0.5}),
        ("mostly uniform, a little horizontal lines", {"uniform": 0.8571, "horizontal lines": 0.1429}),
        ("70 % dots and 30% squares", {"dots": 0.7, "squares": 0.3}),
        ("dotted", {"dots": 1}),
        ("a dot", {"dots": 1}),
        ("vertical stripes with some plain", {"vertical lines": 0.6667, "uniform": 0.3333}),
        ("horizontal-lines", {"horizontal lines": 1}),
        ("squares squares dots", {"squares": 0.6667, "dots": 0.3333}),
    ],
)
def test_words_are_brought_to_shares(text, expected):
    assert shares(text) == pytest.approx(expected, abs=1e-4)


def test_names_of_other_data():
    assert shares("between three and 8", DIGITS) == {"3": 0.5, "8": 0.5}
    assert shares("mostly t-shirt/top, a little ankle boots", GARMENTS) == pytest.approx(
        {"T-shirt/top": 0.8571, "Ankle boot": 0.1429}, abs=1e-4
    )
    assert shares("an airplane, buses, grand piano and a desk", tuple(CATEGORIES)) == {
        "aeroplane": 0.25, "bus": 0.25, "piano": 0.25, "table": 0.25
    }  # fmt: skip


def test_own_synonyms_and_a_name_that_is_a_synonym_elsewhere():
    assert shares("stripy", synonyms={"stripy": "vertical lines"}) == {"vertical lines": 1}
    assert shares("one", ("one", "1")) == {"one": 1}


def test_place_is_the_weighted_mean_of_the_centres():
    targets = class_circle(5)
    found = parse_query("between squares and dots", CLASSES).place(targets.centres)
    assert found == pytest.approx((targets.centres[3] + targets.centres[4]) / 2)


@given(st.lists(st.sampled_from(CLASSES), min_size=1, max_size=5))
def test_any_names_give_shares_that_sum_to_one(names):
    weights = parse_query(" and ".join(names), CLASSES).weights
    assert weights.sum() == pytest.approx(1)
    assert (weights >= 0).all()
    assert weights[CLASSES.index(names[0])] > 0


@given(st.text(max_size=60))
def test_any_text_is_understood_or_refused_in_one_sentence(text):
    try:
        weights = parse_query(text, CLASSES).weights
    except BadValueError:
        return
    assert np.isfinite(weights).all()


@pytest.mark.parametrize(
    ("text", "said"),
    [("dots and zebra", "'zebra'"), ("dotsy", "'dotsy'"), ("", "names nothing"), ("mostly", "names nothing"),
     ("0 % dots", "names nothing"), ("dots " * 100, "letters")],
)  # fmt: skip
def test_what_is_not_known_is_named(text, said):
    with pytest.raises(BadValueError, match=said):
        parse_query(text, CLASSES)
