"""Latents of four dimensions in a real browser: choose UMAP, compute it, watch, click, reload."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from explorer.settings import Settings
from explorer.workflows.maps import LatentMap, laid_out, latent_map
from explorer.workflows.projecting import FOLDER, Kept, compute
from explorer.zoo.run import Run
from tests.browser.conftest import ROOT, start_server
from tests.browser.map_page import at_rest, select
from tests.runs import CONFIG, train

RUN = "deep"
SLOW = 300_000  # milliseconds: UMAP compiles itself when it starts


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """An installation with one run of four latent dimensions."""
    home = tmp_path_factory.mktemp("deep")
    settings = Settings(data_root=home / "data", runs_root=home / "runs", device="cpu")
    train(settings, RUN, config=CONFIG.model_copy(update={"latent_dims": 4, "layout": "simplex"}))
    return settings


@pytest.fixture(scope="module")
def product(settings: Settings) -> Iterator[str]:
    """The dashboard on that installation."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LATENT_EXPLORER_DATA_ROOT", str(settings.data_root))
        patch.setenv("LATENT_EXPLORER_RUNS_ROOT", str(settings.runs_root))
        address, process = start_server(ROOT / "streamlit_app.py", settings.data_root / "server.log")
    yield address
    process.terminate()
    process.wait(60)


def ready(page: Page) -> None:
    page.locator(".scatter[data-state=ready][data-drawn]").wait_for(timeout=60_000)


def choose(page: Page, title: str) -> None:
    select(page, "Map", title)


def click(page: Page, x: float, y: float, view: tuple[float, float, float]) -> None:
    """Click a place of the map, given its camera."""
    box = at_rest(page.locator("canvas.overlay"))
    cx, cy, scale = view
    left, top = box["x"] + box["width"] / 2 + (x - cx) * scale, box["y"] + box["height"] / 2 - (y - cy) * scale
    page.mouse.click(float(left), float(top))


def camera(space: LatentMap) -> tuple[float, float, float]:
    """A camera of our own that shows all of a map's middle."""
    middle = (space.places.min(axis=0) + space.places.max(axis=0)) / 2
    return round(float(middle[0]), 3), round(float(middle[1]), 3), round(250 / float(np.ptp(space.places)), 3)


def lonely(space: LatentMap, view: tuple[float, float, float]) -> int:
    """A point, not of the first class, that a click can mean alone."""
    for row in np.flatnonzero(space.latents.labels):
        gaps = np.linalg.norm(space.places - space.places[row], axis=1)
        if np.partition(gaps, 1)[1] * view[2] > 4:
            return int(row)
    raise AssertionError("no lonely point")


def files(folder: Path) -> list[Path]:
    return [file for file in folder.glob("*") if file.suffix in {".npy", ".json"}]


@pytest.mark.timeout(900)
def test_umap_is_computed_when_asked_drawn_clicked_and_kept(page: Page, product: str, settings: Settings) -> None:
    run = Run(settings.runs_root / RUN)
    pca = latent_map(run)
    view = camera(pca)
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url) if "/points/" in request.url else None)
    page.goto(f"{product}/Map?run={RUN}&view={','.join(map(str, view))}")
    ready(page)
    expect(
        page.get_by_text(re.compile(r"two principal components of 4: \d+ % .* trustworthiness 0\.\d{3}"))
    ).to_be_visible(
        timeout=60_000  # measured beside the page, and told without a touch
    )
    page.locator('.legend [data-id="0"]').click()  # a hidden class stays hidden on every map
    choose(page, "UMAP")
    button = page.get_by_role("button", name="Compute")
    expect(button).to_be_visible()
    assert files(settings.data_root / FOLDER) == []
    button.click()
    expect(page.get_by_role("button", name="Cancel")).to_be_visible()
    expect(page.get_by_role("progressbar").first).to_be_visible()
    row = lonely(pca, view)
    click(page, *pca.places[row], view)  # meanwhile the map of principal components answers
    page.wait_for_url(re.compile(rf"item={pca.latents.ids[row]}\b"))
    expect(page.get_by_text("UMAP: distances are not the latent's; trustworthiness")).to_be_visible(timeout=SLOW)
    ready(page)
    expect(page.get_by_text(re.compile("nearest on the map are among its 10 nearest latents"))).to_be_visible()
    lines = page.locator(".scatter").evaluate("({ map }) => map.marks.lines.length")
    assert lines == 10  # to its true neighbours, wherever they lie on this map
    assert Kept(run, "umap", settings).read() is not None
    page.wait_for_function("!location.search.includes('view=')", timeout=SLOW)  # that camera was the other map's
    ready(page)
    assert len([url for url in fetched if "map=umap" in url]) == 1
    expect(page.locator('.legend [data-id="0"]')).to_have_attribute("aria-pressed", "false")


def test_kept_map_opens_at_once_answers_clicks_and_outlives_a_reload(
    page: Page, product: str, settings: Settings
) -> None:
    run = Run(settings.runs_root / RUN)
    space = laid_out(latent_map(run), "umap", compute(Kept(run, "umap", settings)))
    view = camera(space)
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url) if "/points/" in request.url else None)
    page.goto(f"{product}/Map?run={RUN}&projection=UMAP&view={','.join(map(str, view))}@umap")
    ready(page)
    empty = float(space.places[:, 0].min() - 20 / view[2]), float(space.places[:, 1].max() + 20 / view[2])
    click(page, *empty, view)
    expect(page.get_by_text("a place on a UMAP map has no latent to decode")).to_be_visible()
    expect(page.locator('[data-name="Nearest images"]').get_by_role("listitem")).to_have_count(12)
    kept = {file: file.stat().st_mtime_ns for file in files(settings.data_root / FOLDER)}
    assert len(kept) == 2
    page.reload()
    ready(page)
    expect(page.get_by_text("a place on a UMAP map has no latent to decode")).to_be_visible()
    expect(page.get_by_role("button", name="Compute")).to_have_count(0)
    assert f"view={','.join(f'{number:g}' for number in view)}@umap" in unquote(page.url)
    fetched.clear()
    choose(page, "PCA")
    expect(page.get_by_text("two principal components")).to_be_visible()
    choose(page, "UMAP")
    expect(page.get_by_text("UMAP: distances are not")).to_be_visible()
    ready(page)
    assert len(fetched) <= 1  # each map's points travel once
    assert {file: file.stat().st_mtime_ns for file in files(settings.data_root / FOLDER)} == kept


def test_cancelled_computation_leaves_nothing_and_is_offered_again(
    page: Page, product: str, settings: Settings
) -> None:
    page.goto(f"{product}/Map?run={RUN}&projection=t-SNE")
    ready(page)
    page.get_by_role("button", name="Compute").click()
    expect(page.get_by_role("button", name="Compute")).to_have_count(0)
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("button", name="Compute")).to_be_visible(timeout=SLOW)
    expect(page.get_by_text("two principal components")).to_be_visible()
    run = Run(settings.runs_root / RUN)
    assert Kept(run, "tsne", settings).read() is None
    assert not Kept(run, "tsne", settings).job.is_running
