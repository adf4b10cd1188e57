"""Points as files: every value comes back, and no text of a stranger is a formula."""

import csv
from dataclasses import replace
from io import BytesIO, StringIO

import numpy as np
import pyarrow.parquet
import pytest

from explorer.data.dataset import Dataset
from explorer.errors import BadRunError
from explorer.latent.projection import fit
from explorer.workflows.exporting import export_points
from explorer.workflows.linear_maps import linear_map
from explorer.workflows.maps import LatentMap, latent_map
from explorer.workflows.runs import Items
from tests.workflows.test_search import CLASSES, TEST, TRAIN, make_run

N = TRAIN + TEST
COLUMNS = ["id", "class", "split", "predicted", "confidence", "z1", "z2", "x", "y"]


@pytest.fixture
def space(tmp_path) -> LatentMap:
    return latent_map(make_run(tmp_path / "tiny"))


def from_csv(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(content.decode("utf-8"), newline="")))


def from_parquet(content: bytes) -> dict[str, list]:
    return pyarrow.parquet.read_table(BytesIO(content)).to_pydict()


def at_hand(space: LatentMap, **factors: np.ndarray) -> Items:
    """The items behind a map, in another order, with these factors given in the map's."""
    shuffled = np.random.default_rng(5).permutation(len(space))
    dataset = Dataset(
        "made",
        np.zeros((len(space), 1, 4, 4), np.uint8),
        space.latents.labels[shuffled],
        tuple(CLASSES),
        space.latents.ids[shuffled],
        space.is_test[shuffled],
        {name: values[shuffled] for name, values in factors.items()},
    )
    return Items(dataset)


def test_csv_comes_back_row_by_row(space):
    mask = np.arange(N) % 3 == 0
    chosen = np.flatnonzero(mask)
    rows = from_csv(export_points(space, CLASSES, "csv", mask=mask))
    assert list(rows[0]) == COLUMNS
    assert [int(row["id"]) for row in rows] == space.latents.ids[chosen].tolist()
    assert [row["split"] == "test" for row in rows] == space.is_test[chosen].tolist()
    assert [row["predicted"] for row in rows] == [CLASSES[guess] for guess in space.predicted[chosen]]
    assert [np.float32(row["confidence"]) for row in rows] == space.confidence[chosen].tolist()
    assert [[np.float32(row["z1"]), np.float32(row["z2"])] for row in rows] == space.latents.z[chosen].tolist()
    assert [[np.float32(row["x"]), np.float32(row["y"])] for row in rows] == space.places[chosen].tolist()
    names = [row["class"] for row in rows]
    assert names == [CLASSES[label] if label >= 0 else "" for label in space.latents.labels[chosen]]
    assert set(names) == {*CLASSES, ""}


def test_parquet_comes_back_with_its_types(space):
    found = from_parquet(export_points(space, CLASSES, "parquet"))
    assert list(found) == COLUMNS
    assert found["id"] == space.latents.ids.tolist()
    assert found["class"] == [CLASSES[label] if label >= 0 else None for label in space.latents.labels]
    assert found["z1"] == space.latents.z[:, 0].tolist()
    assert found["y"] == space.places[:, 1].tolist()


def test_places_are_those_of_the_map_that_is_drawn(tmp_path):
    deep = latent_map(make_run(tmp_path / "deep", dims=3, targets=False, posterior=True))
    for name in ("pca", "z3-z1", "pca~sample"):
        space = linear_map(deep, name)
        found = from_parquet(export_points(space, CLASSES, "parquet"))
        assert [found["x"], found["y"]] == space.places.T.tolist()
        assert [found[f"z{i}"] for i in (1, 2, 3)] == deep.latents.z.T.tolist()


def test_reconstruction_error_has_its_column_where_the_run_keeps_it(space):
    error = np.random.default_rng(0).random((N, 1)).astype(np.float32)
    kept = replace(space, latents=replace(space.latents, error=error))
    found = from_parquet(export_points(kept, CLASSES, "parquet"))
    assert list(found) == [*COLUMNS[:5], "error", *COLUMNS[5:]]
    assert found["error"] == error[:, 0].tolist()


def test_largest_ids_are_exact(space):
    ids = 2**63 - 1 - np.arange(N)
    large = replace(space, latents=replace(space.latents, ids=ids))
    assert [int(row["id"]) for row in from_csv(export_points(large, CLASSES, "csv"))] == ids.tolist()
    assert from_parquet(export_points(large, CLASSES, "parquet"))["id"] == ids.tolist()


