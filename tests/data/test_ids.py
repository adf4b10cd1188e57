"""Rows of items by their ids."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from explorer.data.ids import Ids

WHOLE = st.integers(-(2**63), 2**63 - 1)


@given(st.lists(WHOLE, unique=True, max_size=20), st.lists(WHOLE, max_size=10))
def test_rows_are_those_that_a_search_finds(ids, others):
    wanted = [*others, *ids]
    found = Ids(np.array(ids, np.int64)).rows(np.array(wanted, np.int64))
    assert found.tolist() == [ids.index(one) if one in ids else -1 for one in wanted]
