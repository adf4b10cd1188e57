"""An installation of its own for page tests: fresh roots, shared textures, and the shipped runs beside."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from explorer import places
from explorer.labeling.store import LabelStore
from explorer.ui import loading, state
from tests.pages import label_views


@pytest.fixture(scope="session")
def data_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the textures are kept once they are made, for all page tests."""
    return tmp_path_factory.mktemp("data")


@pytest.fixture
def runs_root(tmp_path: Path, data_root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder for the user's own runs; the shipped ones are there as always."""
    monkeypatch.setenv("LATENT_EXPLORER_RUNS_ROOT", str(tmp_path))
    monkeypatch.setenv("LATENT_EXPLORER_DATA_ROOT", str(data_root))
    monkeypatch.setenv("LATENT_EXPLORER_CONFIG", str(tmp_path / "none.toml"))
    state.settings.cache_clear()
    yield tmp_path
    for key, work in list(loading._under_way.items()):
        if not work.is_over:  # nothing goes on beside the tests that follow
            work.cancel()
            work.wait(60)
            del loading._under_way[key]
    state.settings.cache_clear()


@pytest.fixture
def open_page(runs_root: Path) -> Callable[..., AppTest]:  # noqa: ARG001 - sets the installation up
    """Open a page file by name, with query parameters, and run it."""

    def start(page: str, **query: str) -> AppTest:
        at = AppTest.from_file(places.ui_script(), default_timeout=60)
        if not page.startswith("1_"):
            at.switch_page(str(places.pages() / page))
        for name, value in query.items():
            at.query_params[name] = value
        return at.run()

    return start


@pytest.fixture
def store(runs_root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LabelStore]:
    """See `label_views.begun`."""
    store = label_views.begun(runs_root, monkeypatch)
    yield store
    store.close()


@pytest.fixture
def ids() -> list[int]:
    """See `label_views.ids`."""
    return label_views.ids()
