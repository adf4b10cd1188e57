"""What sessions share: opened once, renewed when a run changes, and never holding each other up."""

import os
import re
import shutil
import time
from io import BytesIO
from threading import Barrier, Event, Thread, current_thread
from urllib.parse import urlencode
from weakref import WeakSet

import numpy as np
import pytest
from PIL import Image
from starlette.requests import Request

from explorer.errors import BadRunError, MissingDataError, UnknownNameError
from explorer.evaluation.faithfulness import trustworthiness
from explorer.settings import Settings
from explorer.ui import images, routes, state
from explorer.ui.tokens import make_token
from explorer.workflows.projecting import Places
from explorer.workflows.replay import read_replay
from tests.mirrored import contents, put
from tests.runs import train_mnist
from tests.workflows.test_search import make_run


@pytest.fixture
def tiny(installation):
    state.settings.cache_clear()
    yield installation / "runs" / "tiny"
    state.settings.cache_clear()


def test_a_run_is_opened_once_and_anew_when_its_card_changes(tiny):
    first = state.open_for_page("tiny")
    assert state.open_for_page("tiny") is first
    os.utime(tiny / "card.json", ns=(1, 1))
    assert state.open_for_page("tiny") is not first


def test_a_run_that_changes_often_takes_the_place_of_no_other(tiny):
    shutil.copytree(tiny, tiny.parent / "other")
    other = state.open_for_page("other")
    for number in range(state.RUNS_KEPT + 1):
        os.utime(tiny / "card.json", ns=(number, number))
        state.open_for_page("tiny")
    assert state.open_for_page("other") is other


