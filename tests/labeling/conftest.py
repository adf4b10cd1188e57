"""A store on each database."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from explorer.labeling.records import Session
from explorer.labeling.store import LabelStore
from tests.labeling.databases import CLASSES, PLAN, Server, opened, postgres

_names = count()


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with postgres() as found:
        if isinstance(found, str):
            pytest.skip(found)
        yield found


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """The address of an empty database; empty for the file of the data root."""
    if request.param == "sqlite":
        return ""
    server: Server = request.getfixturevalue("server")
    return server.fresh(f"labels{next(_names)}")


@pytest.fixture
def store(tmp_path: Path, url: str) -> Iterator[LabelStore]:
    store = opened(tmp_path, url)
    yield store
    store.close()


@pytest.fixture
def session(store: LabelStore) -> Session:
    return store.create(PLAN, "ann", CLASSES)
