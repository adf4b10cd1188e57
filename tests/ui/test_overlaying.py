"""Which overlays a map can have, and what of them is drawn."""

import numpy as np
import pytest

from explorer.evaluation.faithfulness import PointTrust, point_trustworthiness
from explorer.ui import overlaying, state
from explorer.ui.overlaying import OVERLAYS, marks, offered, own_label, usual
from explorer.workflows.maps import LatentMap
from explorer.workflows.search import Answer, query_at, search
from tests.ui.test_state import deep, drawn_at_random, keep, tiny  # noqa: F401 - fixtures

EVERY = frozenset(OVERLAYS)


@pytest.fixture
def posterior(drawn_at_random):  # noqa: F811
    """A run of four dimensions with posteriors and a classifier; its UMAP map is kept."""
    keep(drawn_at_random)
    return drawn_at_random


def found(space: LatentMap, row: int) -> tuple[object, Answer, PointTrust]:
    query = query_at(space, row=row)
    answer = search(space, query, k=9, measure="Euclidean", boundary_similarity=0.79)
    return query, answer, point_trustworthiness(space.latents.z, space.places, row)


@pytest.mark.parametrize(
    ("name", "names"),
    [
        ("pca", ["means", "regions", "neighbours", "posterior"]),
        ("z1-z3", ["means", "regions", "neighbours", "posterior"]),
        ("pca~sample", ["means", "regions", "neighbours", "posterior"]),
        ("umap", ["means", "neighbours"]),
    ],
)
def test_a_map_is_offered_what_it_can_show(posterior, name, names):
    space = posterior.on(name)
    assert offered(posterior, space) == names
    assert usual(posterior, space) == {name for name in names if OVERLAYS[name].usual}


def test_configured_centres_take_the_place_of_means(tiny):  # noqa: F811
    opened = state.open_for_page(tiny.name)
    assert offered(opened, opened.space)[:2] == ["centres", "circles"]
    told = marks(opened, opened.space, EVERY - {"means"})
    targets = opened.space.targets
    assert [label for *_, label in told.circles] == list(range(len(targets.radii)))
    assert np.array([place[:3] for place in told.circles]) == pytest.approx(np.c_[targets.centres, targets.radii])
    assert np.array([place[:2] for place in told.centres]) == pytest.approx(targets.centres)


def test_a_touched_item_has_its_hits_lines_and_ellipses(posterior):
    space = posterior.space
    row = int(np.flatnonzero(space.latents.labels >= 0)[0])
    query, answer, trust = found(space, row)
    told = marks(posterior, space, EVERY, query, answer, trust)
    assert told.query == pytest.approx(space.places[row].tolist())
    assert not told.query_is_place
    same = space.latents.labels[answer.hits.rows] == space.latents.labels[row]
    assert [right for *_, right in told.hits] == same.tolist()
    assert (told.query_row, told.hit_rows) == (row, tuple(answer.hits.rows.tolist()))
    assert np.array(told.lines)[:, 2:] == pytest.approx(space.places[trust.true])
    assert (np.array(told.lines)[:, :2] == told.query).all()
    one, two = told.ellipses
    assert one == pytest.approx(space.posterior_ellipse(row))
    assert two == pytest.approx((one[0], one[1], 2 * one[2], 2 * one[3], one[4]))


def test_what_was_refused_is_not_drawn(posterior):
    told = marks(posterior, posterior.space, frozenset(), *found(posterior.space, 3))
    assert (told.lines, told.ellipses, told.centres, told.circles, told.sectors) == ((), (), (), (), ())
    assert told.query is not None
    assert len(told.hits) == 9


def test_a_map_by_neighbours_has_lines_and_no_ellipses(posterior):
    space = posterior.on("umap")
    told = marks(posterior, space, EVERY, *found(space, 3))
    assert len(told.lines) == 10
    assert told.ellipses == ()


def test_a_place_has_no_class_so_no_hit_is_wrong(posterior):
    query = query_at(posterior.space, place=(0.1, 0.2))
    answer = search(posterior.space, query, k=9, measure="Euclidean", boundary_similarity=0.79)
    told = marks(posterior, posterior.space, EVERY, query, answer)
    assert told.query_is_place
    assert all(right for *_, right in told.hits)
    assert (told.lines, told.ellipses) == ((), ())


def test_an_unlabelled_item_has_no_class_either(posterior):
    space = posterior.space
    row = int(np.flatnonzero(space.latents.labels < 0)[0])
    assert own_label(space, query_at(space, row=row)) is None


def test_each_overlay_has_a_title_and_help_of_its_own():
    assert len({overlay.title for overlay in OVERLAYS.values()}) == len(OVERLAYS)
    assert all(overlay.help.endswith(".") for overlay in OVERLAYS.values())
    assert set(overlaying.IMAGES.values()) == {"auto", "always", "never"}
