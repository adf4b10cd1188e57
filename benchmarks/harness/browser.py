"""Servers and a Chromium under measurement: each visit is a new window without any cache."""

import base64
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
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
VIEW = {"width": 1280, "height": 900}
START_SECONDS = 90
BINARY = 2  # kind of a websocket's message


@contextmanager
def chromium() -> Iterator[Browser]:
    """The system's Chromium; the environment variable CHROMIUM names another one."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        sys.exit("No Chromium found: install the package chromium, or set CHROMIUM to its path.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, headless=True, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def visit(browser: Browser, address: str, canvas: str = "") -> Iterator[Page]:
    """A page in a new window, with nothing cached and the probe in it.

    Args:
        browser: a running one.
        address: to open.
        canvas: selector of the points' canvas; its first light is noted.
    """
    context = browser.new_context(viewport=VIEW)  # type: ignore[arg-type]
    try:
        context.add_init_script((HERE / "probe.js").read_text("utf-8"))
        if canvas:
            context.add_init_script(f"window.probe.watch({canvas!r})")
        page = context.new_page()
        page.goto(address, wait_until="commit")
        yield page
    finally:
        context.close()


def noted(page: Page, name: str, limit: float) -> float | None:
    """Milliseconds that the probe notes under a name; None if it does not within `limit` seconds."""
    give_up = time.monotonic() + limit
    while time.monotonic() < give_up:
        value = page.evaluate("(name) => window.probe?.[name] ?? null", name)
        if value is not None:
            return float(value)
        page.wait_for_timeout(50)
    return None


class Traffic:
    """What a page receives from now on: bytes of answers over HTTP and of messages through the websocket.

    Args:
        page: an open page.
    """

    def __init__(self, page: Page) -> None:
        self.received = 0.0
        self.addresses: list[str] = []
        devtools = page.context.new_cdp_session(page)
        devtools.on("Network.requestWillBeSent", lambda event: self.addresses.append(event["request"]["url"]))
        devtools.on("Network.loadingFinished", lambda event: self._add(event["encodedDataLength"]))
        devtools.on("Network.webSocketFrameReceived", lambda event: self._add(_length(event["response"])))
        devtools.send("Network.enable")

    def _add(self, count: float) -> None:
        self.received += count


def _length(frame: dict[str, Any]) -> int:
    """Bytes of a websocket's message; those of a binary one are told in base64."""
    data = frame["payloadData"]
    return len(base64.b64decode(data) if frame["opcode"] == BINARY else data.encode())


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def process(command: Sequence[str], port: int, extra: Mapping[str, str]) -> Iterator[str]:
    """Run a server's command until the end of the block; gives its address once it is healthy."""
    with server(command, port, extra) as (address, _):
        yield address


@contextmanager
def server(command: Sequence[str], port: int, extra: Mapping[str, str]) -> Iterator[tuple[str, int]]:
    """The same; gives the number of its process too."""
    paths = os.pathsep.join((str(ROOT), str(HERE.parent)))
    with tempfile.TemporaryFile() as log:
        running = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, "PYTHONPATH": paths, **extra}, stdout=log, stderr=log
        )
        try:
            address = f"http://127.0.0.1:{port}"
            give_up = time.monotonic() + START_SECONDS
            while not _is_healthy(address):
                if running.poll() is not None or time.monotonic() > give_up:
                    log.seek(0)
                    sys.exit(f"The server did not start:\n{log.read().decode(errors='replace')}")
                time.sleep(0.02)
            yield address, running.pid
        finally:
            running.terminate()
            try:
                running.wait(15)
            except subprocess.TimeoutExpired:
                running.kill()
                running.wait()


def streamlit_command(script: str, port: int) -> list[str]:
    """The command that serves one of the scripts beside this file."""
    options = [f"--server.port={port}", "--server.headless=true", "--server.fileWatcherType=none"]
    return [sys.executable, "-m", "streamlit", "run", str(HERE / script), *options]


def _is_healthy(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/_stcore/health", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