def test_all_who_open_a_run_at_once_share_it(tiny, monkeypatch):
    start, opened, real = Barrier(4), [], state.Run
    monkeypatch.setattr(state, "Run", lambda folder: (time.sleep(0.05), real(folder))[1])
    os.utime(tiny / "card.json", ns=(1, 1))

    def open_it() -> None:
        start.wait()
        opened.append(state.open_for_page("tiny"))

    threads = [Thread(target=open_it) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(opened) == 4
    assert len(set(map(id, opened))) == 1


def test_a_run_with_a_broken_card_is_told_and_opens_when_it_is_mended(tiny):
    card = (tiny / "card.json").read_bytes()
    (tiny / "card.json").write_text("{")
    for _ in range(2):
        with pytest.raises(BadRunError, match="not valid JSON"):
            state.open_for_page("tiny")
    (tiny / "card.json").write_bytes(card)
    assert state.open_for_page("tiny").name == "tiny"


def test_a_map_opens_while_another_session_waits_for_its_images(tiny, monkeypatch):  # noqa: ARG001
    begun, go_on = Event(), Event()

    def slow(*_, **__):
        begun.set()
        go_on.wait(60)
        raise UnknownNameError("stopped by the test")

    monkeypatch.setattr(state, "load_items", slow)
    opened = state.open_for_page("tiny")
    waiting = Thread(target=opened.prepare)
    waiting.start()
    assert begun.wait(60)
    seen: list[int] = []
    other = Thread(target=lambda: seen.append(len(opened.space)))
    other.start()
    other.join(30)
    go_on.set()
    waiting.join(60)
    assert seen == [len(opened.space)]


def test_maps_and_header_do_not_wait_for_a_replay_that_is_being_read(tiny, monkeypatch):  # noqa: ARG001
    begun, go_on = Event(), Event()

    def slow(*_, **__):
        begun.set()
        go_on.wait(60)

    monkeypatch.setattr(state, "read_replay", slow)
    opened = state.open_for_page("tiny")
    replaying = Thread(target=lambda: pytest.raises(MissingDataError, lambda: opened.replay))
    replaying.start()
    assert begun.wait(60)
    seen: list[object] = []
    looks = (lambda: opened.beside("pca", opened, opened.space), lambda: opened.trustworthiness(opened.space))
    other = Thread(target=lambda: seen.extend(look() for look in looks))
    other.start()
    other.join(30)
    assert len(seen) == 2
    go_on.set()
    replaying.join(60)


def test_a_replay_that_cannot_be_had_is_looked_for_once_until_the_card_changes(tiny, monkeypatch):
    looked = []
    monkeypatch.setattr(state, "read_replay", lambda *asked: (looked.append(1), read_replay(*asked))[1])
    file = tiny / "snapshots" / "0001.safetensors"
    whole = file.read_bytes()
    file.write_bytes(whole[:-1])
    told = []
    for _ in range(3):
        with pytest.raises(BadRunError, match="truncated or altered") as found:
            state.open_for_page("tiny").replay  # noqa: B018 - it reads it
        told.append(len(found.traceback))
    assert len(looked) == 1
    assert told[1] == told[2]
    file.write_bytes(whole)
    os.utime(tiny / "card.json", ns=(1, 1))
    assert len(state.open_for_page("tiny").replay) == 3


def test_a_run_that_is_no_more_is_told_by_name(tiny):
    (tiny / "card.json").unlink()
    with pytest.raises(UnknownNameError, match="tiny"):
        state.open_for_page("tiny")


@pytest.fixture
def deep(tiny, monkeypatch, tmp_path):
    """A run of four dimensions, and an empty data root."""
    monkeypatch.setenv("LATENT_EXPLORER_DATA_ROOT", str(tmp_path / "data"))
    state.settings.cache_clear()
    make_run(tiny.parent / "deep", dims=4, targets=False)
    return state.open_for_page("deep")


def keep(opened, name="umap"):
    places = np.random.default_rng(0).normal(size=(len(opened.space), 2)).astype(np.float32)
    opened.kept(name).write(Places(places, 0.75), 1.0)


def test_map_by_neighbours_is_there_once_it_is_kept(deep):
    assert deep.on("pca") is deep.space
    assert deep.on("umap") is None
    keep(deep)
    space = deep.on("umap")
    assert (space.name, deep.trustworthiness(space)) == ("umap", 0.75)
    assert deep.on("umap") is space
    assert deep.on("tsne") is None


def test_each_map_has_an_identity_and_an_address_of_its_own(deep):
    keep(deep)
    clouds = [deep.cloud(deep.on(name)) for name in ("pca", "umap")]
    assert len({cloud.identity for cloud in clouds}) == len({cloud.url for cloud in clouds}) == 2
    assert deep.cloud(deep.on("umap")).identity == clouds[1].identity
    assert clouds[0].thumbnail_url == clouds[1].thumbnail_url


def test_trustworthiness_of_principal_components_is_measured_once_and_beside_the_page(deep, monkeypatch):
    asked = []

    def measure(z, places, geometry):
        asked.append(current_thread())
        return trustworthiness(z, places, geometry)

    monkeypatch.setattr(state, "PAUSE", 0.01)
    monkeypatch.setattr(state, "trustworthiness", measure)
    assert deep.trustworthiness(deep.space) is None
    deadline = time.monotonic() + 60
    while deep.trustworthiness(deep.space) is None and time.monotonic() < deadline:
        time.sleep(0.02)
    assert deep.trustworthiness(deep.space) == trustworthiness(deep.space.latents.z, deep.space.places)
    assert len(asked) == 1
    assert asked[0] is not current_thread()


@pytest.fixture
def drawn_at_random(deep):
    """A run of four dimensions with posteriors."""
    make_run(deep.run.folder.parent / "vae", dims=4, targets=False, posterior=True)
    return state.open_for_page("vae")


@pytest.mark.parametrize("name", ["z1-z3", "z4-z2", "pca~sample", "z1-z3~sample"])
def test_linear_maps_are_there_at_once_and_made_once(drawn_at_random, name):
    space = drawn_at_random.on(name)
    assert space.name == name
    assert drawn_at_random.on(name) is space
    cloud = drawn_at_random.cloud(space)
    assert name in cloud.identity
    assert f"map={name}&" in cloud.url
    assert ask("points", "vae", map=name).body == space.as_bytes()


def test_only_the_maps_made_last_are_kept(drawn_at_random, monkeypatch):
    monkeypatch.setattr(state, "MAPS_KEPT", 2)
    first = drawn_at_random.on("z1-z2")
    drawn_at_random.on("z1-z3")
    assert drawn_at_random.on("z1-z2") is first
    drawn_at_random.on("z1-z4")
    again = drawn_at_random.on("z1-z2")
    assert again is not first
    assert again.places.tolist() == first.places.tolist()


def test_each_linear_map_is_measured_for_itself(drawn_at_random, monkeypatch):
    monkeypatch.setattr(state, "PAUSE", 0.0)
    spaces = [drawn_at_random.on(name) for name in ("pca", "pca~sample", "z2-z3")]
    deadline = time.monotonic() + 60
    while None in [drawn_at_random.trustworthiness(space) for space in spaces] and time.monotonic() < deadline:
        time.sleep(0.02)
    found = [drawn_at_random.trustworthiness(space) for space in spaces]
    assert found == [trustworthiness(space.latents.z, space.places) for space in spaces]
    assert len(set(found)) == 3


@pytest.fixture
def pair(drawn_at_random):
    """That run, and another one on the same items."""
    make_run(drawn_at_random.run.folder.parent / "other", dims=3, targets=False, posterior=True)
    return drawn_at_random, state.open_for_page("other")


def test_map_beside_another_runs_comes_from_the_same_route_and_is_made_once(pair):
    first, second = pair
    found = second.beside("z1-z3", first, first.on("z2-z4"))
    assert second.beside("z1-z3", first, first.on("z2-z4")) is found
    assert found.space.axes == ("turned 1", "turned 2")
    cloud = second.cloud(found.space)
    assert cloud.identity != second.cloud(second.on("z1-z3")).identity
    name = f"z1-z3!vae!{first.stamp}!z2-z4"
    assert f"&map={name}&" in cloud.url
    assert ask("points", "other", map=name).body == found.space.as_bytes()
    assert second.beside("umap", first, first.space) is None


def test_two_runs_may_be_laid_beside_each_other_at_once(pair):
    first, second = pair
    done: list[int] = []

    def ask_often(one, other):
        for name in ("z1-z2", "z1-z3", "z2-z3"):
            done.append(len(one.beside(name, other, other.on(name)).space))

    threads = [Thread(target=ask_often, args=two, daemon=True) for two in ((first, second), (second, first))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert done == [len(first.space)] * 6


def test_map_beside_a_run_that_has_changed_is_told(pair):
    first, second = pair
    answer = ask("points", "other", map=f"pca!vae!{first.stamp}0!pca")
    assert answer.status_code == 404
    assert "has changed since" in answer.body.decode()
    assert "There is no run" in ask("points", "other", map="pca!none!0!pca").body.decode()
    assert "There is no map" in ask("points", second.name, map="pca!vae").body.decode()


def request(run, path=None, **query):
    """A browser's question about a run."""
    asked = urlencode({"token": make_token("session")} | query).encode()
    return Request({"type": "http", "path_params": {"run": run, **(path or {})}, "query_string": asked, "headers": []})


def ask(route, run, **query):
    """What a route answers."""
    return getattr(routes, route)(request(run, **query))


def test_points_of_each_map_come_from_the_same_route(deep):
    keep(deep)
    for name in ("pca", "umap"):
        answer = ask("points", "deep", map=name)
        assert answer.status_code == 200
        assert answer.body == deep.on(name).as_bytes()
    assert ask("points", "deep").body == deep.space.as_bytes()


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ({"map": "tsne"}, 404, "has not been computed"),
        ({"map": "../../x"}, 404, "There is no map"),
        ({"map": "z1-z999999999"}, 404, "choose two different ones of z1 to z4"),
        ({"map": "z1-z1"}, 404, "choose two different ones"),
        ({"map": "pca~sample"}, 404, "keeps no posteriors"),
        ({"map": "umap~sample"}, 404, "There is no map"),
        ({"map": "umap", "token": "forged"}, 403, "reload the page"),
    ],
)
def test_points_of_no_map_are_refused(deep, query, status, words):
    answer = ask("points", deep.name, **query)
    assert answer.status_code == status
    assert words in answer.body.decode()


