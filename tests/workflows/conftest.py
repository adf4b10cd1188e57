"""A store of labels for the tests of sessions."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from explorer.labeling.store import LabelStore, open_store
from explorer.settings import Settings


@pytest.fixture
def store(tmp_path: Path) -> Iterator[LabelStore]:
    """An empty one, in a folder of its own."""
    store = open_store(Settings(data_root=tmp_path))
    yield store
    store.close()