def test_run_that_predicts_nothing_leaves_the_columns_empty(tmp_path):
    space = latent_map(make_run(tmp_path / "bare", classifier=False))
    rows = from_csv(export_points(space, CLASSES, "csv"))
    assert {(row["predicted"], row["confidence"]) for row in rows} == {("", "")}


def test_run_without_labels_names_no_class(space):
    nameless = replace(space, latents=replace(space.latents, labels=np.full(N, -1)))
    nameless = replace(nameless, latents=replace(nameless.latents, probabilities=np.empty((N, 0), np.float32)))
    assert {row["class"] for row in from_csv(export_points(nameless, [], "csv"))} == {""}


def test_nothing_selected_is_a_header(space):
    content = export_points(space, CLASSES, "csv", mask=np.zeros(N, bool))
    assert content.decode() == ",".join(f'"{name}"' for name in COLUMNS) + "\n"


HOSTILE = [
    "=1+1",
    "@SUM(A1)",
    "-2",
    "+3",
    "\t=4",
    "\r=5",
    "\n=6",
    "\uff1d7",
    'a,"b"\nc',
    "1=1",
    "\u00e9\U0001f600",
    "'x",
]
SAFE = [*(f"'{text}" for text in HOSTILE[:8]), *HOSTILE[8:]]


def test_class_names_that_are_formulas_are_texts_in_a_spreadsheet_and_themselves_in_parquet(space):
    labels, probabilities = np.arange(N) % len(HOSTILE), np.eye(len(HOSTILE), dtype=np.float32)[np.arange(N) % 12]
    hostile = replace(space, latents=replace(space.latents, labels=labels, probabilities=probabilities))
    rows = from_csv(export_points(hostile, HOSTILE, "csv"))
    assert [row["class"] for row in rows] == [SAFE[label] for label in labels]
    assert [row["predicted"] for row in rows] == [SAFE[label] for label in labels]
    assert from_parquet(export_points(hostile, HOSTILE, "parquet"))["class"] == [HOSTILE[label] for label in labels]


def test_factors_and_file_stand_beside_their_items_the_file_last(space):
    factors = {
        "file": np.array([f"cats/{i}.png" for i in range(N)]),
        "height": np.where(np.arange(N) == 3, np.nan, np.arange(N) / 8),
        "count": 2**60 + np.arange(N),
        "matrix": np.zeros((N, 2)),  # no column of a table
    }
    items, mask = at_hand(space, **factors), np.arange(N) % 2 == 1
    rows = from_csv(export_points(space, CLASSES, "csv", mask=mask, items=items))
    assert list(rows[0]) == [*COLUMNS, "height", "count", "file"]
    chosen = np.flatnonzero(mask)
    assert [row["file"] for row in rows] == [f"cats/{i}.png" for i in chosen]
    assert [int(row["count"]) for row in rows] == factors["count"][chosen].tolist()
    assert [row["height"] for row in rows][:3] == ["0.125", "", "0.625"]


def test_factor_called_like_another_column_or_a_formula_does_no_harm(space):
    marks = np.array(["=9"] * N)
    items = at_hand(space, **{"id": marks, "x": marks, "factor x": marks, "=cmd": marks})
    rows = from_csv(export_points(space, CLASSES, "csv", items=items))
    assert list(rows[0]) == [*COLUMNS, "factor id", "factor x", "factor factor x", "'=cmd"]
    assert [int(row["id"]) for row in rows] == space.latents.ids.tolist()
    assert {row["'=cmd"] for row in rows} == {"'=9"}


def test_item_that_the_data_set_does_not_have_is_told(space):
    other = replace(space, latents=replace(space.latents, ids=np.arange(N) + 77))
    with pytest.raises(BadRunError, match="has no item"):
        export_points(space, CLASSES, "csv", items=at_hand(other))


def test_map_of_very_many_dimensions_has_a_column_for_each(space):
    z = np.random.default_rng(0).normal(size=(N, 40)).astype(np.float32)
    wide = replace(space, latents=replace(space.latents, z=z), places=fit(z).apply(z).astype(np.float32))
    assert list(from_parquet(export_points(wide, CLASSES, "parquet")))[5:47] == [
        *(f"z{i}" for i in range(1, 41)),
        "x",
        "y",
    ]
