"""Damaged, foreign and tampered runs: one clear sentence each, and nothing is run, followed or allocated."""

import json
import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import load as parse_tensors
from safetensors.numpy import save as dump_tensors

from explorer.errors import BadRunError, ExplorerError
from explorer.zoo.card import DEEPEST, parse_card
from explorer.zoo.run import Run
from explorer.zoo.store import CARD, LATENTS, WEIGHTS, read_card, write_bytes

ITEM = np.zeros((1, 1, 32, 32), np.uint8)


@pytest.fixture
def tiny(installation: Path) -> Path:
    return installation / "runs" / "tiny"


@pytest.fixture(scope="module")
def card_text(trained_runs_root: Path) -> str:
    return (trained_runs_root / "tiny" / CARD).read_text()


def change_card(folder: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    values = json.loads((folder / CARD).read_text())
    change(values)
    (folder / CARD).write_text(json.dumps(values))


def forge(folder: Path, name: str, content: bytes) -> None:
    """Put another file in place and let the card vouch for it, as one who tampers would."""
    digest = write_bytes(folder, name, content)
    change_card(folder, lambda card: card["files"].update({name: digest}))


def forge_latents(folder: Path, **changes: np.ndarray | None) -> None:
    arrays = parse_tensors((folder / LATENTS).read_bytes())
    for key, value in changes.items():
        name = key.replace("_", ".", 1)
        arrays.pop(name) if value is None else arrays.update({name: np.ascontiguousarray(value)})
    forge(folder, LATENTS, dump_tensors(arrays))


def refused(action: Callable[[], Any], sentence: str | None = None) -> None:
    with pytest.raises(ExplorerError, match=sentence) as told:
        action()
    assert "\n" not in str(told.value)
    assert len(str(told.value)) < 1000


# Weights


@pytest.mark.parametrize("name", [WEIGHTS, LATENTS])
@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[:-1],
        lambda content: content[: len(content) // 2],
        lambda _: b"",
        lambda content: content[:-3] + bytes([content[-3] ^ 16]) + content[-2:],
        lambda content: content + b"more",
    ],
    ids=["one byte short", "half", "empty", "one bit flipped", "longer"],
)
def test_file_that_is_not_the_cards_is_refused(tiny, name, damage):
    (tiny / name).write_bytes(damage((tiny / name).read_bytes()))
    run = Run(tiny)
    read = {WEIGHTS: lambda: run.encode(ITEM), LATENTS: lambda: run.latents("test")}
    refused(read.pop(name), f"{name} of tiny is truncated or altered")
    next(iter(read.values()))()  # the other file goes on working


@pytest.mark.parametrize("name", [WEIGHTS, LATENTS])
def test_missing_file_is_told_with_what_to_do_next(tiny, name):
    (tiny / name).unlink()
    run = Run(tiny)
    read = (lambda: run.encode(ITEM)) if name == WEIGHTS else (lambda: run.latents("test"))
    refused(read, "missing or cannot be read; copy .* or train it again")


@pytest.mark.parametrize("content", [b"", b"no tensor file", b"\xff" * 64, b"\x80\x04\x95pickle", b"PK\x03\x04"])
def test_forged_weights_that_are_no_tensor_file_are_refused(tiny, content):
    forge(tiny, WEIGHTS, content)
    refused(lambda: Run(tiny).encode(ITEM), "no tensor file")


def test_weights_of_another_width_are_refused(tiny):
    change_card(tiny, lambda card: card["config"].update(width=0.125))
    refused(lambda: Run(tiny).encode(ITEM), "belong to another network")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda w: w * np.nan, "hold values that are no numbers"),
        (lambda w: w.astype(np.float64), "belong to another network"),
        (lambda w: w.astype(np.int32), "belong to another network"),
        (lambda w: w[..., :1], "belong to another network"),
    ],
    ids=["NaN", "float64", "int32", "cut"],
)
def test_forged_weights_of_another_kind_are_refused(tiny, change, sentence):
    tensors = parse_tensors((tiny / WEIGHTS).read_bytes())
    tensors["encoder.a.weight"] = np.ascontiguousarray(change(tensors["encoder.a.weight"]))
    forge(tiny, WEIGHTS, dump_tensors(tensors))
    refused(lambda: Run(tiny).encode(ITEM), sentence)


def test_card_with_an_absurd_shape_takes_no_memory(tiny):
    change_card(tiny, lambda card: card.update(shape=[4096, 4096, 4096]))
    refused(lambda: Run(tiny).network, "belong to another network")


