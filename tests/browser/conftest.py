"""A Streamlit server and a Chromium for the tests of what only a browser does."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Locator, Page, expect, sync_playwright

from explorer.data.textures import TexturesConfig, load

ROOT = Path(__file__).parents[2]
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # WebGL without a graphics card
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
)
START_SECONDS = 60.0
TRIES = 5
expect.set_options(timeout=30_000)  # milliseconds; a busy machine draws slowly
# Notes whether a button that was pressed has moved away before the press ended, as it does while its row is drawn.
WATCH_PRESSES = """
let pressed = null;
const touched = (event) => event.composedPath()[0].closest?.("button");
addEventListener("mousedown", (event) => { pressed = touched(event); }, true);
addEventListener("mouseup", (event) => {
  window.slipped = Boolean(pressed?.isConnected) && touched(event) !== pressed;
}, true);
"""


@pytest.fixture(scope="session")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Path], str]]:
    """Start a Streamlit server for an app script, once a session; gives its address."""
    running: dict[Path, tuple[str, subprocess.Popen[bytes]]] = {}

    def start(script: Path) -> str:
        if script not in running:
            log = tmp_path_factory.mktemp("server") / "streamlit.log"
            running[script] = start_server(script, log)
        return running[script][0]

    yield start
    for _, process in running.values():
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def start_server(script: Path, log: Path) -> tuple[str, subprocess.Popen[bytes]]:
    """Run `streamlit run script` on a free port and wait until it is healthy."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = {
        "server.port": port,
        "server.address": "127.0.0.1",
        "server.headless": "true",
        "server.fileWatcherType": "none",
        "server.showEmailPrompt": "false",
        "browser.gatherUsageStats": "false",
    }
    flags = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    paths = os.pathsep.join(part for part in (str(ROOT), os.environ.get("PYTHONPATH", "")) if part)
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", str(script), *flags],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": paths},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    address = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + START_SECONDS
    while not is_healthy(address):
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            raise RuntimeError(f"Streamlit did not start on {script.name}:\n{log.read_text(errors='replace')}")
        time.sleep(0.1)
    return address, process


def is_healthy(address: str) -> bool:
    """True once the server answers."""
    try:
        with urllib.request.urlopen(f"{address}/_stcore/health", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@pytest.fixture(scope="session")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The dashboard with the shipped runs, started as a user starts it, on roots of its own; MNIST is not there."""
    roots = {name: tmp_path_factory.mktemp(name) for name in ("data", "runs")}
    load(TexturesConfig(), roots["data"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LATENT_EXPLORER_DATA_ROOT", str(roots["data"]))
        patch.setenv("LATENT_EXPLORER_RUNS_ROOT", str(roots["runs"]))
        address, process = start_server(ROOT / "streamlit_app.py", roots["data"] / "server.log")
    yield address
    process.kill()  # it may be making images; nobody waits for them
    process.wait()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The system's Chromium; the environment variable CHROMIUM names another one."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.fail("No Chromium found: install the package chromium, or set CHROMIUM to its path.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, headless=True, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def window(chromium: Browser) -> Iterator[BrowserContext]:
    """One window of 1280 x 720 for all tests: Streamlit's own scripts are then fetched and compiled once."""
    with chromium.new_context(viewport={"width": 1280, "height": 720}) as context:
        yield context


@pytest.fixture(autouse=True)
def steady(monkeypatch: pytest.MonkeyPatch) -> None:
    """A click presses again where its button has slipped away from it, as a person would."""
    click = Locator.click

    def steadily(locator: Locator, **options: Any) -> None:
        for _ in range(TRIES):
            click(locator, **options)
            if not slipped(locator.page):
                return
        raise AssertionError(f"{locator} moves away from each press")

    monkeypatch.setattr(Locator, "click", steadily)


def slipped(page: Page) -> bool:
    """Whether the last press has missed its button."""
    try:
        return bool(page.evaluate("window.slipped"))
    except Error:  # the press has led to another page
        return False


@pytest.fixture
def page(window: BrowserContext) -> Iterator[Page]:
    """A fresh page that fails its test on an uncaught error and on any request to another host."""
    errors: list[str] = []
    strangers: list[str] = []

    def note_request(address: str) -> None:
        parts = urlsplit(address)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.hostname != "127.0.0.1":
            strangers.append(address)

    page = window.new_page()
    page.add_init_script(WATCH_PRESSES)
    page.on("request", lambda request: note_request(request.url))
    page.on("websocket", lambda socket: note_request(socket.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    page.close()
    assert not errors, f"uncaught errors in the page: {errors}"
    assert not strangers, f"requests to other hosts: {strangers}"
