"""Runs on a sphere, on a torus and in the Poincaré ball: trained, searched, measured and drawn by their distance."""

import json
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

import explorer
from explorer.cli import main
from explorer.errors import BadRunError, BadValueError
from explorer.evaluation.faithfulness import neighbour_agreement, point_trustworthiness, trustworthiness
from explorer.evaluation.structure import distance_to_nearest
from explorer.retrieval.geodesics import RANKING
from explorer.settings import load_settings
from explorer.workflows.beside import lay_beside
from explorer.workflows.codes import codes_of
from explorer.workflows.evaluating import evaluate
from explorer.workflows.linear_maps import linear_map
from explorer.workflows.maps import ANGLES, has_angles, laid_out, latent_map
from explorer.workflows.overlays import HYPERBOLIC, borders, class_means, outlines
from explorer.workflows.projecting import Places
from explorer.workflows.regions import UNDECIDED, View, decided
from explorer.workflows.replay import read_replay
from explorer.workflows.search import query_at, search
from explorer.zoo.card import parse_card
from tests.commands import set_up, train

SPACES = {"sphere": 3, "torus": 4, "poincare": 2}
DIGITS = ("--data.test-share", "0.5", "--batch-size", "128", "--network", "mlp")


@pytest.fixture(scope="module", autouse=True)
def home(tmp_path_factory):
    """An installation with a run in each space."""
    with pytest.MonkeyPatch.context() as patch:
        home = set_up(tmp_path_factory.mktemp("installation"), patch)
        for geometry, dims in SPACES.items():
            flags = (*DIGITS, "--geometry", geometry, "--latent-dims", str(dims))
            assert train("ae", "digits", geometry, *flags) == 0
        assert train("classifier", "digits", "told", *DIGITS, "--geometry", "sphere", "--latent-dims", "3") == 0
        yield home


@pytest.fixture(params=SPACES)
def run(request):
    return explorer.load(request.param)


def distances(run, queries, gallery):
    return RANKING[run.card.geometry](queries, gallery)


def test_latents_of_a_run_lie_in_its_space(run):
    z = np.concatenate([run.latents(split).z for split in ("train", "test")]).astype(float)
    assert z.shape[1] == SPACES[run.card.geometry]
    if run.card.geometry == "poincare":
        assert np.linalg.norm(z, axis=1).max() < 0.997
    else:
        assert np.linalg.norm(z.reshape(-1, 2 if run.card.geometry == "torus" else 3), axis=1) == pytest.approx(1)


def test_neighbours_are_the_nearest_by_the_run_s_own_distance(run):
    z = run.latents("test").z
    found = run.neighbours(z[5], 30)
    slow = distances(run, z[5:6], z)[0]
    assert found.rows[0] == 5
    assert found.scores.tolist() == sorted(slow)[:30]


def test_measurements_rank_by_it(run):
    part = run.latents("test")
    far = distances(run, part.z, part.z)
    np.fill_diagonal(far, np.inf)
    nearest = (part.labels[far.argmin(axis=1)] == part.labels).mean()
    assert run.card.metrics["test_retrieval_nn"].value == pytest.approx(nearest)
    marks = part.labels == part.labels[:, None]
    others = ~np.eye(len(far), dtype=bool)
    scores = [average_precision_score(marks[i][others[i]], -far[i][others[i]]) for i in range(len(far))]
    assert run.card.metrics["test_retrieval_map"].value == pytest.approx(np.mean(scores), rel=1e-9)


def test_evaluate_works_and_ranks_by_it(run, capsys):
    record = evaluate(run, load_settings(), queries=40)
    test, gallery = run.latents("test"), run.latents("train")
    rows = np.arange(40) * len(test.ids) // 40
    marks = gallery.labels == test.labels[rows, None]
    nearness = -distances(run, test.z[rows], gallery.z)
    expected = np.mean([average_precision_score(*pair) for pair in zip(marks, nearness, strict=True)])
    value = next(score.value for score in record.scores if (score.measure, score.of) == ("MAP", "latent"))
    assert value == pytest.approx(expected)
    assert list(codes_of(run.card)) == ["latent"]
    assert main(["evaluate", run.card.name]) == 0
    assert "MAP" in capsys.readouterr().out


