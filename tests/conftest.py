"""What all tests share: which of them need Chromium, and where it is."""

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("untimed", deadline=None)  # how long an example takes says nothing of what it tests
settings.load_profile("untimed")

LONGEST_NAME = 60  # characters, or bytes
BROWSER = Path(__file__).parent / "browser"
NAMES = ("chromium", "chromium-browser", "google-chrome")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what drives a browser, and give all of it to one worker: two browsers at once starve each other."""
    for item in items:
        if item.path.is_relative_to(BROWSER):
            item.add_marker(pytest.mark.browser)
        if item.get_closest_marker("browser") and not item.get_closest_marker("xdist_group"):
            item.add_marker(pytest.mark.xdist_group("browser"))


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name long contents by what they are for: some differ from one worker's collection to the other's."""
    return argname if isinstance(val, str | bytes) and len(val) > LONGEST_NAME else None


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The browser that CHROMIUM names, else the first one found."""
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.fail("No Chromium found: `make test` installs it or says how.")
    return path


@pytest.fixture(scope="session")
def trained_runs_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A runs root with one finished run, `tiny`, with a decoder and configured classes; never change it."""
    from explorer.settings import Settings
    from tests.runs import train

    home = tmp_path_factory.mktemp("installation")
    train(Settings(data_root=home / "data", runs_root=home / "runs", device="cpu"))
    return home / "runs"


@pytest.fixture
def installation(trained_runs_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation of its own: settings point to its data and to a copy of `tiny`, which may be changed."""
    home = tmp_path / "installation"
    shutil.copytree(trained_runs_root, home / "runs")
    monkeypatch.setenv("LATENT_EXPLORER_RUNS_ROOT", str(home / "runs"))
    monkeypatch.setenv("LATENT_EXPLORER_DATA_ROOT", str(trained_runs_root.parent / "data"))
    monkeypatch.setenv("LATENT_EXPLORER_DEVICE", "cpu")
    monkeypatch.setenv("LATENT_EXPLORER_CONFIG", str(home / "config.toml"))
    return home
