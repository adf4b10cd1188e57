"""The Map of runs whose images are not on this machine."""

import base64
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from explorer.data.mnist import MNIST
from explorer.data.own import ImportConfig
from explorer.settings import Settings
from explorer.ui import exporting, state
from explorer.workflows import fetching
from explorer.workflows.background import Job
from explorer.workflows.importing import import_own
from tests.mirrored import contents, put
from tests.pages.scatters import progress
from tests.pages.test_pages import html, sentences
from tests.runs import train, train_mnist

MAP, RUN, OWN = "2_Map.py", "tiny-mnist", "own-photos"
Open = Callable[..., AppTest]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A runs root with a run on MNIST and one on an import."""
    from explorer.data import DATASETS
    from explorer.data.own import OwnConfig

    home = tmp_path_factory.mktemp("elsewhere")
    settings = Settings(data_root=home / "data", runs_root=home / "runs", device="cpu")
    train_mnist(settings, RUN)
    rng = np.random.default_rng(0)
    np.savez(home / "photos.npz", x=rng.integers(0, 255, (60, 16, 16), dtype=np.uint8), labels=np.arange(60) % 3)
    import_own(home / "photos.npz", ImportConfig(name="photos"), settings)
    train(settings, OWN, source=DATASETS["arrays"], data=OwnConfig(name="photos"))
    return home


@pytest.fixture
def empty(trained: Path, runs_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The runs in the page's installation, whose data root is empty."""
    for name in (RUN, OWN):
        shutil.copytree(trained / "runs" / name, runs_root / name)
    monkeypatch.setenv("LATENT_EXPLORER_DATA_ROOT", str(tmp_path / "roots" / "data"))
    state.settings.cache_clear()
    return tmp_path / "roots" / "data"


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """What was begun in the background; nothing is."""
    commands: list[tuple[str, ...]] = []
    monkeypatch.setattr(Job, "begin", lambda _job, *command: commands.append(command))
    return commands


def words(at: AppTest) -> str:
    return " ".join(text.value.replace("\\", "") for text in [*at.markdown, *at.caption])


def press(at: AppTest, label: str) -> AppTest:
    return next(button for button in at.button if button.label == label).click().run()


def labels(at: AppTest) -> list[str]:
    return [button.label for button in at.button]


def item(row: int, run: str = RUN) -> str:
    return str(state.open_for_page(run).space.latents.ids[row])


@pytest.mark.usefixtures("empty")
def test_missing_images_are_said_once_and_calmly_with_what_their_download_costs(open_page: Open):
    at = open_page(MAP, run=RUN)
    assert not at.exception
    assert not sentences(at)
    assert "**The images of MNIST are not on this machine** (12 MB, from PyTorch's mirror, licence CC BY-SA" in words(
        at
    )
    assert words(at).count("are not on this machine") == 1
    assert "Download" in labels(at)


def test_page_neither_downloads_nor_writes_anything_unasked(open_page: Open, empty: Path, begun):
    open_page(MAP, run=RUN, item=item(3))
    state.open_for_page(RUN).prepare()
    assert begun == []
    assert not empty.exists()


def test_download_is_begun_by_its_button_alone(open_page: Open, empty: Path, begun):  # noqa: ARG001
    press(open_page(MAP, run=RUN), "Download")
    assert begun == [("data", "prepare", "mnist")]


@pytest.mark.usefixtures("empty")
def test_touched_item_is_decoded_and_its_neighbours_are_rows(open_page: Open):
    at = open_page(MAP, run=RUN, item=item(3), k="5")
    assert not at.exception
    assert not sentences(at)
    shown = html(at)
    space = state.open_for_page(RUN).space
    assert shown.count("data:image/png") == 1  # what the decoder makes of it
    assert ">Decoded<" in shown
    assert "Similarity to each class" in shown
    assert f"item {space.latents.ids[3]}" in shown
    assert "predicted " in shown
    table = shown.split('data-name="Nearest items"')[1].split("</table>")[0]
    assert [head.split("</th>")[0] for head in table.split("<th>")[1:]] == ["Class", "Distance", "Similarity", "Item"]
    rows = [row.split("</tr>")[0] for row in table.split("<tr><td>")[1:]]
    assert len(rows) == 5
    ids = {int(row.rsplit("<td>", 1)[1].split("</td>")[0]) for row in rows}
    assert ids < set(space.latents.ids.tolist()) - {int(space.latents.ids[3])}
    assert all('title="same class"' in row or 'title="other class"' in row for row in rows)


