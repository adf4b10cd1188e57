"""Routes as a browser asks them, over HTTP: what they give, and what they refuse."""

import json
import time
import warnings
from dataclasses import replace
from threading import Event, Thread
from urllib.parse import quote

import numpy as np
import pytest
import streamlit as st
from starlette.applications import Starlette

from explorer.errors import BadDataError
from explorer.ui import painting, progress, routes, state, tokens
from explorer.ui.progress import Standing
from explorer.ui.questions.program import QUESTIONS
from explorer.ui.scatter import Layers
from explorer.ui.scatter.program import SCATTER
from explorer.ui.tokens import LIFE, make_token
from explorer.workflows.regions import View, decided
from explorer.workflows.targets import placed
from tests.runs import TRAINING, train
from tests.ui.test_state import deep, keep, tiny  # noqa: F401 - fixtures


@pytest.fixture
def ask():
    """Ask a route of a run, with a good token unless another is given."""
    with warnings.catch_warnings():  # it would rather have another HTTP library than the one that comes with Streamlit
        warnings.simplefilter("ignore", UserWarning)
        from starlette.testclient import TestClient
    client = TestClient(Starlette(routes=routes.ROUTES))

    def get(path: str, **query: str):
        return client.get(f"/explorer/{path}", params={"token": make_token("session")} | query)

    return get


@pytest.fixture
def structured(installation):  # noqa: ARG001 - sets the settings up
    """A structuring run of three dimensions, opened."""
    from explorer.methods.structuring import STRUCTURING, StructuringConfig

    state.settings.cache_clear()
    config = StructuringConfig(latent_dims=3, network="mlp", hidden=(8,))
    training = TRAINING.model_copy(update={"epochs": 1})
    train(state.settings(), "structured", method=STRUCTURING, config=config, training=training)
    yield state.open_for_page("structured")
    state.settings.cache_clear()


@pytest.mark.parametrize("program", [SCATTER, QUESTIONS], ids=lambda program: program.name)
def test_a_program_is_kept_for_ever_under_an_address_of_its_content(ask, program):
    answer = ask(f"program/{program.file_name}", token="")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/javascript")
    assert "immutable" in answer.headers["cache-control"]
    for name in [*program.scripts, program.style, *(file for _, file in program.texts)]:
        text = (program.folder / name).read_text("utf-8")
        assert (text in answer.text) or (json.dumps(text) in answer.text)
    other = ask(f"program/{program.name}-0123456789abcdef.js", token="")
    assert (other.status_code, "reload it" in other.text) == (404, True)
    assert "immutable" not in other.headers["cache-control"]


@pytest.mark.parametrize("program", [SCATTER, QUESTIONS], ids=lambda program: program.name)
def test_every_file_for_the_browser_belongs_to_its_program(program):
    found = {file.name for file in program.folder.iterdir() if file.suffix in (".js", ".css", ".html")}
    assert found == {*program.scripts, program.style, *(file for _, file in program.texts)}


def test_the_loader_knows_the_address_also_below_a_base_path(monkeypatch):
    assert f'"/explorer/program/{SCATTER.file_name}"' in SCATTER.loader
    assert f'"/explorer/program/{QUESTIONS.file_name}"' in QUESTIONS.loader
    assert "%" not in SCATTER.loader.replace("100%", "")
    monkeypatch.setattr(st, "get_option", {"server.baseUrlPath": "some/where"}.get)
    assert f'"/some/where/explorer/program/{SCATTER.file_name}"' in SCATTER.loader


BOX = {"box": "-1,-2,3,2.5", "size": "6,4"}


def test_column_gives_a_byte_for_each_point(tiny, ask):  # noqa: F811
    opened = state.open_for_page(tiny.name)
    for name in opened.painting.titles(wait=True):
        answer = ask(f"column/tiny/{quote(name, safe='')}")
        assert answer.status_code == 200
        assert answer.content == opened.painting.column(name).codes.tobytes()
        assert len(answer.content) == len(opened.space)
        assert "immutable" in answer.headers["cache-control"]


def test_columns_are_offered_before_the_items_are_there_and_factors_with_them(tiny):  # noqa: F811
    opened = state.open_for_page(tiny.name)
    scores = ["confidence", "error", "verdict", "predicted", "split"]
    assert list(opened.painting.titles()) == scores
    assert not opened.images.are_here
    waited = opened.painting.titles(wait=True)
    assert waited["factor:period"] == "Period"
    assert opened.painting.titles() == waited


