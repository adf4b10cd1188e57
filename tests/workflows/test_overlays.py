"""Class means, centres and sectors on a map, against answers known beforehand."""

import math
from dataclasses import replace

import numpy as np
import pytest

from explorer.errors import BadRunError
from explorer.workflows.maps import LatentMap, laid_out, latent_map
from explorer.workflows.overlays import EMPTY, FORBIDDEN, TakenSector, centres, class_means, sectors
from explorer.workflows.projecting import Places
from explorer.zoo.card import Card
from tests.workflows.test_search import TARGETS, TRAIN, make_run


def slow_means(space: LatentMap) -> dict[int, list[float]]:
    """The mean training latent of each class, one item at a time."""
    members: dict[int, list[list[float]]] = {}
    for z, label, is_test in zip(space.latents.z.tolist(), space.latents.labels, space.is_test, strict=True):
        if label >= 0 and not is_test:
            members.setdefault(int(label), []).append(z)
    return {
        label: [math.fsum(column) / len(rows) for column in zip(*rows, strict=True)] for label, rows in members.items()
    }


def test_class_means_are_those_of_the_training_items(tmp_path):
    space = latent_map(make_run(tmp_path / "tiny"))
    found, wanted = class_means(space), slow_means(space)
    assert [label for _, _, label in found] == sorted(wanted) == [0, 1, 2]
    for x, y, label in found:
        assert (x, y) == pytest.approx(wanted[label])


def test_class_means_lie_on_the_principal_components_of_deeper_latents(tmp_path):
    space = latent_map(make_run(tmp_path / "deep", dims=5, targets=False))
    wanted = slow_means(space)
    for x, y, label in class_means(space):
        assert (x, y) == pytest.approx(space.projection.apply(np.array([wanted[label]]))[0])


def test_a_class_without_training_items_has_no_mean(tmp_path):
    space = latent_map(make_run(tmp_path / "tiny"))
    labels = np.where(space.is_test, 1, np.minimum(space.latents.labels, 0))
    only = replace(space, latents=replace(space.latents, labels=labels))
    assert [label for _, _, label in class_means(only)] == [0]
    none = replace(space, latents=replace(space.latents, labels=np.full(len(space), -1)))
    assert class_means(none) == ()


def by_neighbours(tmp_path) -> tuple[LatentMap, LatentMap]:
    """Five dimensions flat, and on a made-up map in which item i of the run's order lies at (i, -i)."""
    flat = latent_map(make_run(tmp_path / "deep", dims=5, targets=False))
    places = np.arange(len(flat))[:, None] * np.array([[1, -1]], np.float32)
    return flat, laid_out(flat, "umap", Places(places.astype(np.float32), 0.9))


def test_on_a_map_by_neighbours_a_mean_is_its_nearest_training_item_of_the_class(tmp_path):
    _, space = by_neighbours(tmp_path)
    wanted = slow_means(space)
    for x, y, label in class_means(space):
        own = [row for row in range(len(space)) if space.latents.labels[row] == label and not space.is_test[row]]
        nearest = min(own, key=lambda row: math.dist(space.latents.z[row], wanted[label]))
        assert (x, y) == (space.latents.ids[nearest] - 1000, 1000 - space.latents.ids[nearest])
        assert x < TRAIN


def test_configured_centres_lie_where_they_were_configured(tmp_path):
    space = latent_map(make_run(tmp_path / "tiny"))
    assert [(x, y) for x, y, _ in centres(space)] == [tuple(centre) for centre in TARGETS.centres.tolist()]
    assert [label for _, _, label in centres(space)] == [0, 1, 2]
    assert centres(replace(space, targets=None)) == ()
    assert centres(replace(space, projection=None)) == ()


def polar(folder, items: list[tuple[float, int]], *, classes: int = 6, **config) -> tuple[LatentMap, Card]:
    """A polar run with training items at these degrees and of these classes; the test's all lie in the first sector."""
    run = make_run(folder, targets=False)
    space = latent_map(run)
    degrees, labels = np.full(len(space), 25.0), np.full(len(space), classes - 1)
    degrees[: len(items)], labels[: len(items)] = zip(*items, strict=True)
    angles = np.radians(degrees)
    z = (3 * np.stack([np.cos(angles), np.sin(angles)], axis=1)).astype(np.float32)
    latents = replace(space.latents, z=z, labels=labels)
    names = [f"class {label}" for label in range(classes)]
    card = run.card.model_copy(update={"method": "polar", "config": config, "classes": names})
    return replace(space, latents=latents, is_test=np.arange(len(space)) >= len(items)), card


def test_each_sector_is_taken_by_the_class_of_most_training_items_in_it(tmp_path):
    items = [(10, 4), (20, 4), (49, 2), (70, 2), (130, -1), (-5, 3), (-55, 0), (-15, 0), (-20, 0)]
    found = sectors(*polar(tmp_path / "polar", items))
    assert [round(math.degrees(sector.start)) for sector in found] == [
        s for i in range(6) for s in (60 * i, 60 * i + 50)
    ]
    assert [round(math.degrees(sector.width)) for sector in found] == [50, 10] * 6
    assert [sector.label for sector in found[1::2]] == [FORBIDDEN] * 6
    assert [sector.label for sector in found[::2]] == [4, 2, EMPTY, EMPTY, EMPTY, 0]  # -5 degrees is forbidden


def test_sectors_are_as_wide_as_the_card_says(tmp_path):
    found = sectors(*polar(tmp_path / "polar", [(1, 0)], classes=3, class_width=70.0, fold_rotation=60))
    assert [round(math.degrees(sector.width)) for sector in found] == [70, 50] * 3


def test_printed_rule_leaves_other_sectors_empty(tmp_path):
    found = sectors(*polar(tmp_path / "polar", [(-1, 1), (1, 3), (5, 3), (25, 2)], rule="printed"))
    assert [round(math.degrees(sector.start)) for sector in found[:4]] == [10, 20, 30, 40]
    assert [sector.label for sector in found[:4]] == [FORBIDDEN, 2, FORBIDDEN, EMPTY]
    # The last sector, 340 to 370 degrees, holds what lies on both sides of 0.
    assert found[-1] == TakenSector(pytest.approx(math.radians(340)), pytest.approx(math.radians(30)), 3)


def test_runs_that_are_not_polar_have_no_sectors(tmp_path):
    space, card = polar(tmp_path / "polar", [(1, 0)])
    assert sectors(space, card.model_copy(update={"method": "supervised"})) == ()
    assert sectors(replace(space, projection=None), card) == ()


@pytest.mark.parametrize(
    "config",
    [
        {"class_width": "wide"},
        {"class_width": float("nan")},
        {"class_width": 10**400},
        {"class_width": -5},
        {"class_width": 20},
        {"class_width": True},
        {"fold_rotation": 55},
        {"fold_rotation": None},
        {"rule": "other"},
        {"rule": ["printed"]},
        {"rule": "printed", "classes": 5},
    ],
)
def test_a_card_with_impossible_angles_is_told_in_one_sentence(tmp_path, config):
    with pytest.raises(BadRunError, match="^The card of polar cannot be used: .*\\.$"):
        sectors(*polar(tmp_path / "polar", [(1, 0)], **config))
