"""Fine-tuning: what a run gives to the new one, what that learns from, and that it is a whole run."""

import json
import shutil

import numpy as np
import pytest
import torch

import explorer
from explorer.data.dataset import UNLABELLED
from explorer.errors import BadDataError, BadRunError, BadValueError
from explorer.methods.ae import AE, AEConfig
from explorer.methods.supervised import SupervisedConfig
from explorer.methods.vae import VAE, VAEConfig
from explorer.settings import load_settings
from explorer.workflows import training
from explorer.workflows.maps import latent_map
from explorer.workflows.runs import load_dataset, load_items
from explorer.workflows.shelving import duplicate
from explorer.workflows.taking_over import class_distance, taken_over
from explorer.workflows.tuning import tuned
from explorer.zoo.own_labels import OwnLabels
from explorer.zoo.store import LABELS, LATENTS, WEIGHTS, read_card
from tests.runs import TRAINING, plan, train


@pytest.fixture
def settings(installation):  # noqa: ARG001 - sets the environment
    return load_settings()


def labels_of_two(run):
    """Six training items of two classes of the data."""
    train_part, names = run.latents("train"), ("horizontal lines", "uniform")
    rows = [np.flatnonzero(train_part.labels == TEXTURES.index(name))[:3] for name in names]
    return OwnLabels(train_part.ids[np.concatenate(rows)], np.repeat([0, 1], 3))


CLASSES = ("striped", "uniform")
TEXTURES = ("uniform", "horizontal lines", "vertical lines", "squares", "dots")


def tune(settings, name="tuned", **changes):
    run = explorer.load("tiny")
    how = {"settings": settings, "epochs": 2, **changes}
    list(tuned(run, load_dataset(run.card, settings), labels_of_two(run), CLASSES, name, **how))
    return explorer.load(name)


def test_network_taken_over_encodes_and_decodes_as_the_run_does(settings):
    run = explorer.load("tiny")
    _, network = taken_over(run, 2)
    images = load_dataset(run.card, settings).items[:8]
    z = run.encode(images)
    with torch.inference_mode():
        x = network.eval().normalise(torch.tensor(images))
        assert np.allclose(network.encode(x).numpy(), z, atol=1e-5)
        assert np.allclose(network.decode(torch.from_numpy(z)).numpy(), run.decode(z), atol=1e-5)
    assert network.classifier is None


def test_of_a_posterior_the_mean_is_taken(settings):
    train(settings, "soft", method=VAE, config=VAEConfig(width=0.0625, latent_dims=3))
    run = explorer.load("soft")
    _, network = taken_over(run, 2)
    images = load_dataset(run.card, settings).items[:8]
    with torch.inference_mode():
        z = network.eval().encode(network.normalise(torch.tensor(images)))
    assert np.allclose(z.numpy(), run.encode(images), atol=1e-5)


def test_classes_at_the_measured_distance_spread_as_far_as_the_latents():
    z = np.random.default_rng(0).normal(3, 2, (500, 2)).astype(np.float32)
    distance = class_distance(z, 3)
    corners = distance * np.array([[0, 0], [1, 0], [0.5, np.sqrt(0.75)]])  # three classes that far apart
    wanted = ((corners - corners.mean(axis=0)) ** 2).sum(axis=1).mean()
    assert wanted == pytest.approx(((z - z.mean(axis=0)) ** 2).sum(axis=1).mean(), rel=1e-4)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"config": SupervisedConfig(width=0.0625)}, "it has no decoder"),
        ({"method": AE, "config": AEConfig(width=0.0625, geometry="sphere", latent_dims=3)}, "another space"),
    ],
)
def test_run_that_cannot_be_gone_on_from_is_refused_in_a_sentence(settings, changes, why):
    train(settings, "other", **changes)
    with pytest.raises(BadValueError, match=f"other, trained by .*, cannot be fine-tuned: .*{why}.* Begin a session"):
        taken_over(explorer.load("other"), 2)