def test_click_on_a_point_ranks_by_it(run):
    space = latent_map(run)
    found = search(space, query_at(space, row=7), k=20, measure="Euclidean", boundary_similarity=0.79)
    slow = distances(run, space.latents.z[7:8], space.latents.z)[0]
    slow[7] = np.inf
    assert found.distances.tolist() == np.sort(slow)[:20].tolist()


@pytest.mark.parametrize("name", ["pca", "z1-z2", "z1-z3"])
def test_click_beside_the_points_has_a_latent_in_the_space(name):
    space = linear_map(latent_map(explorer.load("sphere")), name)
    centre = space.projection.apply(np.zeros((1, 3)))[0]
    query = query_at(space, place=tuple(centre + [0.3, -0.4]))
    assert np.linalg.norm(query.z) == pytest.approx(1)
    assert query.place == pytest.approx(centre + [0.3, -0.4])
    assert not query.is_moved
    with pytest.raises(BadValueError, match=r"No latent lies there: all of the sphere .* inside its outline"):
        query_at(space, place=tuple(centre + [0.8, 0.7]))


def test_click_outside_the_ball_is_refused_and_one_beside_the_torus_moved():
    ball, torus = (latent_map(explorer.load(name)) for name in ("poincare", "torus"))
    assert query_at(ball, place=(0.6, 0.7)).z == pytest.approx([0.6, 0.7])
    with pytest.raises(BadValueError, match="all of the Poincaré ball"):
        query_at(ball, place=(0.8, 0.7))
    query = query_at(linear_map(torus, "z1-z2"), place=(3.0, 4.0))
    assert query.is_moved
    assert query.place == pytest.approx([0.6, 0.8])
    assert np.linalg.norm(query.z.reshape(2, 2), axis=1) == pytest.approx(1)


def test_outline_is_where_the_space_ends_on_each_map():
    sphere, torus, ball = (latent_map(explorer.load(name)) for name in SPACES)
    for name in ("pca", "z1-z2", "z3-z1"):
        space = linear_map(sphere, name)
        ((x, y, radius, title),) = outlines(space)
        assert (radius, title) == (1, "")
        assert (np.linalg.norm(space.places - [x, y], axis=1) <= 1 + 1e-5).all()
    assert [outlines(linear_map(torus, name)) for name in ("pca", "z1-z3", "z2-z3", "z1-z4")] == [()] * 4
    assert [len(outlines(linear_map(torus, name))) for name in ("z1-z2", "z4-z3")] == [1, 1]
    edge, *rings = outlines(ball)
    assert edge == (0, 0, 1, "")
    assert [name for *_, name in rings] == [str(far) for far in HYPERBOLIC]
    places = np.array([[radius, 0.0] for _, _, radius, _ in rings])
    assert RANKING["poincare"](np.zeros((1, 2)), places)[0] == pytest.approx(HYPERBOLIC)
    assert outlines(replace(ball, geometry="euclidean")) == ()
    assert outlines(laid_out(sphere, "umap", Places(sphere.places, 1.0))) == ()


@pytest.mark.parametrize("name", ["sphere", "torus"])
def test_map_of_angles_shows_each_item_and_has_a_latent_everywhere(name):
    run = explorer.load(name)
    own = latent_map(run)
    space = linear_map(own, ANGLES)
    assert has_angles(own)
    (left, bottom, right, top), *_ = borders(space)
    assert ((space.places >= [left, bottom]) & (space.places <= [right, top])).all()
    assert outlines(space) == borders(own) == ()
    query = query_at(space, place=tuple(space.places[9].astype(float)))
    assert query.z == pytest.approx(space.latents.z[9], abs=1e-5)
    assert search(space, query, k=1, measure="Euclidean", boundary_similarity=0.79).distances[0] < 1e-4
    with pytest.raises(BadValueError, match=f"all of the {name} is drawn inside its outline"):
        query_at(space, place=(190.0, 0.0))
    assert (decided(run, space, View((left, bottom, right, top), (12, 9))) != UNDECIDED).all()
    with pytest.raises(BadValueError, match="choose PCA"):
        lay_beside(space, run.card, own, run.card)


def test_other_runs_have_no_map_of_angles():
    space = latent_map(explorer.load("poincare"))
    assert not has_angles(space)
    with pytest.raises(BadValueError, match="a sphere of 3 latent dimensions or a torus of 4"):
        linear_map(space, ANGLES)