@pytest.fixture
def imageless(tiny, trained_mnist, tmp_path, monkeypatch):
    """A run on MNIST, and a data root without its files."""
    shutil.copytree(trained_mnist, tiny.parent / trained_mnist.name)
    monkeypatch.setenv("LATENT_EXPLORER_DATA_ROOT", str(tmp_path / "data"))
    state.settings.cache_clear()
    return state.open_for_page(trained_mnist.name)


@pytest.fixture(scope="module")
def trained_mnist(tmp_path_factory):
    home = tmp_path_factory.mktemp("elsewhere")
    return train_mnist(Settings(data_root=home / "data", runs_root=home / "runs", device="cpu"))


def test_images_that_are_missing_are_refused_and_never_downloaded(imageless, monkeypatch):
    monkeypatch.setattr("socket.socket.connect", lambda *_: pytest.fail("asks a network"))
    assert isinstance(imageless.without_images, MissingDataError)
    with pytest.raises(MissingDataError, match="latent-explorer data prepare mnist"):
        imageless.items  # noqa: B018
    assert imageless.images.scale is None
    answer = routes.image(request(imageless.name, path={"row": 3}))
    assert (answer.status_code, answer.headers["cache-control"]) == (404, "no-store")
    assert not state.settings().data_root.exists()


def test_images_that_come_are_seen_at_the_next_look(imageless):
    assert imageless.without_images
    put(state.settings().data_root / "MNIST" / "raw", contents())
    assert imageless.without_images is None
    assert routes.image(request(imageless.name, path={"row": 3})).status_code == 200