def test_tuned_run_shows_the_sessions_classes_and_labels_wherever_it_is_opened(settings):
    run = tune(settings)
    old = explorer.load("tiny")
    assert run.card.classes == list(CLASSES)
    assert (run.card.method, run.card.status, run.card.latent_dims) == ("structuring", "finished", 2)
    own, train_part, test_part = labels_of_two(old), run.latents("train"), run.latents("test")
    labels = dict(zip(train_part.ids.tolist(), train_part.labels.tolist(), strict=True))
    assert [labels.pop(item) for item in own.ids.tolist()] == own.labels.tolist()
    assert set(labels.values()) == {UNLABELLED}
    was = old.latents("test").labels
    uniform = old.card.classes.index("uniform")
    assert test_part.labels.tolist() == [1 if label == uniform else UNLABELLED for label in was]
    assert set(latent_map(run).latents.labels.tolist()) == {UNLABELLED, 0, 1}
    for dataset in (
        load_dataset(run.card, settings, folder=run.folder),
        load_items(run.card, settings, folder=run.folder).dataset,
    ):
        assert (dataset.classes, (dataset.labels[~dataset.is_test] >= 0).sum()) == (CLASSES, 6)
    assert load_dataset(run.card, settings).classes == tuple(old.card.classes)  # the data's own


def test_tuned_run_tells_the_labelled_classes_apart_better_than_before(settings):
    old = explorer.load("tiny")
    own, run = labels_of_two(old), tune(settings, epochs=12, learning_rate=0.003)

    def apart(of):
        part = of.latents("train")
        rows = [part.ids.tolist().index(item) for item in own.ids.tolist()]
        first, second = part.z[rows][:3], part.z[rows][3:]
        return np.linalg.norm(first.mean(axis=0) - second.mean(axis=0)) / (first.std() + second.std())

    assert apart(run) > 1.5 * apart(old)
    assert all(np.isfinite(one.value) for one in run.card.metrics.values())


def test_tuned_run_goes_on_after_a_stop_and_is_copied_with_its_labels(settings):
    run = explorer.load("tiny")
    dataset, how = load_dataset(run.card, settings), {"settings": settings, "epochs": 2}
    list(tuned(run, dataset, labels_of_two(run), CLASSES, "whole", **how))
    events = tuned(run, dataset, labels_of_two(run), CLASSES, "cut", **how)
    next(events)
    with pytest.raises(KeyboardInterrupt):
        events.throw(KeyboardInterrupt)
    list(training.resume("cut", settings))
    whole, cut = (settings.runs_root / name for name in ("whole", "cut"))
    assert all((whole / name).read_bytes() == (cut / name).read_bytes() for name in (WEIGHTS, LATENTS, LABELS))
    copy = explorer.load(duplicate("whole", "copied", settings))
    assert load_dataset(copy.card, settings, folder=copy.folder).classes == CLASSES


def test_labels_that_were_altered_are_refused(settings):
    run = tune(settings)
    (run.folder / LABELS).write_bytes(b"x" * 80)
    with pytest.raises(BadRunError, match="labels.safetensors of tuned is truncated or altered"):
        load_dataset(run.card, settings, folder=run.folder)


def test_labels_beyond_the_classes_are_refused(settings):
    run = tune(settings)
    card = json.loads((run.folder / "card.json").read_text())
    card["classes"] = card["classes"][:1]
    (run.folder / "card.json").write_text(json.dumps(card))
    with pytest.raises(BadRunError, match="holds no labels of its classes"):
        load_dataset(read_card(run.folder), settings, folder=run.folder)


def test_one_class_is_refused_and_leaves_nothing(settings):
    run = explorer.load("tiny")
    own = OwnLabels(run.latents("train").ids[:3], np.zeros(3, np.int64))
    with pytest.raises(BadDataError, match="label items of two classes first"):
        list(tuned(run, load_dataset(run.card, settings), own, ("one",), "none", settings=settings))
    assert not (settings.runs_root / "none").exists()


def test_training_with_the_data_sets_labels_is_as_it_was(settings):
    assert LABELS not in explorer.load("tiny").card.files
    again = train(settings, "again", training=TRAINING)
    assert (again / WEIGHTS).read_bytes() == (settings.runs_root / "tiny" / WEIGHTS).read_bytes()
    shutil.rmtree(again)
    assert plan().training.labelled_part == 0
