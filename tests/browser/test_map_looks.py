"""The Map page on shipped runs: what colours say, what is drawn over the points, images in their place, files."""

import io
import re
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image
from playwright.sync_api import Page, expect

import explorer
from explorer.workflows.colouring import column
from explorer.workflows.maps import latent_map
from explorer.workflows.targets import training_targets
from tests.browser.map_page import MapPage, asked

STRUCTURED, PETALS, BEAMS = "digits-structured", "textures-petals", "textures-beams"
DRAWN = "[...(map.looks.columnDrawn?.bytes ?? [])]"


def test_colours_say_class_confidence_error_and_a_factor_and_no_point_is_resent(page: Page, shipped: str) -> None:
    run = explorer.load(STRUCTURED)
    space, fetched = latent_map(run), asked(page, "/points/")
    view = MapPage(page, shipped, STRUCTURED)
    expect(page.locator(".legend .entries .name")).to_have_text(list(run.card.classes))
    for title, name in (("Confidence", "confidence"), ("Reconstruction error", "error")):
        view.select("Colour by", title)
        expect(page.locator(".legend .scale .title")).to_have_text(re.compile(title))
        view.until(f"map.looks.columnDrawn && map.looks.colouring.spec.name === {name!r}")
        assert view.ask(DRAWN) == column(space, run.card, name).codes.tolist()
        view.address(colour=title)
    view.select("Colour by", "Digit")  # offered once the items are here, without a touch
    expect(page.locator(".legend .entries .name")).to_have_text(list("0123456789"))
    page.reload()
    view.ready()
    expect(page.locator(".legend .entries .name")).to_have_text(list("0123456789"))
    page.locator('.legend [data-id="3"]').dblclick()
    expect(view.root).to_have_attribute("data-drawn", page.locator('.legend [data-id="3"] .count').inner_text())
    view.select("Colour by", "Class")
    expect(page.locator(".legend .entries .name")).to_have_text(list(run.card.classes))
    expect(view.root).to_have_attribute("data-drawn", str(len(space)))
    assert len(fetched) == 2  # once for each load of the page


def test_circles_centres_and_decision_regions_come_and_go(page: Page, shipped: str) -> None:
    space, fetched = latent_map(explorer.load(PETALS)), asked(page, "/points/")
    assert space.targets is not None
    view = MapPage(page, shipped, PETALS)
    view.count("centres", 5)
    view.count("circles", 5)
    view.tick("Class centres", "Class circles", "Decision regions")
    view.count("centres", 0)
    view.count("circles", 0)
    view.until("map.regions.cells")
    view.address(circles="false", centres="false", regions="true")
    decided = view.root.evaluate(
        "({ map }, places) => places.map(([x, y]) => {"
        "const { bytes, width, height, box: [left, bottom, right, top] } = map.regions.cells;"
        "const [i, j] = [(x - left) / (right - left) * width, (top - y) / (top - bottom) * height].map(Math.floor);"
        "return bytes[j * width + i]; })",
        space.targets.centres.tolist(),
    )
    assert decided == [0, 1, 2, 3, 4]
    page.reload()  # a link opens the same view
    view.ready()
    view.count("circles", 0)
    view.until("map.regions.cells")
    view.tick("Decision regions", "Class circles")
    view.until("!map.regions.cells")
    view.count("circles", 5)
    assert len(fetched) == 2


def test_beams_have_forbidden_sectors_and_a_structuring_run_its_targets(page: Page, shipped: str) -> None:
    view = MapPage(page, shipped, BEAMS)
    view.count("sectors", 10)
    assert sorted({sector[4] for sector in view.ask("map.marks.sectors")}) == [-1, 0, 1, 2, 3, 4]
    view.tick("Sectors")
    view.count("sectors", 0)
    view = MapPage(page, shipped, STRUCTURED)
    view.tick("MDS targets")
    view.until("map.targets.lines.length > 1000")
    run = explorer.load(STRUCTURED)
    wanted = training_targets(run, latent_map(run))
    assert np.array_equal(view.ask("[...map.targets.xy]"), wanted.ravel(), equal_nan=True)


def test_zoomed_in_images_stand_in_place_of_points(page: Page, shipped: str) -> None:
    space = latent_map(explorer.load(STRUCTURED))
    tiles = asked(page, "/tiles/")
    view = MapPage(page, shipped, STRUCTURED)
    view.until("map.settled && map.tiles.resting")
    before = view.ask("map.tiles.shown.length")
    box = view.box()
    x, y = view.ask(f"map.toScreen({space.places[0, 0]}, {space.places[0, 1]})")
    page.mouse.move(box["x"] + x, box["y"] + y)
    for _ in range(8):
        page.mouse.wheel(0, -240)
    view.until("map.tiles.resting && map.tiles.shown.length === map.tiles.chosen.length && map.tiles.shown.length > 2")
    assert view.ask("map.tiles.shown.length") != before
    assert tiles
    drawn = page.locator("canvas.layer").nth(2).screenshot()
    assert np.asarray(Image.open(io.BytesIO(drawn))).std() > 20
    box = view.box()
    index, x, y = view.ask(
        "map.tiles.shown.map(({ index, x, y }) => [index, x, y])"
        ".find(([, x, y]) => x > 60 && y > 80 && x < map.width - 60 && y < map.height - 60)"
    )
    page.mouse.click(box["x"] + x, box["y"] + y)
    view.address(item=str(space.latents.ids[index]))
    view.open("Overlays")
    view.press("never")
    view.close()
    view.until("!map.tiles.shown.length")
    view.address(images="never")


def test_the_view_is_saved_as_png_and_svg_and_the_points_as_csv_and_parquet(
    page: Page, shipped: str, tmp_path: Path
) -> None:
    space = latent_map(explorer.load(STRUCTURED))
    view = MapPage(page, shipped, STRUCTURED)
    for kind in ("PNG", "SVG"):
        page.locator("[data-tool=export]").click()
        with page.expect_download() as download:
            page.get_by_role("menuitem", name=kind).click()
        assert download.value.suggested_filename == f"{STRUCTURED}.{kind.lower()}"
        download.value.save_as(tmp_path / kind)
    assert min(Image.open(tmp_path / "PNG").size) > 500
    assert (tmp_path / "SVG").read_text().count("<circle") >= len(space)
    read = {"CSV": pd.read_csv, "Parquet": pd.read_parquet}
    view.open("Export points")
    for kind in ("CSV", "Parquet"):
        with page.expect_download() as download:
            page.get_by_role("link", name=f"Export as {kind}").click()
        saved = tmp_path / download.value.suggested_filename
        download.value.save_as(saved)
        table = read[kind](saved)
        assert table["id"].tolist() == space.latents.ids.tolist()
    view.close()
