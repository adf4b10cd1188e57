"""The Map page on a shipped run of eight dimensions and posteriors, and the replay of a training."""

import re

import numpy as np
from playwright.sync_api import Page, expect

import explorer
from explorer.workflows.linear_maps import linear_map
from explorer.workflows.maps import latent_map
from explorer.workflows.replay import read_replay
from tests.browser.map_page import MapPage, asked

VAE, BEAMS = "digits-vae", "textures-beams"


def test_of_eight_dimensions_any_two_are_drawn_with_the_trust_of_map_and_point(page: Page, shipped: str) -> None:
    space = latent_map(explorer.load(VAE))
    view = MapPage(page, shipped, VAE)
    view.says(re.compile(r"^two principal components of 8: \d+ % of the variance; trustworthiness 0\.\d{3}$"))
    row = view.click_point()
    view.hits()
    view.says(re.compile(r"of its 10 nearest on the map are among its 10 nearest latents; trustworthiness here [01]\."))
    view.count("lines", 10)
    view.count("ellipses", 2)
    view.tick("True neighbours", "Posterior")
    view.count("lines", 0)
    view.count("ellipses", 0)
    view.select("Map", "Two dimensions")
    view.select("Across", "z3")
    view.select("Up", "z7")
    view.says(re.compile(r"^dimensions 3 and 7 of 8: \d+ % of the variance"))
    view.until("map.cloud.layout === 'z3-z7' && map.settled")
    np.testing.assert_allclose(view.places(), space.latents.z[:, [2, 6]], atol=1e-6)
    view.address(item=str(space.latents.ids[row]), projection="Two dimensions", across="z3", up="z7")
    view.hits()  # what was touched is an item of this map too
    x, y = view.click_empty()
    picture = view.group("Decoded place").get_by_role("img")
    expect(picture).to_be_visible()
    query = view.ask("map.marks.query")
    np.testing.assert_allclose(query, [x, y], atol=1e-4)
    page.reload()
    view.ready()
    expect(picture).to_be_visible()
    view.until("map.cloud.layout === 'z3-z7'")


def test_an_item_is_drawn_at_its_mean_or_at_a_sample_of_its_posterior(page: Page, shipped: str) -> None:
    space = latent_map(explorer.load(VAE))
    sample = linear_map(space, "pca~sample")
    view = MapPage(page, shipped, VAE)
    means = view.places()
    np.testing.assert_allclose(means, space.places, atol=1e-6)
    row = view.click_point()
    view.count("ellipses", 2)
    np.testing.assert_allclose(view.ask("map.marks.ellipses[0].slice(0, 2)"), means[row], atol=1e-5)
    view.open("Overlays")
    view.press("a sample")
    view.close()
    view.says(re.compile("^a sample of each item's posterior on two principal components of 8"))
    view.until("map.cloud.layout === 'pca~sample' && map.settled")
    np.testing.assert_allclose(view.places(), sample.places, atol=1e-6)
    assert np.abs(sample.places - means).max() > 0.1
    view.count("ellipses", 2)  # still around the mean
    np.testing.assert_allclose(view.ask("map.marks.ellipses[0].slice(0, 2)"), means[row], atol=1e-5)
    page.reload()
    view.ready()
    view.until("map.cloud.layout === 'pca~sample' && map.settled")
    np.testing.assert_allclose(view.places(), sample.places, atol=1e-6)  # the same draw


def test_a_training_is_replayed_with_trails_and_the_items_that_moved_most(page: Page, shipped: str) -> None:
    run = explorer.load(BEAMS)
    replay = read_replay(run, latent_map(run))
    assert replay is not None
    frames = asked(page, "/frames/")
    view = MapPage(page, shipped, BEAMS)
    page.get_by_text("Replay", exact=True).click()
    view.until("map.timeline.frames")
    view.address(epoch="40")
    slider = page.get_by_role("slider", name="Frame")
    slider.focus()
    page.keyboard.press("Home")
    view.says("Before the first epoch nothing has moved")
    page.keyboard.press("ArrowRight")
    view.address(epoch="1")
    moved = view.group("Moved most").get_by_role("listitem")
    expect(moved).to_have_count(12)
    far = np.sort(replay.moved(1))[::-1]
    expect(moved.first).to_contain_text(f"moved {far[0]:.3f}")
    view.says("Epoch 1 of 40")
    np.testing.assert_allclose(view.places(), replay.places[1], atol=1e-5)
    trails = np.argsort(-replay.moved(1), kind="stable")[:40]
    view.until("map.marks.trails.length === 40")
    assert view.ask("map.marks.trails") == trails.tolist()
    assert view.ask("map.timeline.trails.ways().length") == 40
    page.get_by_role("button", name="Trails").click()
    assert view.ask("map.timeline.trails.ways()") == []
    assert len(frames) == 1


def test_a_replay_plays_follows_a_touched_item_and_is_reopened_by_its_link(page: Page, shipped: str) -> None:
    run = explorer.load(BEAMS)
    replay = read_replay(run, latent_map(run))
    assert replay is not None
    view = MapPage(page, shipped, BEAMS, replay="true", epoch=1)
    view.until("map.timeline.frames && map.timeline.frame === 1")
    page.get_by_role("button", name="Play").click()
    view.until("map.timeline.frame >= 3")
    page.get_by_role("button", name="Pause").click()
    view.until("!map.timeline.gliding")
    frame = view.ask("map.timeline.frame")
    view.address(epoch=str(replay.epochs[frame]))
    row = view.click_point()
    view.address(item=str(replay.space.latents.ids[row]))
    view.until(f"map.marks.trails.length === 1 && map.marks.trails[0] === {row}")
    page.reload()
    view.ready()
    view.says(f"Epoch {replay.epochs[frame]} of 40")
    view.until(f"map.timeline.frame === {frame} && map.timeline.frames")
    np.testing.assert_allclose(view.places(), replay.places[frame], atol=1e-5)
