"""Encode a run's items and measure what came out."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from explorer.data import DATASETS
from explorer.data.dataset import Dataset, Split
from explorer.data.labels import relabelled
from explorer.errors import TrainingError
from explorer.evaluation import METRICS, Evidence
from explorer.evaluation.structure import centroid_offsets, centroid_spread, class_centroids
from explorer.fields import parse
from explorer.latent.confidence import LinearSVM, fit_svm
from explorer.method import FEWEST_CLASSES
from explorer.registry import lookup
from explorer.settings import Settings
from explorer.training.config import TrainingConfig
from explorer.training.engine import training_labels
from explorer.zoo.card import Measurement
from explorer.zoo.run import Run
from explorer.zoo.store import Latents


def embed(run: Run, dataset: Dataset, split: Split) -> Latents:
    """Encode, classify and decode a split's items, in parts, so that they may be larger than memory.

    Raises:
        TrainingError: weights so large that latents are infinite or NaN.
    """
    rows = dataset.rows(split)
    z = np.empty((len(rows), run.card.latent_dims), np.float32)
    std = np.empty((len(rows), run.card.latent_dims if run.network.variational else 0), np.float32)
    error = np.empty((len(rows), int(run.card.has_decoder)), np.float32)
    done = 0
    for part in dataset.parts(rows):
        here = slice(done, done + len(part))
        z[here], std[here] = run.posterior(part)
        _check_numbers(run, z[here], std[here])
        if run.card.has_decoder:
            error[here, 0] = np.sqrt(run.reconstruction_error(part, z[here]))
        done += len(part)
    error[np.isnan(error)] = np.inf  # a reconstruction that is no number
    has_classifier = run.network.classifier is not None
    probabilities = run.probabilities(z) if has_classifier else np.empty((len(rows), 0), np.float32)
    known = np.empty((len(rows), 0), np.float32)
    training = _training(run)
    if training.label_share < 1:
        known = (training_labels(dataset, training)[rows, None] >= 0).astype(np.float32) * (split == "train")
    return Latents(dataset.ids[rows], z, dataset.labels[rows], probabilities, std, error, known)


def _training(run: Run) -> TrainingConfig:
    return parse(TrainingConfig, run.card.training, f"The card of {run.card.name}")


def _check_numbers(run: Run, z: NDArray[np.float32], std: NDArray[np.float32]) -> None:
    """Raise TrainingError where there would be no map."""
    if not np.isfinite(z).all() or np.isnan(std).any():
        raise TrainingError(
            f"The latents of {run.card.name} became infinite or NaN, so there is no map of them. Train again with a "
            "lower --learning-rate."
        )


def fit_classifier(run: Run, dataset: Dataset, z: NDArray[np.float32]) -> LinearSVM | None:
    """A linear SVM on the training latents whose labels were known.

    Args:
        run: the run.
        dataset: it was trained on.
        z: latents of its training items, shape (n, d).

    Returns:
        The SVM; None with fewer than two classes among the known labels.
    """
    known = training_labels(dataset, _training(run))[dataset.rows("train")]
    if len(np.unique(known[known >= 0])) < FEWEST_CLASSES:
        return None
    return fit_svm(z, known, n_classes=len(dataset.classes))


def measure(
    run: Run, latents: dict[Split, Latents], svm: LinearSVM | None, settings: Settings
) -> dict[str, Measurement]:
    """Every metric that applies to a run: on its splits, and on data sets that it never saw."""
    measured: dict[str, Measurement] = {}
    for split, part in latents.items():
        measured |= _measured(run, split, part, svm)
    source = lookup(DATASETS, run.card.data.name, "data set")
    config = parse(source.config, run.card.data.settings, f"The data of {run.card.name}")
    for name, shifted in source.shifts.items():
        other = source.prepare(shifted(config), settings.data_root)
        if list(other.classes) != run.card.classes:  # a run with labels of its own
            other = relabelled(other, run.card.classes, (), ())
        measured |= _measured(run, name, embed(run, other, "test"), svm)
    return measured


def _measured(run: Run, where: str, latents: Latents, svm: LinearSVM | None) -> dict[str, Measurement]:
    """Every metric that applies, on one split of a data set; `where` begins its name."""
    if not len(latents.ids):
        return {}
    evidence = Evidence(
        z=latents.z,
        labels=latents.labels,
        predicted=latents.probabilities.argmax(axis=1) if latents.probabilities.shape[1] else None,
        svm_predicted=svm.predict(latents.z) if svm else None,
        targets=run.card.class_targets,
        error=latents.error[:, 0] if run.card.has_decoder else None,
        geometry=run.card.geometry,
    )
    labelled = int((latents.labels >= 0).sum())
    values = {name: metric.compute(evidence) for name, metric in METRICS.items()}
    return {
        f"{where}_{name}": Measurement(
            value=value,
            items=labelled if METRICS[name].of_labelled else len(latents.ids),
            meaning=METRICS[name].meaning,
        )
        for name, value in values.items()
        if value is not None and np.isfinite(value)
    }


def between_seeds(runs: Sequence[Run]) -> dict[str, Measurement]:
    """How far class centroids of the training latents move between runs that differ by seed alone."""
    parts = [run.latents("train") for run in runs]
    n_classes, targets = len(runs[0].card.classes), runs[0].card.class_targets
    if not n_classes:
        return {}
    centroids = np.stack([class_centroids(part.z, part.labels, n_classes) for part in parts])
    found = {"seeds_centroid_spread": (centroid_spread(centroids), "distance of class centroids from their mean")}
    if targets is not None:
        offsets = np.stack([centroid_offsets(part.z, part.labels, targets) for part in parts])
        found["seeds_centroid_offset"] = float(offsets.mean()), METRICS["centroid_offset"].meaning
        found["seeds_farthest_centroid"] = float(offsets.max()), METRICS["farthest_centroid"].meaning
    return {
        name: Measurement(value=value, items=len(parts[0].ids), meaning=f"{meaning}, over {len(runs)} seeds")
        for name, (value, meaning) in found.items()
        if np.isfinite(value)  # a class without training items has no centroid
    }