@pytest.mark.usefixtures("empty")
def test_rows_tell_what_the_pictures_would(open_page: Open):
    """Class, distance and similarity of each hit are those that the pictures' captions say."""
    without = html(open_page(MAP, run=RUN, item=item(3), k="5")).split('data-name="Nearest items"')[1]
    opened = state.open_for_page(RUN)
    put(state.settings().data_root / "MNIST" / "raw", contents())
    pictured = html(open_page(MAP, run=RUN, item=item(3), k="5")).split('data-name="Nearest images"')[1]
    captions = [part.split("</span>")[0] for part in pictured.split("<span>")[1:]]
    assert opened.images.are_here
    for row, (label, far, similar) in zip(
        without.split("<tr><td>")[1:], zip(*[iter(captions)] * 3, strict=True), strict=True
    ):
        assert row.startswith(label)
        assert f"<td>{far.removeprefix('distance ')}</td>" in row
        assert f"<td>{similar.removeprefix('similarity ')}</td>" in row


@pytest.mark.usefixtures("empty")
def test_empty_place_is_decoded_and_shows_real_items_as_rows(open_page: Open):
    at = open_page(MAP, run=RUN, at="0.1,0.1")
    assert not at.exception
    assert not sentences(at)
    assert 'data-name="Decoded place"' in html(at)
    assert html(at).count("<tr><td>") == 12
    assert "class</span>" not in html(at)  # a place has no class, so no hit is right or wrong


@pytest.mark.usefixtures("empty")
def test_lasso_counts_and_exports_without_images(open_page: Open):
    at = open_page(MAP, run=RUN)
    opened = state.open_for_page(RUN)
    mask = np.arange(len(opened.space)) < 9
    packed = base64.b64encode(np.packbits(mask, bitorder="little").tobytes()).decode()
    identity = opened.cloud(opened.space).identity
    at.session_state["map"] = {"lasso": {"identity": identity, "mask": packed, "seq": 1}}
    at.run()
    assert not at.exception
    assert not sentences(at)
    assert int(at.dataframe[0].value["items"].sum()) == 9
    assert [button.proto.label for button in at.get("link_button")][-2:] == ["Export as CSV", "Export as Parquet"]
    lines = exporting._content(opened, opened.space, "csv", mask).decode().splitlines()
    assert [int(line.split(",")[0]) for line in lines[1:]] == opened.space.latents.ids[:9].tolist()


@pytest.mark.usefixtures("empty")
def test_browser_is_given_no_address_of_images_until_they_are_there(open_page: Open):
    open_page(MAP, run=RUN)
    opened = state.open_for_page(RUN)
    assert opened.cloud(opened.space).thumbnail_url == ""
    put(state.settings().data_root / "MNIST" / "raw", contents())
    before = opened.cloud(opened.space)
    assert "/image/" in before.thumbnail_url
    assert before.identity == f"{RUN}:{opened.stamp}"  # so that no point travels again


@pytest.mark.usefixtures("empty")
def test_download_under_way_is_watched_with_its_bytes_and_can_be_cancelled(open_page, monkeypatch):
    asked: list[str] = []
    monkeypatch.setattr(Job, "cancel", lambda job: asked.append(job.title))
    with fetching.download_job(MNIST, state.settings()).working() as report:
        report("downloading", 2_900_000, 11_600_000)
        at = open_page(MAP, run=RUN, item=item(3))
        assert not at.exception
        ((words, share),) = progress(at)
        assert share == pytest.approx(0.25)
        assert "MNIST: downloading, 2.9 of 11.6 MB, for " in words
        assert "Download" not in labels(at)
        assert 'data-name="Nearest items"' in html(at)
        press(at, "Cancel")
    assert asked == ["The download of MNIST"]