# Cards


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda card: card.update(schema_version=2), "schema 2, but this version reads up to 1; update"),
        (lambda card: card.update(colour="red"), "no setting 'colour'"),
        (lambda card: card.pop("method"), "method is missing"),
        (lambda card: card.update(method="../x"), "plain name"),
        (lambda card: card.update(name="a/b"), "plain name"),
        (lambda card: card["data"].update(name="../../etc"), "plain name"),
        (lambda card: card["data"]["settings"].update(folder="/etc"), "should hold no path"),
        (lambda card: card["data"]["settings"].update(folder=["/etc"]), "should hold no path"),
        (lambda card: card["data"]["settings"].update(folder=[[{"x": "..\\up"}]]), "should hold no path"),
        (lambda card: card["config"].update(layout="../circle"), "should hold no path"),
        (lambda card: card["training"]["augmentation"].update(rotation="a/b"), "should hold no path"),
        (lambda card: card["files"].update({"../weights": "0"}), "plain name"),
        (lambda card: card["targets"]["centres"].pop(), "do not fit its 5 classes"),
        (lambda card: card["targets"]["centres"][0].append(1.0), "do not fit its 5 classes"),
        (lambda card: card["targets"]["radii"].pop(), "centres have shape"),
        (lambda card: card["targets"]["radii"].__setitem__(0, -0.34), "radii positive"),
        (lambda card: card["targets"]["radii"].__setitem__(0, 0), "radii positive"),
        (lambda card: card["targets"]["radii"].__setitem__(0, float("nan")), "finite"),
        (lambda card: card.update(classes=[]), "classes"),
        (lambda card: card.update(shape=[1, 0, 32]), "shape"),
        (lambda card: card.update(shape=[1, 10**9, 32]), "shape"),
        (lambda card: card.update(latent_dims=10**9), "latent_dims"),
        (lambda card: card.update(epochs_done=-1), "epochs_done"),
        (lambda card: card.update(title="x" * 5000), "title"),
        (lambda card: card["metrics"].update(a={"value": float("inf"), "items": 1, "meaning": ""}), "metrics"),
    ],
)
def test_card_that_cannot_be_trusted_is_refused_when_it_is_read(tiny, change, sentence):
    change_card(tiny, change)
    refused(lambda: Run(tiny), sentence)


@pytest.mark.parametrize("text", ["", "{", "[]", "3", "null", "\x00", "not JSON", '"text"', '{"schema_version": "1"}'])
def test_text_that_is_no_card_is_refused(text):
    refused(lambda: parse_card(text, "it"))


@pytest.mark.parametrize("depth", [DEEPEST + 1, 100, 300, 900, 990, 5000, 100_000])
@pytest.mark.parametrize("key", ["config", "title", "anything"])
def test_deeply_nested_card_is_refused(card_text, depth, key):
    values = json.loads(card_text)
    values.pop(key, None)
    nested = '{"a":' * depth + "1" + "}" * depth
    refused(lambda: parse_card(json.dumps(values)[:-1] + f', "{key}": {nested}}}', "it"), r"nested too deep|valid JSON")


def test_huge_card_is_refused_without_reading_it_all(tiny):
    (tiny / CARD).write_bytes(b" " * 2_000_000)
    refused(lambda: Run(tiny), "over 1 MB")


def test_unknown_method_and_bad_settings_are_told_when_the_network_is_needed(tiny):
    change_card(tiny, lambda card: card["config"].update(width=-1))
    refused(lambda: Run(tiny).encode(ITEM), "width = .*-1.*greater than or equal to 0.0625")
    change_card(tiny, lambda card: card.update(method="telepathy"))
    run = Run(tiny)
    refused(lambda: run.encode(ITEM), "no method 'telepathy'")
    assert len(run.latents("test").z) == 24  # the map goes on working