def test_means_of_classes_lie_in_the_space(run):
    space = latent_map(run)
    of_other = laid_out(space, "umap", Places(space.places, 1.0))
    assert len(class_means(space)) == len(class_means(of_other)) == 10
    if run.card.geometry == "sphere":
        shown = linear_map(space, "z1-z2")
        means = [space.latents.z[~space.is_test & (space.latents.labels == label)].mean(axis=0) for label in range(10)]
        slow = [mean[:2] / np.linalg.norm(mean) for mean in means]
        assert np.array(class_means(shown))[:, :2] == pytest.approx(np.array(slow), abs=1e-5)


@pytest.mark.parametrize("name", ["sphere", "told"])
def test_nothing_is_decided_outside_the_sphere(name):
    run = explorer.load(name)
    space = linear_map(latent_map(run), "z1-z2")
    found = decided(run, space, View((-1.5, -1.5, 1.5, 1.5), (30, 30)))
    middles = -1.5 + (np.arange(30) + 0.5) / 10
    inside = np.hypot(middles, middles[:, None]) <= 1
    assert (found != UNDECIDED).tolist() == inside.tolist()
    scores = run.svm.predict if name == "sphere" else lambda z: run.probabilities(z).argmax(axis=1)
    z = query_at(space, place=(middles[12], middles[17])).z
    assert found[12, 12] == scores(z[None])[0]  # rows from the top: 29 - 17


def test_trust_agreement_and_reach_are_measured_by_the_run_s_own_distance(run):
    z, geometry = run.latents("test").z[:60], run.card.geometry
    places = np.random.default_rng(0).normal(size=(60, 2))
    far = distances(run, z, z)
    single = [point_trustworthiness(z, places, row, geometry) for row in range(60)]
    assert trustworthiness(z, places, geometry) == pytest.approx(np.mean([one.trustworthiness for one in single]))
    np.fill_diagonal(far, np.inf)
    assert [one.true.tolist() for one in single] == far.argsort(axis=1, kind="stable")[:, :10].tolist()
    assert neighbour_agreement(z, z, (geometry, geometry)) == 1
    first = far.argsort(axis=1)[:, :10]
    flat = np.linalg.norm(z[:, None].astype(float) - z, axis=2) + np.diag(np.full(60, np.inf))
    second = flat.argsort(axis=1)[:, :10]
    same = np.mean([len(set(a) & set(b)) / 10 for a, b in zip(first, second, strict=True)])
    assert neighbour_agreement(z, z, (geometry, "euclidean")) == pytest.approx(same)
    assert distance_to_nearest(z[:37], z[40:], geometry) == pytest.approx(far[:37, 40:].min(axis=1))


def test_replay_leaves_points_in_the_space(run):
    replay = read_replay(run, latent_map(run))
    assert not replay.is_turned
    last = len(replay) - 1
    slow = [distances(run, a[None], b[None])[0, 0] for a, b in zip(replay.z[last - 1], replay.z[last], strict=True)]
    assert replay.moved(last) == pytest.approx(np.array(slow))
    assert not replay.moved(0).any()
    z = replay.z.reshape(-1, SPACES[run.card.geometry]).astype(float)
    if run.card.geometry == "sphere":
        assert np.linalg.norm(z, axis=1) == pytest.approx(1, abs=1e-3)
    if run.card.geometry == "poincare":
        assert np.linalg.norm(z, axis=1).max() < 1


def test_a_space_of_an_odd_torus_is_refused_before_anything_is_written(capsys):
    flags = (*DIGITS, "--geometry", "torus", "--latent-dims", "3")
    assert train("ae", "digits", "odd", *flags) != 0
    assert "Choose an even number" in capsys.readouterr().err
    assert not (load_settings().runs_root / "odd").exists()


@pytest.mark.parametrize(
    ("geometry", "told"),
    [("klein", "one of euclidean, sphere, torus, poincare"), (["sphere"], "one of"), ("torus", "even")],
)
def test_foreign_card_with_a_space_that_there_is_not_is_one_sentence(geometry, told):
    values = json.loads(explorer.load("sphere").card.model_dump_json())
    values["config"]["geometry"] = geometry
    with pytest.raises(BadRunError, match=f"The card of x cannot be used: .*{told}"):
        parse_card(json.dumps(values), "x")


def test_card_without_the_setting_is_euclids():
    values = json.loads(explorer.load("sphere").card.model_dump_json())
    del values["config"]["geometry"]
    assert parse_card(json.dumps(values), "x").geometry == "euclidean"