def test_without_the_data_factors_are_left_out_and_the_others_are_there(tiny, ask, monkeypatch):  # noqa: F811
    def missing(*_, **__):
        raise BadDataError("The data are not there. Fetch them.")

    monkeypatch.setattr(state, "load_items", missing)
    opened = state.open_for_page(tiny.name)
    assert list(opened.painting.titles(wait=True)) == ["confidence", "error", "verdict", "predicted", "split"]
    assert ask("column/tiny/split").status_code == 200
    answer = ask("column/tiny/factor%3Aperiod")
    assert (answer.status_code, answer.text) == (404, "The data are not there. Fetch them.")


def test_a_factor_of_any_name_has_an_address_of_its_own(tiny, ask, monkeypatch):  # noqa: F811
    opened = state.open_for_page(tiny.name)
    names = ["factor:../a/b", "factor:50 %?#&", "factor:Straße"]
    factors = opened.items.dataset.factors
    odd = {name.removeprefix("factor:"): factors["layout"] for name in names}
    monkeypatch.setattr(
        opened.images, "_items", replace(opened.items, dataset=replace(opened.items.dataset, factors=odd))
    )
    wanted = factors["layout"][opened.items.rows(opened.space.latents.ids)].astype(np.uint8).tobytes()
    for name in names:
        path = opened.painting.colouring(name, opened.space).url.partition("?")[0].removeprefix("/explorer/")
        assert ask(path).content == wanted


def test_regions_are_what_is_decided_there(tiny, ask):  # noqa: F811
    opened = state.open_for_page(tiny.name)
    answer = ask("regions/tiny", **BOX)
    assert answer.status_code == 200
    assert answer.content == decided(opened.run, opened.space, View((-1, -2, 3, 2.5), (6, 4))).tobytes()
    assert "immutable" in answer.headers["cache-control"]


def test_targets_are_pairs_in_the_order_of_the_points(structured, ask):
    answer = ask("targets/structured")
    assert answer.status_code == 200
    found = np.frombuffer(answer.content, "<f4").reshape(-1, 2)
    assert np.array_equal(found, placed(structured.space, structured.painting.targets()), equal_nan=True)
    assert (np.isnan(found[:, 0]) == structured.space.is_test).all()


def test_targets_are_made_once_and_only_who_needs_them_waits(structured, ask, monkeypatch):  # noqa: ARG001
    begun, go_on, made = Event(), Event(), []

    def slow(_run, space):
        begun.set()
        go_on.wait(60)
        made.append(1)
        return np.zeros_like(space.latents.z)

    monkeypatch.setattr(painting, "training_targets", slow)
    asking = [Thread(target=ask, args=("targets/structured",)) for _ in range(3)]
    for thread in asking:
        thread.start()
    assert begun.wait(60)
    others: list[int] = []
    beside = Thread(
        target=lambda: others.extend(
            ask(path, **query).status_code
            for path, query in (("points/structured", {}), ("column/structured/split", {}), ("regions/structured", BOX))
        )
    )
    beside.start()
    beside.join(60)
    go_on.set()
    for thread in asking:
        thread.join(60)
    assert others == [200, 200, 200]
    assert made == [1]


def test_a_map_by_neighbours_has_colours_but_no_regions_and_no_targets(deep, ask):  # noqa: F811
    keep(deep)
    assert ask("column/deep/split", map="umap").content == deep.painting.column("split").codes.tobytes()
    for answer in (ask("regions/deep", map="umap", **BOX), ask("targets/deep", map="umap")):
        assert answer.status_code == 400
    assert "such as umap, have no latents" in ask("regions/deep", map="umap", **BOX).text