# Latents


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda a: {"test_z": a["test.z"][:-1]}, r"do not match its items: test.z is \(23, 2\), expected \(24, 2\)"),
        (lambda a: {"test_ids": a["test.ids"][:-1]}, "do not match its items: test.ids"),
        (lambda a: {"train_labels": a["train.labels"][:5]}, "do not match its items: train.labels"),
        (lambda a: {"test_z": a["test.z"][:, :1]}, "do not match its items: test.z"),
        (lambda _: {"test_z": None}, "test.z is missing"),
        (lambda a: {"test_z": a["test.z"] * np.nan}, "NaN or infinite"),
        (lambda a: {"test_z": a["test.z"].astype(np.float64) + 1e300}, "NaN or infinite"),
        (lambda a: {"test_probabilities": a["test.probabilities"] * np.float16(np.nan)}, "NaN or infinite"),
        (lambda a: {"test_probabilities": a["test.probabilities"][:, :2]}, "do not fit its 5 classes"),
        (lambda a: {"test_labels": a["test.labels"] + 5}, "labels that are no class"),
        (lambda a: {"test_labels": a["test.labels"] - 7}, "labels that are no class"),
        (lambda a: {"test_labels": a["test.labels"] * 0.5}, "no whole numbers"),
        (lambda a: {"test_ids": a["test.ids"] * 0.5}, "no whole numbers"),
    ],
)
def test_forged_latents_are_refused(tiny, change, sentence):
    forge_latents(tiny, **change(parse_tensors((tiny / LATENTS).read_bytes())))
    run = Run(tiny)
    refused(lambda: run.latents("test"), sentence)
    assert run.encode(ITEM).shape == (1, 2)  # the network goes on working


@pytest.mark.parametrize("content", [b"", b"no tensor file", b"\xff" * 64])
def test_forged_latents_that_are_no_tensor_file_are_refused(tiny, content):
    forge(tiny, LATENTS, content)
    refused(lambda: Run(tiny).latents("test"), "no tensor file")


# Files that are none


def test_pipe_in_place_of_a_file_does_not_block(tiny):
    for name in (LATENTS, CARD):
        run = Run(tiny)
        (tiny / name).unlink()
        os.mkfifo(tiny / name)
        refused((lambda: Run(tiny)) if name == CARD else (lambda run=run: run.latents("test")), "cannot be read")


def test_folder_in_place_of_a_file_is_told(tiny):
    (tiny / WEIGHTS).unlink()
    (tiny / WEIGHTS).mkdir()
    refused(lambda: Run(tiny).encode(ITEM), "missing or cannot be read")


def test_link_to_another_file_gives_nothing_away(tiny, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("a password")
    (tiny / LATENTS).unlink()
    (tiny / LATENTS).symlink_to(secret)
    with pytest.raises(BadRunError) as told:
        Run(tiny).latents("test")
    assert "password" not in str(told.value)


def test_writing_replaces_a_link_and_never_what_it_points_to(tiny, tmp_path):
    outside = tmp_path / "outside"
    outside.write_text("keep me")
    (tiny / WEIGHTS).unlink()
    (tiny / WEIGHTS).symlink_to(outside)
    write_bytes(tiny, WEIGHTS, b"new")
    assert outside.read_text() == "keep me"
    assert (tiny / WEIGHTS).read_bytes() == b"new"


# Whatever the bytes are

QUICK = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)


@QUICK
@given(content=st.binary(max_size=300) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_as_a_card_are_refused_in_a_sentence(tmp_path, content):
    (tmp_path / CARD).write_bytes(content)
    refused(lambda: read_card(tmp_path))


@QUICK
@given(data=st.data())
def test_any_value_anywhere_in_a_card_opens_or_is_refused_in_a_sentence(card_text, data):
    values = json.loads(card_text)
    place: Any = values
    while isinstance(place, dict | list) and place:
        key = data.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
        if not isinstance(place[key], dict | list) or not place[key] or data.draw(st.booleans()):
            place[key] = data.draw(JSON)
            break
        place = place[key]
    with suppress(ExplorerError):
        assert parse_card(json.dumps(values), "it").model_dump_json()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=st.floats(0, 1, exclude_max=True), name=st.sampled_from([CARD, WEIGHTS, LATENTS]))
def test_any_truncation_is_refused_in_a_sentence(trained_runs_root, tmp_path, share, name):
    folder = tmp_path / "cut"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(trained_runs_root / "tiny", folder)
    content = (folder / name).read_bytes().rstrip()
    (folder / name).write_bytes(content[: int(share * len(content))])
    refused(lambda: (Run(folder).latents("test"), Run(folder).network))


@pytest.mark.parametrize("change", [{"latent_dims": 5}, {"has_decoder": False}])
def test_card_that_does_not_fit_its_own_settings_is_refused(tiny, change):
    change_card(tiny, lambda card: card.update(change, targets=None))
    with pytest.raises(BadRunError, match="does not fit its own settings"):
        _ = Run(tiny).network
