"""The names that notebooks and other projects rely on keep their signatures (DESIGN.md, section 4)."""

import importlib
import inspect

import pytest

import explorer
from explorer.errors import UnknownNameError
from explorer.latent.targets import ClassTargets, class_circle
from explorer.zoo.run import Run

# Positional arguments, then keyword-only ones with their defaults; NONE marks a required one.
NONE = inspect.Parameter.empty
FUNCTIONS = {
    "explorer.load": (["path_or_name"], {}),
    "explorer.latent.targets.class_circle": (["n_classes"], {"distance": 0.85, "radius": 0.34}),
    "explorer.latent.targets.simplex": (["n_classes", "dims"], {"distance": NONE, "radius": NONE}),
    "explorer.losses.geometric.geometric_loss": (["z", "labels", "centres", "radii"], {"reduction": "sum"}),
    "explorer.retrieval.similarity.class_similarity": (["z", "targets"], {"boundary_similarity": 0.79}),
    "explorer.retrieval.similarity.latent_similarity": (["v_query", "v_gallery"], {}),
    "explorer.evaluation.ranking.average_precision": (["relevance"], {}),
    "explorer.evaluation.ranking.average_precision_at": (["relevance", "k"], {}),
    "explorer.evaluation.ranking.ndcg": (["relevance"], {}),
    "explorer.evaluation.ranking.precision_recall": (["relevance"], {}),
    "explorer.zoo.run.Run.encode": (["self", "images"], {}),
    "explorer.zoo.run.Run.decode": (["self", "z"], {}),
    "explorer.zoo.run.Run.latents": (["self", "split"], {}),
}


def found(path: str) -> object:
    module, name = path.rsplit(".", 1)
    owner = found(module) if module.endswith(".Run") else importlib.import_module(module)
    return getattr(owner, name)


@pytest.mark.parametrize("path", FUNCTIONS)
def test_function_has_the_promised_signature(path):
    positional, keywords = FUNCTIONS[path]
    parameters = inspect.signature(found(path)).parameters.values()
    assert [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD] == positional
    assert {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY} == keywords


def test_neighbours_takes_a_latent_and_k_by_position():
    assert list(inspect.signature(Run.neighbours).parameters)[:3] == ["self", "z", "k"]


def test_targets_carry_centres_radii_and_neighbour_distances():
    targets = class_circle(4)
    assert isinstance(targets, ClassTargets)
    assert (targets.centres.shape, targets.radii.shape, targets.neighbour_distances.shape) == ((4, 2), (4,), (4,))


def test_load_gives_a_run_by_name_and_by_folder(installation):
    assert isinstance(explorer.load("tiny"), Run)
    assert explorer.load(installation / "runs" / "tiny").card == explorer.load("tiny").card


@pytest.mark.usefixtures("installation")
def test_load_of_an_unknown_name_lists_those_there_are():
    with pytest.raises(UnknownNameError, match=r"no run 'tyni'\. .*\btiny\b"):
        explorer.load("tyni")


def test_load_prefers_a_run_over_a_folder_that_is_none(installation, tmp_path, monkeypatch):
    (tmp_path / "work" / "tiny").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "work")
    assert explorer.load("tiny").folder == installation / "runs" / "tiny"