def test_images_that_cannot_be_used_are_looked_at_once_in_a_while(imageless, monkeypatch):
    looked = []

    def replaced(*_, **__):
        looked.append(1)
        raise BadRunError("The data were imported anew.")

    monkeypatch.setattr(state, "load_items", replaced)
    assert {str(imageless.without_images) for _ in range(5)} == {"The data were imported anew."}
    assert len(looked) == 1
    monkeypatch.setattr(images, "monotonic", lambda: time.monotonic() + images.REMEMBERED)
    assert imageless.without_images
    assert len(looked) == 2


def test_decoder_is_made_ready_without_images_too(imageless, monkeypatch):
    decoded = []
    monkeypatch.setattr(type(imageless.run), "decode", lambda _run, z: decoded.append(z))
    imageless.prepare()
    assert len(decoded) == 1


def test_looking_for_images_that_have_to_be_made_makes_none(tiny, tmp_path, monkeypatch):  # noqa: ARG001
    monkeypatch.setenv("LATENT_EXPLORER_DATA_ROOT", str(tmp_path / "data"))
    state.settings.cache_clear()
    assert state.open_for_page("tiny").without_images is None
    assert not (tmp_path / "data").exists()
    assert not state.open_for_page("tiny").images.are_here


@pytest.fixture
def pictured(tiny, monkeypatch):
    """A run whose images are at hand: an item's pixels are its id."""
    opened = state.open_for_page(tiny.name)

    class Ids:
        def images(self, ids):
            return np.broadcast_to((ids % 251).astype(np.uint8)[:, None, None, None], (len(ids), 1, 8, 8))

    monkeypatch.setattr(state, "load_items", lambda *_, **__: Ids())
    return opened


def test_tiles_are_those_asked_for_in_their_order(pictured):
    answer = ask("tiles", "tiny", rows="3,17,5,3", side="32")
    assert (answer.status_code, answer.media_type) == (200, "image/png")
    strip = np.asarray(Image.open(BytesIO(answer.body)))
    assert strip.shape == (32, 4 * 32)
    assert strip[16, 16::32].tolist() == (pictured.space.latents.ids[[3, 17, 5, 3]] % 251).tolist()


def test_items_of_a_montage_are_never_all_in_memory(pictured, monkeypatch):
    held, most = WeakSet(), []

    class Large:
        def images(self, ids):
            found = [Counted(int(i)) for i in ids]
            held.update(found)
            most.append(len(held))
            return found

    class Counted(np.ndarray):
        def __new__(cls, value):
            return np.full((3, 40, 50), value % 251, np.uint8).view(cls)

        def __hash__(self):
            return id(self)

    monkeypatch.setattr(pictured.images, "_items", Large())
    assert ask("tiles", "tiny", rows=",".join(map(str, range(64))), side="32").status_code == 200
    assert len(most) == 64
    assert max(most) <= 2  # the one before may still be there


@pytest.mark.parametrize("side", ["15", "97", "", "-32", "32.0", "1e2", "٣٣", "9999999"])
def test_tiles_of_another_size_are_refused_in_a_sentence(pictured, side):
    answer = ask("tiles", pictured.name, rows="1", side=side)
    assert answer.status_code == 400
    assert answer.body.decode().endswith("with a side of 16 to 96 pixels.")


@pytest.mark.parametrize(
    "rows", ["", "-1", "1,", ",1", "1 2", "a", "99999", "1;2", "0x1", ",".join("1" * 65), "9" * 5000]
)
def test_tiles_of_no_such_rows_are_refused_in_a_sentence(pictured, rows):
    answer = ask("tiles", pictured.name, rows=rows, side="32")
    assert answer.status_code == 400
    assert answer.body.decode().startswith(f"Ask for rows 0 to {len(pictured.space) - 1}, at most 64 of them")


def test_most_tiles_of_one_question_are_sixty_four(pictured):
    assert ask("tiles", pictured.name, rows=",".join("1" * 64), side="16").status_code == 200


def test_tiles_want_the_token_and_say_where_images_are_missing(pictured, monkeypatch):
    assert ask("tiles", pictured.name, rows="1", side="32", token="forged").status_code == 403

    def missing(*_, **__):
        raise UnknownNameError("No such data set.")

    monkeypatch.setattr(state, "load_items", missing)
    answer = ask("tiles", pictured.name, rows="1", side="32")
    assert (answer.status_code, answer.body.decode()) == (404, "No such data set.")


def test_a_cloud_says_where_tiles_are_and_how_large(deep):
    cloud = deep.cloud(deep.space)
    assert re.search(r"/tiles/deep\?.*&rows=\{rows\}&side=\{side\}$", cloud.tiles_url)
    assert cloud.file_name == "deep"
    keep(deep)
    assert deep.cloud(deep.on("umap")).file_name == "deep-umap"