def test_images_are_shown_as_soon_as_they_are_there(open_page: Open, empty: Path):
    at = open_page(MAP, run=RUN, item=item(3))
    put(empty / "MNIST" / "raw", contents())
    at.run()
    assert not at.exception
    assert "not on this machine" not in words(at)
    assert html(at).count('role="listitem"') == 2 + 12
    assert "Nearest items" not in html(at)


def test_failed_download_is_one_sentence_and_can_be_begun_again(open_page: Open, empty: Path, begun):
    job = fetching.download_job(MNIST, state.settings())
    with pytest.raises(OSError, match="full"), job.working():
        raise OSError("the disk is full")
    at = open_page(MAP, run=RUN)
    assert not at.exception
    assert sentences(at) == ["MNIST could not be downloaded: OSError: the disk is full"]
    press(at, "Download")
    assert begun
    assert empty.exists()


@pytest.mark.usefixtures("empty")
def test_dismissed_bar_stays_away_for_the_session_and_is_found_again(open_page: Open):
    at = open_page(MAP, run=RUN, item=item(3))
    at.button(key="fetching-dismiss").click().run()
    assert "not on this machine" not in words(at)
    at.run()
    assert "not on this machine" not in words(at)
    press(at, "No pictures: why?")
    assert "not on this machine" in words(at)
    assert "not on this machine" in words(open_page(MAP, run=RUN))


def test_data_root_that_cannot_be_written_is_one_sentence(open_page, empty, tmp_path, monkeypatch):  # noqa: ARG001
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("LATENT_EXPLORER_DATA_ROOT", str(tmp_path / "file" / "data"))
    state.settings.cache_clear()
    at = press(open_page(MAP, run=RUN), "Download")
    assert not at.exception
    assert ["could not be written" in text for text in sentences(at)] == [True]


def test_truncated_file_is_told_by_name_and_costs_the_images_only(open_page: Open, empty: Path):
    whole = contents()
    first = next(iter(whole))
    put(empty / "MNIST" / "raw", whole | {first: whole[first][:-1]})
    at = open_page(MAP, run=RUN, item=item(3))
    assert not at.exception
    assert not sentences(at)
    assert f"{first} is truncated or no file of" in words(at)
    assert "Download" not in labels(at)
    assert 'data-name="Nearest items"' in html(at)


def test_missing_import_is_one_sentence_without_a_download(open_page: Open, empty: Path):
    at = open_page(MAP, run=OWN, item=item(3, OWN))
    assert not at.exception
    assert not sentences(at)
    assert "The import photos, which own-photos was trained on, is not on this machine." in words(at)
    assert f"into {empty}/own" in words(at)
    assert "Download" not in labels(at)
    assert 'data-name="Nearest items"' in html(at)
    at.button(key="fetching-dismiss").click().run()
    assert "is not on this machine" not in words(at)


def test_import_copied_from_the_other_machine_shows_its_images(open_page: Open, empty: Path, trained: Path):
    at = open_page(MAP, run=OWN, item=item(3, OWN))
    shutil.copytree(trained / "data" / "own", empty / "own")
    at.run()
    assert not at.exception
    assert html(at).count('role="listitem"') == 2 + 12


def test_import_made_anew_is_told_and_costs_the_images_only(open_page, empty, trained):
    settings = Settings(data_root=empty, runs_root=trained / "runs")
    import_own(trained / "photos.npz", ImportConfig(name="photos"), settings)
    at = open_page(MAP, run=OWN, item=item(3, OWN))
    assert not at.exception
    assert not sentences(at)
    assert "were imported anew after it was trained" in words(at)
    assert 'data-name="Nearest items"' in html(at)


@pytest.mark.usefixtures("empty")
def test_other_runs_know_nothing_of_it(open_page: Open):
    at = open_page(MAP, run="textures-petals")
    assert not at.exception
    assert "on this machine" not in words(at)
