"""A run whose images are not on this machine, in a real browser: missing, downloaded, there."""

import re
from collections.abc import Iterator
from pathlib import Path
from threading import Semaphore

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Page, expect

from explorer.data.mnist import MNIST
from explorer.settings import Settings
from explorer.workflows.fetching import download_job
from explorer.workflows.maps import LatentMap, latent_map
from explorer.zoo.run import Run
from tests.browser.conftest import start_server
from tests.browser.map_page import at_rest
from tests.mirrored import VARIABLE, Mirror, archives, put, serving
from tests.runs import train_mnist

RUN = "tiny-mnist"
SLOW = 60_000  # milliseconds: a process starts


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """An installation with one run on MNIST, and no images."""
    home = tmp_path_factory.mktemp("missing")
    settings = Settings(data_root=home / "data", runs_root=home / "runs", device="cpu")
    train_mnist(settings, RUN)
    return settings


@pytest.fixture(scope="module")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mirror]:
    """Where the images can be had, a piece at a time."""
    folder = put(tmp_path_factory.mktemp("mirror"), archives())
    with serving(Mirror(folder, Semaphore(0))) as running:
        yield running


@pytest.fixture(scope="module")
def product(settings: Settings, mirror: Mirror) -> Iterator[str]:
    """The dashboard on that installation, downloading from that mirror."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LATENT_EXPLORER_DATA_ROOT", str(settings.data_root))
        patch.setenv("LATENT_EXPLORER_RUNS_ROOT", str(settings.runs_root))
        patch.setenv(VARIABLE, mirror.address)
        patch.setenv("no_proxy", "127.0.0.1")
        script = Path(__file__).with_name("mirrored_app.py")
        address, process = start_server(script, settings.runs_root.parent / "server.log")
    yield address
    download_job(MNIST, settings).cancel()
    process.terminate()
    process.wait(60)


def ready(page: Page) -> None:
    page.locator(".scatter[data-state=ready][data-drawn]").wait_for(timeout=SLOW)


def hover(page: Page, place: NDArray[np.float32], view: tuple[float, float, float]) -> None:
    """Put the pointer on a place of the map, given its camera."""
    box = at_rest(page.locator("canvas.overlay"))
    cx, cy, scale = view
    left = box["x"] + box["width"] / 2 + (float(place[0]) - cx) * scale
    top = box["y"] + box["height"] / 2 - (float(place[1]) - cy) * scale
    page.mouse.move(left - 3, top)
    page.mouse.move(left, top)


def address(product: str, space: LatentMap, row: int) -> tuple[str, tuple[float, float, float]]:
    """The page that shows an item in the middle of the map, and the camera there."""
    x, y = (round(float(value), 3) for value in space.places[row])
    return f"{product}/Map?run={RUN}&item={space.latents.ids[row]}&view={x},{y},300", (x, y, 300.0)


def test_missing_images_break_nothing_and_are_asked_for_by_nobody(page: Page, product: str, settings: Settings) -> None:
    space = latent_map(Run(settings.runs_root / RUN))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    here, view = address(product, space, 5)
    page.goto(here)
    ready(page)
    expect(page.get_by_text("The images of MNIST are not on this machine")).to_be_visible()
    rows = page.locator('[data-name="Nearest items"] tbody tr')
    expect(rows).to_have_count(12, timeout=SLOW)  # the decoder is loaded first
    expect(page.locator('[data-name="Query"] img')).to_have_count(1)
    hover(page, space.places[5], view)
    expect(page.locator(".tip.shown")).to_be_visible()
    expect(page.locator(".tip.shown canvas")).to_be_hidden()
    expect(page.get_by_role("alert")).to_have_count(0)
    assert not [url for url in asked if "/image/" in url]
    assert not settings.data_root.exists()


def test_missing_images_are_downloaded_and_then_shown_without_a_touch(
    page: Page, product: str, settings: Settings, mirror: Mirror
) -> None:
    space = latent_map(Run(settings.runs_root / RUN))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    here, view = address(product, space, 5)
    page.goto(here)
    ready(page)
    page.locator(".st-key-fetching").get_by_role("button", name="Download").click()
    expect(page.get_by_text(re.compile(r"MNIST: downloading, 0\.0 of"))).to_be_visible(timeout=SLOW)
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator(".st-key-fetching").get_by_role("button", name="Download")).to_be_visible(timeout=SLOW)
    assert not list(settings.data_root.rglob("*ubyte*"))
    page.locator(".st-key-fetching").get_by_role("button", name="Download").click()
    expect(page.get_by_text("MNIST: downloading")).to_be_visible(timeout=SLOW)
    expect(page.get_by_role("progressbar").first).to_be_visible()
    expect(page.locator('[data-name="Nearest items"] tbody tr')).to_have_count(12)
    mirror.open()
    expect(page.locator('[data-name="Nearest images"]').get_by_role("listitem")).to_have_count(12, timeout=SLOW)
    expect(page.get_by_text("not on this machine")).to_have_count(0)
    expect(page.locator('[data-name="Query"] img')).to_have_count(2)
    ready(page)
    hover(page, space.places[5], view)
    expect(page.locator(".tip.shown canvas")).to_be_visible()
    expect(page.locator(".tip.shown")).to_contain_text(re.compile(r"id \d+"))
    assert len([url for url in asked if "/points/" in url]) == 1  # no point travels a second time