@pytest.mark.parametrize("path", ["points/tiny", "column/tiny/split", "regions/tiny", "targets/tiny"])
@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ({"token": "forged"}, 403, "reload the page"),
        ({"token": ""}, 403, "reload the page"),
        ({"map": "../../x"}, 404, "There is no map"),
        ({"map": "umap"}, 404, "its map is the latent itself"),
    ],
)
def test_every_route_refuses_strangers_and_maps_that_are_none(tiny, ask, path, query, status, words):  # noqa: F811, ARG001
    answer = ask(path, **BOX, **query)
    assert answer.status_code == status
    assert words in answer.text
    assert "immutable" not in answer.headers.get("cache-control", "")


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("points/none", {}, 404),
        ("points/tiny", {"token": "forged"}, 403),
        ("thumbnail/tiny", {"token": "forged"}, 403),
        ("thumbnail/none", {}, 200),
        ("column/tiny/nothing", {}, 404),
        ("regions/tiny", {"box": ""}, 400),
        ("targets/tiny", {}, 400),
        ("frames/deep", {}, 404),
        ("image/tiny/9999", {}, 404),
        ("tiles/tiny", {"rows": "", "side": "32"}, 400),
    ],
)
def test_no_refusal_is_kept_by_a_browser(tiny, deep, ask, path, query, status):  # noqa: F811, ARG001
    answer = ask(path, **query)
    assert (answer.status_code, answer.headers.get("cache-control")) == (status, "no-store")
    assert "\n" not in answer.text


@pytest.mark.parametrize("path", ["column/tiny/split", "regions/tiny", "targets/tiny"])
def test_a_token_expires(tiny, ask, path, monkeypatch):  # noqa: F811, ARG001
    monkeypatch.setattr(tokens, "_TOKENS", tokens.Tokens())
    token, now = make_token("an old session"), time.time()
    monkeypatch.setattr(time, "time", lambda: now + LIFE + 2)
    answer = ask(path, token=token, **BOX)
    assert answer.status_code == 403
    assert "access has expired" in answer.text


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"box": ""}, "box=left"),
        ({"box": "1,2,3"}, "box=left"),
        ({"box": "1,2,3,4,5"}, "box=left"),
        ({"box": "a,b,c,d"}, "box=left"),
        ({"box": "nan,0,1,1"}, "A box is"),
        ({"box": "0,0,inf,1"}, "A box is"),
        ({"box": "-1e308,0,1e308,1"}, "A box is"),
        ({"box": "1,0,1,1"}, "A box is"),
        ({"box": "0,1,1,0"}, "A box is"),
        ({"size": "6"}, "size=width"),
        ({"size": "6.5,4"}, "size=width"),
        ({"size": "0,4"}, "A size is"),
        ({"size": "-6,-4"}, "A size is"),
        ({"size": "2001,1"}, "A size is"),
        ({"size": "2000,2000"}, "A size is"),
        ({"size": "9" * 5000 + ",1"}, "size=width"),
        ({"size": "9" * 400 + ",1"}, "A size is"),
    ],
)
def test_regions_of_hostile_numbers_are_refused_in_one_sentence(tiny, ask, changed, words):  # noqa: F811, ARG001
    answer = ask("regions/tiny", **(BOX | changed))
    assert answer.status_code == 400
    assert words in answer.text
    assert "\n" not in answer.text


def test_what_a_run_does_not_have_is_told(tiny, ask):  # noqa: F811, ARG001
    answer = ask("column/tiny/nothing")
    assert (answer.status_code, "no colouring 'nothing'" in answer.text) == (404, True)
    answer = ask("targets/tiny")
    assert (answer.status_code, "without targets" in answer.text) == (400, True)
    assert ask("column/other/split").status_code == 404


def test_colourings_are_drawn_as_their_columns_say(tiny):  # noqa: F811
    opened = state.open_for_page(tiny.name)
    drawn, column = opened.painting.colouring("predicted", opened.space), opened.painting.column("predicted")
    assert (drawn.name, drawn.title) == ("predicted", "Class predicted by the classifier")
    assert (drawn.groups, drawn.colours) == (column.groups, column.colours)
    assert drawn.url.startswith(f"/explorer/column/tiny/predicted?version={opened.stamp}&token=")
    error = opened.painting.colouring("error", opened.space)
    assert error.groups == ()
    assert float(error.low) < float(error.high)


def test_layers_name_map_version_and_session_and_only_what_the_map_has(deep, structured):  # noqa: F811
    keep(deep)
    layers = deep.painting.layers(deep.space, regions=True, targets=True)
    assert layers.regions_url.startswith(f"/explorer/regions/deep?version={deep.stamp}&token=")
    assert layers.targets_url == ""  # trained by another method
    assert deep.painting.layers(deep.on("umap"), regions=True) == Layers()
    cut = structured.on("z1-z3")
    layers = structured.painting.layers(cut, regions=True, targets=True)
    assert layers.targets_url.startswith(f"/explorer/targets/structured?version={structured.stamp}&map=z1-z3&token=")
    assert structured.painting.layers(cut) == Layers()


