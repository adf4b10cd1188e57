"""What Python tells the map component, and what it refuses to tell."""

import base64
import json
from dataclasses import asdict

import numpy as np
import pytest

from explorer.errors import BadValueError
from explorer.ui.scatter import Colouring, Layers, Marks, decode_lasso
from explorer.ui.scatter.marks import selection_message


def test_a_selection_is_read_back_as_a_lasso_is():
    mask = np.random.default_rng(0).random(1001) < 0.3
    lasso = decode_lasso(selection_message(mask, 1001), 1001)
    assert lasso is not None
    np.testing.assert_array_equal(lasso.mask, mask)


def test_a_selection_is_named_after_its_points():
    first, second = np.zeros((2, 9), np.bool_)
    second[8] = True
    names = [selection_message(mask, 9)["name"] for mask in (first, first.copy(), second)]
    assert names[0] == names[1] != names[2]
    assert all(names)
    assert selection_message(None, 9) == {"name": "", "mask": ""}


def test_a_selection_of_other_points_is_refused():
    with pytest.raises(BadValueError, match=r"shape \(8,\), but the map has 9 points"):
        selection_message(np.zeros(8, np.bool_), 9)


def test_each_group_needs_a_colour():
    with pytest.raises(BadValueError, match="2 groups and 1 colours"):
        Colouring("season", "Season", "/season", groups=("summer", "winter"), colours=("#112233",))


def test_bits_lie_in_the_order_that_the_browser_reads():
    mask = np.zeros(10, np.bool_)
    mask[[0, 2, 9]] = True
    assert base64.b64decode(selection_message(mask, 10)["mask"]) == bytes([0b101, 0b10])


def test_all_messages_are_json():
    marks = Marks(others=((0.0, 1.0, 0),), others_names=("shoes",), sectors=((0.0, 0.0, 0.1, 0.2, -1),))
    for message in (asdict(marks), asdict(Colouring("a", "A", "/a")), asdict(Layers("/regions?", "/targets?"))):
        assert json.loads(json.dumps(message)) == json.loads(json.dumps(message, default=list))