@pytest.fixture
def replayed(tiny):  # noqa: F811
    """A run that kept snapshots; all its items are followed, in the map's order."""
    return state.open_for_page(tiny.name)


def test_frames_are_the_places_of_all_epochs(replayed, ask):
    answer = ask("frames/tiny")
    assert answer.status_code == 200
    found = np.frombuffer(answer.content, "<f4").reshape(replayed.replay.places.shape)
    assert found.shape == (3, len(replayed.replay.space), 2)
    assert np.array_equal(found, replayed.replay.places)
    assert "immutable" in answer.headers["cache-control"]


def test_every_route_knows_the_map_of_a_replay(replayed, ask):
    replay = replayed.replay
    points = ask("points/tiny", map="replay")
    assert points.content == replay.space.as_bytes()
    assert (
        ask("column/tiny/split", map="replay").content == replayed.painting.column("split").codes[replay.rows].tobytes()
    )
    assert ask("regions/tiny", map="replay", **BOX).content == ask("regions/tiny", **BOX).content


def test_images_of_a_replay_are_those_of_its_own_rows(replayed, ask, monkeypatch):
    rows = np.arange(len(replayed.space))[5:25:2]
    replay = replayed.replay
    few = replace(replay, rows=rows, space=replace(replay.space, latents=replayed.space.latents.at(rows), places=rows))
    monkeypatch.setattr(replayed, "_replay", few)
    ids = replayed.space.latents.ids
    assert ask("image/tiny/3", map="replay").headers["x-item-id"] == str(ids[11])
    assert ask("image/tiny/3").headers["x-item-id"] == str(ids[3])
    assert ask("image/tiny/3", map="replay").content == ask("image/tiny/11").content
    assert ask("image/tiny/10", map="replay").status_code == 404
    assert ask("column/tiny/split", map="replay").content == replayed.painting.column("split").codes[rows].tobytes()
    whole = ask("tiles/tiny", rows="11,5", side="32")
    assert whole.status_code == 200
    assert ask("tiles/tiny", map="replay", rows="3,0", side="32").content == whole.content
    assert ask("tiles/tiny", map="replay", rows="10", side="32").status_code == 400


def test_a_run_without_snapshots_has_nothing_to_replay(deep, ask):  # noqa: F811, ARG001
    for path in ("frames/deep", "points/deep", "column/deep/split", "image/deep/0"):
        answer = ask(path, map="replay")
        assert (answer.status_code, "nothing to replay" in answer.text) == (404, True)


def test_altered_snapshots_are_one_sentence_of_the_route(tiny, ask):  # noqa: F811
    file = tiny / "snapshots" / "0001.safetensors"
    file.write_bytes(file.read_bytes()[:-1] + b"\x7b")
    answer = ask("frames/tiny")
    assert (answer.status_code, "truncated or altered" in answer.text) == (404, True)
    assert ask("frames/tiny", token="forged").status_code == 403  # noqa: S106 - it is none
    assert ask("points/tiny").status_code == 200


def test_work_says_how_far_it_is_and_that_it_is_over(ask, monkeypatch):
    monkeypatch.setattr(progress, "_component", lambda: lambda **_: None)
    standings = iter([Standing("begun", 0.0), Standing("half", 0.5), None])
    progress.bar("mine", lambda: next(standings), key="bar")
    assert ask("work/mine", token="forged").status_code == 403
    assert ask("work/mine").json() == {"words": "half", "share": 0.5}
    assert ask("work/mine").json() == {"over": True}
    assert ask("work/nobody").json() == {"over": True}


def test_only_the_last_works_are_followed(ask, monkeypatch):
    monkeypatch.setattr(progress, "_component", lambda: lambda **_: None)
    for number in range(progress.FOLLOWED + 1):
        progress.bar(f"work {number}", lambda: Standing("on", 0.1), key="bar")
    assert ask("work/work 0").json() == {"over": True}
    assert ask("work/work 1").json()["words"] == "on"
